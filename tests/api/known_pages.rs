//! The list of cases is never out of date, although pages that were worked out are shown again.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use plo_drift::clock::Clock;
use plo_drift::jobs::sweep;
use plo_drift::store::tokens::ApiRole;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::fixture::{Answer, Api, Watched, day, now, percent_encoded, request, router_of, send};
use crate::record;

const LIST: &str = "/api/v1/cases?at_risk=true";

/// Asks for the same in a spelling that was not used before: what is answered was worked out just now.
async fn worked_out(api: &Api, token: &str, times: usize) -> Answer {
    let limit = percent_encoded(&b"limit"[..times % 5]);
    let rest = &"limit"[times % 5..];
    let zeros = "0".repeat(times / 5);
    api.get(token, &format!("{LIST}&{limit}{rest}={zeros}50")).await
}

async fn drifting() -> Api {
    let api = Api::new().await;
    let since_on = Some(day("2026-06-10"));
    let red = Watched { reds: 1, since_on, rules: vec!["review_gap"], ..Watched::new("C-1") };
    api.add(&[red.clone(), Watched { team: Some("west"), ambers: 1, reds: 0, ..red.clone() }.named("C-2")]).await;
    api
}

impl Watched {
    fn named(self, reference: &str) -> Self {
        Self { reference: reference.to_owned(), ..self }
    }
}

#[tokio::test]
async fn a_page_is_shown_again_without_a_look_at_the_cases_while_nothing_changes() {
    let api = drifting().await;
    let token = api.token().await;
    let worked_out = api.get(&token, LIST).await;
    // Others who write to the same server at the moment make a page be worked out anew.
    let shown_again = async || {
        api.get(&token, LIST).await;
        let mut writer = api.database.pool.begin().await.expect("it begins");
        sqlx::raw_sql("LOCK TABLE case_watch").execute(&mut *writer).await.expect("it is free");
        let answer = timeout(Duration::from_millis(300), api.get(&token, LIST)).await.ok();
        writer.rollback().await.expect("it ends");
        answer
    };
    let mut answer = None;
    for _ in 0..100 {
        answer = shown_again().await;
        if answer.is_some() {
            break;
        }
    }
    let answer = answer.expect("a page is shown while nobody may look at the cases");
    assert_eq!((answer.status, &answer.body), (StatusCode::OK, &worked_out.body));
    assert_eq!(answer.headers["etag"], worked_out.headers["etag"]);

    let mut again = request("GET", LIST, Some(&token));
    again.headers_mut().insert("if-none-match", answer.headers["etag"].clone());
    let again = send(&api.router, again).await;
    assert_eq!((again.status, &again.headers["etag"]), (StatusCode::NOT_MODIFIED, &answer.headers["etag"]));
    api.close().await;
}

#[tokio::test]
async fn whichever_way_a_case_changes_the_next_answer_says_so() {
    let api = drifting().await;
    let token = api.token_of(ApiRole::Admin, &[], true).await;
    let pool = &api.database.pool;
    let mut before = api.get(&token, LIST).await;
    let doors = [
        "sql: UPDATE case_watch SET reds = 2 WHERE case_reference = 'C-1'",
        "sql: UPDATE cases SET team = 'north' WHERE reference = 'C-1'",
        "sql: UPDATE cases SET restricted = true WHERE reference = 'C-1'",
        "sql: BEGIN; SAVEPOINT a; UPDATE case_watch SET reds = 3 WHERE case_reference = 'C-1'; RELEASE a; COMMIT",
        "sql: BEGIN; SAVEPOINT a; UPDATE case_watch SET reds = 9 WHERE case_reference = 'C-1'; ROLLBACK TO a;
            UPDATE case_watch SET reds = 4 WHERE case_reference = 'C-1'; COMMIT",
        "sql: DO $$ BEGIN UPDATE case_watch SET reds = 5 WHERE case_reference = 'C-1'; END $$",
        "put",
        "sql: DELETE FROM cases WHERE reference = 'C-2'",
        "sweep",
    ];
    for (number, door) in doors.into_iter().enumerate() {
        assert_eq!(api.get(&token, LIST).await.body, before.body, "nothing has changed before {door}");
        match door {
            "put" => {
                let document =
                    json!({"reference": "C-2", "team": "south", "recorded_on": "2026-01-01", "started_on": "2026-01-05"});
                let answer = api.put(&token, "/api/v1/cases/C-2", &[], &document).await;
                assert!(answer.status.is_success(), "{}", answer.body);
            }
            "sweep" => {
                let moment = Clock::told_by(now).now();
                let sweep = record::sweep(pool, now()).await;
                sweep::run(pool, &sweep, moment.at, moment, &CancellationToken::new()).await.expect("it sweeps");
            }
            sql => api.sql(sql.strip_prefix("sql: ").expect("it is SQL")).await,
        }
        let after = api.get(&token, LIST).await;
        assert_eq!(after.body, worked_out(&api, &token, number).await.body, "{door}");
        assert_ne!(after.body, before.body, "{door}");
        assert_ne!(after.headers["etag"], before.headers["etag"], "{door}");
        before = after;
    }
    api.close().await;
}

