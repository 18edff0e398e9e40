//! Who may look at pages and send their forms, and what the others are told.

use axum::http::StatusCode;
use jiff::SignedDuration;
use plo_drift::api::auth::Access;
use plo_drift::api::gate::RequestLimits;
use plo_drift::api::router::ROUTES as OF_THE_API;
use plo_drift::board::ROUTES;
use plo_drift::clock::Clock;
use plo_drift::store::sessions::{self, NewSession};
use plo_drift::store::tokens::{ApiRole, Scope};

use crate::acknowledge::assert_headers_of_a_page;
use crate::fixture::{Api, Watched, alert_id, now, open_alert, request, router_at, router_configured, router_of, send, wide};
use crate::visit::{FROM_HERE, TIMES, Visit, location};

/// A path of a route, with something in the place of each parameter.
fn filled(path: &str) -> String {
    path.replace("{reference}", "C-1").replace("{id}", &alert_id(1).to_string()).replace(['{', '}'], "")
}

/// The key that stands in the forms of a page.
fn form_key(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"form_key\" value=\"").expect("its forms have a key");
    rest[..64].to_owned()
}

async fn with_an_alert() -> Api {
    let api = Api::new().await;
    api.add(&[Watched::new("C-1")]).await;
    api.sql(&open_alert(1, "C-1", "red")).await;
    api
}

#[tokio::test]
async fn no_page_with_cases_is_shown_to_who_is_not_signed_in() {
    let api = with_an_alert().await;
    let token = api.token_of(ApiRole::Admin, &[], true).await;
    let mut pages = 0;
    for route in ROUTES {
        let path = filled(route.path);
        for token in [None, Some(token.as_str())] {
            let answer = send(&api.router, request(route.method.as_str(), &path, token)).await;
            match route.access {
                Access::Page(_) if route.method == "GET" => {
                    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
                    assert!(location(&answer.headers).starts_with("/sign-in?to=%2F"), "{path}");
                    pages += 1;
                }
                Access::Page(_) => assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}"),
                Access::Link => assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}"),
                Access::Door => assert!(path.starts_with("/sign"), "{path}"),
                Access::Anyone => assert!(["/assets/{file}", "/accessibility"].contains(&route.path), "{path}"),
                Access::Bearer(_) => panic!("{path} is no page"),
            }
        }
    }
    assert!(pages >= 2 * 8, "only {pages} pages were asked for");
    api.close().await;
}

#[tokio::test]
async fn a_session_opens_pages_and_nothing_of_the_api() {
    let api = with_an_alert().await;
    let visit = Visit::of(&api, &[ApiRole::Admin], &[], true, &[]).await;
    for route in OF_THE_API.iter().filter(|route| matches!(route.access, Access::Bearer(_)) && route.method == "GET") {
        assert_eq!(visit.get(&filled(route.path)).await.status, StatusCode::UNAUTHORIZED, "{}", route.path);
    }
    for route in ROUTES.iter().filter(|route| matches!(route.access, Access::Page(_)) && route.method == "GET") {
        let answer = visit.get(&filled(route.path)).await;
        assert!(answer.status == StatusCode::OK || route.path == "/", "{}: {}", route.path, answer.body);
        assert_headers_of_a_page(&answer.headers);
    }
    api.close().await;
}

#[tokio::test]
async fn a_session_ends_when_nothing_is_done_in_it_and_after_some_hours_in_any_case() {
    let api = with_an_alert().await;
    let visit = Visit::reader(&api).await;
    let at = |seconds: i64| {
        let moment = now() + SignedDuration::from_secs(seconds);
        visit.before(router_of(api.served.clone(), None, Clock::told_by(move || moment)))
    };
    let status = async |seconds| at(seconds).get("/cases").await.status;
    assert_eq!(status(1_799).await, StatusCode::OK);
    assert_eq!(status(1_799 + 1_799).await, StatusCode::OK, "what is done in it keeps it");
    assert_eq!(status(2 * 1_799 + 1_800).await, StatusCode::SEE_OTHER, "half an hour without anything");
    api.sql("UPDATE page_sessions SET last_used_at = '2026-06-15T18:59:00Z'").await;
    assert_eq!(status(10 * 3_600 - 1).await, StatusCode::OK);
    assert_eq!(status(10 * 3_600).await, StatusCode::SEE_OTHER, "ten hours are over");
    api.close().await;
}

