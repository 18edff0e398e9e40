//! `plo-drift token`, and what tokens let their bearers do until they end.

#[expect(dead_code, reason = "a test takes what it needs of the support")]
mod support;

use support::program::{Place, in_words};

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_what_each_token_lets_its_bearer_do_until_when_and_whether_it_is_used() {
    let place = Place::new().await;
    let create = |arguments: &[&str]| place.done(&[&["token", "create"], arguments].concat());
    create(&["--name", "dashboard", "--role", "reader"]);
    let secret = create(&[
        "--name",
        "panel",
        "--role",
        "chair",
        "--team",
        "North",
        "--team",
        "East",
        "--restricted",
        "--expires",
        "2100-06-01",
    ]);
    create(&["--name", "spreadsheet", "--role", "recorder", "--expires", "2026-02-28"]);
    create(&["--name", "old", "--role", "admin"]);
    place.done(&["token", "revoke", "4"]);
    sqlx::query("UPDATE tokens SET last_used_at = '2026-06-15T09:00Z' WHERE id = 2")
        .execute(&place.database.pool)
        .await
        .expect("a row");
    sqlx::query("UPDATE tokens SET revoked_at = '2026-06-16T09:00Z' WHERE id = 4")
        .execute(&place.database.pool)
        .await
        .expect("a row");

    let listed = place.done(&["token", "list"]);
    assert_eq!(
        listed.lines().collect::<Vec<_>>(),
        [
            "1  dashboard  reader  every team  no restricted cases  valid  never used",
            "2  panel  chair  North, East  restricted cases too  valid until 2100-05-31T23:00:00Z  last used 2026-06-15T09:00:00Z",
            "3  spreadsheet  recorder  every team  no restricted cases  expired 2026-02-28T00:00:00Z  never used",
            "4  old  admin  every team  no restricted cases  revoked 2026-06-16T09:00:00Z  never used",
        ]
    );
    assert!(!listed.contains(secret.trim()), "a secret is shown once");
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_token_is_refused_with_what_would_be_right() {
    let place = Place::new().await;
    for (arguments, expected) in [
        (&["--name", "a", "--role", "owner"][..], "possible values: reader, recorder, chair, admin"),
        (&["--name", "a", "--role", "reader", "--expires", "31/12/2026"], "must be a date written YYYY-MM-DD"),
        (&["--name", "a", "--role", "reader", "--expires", "2026-02-29"], "must be a day that exists"),
    ] {
        let output = place.run(&[&["token", "create"], arguments].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(in_words(&output).contains(expected), "{}", in_words(&output));
    }
    assert_eq!(place.run(&["token", "revoke", "7"]).status.code(), Some(2));
    assert_eq!(place.count("SELECT count(*) FROM tokens").await, 0);
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_replaced_by_one_with_its_rights_and_ends_a_while_later() {
    let place = Place::new().await;
    let old = place.done(&[
        "token",
        "create",
        "--name",
        "panel",
        "--role",
        "chair",
        "--team",
        "North",
        "--restricted",
        "--expires",
        "2100-06-01",
    ]);
    let new = place.done(&["token", "rotate", "1", "--keep-old-for", "2h"]);
    assert!(new.starts_with("plo_") && new != old);
    let rights = "SELECT count(*) FROM tokens AS one JOIN tokens AS other USING (name, role, teams, may_see_restricted)
        WHERE one.id = 1 AND other.id = 2 AND one.token_hash <> other.token_hash";
    assert_eq!(place.count(rights).await, 1);
    let ends = "SELECT count(*) FROM tokens WHERE (id = 1 AND expires_at = (SELECT created_at FROM tokens WHERE id = 2) + INTERVAL '2 hours')
        OR (id = 2 AND expires_at = '2100-06-01T00:00 Europe/London')";
    assert_eq!(place.count(ends).await, 2);

    // Again, with another end for the new one; and what would end sooner anyway is not kept for longer.
    place.done(&["token", "rotate", "2", "--keep-old-for", "0s", "--expires", "2099-01-01"]);
    assert_eq!(place.count("SELECT count(*) FROM tokens WHERE id = 3 AND expires_at = '2099-01-01T00:00Z'").await, 1);
    place.done(&["token", "rotate", "1", "--keep-old-for", "720h"]);
    assert_eq!(place.count("SELECT count(*) FROM tokens WHERE id = 1 AND expires_at < now() + INTERVAL '3 hours'").await, 1);

    place.done(&["token", "revoke", "3"]);
    for (arguments, expected) in [
        (&["2"][..], "there is no valid token 2: see token list"),
        (&["3"], "there is no valid token 3: see token list"),
        (&["9"], "there is no valid token 9: see token list"),
        (&["1", "--keep-old-for", "721h"], "at most 720h"),
        (&["1", "--keep-old-for=-1h"], "must be a time such as 24h"),
        (&["1", "--keep-old-for", "a day"], "must be a time such as 24h"),
    ] {
        let output = place.run(&[&["token", "rotate"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", in_words(&output));
        assert!(in_words(&output).contains(expected), "{arguments:?}: {}", in_words(&output));
    }
    assert_eq!(place.count("SELECT count(*) FROM tokens").await, 4, "what is refused makes none");
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_whose_issuer_cannot_be_trusted_does_not_start() {
    let place = Place::new().await;
    let start = |settings: &[(&str, &str)]| {
        let mut command = place.command(&["serve"]);
        command.envs(settings.iter().map(|(key, value)| (format!("PLO_DRIFT__IDENTITY__{key}"), value)));
        command.output().expect("the program starts")
    };
    let right = [("ISSUER", "https://login.example"), ("AUDIENCE", "a")];
    for (wrong, expected) in [
        (("CA_FILE", "/no/such/file"), "identity.ca_file /no/such/file cannot be read"),
        (("CA_FILE", "/dev/null"), "identity.ca_file /dev/null holds no certificate"),
        (("ISSUER", "http://login.example"), "identity.issuer: must be an https:// address"),
    ] {
        let output = start(&[&right[..], &[wrong]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", in_words(&output));
        assert!(in_words(&output).contains(expected), "{}", in_words(&output));
    }
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_links_is_replaced_and_the_old_ones_are_ended_only_where_that_is_asked_for() {
    let place = Place::new().await;
    place.done(&["link-key", "rotate"]);
    let kept = place.done(&["link-key", "rotate"]);
    assert_eq!(kept, "link key 2 signs from now on\nlinks that were sent before work until their day\n");
    assert_eq!(place.count("SELECT count(*) FROM link_keys").await, 2);
    let ended = place.done(&["link-key", "rotate", "--end-old-links"]);
    assert_eq!(
        ended,
        "link key 3 signs from now on\n2 older: their links no longer work, also in mails that have not left yet\n"
    );
    assert_eq!(place.count("SELECT id::bigint FROM link_keys").await, 3);
    place.database.close().await;
}
