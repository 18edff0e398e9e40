//! Chromium without a window, driven over the `WebDriver` protocol, with a profile of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Value, json};

/// What it is started with; in a container it has no sandbox of its own.
const FLAGS: [&str; 11] = [
    "--headless",
    "--hide-scrollbars",
    "--lang=en-GB",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
];

/// How long it is waited for what is to come of something.
const PATIENCE: Duration = Duration::from_secs(30);

/// The width of a laptop, and of the narrowest screen that pages are made for.
pub const WIDE: u32 = 1_280;
/// See [`WIDE`].
pub const NARROW: u32 = 320;

/// A browser. Ends with its value, and takes its profile with it.
pub struct Browser {
    /// What it is told with.
    pub client: Client,
    /// The browser's own number.
    process: u64,
    driver: Child,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Opens one, as wide as a laptop.
    pub async fn open() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts: .ci/prerequisites browser installs it");
        let address = format!("http://127.0.0.1:{}", port_of(&mut driver));
        let profile = tempfile::tempdir().expect("a folder");
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let capabilities = json!({"goog:chromeOptions": {"args": flags}});
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().expect("it is an object").clone())
            .connect(&address)
            .await
            .expect("the browser opens");
        let started = client.capabilities().and_then(|capabilities| capabilities.get("goog:processID")?.as_u64());
        let process = started.expect("the driver tells which browser it has started");
        let browser = Self { client, process, driver, _profile: profile };
        browser.be_wide(WIDE).await;
        browser
    }

    /// Makes its window so wide, and as high as a screen is.
    pub async fn be_wide(&self, width: u32) {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.tell("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Opens a page.
    pub async fn go(&self, address: &str) {
        self.client.goto(address).await.unwrap_or_else(|wrong| panic!("{address}: {wrong}"));
    }

    /// The words that somebody reads on the page; none while it is on its way to another.
    pub async fn words(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Chooses what is labelled so.
    pub async fn choose(&self, label: &str) {
        let path = format!("//label[normalize-space()={label:?}]");
        let label = self.client.find(Locator::XPath(&path)).await.unwrap_or_else(|wrong| panic!("a label {label:?}: {wrong}"));
        label.click().await.expect("it can be chosen");
    }

    /// Follows the link of these words.
    pub async fn follow(&self, words: &str) {
        let link = self.client.find(Locator::LinkText(words)).await;
        link.unwrap_or_else(|wrong| panic!("a link {words:?}: {wrong}")).click().await.expect("it can be followed");
    }

    /// Presses the first button of these words.
    pub async fn press(&self, words: &str) {
        let path = format!("//button[normalize-space()={words:?}]");
        let button = self.client.find(Locator::XPath(&path)).await;
        button.unwrap_or_else(|wrong| panic!("a button {words:?}: {wrong}")).click().await.expect("it can be pressed");
    }

    /// Types into a field, in the place of what stands in it.
    pub async fn fill(&self, id: &str, text: &str) {
        let field = self.client.find(Locator::Id(id)).await.unwrap_or_else(|wrong| panic!("a field {id:?}: {wrong}"));
        field.clear().await.expect("it can be emptied");
        field.send_keys(text).await.expect("it can be typed into");
    }

    /// What stands in a field.
    pub async fn value(&self, id: &str) -> String {
        let value = self.ask(&format!("return document.getElementById('{id}').value")).await;
        value.as_str().unwrap_or_else(|| panic!("a field {id:?}")).to_owned()
    }

    /// Presses keys where something says so that can be opened.
    pub async fn keys(&self, words: &str, keys: &str) {
        let path = format!("//summary[normalize-space()={words:?}]");
        let summary = self.client.find(Locator::XPath(&path)).await.unwrap_or_else(|wrong| panic!("{words:?}: {wrong}"));
        summary.send_keys(keys).await.expect("keys can be pressed there");
    }

    /// Goes to the window, or the tab, that is not this one.
    pub async fn be_in_the_other_window(&self, this: &WindowHandle) {
        let windows = self.client.windows().await.expect("it has windows");
        let other = windows.into_iter().find(|window| window != this).expect("another one is open");
        self.client.switch_to_window(other).await.expect("it can be gone to");
    }

    /// Shows pages as paper bears them.
    pub async fn be_printed(&self) {
        self.tell("Emulation.setEmulatedMedia", json!({"media": "print"})).await;
    }

    /// Waits until it is at an address that begins so: a form or another site may have led it on.
    pub async fn arrive_at(&self, address: &str) {
        self.wait_until(&format!("at {address}"), async || {
            self.client.current_url().await.is_ok_and(|here| here.as_str().starts_with(address))
        })
        .await;
    }

    /// Waits until the page says something.
    pub async fn see(&self, words: &str) {
        self.wait_until(words, async || self.words().await.contains(words)).await;
    }

    async fn wait_until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let give_up = Instant::now() + PATIENCE;
        while !holds().await {
            let here = self.client.current_url().await;
            assert!(Instant::now() < give_up, "waited in vain: {what}; {here:?}: {}", self.words().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What a script answers.
    pub async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|wrong| panic!("{script}: {wrong}"))
    }

    /// A picture of the whole page (PNG).
    pub async fn picture(&self) -> Vec<u8> {
        let size = self.ask("const page = document.documentElement; return [page.clientWidth, page.scrollHeight]").await;
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let picture = self.tell("Page.captureScreenshot", json!({"captureBeyondViewport": true, "clip": clip})).await;
        decoded(&picture)
    }

    /// The page as it is printed (PDF, A4).
    pub async fn printed(&self) -> Vec<u8> {
        let paper = json!({"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": false});
        decoded(&self.tell("Page.printToPDF", paper).await)
    }

    /// Gives a command of the `DevTools` protocol.
    async fn tell(&self, command: &'static str, parameters: Value) -> Value {
        let answer = self.client.issue_cmd(DevTools { command, parameters }).await;
        answer.unwrap_or_else(|wrong| panic!("{command}: {wrong}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver leaves the browser that it has started where it is.
        let _ = Command::new("kill").args(["-TERM", &self.process.to_string()]).status();
        for _ in 0..100 {
            // One that has ended may stay in the list of processes.
            let state = std::fs::read_to_string(format!("/proc/{}/stat", self.process));
            if state.map_or(true, |state| state.contains(") Z ")) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.driver.kill().expect("a child can be ended");
        self.driver.wait().expect("it has ended");
    }
}

/// Reads on which port the driver listens.
fn port_of(driver: &mut Child) -> String {
    let output = driver.stdout.take().expect("its output is piped");
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("was started successfully on port")).expect("it says where it listens");
    // What else it says is read, so that it never waits to be heard.
    std::thread::spawn(move || lines.for_each(drop));
    line.trim_end_matches('.').rsplit(' ').next().expect("the port is its last word").to_owned()
}

fn decoded(answer: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(answer["data"].as_str().expect("there is data")).expect("it is base64")
}

#[derive(Debug)]
struct DevTools {
    command: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base_url.join(&format!("session/{}/goog/cdp/execute", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({"cmd": self.command, "params": self.parameters});
        (Method::POST, Some(body.to_string()))
    }
}
