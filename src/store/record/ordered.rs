//! Lists whose entries have no number: their order tells which of two on a day is the later.
//!
//! An entry that stands in both keeps its row, and with it when and by whom it was recorded. New entries come after all that are
//! kept, so what is kept is the longest beginning of the new list that the stored one holds in this order.

use std::collections::HashMap;

use serde_json::Value;
use sqlx::PgConnection;

/// A stored entry.
struct Stored {
    id: i64,
    case_reference: String,
    entry: Value,
}

/// Which rows go, and how many entries of the new list are kept.
fn compare(stored: &[Stored], given: &[Value]) -> (Vec<i64>, usize) {
    let (mut gone, mut kept) = (Vec::new(), 0);
    for row in stored {
        if given.get(kept) == Some(&row.entry) { kept += 1 } else { gone.push(row.id) }
    }
    (gone, kept)
}

/// Which rows of a list go, and which entries come to which case, over all documents; rows stand by case, in their order.
fn compare_all(stored: &[Stored], documents: &Value, list: &str) -> (Vec<i64>, Value) {
    let (mut gone, mut new) = (Vec::new(), Vec::new());
    let rows_of: HashMap<&str, &[Stored]> = stored
        .chunk_by(|a, b| a.case_reference == b.case_reference)
        .map(|rows| (rows[0].case_reference.as_str(), rows))
        .collect();
    for document in documents.as_array().into_iter().flatten() {
        let rows = document["reference"].as_str().and_then(|case| rows_of.get(case)).copied().unwrap_or_default();
        let given = document[list].as_array().map_or(&[][..], Vec::as_slice);
        let (its_gone, kept) = compare(rows, given);
        gone.extend(its_gone);
        new.extend(given[kept..].iter().map(|entry| {
            let mut entry = entry.clone();
            entry["case_reference"] = document["reference"].clone();
            entry
        }));
    }
    (gone, Value::from(new))
}

/// The references of an array of documents.
fn references(documents: &Value) -> Vec<String> {
    let references = documents.as_array().into_iter().flatten().filter_map(|document| document["reference"].as_str());
    references.map(str::to_owned).collect()
}

/// Brings the lists to what an array of case documents says.
pub(super) async fn write(connection: &mut PgConnection, documents: &Value) -> Result<(), sqlx::Error> {
    let cases = references(documents);
    engagement(connection, &cases, documents).await?;
    oversight(connection, &cases, documents).await?;
    allocations(connection, &cases, documents).await
}

async fn engagement(connection: &mut PgConnection, cases: &[String], documents: &Value) -> Result<(), sqlx::Error> {
    let stored = sqlx::query_as!(
        Stored,
        r#"-- record.engagement_stored
        SELECT id, case_reference, jsonb_build_object('on', "on", 'attended', attended, 'person', person, 'kind', kind, 'excused', excused) AS "entry!"
        FROM engagement WHERE case_reference = ANY($1) ORDER BY case_reference, id FOR UPDATE"#,
        cases
    );
    let (gone, new) = compare_all(&stored.fetch_all(&mut *connection).await?, documents, "engagement");
    sqlx::query!("-- record.engagement_gone\nDELETE FROM engagement WHERE id = ANY($1)", &gone)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        r#"-- record.engagement
        INSERT INTO engagement (case_reference, "on", attended, person, kind, excused)
        SELECT case_reference, "on", attended, person, kind, excused
        FROM ROWS FROM (
            jsonb_to_recordset($1) AS (case_reference text, "on" date, attended boolean, person text, kind text, excused boolean)
        ) WITH ORDINALITY AS given (case_reference, "on", attended, person, kind, excused, place)
        ORDER BY place"#,
        new
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn oversight(connection: &mut PgConnection, cases: &[String], documents: &Value) -> Result<(), sqlx::Error> {
    let stored = sqlx::query_as!(
        Stored,
        r#"-- record.oversight_stored
        SELECT id, case_reference, jsonb_build_object('on', "on", 'kind', kind, 'rationale_recorded', rationale_recorded) AS "entry!"
        FROM oversight WHERE case_reference = ANY($1) ORDER BY case_reference, id FOR UPDATE"#,
        cases
    );
    let (gone, new) = compare_all(&stored.fetch_all(&mut *connection).await?, documents, "oversight");
    sqlx::query!("-- record.oversight_gone\nDELETE FROM oversight WHERE id = ANY($1)", &gone).execute(&mut *connection).await?;
    sqlx::query!(
        r#"-- record.oversight
        INSERT INTO oversight (case_reference, "on", kind, rationale_recorded)
        SELECT case_reference, "on", kind, rationale_recorded
        FROM ROWS FROM (
            jsonb_to_recordset($1) AS (case_reference text, "on" date, kind text, rationale_recorded boolean)
        ) WITH ORDINALITY AS given (case_reference, "on", kind, rationale_recorded, place)
        ORDER BY place"#,
        new
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn allocations(connection: &mut PgConnection, cases: &[String], documents: &Value) -> Result<(), sqlx::Error> {
    let stored = sqlx::query_as!(
        Stored,
        r#"-- record.allocations_stored
        SELECT id, case_reference, jsonb_build_object('from_on', from_on, 'worker', worker) AS "entry!"
        FROM allocations WHERE case_reference = ANY($1) ORDER BY case_reference, id FOR UPDATE"#,
        cases
    );
    let (gone, new) = compare_all(&stored.fetch_all(&mut *connection).await?, documents, "allocations");
    sqlx::query!("-- record.allocations_gone\nDELETE FROM allocations WHERE id = ANY($1)", &gone)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        r#"-- record.allocations
        INSERT INTO allocations (case_reference, from_on, worker)
        SELECT case_reference, from_on, worker
        FROM ROWS FROM (
            jsonb_to_recordset($1) AS (case_reference text, from_on date, worker text)
        ) WITH ORDINALITY AS given (case_reference, from_on, worker, place)
        ORDER BY place"#,
        new
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::the_same("abc", "abc", "", 3)]
    #[case::one_more("ab", "abc", "", 2)]
    #[case::one_less("abc", "ac", "2", 2)]
    #[case::one_changed("abc", "axc", "2 3", 1)]
    #[case::one_before("bc", "abc", "1 2", 0)]
    #[case::twice_the_same("aab", "ab", "2", 2)]
    #[case::none("abc", "", "1 2 3", 0)]
    #[case::all_new("", "ab", "", 0)]
    fn what_stays_in_order_keeps_its_row(#[case] stored: &str, #[case] given: &str, #[case] gone: &str, #[case] kept: usize) {
        let entries = |text: &str| text.chars().map(|letter| Value::from(letter.to_string())).collect::<Vec<_>>();
        let stored: Vec<Stored> =
            (1..).zip(entries(stored)).map(|(id, entry)| Stored { id, case_reference: "A".into(), entry }).collect();
        let compared = compare(&stored, &entries(given));
        let gone: Vec<i64> = gone.split_whitespace().map(|id| id.parse().expect("it is a number")).collect();
        assert_eq!(compared, (gone, kept));
    }
}
