//! Tokens and issuers that a good provider would never be: what is forged does not count, and nobody is asked too often.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::fixture::{request, send};
use crate::sign_in_place::{AUDIENCE, Place, assert_problem, identity};
use crate::support::certificates::Certificates;
use crate::support::issuer::{Answer, Issuer, SigningKey, discovery};

/// Claims that count, with others over them; null takes one away.
fn claims(issuer: &Issuer, place: &Place, others: &Value) -> Value {
    let mut claims = json!({
        "iss": issuer.url, "aud": AUDIENCE, "sub": "a-person", "oid": "an-object", "roles": ["plo-drift.reader"], "teams": ["east"],
        "exp": place.moment() + 600, "nbf": place.moment(), "iat": place.moment(),
    });
    let all = claims.as_object_mut().expect("claims are an object");
    all.extend(others.as_object().cloned().unwrap_or_default());
    all.retain(|_, value| !value.is_null());
    claims
}

fn good(issuer: &Issuer, place: &Place, key: &SigningKey) -> String {
    key.sign(&claims(issuer, place, &Value::Null))
}

#[tokio::test]
async fn each_claim_is_held_to_what_it_must_be() {
    let key = SigningKey::rsa(0);
    let issuer = Issuer::start(&[&key]).await;
    let place = Place::new(&issuer.url, &[("CLOCK_LEEWAY_SECONDS", "60")]).await;
    let now = place.moment();
    let long = "x".repeat(256);
    for (others, expected) in [
        (json!({}), Ok(())),
        (json!({"aud": ["urn:another-service", AUDIENCE]}), Ok(())),
        (json!({"roles": "plo-drift.reader", "teams": "east"}), Ok(())),
        (json!({"nbf": null, "iat": null}), Ok(())),
        (json!({"nbf": now + 60}), Ok(())),
        (json!({"exp": now - 59}), Ok(())),
        (json!({"exp": f64_of(now) + 0.5}), Ok(())),
        (json!({"exp": now - 60}), Err("it has expired")),
        (json!({"nbf": now + 61}), Err("it does not count yet")),
        (json!({"exp": null}), Err("a claim is missing")),
        (json!({"exp": "tomorrow"}), Err("a claim is missing")),
        (json!({"exp": -1}), Err("a claim is missing")),
        (json!({"nbf": "yesterday"}), Err("a time in it is none")),
        (json!({"iss": null}), Err("a claim is missing")),
        (json!({"iss": format!("{}/", issuer.url)}), Err("it is of another issuer")),
        (json!({"iss": ["https://another.example", issuer.url]}), Err("it is of another issuer")),
        (json!({"aud": null}), Err("a claim is missing")),
        (json!({"aud": "urn:plo-drift:other"}), Err("it is meant for another audience")),
        (json!({"aud": []}), Err("it is meant for another audience")),
        (json!({"sub": null}), Err("it names nobody")),
        (json!({"sub": ""}), Err("it names nobody")),
        (json!({"sub": 7}), Err("it names nobody")),
        (json!({"sub": long}), Err("it names nobody")),
        (json!({"sub": "a\u{0}b"}), Err("it names nobody")),
        (json!({"nonce": "a"}), Err("it is an ID token")),
        (json!({"at_hash": "a"}), Err("it is an ID token")),
        (json!({"c_hash": "a"}), Err("it is an ID token")),
        (json!({"cnf": {"jkt": "a"}}), Err("it counts only with a proof of a key")),
    ] {
        let token = key.sign(&claims(&issuer, &place, &others));
        let answer = place.cases(&token).await;
        match expected {
            Ok(()) => assert_eq!(answer.status, 200, "{others}"),
            Err(why) => {
                assert_problem(&answer, 401, "unauthenticated");
                assert_eq!(answer.headers["www-authenticate"], "Bearer");
                assert_eq!(place.why_not(&token).await, why, "{others}");
            }
        }
    }
    for (others, code) in [
        (json!({"roles": null}), "no-role"),
        (json!({"roles": []}), "no-role"),
        (json!({"roles": [7, null, {"value": "plo-drift.reader"}]}), "no-role"),
        (json!({"roles": ["PLO-DRIFT.READER", "plo-drift.reader ", "plo-drift.restricted"]}), "no-role"),
        (json!({"teams": null}), "no-team"),
        (json!({"teams": ["", " east", 7]}), "no-team"),
        (json!({"teams": {"east": true}}), "no-team"),
    ] {
        assert_problem(&place.cases(&key.sign(&claims(&issuer, &place, &others))).await, 403, code);
    }
    place.api.close().await;
}

