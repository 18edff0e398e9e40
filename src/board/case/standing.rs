//! How a case stands: its heading, what drifts, and the alerts of it.

use jiff::civil::Date;

use super::told::told;
use crate::api::alerts::Alert;
use crate::api::case_view::CaseView;
use crate::api::explain::Explanation;
use crate::board::answering::Answering;
use crate::board::words;
use crate::domain::calendar::{Counted, days_between, in_words};
use crate::domain::case::{Case, Child};
use crate::domain::course::Status;
use crate::domain::period::long;
use crate::domain::policy::Policy;
use crate::domain::schedule::Severity;
use crate::store::alert_list::AlertState;

/// What stands at the head of the page.
pub struct Standing {
    pub reference: String,
    pub team: Option<String>,
    pub restricted: bool,
    pub rag: &'static str,
    pub rag_in_words: &'static str,
    /// How many findings there are of each severity; absent where there are none.
    pub counts: Option<String>,
    /// Each with what it is.
    pub rows: Vec<(&'static str, String)>,
}

/// Something that drifts.
pub struct Drifting {
    pub title: &'static str,
    pub severity: &'static str,
    pub severity_in_words: &'static str,
    pub evidence: String,
    /// Since when, in a sentence; absent where that would give a birth away.
    pub since: Option<String>,
    /// The alert that stands for it.
    pub alert: Option<AlertOf>,
}

/// The alert of what drifts.
pub struct AlertOf {
    pub id: String,
    /// What has become of it.
    pub state: &'static str,
    /// The forms by which it is answered; absent where it is not for whoever looks to do that, or not now.
    pub answering: Option<Answering>,
}

/// An alert on its line.
pub struct AlertLine {
    pub id: String,
    pub title: String,
    pub severity: String,
    pub severity_in_words: &'static str,
    pub state: &'static str,
    pub is_open: bool,
    pub opened: String,
    pub resolved: Option<String>,
    /// Who was told of it, and when.
    pub told: Vec<String>,
    turn: i32,
    rule: String,
    subject: String,
}

impl Standing {
    /// Puts a case into words.
    pub fn of(view: &CaseView) -> Self {
        let hides_its_end = view.end.as_ref().is_some_and(|end| end.set_by.is_a_birth());
        let row = |what, said: Option<String>| Some((what, said?));
        let end = view.end.as_ref().map(|end| {
            if hides_its_end {
                format!("Set by {}; the day is in the case record and is not shown here", words::set_by(end.set_by))
            } else {
                let away = if view.weeks_open.is_some() { format!("; {}", to_end(end.on, view.on)) } else { String::new() };
                format!("{}, set by {}{away}", in_words(end.on), words::set_by(end.set_by))
            }
        });
        let first_end = view.base_end.filter(|&base| view.end.as_ref().is_some_and(|end| end.on != base));
        let rows = [
            row("Where it stands", Some(where_it_stands(view))),
            row("End of the period", end),
            row("First end", first_end.map(|first| format!("{}, without extensions and births", in_words(first)))),
            row(
                "Decision expected",
                view.forecast.map(|day| format!("{}, if what is left goes at the usual pace", in_words(day))),
            ),
            row("Children", Some(children(&view.case))),
        ];
        Self {
            reference: view.reference.clone(),
            team: view.case.team.clone(),
            restricted: view.case.restricted,
            rag: view.rag.code(),
            rag_in_words: words::rag(view.rag),
            counts: counts(view),
            rows: rows.into_iter().flatten().collect(),
        }
    }
}

/// `2 red, 1 amber, 3 notices`.
fn counts(view: &CaseView) -> Option<String> {
    let count = |severity: Severity| view.findings.iter().filter(|finding| finding.severity == severity).count();
    let counted = Severity::ALL.iter().rev().map(|&severity| (count(severity), severity)).filter(|(count, _)| *count > 0);
    let counted: Vec<String> = counted.map(|(count, severity)| how_many(count, severity)).collect();
    (!counted.is_empty()).then(|| counted.join(", "))
}

fn how_many(findings: usize, severity: Severity) -> String {
    let s = if severity == Severity::Notice && findings > 1 { "s" } else { "" };
    format!("{findings} {severity}{s}")
}

/// Its status and for how long.
fn where_it_stands(view: &CaseView) -> String {
    let status = words::status(view.status);
    let since = view.case.started_on.map(in_words);
    match (view.weeks_open, since) {
        (Some(weeks), Some(since)) => format!("{status}, for {} since {since}", Counted(weeks, "week")),
        (None, Some(since)) if view.status != Status::NotStarted => format!("{status}; pre-proceedings began on {since}"),
        (_, Some(since)) => format!("{status}; pre-proceedings begin on {since}"),
        (_, None) => format!("{status}: no decision to enter pre-proceedings is recorded"),
    }
}

/// How far an end is away, either way.
fn to_end(end: Date, today: Date) -> String {
    match days_between(end, today) {
        0 => "it ends today".to_owned(),
        over @ 1.. => format!("{} over", long(over)),
        left => format!("{} left", long(-left)),
    }
}

/// How many there are: their days are nobody's business here.
fn children(case: &Case) -> String {
    let is_expected = |child: &&Child| child.date_of_birth.is_none() && child.expected_delivery_on.is_some();
    let has_ended = |child: &Child| child.pregnancy_ended_on.is_some() && child.date_of_birth.is_none();
    let children: Vec<&Child> = case.children.iter().filter(|child| !has_ended(child)).collect();
    let expected = children.iter().filter(|child| is_expected(child)).count();
    match (children.len() - expected, expected) {
        (0, 0) => "None recorded".to_owned(),
        (born, 0) => counted(born),
        (0, expected) => format!("{expected} expected"),
        (born, expected) => format!("{}, {expected} expected", counted(born)),
    }
}

fn counted(children: usize) -> String {
    if children == 1 { "1 child".to_owned() } else { format!("{children} children") }
}

/// What the rules find today, the gravest first; with forms for its alerts, where whoever looks may answer them by a policy.
pub fn drifting(today: &Explanation, alerts: &[AlertLine], policy: Option<&Policy>) -> Vec<Drifting> {
    let found = today.judged.as_recorded.iter().flat_map(|rule| rule.findings.iter().map(move |finding| (rule, finding)));
    let mut drifting: Vec<(Severity, Drifting)> = found
        .map(|(rule, finding)| {
            let alert = alerts.iter().find(|alert| alert.rule == rule.rule.code() && alert.subject == finding.subject);
            let since = finding.since_on.zip(finding.severity_since_on);
            let drift = Drifting {
                title: rule.title,
                severity: finding.severity.code(),
                severity_in_words: words::severity(finding.severity),
                evidence: finding.message.clone(),
                since: since.map(|(since, this_grave)| since_when(since, this_grave, finding.severity)),
                alert: alert.map(|alert| alert.to_answer(policy, today.on)),
            };
            (finding.severity, drift)
        })
        .collect();
    drifting.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
    drifting.into_iter().map(|(_, drift)| drift).collect()
}

fn since_when(since: Date, this_grave: Date, severity: Severity) -> String {
    if since == this_grave {
        format!("Since {}", in_words(since))
    } else {
        format!("Since {}; {severity} since {}", in_words(since), in_words(this_grave))
    }
}

/// The alerts that stand, those that wait for an answer first; and those that are resolved.
pub fn alerts(view: &CaseView, today: &Explanation) -> (Vec<AlertLine>, Vec<AlertLine>) {
    let line = |alert: &Alert| AlertLine::of(alert, today);
    let (resolved, mut standing): (Vec<AlertLine>, Vec<AlertLine>) =
        view.alerts.iter().map(line).partition(|alert| alert.resolved.is_some());
    standing.sort_by_key(|alert| (!alert.is_open, std::cmp::Reverse(Severity::from_code(&alert.severity))));
    (standing, resolved)
}

impl AlertLine {
    fn to_answer(&self, policy: Option<&Policy>, today: Date) -> AlertOf {
        let answering = policy.filter(|_| self.is_open).map(|policy| Answering::empty(self.turn, policy, today));
        AlertOf {
            id: self.id.clone(),
            state: self.state,
            answering: answering.map(|answering| answering.beside_others(&self.id)),
        }
    }

