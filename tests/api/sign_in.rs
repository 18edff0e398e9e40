//! People who sign in with a real OpenID provider.

use serde_json::{Value, json};

use crate::fixture::{alert_id, now, open_alert, request, router, send};
use crate::sign_in_place::{AUDIENCE, Place, assert_problem};
use crate::support::oidc::{LIFETIME, OpenIdProvider};

fn clients() -> Value {
    json!({
        "east": {"roles": ["plo-drift.reader"], "teams": ["east"]},
        "everywhere": {"roles": ["plo-drift.reader", "plo-drift.every-team"]},
        "cleared": {"roles": ["plo-drift.chair", "plo-drift.recorder", "plo-drift.every-team", "plo-drift.restricted"]},
        "nobody": {"roles": ["another-service.reader", "plo-drift.restricted", "plo-drift.every-team"], "teams": ["east"]},
        "teamless": {"roles": "plo-drift.reader", "teams": []},
    })
}

/// A service and a provider that it trusts.
async fn place(settings: &[(&str, &str)]) -> (OpenIdProvider, Place) {
    let provider = OpenIdProvider::start(now(), &clients());
    let place = Place::new(&provider.issuer, settings).await;
    (provider, place)
}

#[tokio::test]
async fn somebody_who_signed_in_sees_what_their_claims_say() {
    let (provider, place) = place(&[]).await;
    for (client, expected) in [("east", &["C-1"][..]), ("everywhere", &["C-1", "C-2"]), ("cleared", &["C-1", "C-2", "C-3"])] {
        assert_eq!(place.seen(&provider.token(client, AUDIENCE).await).await, expected, "{client}");
    }
    let east = provider.token("east", AUDIENCE).await;
    for (path, expected) in [("C-1", 200), ("C-2", 404), ("C-3", 404)] {
        let answer = place.api.get(&east, &format!("/api/v1/cases/{path}")).await;
        assert_eq!(answer.status.as_u16(), expected, "{path}");
    }
    assert_problem(&place.cases(&provider.token("nobody", AUDIENCE).await).await, 403, "no-role");
    assert_problem(&place.cases(&provider.token("teamless", AUDIENCE).await).await, 403, "no-team");
    place.api.close().await;
}

