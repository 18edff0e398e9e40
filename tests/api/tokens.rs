//! Tokens as they are kept.

use plo_drift::store::tokens::{self, ApiRole, NewToken, Secret};

use crate::fixture::now;
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
    let found = tokens::find_by_hash(&mut connection, &shown.hash()).await.expect("it answers").expect("it is there");
    assert_eq!((found.id, found.role, &found.scope.teams), (id, ApiRole::Chair, &new.teams));
    assert!(found.is_valid_at(now()) && !found.is_valid_at(now() + jiff::SignedDuration::from_hours(1)));

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
