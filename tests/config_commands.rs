//! `plo-drift config check`: what it finds, what it tries, and what it says to do about each mistake.

#[expect(dead_code, reason = "a test takes what it needs of the support")]
mod support;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use plo_drift::private_postgres;
use plo_drift::store::MIGRATOR;
use sqlx::{AssertSqlSafe, Connection as _};
use support::program::{Place, file, in_words, port_that_is_free, program, wait_until};
use support::smtp::{Behaviour, SmtpServer};
use support::world::open;

const CHECK: [&str; 2] = ["config", "check"];

/// Insists on how it ended and on what it said, on either stream.
fn assert_said(output: &Output, code: i32, expected: &[&str]) {
    let said = in_words(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for expected in expected {
        assert!(said.contains(expected), "{expected}\nis not in\n{said}");
    }
}

#[test]
fn every_mistake_of_files_variables_and_policy_is_named_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "council.toml", "[mail]\nhots = \"a\"\n[database]\nurl_file = \"/no/such/file\"\n");
    file(folder.path(), "policy.toml", "[clock]\nlength = 16\n");
    let config = folder.path().to_str().expect("a plain path");
    let mut command = program(&["--config", config, "config", "check"]);
    command
        .env("PLO_DRIFT__HTTP__SECURITY_CONTACT", "security@council.example")
        .env("PLO_DRIFT__JOBS__SWEEP_EVERY_SECONDS", "7");
    let output = command.output().expect("the program starts");
    let wrong = [
        "council.toml: mail.hots: is not a field that is known here",
        "council.toml: database.url_file: cannot be read",
        "PLO_DRIFT__HTTP__SECURITY_CONTACT: http.security_contact: must be an address such as mailto:",
        "PLO_DRIFT__JOBS__SWEEP_EVERY_SECONDS: jobs.sweep_every_seconds: must divide a minute",
        "policy.toml is wrong:",
        "clock.length: must be a text such as",
    ];
    assert_said(&output, 2, &wrong);
    assert!(output.stdout.is_empty(), "nothing is right");
}

#[test]
fn every_file_that_a_right_configuration_names_is_looked_at() {
    let folder = tempfile::tempdir().expect("a folder");
    file(folder.path(), "policy.toml", "[clock]\nlength = 16\n");
    file(folder.path(), "no-certificate.pem", "this is none");
    let config = folder.path().to_str().expect("a plain path");
    let mut command = program(&["--config", config, "config", "check"]);
    command
        .env("PLO_DRIFT__MAIL__CA_FILE", "no-certificate.pem")
        .env("PLO_DRIFT__IDENTITY__ISSUER", "https://login.example")
        .env("PLO_DRIFT__IDENTITY__AUDIENCE", "a")
        .env("PLO_DRIFT__IDENTITY__CA_FILE", "nowhere.pem")
        .env("PLO_DRIFT__LOG__FILTER", "plo_drift=loud");
    let wrong = [
        "clock.length: must be a text such as",
        "mail: the CA file",
        "no-certificate.pem holds no certificate",
        "nowhere.pem cannot be read",
        "log.filter cannot be read",
    ];
    assert_said(&command.output().expect("the program starts"), 2, &wrong);
}

