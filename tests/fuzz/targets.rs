//! What is read, from what it starts, and what must hold of it.

use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use plo_drift::exchange::caseload;
use plo_drift::exchange::document::{self, Reading};
use plo_drift::exchange::incoming::mapping::{self, Mapping};
use plo_drift::exchange::incoming::sheet::Sheet;
use plo_drift::exchange::incoming::tracker::{self, Tracker};
use plo_drift::exchange::incoming::{Incoming, Line, Offered, columns, ssd};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::Value;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, ZipArchive};

use crate::mutate::{Random, mutate};

const TODAY: Date = date(2026, 6, 15);
const PRE_PROCEEDINGS: &str = include_str!("../fixtures/imports/ssd/ssd_pre_proceedings.csv");
const PERSON: &str = include_str!("../fixtures/imports/ssd/ssd_person.csv");
const CASES: &str = include_str!("../fixtures/policy/families.json");
const CASE: &str = r#"{"reference": "A", "started_on": "2026-01-05", "children": [{"reference": "C", "date_of_birth": "2020-05-04"}],
 "meetings": [{"sequence": 1, "kind": "initial", "held_on": "2026-01-19"}], "outcome": null}
{"reference": "B", "extensions": [{"sequence": 1, "requested_on": "2026-02-02", "decision": "pending"}]}"#;
const TRACKER: &str = "reference,family_reference,started_on,lbp_sent_on,fgdm_offered,outcome\n\
    A,F1,05/01/2026,2026-01-09,yes,Step down\nB,,12/01/2026,,n,\nC,F1,02/02/2026,04/02/2026,,issue\n";
const MEETINGS: &str =
    "case,sequence,kind,planned_on,held_on\nA,1,initial,,19/01/2026\nA,2,review,02/03/2026,\nB,1,initial,02/02/2026,\n";
const MAPPING: &str = "header_row = 1\ndates = [\"YYYY-MM-DD\", \"DD/MM/YYYY\"]\nblank = [\"n/a\"]\n";

/// What lies between two files of one input.
const NEXT_FILE: &[u8] = b"\n--8<--\n";

/// A reader with what it starts from.
pub struct Target {
    pub name: &'static str,
    pub seed: fn(&mut Random) -> Vec<u8>,
    pub read: fn(&[u8]),
}

pub const TARGETS: &[Target] = &[
    Target {
        name: "separated",
        seed: |random| mutate(random.one_of(&[PRE_PROCEEDINGS, PERSON, TRACKER]).into(), CASE.as_bytes(), random),
        read: separated,
    },
    Target { name: "ssd", seed: |random| files(&[PRE_PROCEEDINGS, PERSON], random), read: extract },
    Target { name: "tracker", seed: |random| files(&[TRACKER, MEETINGS, MAPPING], random), read: read_tracker },
    Target {
        name: "caseload",
        seed: |random| mutate(random.one_of(&[CASES, CASE]).into(), PRE_PROCEEDINGS.as_bytes(), random),
        read: documents,
    },
    Target { name: "workbook", seed: workbook, read: read_workbook },
];

/// Several files, of which one is changed most often.
fn files(all: &[&str], random: &mut Random) -> Vec<u8> {
    let changed = random.below(all.len());
    let mut parts = Vec::new();
    for (index, text) in all.iter().enumerate() {
        let text = text.as_bytes().to_vec();
        parts.push(if index == changed || random.below(4) == 0 { mutate(text, all[0].as_bytes(), random) } else { text });
    }
    parts.join(NEXT_FILE)
}

fn parts(input: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), input);
    while let Some(at) = rest.windows(NEXT_FILE.len()).position(|window| window == NEXT_FILE) {
        parts.push(&rest[..at]);
        rest = &rest[at + NEXT_FILE.len()..];
    }
    parts.push(rest);
    parts
}

fn sheet(name: &str, bytes: &[u8]) -> Option<Sheet> {
    Sheet::separated(&name.into(), bytes.to_vec(), 1).ok()
}

fn check(sheet: &Sheet) {
    let mut last = 0;
    for row in sheet.rows().flatten() {
        assert_eq!(row.cells.len(), sheet.columns.len(), "each row has a cell for each column");
        assert!(row.number > last, "rows are in order");
        last = row.number;
    }
}

