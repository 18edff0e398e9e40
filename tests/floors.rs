//! The floors of the house: imports point down only.

use std::path::{Path, PathBuf};

/// For each floor, what no file on it may name.
const FORBIDDEN: [(&str, &[&str]); 11] = [
    (
        "domain",
        &[
            "sqlx",
            "axum",
            "lettre",
            "tokio",
            "tracing",
            "uuid::",
            "serde_json",
            "std::fs",
            "std::env",
            "std::net",
            "Timestamp::now",
            "crate::store",
            "crate::mailer",
            "crate::jobs",
            "crate::api",
            "crate::app",
            "crate::cli",
            "crate::config",
            "crate::exchange",
            "crate::fields",
            "crate::clock",
        ],
    ),
    ("exchange", &["sqlx", "axum", "lettre", "crate::store", "crate::jobs", "crate::api", "crate::app", "crate::cli"]),
    ("store", &["axum", "lettre", "crate::mailer", "crate::jobs", "crate::api", "crate::app", "crate::cli"]),
    ("identity", &["axum", "sqlx", "lettre", "crate::mailer", "crate::jobs", "crate::api", "crate::app", "crate::cli"]),
    ("mailer", &["axum", "crate::jobs", "crate::api", "crate::app", "crate::cli"]),
    ("data_quality", &["axum", "lettre", "crate::mailer", "crate::jobs", "crate::api", "crate::app", "crate::cli"]),
    ("health", &["axum", "lettre", "crate::mailer", "crate::jobs", "crate::api", "crate::app", "crate::cli"]),
    ("intake", &["axum", "lettre", "crate::mailer", "crate::jobs", "crate::api", "crate::app", "crate::cli"]),
    ("jobs", &["axum", "crate::api", "crate::app", "crate::cli"]),
    ("board", &["lettre", "crate::jobs", "crate::mailer", "crate::app", "crate::cli"]),
    ("api", &["lettre", "crate::board", "crate::jobs", "crate::mailer", "crate::app", "crate::cli"]),
];

fn files_of(floor: &str) -> Vec<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![source.join(format!("{floor}.rs"))];
    let mut folders = vec![source.join(floor)];
    folders.retain(|folder| folder.is_dir());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the floor has a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

/// The code of a file, without comments: words may speak of other floors.
fn code_of(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a source file");
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_point_down_only() {
    let mut seen = 0;
    for (floor, forbidden) in FORBIDDEN {
        for path in files_of(floor) {
            let code = code_of(&path);
            seen += 1;
            for name in forbidden {
                assert!(!code.contains(name), "{} names {name}", path.display());
            }
        }
    }
    assert!(seen > 40, "only {seen} files were found");
}
