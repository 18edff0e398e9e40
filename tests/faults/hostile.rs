//! Whatever is sent to it, in whatever place, no name, date of birth or address comes out again where it may be kept: in logs, measures,
//! mails, what is said of a refusal, and the lines of an import.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use plo_drift::api::auth::Access;
use plo_drift::api::openapi;
use plo_drift::api::router::ROUTES;
use plo_drift::board::ROUTES as PAGES;
use plo_drift::clock::Clock;
use plo_drift::config::board::SessionTimes;
use plo_drift::store::people;
use plo_drift::store::sessions::{self, NewSession};
use plo_drift::store::tokens::{ApiRole, Scope};
use reqwest::{Client, Method, RequestBuilder};
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::running::{PEOPLE, Service, count, sql, until};
use crate::support::database::TestDatabase;
use crate::support::program::file;
use crate::support::smtp::{Behaviour, SmtpServer};
use crate::support::world::open;

/// A person that does not exist: her name, its last word, date of birth, street and postcode, and the number that the health service
/// could know her by.
const NAME: &str = "Xanthippe Quillfeather";
const SURNAME: &str = "Quillfeather";
const BORN: &str = "2014-04-03";
const STREET: &str = "12 Zennorvale Lane";
const POSTCODE: &str = "ZZ9 7QX";
const HEALTH_NUMBER: &str = "9434765919";

/// Her date of birth as people write it, in one word.
const BORN_IN_OTHER_WORDS: [&str; 9] =
    ["03/04/2014", "3/4/2014", "03.04.2014", "03-04-2014", "2014/04/03", "2014.04.03", "3-Apr-2014", "20140403", "03042014"];

/// What gives any of it away, in lower case.
const SEEDS: [&str; 16] = [
    "xanthippe",
    "quillfeather",
    "2014-04-03",
    "03/04/2014",
    "3 april 2014",
    "zennorvale",
    "9 7qx",
    "9434765919",
    "3/4/2014",
    "03.04.2014",
    "03-04-2014",
    "2014/04/03",
    "2014.04.03",
    "3-apr-2014",
    "20140403",
    "03042014",
];

/// What gives her away in a text, as it is or percent-encoded.
fn seeds_in(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    let plain = text.replace("%20", " ").replace('+', " ").replace("%2f", "/");
    SEEDS.into_iter().filter(|seed| text.contains(seed) || plain.contains(seed)).collect()
}

fn person() -> String {
    format!("{NAME}, born {BORN}, {STREET}, {POSTCODE}")
}

/// What stands in a path instead of a reference, an id or a year.
fn in_paths() -> Vec<String> {
    let person = person().replace(' ', "%20");
    vec![
        person.clone(),
        format!("..%2F{person}"),
        format!("{person}%00"),
        format!("{person}%0D%0ASet-Cookie:%20a=b"),
        format!("'%20OR%201=1;--{person}"),
        person.repeat(40),
        format!("%FF%FE{person}"),
        BORN.to_owned(),
        BORN_IN_OTHER_WORDS[2].to_owned(),
        HEALTH_NUMBER.to_owned(),
    ]
}

/// Bodies of every kind, right and wrong in form.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let (person, mut with_keys) =
        (person(), json!({"reference": person(), "children": [{"reference": NAME, "date_of_birth": STREET}]}));
    with_keys[NAME] = json!({BORN: STREET});
    with_keys["engagement"] = json!([{"on": BORN.replace('-', "/"), "attended": NAME, POSTCODE: person}]);
    let facts = json!({"on": NAME, "kind": person, "sequence": NAME, "planned_on": person, "requested_on": STREET, NAME: 1});
    with_keys[SURNAME] = json!(HEALTH_NUMBER);
    let by_date = json!({"reference": BORN, "children": [{SURNAME: 1, "date_of_birth": SURNAME}], BORN_IN_OTHER_WORDS[2]: 1});
    let answers = json!({"action": 1, "owner": [NAME], "review_on": person, "reason": {NAME: BORN}, "until": STREET});
    let mut bodies: Vec<(&'static str, Vec<u8>)> =
        [&with_keys, &by_date, &facts, &answers, &json!([with_keys]), &json!(person)]
            .into_iter()
            .map(|body| ("application/json", body.to_string().into_bytes()))
            .collect();
    bodies.extend([
        ("application/json", format!("{{\"reference\": \"{person}").into_bytes()),
        ("application/json", format!("{{\"{NAME}\": 1, \"{NAME}\": 2}}").into_bytes()),
        ("application/json", format!("{{\"{SURNAME}\": 1, \"{SURNAME}\": 2}}").into_bytes()),
        ("application/json", [&b"{\"reference\": \"\xFF"[..], person.as_bytes()].concat()),
        ("application/toml", format!("[clock]\nlength = \"{person}\"\n[\"{NAME}\"]\n\"{BORN}\" = 1\n").into_bytes()),
        ("application/toml", format!("{SURNAME} = 1\n[clock]\n{SURNAME} = \"{BORN}\"\n").into_bytes()),
        ("application/toml", format!("{SURNAME} = 1\n{SURNAME} = 2\n").into_bytes()),
        ("application/toml", format!("{person} = = {NAME}").into_bytes()),
        ("application/x-www-form-urlencoded", format!("action={person}&{NAME}={BORN}&review_on={STREET}").into_bytes()),
        (
            "multipart/form-data; boundary=x",
            format!("--x\r\nContent-Disposition: form-data; name=\"{NAME}\"\r\n\r\n{person}\r\n--x--").into_bytes(),
        ),
        (Box::leak(format!("text/{}", NAME.replace(' ', "")).into_boxed_str()), person.clone().into_bytes()),
    ]);
    bodies.extend(sheets().into_iter().map(|(_, sheet)| ("text/csv", sheet.into_bytes())));
    bodies
}

