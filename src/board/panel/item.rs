//! A case on the agenda, in words.

use jiff::civil::Date;

use crate::api::case_view::FindingView;
use crate::api::panel::view::{
    ApprovalView, AsideView, ExtensionsView, LateAssessmentView, MeetingView, PanelAlert, PanelCase, RungView,
};
use crate::board::words;
use crate::domain::calendar::{Counted, in_words};
use crate::domain::course::Status;
use crate::domain::policy::Role;
use crate::domain::risk::Rag;
use crate::domain::schedule::Severity;

/// A case as it stands on the agenda.
pub struct Item {
    /// Its place on the agenda, from 1.
    pub number: usize,
    pub reference: String,
    pub team: Option<String>,
    pub restricted: bool,
    pub rag: Rag,
    pub rag_in_words: &'static str,
    pub question: &'static str,
    pub open_for: Option<String>,
    pub findings: Vec<Finding>,
    /// What the panel needs to know: each with a line or more.
    pub facts: Vec<(&'static str, Vec<String>)>,
}

/// Why the case is there.
pub struct Finding {
    pub severity: Severity,
    pub severity_in_words: &'static str,
    pub evidence: String,
    /// Absent where a birth would follow from it.
    pub since: Option<String>,
}

impl Item {
    /// Puts a case into words.
    pub fn of(number: usize, case: PanelCase) -> Self {
        let open_for = case.weeks_open.map(|weeks| Counted(weeks, "week").to_string());
        Self {
            number,
            rag_in_words: words::rag(case.rag),
            question: case.question.text,
            facts: facts(&case, open_for.as_deref()),
            open_for,
            findings: case.findings.into_iter().map(Finding::of).collect(),
            reference: case.reference,
            team: case.team,
            restricted: case.restricted,
            rag: case.rag,
        }
    }
}

impl Finding {
    fn of(finding: FindingView) -> Self {
        let since = format!("since {}", in_words(finding.since_on));
        let graver = (finding.severity_since_on != finding.since_on)
            .then(|| format!(", {} since {}", finding.severity, in_words(finding.severity_since_on)));
        Self {
            severity_in_words: words::severity(finding.severity),
            severity: finding.severity,
            since: (!finding.gives_a_birth_away).then(|| since + &graver.unwrap_or_default()),
            evidence: finding.message,
        }
    }
}

fn facts(case: &PanelCase, open_for: Option<&str>) -> Vec<(&'static str, Vec<String>)> {
    vec![
        ("In pre-proceedings", vec![in_pre_proceedings(case, open_for)]),
        ("The period", period(case)),
        ("Extensions", extensions(&case.extensions)),
        ("Meetings", meetings(case)),
        ("Late assessments", or_none(case.late_assessments.iter().map(late).collect())),
        ("Appointments missed in a row", vec![missed(case)]),
        ("The panel last looked", vec![case.last_panel_review_on.map_or_else(|| "Not yet".to_owned(), in_words)]),
        ("Alerts", or_none(alerts(&case.alerts))),
        (
            "Told of them",
            vec![
                told(&case.told),
                next(case.next_rung.as_ref(), case.findings.iter().any(|finding| finding.gives_a_birth_away)),
            ],
        ),
    ]
}

fn or_none(lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { vec!["None".to_owned()] } else { lines }
}

fn in_pre_proceedings(case: &PanelCase, open_for: Option<&str>) -> String {
    let since =
        case.started_on.map_or_else(|| "The start is not recorded".to_owned(), |day| format!("Since {}", in_words(day)));
    let open_for = open_for.map(|weeks| format!(", for {weeks}")).unwrap_or_default();
    let decided = if case.status == Status::DecidedIssue { "; decided to issue" } else { "" };
    format!("{since}{open_for}{decided}")
}

fn period(case: &PanelCase) -> Vec<String> {
    let Some(end) = &case.end else { return vec!["It has no end yet".to_owned()] };
    if end.set_by.is_a_birth() {
        return vec![format!("Its end is set by {}; the day is in the case record", words::set_by(end.set_by))];
    }
    let base = case.base_end.filter(|&base| base != end.on);
    let base = base.map(|base| format!("; without extensions and births {}", in_words(base))).unwrap_or_default();
    let ends = format!("Ends on {}, by {}{base}", in_words(end.on), words::set_by(end.set_by));
    let forecast = case.forecast.map(|day| format!("At the usual pace the decision comes on {}", in_words(day)));
    [Some(ends), forecast].into_iter().flatten().collect()
}

fn extensions(extensions: &ExtensionsView) -> Vec<String> {
    let ExtensionsView { approved, days, pending, approvals } = extensions;
    if *approved == 0 && *pending == 0 {
        return or_none(Vec::new());
    }
    let counted = |count: usize, noun| Counted(i64::try_from(count).unwrap_or(i64::MAX), noun);
    let waiting = if *pending > 0 { format!("; {} without an answer", counted(*pending, "request")) } else { String::new() };
    let all = format!("{} approved, {} more{waiting}", counted(*approved, "extension"), Counted(*days, "day"));
    [all].into_iter().chain(approvals.iter().map(approval)).collect()
}

fn approval(approval: &ApprovalView) -> String {
    let ApprovalView { sequence, decided_on, new_end_on, by_grade, rationale_recorded } = approval;
    let by = by_grade.as_deref().map_or("somebody whose grade is not recorded", words::role);
    let reason = if *rationale_recorded { "the reason is on file" } else { "no reason is on file" };
    format!("Number {sequence}: approved on {} by {by}, to {}; {reason}", in_words(*decided_on), in_words(*new_end_on))
}

fn meetings(case: &PanelCase) -> Vec<String> {
    let meeting =
        |meeting: &MeetingView, day: Date| format!("{} ({}) on {}", meeting.kind.words(), meeting.sequence, in_words(day));
    let last = case.last_meeting.as_ref().map_or_else(|| "none".to_owned(), |last| meeting(last, last.on));
    let next = case.next_meeting.as_ref().map_or_else(|| "none is planned".to_owned(), |next| meeting(next, next.on));
    vec![format!("Last held: {last}"), format!("Next: {next}")]
}

fn late(late: &LateAssessmentView) -> String {
    let over = Counted(late.working_days_over, "working day");
    format!("{} ({}), due on {}, {over} over", late.kind.title(), late.sequence, in_words(late.due_on))
}

fn missed(case: &PanelCase) -> String {
    let missed = case.missed_in_a_row.as_ref();
    missed.map_or_else(
        || "None".to_owned(),
        |missed| format!("{}, the last on {}", missed.appointments, in_words(missed.last_on)),
    )
}

/// How many wait for an answer, and each that somebody has put aside.
fn alerts(alerts: &[PanelAlert]) -> Vec<String> {
    let open = |severity: Severity| {
        let open = alerts.iter().filter(|alert| alert.aside.is_none() && alert.severity == severity.code()).count();
        (open > 0).then(|| format!("{open} {severity}"))
    };
    let open: Vec<String> = Severity::ALL.iter().rev().filter_map(|&severity| open(severity)).collect();
    let open = (!open.is_empty()).then(|| format!("Not answered: {}", open.join(", ")));
    let aside = alerts.iter().filter_map(|alert| Some(format!("{}: {}", alert.title, put_aside(alert.aside.as_ref()?))));
    open.into_iter().chain(aside).collect()
}

fn put_aside(aside: &AsideView) -> String {
    let by = Role::from_code(aside.by).map(|role| format!(" by the {}", role.title())).unwrap_or_default();
    format!("{}{by} on {}, until {}", aside.kind, in_words(aside.made_on), in_words(aside.until))
}

fn told(roles: &[Role]) -> String {
    if roles.is_empty() {
        return "Nobody yet".to_owned();
    }
    let titles: Vec<&str> = roles.iter().map(|role| role.title()).collect();
    format!("So far: {}", titles.join(", "))
}

/// Of which alert the next rung is, is not said: where one hides its days, that day is hidden, too.
fn next(rung: Option<&RungView>, hides_its_days: bool) -> String {
    let Some(rung) = rung else { return "Next: nobody".to_owned() };
    let on = if hides_its_days { String::new() } else { format!(" on {}", in_words(rung.on)) };
    format!("Next: {}{on}", rung.role.title())
}
