//! Facts as a council's own program writes them: plain SQL, beside the same change to the test's own copy of the case.

use jiff::civil::Date;
use plo_drift::domain::case::{Case, Engagement, Outcome, Oversight};

/// A change of what is on record.
#[derive(Clone, Debug)]
pub enum Change {
    /// A case is recorded that was not on record at all.
    Arrives(Box<Case>),
    /// The start is recorded.
    Started(Date),
    /// The letter is recorded.
    Letter(Date),
    /// A meeting is recorded as held.
    Held(u32, Date),
    /// An assessment is recorded as received.
    Received(u32, Date),
    /// A look from above is recorded.
    LookedAt(Oversight),
    /// What was taken for oversight on a day turns out to be a tick.
    WithoutRationale(Date),
    /// An appointment is recorded.
    Appointment(Engagement),
    /// An appointment that was missed turns out to be excused.
    Excused(Date),
    /// An assessment is promised for another day.
    Promised(u32, Date),
    /// The decision is recorded.
    Decided(Date, Outcome),
    /// A birth is recorded.
    Born(String, Date),
    /// Another team owns the case.
    Team(Option<&'static str>),
    /// Access is restricted, or is no more.
    Restricted(bool),
}

impl Change {
    /// Makes it to the test's own copy of a case.
    pub fn apply(&self, case: &mut Case) {
        match self {
            Self::Arrives(whole) => case.clone_from(whole),
            Self::Started(on) => case.started_on = Some(*on),
            Self::Letter(on) => case.lbp_sent_on = Some(*on),
            Self::Held(sequence, on) => {
                let held = |meeting: &&mut plo_drift::domain::case::Meeting| meeting.sequence == *sequence;
                case.meetings.iter_mut().find(held).expect("the meeting is planned").held_on = Some(*on);
            }
            Self::Received(sequence, on) => {
                let received = |one: &&mut plo_drift::domain::case::Assessment| one.sequence == *sequence;
                case.assessments.iter_mut().find(received).expect("it is commissioned").received_on = Some(*on);
            }
            Self::LookedAt(looked) => case.oversight.push(looked.clone()),
            Self::WithoutRationale(on) => {
                case.oversight
                    .iter_mut()
                    .filter(|looked| looked.on == *on)
                    .for_each(|looked| looked.rationale_recorded = false);
            }
            Self::Appointment(appointment) => case.engagement.push(appointment.clone()),
            Self::Excused(on) => {
                let missed = case.engagement.iter_mut().filter(|appointment| appointment.on == *on && !appointment.attended);
                missed.for_each(|appointment| appointment.excused = true);
            }
            Self::Promised(sequence, on) => {
                case.assessments.iter_mut().filter(|one| one.sequence == *sequence).for_each(|one| one.due_on = Some(*on));
            }
            Self::Decided(on, outcome) => (case.step_decision_on, case.outcome) = (Some(*on), Some(*outcome)),
            Self::Born(child, on) => {
                case.children.iter_mut().filter(|one| one.reference == *child).for_each(|one| one.date_of_birth = Some(*on));
            }
            Self::Team(team) => case.team = team.map(str::to_owned),
            Self::Restricted(restricted) => case.restricted = *restricted,
        }
    }