/// Trackers with her in every place of them but the header: it names columns, which are named back so that a mapping can say what they
/// are. Where the first row is no header at all, it is not repeated.
fn sheets() -> Vec<(&'static str, String)> {
    let person = person();
    let alone: String =
        BORN_IN_OTHER_WORDS.iter().chain([&BORN, &HEALTH_NUMBER]).map(|alone| format!("{alone},North,soon\n")).collect();
    vec![
        ("a date of birth or a number for a reference", format!("reference,team,started_on\n{alone}{alone}")),
        (
            "a reference",
            format!("reference,team,started_on\n\"{person}\",North,soon\n{NAME},North,{BORN}x\n\"{NAME}\",,\n\"{NAME}\",,\n"),
        ),
        ("cells", format!("reference,team,started_on,restricted,outcome\nPP-1,\"{person}\u{7}\",{NAME},{NAME},\"{STREET}\"\n")),
        ("no header at all", format!("\"{NAME}\",{BORN},\"{STREET}\",{POSTCODE}\n\"{NAME}\",{BORN},\"{STREET}\",{POSTCODE}\n")),
        ("another delimiter", format!("reference;team;{NAME}\n{NAME};{BORN};\"{STREET}\n")),
        ("an open quote", format!("reference,team\nPP-2,\"{person}\n")),
        ("too many cells", format!("reference,team\nPP-3,North,{NAME},{BORN},\"{STREET}\"\n")),
        ("one twice", format!("reference,team\n\"{NAME}\",North\n\"{NAME}\",South\n")),
    ]
}

/// Headers that say who, what for, and from where.
const HEADERS: [&str; 10] = [
    "if-match",
    "if-none-match",
    "idempotency-key",
    "accept",
    "accept-language",
    "user-agent",
    "referer",
    "x-forwarded-for",
    "x-request-id",
    "traceparent",
];

/// The names of every parameter that the contract knows.
fn parameters() -> BTreeSet<String> {
    let contract = serde_json::to_value(openapi::document()).expect("it is JSON");
    let mut names = BTreeSet::from([NAME.to_owned(), SURNAME.to_owned(), BORN.to_owned(), "cursor".to_owned()]);
    for item in contract["paths"].as_object().expect("paths").values() {
        for operation in item.as_object().expect("an item").values() {
            let in_queries = operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "query");
            names.extend(in_queries.filter_map(|one| one["name"].as_str().map(str::to_owned)));
        }
    }
    assert!(names.len() > 10, "the contract has parameters");
    names
}

