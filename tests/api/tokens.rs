//! Tokens as they are kept.

use axum::http::StatusCode;
use jiff::Timestamp;
use plo_drift::clock::Clock;
use plo_drift::store::tokens::{self, ApiRole, NewToken, Secret};

use crate::fixture::{Api, now, request, router_of, send};
use crate::support::database::TestDatabase;

#[tokio::test]
async fn a_token_is_made_found_listed_and_revoked_and_its_secret_is_not_kept() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.acquire().await.expect("a connection is free");
    let new = NewToken {
        name: "the panel's spreadsheet".to_owned(),
        role: ApiRole::Chair,
        teams: vec!["east".to_owned(), "west".to_owned()],
        may_see_restricted: true,
        expires_at: Some(now() + jiff::SignedDuration::from_hours(1)),
    };
    let (id, secret) = tokens::create(&mut connection, &new, now()).await.expect("a token can be made");
    let (other_id, other) = tokens::create(&mut connection, &new, now()).await.expect("another can be made");
    assert_ne!((id, &secret), (other_id, &other));

    let shown = Secret::parse(&secret.reveal()).expect("it is read as it is shown");
    let found = tokens::find(&mut connection, &shown).await.expect("it answers").expect("it is there").token;
    assert_eq!((found.id, found.role, &found.scope.teams), (id, ApiRole::Chair, &new.teams));
    assert!(found.is_valid_at(now()) && !found.is_valid_at(now() + jiff::SignedDuration::from_hours(1)));

    assert_eq!(
        tokens::find(&mut connection, &Secret::parse(&format!("plo_{}", "0".repeat(64))).expect("it is one"))
            .await
            .expect("it answers"),
        None
    );

    assert!(tokens::revoke(&mut connection, id, now()).await.expect("it answers"));
    assert!(!tokens::revoke(&mut connection, id, now()).await.expect("it answers"), "once is enough");
    assert!(!tokens::revoke(&mut connection, -1, now()).await.expect("it answers"));
    let listed = tokens::list(&mut connection).await.expect("it answers");
    let valid: Vec<(i64, bool)> = listed.iter().map(|token| (token.id, token.is_valid_at(now()))).collect();
    assert_eq!(valid, [(id, false), (other_id, true)]);

    let kept: String =
        sqlx::query_scalar("SELECT json_agg(tokens)::text FROM tokens").fetch_one(&mut *connection).await.expect("it answers");
    assert!(!kept.contains(&secret.reveal()[4..]));
    drop(connection);
    database.close().await;
}

#[tokio::test]
async fn it_is_noted_when_a_token_was_last_used_but_not_with_every_request() {
    let api = Api::new().await;
    let token = api.token().await;
    let last_used = async || -> Vec<Option<String>> {
        let used = sqlx::query_scalar("SELECT to_char(last_used_at AT TIME ZONE 'UTC', 'HH24:MI:SS') FROM tokens ORDER BY id");
        used.fetch_all(&api.database.pool).await.expect("it answers")
    };
    let noted = |time: &str| Some(time.to_owned());
    assert_eq!(last_used().await, [None]);
    let calls = [("09:00:00", "09:00:00"), ("09:00:59", "09:00:00"), ("09:01:00", "09:01:00"), ("08:59:00", "09:01:00")];
    for (at, expected) in calls {
        let at: Timestamp = format!("2026-06-15T{at}Z").parse().expect("it is a moment");
        let router = router_of(api.served.clone(), None, Clock::told_by(move || at));
        // Whether or not the role is enough: the token was used.
        let answer = send(&router, request("POST", "/api/v1/alerts/0/snooze", Some(&token))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(last_used().await, [noted(expected)]);
    }

    let later: Timestamp = "2026-06-16T09:00:00Z".parse().expect("it is a moment");
    let mut connection = api.database.pool.acquire().await.expect("a connection is free");
    assert!(tokens::revoke(&mut connection, 1, later).await.expect("it answers"));
    drop(connection);
    let router = router_of(api.served.clone(), None, Clock::told_by(move || later));
    assert_eq!(send(&router, request("GET", "/api/v1/cases", Some(&token))).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(last_used().await, [noted("09:01:00")], "a token that does not count is not used");
    api.close().await;
}