    fn of(alert: &Alert, today: &Explanation) -> Self {
        let state = AlertState::from_code(&alert.state);
        let seen_today = today.the_day.alerts.iter().find(|seen| seen.id == alert.id);
        Self {
            id: alert.id.clone(),
            title: alert.title.clone(),
            severity_in_words: Severity::from_code(&alert.severity).map_or("", words::severity),
            severity: alert.severity.clone(),
            state: state.map_or("", words::state),
            is_open: state == Some(AlertState::Open),
            opened: words::moment(alert.opened_at),
            resolved: alert.resolved_at.map(words::moment),
            told: seen_today.map(told).unwrap_or_default(),
            turn: alert.turn,
            rule: alert.rule.clone(),
            subject: alert.subject.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[rstest::rstest]
    #[case::nobody(&[], "None recorded")]
    #[case::one(&["born"], "1 child")]
    #[case::two(&["born", "unknown"], "2 children")]
    #[case::expected(&["expected"], "1 expected")]
    #[case::both(&["born", "born", "expected"], "2 children, 1 expected")]
    #[case::ended(&["born", "ended"], "1 child")]
    fn children_are_counted(#[case] of: &[&str], #[case] expected: &str) {
        let day = Some(date(2026, 6, 1));
        let child = |kind: &&str| Child {
            reference: String::new(),
            date_of_birth: day.filter(|_| *kind == "born"),
            expected_delivery_on: day.filter(|_| *kind == "expected" || *kind == "ended"),
            pregnancy_ended_on: day.filter(|_| *kind == "ended"),
        };
        let case = Case { children: of.iter().map(child).collect(), ..Case::new("C-1", date(2026, 6, 1)) };
        assert_eq!(children(&case), expected);
    }
}
