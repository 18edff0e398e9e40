//! One alert: its story, and the answers of a chair over the API.

use axum::body::Body;
use axum::http::StatusCode;
use plo_drift::store::tokens::ApiRole;
use serde_json::{Value, json};

use crate::acknowledge::let_go_once_somebody_waits;
use crate::fixture::{Answer, Api, Watched, alert_id, open_alert, post, request, send};

const TYPED: &str = "hold Jane Doe's review";

/// Cases of two teams and a restricted one, each with an open alert.
async fn alerts() -> Api {
    let api = Api::new().await;
    api.add(&[
        Watched::new("C-1"),
        Watched { team: Some("west"), ..Watched::new("C-2") },
        Watched { restricted: true, ..Watched::new("C-3") },
    ])
    .await;
    for (number, case) in [(1, "C-1"), (2, "C-2"), (3, "C-3")] {
        api.sql(&open_alert(number, case, "red")).await;
    }
    api
}

fn uri(number: u128, action: &str) -> String {
    format!("/api/v1/alerts/{}{action}", alert_id(number))
}

fn acknowledgement() -> Value {
    json!({"action": TYPED, "owner": "team manager", "review_on": "2026-06-22"})
}

async fn chair(api: &Api) -> String {
    api.token_of(ApiRole::Chair, &[], true).await
}

fn assert_problem(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert_eq!(answer.body["type"], format!("urn:plo-drift:problem:{code}"));
}

async fn wrong_fields(api: &Api, action: &str, body: Value) -> Vec<String> {
    let answer = api.post(&chair(api).await, &uri(1, action), &body).await;
    assert_problem(&answer, StatusCode::UNPROCESSABLE_ENTITY, "wrong-fields");
    let (pointers, reasons) = (answer.each("errors", "pointer"), answer.each("errors", "reason"));
    pointers.iter().zip(reasons).map(|(pointer, reason)| format!("{pointer} {reason}")).collect()
}

#[tokio::test]
async fn an_alert_tells_its_whole_story() {
    let api = alerts().await;
    api.sql(
        "INSERT INTO recipients (name, email, role) VALUES ('Jane Doe', 'jane@council.example', 'legal_gateway_chair'),
            ('John Doe', 'john@council.example', 'director');
        INSERT INTO messages (id, kind, recipient_id, state, created_at, sealed_at, from_address, to_address, subject, body,
            next_attempt_at, give_up_at, settled_at)
        VALUES ('00000000-0000-0000-0000-00000000000a', 'alert', 1, 'sent', '2026-06-12T08:00Z', '2026-06-12T08:00Z',
            'a@council.example', 'jane@council.example', 's', 'b', '2026-06-12T08:00Z', '2026-06-15T08:00Z', '2026-06-12T08:01Z');
        INSERT INTO message_alerts (message_id, alert_id, severity, role, stands_in)
            SELECT id, '00000000-0000-0000-0000-000000000001', 'red', 'head_of_service', true FROM messages;
        INSERT INTO message_attempts (message_id, attempt, claimed_at, settled_at, outcome, reply)
            SELECT id, 2, '2026-06-12T08:01Z', '2026-06-12T08:01Z', 'accepted', '250 <jane@council.example> (Jane D.) is told' FROM messages;
        INSERT INTO message_attempts (message_id, attempt, claimed_at) SELECT id, 1, '2026-06-12T08:00Z' FROM messages;
        INSERT INTO alert_rungs VALUES
            ('00000000-0000-0000-0000-000000000001', 1, 'legal_gateway_chair', '2026-06-12', '2026-06-12T08:00Z', 'told');
        INSERT INTO alert_pauses (alert_id, kind, made_at, made_on, recipient_id, reason, until_on, ended_at, ended_by) VALUES
            ('00000000-0000-0000-0000-000000000001', 'snoozed', '2026-06-12T09:00Z', '2026-06-12', 1, 'the panel meets', '2026-06-15',
                '2026-06-15T00:05Z', 'day');
        INSERT INTO journal (at, what, case_reference, alert_id, message_id, recipient_id, reason) VALUES
            ('2026-06-12T08:00Z', 'told', 'C-1', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-00000000000a', 1,
                NULL),
            ('2026-06-12T08:01Z', 'message_delayed', 'C-1', '00000000-0000-0000-0000-000000000001',
                '00000000-0000-0000-0000-00000000000a', NULL, '451 mailbox of DOE=40council.example or Jane.Doe is full'),
            ('2026-06-12T08:00Z', 'not_told', 'C-1', '00000000-0000-0000-0000-000000000001', NULL, NULL, 'not x@y.example');",
    )
    .await;
    let token = chair(&api).await;
    let done = api.post(&token, &uri(1, "/acknowledge"), &acknowledgement()).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    insta::assert_json_snapshot!(done.body);
    assert_eq!(api.get(&api.token().await, &uri(1, "")).await.body, done.body);
    assert!(!done.body["journal"].to_string().contains("Jane"), "typed text stays out of the journal");
    assert!(!done.body.to_string().contains('@'));
    assert!(!done.body["tellings"].to_string().contains("Jane"), "nor is anybody named by their mail server");
    api.close().await;
}

