//! Who may come in at the moment: how many requests are under way, how many one caller may make, and how often one may fail to say
//! who they are. What is too much is refused at once, with when to come back; nothing waits in a line that nobody sees.
//!
//! All of it is counted in the memory of this instance: of several, each counts for itself.

mod buckets;
mod place;

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{Context, SHA256};
use axum::extract::Request;
use axum::http::{HeaderMap, header};

use super::imports;
use super::problem::Problem;
use buckets::Buckets;
pub use place::Place;
use place::Places;

/// Requests for the health of the service that are answered beside all others.
const FOR_HEALTH: usize = 16;

/// How many callers are remembered as known.
const KNOWN: usize = 10_000;

/// What is asked how the service does: it is answered when nothing else is.
const OF_HEALTH: [&str; 3] = ["/health/live", "/health/ready", "/metrics"];

/// What bounds requests.
#[derive(Clone, Debug)]
pub struct RequestLimits {
    /// How many are under way at once.
    pub at_once: usize,
    /// How long an answer may take.
    pub answer: Duration,
    /// How long a body may take to come in.
    pub body: Duration,
    /// How many bytes a body may have.
    pub body_bytes: usize,
    /// How long the answer to an import may take.
    pub import_answer: Duration,
    /// How many bytes the body of an import may have.
    pub import_bytes: usize,
    /// How many one caller may make a minute.
    pub a_minute: u32,
    /// How many a minute may come from one address and fail to say who calls.
    pub failures_a_minute: u32,
    /// Proxies that are believed when they say for whom they ask.
    pub trusted_proxies: Vec<IpAddr>,
}

impl RequestLimits {
    /// How long an answer on a path may take.
    #[must_use]
    pub fn answer_on(&self, path: &str) -> Duration {
        if path == imports::PATH { self.import_answer } else { self.answer }
    }

    /// How long a body on a path may take to come in.
    #[must_use]
    pub fn body_on(&self, path: &str) -> Duration {
        if path == imports::PATH { self.import_answer } else { self.body }
    }

    /// How many bytes a body on a path may have.
    #[must_use]
    pub fn body_bytes_on(&self, path: &str) -> usize {
        if path == imports::PATH { self.import_bytes } else { self.body_bytes }
    }
}

/// The address of the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Lets requests in, or refuses them.
#[derive(Debug)]
pub struct Gate {
    /// What it holds requests to.
    pub limits: RequestLimits,
    places: Places,
    places_for_health: Places,
    callers: Mutex<Buckets<String>>,
    strangers: Mutex<Buckets<IpAddr>>,
    known: Mutex<HashSet<[u8; 32]>>,
}

/// Somebody who wants to come in, before it is found out who.
#[derive(Clone, Copy, Debug)]
pub struct Comer {
    address: IpAddr,
    /// Tells what they show, a token or a link, from what others do.
    shows: [u8; 32],
}

impl Gate {
    /// A gate at which nobody has called yet.
    #[must_use]
    pub fn of(limits: RequestLimits) -> Self {
        Self {
            places: Places::of(limits.at_once),
            places_for_health: Places::of(FOR_HEALTH),
            callers: Mutex::new(Buckets::of(limits.a_minute)),
            strangers: Mutex::new(Buckets::of(limits.failures_a_minute)),
            known: Mutex::default(),
            limits,
        }
    }

    /// Takes a place for a request, which is under way as long as the place is kept.
    ///
    /// # Errors
    ///
    /// As many as may be are under way.
    pub fn take_place(&self, request: &Request) -> Result<Place, Problem> {
        let is_of_health = OF_HEALTH.contains(&request.uri().path());
        if is_of_health { self.places_for_health.take() } else { self.places.take() }
    }

    /// Who wants to come in.
    ///
    /// # Errors
    ///
    /// Too many from the same address could not say who they are, and this one has not been let in before: so guessing is slow, and
    /// whoever shares an address with one who guesses is not kept out.
    pub fn comer(&self, request: &Request) -> Result<Comer, Problem> {
        let peer = request.extensions().get().copied();
        let comer = Comer { address: self.address_of(peer, request.headers()), shows: shown(request) };
        match held(&self.strangers).has_left(&comer.address, Instant::now()) {
            Err(wait) if !held(&self.known).contains(&comer.shows) => Err(too_many(wait)),
            _ => Ok(comer),
        }
    }

    /// Counts somebody who could not say who they are.
    pub fn turn_away(&self, comer: Comer) {
        held(&self.known).remove(&comer.shows);
        // What is over the limit is refused when the next one comes.
        let _ = held(&self.strangers).take(comer.address, Instant::now());
    }

    /// Counts a request to its caller.
    ///
    /// # Errors
    ///
    /// The caller has made too many.
    pub fn let_in(&self, comer: Comer, caller: String) -> Result<(), Problem> {
        held(&self.callers).take(caller, Instant::now()).map_err(too_many)?;
        let mut known = held(&self.known);
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(comer.shows);
        Ok(())
    }

    /// The address that a request comes from: the last one on its way that is not of a trusted proxy. Of IPv6 the first 64 bits,
    /// within which one caller may have any address.
    fn address_of(&self, peer: Option<Peer>, headers: &HeaderMap) -> IpAddr {
        let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |Peer(address)| address.to_canonical());
        let is_trusted = |address: &IpAddr| self.limits.trusted_proxies.contains(address);
        let on_the_way = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let on_the_way: Vec<&str> = on_the_way.flat_map(|value| value.split(',')).collect();
        let mut address = peer;
        for before in on_the_way.iter().rev() {
            let (true, Ok(before)) = (is_trusted(&address), before.trim().parse::<IpAddr>()) else { break };
            address = before.to_canonical();
        }
        match address {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
            IpAddr::V4(_) => address,
        }
    }
}

