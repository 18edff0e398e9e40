//! The program as people meet it: the demonstration, and a service that signs them in with an OpenID provider.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::browser::Browser;
use crate::support::oidc::{BOARD_CLIENT, BOARD_SECRET, OpenIdProvider};
use crate::support::program::{Place, port_that_is_free, program, wait_until};

/// A running program. Ends with its value.
pub struct Running {
    /// Where it is.
    pub address: String,
    child: Child,
    _provider: Option<OpenIdProvider>,
}

impl Running {
    /// The demonstration, with mail in a folder.
    pub fn demonstration(mail: &str) -> Self {
        let mut command = program(&["demo", "--port", "0", "--mail", mail]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("the program starts");
        let output = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains(" is running on ")).expect("it says where it is");
        lines.find(|line| line.starts_with("Ctrl-C")).expect("it says how to stop it");
        // What else it says is heard, too: it would end where nobody listens.
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.split(' ').find(|word| word.starts_with("http://")).expect("an address").to_owned();
        Self { address, child, _provider: None }
    }

    /// The service in a place, with people who may sign in to its pages, each with the claims of their ID token.
    pub fn service(place: &Place, people: &Value) -> Self {
        let address = address_that_is_free();
        let provider = OpenIdProvider::start_for_people(&address, people);
        let mut command = place.command(&["serve"]);
        command
            .env("PLO_DRIFT__IDENTITY__ISSUER", &provider.issuer)
            .env("PLO_DRIFT__IDENTITY__AUDIENCE", "urn:plo-drift")
            .env("PLO_DRIFT__BOARD__CLIENT_ID", BOARD_CLIENT)
            .env("PLO_DRIFT__BOARD__CLIENT_SECRET", BOARD_SECRET);
        Self::ready(command, address, Some(provider))
    }

    /// The service in a place, to whose pages nobody may sign in.
    pub fn without_sign_in(place: &Place) -> Self {
        Self::ready(place.command(&["serve"]), address_that_is_free(), None)
    }

    fn ready(mut command: Command, address: String, provider: Option<OpenIdProvider>) -> Self {
        let child = command
            .env("PLO_DRIFT__HTTP__LISTEN", address.trim_start_matches("http://"))
            .env("PLO_DRIFT__SERVICE__BASE_URL", &address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut running = Self { address, child, _provider: provider };
        let (host, port) = (running.address.rsplit('/').next().unwrap_or_default().to_owned(), "/health/ready");
        wait_until("the service answers", || {
            assert!(running.child.try_wait().expect("the child is ours").is_none(), "the service has ended");
            is_ready(&host, port)
        });
        running
    }

    /// Lets somebody be who they choose, in the demonstration.
    pub async fn play(&self, browser: &Browser, part: &str) {
        browser.go(&self.page("/sign-in")).await;
        browser.choose(part).await;
        browser.press("Sign in").await;
        browser.arrive_at(&self.page("/cases")).await;
    }

    /// Where a page is.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

fn address_that_is_free() -> String {
    format!("http://127.0.0.1:{}", port_that_is_free())
}

/// Tells whether a service answers that it is ready.
fn is_ready(host: &str, path: &str) -> bool {
    use std::io::{Read as _, Write as _};
    let Ok(mut connection) = std::net::TcpStream::connect(host) else { return false };
    let asked = write!(connection, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && connection.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

impl Drop for Running {
    fn drop(&mut self) {
        // The demonstration takes its PostgreSQL with it where it is asked to stop, and only there.
        let id = self.child.id().to_string();
        let _ = std::process::Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.child.wait();
    }
}