#[expect(clippy::cast_precision_loss, reason = "moments of these years are exact")]
fn f64_of(moment: i64) -> f64 {
    moment as f64
}

#[tokio::test]
async fn what_is_forged_does_not_count() {
    let (key, stranger, elliptic) = (SigningKey::rsa(0), SigningKey::rsa(1), SigningKey::elliptic());
    let issuer = Issuer::start(&[&key, &elliptic]).await;
    let place = Place::new(&issuer.url, &[]).await;
    let claims = claims(&issuer, &place, &json!({"roles": ["plo-drift.admin"]}));
    assert_eq!(place.status(&key.sign(&claims)).await, 200);
    assert_eq!(place.status(&elliptic.sign(&claims)).await, 200);

    let by_secret = |secret: &[u8]| {
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        encode(&header, &claims, &EncodingKey::from_secret(secret)).expect("a token can be signed")
    };
    let published = key.public();
    let modulus = published["n"].as_str().expect("an RSA key has a modulus");
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(modulus).expect("it is in base 64");
    let unsigned = |alg: &str| {
        let header = json!({"alg": alg, "typ": "JWT", "kid": key.id});
        let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        format!("{}.{}.", encode(&header), encode(&claims))
    };
    let header = key.header();
    let embedded = serde_json::from_value(stranger.public()).expect("it is a key");
    let elsewhere = Some("http://127.0.0.1:9/keys".to_owned());
    for (what, token) in [
        ("not signed", unsigned("none")),
        ("not signed, in capitals", unsigned("NONE")),
        ("said to be signed", unsigned("RS256")),
        ("by the public key as a secret", by_secret(published.to_string().as_bytes())),
        ("by the modulus as a secret", by_secret(&bytes)),
        ("by the modulus as it is published", by_secret(modulus.as_bytes())),
        ("by a stranger in the name of the key", stranger.clone().named(&key.id).sign(&claims)),
        ("by a stranger in their own name", stranger.sign(&claims)),
        (
            "by a stranger whose key it brings along",
            stranger.sign_as(&Header { jwk: Some(embedded), ..header.clone() }, &claims),
        ),
        ("by a stranger whose keys it points to", stranger.sign_as(&Header { jku: elsewhere, ..header.clone() }, &claims)),
        ("with the key of another kind", elliptic.clone().named(&key.id).sign(&claims)),
        ("in a way that is not allowed", key.sign_as(&Header { alg: Algorithm::RS512, ..header.clone() }, &claims)),
        ("in a way that the key is not for", key.sign_as(&Header { alg: Algorithm::PS256, ..header.clone() }, &claims)),
        ("without the name of a key", key.sign_as(&Header { kid: None, ..header.clone() }, &claims)),
        ("as a logout", key.sign_as(&Header { typ: Some("logout+jwt".to_owned()), ..header.clone() }, &claims)),
        ("with an extension", key.sign_as(&Header { crit: Some(vec!["exp".to_owned()]), ..header }, &claims)),
        ("of claims that are none", key.sign(&json!("a text"))),
        ("too long", format!("{}{}", key.sign(&claims), "A".repeat(16_384))),
        ("nothing", "..".to_owned()),
    ] {
        assert_problem(&place.cases(&token).await, 401, "unauthenticated");
        let why = place.why_not(&token).await;
        assert_ne!(why, "the issuer's keys cannot be had", "{what}");
    }
    place.api.close().await;
}

