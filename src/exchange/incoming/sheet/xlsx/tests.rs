use std::fmt::Write as _;
use std::io::{Cursor, Read, Write as _};

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, ZipArchive};

use super::*;

fn workbook(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet());
    workbook.save_to_buffer().expect("it is written")
}

fn read(bytes: Vec<u8>, sheet: Option<&str>, header_row: u32) -> Result<Sheet, Line> {
    Sheet::of_workbook(&"t.xlsx".into(), bytes, sheet, header_row)
}

fn rows(sheet: &Sheet) -> Vec<String> {
    let told = |row: Result<Row, Line>| match row {
        Ok(row) => format!("{}: {}", row.number, row.cells.iter().collect::<Vec<_>>().join("|")),
        Err(line) => format!("{}: {}", line.row.expect("a row"), line.code),
    };
    sheet.rows().map(told).collect()
}

/// A workbook with a header `a`, `b` and one row, in which parts are replaced by others or added.
fn with_parts(parts: &[(&str, &str)]) -> Vec<u8> {
    let whole = workbook(|sheet| {
        sheet.write_row(0, 0, ["a", "b"]).expect("it fits");
        sheet.write_row(1, 0, ["x", "y"]).expect("it fits");
    });
    rebuilt(&whole, |name, part| parts.iter().find(|(new, _)| *new == name).map_or(part, |(_, new)| new.as_bytes().to_vec()))
}

fn rebuilt(bytes: &[u8], change: impl Fn(&str, Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).expect("an entry");
        let name = entry.name().expect("a name").into_owned();
        let mut part = Vec::new();
        entry.read_to_end(&mut part).expect("it unfolds");
        writer.start_file(name.as_str(), SimpleFileOptions::default()).expect("it starts");
        writer.write_all(&change(&name, part)).expect("it is written");
    }
    writer.finish().expect("it ends").into_inner()
}

const SHEET: &str = "xl/worksheets/sheet1.xml";
const STRINGS: &str = "xl/sharedStrings.xml";

fn sheet_of(cells: &str) -> String {
    format!("<worksheet><sheetData>{cells}</sheetData></worksheet>")
}

#[test]
fn cells_are_the_texts_that_a_csv_file_would_have() {
    let bytes = workbook(|sheet| {
        let (day, moment, time) =
            (Format::new().set_num_format("dd/mm/yyyy"), Format::new().set_num_format("dd/mm/yyyy hh:mm"), "hh:mm");
        let january = ExcelDateTime::from_ymd(2026, 1, 5).expect("a day");
        sheet.write_row(0, 0, ["Ref", "Date", "Number", "Flag", "Sum"]).expect("it fits");
        sheet.write(1, 0, " F1 ").expect("it fits");
        sheet.write_with_format(1, 1, &january, &day).expect("it fits");
        sheet.write(1, 2, 3.0).expect("it fits");
        sheet.write(1, 3, true).expect("it fits");
        sheet.write(1, 4, Formula::new("=1+2").set_result("3")).expect("it fits");
        sheet.write_with_format(3, 1, january.clone().and_hms(9, 30, 0).expect("a time"), &moment).expect("it fits");
        sheet.write(3, 2, 2.5).expect("it fits");
        sheet.write(3, 4, Formula::new("=A9").set_result("#REF!")).expect("it fits");
        sheet.write_with_format(4, 1, &january, &Format::new().set_num_format(time)).expect("it fits");
        sheet.write(4, 3, false).expect("it fits");
        sheet.set_row_hidden(4).expect("it is hidden");
        sheet.merge_range(5, 0, 5, 2, "merged", &Format::new()).expect("it is merged");
    });
    let sheet = read(bytes, None, 1).expect("it is a workbook");
    assert_eq!(sheet.columns, ["Ref", "Date", "Number", "Flag", "Sum"]);
    assert_eq!(
        rows(&sheet),
        ["2:  F1 |2026-01-05|3|yes|3", "4: |2026-01-05 09:30:00|2.5||\u{1a}#REF!", "5: |2026-01-05||no|", "6: merged||||",]
    );
}