/// A token stands in a header, a session in a cookie, a link in the path. What is kept of them opens nothing.
fn shown(request: &Request) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    let in_headers = [header::AUTHORIZATION, header::COOKIE].map(|name| request.headers().get_all(name));
    let mut shown = in_headers.iter().flatten().peekable();
    if shown.peek().is_none() {
        hash.update(request.uri().path().as_bytes());
    }
    shown.for_each(|shown| hash.update(shown.as_bytes()));
    let mut shown = [0; 32];
    shown.copy_from_slice(hash.finish().as_ref());
    shown
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while counting")
}

fn too_many(wait: Duration) -> Problem {
    Problem::TooManyRequests { seconds: wait.as_secs() + 1 }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn gate(a_minute: u32, failures_a_minute: u32) -> Gate {
        let second = Duration::from_secs(1);
        let trusted_proxies = vec!["10.0.0.1".parse().expect("an address"), "10.0.0.2".parse().expect("an address")];
        let limits = RequestLimits {
            at_once: 2,
            answer: second,
            body: second,
            import_answer: Duration::from_secs(1),
            import_bytes: 1,
            body_bytes: 100,
            a_minute,
            failures_a_minute,
            trusted_proxies,
        };
        Gate::of(limits)
    }

    fn request(from: &str, token: &str) -> Request {
        let request = Request::builder().uri("/api/v1/cases").header("authorization", token);
        let mut request = request.body(Body::empty()).expect("it is a request");
        request.extensions_mut().insert(Peer(from.parse().expect("an address")));
        request
    }

    #[test]
    fn whoever_fails_too_often_is_kept_out_and_whoever_is_known_is_not() {
        let gate = gate(100, 2);
        let known = gate.comer(&request("192.0.2.1", "good")).expect("the first may try");
        assert_eq!(gate.let_in(known, "token 1".to_owned()), Ok(()));
        for guess in ["one", "two"] {
            gate.turn_away(gate.comer(&request("192.0.2.1", guess)).expect("two may fail"));
        }
        let refused = gate.comer(&request("192.0.2.1", "three")).expect_err("the third may not");
        assert!(matches!(refused, Problem::TooManyRequests { seconds: 29..=31 }), "{refused:?}");
        assert!(gate.comer(&request("192.0.2.2", "three")).is_ok(), "from elsewhere");
        let known = gate.comer(&request("192.0.2.1", "good")).expect("it was let in before");
        gate.turn_away(known);
        assert!(gate.comer(&request("192.0.2.1", "good")).is_err(), "revoked, it is known no more");
    }

    #[test]
    fn a_caller_has_a_limit_of_their_own() {
        let gate = gate(2, 100);
        let comer = gate.comer(&request("192.0.2.1", "good")).expect("may try");
        let call = |caller: &str| gate.let_in(comer, caller.to_owned());
        assert!(call("token 1").is_ok() && call("token 1").is_ok());
        assert!(matches!(call("token 1"), Err(Problem::TooManyRequests { .. })));
        assert!(call("token 2").is_ok());
    }

    #[rstest::rstest]
    #[case::no_proxy("192.0.2.1", &["198.51.100.7"], "192.0.2.1")]
    #[case::a_proxy("10.0.0.1", &["203.0.113.9, 198.51.100.7"], "198.51.100.7")]
    #[case::two_proxies("10.0.0.1", &["203.0.113.9", "198.51.100.7,10.0.0.2"], "198.51.100.7")]
    #[case::a_proxy_that_is_silent("10.0.0.1", &[], "10.0.0.1")]
    #[case::a_proxy_that_says_nothing_of_use("10.0.0.1", &["unknown"], "10.0.0.1")]
    #[case::version_6("2001:db8:1:2:3:4:5:6", &[], "2001:db8:1:2::")]
    #[case::version_4_written_as_6("::ffff:192.0.2.1", &[], "192.0.2.1")]
    fn an_address_is_the_last_that_is_believed(#[case] peer: &str, #[case] forwarded: &[&str], #[case] expected: &str) {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header"));
        }
        let found = gate(1, 1).address_of(Some(Peer(peer.parse().expect("an address"))), &headers);
        assert_eq!(found.to_string(), expected);
    }

    #[test]
    fn places_are_for_those_who_have_them_and_health_has_its_own() {
        let gate = gate(1, 1);
        let of = |path: &str| gate.take_place(&Request::builder().uri(path).body(Body::empty()).expect("a request"));
        let (first, second) = (of("/api/v1/cases").expect("a place"), of("/docs").expect("a place"));
        assert_eq!(of("/api/v1/cases").map(drop), Err(Problem::Busy));
        assert!(of("/health/ready").is_ok() && of("/metrics").is_ok());
        first.leave();
        let third = of("/api/v1/cases").expect("the place that was left");
        assert_eq!(first.take_again(), Err(Problem::Busy));
        drop(third);
        assert_eq!(first.take_again(), Ok(()));
        drop((first, second));
        assert!(of("/").is_ok());
    }
}
