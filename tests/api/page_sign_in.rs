//! People sign in to the pages with a certified OpenID provider, and nobody signs in for them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use plo_drift::app;
use plo_drift::clock::Clock;
use plo_drift::config::Config;
use serde_json::json;
use tokio::net::TcpListener;

use crate::fixture::{Answer, Api, Watched, now, router_signed_in, send, send_at_once};
use crate::support::issuer::{Issuer, SigningKey};
use crate::support::oidc::{BOARD_CLIENT, BOARD_SECRET, OpenIdProvider};
use crate::visit::location;

const BASE_URL: &str = "http://127.0.0.1:8080";

/// A service, and the provider with which people sign in to it.
struct Place {
    api: Api,
    provider: OpenIdProvider,
}

impl Place {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let people = json!({
            "chair": {"roles": ["plo-drift.chair"], "teams": ["east"], "email": "Chair@council.example", "email_verified": true},
            "unverified": {"roles": ["plo-drift.chair"], "teams": ["east"], "email": "chair@council.example", "email_verified": false},
            "cleared": {"roles": ["plo-drift.reader", "plo-drift.every-team", "plo-drift.restricted"]},
            "nobody": {"roles": ["another-service.reader"], "teams": ["east"]},
            "teamless": {"roles": "plo-drift.reader", "teams": []},
        });
        let provider = OpenIdProvider::start_for_people(BASE_URL, &people);
        let mut api = Api::new().await;
        api.add(&[
            Watched::new("C-1"),
            Watched { team: Some("west"), ..Watched::new("C-2") },
            Watched { restricted: true, ..Watched::new("C-3") },
        ])
        .await;
        api.sql(
            "INSERT INTO recipients (name, email, role) VALUES
                ('A', 'chair@council.example', 'legal_gateway_chair'), ('B', 'other@council.example', 'service_manager'),
                ('C', 'CHAIR@council.example', 'head_of_service')",
        )
        .await;
        api.router = router_signed_in_with(&api, &provider.issuer, settings);
        Self { api, provider }
    }

    /// Asks the service as a browser does that shows a cookie.
    async fn ask(&self, path: &str, cookie: &str) -> Answer {
        send(&self.api.router, shown(path, cookie)).await
    }

    /// Begins to sign in: the cookie that the browser is given, and where it is sent.
    async fn begin(&self, to: &str) -> (String, String) {
        let sent = self.ask(&format!("/sign-in?to={to}"), "").await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        (pair(&sent), location(&sent.headers).to_owned())
    }

    /// What the provider sends the browser of somebody back with, who says who they are.
    async fn come_back(&self, person: &str, address: &str) -> String {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let mut jar: BTreeMap<String, String> = BTreeMap::new();
        let mut next = address.to_owned();
        let mut post = None;
        loop {
            let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let request = match post.take() {
                Some(body) => client.post(&next).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body),
                None => client.get(&next),
            };
            let answer = request.header(header::COOKIE, cookies.join("; ")).send().await.expect("the provider answers");
            for cookie in answer.headers().get_all(header::SET_COOKIE) {
                let pair = cookie.to_str().expect("it is text").split(';').next().expect("a pair");
                let (name, value) = pair.split_once('=').expect("a name and a value");
                jar.insert(name.to_owned(), value.to_owned());
            }
            match answer.headers().get(header::LOCATION) {
                Some(to) => {
                    let to = to.to_str().expect("it is text");
                    if let Some(back) = to.strip_prefix(BASE_URL) {
                        return back.to_owned();
                    }
                    next = if to.starts_with('/') { format!("{}{to}", self.provider.issuer) } else { to.to_owned() };
                }
                None => post = Some(format!("person={person}")),
            }
        }
    }

    /// Signs somebody in: what their browser shows from then on, and where they are led.
    async fn sign_in(&self, person: &str, to: &str) -> (String, String) {
        let (cookie, address) = self.begin(to).await;
        let back = self.come_back(person, &address).await;
        let answer = self.ask(&back, &cookie).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        (pair(&answer), location(&answer.headers).to_owned())
    }

    async fn sessions(&self) -> i64 {
        self.api.count("SELECT count(*) FROM page_sessions").await
    }

    async fn close(self) {
        self.api.close().await;
    }
}

/// A router to whose pages people sign in with an issuer.
fn router_signed_in_with(api: &Api, issuer: &str, settings: &[(&str, &str)]) -> Router {
    let usual = [
        ("SERVICE__BASE_URL", BASE_URL),
        ("IDENTITY__ISSUER", issuer),
        ("IDENTITY__AUDIENCE", "urn:plo-drift"),
        ("IDENTITY__TEAMS_CLAIM", "teams"),
        ("BOARD__CLIENT_ID", BOARD_CLIENT),
        ("BOARD__CLIENT_SECRET", BOARD_SECRET),
    ];
    let variables: BTreeMap<String, String> =
        usual.iter().chain(settings).map(|(key, value)| (format!("PLO_DRIFT__{key}"), (*value).to_owned())).collect();
    let config = Config::from_layers(None, &variables).expect("the settings are right");
    let identity = app::identity(&config).expect("nothing has to be read");
    router_signed_in(api.served.clone(), &config, identity, Clock::told_by(now))
}

