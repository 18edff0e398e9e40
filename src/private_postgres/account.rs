//! The user that a server runs as where this process is root, which `PostgreSQL` refuses.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::Path;

use super::Error;

/// In the order of preference.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// A user of this system.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

/// Finds the user to run as instead of root; absent where this process is not root.
pub(super) fn unprivileged() -> Result<Option<Account>, Error> {
    // The owner of a process's folder is its effective user.
    if !fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    find(&users).map(Some).ok_or(Error::NoAccount)
}

fn find(users: &str) -> Option<Account> {
    NAMES.iter().find_map(|name| users.lines().filter_map(read).find(|account| account.name == *name && account.uid != 0))
}

fn read(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let (name, _password, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    Some(Account { name: name.to_owned(), uid: uid.parse().ok()?, gid: gid.parse().ok()? })
}

impl Account {
    /// Tells whether the user may go into a folder, given by its whole path without links.
    pub(super) fn may_enter(&self, folder: &Path) -> bool {
        folder.ancestors().all(|folder| self.may(folder, 0o1))
    }

    /// Tells whether the user may create and remove entries of a folder that they may enter.
    pub(super) fn may_write(&self, folder: &Path) -> bool {
        self.may(folder, 0o2)
    }

    /// Makes the user the owner.
    pub(super) fn give(&self, folder: &Path) -> io::Result<()> {
        chown(folder, Some(self.uid), Some(self.gid))
    }

    fn may(&self, folder: &Path, permission: u32) -> bool {
        fs::metadata(folder).is_ok_and(|folder| self.share(&folder) & permission == permission)
    }

    fn share(&self, folder: &Metadata) -> u32 {
        let shift = match folder {
            folder if folder.uid() == self.uid => 6,
            folder if folder.gid() == self.gid => 3,
            _ => 0,
        };
        folder.mode() >> shift
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[rstest::rstest]
    #[case::postgres_comes_first("nobody:x:65534:65533::/:/bin/false\npostgres:x:101:104:A, B:/var:/bin/sh\n", Some(("postgres", 101, 104)))]
    #[case::nobody_will_do("root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n", Some(("nobody", 65534, 65533)))]
    #[case::never_another_root("postgres:x:0:0::/:/bin/sh", None)]
    #[case::broken_lines_are_skipped("postgres:x:many:1\npostgres\n\nnobody:x:7:8", Some(("nobody", 7, 8)))]
    #[case::nobody_at_all("", None)]
    fn a_user_is_looked_up(#[case] users: &str, #[case] expected: Option<(&str, u32, u32)>) {
        let expected = expected.map(|(name, uid, gid)| Account { name: name.to_owned(), uid, gid });
        assert_eq!(find(users), expected);
    }

    #[test]
    fn a_private_folder_on_the_way_keeps_others_out() {
        let outer = tempfile::tempdir().expect("a folder can be made");
        let inner = outer.path().join("inner");
        fs::create_dir(&inner).expect("a folder can be made");
        let owner = fs::metadata(&inner).expect("it was just made");
        let stranger = Account { name: "stranger".into(), uid: owner.uid() + 1, gid: owner.gid() + 1 };
        let insider = Account { name: "insider".into(), uid: owner.uid(), gid: owner.gid() };

        for (mode, enters) in [(0o700, false), (0o755, true), (0o750, false)] {
            fs::set_permissions(outer.path(), Permissions::from_mode(mode)).expect("it is ours");
            assert_eq!(stranger.may_enter(&inner), enters, "{mode:o}");
            assert!(insider.may_enter(&inner), "{mode:o}");
        }
        fs::set_permissions(&inner, Permissions::from_mode(0o755)).expect("it is ours");
        assert!(!stranger.may_write(&inner));
        assert!(insider.may_write(&inner));
    }
}