#[tokio::test]
async fn who_signs_out_is_signed_out_wherever_the_cookie_is_shown() {
    let api = with_an_alert().await;
    let visit = Visit::reader(&api).await;
    let other = Visit::chair(&api).await;
    let out = visit.send("/sign-out", &[]).await;
    assert_eq!((out.status, location(&out.headers)), (StatusCode::SEE_OTHER, "/signed-out"));
    assert!(out.header("set-cookie").starts_with("plo-drift-session=; ") && out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(visit.get("/cases").await.status, StatusCode::SEE_OTHER);
    assert_eq!(other.get("/cases").await.status, StatusCode::OK, "nobody else is");
    api.close().await;
}

#[tokio::test]
async fn no_other_site_can_send_a_form_for_somebody() {
    let api = with_an_alert().await;
    let (visit, other) = (Visit::chair(&api).await, Visit::of(&api, &[ApiRole::Chair], &["east"], false, &[]).await);
    let others = form_key(&other.page(&format!("/alerts/{}", alert_id(1))).await);
    let right = [("action", "hold the review"), ("owner", "team manager"), ("review_on", "2026-06-22")];
    for route in ROUTES.iter().filter(|route| route.method == "POST" && matches!(route.access, Access::Page(_))) {
        let path = filled(route.path);
        for key in [None, Some(""), Some("0"), Some(others.as_str())] {
            let fields: Vec<_> = right.into_iter().chain(key.map(|key| ("form_key", key))).collect();
            assert_eq!(visit.send_as_is(&path, &fields, &[]).await.status, StatusCode::FORBIDDEN, "{path} {key:?}");
        }
    }
    let own = form_key(&visit.page(&format!("/alerts/{}", alert_id(1))).await);
    let fields: Vec<_> = right.into_iter().chain([("form_key", own.as_str())]).collect();
    let path = format!("/alerts/{}/acknowledge", alert_id(1));
    for site in ["cross-site", "same-site", "none"] {
        let sent = visit.send_as_is(&path, &fields, &[("sec-fetch-site", site)]).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{site}");
        assert!(sent.page().contains("You may not do this") && sent.page().contains("Nothing was recorded"));
    }
    assert_eq!(api.count("SELECT count(*) FROM alert_pauses").await, 0);
    let sent = visit.send_as_is(&path, &fields, &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    api.close().await;
}

#[tokio::test]
async fn behind_a_proxy_with_a_path_of_its_own_every_link_begins_with_it() {
    let api = with_an_alert().await;
    let router = router_configured(api.served.clone(), &[("PLO_DRIFT__SERVICE__BASE_URL", "http://127.0.0.1/drift/")]);
    let visit = Visit::reader(&api).await.before(router.clone());
    for path in ["/cases".to_owned(), "/alerts".to_owned(), format!("/alerts/{}", alert_id(1)), "/nothing".to_owned()] {
        let answer = visit.get(&path).await;
        for attribute in ["href=\"", "action=\""] {
            for rest in answer.page().split(attribute).skip(1) {
                assert!(rest.starts_with("/drift/") || rest.starts_with('#'), "{path}: {}", &rest[..40]);
            }
        }
    }
    let led = send(&router, request("GET", "/cases?rag=red", None)).await;
    assert_eq!(location(&led.headers), "/drift/sign-in?to=%2Fcases%3Frag%3Dred");
    api.close().await;
}

#[tokio::test]
async fn who_reads_pages_is_told_of_problems_in_words_and_programs_in_json() {
    let api = with_an_alert().await;
    let visit = Visit::reader(&api).await;
    for (path, status, says) in [
        ("/nothing", 404, "There is no such page"),
        ("/cases/C-9", 404, "There is no such page"),
        ("/alerts/9", 404, "There is no such page"),
        ("/cases?rag=blue", 422, "rag must be one of: green, amber, red"),
        ("/alerts?state=gone", 422, "state must be one of"),
    ] {
        let answer = visit.get(path).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!(answer.page().contains(says), "{path}: {}", answer.page());
        assert!(!answer.page().contains("blue") && !answer.page().contains("gone"), "what was sent is not repeated");
    }
    let forbidden = visit.send(&format!("/alerts/{}/acknowledge", alert_id(1)), &[]).await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN, "a reader answers no alert");
    let program = send(&api.router, request("GET", "/nothing", None)).await;
    program.assert_problem(StatusCode::NOT_FOUND, "not-found");
    api.served.close().await;
    let answer = visit.get("/cases").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.page().contains("The service cannot answer at the moment"));
    api.close().await;
}