/// Every hostile request for a route.
fn requests(client: &Client, service: &Service, method: &Method, route: &str) -> Vec<RequestBuilder> {
    let request = |path: &str| client.request(method.clone(), service.url(path));
    let mut requests = Vec::new();
    let fill =
        |with: &str| route.split('/').map(|part| if part.starts_with('{') { with } else { part }).collect::<Vec<_>>().join("/");
    if route.contains('{') {
        requests.extend(in_paths().iter().map(|with| request(&fill(with))));
    }
    let usual = fill("PP-1");
    let escaped = |text: &str| text.replace(' ', "%20");
    let pairs: Vec<String> = parameters().iter().map(|name| format!("{}={}", escaped(name), escaped(&person()))).collect();
    requests.extend(pairs.iter().map(|pair| request(&format!("{usual}?{pair}"))));
    requests.push(request(&format!("{usual}?{}", pairs.join("&"))));
    requests.push(request(&format!("{usual}?{NAME}&&==%00%FF{BORN}")));
    requests.extend(HEADERS.iter().map(|header| request(&usual).header(*header, person())));
    requests.push(request(&usual).header(NAME.replace(' ', "-"), person()));
    for (media_type, body) in bodies() {
        requests.push(
            request(&usual)
                .header("content-type", media_type)
                .header("idempotency-key", uuid::Uuid::now_v7().to_string())
                .body(body),
        );
    }
    requests
}

/// What the browser of somebody shows who has just signed in to the pages as a chair.
async fn cookie(pool: &PgPool) -> String {
    let mut connection = pool.acquire().await.expect("a connection is free");
    let now = Clock::of_the_machine().now().at;
    let person = people::seen(&mut connection, "https://login.example", "chair", now).await.expect("it answers");
    let scope = Scope { teams: Vec::new(), may_see_restricted: true };
    let new = NewSession { person, recipients: Vec::new(), roles: vec![ApiRole::Chair], scope };
    let times = SessionTimes { idle: SignedDuration::from_mins(30), whole: SignedDuration::from_hours(10) };
    let secret = sessions::begin(&mut connection, &new, times, now).await.expect("a session can be begun");
    format!("plo-drift-session={}", secret.reveal())
}