#[tokio::test]
async fn an_alert_is_snoozed_for_a_reason() {
    let api = alerts().await;
    let token = chair(&api).await;
    let answer = api.post(&token, &uri(1, "/snooze"), &json!({"reason": "court on Monday", "until": "2026-07-13"})).await;
    assert_eq!((answer.status, answer.body["state"].as_str()), (StatusCode::OK, Some("snoozed")));
    let pause = &answer.body["pauses"][0];
    assert_eq!((&pause["reason"], &pause["action"], &pause["owner"]), (&json!("court on Monday"), &Value::Null, &Value::Null));
    let kept = &answer.body["journal"][0];
    assert_eq!(kept["what"], "alert_snoozed");
    assert_eq!(kept["reason"], "through another system (token 1), until 13 July 2026");
    api.close().await;
}

#[tokio::test]
async fn the_same_answer_again_is_no_conflict_and_another_is() {
    let api = alerts().await;
    let (token, other) = (chair(&api).await, chair(&api).await);
    let first = api.post(&token, &uri(1, "/acknowledge"), &acknowledgement()).await;
    let again = api.post(&token, &uri(1, "/acknowledge"), &acknowledgement()).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    let different = json!({"action": "wait", "owner": "team manager", "review_on": "2026-06-22"});
    for (token, action, body) in [
        (&token, "/acknowledge", different),
        (&other, "/acknowledge", acknowledgement()),
        (&token, "/snooze", json!({"reason": TYPED, "until": "2026-06-22"})),
    ] {
        let answer = api.post(token, &uri(1, action), &body).await;
        assert_problem(&answer, StatusCode::CONFLICT, "conflict");
        let expected = "The alert was acknowledged on 15 June 2026 through another system (token 1), until 22 June 2026.";
        assert_eq!(answer.body["detail"], expected);
    }
    api.sql("UPDATE alerts SET state = 'resolved', resolved_at = '2026-06-15T09:00Z'").await;
    let answer = api.post(&token, &uri(1, "/acknowledge"), &acknowledgement()).await;
    assert_problem(&answer, StatusCode::CONFLICT, "conflict");
    assert_eq!(answer.body["detail"], "What the alert was about has been put right.");
    api.close().await;
}