#[tokio::test]
async fn without_a_client_nobody_signs_in_and_whoever_runs_the_service_is_told_what_to_do() {
    let api = Api::new().await;
    let shut = send(&api.router, request("GET", "/sign-in", None)).await;
    assert_eq!(shut.status, StatusCode::NOT_FOUND);
    assert!(shut.page().contains("board.client_id"));
    for (method, path) in [("POST", "/sign-in"), ("GET", "/sign-in/callback?code=a&state=b")] {
        let answer = send(&api.router, request(method, path, None)).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    api.close().await;
}

#[tokio::test]
async fn cookies_of_neighbours_and_sessions_that_have_ended_keep_nobody_out_and_guesses_do() {
    let api = with_an_alert().await;
    let visit = Visit::reader(&api).await;
    api.sql("UPDATE page_sessions SET ends_at = created_at + interval '1 second'").await;
    let later = now() + SignedDuration::from_mins(1);
    let limits = RequestLimits { failures_a_minute: 3, ..wide() };
    let router = router_at(limits, api.served.clone(), Clock::told_by(move || later));
    let ask = async |cookie: &str| {
        let mut request = request("GET", "/cases", None);
        request.headers_mut().insert("cookie", cookie.parse().expect("it is a header"));
        send(&router, request).await.status
    };
    for _ in 0..5 {
        assert_eq!(ask("_ga=GA1.2.3").await, StatusCode::SEE_OTHER);
        assert_eq!(ask(&visit.cookie()).await, StatusCode::SEE_OTHER);
    }
    let guess = |number: u8| format!("plo-drift-session=plo_{number:064x}");
    for number in 0..3 {
        assert_eq!(ask(&guess(number)).await, StatusCode::SEE_OTHER);
    }
    assert_eq!(ask(&guess(3)).await, StatusCode::TOO_MANY_REQUESTS);
    api.close().await;
}

#[tokio::test]
async fn whoever_was_signed_out_before_a_form_was_sent_signs_in_and_sends_it_all_the_same() {
    let api = with_an_alert().await;
    let visit = Visit::chair(&api).await;
    let path = format!("/alerts/{}", alert_id(1));
    let (to, typed) = (format!("{path}/acknowledge"), fields_of("Hold <it>", "Team manager"));
    api.sql("DELETE FROM page_sessions").await;
    let untaken = visit.send(&to, &typed).await;
    assert_eq!(untaken.status, StatusCode::UNAUTHORIZED);
    let page = untaken.page();
    for said in ["Your answer is not recorded yet", "Hold &#60;it&#62;</textarea>", "target=\"_blank\""] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(page.contains(&format!("href=\"/sign-in?to={path}\"")) && !page.contains("form_key"), "{page}");
    let kept = sent_by(page, &to);
    assert_eq!(kept, owned(&[("turn", "1"), typed[0], typed[1], typed[2]]), "all of it, with the turn that was read");
    let waits = visit.send(&format!("{path}/more-time"), &[&typed[..], &[("more_time", "acknowledge")]].concat()).await;
    assert_eq!(sent_by(waits.page(), &to), kept, "whichever button was pressed");

    let again = Visit::chair(&api).await;
    let asked = again.send_as_is(&to, &borrowed(&kept), FROM_HERE).await;
    assert_eq!((asked.status, api.count("SELECT count(*) FROM alert_pauses").await), (StatusCode::FORBIDDEN, 0));
    assert!(asked.page().contains("Somebody has signed in since") && asked.page().contains("Sign out"), "{}", asked.page());
    let sent = again.send_as_is(&to, &borrowed(&sent_by(asked.page(), &to)), FROM_HERE).await;
    assert_eq!((sent.status, location(&sent.headers)), (StatusCode::SEE_OTHER, path.as_str()));
    assert_eq!(api.count("SELECT count(*) FROM alert_pauses WHERE reason = 'Hold <it>' AND owner = 'Team manager'").await, 1);
    api.close().await;
}

#[tokio::test]
async fn what_another_site_sends_is_not_put_into_anybody_s_mouth() {
    let api = with_an_alert().await;
    let visit = Visit::chair(&api).await;
    let to = format!("/alerts/{}/acknowledge", alert_id(1));
    let typed = fields_of("Close the case", "Nobody");
    for is_signed_in in [true, false] {
        if !is_signed_in {
            api.sql("DELETE FROM page_sessions").await;
        }
        for headers in [&[][..], &[("sec-fetch-site", "cross-site")], &[("sec-fetch-site", "same-site")]] {
            let answer = visit.send_as_is(&to, &typed, headers).await;
            assert!(answer.status.is_client_error() && !answer.page().contains("Close the case"), "{}", answer.page());
        }
    }
    api.close().await;
}

#[tokio::test]
async fn whoever_needs_more_time_has_it_and_what_was_typed_stays() {
    let api = with_an_alert().await;
    let visit = Visit::chair(&api).await;
    let path = format!("/alerts/{}", alert_id(1));
    let page = visit.page(&path).await;
    let until = "You are signed out on 15 June 2026 at 20:00";
    assert!(page.contains(&format!("{until}, and before that if you do nothing for 30 minutes.")), "{page}");
    assert_eq!(page.matches("Stay signed in").count(), 2, "{page}");
    for (kind, field) in [("acknowledge", "action"), ("snooze", "reason")] {
        let more = visit.send(&format!("{path}/more-time"), &[(field, "Hold it"), ("turn", "1"), ("more_time", kind)]).await;
        assert_eq!(more.status, StatusCode::OK, "{}", more.page());
        let page = more.page();
        let form = page.split("/snooze\" novalidate").nth(usize::from(kind == "snooze")).expect("its form");
        assert!(form.contains("Hold it</textarea>"), "{kind}: {page}");
        for said in ["You stay signed in until 15 June 2026 at 20:00.", &format!("{until}. What you typed")] {
            assert!(page.contains(said), "{said}: {page}");
        }
        assert!(!page.contains("There is a problem") && !page.contains("Stay signed in"), "{page}");
        assert_eq!(page.contains("<details class=\"govuk-details\" open>"), kind == "snooze", "the form that was sent is open");
    }
    assert_eq!(api.count("SELECT count(*) FROM alert_pauses").await, 0, "nothing is answered by that");
    let asked =
        "SELECT count(*) FROM api_audit WHERE route = '/alerts/{id}/more-time' AND status = 200 AND case_reference = 'C-1'";
    assert_eq!(api.count(asked).await, 2, "and who saw the alert is on record");
    let at = |minutes: i64| {
        let moment = now() + SignedDuration::from_mins(minutes);
        visit.before(router_of(api.served.clone(), None, Clock::told_by(move || moment)))
    };
    let evening = now() + SignedDuration::from_mins(590);
    let mut connection = api.database.pool.acquire().await.expect("a connection is free");
    let others =
        NewSession { person: visit.person, recipients: Vec::new(), roles: vec![ApiRole::Reader], scope: Scope::EVERYTHING };
    sessions::begin(&mut connection, &others, TIMES, evening).await.expect("somebody else signs in");
    drop(connection);
    assert_eq!(at(590).get("/cases").await.status, StatusCode::OK);
    assert_eq!(at(600).get("/cases").await.status, StatusCode::SEE_OTHER, "no longer than the whole session");

    let answer = [("action", "Hold it"), ("owner", "Team manager"), ("review_on", "2026-06-22"), ("turn", "1")];
    assert_eq!(at(591).send(&format!("{path}/acknowledge"), &answer).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        api.count("SELECT count(*) FROM page_sessions WHERE stays").await,
        0,
        "once it is answered it ends as others do"
    );
    api.close().await;
}

#[tokio::test]
async fn near_the_end_of_a_session_no_more_time_is_promised() {
    let api = with_an_alert().await;
    let visit = Visit::chair(&api).await;
    api.sql("UPDATE page_sessions SET ends_at = '2026-06-15T09:25:00Z'").await;
    let page = visit.page(&format!("/alerts/{}", alert_id(1))).await;
    assert!(page.contains("You are signed out on 15 June 2026 at 10:25. What you typed here can then be sent"), "{page}");
    assert!(!page.contains("more_time"), "{page}");
    api.close().await;
}

fn fields_of<'t>(action: &'t str, owner: &'t str) -> [(&'t str, &'t str); 4] {
    [("action", action), ("owner", owner), ("review_on", "2026-06-22"), ("turn", "1")]
}