#[tokio::test]
async fn a_page_is_shown_to_nobody_who_may_not_see_all_of_it() {
    let api = drifting().await;
    api.sql("UPDATE cases SET restricted = true WHERE reference = 'C-1'").await;
    let (all, west, east, open) = (
        api.token().await,
        api.token_for(&["west"], true).await,
        api.token_for(&["east"], true).await,
        api.token_for(&[], false).await,
    );
    // Each notes that it is used: after that nothing changes.
    for _ in 0..3 {
        for (token, expected) in [(&all, "C-1 C-2"), (&west, "C-2"), (&east, "C-1"), (&open, "C-2")] {
            assert_eq!(api.get(token, LIST).await.each("cases", "reference").join(" "), expected);
        }
    }
    api.sql("UPDATE tokens SET teams = '{west}' WHERE id = (SELECT min(id) FROM tokens)").await;
    assert_eq!(api.get(&all, LIST).await.each("cases", "reference"), ["C-2"], "a narrower scope counts at once");
    api.sql("UPDATE tokens SET revoked_at = now() WHERE id = (SELECT min(id) FROM tokens)").await;
    assert_eq!(api.get(&all, LIST).await.status, StatusCode::UNAUTHORIZED, "and so does a revocation");
    api.close().await;
}

/// Weeks in pre-proceedings grow although nothing in the database changes.
#[tokio::test]
async fn a_new_day_makes_new_pages() {
    let api = drifting().await;
    let token = api.token().await;
    let hours = Arc::new(AtomicI64::new(0));
    let told = hours.clone();
    let clock = Clock::told_by(move || now() + jiff::SignedDuration::from_hours(told.load(Ordering::SeqCst)));
    let router = router_of(api.served.clone(), None, clock);
    let weeks = async || send(&router, request("GET", LIST, Some(&token))).await.body["cases"][0]["weeks_open"].clone();
    for (hour, expected) in [(0, 2), (0, 2), (0, 2), (7 * 24, 3), (7 * 24, 3)] {
        hours.store(hour, Ordering::SeqCst);
        assert_eq!(weeks().await, expected, "{hour} hours later");
    }
    api.close().await;
}

/// Writers count the reds of a case up, with savepoints and long transactions beside them. Whoever asks once a count was committed is
/// told of no lower one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_committed_before_a_request_is_in_its_answer() {
    let api = Arc::new(drifting().await);
    let token = api.token().await;
    let committed = Arc::new(AtomicI64::new(1));
    let stop = CancellationToken::new();
    let mut writers = JoinSet::new();
    let (writing, counted, told) = (api.clone(), committed.clone(), stop.clone());
    writers.spawn(async move {
        for reds in 2..9_000 {
            writing
                .sql(&format!(
                    "BEGIN; SAVEPOINT a; UPDATE case_watch SET reds = {reds} WHERE case_reference = 'C-1'; RELEASE a; COMMIT"
                ))
                .await;
            counted.store(reds, Ordering::SeqCst);
            // Now and then long enough for a page to be shown again.
            tokio::time::sleep(Duration::from_micros(u64::from(reds % 7 == 0) * 3_000)).await;
            if told.is_cancelled() {
                return;
            }
        }
    });
    let (idle, told) = (api.clone(), stop.clone());
    writers.spawn(async move {
        while !told.is_cancelled() {
            idle.sql("BEGIN; SELECT pg_current_xact_id(); SELECT pg_sleep(0.002); ROLLBACK").await;
        }
    });
    let mut readers = JoinSet::new();
    for _ in 0..8 {
        let (api, token, committed) = (api.clone(), token.clone(), committed.clone());
        readers.spawn(async move {
            for _ in 0..300 {
                let before = committed.load(Ordering::SeqCst);
                let answer = api.get(&token, LIST).await;
                let told = answer.body["cases"][0]["reds"].as_i64().expect("a count");
                assert!(told >= before, "{before} reds were committed, {told} are told of");
            }
        });
    }
    readers.join_all().await;
    stop.cancel();
    writers.join_all().await;
    Arc::into_inner(api).expect("nobody else has it").close().await;
}