#[tokio::test]
async fn made_up_keys_do_not_turn_the_service_against_the_issuer() {
    let key = SigningKey::rsa(0);
    let issuer = Issuer::start(&[&key]).await;
    let place = Place::new(&issuer.url, &[("KEYS_PAUSE_SECONDS", "30")]).await;
    let forged = |number: usize| key.clone().named(&format!("made up {number}")).sign(&claims(&issuer, &place, &Value::Null));
    let flood = async |first: usize| {
        assert_eq!(at_once(&place, (first..first + 20).map(&forged).collect()).await, BTreeSet::from([401]));
    };
    let own = (0..20).map(|_| good(&issuer, &place, &key)).collect();
    assert_eq!(at_once(&place, own).await, BTreeSet::from([200]));
    assert_eq!(issuer.asked_for_keys(), 1, "one asks, and the others wait for what it brings");

    flood(0).await;
    assert_eq!(issuer.asked_for_keys(), 1, "it was asked a moment ago");
    place.pass(30);
    flood(20).await;
    assert_eq!(issuer.asked_for_keys(), 2);
    place.pass(29);
    flood(40).await;
    assert_eq!(issuer.asked_for_keys(), 2);
    assert_eq!(place.status(&good(&issuer, &place, &key)).await, 200);

    // Nor does an issuer that is down hear of it more often.
    issuer.answer_keys(Answer::Status(500));
    place.pass(1);
    flood(60).await;
    flood(80).await;
    assert_eq!(issuer.asked_for_keys(), 3);
    place.api.close().await;
}

/// The statuses with which tokens are met that are shown at once.
async fn at_once(place: &Place, tokens: Vec<String>) -> BTreeSet<u16> {
    let mut requests = JoinSet::new();
    for token in tokens {
        let router = place.api.router.clone();
        requests.spawn(async move { send(&router, request("GET", "/api/v1/cases", Some(&token))).await.status.as_u16() });
    }
    requests.join_all().await.into_iter().collect()
}

#[tokio::test]
async fn keys_count_only_from_where_the_issuer_itself_says_and_as_it_should() {
    let key = SigningKey::rsa(0);
    let issuer = Issuer::start(&[&key]).await;
    let at = |path: &str| format!("{}/{path}", issuer.url);
    let right = Answer::Json(discovery(&issuer.url, &at("keys")));
    let keys = Answer::Json(json!({"keys": [key.public()]}));
    let too_much = |answer: &Answer| {
        let Answer::Json(mut answer) = answer.clone() else { panic!("it is JSON") };
        answer["padding"] = json!("x".repeat(256 * 1024));
        Answer::Json(answer)
    };
    for (what, discovery, keys, expected) in [
        ("as it should be", right.clone(), keys.clone(), 200),
        ("another issuer", Answer::Json(discovery("https://another.example", &at("keys"))), keys.clone(), 503),
        ("a slash more", Answer::Json(discovery(&at(""), &at("keys"))), keys.clone(), 503),
        ("keys in the clear elsewhere", Answer::Json(discovery(&issuer.url, "http://keys.example/keys")), keys.clone(), 503),
        ("keys nowhere", Answer::Json(discovery(&issuer.url, "keys")), keys.clone(), 503),
        ("keys in a file", Answer::Json(discovery(&issuer.url, "file:///keys")), keys.clone(), 503),
        ("another place", Answer::Redirect(at("elsewhere")), keys.clone(), 503),
        ("keys in another place", right.clone(), Answer::Redirect(at("elsewhere")), 503),
        ("a text", Answer::Text("Sign in".to_owned()), keys.clone(), 503),
        ("an error", Answer::Status(500), keys.clone(), 503),
        ("nothing", Answer::Status(204), keys.clone(), 503),
        ("too much", too_much(&right), keys.clone(), 503),
        ("too many keys", right.clone(), too_much(&keys), 503),
        ("no key", right.clone(), Answer::Json(json!({"keys": []})), 503),
        ("only a shared key", right.clone(), Answer::Json(json!({"keys": [{"kty": "oct", "kid": key.id, "k": "AQAB"}]})), 503),
        ("keys that are a text", right.clone(), Answer::Text("keys".to_owned()), 503),
        ("keys never", right.clone(), Answer::Never, 503),
    ] {
        issuer.answer_discovery(discovery);
        issuer.answer_keys(keys);
        let place = Place::new(&issuer.url, &[("TIMEOUT_SECONDS", "1")]).await;
        let status = place.status(&good(&issuer, &place, &key)).await;
        assert_eq!(status, expected, "{what}");
        place.api.close().await;
    }
}