/// What the form of a page that goes somewhere sends if nobody changes anything in it.
fn sent_by(page: &str, to: &str) -> Vec<(String, String)> {
    let (_, form) = page.split_once(&format!("action=\"{to}\"")).expect("the form is there");
    let (form, _) = form.split_once("</form>").expect("it ends");
    let text = |text: &str| text.replace("&#60;", "<").replace("&#62;", ">").replace("&#38;", "&");
    let field = |field: &str| {
        let (name, rest) = field.split_once('"').expect("a name ends");
        let (tag, rest) = rest.split_once('>').expect("a tag ends");
        let typed =
            tag.split_once("value=\"").map_or_else(|| rest.split("</textarea>").next(), |(_, value)| value.split('"').next());
        (name.to_owned(), text(typed.unwrap_or_default().trim_start_matches('\n')))
    };
    form.split(" name=\"").skip(1).map(field).collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn a_wrong_filter_is_called_as_its_field_is_and_nothing_that_was_given_is_repeated() {
    let api = with_an_alert().await;
    let visit = Visit::reader(&api).await;
    for (path, said, onward) in [
        (
            "/cases?weeks_open_min=many&team=Jane",
            "Open for at least so many weeks must be a whole number",
            "/cases\">Go back to the form",
        ),
        ("/cases/C-1/history?since=Jane", "Only changes since must be", "/cases\">Go to the cases"),
    ] {
        let answer = visit.get(path).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        for said in [said, onward, "Sign out"] {
            assert!(answer.page().contains(said), "{path}: {said}: {}", answer.page());
        }
        assert!(!answer.page().contains("Jane"), "{path}: {}", answer.page());
    }
    api.close().await;
}
