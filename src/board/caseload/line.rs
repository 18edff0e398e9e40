//! A case on the list, in words.

use jiff::civil::Date;

use crate::api::cases::{DriftView, ListedCase};
use crate::board::draw::row::{Period, Row};
use crate::board::words;
use crate::domain::calendar::{Counted, days_between, in_words};
use crate::domain::course::Status;
use crate::domain::risk::Rag;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;

/// A case as it stands on its line.
pub struct Line {
    pub reference: String,
    pub team: Option<String>,
    pub restricted: bool,
    pub rag: Rag,
    pub rag_in_words: &'static str,
    /// How many findings of each severity, where there are any.
    pub counts: Option<String>,
    /// Where it stands, unless it is simply in pre-proceedings.
    pub status: Option<&'static str>,
    /// Absent where it is not in pre-proceedings.
    pub open_for: Option<String>,
    /// Absent where a decision has ended the period, or it has not begun.
    pub end: Option<String>,
    /// Whether a birth sets the end, whose day would give the birth away.
    pub is_by_birth: bool,
    /// How far the end is away, either way.
    pub to_end: Option<String>,
    pub deadline: Option<(String, String)>,
    /// What stands at amber or red: its severity, where that is known, and what it is.
    pub drifts: Vec<(Option<Severity>, String)>,
    pub since: Option<String>,
    pub drawing: Option<Row>,
}

impl Line {
    /// Puts a case into words, as of a day.
    pub fn of(case: ListedCase, today: Date) -> Self {
        let is_by_birth = case.end.as_ref().is_some_and(|end| end.set_by.is_a_birth());
        let end = case.end.as_ref().filter(|_| case.status == Some(Status::Open) && !is_by_birth).map(|end| end.on);
        Self {
            drifts: what_drifts(&case),
            rag_in_words: words::rag(case.rag),
            counts: counts(case.reds, case.ambers),
            status: case.status.filter(|&status| status != Status::Open).map(words::status),
            open_for: case.weeks_open.map(|weeks| Counted(weeks, "week").to_string()),
            end: end.map(in_words),
            is_by_birth,
            to_end: end.map(|end| to_end(end, today)),
            deadline: case.next_deadline.map(|deadline| (deadline.what, in_words(deadline.on))),
            // Of the days of a birth the first would be one.
            since: case.since_on.filter(|_| !is_by_birth).map(in_words),
            drawing: case
                .started_on
                .zip(end)
                .and_then(|(start, end)| Row::of(&Period { start, base_end: case.base_end, end, today })),
            reference: case.reference,
            team: case.team,
            restricted: case.restricted,
            rag: case.rag,
        }
    }
}

/// What each rule finds that finds something; where that is not known beside the case, the rules alone.
fn what_drifts(case: &ListedCase) -> Vec<(Option<Severity>, String)> {
    let title = |code: &str| Rule::from_code(code).map(Rule::title);
    if case.drifts.is_empty() && case.rag != Rag::Green {
        return case.rules.iter().filter_map(|code| Some((None, title(code)?.to_owned()))).collect();
    }
    let said = |drift: &DriftView| {
        let times = if drift.findings > 1 { format!(" ({} times)", drift.findings) } else { String::new() };
        Some((Some(drift.severity), format!("{}{times}", title(&drift.rule)?)))
    };
    case.drifts.iter().filter_map(said).collect()
}

fn counts(reds: u16, ambers: u16) -> Option<String> {
    let said = [(reds, "red"), (ambers, "amber")].into_iter().filter(|(many, _)| *many > 0);
    let said: Vec<String> = said.map(|(many, what)| format!("{many} {what}")).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

fn to_end(end: Date, today: Date) -> String {
    match days_between(end, today) {
        0 => "today".to_owned(),
        over @ 1.. => format!("{} over", Counted(over, "day")),
        left => format!("{} left", Counted(-left, "day")),
    }
}