#[tokio::test]
async fn an_answer_to_a_turn_that_is_over_is_refused() {
    let api = alerts().await;
    let token = chair(&api).await;
    let snooze = json!({"reason": "court on Monday", "until": "2026-06-22"});
    let of_turn = |mut body: Value, turn: u32| {
        body["turn"] = turn.into();
        body
    };
    api.sql("UPDATE alerts SET turn = 2, turned_by = 'raised'").await;
    for (action, body) in [("/acknowledge", acknowledgement()), ("/snooze", snooze)] {
        let stale = api.post(&token, &uri(1, action), &of_turn(body.clone(), 1)).await;
        assert_problem(&stale, StatusCode::CONFLICT, "conflict");
        let why = "The alert has turned since the turn that was given: read it again, and answer what it says now.";
        assert_eq!(stale.body["detail"], why);
        assert_eq!(api.get(&token, &uri(1, "")).await.body["state"], "open");
    }
    let right = of_turn(acknowledgement(), 2);
    for _ in 0..2 {
        assert_eq!(api.post(&token, &uri(1, "/acknowledge"), &right).await.status, StatusCode::OK);
    }
    let stale = api.post(&token, &uri(1, "/acknowledge"), &of_turn(acknowledgement(), 1)).await;
    assert_problem(&stale, StatusCode::CONFLICT, "conflict");
    api.close().await;
}

