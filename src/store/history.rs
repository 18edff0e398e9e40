//! What was recorded at some moment: a case, from the history of its changes, and the policy in force.
//!
//! The history is written by triggers and holds whole rows, so a case as it was comes of taking its changes in once more.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use serde_json::Value;
use sqlx::PgConnection;

use super::known;
use crate::domain::case::{
    Allocation, Assessment, AssessmentKind, Case, Child, Engagement, Extension, ExtensionDecision, Meeting, MeetingKind,
    Outcome, Oversight, OversightKind,
};

/// A case by what was recorded before a moment; absent where the case was not. It sees its family's step-downs as they were
/// recorded by then, too.
///
/// # Errors
///
/// The database does not answer, or the history holds what is not known here.
pub async fn case_as_recorded_at(
    connection: &mut PgConnection,
    reference: &str,
    moment: Timestamp,
) -> Result<Option<Case>, sqlx::Error> {
    let changes = sqlx::query!(
        "-- history.case_as_recorded_at
        SELECT fact_table, old_value, new_value FROM case_history WHERE case_reference = $1 AND changed_at < $2 ORDER BY id",
        reference,
        moment.to_sqlx() as _
    );
    let mut facts = BTreeMap::new();
    for change in changes.fetch_all(&mut *connection).await? {
        if let Some(old) = change.old_value.map(Fact) {
            facts.remove(&old.place(&change.fact_table));
        }
        if let Some(new) = change.new_value.map(Fact) {
            facts.insert(new.place(&change.fact_table), new);
        }
    }
    let Some(head) = facts.iter().find(|(place, _)| place.0 == "cases").map(|(_, head)| head) else { return Ok(None) };
    let mut case = known(head.case(), "case_history")?;
    for ((table, ..), fact) in &facts {
        known(fact.add_to(&mut case, table), "case_history")?;
    }
    if let Some(family) = &case.family_reference {
        case.family_step_downs = family_step_downs(connection, reference, family, moment).await?;
    }
    Ok(Some(case))
}

/// When a case was first recorded; absent where no history of it is kept.
///
/// # Errors
///
/// The database does not answer.
pub async fn first_recorded_at(connection: &mut PgConnection, reference: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    let first = sqlx::query_scalar!(
        "-- history.first_recorded_at
        SELECT changed_at FROM case_history WHERE case_reference = $1 AND fact_table = 'cases' ORDER BY id LIMIT 1",
        reference
    );
    Ok(first.fetch_optional(connection).await?.map(jiff_sqlx::Timestamp::to_jiff))
}

async fn family_step_downs(
    connection: &mut PgConnection,
    reference: &str,
    family: &str,
    moment: Timestamp,
) -> Result<Vec<Date>, sqlx::Error> {
    let days = sqlx::query_scalar!(
        r#"-- history.family_step_downs
        SELECT (latest.new_value ->> 'step_decision_on')::date AS "decided_on!"
        FROM (
            SELECT DISTINCT case_reference FROM case_history
            WHERE fact_table = 'cases' AND new_value ->> 'family_reference' = $2 AND case_reference <> $1
        ) AS other CROSS JOIN LATERAL (
            SELECT new_value FROM case_history AS change
            WHERE change.case_reference = other.case_reference AND fact_table = 'cases' AND changed_at < $3
            ORDER BY id DESC LIMIT 1
        ) AS latest
        WHERE latest.new_value ->> 'family_reference' = $2 AND latest.new_value ->> 'outcome' = 'step_down'
            AND latest.new_value ->> 'step_decision_on' IS NOT NULL
        ORDER BY 1"#,
        reference,
        family,
        moment.to_sqlx() as _
    );
    Ok(days.fetch_all(connection).await?.into_iter().map(jiff_sqlx::Date::to_jiff).collect())
}

/// A row of a fact table, as the history keeps it.
struct Fact(Value);

/// Where a row stands among all of a case: its table, its number and its reference. Within a table they are in the order in which
/// a case has its lists.
type Place = (String, i64, String);

impl Fact {
    fn place(&self, table: &str) -> Place {
        let number = self.0.get("sequence").or(self.0.get("id")).and_then(Value::as_i64);
        (table.to_owned(), number.unwrap_or_default(), self.text("reference").unwrap_or_default())
    }