/// Sends a request, and tells where she comes out of a refusal of it.
async fn leak_of(request: RequestBuilder) -> Option<String> {
    let (client, request) = request.build_split();
    // What no client can write down is not sent.
    let request = request.ok()?;
    let what = format!("{} {}", request.method(), request.url());
    let answer = client.execute(request).await.ok()?;
    let status = answer.status();
    let headers = format!("{:?}", answer.headers());
    let said = format!("{headers}\n{}", answer.text().await.unwrap_or_default());
    let is_refusal = status.is_client_error() || status.is_server_error();
    assert!(!status.is_server_error(), "{what}: {status} {said}");
    (is_refusal && !seeds_in(&said).is_empty()).then(|| format!("{what}: {status} {said}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_lets_anything_personal_out_where_it_may_be_kept() {
    let (database, smtp) = (TestDatabase::new().await, SmtpServer::start(Behaviour::Accept));
    sql(&database.pool, PEOPLE).await;
    let mut service = Service::on(&database.url, &smtp)
        .set("HTTP__REQUESTS_A_MINUTE", "1000000")
        .set("HTTP__FAILURES_A_MINUTE", "1000000")
        .set("LOG__FILTER", "info,plo_drift=trace");
    service.start_and_be_ready().await;
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let token = |role: &str| service.done(&["token", "create", "--name", "a test", "--role", role, "--restricted"]);
    let tokens = [token("recorder"), token("chair"), token("admin")];

    // A case that is late and holds her wherever a case can hold a text.
    let case = json!({
        "reference": "PP-1", "team": "North", "started_on": "2026-01-05",
        "children": [{"reference": "C-1", "date_of_birth": BORN}],
        "engagement": [
            {"on": "2026-05-01", "attended": false, "person": NAME, "kind": STREET},
            {"on": "2026-05-08", "attended": false, "person": NAME, "kind": STREET},
            {"on": "2026-05-15", "attended": false, "person": NAME, "kind": POSTCODE},
        ],
        "extensions": [{"sequence": 1, "requested_on": "2026-04-01", "decision": "pending", "approved_by_grade": NAME}],
    });
    let put =
        client.put(service.url("/api/v1/cases/PP-1")).bearer_auth(&tokens[0]).json(&case).send().await.expect("an answer");
    assert_eq!(put.status().as_u16(), 201, "{}", put.text().await.expect("a text"));

    let (mut leaks, mut sent) = (Vec::new(), 0);
    for route in ROUTES.iter().chain(PAGES) {
        for request in requests(&client, &service, &route.method, route.path) {
            let request = match route.access {
                // Each time anew: one of the forms signs out.
                Access::Page(_) => request.header("cookie", cookie(&database.pool).await).header("accept", "text/html"),
                _ => request.bearer_auth(&tokens[sent % tokens.len()]),
            };
            sent += 1;
            leaks.extend(leak_of(request).await);
        }
        let nobody = client.request(route.method.clone(), service.url(&route.path.replace(['{', '}'], "")));
        leaks.extend(leak_of(nobody.header("authorization", format!("Bearer {}", person()))).await);
    }
    assert!(sent > 1_000, "only {sent} requests were sent");
    leaks.sort();
    leaks.dedup_by_key(|leak| leak.split('\n').next().map(str::to_owned));
    assert!(leaks.is_empty(), "{} leaks, such as\n{}", leaks.len(), leaks[..leaks.len().min(12)].join("\n\n"));

    until("mail has left", async || count(&database.pool, "SELECT count(*) FROM messages WHERE state = 'sent'").await > 0)
        .await;
    for received in smtp.received() {
        let letter = open(&received);
        let all = [String::from_utf8_lossy(&received.message).into_owned(), letter.subject, letter.text, letter.html].concat();
        assert_eq!(seeds_in(&all), Vec::<&str>::new(), "{all}");
    }
    let log = service.log();
    let leaked: Vec<&str> = log.lines().filter(|line| !seeds_in(line).is_empty()).collect();
    assert!(leaked.is_empty(), "{} lines, such as {}", leaked.len(), leaked[0]);
    assert!(log.lines().count() > sent, "each request is logged");
    assert_eq!(seeds_in(&service.get("/metrics").await), Vec::<&str>::new());
    service.kill();
    database.close().await;
}

/// A workbook with a sheet like this in it.
fn workbook(sheet: &str, path: &std::path::Path) {
    let mut workbook = Workbook::new();
    let worksheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(sheet.lines()) {
        for (column, cell) in (0..).zip(line.split(',')) {
            let cell: String = cell.chars().filter(|letter| !letter.is_control() && *letter != '"').collect();
            worksheet.write_string(row, column, cell).expect("it fits");
        }
    }
    workbook.save(path).expect("it is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_of_an_import_repeats_anything_personal_wherever_it_stands() {
    let (database, smtp) = (TestDatabase::new().await, SmtpServer::start(Behaviour::Accept));
    let service = Service::on(&database.url, &smtp);
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for (number, (what, sheet)) in sheets().into_iter().enumerate() {
        files.push((what, vec![file(folder.path(), &format!("{number}.csv"), &sheet)]));
        let path = folder.path().join(format!("{number}.xlsx"));
        workbook(&sheet, &path);
        files.push((what, vec![path.to_str().expect("a plain path").to_owned()]));
    }
    for (number, (media_type, body)) in bodies().into_iter().enumerate() {
        if media_type == "application/json" {
            let path = folder.path().join(format!("{number}.json"));
            std::fs::write(&path, body).expect("it is written");
            files.push(("documents", vec![path.to_str().expect("a plain path").to_owned()]));
        }
    }
    let dataset = folder.path().join("dataset");
    std::fs::create_dir(&dataset).expect("a folder");
    files.push((
        "the dataset",
        vec![
            file(
                &dataset,
                "ssd_pre_proceedings.csv",
                &format!("prep_table_id,prep_person_id,{NAME},prep_pre_pro_decision_date\n{NAME},\"{NAME}\",{BORN},{STREET}\n\"{NAME}\",x,{BORN},soon\n"),
            ),
            file(&dataset, "ssd_person.csv", &format!("pers_person_id,pers_dob,pers_name\n\"{NAME}\",born {BORN},{NAME}\nx,03/04/2014x,\"{STREET}\"\n")),
        ],
    ));
    let mut leaks = Vec::new();
    for (what, paths) in &files {
        for more in [&["--dry-run"][..], &["--source", "a tracker"]] {
            let arguments: Vec<&str> =
                ["import"].into_iter().chain(more.iter().copied()).chain(paths.iter().map(String::as_str)).collect();
            let output = service.command(&arguments).output().expect("the program starts");
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(!said.contains("panicked"), "{said}");
            if !seeds_in(&said).is_empty() {
                leaks.push(format!("{what}, {:?}: {said}", paths[0]));
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks, such as\n{}", leaks.len(), leaks.join("\n\n"));
    database.close().await;
}

/// What is looked for is found where it is.
#[test]
fn what_gives_a_person_away_is_seen() {
    assert_eq!(seeds_in(&person()).len(), 5);
    assert_eq!(seeds_in("pointer: /Xanthippe%20Quillfeather, 3 April 2014"), ["xanthippe", "quillfeather", "3 april 2014"]);
    assert_eq!(seeds_in(&Value::from("PP-1 is overdue").to_string()), Vec::<&str>::new());
}