/// A request of a browser that shows a cookie.
fn shown(path: &str, cookie: &str) -> Request<Body> {
    let request = Request::builder().uri(path).header(header::ACCEPT, "text/html").header(header::COOKIE, cookie);
    request.body(Body::empty()).expect("it is a request")
}

/// The first cookie that is given, as it is to be shown.
fn pair(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().expect("a pair").to_owned()
}

/// A value of the query of a path.
fn value(path: &str, wanted: &str) -> String {
    let url = reqwest::Url::parse(&format!("{BASE_URL}{path}")).expect("it is a URL");
    let found = url.query_pairs().find(|(name, _)| name == wanted);
    found.unwrap_or_else(|| panic!("{path} has {wanted}")).1.into_owned()
}

#[tokio::test]
async fn who_signs_in_sees_what_their_claims_say_and_lands_where_they_wanted_to_go() {
    let place = Place::new(&[]).await;
    let (_, address) = place.begin("/cases").await;
    for said in
        ["response_type=code", "code_challenge_method=S256", "client_id=board", "scope=openid+email", "&nonce=", "&state="]
    {
        assert!(address.contains(said), "{said}: {address}");
    }
    let (chair, to) = place.sign_in("chair", "/cases?rag=green").await;
    assert_eq!(to, "/cases?rag=green");
    let (cleared, _) = place.sign_in("cleared", "").await;
    for (cookie, expected) in [(&chair, &["C-1"][..]), (&cleared, &["C-1", "C-2", "C-3"])] {
        let page = place.ask("/cases?sort=reference", cookie).await;
        for case in ["C-1", "C-2", "C-3"] {
            assert_eq!(page.page().contains(&format!("/cases/{case}\"")), expected.contains(&case), "{case}");
        }
    }
    let told = place.api.count("SELECT count(*) FROM page_sessions WHERE recipients = '{1,3}' AND roles = '{chair}'").await;
    assert_eq!(told, 1, "the chair is known by the address, in whichever letters");
    let kept = place.api.count("SELECT count(*) FROM api_audit WHERE route = '/sign-in' AND actor LIKE 'person %'").await;
    assert_eq!(kept, 2);
    let secrets = place.api.count("SELECT count(*) FROM page_sessions WHERE encode(secret_hash, 'hex') LIKE '%plo%'").await;
    assert_eq!(secrets, 0);
    place.close().await;
}

#[tokio::test]
async fn an_address_that_is_not_verified_or_not_asked_for_finds_nobody() {
    let place = Place::new(&[]).await;
    place.sign_in("unverified", "").await;
    assert_eq!(place.api.count("SELECT count(*) FROM page_sessions WHERE recipients = '{}'").await, 1);
    place.close().await;
    let place = Place::new(&[("BOARD__EMAIL_CLAIM", "")]).await;
    place.sign_in("chair", "").await;
    assert_eq!(place.api.count("SELECT count(*) FROM page_sessions WHERE recipients = '{}'").await, 1);
    place.close().await;
}

#[tokio::test]
async fn a_sign_in_counts_in_the_browser_in_which_it_was_begun_and_once() {
    let place = Place::new(&[]).await;
    let (mine, my_address) = place.begin("/cases").await;
    let (theirs, their_address) = place.begin("/cases").await;
    let (my_back, their_back) = (place.come_back("chair", &my_address).await, place.come_back("cleared", &their_address).await);
    let mixed = format!("/sign-in/callback?code={}&state={}", value(&their_back, "code"), value(&my_back, "state"));
    for (what, path, cookie) in [
        ("somebody else's answer in my browser", &their_back, mine.as_str()),
        ("my answer in somebody else's browser", &my_back, &theirs),
        ("no browser in which it was begun", &my_back, ""),
        ("their code, sent as if it were mine", &mixed, &mine),
    ] {
        let answer = place.ask(path, cookie).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
        assert!(answer.page().contains("You are not signed in"), "{what}");
        assert!(!answer.headers.contains_key(header::SET_COOKIE), "{what}");
    }
    assert_eq!(place.sessions().await, 0);
    let (cookie, address) = place.begin("/cases").await;
    let back = place.come_back("chair", &address).await;
    assert_eq!(place.ask(&back, &cookie).await.status, StatusCode::SEE_OTHER);
    assert_eq!(place.ask(&back, &cookie).await.status, StatusCode::BAD_REQUEST, "a code is used up");
    assert_eq!(place.sessions().await, 1);
    place.close().await;
}

