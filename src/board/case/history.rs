//! Every change of what is recorded of a case: what it was and became, when, by whom and where from.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use jiff::civil::Date;
use serde_json::Value;

use super::told::capitalised;
use crate::api::SharedState;
use crate::api::frame::Now;
use crate::api::history::{self, ChangeView, FieldView};
use crate::api::parameters::{Parameters, Reference};
use crate::api::problem::Problem;
use crate::board::choices::{Chosen, Pages};
use crate::board::page::{self, Frame, Here, Visitor};
use crate::board::words;
use crate::domain::calendar::in_words;
use crate::fields::civil_date;
use crate::store::changes::FactChange;

/// Fields whose days are not shown.
const OF_A_BIRTH: [&str; 3] = ["date_of_birth", "expected_delivery_on", "pregnancy_ended_on"];

#[derive(Template)]
#[template(path = "history.html", config = "src/board/templates/askama.toml")]
struct HistoryPage {
    frame: Frame,
    reference: String,
    today: Date,
    chosen: Chosen,
    changes: Vec<Change>,
    pages: Pages,
}

/// A change of one fact.
struct Change {
    at: String,
    by: String,
    source: Option<String>,
    what: String,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    /// Absent where the fact was not there before.
    was: Option<String>,
    /// Absent where it is not there any more.
    became: Option<String>,
}

/// Fields that hold a word of a set, whose code has no spaces.
const CODED: [&str; 4] = ["kind", "outcome", "decision", "approved_by_grade"];

/// Shows the changes, the newest first.
///
/// # Errors
///
/// The case does not exist for whoever looks; wrong parameters; the database does not answer.
pub async fn show(
    State(state): State<SharedState>,
    Now(now): Now,
    visitor: Visitor,
    Reference(reference): Reference,
    RawQuery(query): RawQuery,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let chosen = Chosen::of(&query.unwrap_or_default());
    let history = history::ask(&state, &visitor.caller, &reference, parameters.without_blanks()).await?;
    let address = page::path(&state.site.root, &["cases", &reference, "history"]);
    let page = HistoryPage {
        frame: Frame::of(&state, &visitor, Here::Cases),
        reference,
        today: now.today,
        pages: Pages::of(&address, &chosen, history.next_cursor.as_deref()),
        changes: history.changes.into_iter().map(Change::of).collect(),
        chosen,
    };
    Ok(page::answer(&page))
}

impl Change {
    fn of(change: ChangeView) -> Self {
        let done = match change.change {
            FactChange::Added => "added",
            FactChange::Changed => "changed",
            FactChange::Removed => "taken back",
        };
        Self {
            at: words::moment(change.origin.at),
            by: capitalised(&change.origin.by),
            source: change.origin.source,
            what: format!("{} {done}", fact(&change.table, &change.fact)),
            fields: change.fields.iter().map(|field| Field::of(field, change.change)).collect(),
        }
    }
}

/// A fact, as a line begins with it: `/meetings/sequence=2` is meeting 2.
fn fact(table: &str, fact: &str) -> String {
    let kind = match table {
        "cases" => "Case",
        "children" => "Child",
        "meetings" => "Meeting",
        "assessments" => "Assessment",
        "extensions" => "Extension",
        "engagement" => "Appointment",
        "oversight" => "Oversight",
        "allocations" => "Allocation",
        other => other,
    };
    match fact.rsplit_once('/').and_then(|(_, key)| key.split_once('=')) {
        Some(("sequence" | "reference", key)) => format!("{kind} {key}"),
        _ => kind.to_owned(),
    }
}

impl Field {
    fn of(field: &FieldView, change: FactChange) -> Self {
        let said = |value: Option<&Value>| said(&field.field, value);
        Self {
            was: (change != FactChange::Added).then(|| said(field.old.as_ref())),
            became: (change != FactChange::Removed).then(|| said(field.new.as_ref())),
            name: name(&field.field),
        }
    }
}

/// A value as people say it; days of births are not told.
fn said(field: &str, value: Option<&Value>) -> String {
    match value {
        None => "Not given".to_owned(),
        Some(_) if OF_A_BIRTH.contains(&field) => "A day, not shown here".to_owned(),
        Some(Value::Bool(true)) => "Yes".to_owned(),
        Some(Value::Bool(false)) => "No".to_owned(),
        Some(Value::String(text)) if CODED.contains(&field) => capitalised(&text.replace('_', " ")),
        Some(Value::String(text)) => civil_date(text).map_or_else(|_| text.clone(), in_words),
        Some(other) => other.to_string(),
    }
}

/// The name of a field as people say it.
fn name(field: &str) -> String {
    match field {
        "started_on" => "Decision to enter pre-proceedings".to_owned(),
        "lbp_sent_on" => "Letter before proceedings sent".to_owned(),
        "fgdm_offered" => "Family group decision-making offered".to_owned(),
        "fgdm_facilitated" => "Family group decision-making held".to_owned(),
        "fgdm_exempt" => "Family group decision-making not needed".to_owned(),
        "step_decision_on" => "Decision to step up or down".to_owned(),
        "court_application_on" => "Application to the court".to_owned(),
        "letter_of_issue_on" => "Letter of issue".to_owned(),
        "occurred_on" | "on" => "Day".to_owned(),
        "rationale_recorded" => "Reasons recorded".to_owned(),
        "approved_by_grade" => "Approved by".to_owned(),
        "sequence" => "Number".to_owned(),
        other => capitalised(&other.strip_suffix("_on").unwrap_or(other).replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[rstest::rstest]
    #[case("cases", "", "Case")]
    #[case("meetings", "/meetings/sequence=2", "Meeting 2")]
    #[case("engagement", "/engagement/id=17", "Appointment")]
    #[case("children", "/children/reference=CH-1", "Child CH-1")]
    fn facts_are_called_as_people_call_them(#[case] table: &str, #[case] pointer: &str, #[case] expected: &str) {
        assert_eq!(fact(table, pointer), expected);
    }

    #[rstest::rstest]
    #[case("planned_on", json!(null), json!("2026-06-15"), "Planned: Not given > 15 June 2026")]
    #[case("restricted", json!(false), json!(true), "Restricted: No > Yes")]
    #[case("sequence", json!(null), json!(2), "Number: Not given > 2")]
    #[case("kind", json!("review"), json!("final_review"), "Kind: Review > Final review")]
    #[case("date_of_birth", json!("2026-06-15"), json!(null), "Date of birth: A day, not shown here > Not given")]
    #[case("expected_delivery_on", json!(null), json!("2026-06-15"), "Expected delivery: Not given > A day, not shown here")]
    fn fields_are_told_and_births_are_not(#[case] field: &str, #[case] old: Value, #[case] new: Value, #[case] expected: &str) {
        let given = |value: Value| Some(value).filter(|value| !value.is_null());
        let field = FieldView { field: field.to_owned(), old: given(old), new: given(new) };
        let told = |change| {
            let Field { name, was, became } = Field::of(&field, change);
            format!("{name}: {}", [was, became].into_iter().flatten().collect::<Vec<_>>().join(" > "))
        };
        assert_eq!(told(FactChange::Changed), expected);
        let (name, rest) = expected.split_once(": ").expect("a name");
        let (was, became) = rest.split_once(" > ").expect("two values");
        assert_eq!(told(FactChange::Added), format!("{name}: {became}"));
        assert_eq!(told(FactChange::Removed), format!("{name}: {was}"));
    }
}