#[test]
fn what_was_found_is_told_in_short_and_without_a_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    file(
        folder.path(),
        "council.toml",
        "[service]\nbase_url = \"https://drift.council.example\"\n[mail]\nhost = \"smtp.council.example\"\n",
    );
    let password = file(folder.path(), "password", "hunter2\n");
    let config = folder.path().to_str().expect("a plain path");
    let mut command = program(&["--config", config, "config", "check"]);
    command
        .env("DATABASE_URL", "postgres://drift:hunter3@db.council.example/plo_drift")
        .env("PLO_DRIFT__MAIL__USERNAME", "drift")
        .env("PLO_DRIFT__MAIL__PASSWORD_FILE", password)
        .env("PLO_DRIFT__MAIL__ALLOWED_DOMAINS", "council.example, Trust.example")
        .env("PLO_DRIFT__HEARTBEAT__URL", "https://monitor.example/hunter4");
    let output = command.output().expect("the program starts");
    let found = [
        "council.toml, DATABASE_URL, PLO_DRIFT__HEARTBEAT__URL, PLO_DRIFT__MAIL__ALLOWED_DOMAINS",
        "policy: the built-in rules",
        "people reach it at: https://drift.council.example",
        "database.url: set",
        "mail: to smtp.council.example port 587, tls starttls, as drift, from plo-drift@localhost",
        "mail.allowed_domains: council.example, trust.example",
        "sign-in with OpenID Connect: off",
        "pages: nobody can sign in, as board.client_id is not set",
        "heartbeat.url: set",
        "http.security_contact: not set",
    ];
    assert_said(&output, 0, &found);
    assert!(!in_words(&output).contains("hunter") && !in_words(&output).contains("warning"), "{}", in_words(&output));

    let bare = program(&CHECK).env("PLO_DRIFT__SERVICE__BASE_URL", "http://drift.council.example").output();
    let warnings = [
        "read over the defaults: PLO_DRIFT__SERVICE__BASE_URL\n",
        "warning: nobody is written to: name the domains that may be in mail.allowed_domains",
        "warning: people reach the service without encryption",
        "warning: nobody outside notices when the service stops",
    ];
    assert_said(&bare.expect("the program starts"), 0, &warnings);
}

/// A URL of the same server with another role and database.
fn url_as(url: &str, role: &str, database: Option<&str>) -> String {
    let (_, place) = url.split_once('@').expect("the URL has a user");
    let Some(database) = database else { return format!("postgres://{role}@{place}") };
    let (host, rest) = place.split_once('/').expect("the URL has a database");
    let parameters = rest.find('?').map_or("", |at| &rest[at..]);
    format!("postgres://{role}@{host}/{database}{parameters}")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_tried_and_what_is_wrong_with_it_is_told() {
    let place = Place::new().await;
    let sql = async |statement: &str| {
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&place.database.pool).await;
        done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    };
    let database = ["config", "check", "--database"];
    let at = |url: &str| place.command(&database).env("DATABASE_URL", url).output().expect("the program starts");
    let right =
        ["PostgreSQL ", "(may migrate), not encrypted", "the tables are up to date, and the role may read and write them"];
    assert_said(&place.run(&database), 0, &right);
    assert_said(&place.run(&database), 0, &["warning: the role is a superuser"]);

    // What the cluster keeps apart from databases has a name of its own.
    let role = format!("plo_test_{}", uuid::Uuid::now_v7().simple());
    sql(&format!("CREATE ROLE {role} LOGIN")).await;
    let theirs = url_as(&place.database.url, &role, None);
    let refused = [
        "may not do what the service does",
        "SELECT ON alerts",
        "UPDATE ON tokens",
        "have the owner of the tables run plo-drift grant",
    ];
    assert_said(&at(&theirs), 2, &refused);
    sql(&format!("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}")).await;
    assert_said(&at(&theirs), 0, &["may not migrate: serve with --no-migrate"]);
    sql(&format!("REVOKE INSERT ON journal FROM {role}")).await;
    assert_said(&at(&theirs), 2, &["(INSERT ON journal)"]);
    sql(&format!("ALTER ROLE {role} CONNECTION LIMIT 0")).await;
    assert_said(&at(&theirs), 3, &["the database takes no connection now (53300): try again"]);
    sql(&format!("ALTER ROLE {role} CONNECTION LIMIT -1")).await;
    let name: String =
        sqlx::query_scalar("SELECT current_database()").fetch_one(&place.database.pool).await.expect("it answers");
    sql(&format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")).await;
    assert_said(&at(&theirs), 2, &["the role may not connect to this database: GRANT CONNECT"]);
    sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;

    assert_said(&at(&theirs), 2, &["create the role, and allow it in the server's pg_hba.conf"]);
    let elsewhere = url_as(&place.database.url, "postgres", Some("nothing"));
    assert_said(&at(&elsewhere), 2, &["the server has no such database"]);

    sql("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99999999999999, '', true, '', 0)").await;
    assert_said(&place.run(&database), 1, &["those of a newer version of the program"]);
    let last = MIGRATOR.iter().map(|migration| migration.version).max().expect("there are migrations");
    sql(&format!("DELETE FROM _sqlx_migrations WHERE version >= {last}")).await;
    assert_said(&place.run(&database), 1, &["the tables are not up to date (", "run plo-drift migrate"]);
    sql("DROP TABLE _sqlx_migrations").await;
    assert_said(&place.run(&database), 1, &["the database has no tables yet: run plo-drift migrate"]);
    place.database.close().await;
}

/// On a server of the test's own: whom it asks for a password is not a matter of one database.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_from_a_database_that_does_not_answer() {
    let server = private_postgres::start().expect("a private PostgreSQL starts");
    let mut connection = sqlx::PgConnection::connect(server.url()).await.expect("it accepts connections");
    let prepared = "CREATE ROLE drift LOGIN PASSWORD 'hunter2';
        COPY (SELECT 'local all drift scram-sha-256') TO PROGRAM 'cat - pg_hba.conf > new && mv new pg_hba.conf';
        SELECT pg_reload_conf()";
    sqlx::raw_sql(prepared).execute(&mut connection).await.expect("it is SQL");
    connection.close().await.expect("a connection can be closed");
    let (check, mut said) = (["config", "check", "--database"], String::new());
    // A server takes a moment to read its rules anew.
    wait_until("a wrong password is refused", || {
        let output = program(&check).env("DATABASE_URL", url_as(server.url(), "drift:hunter1", None)).output();
        said = in_words(&output.expect("the program starts"));
        said.starts_with("Some(2)") && said.contains("correct them in database.url")
    });
    assert!(!said.contains("hunter"), "{said}");
    let right = program(&check).env("DATABASE_URL", url_as(server.url(), "drift:hunter2", None)).output();
    assert_said(&right.expect("the program starts"), 1, &["role drift", "the database has no tables yet"]);
    server.stop();
}