#[tokio::test]
async fn an_id_token_counts_for_the_sign_in_that_asked_for_it_and_for_this_client() {
    let (key, stranger) = (SigningKey::rsa(0), SigningKey::rsa(1).named("rsa-0"));
    let issuer = Issuer::start(&[&key]).await;
    let mut api = Api::new().await;
    api.router = router_signed_in_with(&api, &issuer.url, &[]);
    let moment = now().as_second();
    for (others, signed_by, counts) in [
        (json!({}), &key, true),
        (json!({"azp": BOARD_CLIENT}), &key, true),
        (json!({"nonce": null}), &key, false),
        (json!({"nonce": "of another sign-in"}), &key, false),
        (json!({"aud": "urn:plo-drift"}), &key, false),
        (json!({"azp": "another client"}), &key, false),
        (json!({"iss": "https://another.example"}), &key, false),
        (json!({"exp": moment - 600}), &key, false),
        (json!({}), &stranger, false),
    ] {
        let begun = send(&api.router, shown("/sign-in?to=/cases", "")).await;
        let address = location(&begun.headers).strip_prefix(&issuer.url).expect("the issuer's").to_owned();
        let mut claims = json!({"iss": issuer.url, "aud": BOARD_CLIENT, "sub": "a-person", "roles": ["plo-drift.chair"],
            "teams": ["east"], "nonce": value(&address, "nonce"), "iat": moment, "exp": moment + 600});
        let all = claims.as_object_mut().expect("claims are an object");
        all.extend(others.as_object().cloned().expect("others are, too"));
        all.retain(|_, value| !value.is_null());
        issuer.answer_codes(&signed_by.sign(&claims));
        let back = format!("/sign-in/callback?code=a&state={}", value(&address, "state"));
        let answer = send(&api.router, shown(&back, &pair(&begun))).await;
        let is_in = answer.status == StatusCode::SEE_OTHER;
        assert!(is_in || answer.page().contains("does not count here"), "{others}: {}", answer.body);
        assert_eq!((is_in, answer.headers.contains_key(header::SET_COOKIE)), (counts, counts), "{others}: {}", answer.body);
    }
    assert_eq!(api.count("SELECT count(*) FROM page_sessions").await, 2);
    api.close().await;
}

#[tokio::test]
async fn who_has_no_role_or_no_team_is_told_whom_to_ask() {
    let place = Place::new(&[]).await;
    for person in ["nobody", "teamless"] {
        let (cookie, address) = place.begin("/cases").await;
        let back = place.come_back(person, &address).await;
        let answer = place.ask(&back, &cookie).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{person}");
        assert!(answer.page().contains("You have no access to this service yet"), "{person}: {}", answer.page());
    }
    assert_eq!(place.sessions().await, 0);
    place.close().await;
}

#[tokio::test]
async fn a_provider_that_refuses_or_is_down_lets_nobody_in() {
    let place = Place::new(&[]).await;
    let (cookie, address) = place.begin("/cases").await;
    let state = value(address.split_once(&place.provider.issuer).expect("the provider's").1, "state");
    let refused = place.ask(&format!("/sign-in/callback?error=access_denied&state={state}"), &cookie).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.page().contains("did not let you in"));
    let back = place.come_back("chair", &address).await;
    let other = place.ask(&back.replace("iss=", "iss=https%3A%2F%2Fother.example&was="), &cookie).await;
    assert_eq!(other.status, StatusCode::SERVICE_UNAVAILABLE, "another issuer answers");
    let Place { api, provider } = place;
    drop(provider);
    let down = send(&api.router, shown(&back, &cookie)).await;
    assert_eq!(down.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(down.page().contains("You cannot sign in at the moment"));
    assert_eq!(api.count("SELECT count(*) FROM page_sessions").await, 0);
    api.close().await;
}

#[tokio::test]
async fn who_signs_out_is_shown_where_they_are_signed_in_still() {
    let place = Place::new(&[]).await;
    place.sign_in("chair", "").await;
    let page = place.ask("/signed-out", "").await;
    let expected = format!("href=\"{}/session/end?client_id=board&#38;post_logout_redirect_uri=", place.provider.issuer);
    assert!(page.page().contains(&expected), "{}", page.page());
    place.close().await;
}

#[tokio::test]
async fn an_issuer_that_never_answers_is_waited_for_by_one_and_keeps_nobody_else() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let issuer = format!("http://{}", silent.local_addr().expect("an address"));
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = silent.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            kept.push(connection);
        }
    });
    let place = Place::new(&[("IDENTITY__ISSUER", &issuer), ("IDENTITY__TIMEOUT_SECONDS", "1")]).await;
    let asking = (0..20).map(|_| shown("/sign-in?to=/cases", "")).collect();
    for answer in send_at_once(&place.api.router, asking).await {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.page().contains("You cannot sign in at the moment"));
    }
    assert_eq!(place.ask("/signed-out", "").await.status, StatusCode::OK);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "one asks, and the others do not after it");
    place.close().await;
}