#[test]
fn a_workbook_may_count_its_days_from_1904() {
    let day =
        r#"<row r="1"><c r="A1" t="inlineStr"><is><t>day</t></is></c></row><row r="2"><c r="A2" s="1"><v>44565</v></c></row>"#;
    let styles = r#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>"#;
    for (old, expected) in [("", "2022-01-04"), (r#"<workbookPr date1904="1"/>"#, "2026-01-05")] {
        let book =
            format!(r#"<workbook xmlns:r="r">{old}<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>"#);
        let bytes = with_parts(&[(SHEET, &sheet_of(day)), ("xl/styles.xml", styles), ("xl/workbook.xml", &book)]);
        assert_eq!(rows(&read(bytes, None, 1).expect("it is a workbook")), [format!("2: {expected}")]);
    }
}

#[test]
fn the_sheet_is_the_named_one_or_the_first_that_is_seen() {
    let mut workbook = Workbook::new();
    for (name, is_hidden) in [("Lists", true), ("Live cases", false), ("Closed", false)] {
        let sheet = workbook.add_worksheet().set_name(name).expect("a name");
        sheet.set_hidden(is_hidden).set_active(name == "Live cases").write(2, 0, name).expect("it fits");
    }
    let bytes = workbook.save_to_buffer().expect("it is written");
    let named = |name| read(bytes.clone(), name, 3).map(|sheet| sheet.columns);
    assert_eq!(named(None), Ok(vec!["Live cases".to_owned()]));
    assert_eq!(named(Some("closed")), Ok(vec!["Closed".to_owned()]));
    assert_eq!(named(Some("Lists")), Ok(vec!["Lists".to_owned()]));
    let refused = named(Some("Open")).expect_err("there is none").reason;
    assert_eq!(refused, "has no such sheet; its sheets are: \"Lists\", \"Live cases\", \"Closed\"");
    let refused = read(bytes, None, 2).expect_err("the row is blank");
    assert_eq!(refused.code, Code::MissingColumn);
}

#[test]
fn a_cell_far_away_costs_nothing_and_makes_its_row_too_long() {
    let bytes = workbook(|sheet| {
        sheet.write_row(0, 0, ["a", "b"]).expect("it fits");
        sheet.write(1_048_575, 16_383, "far").expect("it fits");
        sheet.write(7, 1, "near").expect("it fits");
    });
    let sheet = read(bytes, None, 1).expect("it is a workbook");
    assert_eq!(rows(&sheet), ["8: |near", "1048576: wrong_cell_count"]);
    let bytes = workbook(|sheet| {
        sheet.write(0, 16_383, "far").expect("it fits");
    });
    assert_eq!(read(bytes, None, 1).expect_err("it has too many columns").code, Code::TooLarge);
}

/// A zip whose entry unfolds to some MiB of spaces.
fn bomb(name: &str, mebibytes: usize) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    writer.start_file(name, options).expect("it starts");
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..mebibytes {
        writer.write_all(&spaces).expect("it is written");
    }
    writer.finish().expect("it ends").into_inner()
}

#[rstest::rstest]
#[case::a_sheet(SHEET, 300)]
#[case::strings(STRINGS, 65)]
#[case::strings_in_other_letters("XL/SharedStrings.XML", 65)]
#[case::styles("xl/styles.xml", 5)]
#[case::links("xl/_rels/workbook.xml.rels", 17)]
fn what_unfolds_beyond_bounds_is_refused_before_it_is_read(#[case] name: &str, #[case] mebibytes: usize) {
    let bytes = bomb(name, mebibytes);
    assert!(bytes.len() < 1 << 20);
    assert_eq!(read(bytes, None, 1).expect_err("it is a bomb").code, Code::TooLarge);
}

#[test]
fn a_zip_of_too_many_parts_is_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..10_001 {
        writer.start_file(number.to_string(), SimpleFileOptions::default()).expect("it starts");
    }
    let bytes = writer.finish().expect("it ends").into_inner();
    assert_eq!(read(bytes, None, 1).expect_err("it has too many").code, Code::TooLarge);
}