#[tokio::test]
async fn wrong_fields_are_named_with_what_would_be_right() {
    let api = alerts().await;
    let day = "/review_on must be a day from 16 June 2026 to 13 July 2026";
    for (body, expected) in [
        (json!({}), vec!["/action must be given", "/owner must be given", "/review_on must be given"]),
        (
            json!({"action": "", "owner": " ", "review_on": "2026-06-15"}),
            vec!["/action must be given", "/owner must not begin or end with a space", day],
        ),
        (
            json!({"action": "a\u{2028}b", "owner": 1, "review_on": "2026-07-14"}),
            vec!["/action must not hold line breaks or other control characters", "/owner must be a text", day],
        ),
        (
            json!({"action": "x".repeat(201), "owner": "x", "review_on": "22/06/2026", "until": 1}),
            vec![
                "/action must be at most 200 characters long",
                "/review_on must be a date written YYYY-MM-DD",
                "/until is not a field that is known here",
            ],
        ),
        (
            json!({"action": "...", "owner": "a\u{202e}b", "review_on": "2026-06-22", "turn": "1"}),
            vec![
                "/action must hold at least one letter or digit",
                "/owner must not hold invisible characters",
                "/turn must be a whole number from 1 to 2147483647",
            ],
        ),
        (json!([]), vec![" must be an object with named fields"]),
    ] {
        assert_eq!(wrong_fields(&api, "/acknowledge", body).await, expected);
    }
    let expected = ["/reason must be given", "/until must be a day from 16 June 2026 to 13 July 2026"];
    assert_eq!(wrong_fields(&api, "/snooze", json!({"until": "2026-06-01"})).await, expected);
    let token = chair(&api).await;
    assert_eq!(api.get(&token, &uri(1, "")).await.body["state"], "open");
    assert_eq!(api.get(&token, &uri(1, "?x=1")).await.wrong_parameters(), ["x"]);
    api.close().await;
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let api = alerts().await;
    let token = chair(&api).await;
    let body = acknowledgement().to_string();
    let too_large = "x".repeat(1024 * 1024 + 1);
    let nested = "[".repeat(100_000);
    for (content_type, body, status, code) in [
        ("text/plain", Body::from(body.clone()), StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type"),
        ("", Body::from(body.clone()), StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type"),
        ("application/json", Body::empty(), StatusCode::BAD_REQUEST, "malformed-body"),
        ("application/json", Body::from(body[1..].to_owned()), StatusCode::BAD_REQUEST, "malformed-body"),
        ("application/json", Body::from(nested), StatusCode::BAD_REQUEST, "malformed-body"),
        ("application/json", Body::from(b"{\"action\": \"\xff\"}".to_vec()), StatusCode::BAD_REQUEST, "malformed-body"),
        ("application/json", Body::from(too_large), StatusCode::PAYLOAD_TOO_LARGE, "body-too-large"),
    ] {
        let mut request = post(&uri(1, "/acknowledge"), content_type, body);
        request.headers_mut().insert("authorization", format!("Bearer {token}").try_into().expect("it is a header"));
        assert_problem(&send(&api.router, request).await, status, code);
    }
    let mut request = post(&uri(1, "/acknowledge"), "Application/JSON; charset=utf-8", body);
    request.headers_mut().insert("authorization", format!("Bearer {token}").try_into().expect("it is a header"));
    assert_eq!(send(&api.router, request).await.status, StatusCode::OK);
    api.close().await;
}

#[tokio::test]
async fn an_alert_that_the_token_may_not_see_does_not_exist() {
    let api = alerts().await;
    for (teams, may_see_restricted, expected) in
        [(&[] as &[&str], true, [200, 200, 200]), (&["east"], false, [200, 404, 404]), (&["west"], true, [404, 200, 404])]
    {
        let token = api.token_of(ApiRole::Chair, teams, may_see_restricted).await;
        for (number, expected) in [1, 2, 3].into_iter().zip(expected) {
            assert_eq!(api.get(&token, &uri(number, "")).await.status, expected, "{number} {teams:?}");
            if expected == 404 {
                let answer = api.post(&token, &uri(number, "/acknowledge"), &acknowledgement()).await;
                assert_problem(&answer, StatusCode::NOT_FOUND, "not-found");
            }
        }
    }
    let token = chair(&api).await;
    for id in ["x", "%FF", "00000000-0000-0000-0000-000000000009", "'--"] {
        assert_problem(&api.get(&token, &format!("/api/v1/alerts/{id}")).await, StatusCode::NOT_FOUND, "not-found");
        let answer =
            api.post(&token, &format!("/api/v1/alerts/{id}/snooze"), &json!({"reason": "x", "until": "2026-06-16"})).await;
        assert_problem(&answer, StatusCode::NOT_FOUND, "not-found");
    }
    api.close().await;
}

#[tokio::test]
async fn only_a_chair_answers_alerts() {
    let api = alerts().await;
    for role in [ApiRole::Reader, ApiRole::Recorder] {
        let token = api.token_of(role, &[], true).await;
        for action in ["/acknowledge", "/snooze"] {
            let answer = api.post(&token, &uri(1, action), &acknowledgement()).await;
            assert_problem(&answer, StatusCode::FORBIDDEN, "forbidden");
        }
    }
    let admin = api.token_of(ApiRole::Admin, &[], true).await;
    assert_eq!(api.post(&admin, &uri(1, "/acknowledge"), &acknowledgement()).await.status, StatusCode::OK);
    let without = send(&api.router, request("POST", &uri(1, "/acknowledge"), None)).await;
    assert_problem(&without, StatusCode::UNAUTHORIZED, "unauthenticated");
    api.close().await;
}

#[tokio::test]
async fn of_two_who_answer_at_once_one_wins() {
    let api = alerts().await;
    let (one, other) = (chair(&api).await, chair(&api).await);
    for number in 1..=3 {
        let uri = uri(number, "/acknowledge");
        let body = acknowledgement();
        let (first, second) = tokio::join!(api.post(&one, &uri, &body), api.post(&other, &uri, &body));
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
    let pauses: i64 =
        sqlx::query_scalar("SELECT count(*) FROM alert_pauses").fetch_one(&api.database.pool).await.expect("it answers");
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM journal").fetch_one(&api.database.pool).await.expect("it answers");
    assert_eq!((pauses, kept), (3, 3));
    api.close().await;
}

#[tokio::test]
async fn an_answer_waits_for_whoever_holds_the_alert_and_sees_what_they_made_of_it() {
    let api = alerts().await;
    let token = chair(&api).await;
    let mut holder = api.database.pool.begin().await.expect("a connection is free");
    let resolve = "UPDATE alerts SET state = 'resolved', resolved_at = '2026-06-15T09:00Z'";
    sqlx::query(resolve).execute(&mut *holder).await.expect("it can be resolved");
    let (uri, body) = (uri(1, "/acknowledge"), acknowledgement());
    let (answer, ()) = tokio::join!(api.post(&token, &uri, &body), let_go_once_somebody_waits(&api, holder));
    assert_problem(&answer, StatusCode::CONFLICT, "conflict");
    api.close().await;
}
