//! What the log says of people who sign in. Apart from the other tests, because a program has one log.

#[expect(dead_code, reason = "a test takes what it needs of the support")]
#[path = "api/fixture.rs"]
mod fixture;
#[expect(dead_code, reason = "a test takes what it needs of the support")]
#[path = "api/sign_in_place.rs"]
mod sign_in_place;
#[expect(dead_code, reason = "a test takes what it needs of the support")]
mod support;

use std::sync::{Arc, Mutex};

use serde_json::json;
use sign_in_place::{AUDIENCE, Place};
use support::issuer::{Issuer, SigningKey};

/// A log that the test reads.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nothing panics while it holds it").write(text)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_names_people_by_number_and_holds_no_token_and_no_claim() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).expect("nothing else in this program logs");

    let key = SigningKey::rsa(0);
    let issuer = Issuer::start(&[&key]).await;
    let place = Place::new(&issuer.url, &[]).await;
    let telling = json!({
        "iss": issuer.url, "aud": AUDIENCE, "exp": place.moment() + 600, "sub": "jane.doe", "name": "Jane Doe",
        "roles": ["plo-drift.chair", "jane-s-role"], "teams": ["jane-s-team"],
    });
    let mut tokens = Vec::new();
    for (others, expected) in [
        (json!({}), 200),
        (json!({"exp": 1}), 401),
        (json!({"aud": "jane-s-audience"}), 401),
        (json!({"iss": "jane-s-issuer"}), 401),
        (json!({"roles": ["jane-s-role"]}), 403),
    ] {
        let mut all = telling.clone();
        all.as_object_mut().expect("claims are an object").extend(others.as_object().cloned().unwrap_or_default());
        let token = key.sign(&all);
        assert_eq!(place.status(&token).await, expected);
        tokens.push(token);
    }
    let unknown = key.clone().named("jane-s-key").sign(&telling);
    assert_eq!(place.status(&unknown).await, 401);
    tokens.push(unknown);
    place.api.close().await;

    let log = String::from_utf8(log.0.lock().expect("nothing panics while it holds it").clone()).expect("a log is UTF-8");
    let log: Vec<&str> = log.lines().filter(|line| line.contains("plo_drift")).collect();
    let log = log.join("\n");
    assert!(log.contains(r#""caller.actor":"person 1""#), "{log}");
    for reason in
        ["it has expired", "another audience", "another issuer", "no role that is known here", "not one of the issuer's"]
    {
        assert!(log.contains(reason), "{reason} is not in\n{log}");
    }
    assert!(!log.to_lowercase().contains("jane"), "{log}");
    for part in tokens.iter().flat_map(|token| token.split('.')) {
        assert!(!log.contains(part), "{log}");
    }
}