#[rstest::rstest]
#[case::more_strings_than_memory(r#"<sst uniqueCount="100000000000"></sst>"#, Code::TooLarge)]
#[case::more_strings_than_a_number("<sst uniqueCount = '99999999999999999999999'></sst>", Code::TooLarge)]
#[case::wide_letters("\u{0}<sst/>", Code::UnreadableFile)]
#[case::entities(
    r#"<!DOCTYPE sst [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;">]><sst><si><t>&b;</t></si><si><t>b</t></si></sst>"#,
    Code::UnreadableFile
)]
fn strings_cannot_grow(#[case] strings: &str, #[case] code: Code) {
    assert_eq!(read(with_parts(&[(STRINGS, strings)]), None, 1).expect_err("it is refused").code, code);
}

#[test]
fn one_long_string_in_many_cells_is_refused() {
    let long = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(1 << 20));
    let cells = r#"<c t="s"><v>0</v></c>"#.repeat(200);
    let bytes = with_parts(&[(STRINGS, &long), (SHEET, &sheet_of(&format!(r#"<row r="1">{cells}</row>"#)))]);
    assert_eq!(read(bytes, None, 1).expect_err("it is too much").code, Code::TooLarge);
}

#[test]
fn wide_rows_without_number_are_refused() {
    let mut cells = String::new();
    for row in 1..10_100 {
        write!(cells, r#"<row r="{row}"><c r="ALL{row}"><v>1</v></c></row>"#).expect("a text takes it");
    }
    assert_eq!(read(with_parts(&[(SHEET, &sheet_of(&cells))]), None, 1).expect_err("it is too much").code, Code::TooLarge);
}

#[rstest::rstest]
#[case::a_row_back(
    r#"<row r="1"><c r="A1"><v>1</v></c></row><row r="3"><c r="A3"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>"#
)]
#[case::a_reference_beyond_numbers(r#"<row r="1"><c r="ZZZZZZZZ99999999999"><v>1</v></c></row>"#)]
#[case::no_reference(r#"<row r="1"><c r="?"><v>1</v></c></row>"#)]
#[case::no_string(r#"<row r="1"><c r="A1" t="s"><v>999</v></c></row>"#)]
#[case::not_closed(r#"<row r="1"><c r="A1"><v>1"#)]
fn a_sheet_that_no_program_writes_is_refused(#[case] cells: &str) {
    let refused = read(with_parts(&[(SHEET, &sheet_of(cells))]), None, 1).expect_err("it is damaged");
    assert!(matches!(refused.code, Code::UnreadableFile | Code::MissingColumn), "{refused}");
}

#[rstest::rstest]
#[case::nothing(b"".to_vec(), "is no workbook")]
#[case::words(b"a,b\n1,2\n".to_vec(), "is no workbook")]
#[case::an_old_workbook(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0W\0o\0r\0k\0b\0o\0o\0k\0".to_vec(), "an old workbook")]
#[case::a_locked_one(
    [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect()].concat(),
    "locked with a password"
)]
#[case::a_binary_workbook(bomb("xl/workbook.bin", 0), "a binary workbook")]
#[case::another_zip(bomb("letter.docx", 0), "cannot be read as a workbook")]
#[case::half_of_one({ let mut whole = with_parts(&[]); whole.truncate(whole.len() / 2); whole }, "cannot be read as a workbook")]
#[case::a_changed_byte(
    { let mut whole = with_parts(&[]); let middle = whole.len() / 2; whole[middle] ^= 0x55; whole },
    "cannot be read as a workbook"
)]
fn what_is_no_workbook_is_refused(#[case] bytes: Vec<u8>, #[case] reason: &str) {
    let refused = read(bytes, None, 1).expect_err("it is none");
    assert_eq!(refused.code, Code::UnreadableFile);
    assert!(refused.reason.contains(reason), "{refused}");
}

#[test]
fn random_bytes_are_refused() {
    let mut state = 88_172_645_463_325_252_u64;
    for length in 0..300 {
        let mut bytes: Vec<u8> = (0..length)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()[0]
            })
            .collect();
        assert!(read(bytes.clone(), None, 1).is_err());
        bytes.splice(0..0, *b"PK\x03\x04");
        assert!(read(bytes, None, 1).is_err());
    }
}