#[test]
fn a_database_that_cannot_be_reached_is_told_from_one_that_is_configured_wrongly() {
    let at = |url: &str| {
        let output = program(&["config", "check", "--database"]).env("DATABASE_URL", url).output();
        output.expect("the program starts")
    };
    let nothing = program(&["config", "check", "--database"]).output().expect("the program starts");
    assert_said(&nothing, 2, &["set DATABASE_URL"]);
    assert_said(&at("not a url"), 2, &["it is written postgres://user:password@host/name"]);
    let down = at(&format!("postgres://somebody:hunter2@127.0.0.1:{}/nothing", port_that_is_free()));
    assert_said(&down, 3, &["the database does not answer", "see that PostgreSQL runs"]);
    assert!(!in_words(&down).contains("hunter2"));
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = format!("postgres://somebody@{}/nothing", silent.local_addr().expect("an address"));
    assert_said(&at(&silent), 3, &["the database does not answer: see that host and port in database.url are right"]);
}

/// The check, about to try this mail server.
fn trying(place: &Place, smtp: &SmtpServer, arguments: &[&str]) -> Command {
    let mut command = place.command(&[&CHECK[..], arguments].concat());
    command
        .env("PLO_DRIFT__MAIL__TRANSPORT", "smtp")
        .env("PLO_DRIFT__MAIL__PORT", smtp.port().to_string())
        .env("PLO_DRIFT__MAIL__CA_FILE", file(place.folder.path(), "ca.pem", smtp.ca_pem()))
        .env("PLO_DRIFT__SERVICE__BASE_URL", "https://drift.council.example")
        .env("PLO_DRIFT__SERVICE__COUNCIL", "Children's <services>");
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mail_server_is_tried_as_far_as_one_can_without_sending() {
    let place = Place::new().await;
    let smtp = SmtpServer::start(Behaviour::Accept);
    let check = |behaviour| {
        smtp.set_behaviour(behaviour);
        trying(&place, &smtp, &["--mail"]).output().expect("the program starts")
    };
    let signing_in = |password: &str| {
        smtp.set_behaviour(Behaviour::RequireAuth { user: "drift".into(), password: "hunter2".into() });
        let mut command = trying(&place, &smtp, &["--mail"]);
        command.env("PLO_DRIFT__MAIL__USERNAME", "drift").env("PLO_DRIFT__MAIL__PASSWORD", password);
        command.output().expect("the program starts")
    };
    assert_said(&check(Behaviour::Accept), 0, &["mail: the mail server answers; whether it takes mail without a sign-in"]);
    assert_said(&signing_in("hunter2"), 0, &["mail: the mail server answers, and lets the service in"]);
    let refused = signing_in("hunter1");
    assert_said(&refused, 2, &["535 Wrong user or password", "correct mail.username and mail.password"]);
    assert!(!in_words(&refused).contains("hunter"));
    let stranger = ["certificate", "mail.ca_file the authority that signed it"];
    assert_said(&check(Behaviour::WrongCertificate), 2, &stranger);
    let plain = ["does not offer STARTTLS", "change mail.port and mail.tls to what the mail server offers"];
    assert_said(&check(Behaviour::NoStartTls), 2, &plain);
    assert_said(&check(Behaviour::Hang), 3, &["mail cannot be sent now", "see that mail.host and mail.port are right"]);
    let down = trying(&place, &smtp, &["--mail"]).env("PLO_DRIFT__MAIL__PORT", port_that_is_free().to_string()).output();
    assert_said(&down.expect("the program starts"), 3, &["cannot be reached", "that no firewall is between"]);
    assert!(smtp.received().is_empty(), "a check sends nothing");

    let to_folder = [&CHECK[..], &["--mail"]].concat();
    assert_said(&place.run(&to_folder), 0, &["mail: the folder can be written to"]);
    let blocked = file(place.folder.path(), "blocked", "");
    let blocked = place.command(&to_folder).env("PLO_DRIFT__MAIL__FOLDER", blocked).output();
    assert_said(
        &blocked.expect("the program starts"),
        2,
        &["cannot be written to", "let mail.folder be one that this user may write to"],
    );
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_mail_goes_to_a_recipient_on_record_and_says_that_nothing_is_to_be_done() {
    let place = Place::new().await;
    let smtp = SmtpServer::start(Behaviour::Accept);
    let add = |name: &str, email: &str, role: &str| {
        place.done(&["recipient", "add", "--name", name, "--email", email, "--role", role])
    };
    add("Chair", "chair@council.example", "legal_gateway_chair");
    add("Head", "head@council.example", "head_of_service");
    add("Head", "head2@council.example", "director");
    add("Gone", "gone@council.example", "director");
    place.done(&["recipient", "remove", "4"]);
    sqlx::query("INSERT INTO recipients (name, email, role) VALUES ('Far', 'far@elsewhere.example', 'director')")
        .execute(&place.database.pool)
        .await
        .expect("plain SQL adds somebody");
    let send_to = |wanted: &str, behaviour| {
        smtp.set_behaviour(behaviour);
        trying(&place, &smtp, &["--send-to", wanted]).output().expect("the program starts")
    };

    for wanted in ["1", "chair"] {
        assert_said(&send_to(wanted, Behaviour::Accept), 0, &["a test mail to recipient 1 was taken (250 OK)"]);
    }
    let received = smtp.received();
    assert_eq!(received.iter().map(|mail| mail.to.concat()).collect::<Vec<_>>(), ["chair@council.example"; 2]);
    let mail = open(&received[0]);
    for part in [&mail.text, &mail.html.replace("&#60;", "<").replace("&#62;", ">").replace("&#39;", "'")] {
        for said in ["This is a test. Nothing is to be done", "https://drift.council.example", "Children's <services>"] {
            assert!(part.replace('\n', " ").contains(said), "{said}\nis not in\n{part}");
        }
    }
    assert_eq!(place.count("SELECT count(*) FROM messages").await, 0, "it is no message of the service");

    for (wanted, said) in [
        ("Head", "recipients 2, 3 have that name: give a number"),
        ("4", "there is no such recipient who is told anything"),
        ("nobody", "there is no such recipient who is told anything"),
        ("Far", "is not one that may be written to: add its domain to mail.allowed_domains"),
    ] {
        assert_said(&send_to(wanted, Behaviour::Accept), 2, &["nothing was sent", said]);
    }
    assert_said(&send_to("1", Behaviour::RefuseRecipient(550)), 2, &["was refused (550", "correct their address"]);
    assert_said(&send_to("1", Behaviour::RefuseMailFrom(550)), 2, &["was refused (550", "config check --mail says more"]);
    assert_said(&send_to("1", Behaviour::RefuseRecipient(451)), 3, &["was not taken this time (451", "try again in a while"]);
    assert_said(&send_to("1", Behaviour::DropAfterData), 3, &["was not taken this time"]);
    assert_eq!(smtp.received().len(), 3, "two that were taken, and one whose answer was lost");
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_asked_for_is_tried_whatever_came_of_the_rest() {
    let place = Place::new().await;
    let smtp = SmtpServer::start(Behaviour::NoStartTls);
    let mut command = trying(&place, &smtp, &["--database", "--mail"]);
    command.env("DATABASE_URL", format!("postgres://somebody@127.0.0.1:{}/nothing", port_that_is_free()));
    let both = ["the database does not answer", "the mail server does not offer STARTTLS"];
    assert_said(&command.output().expect("the program starts"), 2, &both);
    place.database.close().await;
}

/// The keys in the defaults, as section and name, and those without a comment.
fn keys() -> (BTreeSet<String>, Vec<&'static str>) {
    let mut names = BTreeSet::new();
    let mut bare = Vec::new();
    for line in include_str!("../config/default.toml").lines() {
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            names.insert(section.to_owned());
        } else if let Some((name, rest)) = line.split_once(" = ") {
            names.insert(name.to_owned());
            if !rest.contains(" # ") {
                bare.push(name);
            }
        }
    }
    (names, bare)
}

#[test]
fn every_key_stands_in_the_defaults_with_a_comment() {
    let (named, bare) = keys();
    assert_eq!(bare, Vec::<&str>::new(), "without a comment");
    // A key in the file that the program does not know is refused by the program itself. The other way round: whatever the code reads.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut read = BTreeSet::new();
    for source in ["config.rs", "config/http.rs", "config/heartbeat.rs", "config/identity.rs"] {
        let text = std::fs::read_to_string(folder.join(source)).expect("a source file");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for call in ["fields.", "number(", "seconds(", "every(", "texts(fields, "] {
            for after in code.split(call).skip(1) {
                let argument = if call == "fields." {
                    after
                        .split_once("(\"")
                        .map(|(name, rest)| (!name.contains(|c: char| !c.is_alphanumeric() && c != '_'), rest))
                } else {
                    after.strip_prefix('"').map(|rest| (true, rest))
                };
                if let Some((true, rest)) = argument {
                    read.insert(rest.split('"').next().expect("a text ends").to_owned());
                }
            }
        }
    }
    assert!(read.len() > 55, "only {} keys were found in the code: {read:?}", read.len());
    let missing: Vec<&String> = read.difference(&named).collect();
    assert!(missing.is_empty(), "the program reads {missing:?}, and config/default.toml does not have them");
}
