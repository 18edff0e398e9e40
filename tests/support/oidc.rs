//! A certified OpenID provider (the npm package `oidc-provider`) in a process of its own. Where it gives tokens to clients its clock
//! stands still; where it signs people in to the pages it goes.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use serde_json::{Value, json};

/// How long its tokens count, in seconds: so long that the tests can let keys grow old.
pub const LIFETIME: i64 = 30 * 24 * 3_600;

/// The name of the pages with the provider, and what they show for themselves.
pub const BOARD_CLIENT: &str = "board";
/// See [`BOARD_CLIENT`].
pub const BOARD_SECRET: &str = "a secret of the board's with the provider: 100 % +/&=~";

/// A running provider. Ends with its value, and with this process.
#[derive(Debug)]
pub struct OpenIdProvider {
    child: Child,
    /// What it calls itself.
    pub issuer: String,
}

impl OpenIdProvider {
    /// Starts one with a new key, on a free port. Its clients are named, with the claims that their tokens bear.
    pub fn start(now: Timestamp, clients: &Value) -> Self {
        Self::start_on(0, Some(now), clients, &Value::Null)
    }

    /// Starts one with which people sign in to the pages of the service that is at this address. They are named, with the claims of
    /// their ID tokens; each has a button to say who they are.
    pub fn start_for_people(base_url: &str, people: &Value) -> Self {
        let board = json!({
            "secret": BOARD_SECRET,
            "redirect_uris": [format!("{base_url}/sign-in/callback")],
            "post_logout_redirect_uris": [format!("{base_url}/signed-out")],
            "people": people,
        });
        Self::start_on(0, None, &json!({}), &board)
    }

    /// Starts one with a new key in the place of this one.
    pub fn replace(self, now: Timestamp, clients: &Value) -> Self {
        let port = self.issuer.rsplit(':').next().expect("an issuer has a port").parse().expect("a port is a number");
        drop(self);
        Self::start_on(port, Some(now), clients, &Value::Null)
    }

    fn start_on(port: u16, now: Option<Timestamp>, clients: &Value, board: &Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/oidc");
        assert!(folder.join("node_modules/oidc-provider").is_dir(), "run .ci/openid-provider first: it installs the provider");
        let now = now.map(Timestamp::as_millisecond);
        let arguments = json!({"port": port, "now": now, "lifetime": LIFETIME, "clients": clients, "board": board});
        let child = Command::new("node")
            .arg(folder.join("provider.mjs"))
            .arg(arguments.to_string())
            // It ends when its standard input does, so it cannot outlive this process.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts: .ci/openid-provider installs it");
        let mut provider = Self { child, issuer: String::new() };
        let output = provider.child.stdout.take().expect("its output is piped");
        let mut output = BufReader::new(output);
        output.read_line(&mut provider.issuer).expect("it can be heard");
        // What else it says is heard, too: it ends where nobody listens.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        provider.issuer.truncate(provider.issuer.trim_end().len());
        assert!(
            !provider.issuer.is_empty(),
            "the provider says where it is: try `node {}`",
            folder.join("provider.mjs").display()
        );
        provider
    }

    /// A token for a client, meant for an audience.
    pub async fn token(&self, client: &str, audience: &str) -> String {
        let request = reqwest::Client::new()
            .post(format!("{}/token", self.issuer))
            .basic_auth(client, Some("secret"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("grant_type=client_credentials&resource={audience}"));
        let answer = request.send().await.expect("the provider answers").text().await.expect("its answer is whole");
        let answer: Value = serde_json::from_str(&answer).expect("it is JSON");
        answer["access_token"].as_str().unwrap_or_else(|| panic!("the provider gives a token: {answer}")).to_owned()
    }
}

impl Drop for OpenIdProvider {
    fn drop(&mut self) {
        self.child.kill().expect("a child can be ended");
        self.child.wait().expect("it has ended");
    }
}