#[tokio::test]
async fn keys_that_cannot_be_had_do_not_take_the_place_of_the_last_ones() {
    let key = SigningKey::rsa(0);
    let issuer = Issuer::start(&[&key]).await;
    let place = Place::new(&issuer.url, &[("KEYS_FRESH_SECONDS", "60"), ("KEYS_PAUSE_SECONDS", "30")]).await;
    assert_eq!(place.status(&good(&issuer, &place, &key)).await, 200);
    for (asked, answer) in
        [Answer::Json(json!({"keys": []})), Answer::Status(503), Answer::Text("sorry".to_owned())].into_iter().enumerate()
    {
        issuer.answer_keys(answer);
        place.pass(60);
        assert_eq!(place.status(&good(&issuer, &place, &key)).await, 200);
        assert_eq!(issuer.asked_for_keys(), asked + 2, "it was asked again");
    }
    place.api.close().await;
}

#[tokio::test]
async fn an_issuer_over_tls_is_held_to_its_certificate() {
    let (certificates, strangers, key) = (Certificates::new(), Certificates::new(), SigningKey::rsa(0));
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, certificates: &Certificates| {
        let path = folder.path().join(name);
        std::fs::write(&path, certificates.ca_pem()).expect("a file can be written");
        path.to_str().expect("a plain path").to_owned()
    };
    let (own, others) = (file("own.pem", &certificates), file("others.pem", &strangers));
    let issuer = Issuer::start_with_tls(&[&key], certificates.right().clone()).await;
    for (ca_file, expected) in [(&own, 200), (&others, 503)] {
        let place = Place::new(&issuer.url, &[("CA_FILE", ca_file)]).await;
        assert_eq!(place.status(&good(&issuer, &place, &key)).await, expected);
        place.api.close().await;
    }
    // Keys over TLS are not taken from where anybody could put them.
    let in_the_clear = Issuer::start(&[&key]).await;
    issuer.answer_discovery(Answer::Json(discovery(&issuer.url, &format!("{}/keys", in_the_clear.url))));
    let place = Place::new(&issuer.url, &[("CA_FILE", &own)]).await;
    assert_eq!(place.status(&good(&issuer, &place, &key)).await, 503);
    assert_eq!(in_the_clear.asked_for_keys(), 0);
    place.api.close().await;
}

#[tokio::test]
async fn claims_are_read_as_configured() {
    let key = SigningKey::rsa(0);
    let issuer = Issuer::start(&[&key]).await;
    let settings = [
        ("SUBJECT_CLAIM", "oid"),
        ("ROLES_CLAIM", "groups"),
        ("READER", "staff, board"),
        ("RESTRICTED", "inner-circle"),
        ("TEAMS_CLAIM", ""),
        ("AUDIENCE", "urn:other, urn:one-more"),
    ];
    let place = Place::new(&issuer.url, &settings).await;
    let seen = async |others: Value| place.seen(&key.sign(&claims(&issuer, &place, &others))).await;
    assert_eq!(seen(json!({"aud": "urn:other", "groups": ["board"]})).await, ["C-1", "C-2"]);
    assert_eq!(seen(json!({"aud": "urn:one-more", "groups": ["staff", "inner-circle"]})).await, ["C-1", "C-2", "C-3"]);
    assert_problem(&place.cases(&key.sign(&claims(&issuer, &place, &json!({"aud": "urn:other"})))).await, 403, "no-role");
    let known: Vec<String> = sqlx::query_scalar("SELECT subject FROM api_people")
        .fetch_all(&place.api.database.pool)
        .await
        .expect("they can be read");
    assert_eq!(known, ["an-object"]);
    place.api.close().await;
}

#[tokio::test]
async fn an_issuer_is_asked_before_anybody_calls() {
    let issuer = Issuer::start(&[&SigningKey::rsa(0)]).await;
    identity(&issuer.url, &[]).prepare(crate::fixture::now()).await;
    assert_eq!(issuer.asked_for_keys(), 1);
}