#[tokio::test]
async fn a_token_counts_for_its_audience_until_it_expires_and_where_its_issuer_is_configured() {
    let (provider, place) = place(&[("CLOCK_LEEWAY_SECONDS", "60")]).await;
    let token = provider.token("east", AUDIENCE).await;
    assert_eq!(place.status(&token).await, 200);

    let elsewhere = provider.token("east", "urn:another-service").await;
    assert_problem(&place.cases(&elsewhere).await, 401, "unauthenticated");
    assert_eq!(place.why_not(&elsewhere).await, "it is meant for another audience");

    let other = provider.token("cleared", AUDIENCE).await;
    let [[header, payload, signature], [_, others, _]] =
        [&token, &other].map(|token| token.split('.').collect::<Vec<_>>().try_into().expect("a token has three parts"));
    let turned: String = signature.chars().rev().collect();
    for forged in [
        format!("{header}.{others}.{signature}"),
        format!("{header}.{payload}.{turned}"),
        format!("{header}.{payload}.{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]),
        format!("{header}.{payload}."),
    ] {
        assert_problem(&place.cases(&forged).await, 401, "unauthenticated");
        let why = place.why_not(&forged).await;
        assert!(["its signature is wrong", "it cannot be read"].contains(&why.as_str()), "{why}");
    }

    let unconfigured = router(place.api.served.clone());
    let answer = send(&unconfigured, request("GET", "/api/v1/cases", Some(&token))).await;
    assert_problem(&answer, 401, "unauthenticated");

    place.pass(LIFETIME + 59);
    assert_eq!(place.status(&token).await, 200, "the issuer's clock may be behind");
    place.pass(1);
    assert_problem(&place.cases(&token).await, 401, "unauthenticated");
    assert_eq!(place.why_not(&token).await, "it has expired");
    place.api.close().await;
}

#[tokio::test]
async fn a_chair_who_signed_in_acknowledges_an_alert_and_its_story_says_so() {
    let (provider, place) = place(&[]).await;
    place.api.sql(&open_alert(1, "C-1", "red")).await;
    let uri = format!("/api/v1/alerts/{}/acknowledge", alert_id(1));
    let body = json!({"action": "hold the review", "owner": "team manager", "review_on": "2026-06-22"});

    let reader = provider.token("everywhere", AUDIENCE).await;
    assert_problem(&place.api.post(&reader, &uri, &body).await, 403, "forbidden");

    let chair = provider.token("cleared", AUDIENCE).await;
    let story = place.api.post(&chair, &uri, &body).await;
    assert_eq!(story.status, 200, "{}", story.body);
    assert_eq!(story.body["state"], "acknowledged");
    let person: i64 = sqlx::query_scalar("SELECT id FROM api_people WHERE subject = 'cleared'")
        .fetch_one(&place.api.database.pool)
        .await
        .expect("the chair is known");
    assert_eq!(story.body["pauses"][0]["by"], json!({"role": "api", "recipient": null, "token": null, "person": person}));
    let reason = format!("by person {person}, who signed in, until 22 June 2026");
    assert_eq!(story.body["journal"][0]["reason"], reason);

    let rewritten = sqlx::query("UPDATE alert_pauses SET person_id = person_id + 1").execute(&place.api.database.pool).await;
    let refused = rewritten.expect_err("who made it stays as it was written");
    assert_eq!(refused.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(), Some("42501"));

    // The same again is done; in other words it is not.
    assert_eq!(place.api.post(&chair, &uri, &body).await.status, 200);
    let other = json!({"action": "something else", "owner": "team manager", "review_on": "2026-06-22"});
    assert_problem(&place.api.post(&chair, &uri, &other).await, 409, "conflict");

    let explained = place.api.get(&reader, "/api/v1/cases/C-1/explain?on=2026-06-15").await;
    let pause = &explained.body["alerts"][0]["pauses"][0];
    assert_eq!((&pause["by_person"], &pause["by_token"], &pause["by"]), (&json!(person), &Value::Null, &Value::Null));
    place.api.close().await;
}

#[tokio::test]
async fn a_person_is_known_by_a_number_and_by_no_name() {
    let (provider, place) = place(&[]).await;
    let people = async || -> Vec<(String, String, String)> {
        let people = sqlx::query_as(
            "SELECT issuer, subject, to_char(first_seen_at AT TIME ZONE 'UTC', 'HH24:MI:SS ') ||
                to_char(last_seen_at AT TIME ZONE 'UTC', 'HH24:MI:SS') FROM api_people ORDER BY id",
        );
        people.fetch_all(&place.api.database.pool).await.expect("they can be read")
    };
    let known = |subject: &str, seen: &str| (provider.issuer.clone(), subject.to_owned(), seen.to_owned());
    let (east, cleared) = (provider.token("east", AUDIENCE).await, provider.token("cleared", AUDIENCE).await);
    for token in [&east, &cleared, &east, &provider.token("nobody", AUDIENCE).await] {
        place.status(token).await;
    }
    assert_eq!(people().await, [known("east", "09:00:00 09:00:00"), known("cleared", "09:00:00 09:00:00")]);
    place.pass(59);
    place.status(&east).await;
    assert_eq!(people().await[0], known("east", "09:00:00 09:00:00"), "not every request writes");
    place.pass(1);
    place.status(&east).await;
    assert_eq!(people().await[0], known("east", "09:00:00 09:01:00"));
    place.api.close().await;
}

#[tokio::test]
async fn when_the_provider_changes_its_key_new_tokens_count_and_old_ones_end_with_the_key() {
    let (provider, place) = place(&[("KEYS_FRESH_SECONDS", "3600"), ("KEYS_PAUSE_SECONDS", "30")]).await;
    let old = provider.token("east", AUDIENCE).await;
    assert_eq!(place.status(&old).await, 200);

    let provider = provider.replace(now(), &clients());
    let new = provider.token("east", AUDIENCE).await;
    place.pass(29);
    assert_eq!(place.status(&new).await, 401, "the provider was asked a moment ago");
    assert_eq!(place.status(&old).await, 200, "its key is still held");
    place.pass(1);
    assert_eq!(place.status(&new).await, 200, "a key that is not known is asked for");
    assert_eq!(place.status(&old).await, 401, "its key has gone");

    let provider = provider.replace(now(), &clients());
    place.pass(3_599);
    assert_eq!(place.status(&new).await, 200, "its key is still held");
    place.pass(1);
    assert_eq!(place.status(&new).await, 401, "the keys were fetched again, and it is not among them");
    assert_eq!(place.status(&provider.token("east", AUDIENCE).await).await, 200);
    place.api.close().await;
}

#[tokio::test]
async fn while_the_provider_is_down_its_last_keys_count_for_a_while() {
    let settings = [("KEYS_FRESH_SECONDS", "3600"), ("KEYS_KEPT_SECONDS", "86400"), ("KEYS_PAUSE_SECONDS", "30")];
    let (provider, place) = place(&settings).await;
    let token = provider.token("east", AUDIENCE).await;
    assert_eq!(place.status(&token).await, 200);
    let issuer = provider.issuer.clone();
    drop(provider);
    for pass in [3_599, 1, 3_600, 86_400 - 7_201] {
        place.pass(pass);
        assert_eq!(place.status(&token).await, 200);
    }
    place.pass(1);
    let answer = place.cases(&token).await;
    assert_problem(&answer, 503, "issuer-unavailable");
    assert_eq!(answer.headers["retry-after"], "30");
    let own = place.api.token().await;
    assert_eq!(place.status(&own).await, 200, "the service's own tokens do not need it");
    place.api.close().await;

    let place = Place::new(&issuer, &settings).await;
    assert_problem(&place.cases(&token).await, 503, "issuer-unavailable");
    place.api.close().await;
}