    fn text(&self, column: &str) -> Option<String> {
        self.0.get(column)?.as_str().map(str::to_owned)
    }

    fn day(&self, column: &str) -> Option<Date> {
        self.0.get(column)?.as_str()?.parse().ok()
    }

    fn flag(&self, column: &str) -> Option<bool> {
        self.0.get(column)?.as_bool()
    }

    fn sequence(&self) -> Option<u32> {
        u32::try_from(self.0.get("sequence")?.as_u64()?).ok()
    }

    fn word<T>(&self, column: &str, read: fn(&str) -> Option<T>) -> Option<T> {
        read(self.0.get(column)?.as_str()?)
    }

    fn case(&self) -> Option<Case> {
        Some(Case {
            family_reference: self.text("family_reference"),
            team: self.text("team"),
            restricted: self.flag("restricted")?,
            started_on: self.day("started_on"),
            lbp_sent_on: self.day("lbp_sent_on"),
            fgdm_offered: self.flag("fgdm_offered"),
            fgdm_facilitated: self.flag("fgdm_facilitated"),
            fgdm_exempt: self.flag("fgdm_exempt"),
            step_decision_on: self.day("step_decision_on"),
            outcome: self.word("outcome", Outcome::from_code),
            court_application_on: self.day("court_application_on"),
            letter_of_issue_on: self.day("letter_of_issue_on"),
            closed_on: self.day("closed_on"),
            ..Case::new(self.text("reference")?, self.day("recorded_on")?)
        })
    }

    /// Adds the row to its list.
    fn add_to(&self, case: &mut Case, table: &str) -> Option<()> {
        match table {
            "children" => case.children.push(self.child()?),
            "meetings" => case.meetings.push(self.meeting()?),
            "assessments" => case.assessments.push(self.assessment()?),
            "extensions" => case.extensions.push(self.extension()?),
            "engagement" => case.engagement.push(self.engagement()?),
            "oversight" => case.oversight.push(self.oversight()?),
            "allocations" => {
                case.allocations.push(Allocation { from_on: self.day("from_on")?, worker: self.text("worker")? });
            }
            _ => {}
        }
        Some(())
    }

    fn child(&self) -> Option<Child> {
        Some(Child {
            reference: self.text("reference")?,
            date_of_birth: self.day("date_of_birth"),
            expected_delivery_on: self.day("expected_delivery_on"),
            pregnancy_ended_on: self.day("pregnancy_ended_on"),
        })
    }

    fn meeting(&self) -> Option<Meeting> {
        Some(Meeting {
            sequence: self.sequence()?,
            kind: self.word("kind", MeetingKind::from_code)?,
            planned_on: self.day("planned_on"),
            held_on: self.day("held_on"),
            cancelled_on: self.day("cancelled_on"),
        })
    }

    fn assessment(&self) -> Option<Assessment> {
        Some(Assessment {
            sequence: self.sequence()?,
            kind: self.word("kind", AssessmentKind::from_code)?,
            commissioned_on: self.day("commissioned_on"),
            due_on: self.day("due_on"),
            received_on: self.day("received_on"),
        })
    }

    fn extension(&self) -> Option<Extension> {
        Some(Extension {
            sequence: self.sequence()?,
            requested_on: self.day("requested_on")?,
            decision: self.word("decision", ExtensionDecision::from_code)?,
            decided_on: self.day("decided_on"),
            new_end_on: self.day("new_end_on"),
            approved_by_grade: self.text("approved_by_grade"),
            rationale_recorded: self.flag("rationale_recorded")?,
        })
    }

    fn engagement(&self) -> Option<Engagement> {
        Some(Engagement {
            on: self.day("on")?,
            attended: self.flag("attended")?,
            person: self.text("person")?,
            kind: self.text("kind"),
            excused: self.flag("excused")?,
        })
    }

    fn oversight(&self) -> Option<Oversight> {
        Some(Oversight {
            on: self.day("on")?,
            kind: self.word("kind", OversightKind::from_code)?,
            rationale_recorded: self.flag("rationale_recorded")?,
        })
    }
}
