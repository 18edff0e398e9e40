//! A caller who asks for the list over some kept-alive connections, as fast as it is answered. Runs in a process of its own, as the
//! callers of a service do.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::task::JoinSet;

/// What the process is told that it is to be this caller.
const WORD: &str = "load";

/// The letters of the query, each of which may be spelled as it is or in hexadecimal digits.
const QUERY: &str = "at_risk=true&limit=50";

/// The callers' connections.
pub const CONNECTIONS: usize = 8;

/// What is asked, and for how long.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where.
    pub address: SocketAddr,
    /// The path without the query.
    pub path: String,
    /// Each connection sends one of these headers, by which its caller is known.
    pub known_by: Vec<String>,
    /// Whether each request spells its query another way, so that no answer is one that was given before.
    pub spelled_anew: bool,
    /// For how long.
    pub lasts: Duration,
}

impl Load {
    /// What the arguments of this process say, if it is to be a caller.
    pub fn of_arguments(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        arguments.next().filter(|word| word == WORD)?;
        let mut next = || arguments.next().expect("all arguments are given");
        Some(Self {
            address: next().parse().expect("an address"),
            path: next(),
            spelled_anew: next() == "anew",
            lasts: Duration::from_millis(next().parse().expect("milliseconds")),
            known_by: arguments.collect(),
        })
    }

    /// Asks in a process of its own; how many answers came a second.
    pub async fn rate(&self) -> f64 {
        let mut caller = Command::new(std::env::current_exe().expect("this program has a path"));
        let spelling = if self.spelled_anew { "anew" } else { "alike" };
        caller.args([WORD, &self.address.to_string(), &self.path, spelling, &self.lasts.as_millis().to_string()]);
        let output = caller.args(&self.known_by).stderr(Stdio::inherit()).output().await.expect("it starts");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("it tells how many answers came a second")
    }

    /// Asks; how many answers came a second.
    pub fn run(&self) -> f64 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let started = Instant::now();
            let mut asking = JoinSet::new();
            for number in 0..CONNECTIONS {
                asking.spawn(self.clone().ask(number, started + self.lasts));
            }
            let answers: u32 = asking.join_all().await.into_iter().sum();
            f64::from(answers) / started.elapsed().as_secs_f64()
        })
    }

    async fn ask(self, number: usize, until: Instant) -> u32 {
        let known_by = &self.known_by[number % self.known_by.len()];
        let mut stream = TcpStream::connect(self.address).await.expect("it is served");
        stream.set_nodelay(true).expect("it can be set");
        let (mut answers, mut answer) = (0, Vec::with_capacity(256 * 1024));
        while Instant::now() < until {
            let query = if self.spelled_anew { spelled(answers, number) } else { QUERY.to_owned() };
            let request = format!("GET {}?{query} HTTP/1.1\r\nHost: bench\r\n{known_by}\r\n\r\n", self.path);
            stream.write_all(request.as_bytes()).await.expect("it is sent");
            answer.clear();
            let length = loop {
                assert_ne!(stream.read_buf(&mut answer).await.expect("it is answered"), 0, "the answer is whole");
                match whole_length(&answer) {
                    Some(length) if answer.len() >= length => break length,
                    _ => {}
                }
            };
            assert!(answer.len() == length && answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
            answers += 1;
        }
        answers
    }
}

/// How long an answer will be, once its head is there.
fn whole_length(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&answer[..head]).expect("a head is text");
    let length =
        text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
    Some(head + length.expect("an answer says its length"))
}

/// The query in a spelling of its own: which letters are written in hexadecimal digits tells the number.
fn spelled(answer: u32, connection: usize) -> String {
    let mut bits = u64::from(answer) * CONNECTIONS as u64 + connection as u64 + 1;
    let mut spelled = String::with_capacity(3 * QUERY.len());
    for letter in QUERY.chars() {
        if letter.is_ascii_alphanumeric() {
            if bits & 1 == 1 {
                let _ = write!(spelled, "%{:02x}", u32::from(letter));
            } else {
                spelled.push(letter);
            }
            bits >>= 1;
        } else {
            spelled.push(letter);
        }
    }
    spelled
}
