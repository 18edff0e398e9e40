//! No name, no date of birth, no expected delivery date, no day from which one could be worked out, and nothing that was typed is in
//! any byte that leaves: whatever mail it is, and however its parts are encoded.

#[expect(dead_code, reason = "other tests stand on the rest")]
mod support;

use jiff::SignedDuration;
use mail_parser::MessageParser;
use plo_drift::domain::pause::PauseKind;
use plo_drift::domain::policy::Role;
use plo_drift::store::pauses::{self, By, NewPause};
use support::world::World;
use uuid::Uuid;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Names, typed words and references that no mail may hold.
const SEEDED_WORDS: [&str; 8] = ["Xanthippe", "Seeded", "C-SECRET", "C-OLDER", "C-BORN", "W-SEEDED", "PP-FAMILY", "visit at"];

/// A birth expected on 13 June and one on 17 May set the ends of two cases. From the first follow 16 May (four weeks before it) and
/// the days after that and after the birth; from both follow the final reviews that were due five working days before.
const SEEDED_DAYS: [&str; 11] = [
    "2026-06-13",
    "2014-04-03",
    "2026-05-17",
    "2026-08-20",
    "2026-05-16",
    "2026-05-18",
    "2026-05-11",
    "2026-05-08",
    "2026-05-12",
    "2026-06-14",
    "2026-07-23",
];

const CASES: &str = r#"
    INSERT INTO cases (reference, family_reference, team, restricted, recorded_on, started_on) VALUES
        ('PP-1', 'PP-FAMILY-1', 'North', false, '2026-01-05', '2026-01-05'),
        ('PP-2', 'PP-FAMILY-2', 'North', false, '2026-01-05', '2026-01-05'),
        ('PP-3', 'PP-FAMILY-3', 'North', true, '2026-01-05', '2026-01-05');
    INSERT INTO children (case_reference, reference, date_of_birth, expected_delivery_on) VALUES
        ('PP-1', 'C-SECRET', NULL, '2026-06-13'), ('PP-1', 'C-OLDER', '2014-04-03', NULL),
        ('PP-2', 'C-BORN', '2026-05-17', '2026-08-20'), ('PP-3', 'C-SECRET-3', NULL, '2026-06-13');
    INSERT INTO engagement (case_reference, "on", attended, person, kind) VALUES
        ('PP-1', '2026-05-01', false, 'Xanthippe Seeded', 'visit at Seeded Street'),
        ('PP-1', '2026-05-07', false, 'Xanthippe Seeded', 'visit at Seeded Street'),
        ('PP-1', '2026-05-15', false, 'Xanthippe Seeded', 'visit at Seeded Street');
    INSERT INTO allocations (case_reference, from_on, worker) VALUES
        ('PP-1', '2026-01-05', 'W-SEEDED-1'), ('PP-1', '2026-02-05', 'W-SEEDED-2'), ('PP-1', '2026-03-05', 'W-SEEDED-3');
    INSERT INTO extensions (case_reference, sequence, requested_on, decision, decided_on, new_end_on, approved_by_grade) VALUES
        ('PP-1', 1, '2026-04-01', 'approved', '2026-04-02', '2026-06-30', 'Xanthippe the Seeded Manager');
    UPDATE recipients SET name = 'Xanthippe Seeded the Chair'"#;

/// Everything that a reader, a program or a mail server could make of the messages: the bytes themselves, and each part decoded.
fn everything_that_left(world: &World) -> Vec<String> {
    let mut left = Vec::new();
    for received in world.smtp.received() {
        left.push(String::from_utf8_lossy(&received.message).into_owned());
        let message = MessageParser::default().parse(&received.message).expect("the message can be read");
        left.extend(message.subject().map(str::to_owned));
        left.extend([message.body_text(0), message.body_html(0)].into_iter().flatten().map(std::borrow::Cow::into_owned));
    }
    left
}

/// A day as it may be written: `2026-05-16`, `16 May 2026`, `16/05/2026`.
fn written(day: &str) -> [String; 3] {
    let day: jiff::civil::Date = day.parse().expect("a date");
    [day.to_string(), plo_drift::domain::calendar::in_words(day), format!("{:02}/{:02}/{}", day.day(), day.month(), day.year())]
}

/// Tells whether a text names a day; `19 June 2026` does not name the ninth.
fn names(text: &str, day: &str) -> bool {
    let ends_in_a_digit = |before: &str| before.ends_with(|letter: char| letter.is_ascii_digit());
    written(day).iter().any(|day| text.match_indices(day).any(|(at, _)| !ends_in_a_digit(&text[..at])))
}

/// Births expected on 2 July and on 9 June set the ends of two cases. The first ends on 4 June and has its final review due on 28 May,
/// so that its alerts turn on 29 May and 5 June; for the second, which ended on 12 May, no birth is recorded by 10 June.
const EXPECTED: &str = r#"
    INSERT INTO cases (reference, team, recorded_on, started_on, lbp_sent_on) VALUES
        ('PP-4', 'North', '2026-04-16', '2026-04-16', '2026-04-16'), ('PP-5', 'North', '2026-04-16', '2026-04-16', '2026-04-16');
    INSERT INTO children (case_reference, reference, expected_delivery_on) VALUES ('PP-4', 'C-1', '2026-07-02'), ('PP-5', 'C-1', '2026-06-09');
    INSERT INTO oversight (case_reference, "on", kind, rationale_recorded)
        SELECT reference, '2026-05-30', 'panel_review', true FROM cases"#;

