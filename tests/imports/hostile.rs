//! Trackers that are broken, by accident or on purpose: they are refused clearly, and what is right in them goes in.

use std::io::{Seek, SeekFrom, Write};
use std::process::Output;

use crate::support::program::{Place, file, in_words};

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", in_words(output));
    String::from_utf8(output.stderr.clone()).expect("it is UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_in_one_line_is_refused_before_it_is_read() {
    let place = Place::new().await;
    let path = place.folder.path().join("tracker.csv");
    let mut tracker = std::fs::File::create(&path).expect("a file");
    tracker.write_all(b"reference,team\nPP-1,").expect("it is written");
    // Whatever stands in between is not read: the file has a hole there.
    tracker.seek(SeekFrom::Start(1 << 30)).expect("far away");
    tracker.write_all(b"North\n").expect("it is written");
    let refused = refusal(&place.run(&["import", path.to_str().expect("a path")]));
    assert!(refused.starts_with("tracker.csv: refused (too_large): is larger than 128 MiB"), "{refused}");
    assert_eq!(place.count("SELECT count(*) FROM cases").await, 0);
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_that_is_a_bomb_is_refused() {
    let place = Place::new().await;
    let path = place.folder.path().join("bomb.xlsx");
    let mut bomb = zip::ZipWriter::new(std::fs::File::create(&path).expect("a file"));
    bomb.start_file("xl/worksheets/sheet1.xml", zip::write::SimpleFileOptions::default()).expect("an entry");
    let zeros = vec![0; 1 << 20];
    for _ in 0..400 {
        bomb.write_all(&zeros).expect("it is written");
    }
    bomb.finish().expect("it is closed");
    let size = std::fs::metadata(&path).expect("it is there").len();
    assert!(size < 1 << 20, "{size} bytes make 400 MiB");
    let refused = refusal(&place.run(&["import", path.to_str().expect("a path")]));
    assert!(refused.starts_with("bomb.xlsx: refused (too_large)"), "{refused}");
    place.database.close().await;
}

/// What is wrong with a row refuses that row; what is wrong with the file as a whole refuses all of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_right_goes_in_and_nothing_else() {
    let place = Place::new().await;
    let header = "reference,team,started_on,restricted,outcome\n";
    for (name, rows, codes, taken) in [
        ("dates.csv", "A,North,2026-02-30,no,\nB,North,02/13/2026,no,\nC,North,2026-02-03,no,\n", "bad_date bad_date", "C"),
        ("swapped.csv", "2026-01-05,D,North,no,\nE,2026-01-05,North,no,\n", "bad_date bad_date", ""),
        ("shifted.csv", "F,North,,2026-01-05,no,\nG,North,2026-01-05\n", "wrong_cell_count bad_flag unknown_word", ""),
        ("odd.csv", "H\u{0}x,North,2026-01-05,no,\n", "unreadable_file", ""),
        (
            "invisible.csv",
            "I\u{200b},North,2026-01-05,no,\nJ\u{202e},,,,\nK,\u{7}North,2026-01-05,no,\n",
            "bad_text bad_text bad_text",
            "",
        ),
        ("quote.csv", "L,North,2026-01-05,no,\nM,\"North,2026-01-05,no,\nN,North,2026-01-05,no,\n", "unclosed_quote", ""),
        ("twice.csv", "O,North,2026-01-05,no,\nO,South,2026-01-05,no,\nP,,,,\n", "repeated_reference repeated_reference", "P"),
    ] {
        let path = file(place.folder.path(), name, &format!("{header}{rows}"));
        let refused = refusal(&place.run(&["import", "--source", name, &path]));
        let told: Vec<&str> = refused.lines().filter_map(|line| line.split_once("refused (")?.1.split(')').next()).collect();
        assert_eq!(told.join(" "), codes, "{name}: {refused}");
        let recorded: Vec<String> =
            sqlx::query_scalar("SELECT case_reference FROM source_cases WHERE source = $1 ORDER BY case_reference")
                .bind(name)
                .fetch_all(&place.database.pool)
                .await
                .expect("the table is there");
        assert_eq!(recorded.join(" "), taken, "{name}");
    }
    assert_eq!(place.count("SELECT count(*) FROM cases").await, 2);
    place.database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_line_repeats_what_stands_in_a_cell() {
    let place = Place::new().await;
    let text =
        "reference,team,started_on,restricted,outcome\nA,North,Jane Doe 1990-01-01,Jane Doe,Jane Doe\nB,\"Jane\nDoe\",,,\n";
    let path = file(place.folder.path(), "t.csv", text);
    let output = place.run(&["import", &path]);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), refusal(&output));
    assert_eq!(said.matches("refused (").count(), 4, "{said}");
    assert!(!said.contains("Jane") && !said.contains("1990"), "{said}");
    place.database.close().await;
}