/// What is offered can be recorded; what is not is refused with a line.
fn check_incoming(incoming: Result<Incoming, Vec<Line>>) {
    let Ok(incoming) = incoming else { return };
    let (at_most, references) = (incoming.at_most, incoming.references);
    let mut offered = 0;
    for case in incoming.cases {
        offered += 1;
        match case {
            Offered::Case(said, _) => {
                assert!(!said.is_whole || references.contains(&said.reference), "its reference is among those of the files");
                let document = Value::Object(said.facts);
                assert!(document::read(&document, Reading::RecordedOn(TODAY)).is_ok(), "it can be recorded");
            }
            Offered::Refused(lines) => assert!(!lines.is_empty(), "whoever brought it is told"),
        }
    }
    assert!(offered <= at_most, "there are as many as was said");
}

fn separated(input: &[u8]) {
    if let Some(sheet) = sheet("t.csv", input) {
        check(&sheet);
    }
}

fn extract(input: &[u8]) {
    let parts = parts(input);
    let Some(pre_proceedings) = sheet("ssd_pre_proceedings.csv", parts[0]) else { return };
    let people = parts.get(1).and_then(|bytes| sheet("ssd_person.csv", bytes));
    let recorded =
        BTreeSet::from(["F100.2026-01-19".to_owned(), "child-P205.2026-04-01".to_owned(), "F103.2026-03-01".to_owned()]);
    check_incoming(ssd::read(&pre_proceedings, people.as_ref(), &recorded, TODAY));
}

fn read_tracker(input: &[u8]) {
    let parts = parts(input);
    let mapping: Mapping = match parts.get(2).map(|text| mapping::read(&String::from_utf8_lossy(text))) {
        Some(Ok(mapping)) => mapping,
        _ => mapping::read("").expect("no mapping is one"),
    };
    let mut tracker = Tracker::default();
    tracker.main.extend(sheet("tracker.csv", parts[0]));
    let meetings = columns::list("meetings").expect("it is a list");
    tracker.lists.extend(parts.get(1).and_then(|bytes| sheet("meetings.csv", bytes)).map(|sheet| (meetings, sheet)));
    check_incoming(tracker::read(&tracker, &mapping, TODAY));
}

fn documents(input: &[u8]) {
    let caseload = caseload::read(&String::from_utf8_lossy(input), Reading::RecordedOn(TODAY));
    for case in caseload.cases {
        let written = document::write(&case);
        assert!(
            document::read(&written, Reading::RecordedOn(TODAY)).is_ok(),
            "what was read is written so that it is read again"
        );
    }
}

/// The parts of a workbook.
static PARTS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let day = Format::new().set_num_format("dd/mm/yyyy");
    let january = ExcelDateTime::from_ymd(2026, 1, 5).expect("a day");
    sheet.write_row(0, 0, ["reference", "started_on", "fgdm_offered", "number"]).expect("it fits");
    for row in 1..6 {
        sheet.write(row, 0, format!("F{row}")).expect("it fits");
        sheet.write_with_format(row, 1, &january, &day).expect("it fits");
        sheet.write(row, 2, row % 2 == 0).expect("it fits");
        sheet.write(row, 3, f64::from(row) / 2.0).expect("it fits");
    }
    let bytes = workbook.save_to_buffer().expect("it is written");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let all = (0..archive.len()).map(|index| {
        let mut entry = archive.by_index(index).expect("an entry");
        let (name, mut part) = (entry.name().expect("a name").into_owned(), Vec::new());
        entry.read_to_end(&mut part).expect("it unfolds");
        (name, part)
    });
    all.collect()
});

/// A workbook of which a part is changed, or the file itself.
fn workbook(random: &mut Random) -> Vec<u8> {
    let changed = random.below(PARTS.len());
    let is_whole = random.below(8) == 0;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (index, (name, part)) in PARTS.iter().enumerate() {
        let is_of_interest = name.contains("sheet") || name.contains("sharedStrings") || name.contains("styles");
        let is_changed = !is_whole && (index == changed || (is_of_interest && random.below(2) == 0));
        let part = if is_changed { mutate(part.clone(), &PARTS[changed].1, random) } else { part.clone() };
        writer.start_file(name.as_str(), options).expect("it starts");
        writer.write_all(&part).expect("it is written");
    }
    let bytes = writer.finish().expect("it ends").into_inner();
    if is_whole { mutate(bytes, &PARTS[changed].1, random) } else { bytes }
}

fn read_workbook(input: &[u8]) {
    if let Ok(sheet) = Sheet::of_workbook(&"t.xlsx".into(), input.to_vec(), None, 1) {
        check(&sheet);
    }
}