/// What would say that it is a birth, its days, and the days of the ends and of what follows from them.
const OF_A_BIRTH: [&str; 3] = ["birth", "born", "delivery"];
const DAYS_OF_A_BIRTH: [&str; 6] = ["2026-07-02", "2026-06-09", "2026-06-04", "2026-05-12", "2026-05-28", "2026-05-05"];

/// The days on which alerts about them turn, and those of their next rungs.
const TURNS: [&str; 2] = ["2026-06-05", "2026-06-10"];
const RUNGS: [&str; 3] = ["2026-06-09", "2026-06-12", "2026-06-17"];

#[tokio::test]
async fn no_mail_tells_of_a_birth_by_what_it_says_or_by_the_days_of_the_alert() {
    let world = World::with_a_ladder().await;
    world.sql(EXPECTED).await;
    for _ in 0..19 {
        world.sweep().await;
        world.digest().await;
        world.deliver().await;
        world.pass(DAY);
    }
    let received = world.smtp.received();
    let letters: Vec<_> = received.iter().map(support::world::open).collect();
    for expected in
        ["The pre-proceedings period has ended; still open", "is told next.", "lacks a date that it should hold by now"]
    {
        assert!(letters.iter().any(|letter| letter.text.contains(expected)), "{expected} should be there");
    }
    for (letter, bytes) in letters.iter().zip(&received) {
        // The head and the last check say when the mail was made, which cannot be hidden from whoever receives it.
        let made =
            letter.text.lines().next().and_then(|head| head.rsplit_once(", ")).expect("the head has its day").1.to_owned();
        let bytes = String::from_utf8_lossy(&bytes.message).into_owned();
        for part in [&bytes, &letter.subject, &letter.text, &letter.html] {
            for word in OF_A_BIRTH {
                assert!(!part.contains(word), "{word} is in\n{part}");
            }
        }
        let text = letter.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let without_the_day = text.replacen(&made, "", 1).replacen(&format!("Last check: {made}"), "", 1);
        let told = text.split(". ").filter(|sentence| sentence.contains("is told"));
        let told = told.collect::<Vec<_>>().join("; ");
        for day in DAYS_OF_A_BIRTH.iter().chain(&TURNS) {
            assert!(!names(&without_the_day, day), "{day} is in\n{}", letter.text);
        }
        for day in RUNGS {
            assert!(!names(&told, day), "{day}: {told}");
        }
        let marked = ["Time limit (", "Missing data (", "(new) Final review", "(was AMBER) Final review"];
        assert!(!marked.iter().any(|marked| text.contains(marked)), "{text}");
    }
    world.end().await;
}

async fn put_everything_aside(world: &World) {
    let open: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM alerts WHERE state = 'open' ORDER BY id")
        .fetch_all(world.pool())
        .await
        .expect("the alerts can be read");
    let now = world.now();
    for alert in open {
        let new = NewPause {
            alert,
            turn: None,
            kind: PauseKind::Acknowledged,
            by: By::Recipient(1),
            reason: "Ring Xanthippe Seeded, due 13 June 2026".to_owned(),
            owner: Some("Xanthippe Seeded".to_owned()),
            until_on: now.today.tomorrow().expect("there is a next day"),
        };
        let mut tx = world.pool().begin().await.expect("a transaction");
        pauses::pause(&mut tx, &new, now).await.expect("the database answers");
        tx.commit().await.expect("it commits");
    }
}

#[tokio::test]
async fn nothing_personal_is_in_any_byte_that_leaves() {
    let world = World::new().await;
    for (role, name) in [
        (Role::LegalGatewayChair, "chair"),
        (Role::ServiceManager, "service"),
        (Role::HeadOfService, "head"),
        (Role::AssistantDirector, "assistant"),
    ] {
        world.add_person(role, name, true).await;
    }
    world.sql(CASES).await;
    // Immediate mails, digests and a pack; then everything is put aside with typed words, and opens again; then it climbs.
    for day in 0..16 {
        world.tick().await;
        if day == 2 {
            put_everything_aside(&world).await;
        }
        world.pass(DAY);
    }

    let kinds =
        world.ask("SELECT string_agg(DISTINCT kind || (only_case IS NOT NULL), ' ') FROM messages WHERE state = 'sent'").await;
    assert_eq!(kinds, "alertfalse alerttrue digestfalse panelfalse paneltrue");
    let left = everything_that_left(&world);
    for expected in [
        "PP-1",
        "PP-2",
        "PP-3",
        "Final review was due; not held",
        "Acknowledged by the legal gateway chair",
        "Nobody has acted",
    ] {
        assert!(left.iter().any(|text| text.contains(expected)), "{expected} should be there");
    }
    let days = SEEDED_DAYS.iter().flat_map(|day| written(day));
    for seeded in SEEDED_WORDS.iter().map(|&word| word.to_owned()).chain(days) {
        for text in &left {
            assert!(!text.contains(&seeded), "{seeded} is in\n{text}");
        }
    }
    world.end().await;
}