    /// The same in SQL.
    pub fn sql(&self, case: &str) -> String {
        let set = |what: String| format!("UPDATE cases SET {what} WHERE reference = '{case}'");
        match self {
            Self::Arrives(whole) => insert(whole),
            Self::Started(on) => set(format!("started_on = '{on}'")),
            Self::Letter(on) => set(format!("lbp_sent_on = '{on}'")),
            Self::Held(sequence, on) => {
                format!("UPDATE meetings SET held_on = '{on}' WHERE case_reference = '{case}' AND sequence = {sequence}")
            }
            Self::Received(sequence, on) => {
                format!("UPDATE assessments SET received_on = '{on}' WHERE case_reference = '{case}' AND sequence = {sequence}")
            }
            Self::LookedAt(looked) => oversight(case, looked),
            Self::WithoutRationale(on) => {
                format!("UPDATE oversight SET rationale_recorded = false WHERE case_reference = '{case}' AND \"on\" = '{on}'")
            }
            Self::Appointment(kept) => engagement(case, kept),
            Self::Excused(on) => {
                format!(
                    "UPDATE engagement SET excused = true WHERE case_reference = '{case}' AND \"on\" = '{on}' AND NOT attended"
                )
            }
            Self::Promised(sequence, on) => {
                format!("UPDATE assessments SET due_on = '{on}' WHERE case_reference = '{case}' AND sequence = {sequence}")
            }
            Self::Decided(on, outcome) => set(format!("step_decision_on = '{on}', outcome = '{outcome}'")),
            Self::Born(child, on) => {
                format!("UPDATE children SET date_of_birth = '{on}' WHERE case_reference = '{case}' AND reference = '{child}'")
            }
            Self::Team(team) => set(format!("team = {}", text(*team))),
            Self::Restricted(restricted) => set(format!("restricted = {restricted}")),
        }
    }
}

/// A whole case in SQL.
pub fn insert(case: &Case) -> String {
    let reference = &case.reference;
    let head = format!(
        "INSERT INTO cases (reference, family_reference, team, restricted, recorded_on, started_on, lbp_sent_on, fgdm_offered,
            step_decision_on, outcome, court_application_on, letter_of_issue_on, closed_on)
        VALUES ('{reference}', {}, {}, {}, '{}', {}, {}, {}, {}, {}, {}, {}, {})",
        text(case.family_reference.as_deref()),
        text(case.team.as_deref()),
        case.restricted,
        case.recorded_on,
        text(case.started_on),
        text(case.lbp_sent_on),
        case.fgdm_offered.map_or("NULL".to_owned(), |offered| offered.to_string()),
        text(case.step_decision_on),
        text(case.outcome),
        text(case.court_application_on),
        text(case.letter_of_issue_on),
        text(case.closed_on)
    );
    let mut statements = vec![head];
    statements.extend(case.children.iter().map(|child| {
        let (born, expected, ended) =
            (text(child.date_of_birth), text(child.expected_delivery_on), text(child.pregnancy_ended_on));
        format!("INSERT INTO children VALUES ('{reference}', '{}', {born}, {expected}, {ended})", child.reference)
    }));
    statements.extend(case.meetings.iter().map(|meeting| {
        let (planned, held_on, cancelled) = (text(meeting.planned_on), text(meeting.held_on), text(meeting.cancelled_on));
        let (sequence, kind) = (meeting.sequence, meeting.kind);
        format!("INSERT INTO meetings VALUES ('{reference}', {sequence}, '{kind}', {planned}, {held_on}, {cancelled})")
    }));
    statements.extend(case.assessments.iter().map(|one| {
        let (commissioned, due, received) = (text(one.commissioned_on), text(one.due_on), text(one.received_on));
        format!(
            "INSERT INTO assessments VALUES ('{reference}', {}, '{}', {commissioned}, {due}, {received})",
            one.sequence, one.kind
        )
    }));
    statements.extend(case.extensions.iter().map(|extension| {
        format!(
            "INSERT INTO extensions VALUES ('{reference}', {}, '{}', '{}', {}, {}, {}, {})",
            extension.sequence,
            extension.requested_on,
            extension.decision,
            text(extension.decided_on),
            text(extension.new_end_on),
            text(extension.approved_by_grade.as_deref()),
            extension.rationale_recorded
        )
    }));
    statements.extend(case.engagement.iter().map(|appointment| engagement(reference, appointment)));
    statements.extend(case.oversight.iter().map(|looked| oversight(reference, looked)));
    statements.extend(case.allocations.iter().map(|allocation| {
        let (from, worker) = (allocation.from_on, &allocation.worker);
        format!("INSERT INTO allocations (case_reference, from_on, worker) VALUES ('{reference}', '{from}', '{worker}')")
    }));
    statements.join(";\n")
}

fn engagement(case: &str, kept: &Engagement) -> String {
    let Engagement { on, attended, person, kind, excused } = kept;
    format!(
        "INSERT INTO engagement (case_reference, \"on\", attended, person, kind, excused)
        VALUES ('{case}', '{on}', {attended}, '{person}', {}, {excused})",
        text(kind.as_deref())
    )
}

fn oversight(case: &str, looked: &Oversight) -> String {
    let Oversight { on, kind, rationale_recorded } = looked;
    format!(
        "INSERT INTO oversight (case_reference, \"on\", kind, rationale_recorded) VALUES ('{case}', '{on}', '{kind}', {rationale_recorded})"
    )
}

/// A text or a date in SQL, or that there is none.
fn text(value: Option<impl std::fmt::Display>) -> String {
    value.map_or("NULL".to_owned(), |value| format!("'{value}'"))
}
