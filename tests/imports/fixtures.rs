//! The trackers under `tests/fixtures/imports`, each in a shape of its own, brought in by the command as `docs/import.md` says.

use std::process::Output;

use crate::support::program::{Place, file, program};

/// A file of the fixtures.
fn fixture(path: &str) -> String {
    format!("{}/tests/fixtures/imports/{path}", env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| fixture(&format!("{folder}/{name}"))).collect()
}

/// What a command said: its lines on standard error, then those on standard output.
fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("it is UTF-8");
    format!("{}{}", text(&output.stderr), text(&output.stdout))
}

async fn goes_in(name: &str, arguments: &[String]) {
    let place = Place::new().await;
    let import = |more: &[&str]| {
        let arguments: Vec<&str> =
            ["import"].into_iter().chain(more.iter().copied()).chain(arguments.iter().map(String::as_str)).collect();
        place.run(&arguments)
    };
    let tried = import(&["--dry-run"]);
    assert_eq!(place.count("SELECT count(*) FROM case_history").await, 0, "{}", said(&tried));
    let done = import(&[]);
    assert_eq!(done.status.code(), Some(1), "some rows are wrong on purpose: {}", said(&done));
    assert_eq!(said(&tried).replace(" (nothing was changed: dry run)", ""), said(&done), "the rehearsal said what was done");
    insta::assert_snapshot!(format!("{name}_report"), said(&done));
    insta::assert_snapshot!(format!("{name}_facts"), facts(&place).await);

    let history = place.count("SELECT count(*) FROM case_history").await;
    let again = import(&[]);
    assert!(said(&again).contains("\n0 new, 0 changed, "), "{}", said(&again));
    assert_eq!(place.count("SELECT count(*) FROM case_history").await, history, "repeating an import changes nothing");
    place.database.close().await;
}

/// Everything that is recorded, a line for each row, without the day of record.
async fn facts(place: &Place) -> String {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT line FROM (
            SELECT reference AS case, 0 AS place, (to_jsonb(cases) - 'recorded_on')::text AS line FROM cases
            UNION ALL SELECT case_reference, 1, to_jsonb(children)::text FROM children
            UNION ALL SELECT case_reference, 2, to_jsonb(meetings)::text FROM meetings
            UNION ALL SELECT case_reference, 3, to_jsonb(extensions)::text FROM extensions
            UNION ALL SELECT case_reference, 4, (to_jsonb(oversight) - 'id')::text FROM oversight
            UNION ALL SELECT case_reference, 5, (to_jsonb(allocations) - 'id')::text FROM allocations
        ) AS facts ORDER BY facts.case COLLATE \"C\", place, line COLLATE \"C\"",
    )
    .fetch_all(&place.database.pool)
    .await
    .expect("the tables are there");
    rows.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tracker_that_speaks_our_language_goes_in_with_its_lists() {
    let names = ["tracker.csv", "children.csv", "meetings.csv", "extensions.csv", "oversight.csv", "allocations.csv"];
    goes_in("plain", &files("plain", &names)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wide_tracker_goes_in_by_its_mapping() {
    goes_in("wide", &[fixture("wide/tracker.csv"), "--mapping".into(), fixture("wide/mapping.toml")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tracker_with_a_row_for_each_child_goes_in_by_its_mapping() {
    goes_in("children", &[fixture("children/tracker.csv"), "--mapping".into(), fixture("children/mapping.toml")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extract_of_the_dataset_goes_in() {
    goes_in("ssd", &files("ssd", &["ssd_pre_proceedings.csv", "ssd_person.csv"])).await;
}

#[test]
fn a_mapping_is_proposed_from_a_tracker_by_itself() {
    let output = program(&["import", "--suggest", &fixture("wide/tracker.csv")]).output().expect("the program starts");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let proposal = said(&output);
    for line in [
        "header_row = 3",
        "\"Ref No.\" = \"reference\"",
        "\"Date LbP sent\" = \"lbp_sent_on\"",
        "\"Review {n} held\" = \"held_on\"",
    ] {
        assert!(proposal.contains(line), "{line}\n{proposal}");
    }
    assert!(!proposal.contains("Mother"), "no cell of free text is repeated");
}

/// The wide tracker as the workbook that a spreadsheet program would make of it.
fn workbook(folder: &std::path::Path) -> String {
    let bytes = std::fs::read(fixture("wide/tracker.csv")).expect("the fixture is there");
    let text = encoding_rs::WINDOWS_1252.decode(&bytes).0.into_owned();
    let reader =
        csv::ReaderBuilder::new().delimiter(b';').has_headers(false).flexible(true).from_reader(text.as_bytes()).into_records();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().set_name("Read me").expect("a name");
    let sheet = workbook.add_worksheet();
    sheet.set_name("Live cases").expect("a name");
    let date = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
    for (row, record) in (0..).zip(reader) {
        for (column, cell) in (0..).zip(&record.expect("a record")) {
            let parts: Option<Vec<u16>> = cell.split('/').map(|part| part.parse().ok()).collect();
            let written = match parts.as_deref() {
                Some(&[day @ 1..=31, month @ 1..=12, year]) => {
                    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(
                        year,
                        u8::try_from(month).expect("a month"),
                        u8::try_from(day).expect("a day"),
                    );
                    sheet.write_with_format(row, column, day.expect("a day that exists"), &date)
                }
                _ => sheet.write(row, column, cell),
            };
            written.expect("it is written");
        }
    }
    let path = folder.join("tracker.xlsx");
    workbook.save(&path).expect("it is saved");
    path.to_str().expect("a path").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_goes_in_as_the_same_text_does() {
    let place = Place::new().await;
    let mapping = std::fs::read_to_string(fixture("wide/mapping.toml")).expect("the fixture is there");
    let mapping =
        file(place.folder.path(), "mapping.toml", &mapping.replace("header_row", "sheet = \"Live cases\"\nheader_row"));
    let output = place.run(&["import", &workbook(place.folder.path()), "--mapping", &mapping]);
    assert!(said(&output).contains("3 new, 0 changed, 0 unchanged, 3 refused"), "{}", said(&output));
    insta::assert_snapshot!("wide_facts", facts(&place).await);
    place.database.close().await;
}

/// The commands of the documentation, as they are written there.
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_documentation_run() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/import.md")).expect("the page is there");
    let blocks = page.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    let commands: Vec<&str> = blocks.flat_map(str::lines).filter(|line| line.starts_with("plo-drift import")).collect();
    assert_eq!(commands.len(), 6);
    let place = Place::new().await;
    for command in commands {
        // Its file is the reader's own.
        if command.ends_with("cases.json") {
            continue;
        }
        let program = format!("{} \"$@\"", env!("CARGO_BIN_EXE_plo-drift"));
        let script = format!("plo-drift() {{ {program}; }}; {command}");
        let output = std::process::Command::new("bash")
            .args(["-c", &script])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("DATABASE_URL", &place.database.url)
            .output()
            .expect("bash is there");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{command}: {}", said(&output));
        assert!(said(&output).contains(" new, ") || command.contains("--suggest"), "{command}: {}", said(&output));
    }
    place.database.close().await;
}

/// The report that the documentation shows is the one that comes out.
#[test]
fn the_documentation_shows_the_report_as_it_is() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/import.md")).expect("the page is there");
    let report = include_str!("snapshots/imports__fixtures__plain_report.snap");
    let report = report.split("---\n").nth(2).expect("a snapshot has a head and a body");
    assert!(page.contains(report), "{report}");
}
