//! Why a case was, or was not, alerted on a day: the rules, the alerts, and who was told.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;

use super::told::{capitalised, somebody, told};
use crate::api::SharedState;
use crate::api::explain::the_day::{DecisionView, MessageView};
use crate::api::explain::view::{Judged, RuleView};
use crate::api::explain::{self, Explanation};
use crate::api::frame::Now;
use crate::api::parameters::{Parameters, Reference};
use crate::api::problem::Problem;
use crate::board::choices::Chosen;
use crate::board::page::{self, Frame, Here, Visitor};
use crate::board::words;
use crate::domain::calendar::in_words;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::store::journal::What;

#[derive(Template)]
#[template(path = "explain.html", config = "src/board/templates/askama.toml")]
struct ExplainPage {
    frame: Frame,
    reference: String,
    /// What the form shows.
    typed: String,
    today: Date,
    mistake: Option<String>,
    day: Option<Day>,
}

/// A day, explained.
struct Day {
    on: String,
    /// By what it is judged, and what was known.
    said: Vec<String>,
    found: Vec<Found>,
    /// Each rule without a finding, and why.
    quiet: Vec<(&'static str, String)>,
    /// What rules say by what is recorded now, where that differs.
    now_known: Vec<(&'static str, String)>,
    alerts: Vec<AlertThen>,
    decisions: Vec<Decision>,
    messages: Vec<Message>,
}

struct Found {
    title: &'static str,
    severity: &'static str,
    severity_in_words: &'static str,
    evidence: String,
    since: Option<String>,
}

struct AlertThen {
    id: String,
    title: String,
    severity: String,
    severity_in_words: &'static str,
    state: &'static str,
    told: Vec<String>,
}

struct Decision {
    at: String,
    what: String,
    about: String,
    whom: String,
    why: String,
}

struct Message {
    what: String,
    to: String,
    state: String,
    attempts: Vec<String>,
}

/// Shows what there is to say of a day: of today, until another is chosen.
///
/// # Errors
///
/// The case does not exist for whoever looks; wrong parameters but a wrong day; the database does not answer.
pub async fn show(
    State(state): State<SharedState>,
    Now(now): Now,
    visitor: Visitor,
    Reference(reference): Reference,
    RawQuery(query): RawQuery,
    parameters: Parameters,
) -> Result<Response, Problem> {
    // What is no date stands in no refusal.
    let typed =
        Chosen::of(&query.unwrap_or_default()).value("on").parse().map_or_else(|_| String::new(), |day: Date| day.to_string());
    let explained = explain::ask(&state, &visitor.caller, now, &reference, parameters.without_blanks()).await;
    let mut page = ExplainPage {
        frame: Frame::of(&state, &visitor, Here::Cases),
        reference,
        typed,
        today: now.today,
        mistake: None,
        day: None,
    };
    match explained {
        Ok(explanation) => {
            page.typed = explanation.on.to_string();
            page.day = Some(Day::of(explanation));
            Ok(page::answer(&page))
        }
        Err(Problem::WrongParameters(wrong)) if wrong.iter().all(|wrong| wrong.parameter == "on") => {
            page.mistake = Some(format!("Enter a day that is not in the future, such as {}", in_words(now.today)));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page::answer(&page)).into_response())
        }
        Err(other) => Err(other),
    }
}

impl ExplainPage {
    /// What the summary of mistakes holds.
    fn mistakes(&self) -> Vec<(&'static str, &str)> {
        self.mistake.iter().map(|mistake| ("on", mistake.as_str())).collect()
    }
}

impl Day {
    fn of(explanation: Explanation) -> Self {
        let Explanation { on, judged, the_day, .. } = explanation;
        let mut said = by_what(&judged);
        said.push(match the_day.last_sweep_at {
            Some(at) => format!("The last round over all cases ended on {}.", words::moment(at)),
            None => "No round over the cases ended on this day, so no alert could follow a finding.".to_owned(),
        });
        let mut found: Vec<(Severity, Found)> = judged.as_recorded.iter().flat_map(found).collect();
        found.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
        Self {
            on: in_words(on),
            said,
            found: found.into_iter().map(|(_, found)| found).collect(),
            quiet: judged.as_recorded.iter().filter_map(|rule| Some((rule.title, rule.why_none.clone()?))).collect(),
            now_known: judged.now_known.iter().map(|rule| (rule.title, what_it_says(rule))).collect(),
            alerts: (the_day.alerts.iter())
                .map(|alert| AlertThen {
                    id: alert.id.clone(),
                    title: alert.title.clone(),
                    severity: alert.severity.clone(),
                    severity_in_words: Severity::from_code(&alert.severity).map_or("", words::severity),
                    state: words::state(alert.state),
                    told: told(alert),
                })
                .collect(),
            decisions: the_day.decisions.into_iter().map(Decision::of).collect(),
            messages: the_day.messages.into_iter().map(Message::of).collect(),
        }
    }
}

/// By which policy the day is judged, and what was known of the case.
fn by_what(judged: &Judged) -> Vec<String> {
    let policy = match (judged.policy.version, judged.policy.in_force_from) {
        _ if judged.policy.substituted => {
            "No policy was in force on this day, or its text was not kept: it is judged by the one that is in force now."
                .to_owned()
        }
        (Some(version), Some(from)) if !judged.policy.is_current => {
            format!("It is judged by policy {version}, in force since {}. Another is in force now.", words::moment(from))
        }
        _ => "It is judged by the policy that is in force now.".to_owned(),
    };
    let known = match (judged.status, judged.first_recorded_at) {
        (Some(status), _) => format!("Where the case stood: {}.", words::status(status)),
        (None, Some(first)) => {
            format!("Nothing was recorded of the case when the day ended; it came on {}.", words::moment(first))
        }
        (None, None) => "Nothing was recorded of the case when the day ended.".to_owned(),
    };
    vec![known, policy, format!("Whatever was {} or graver opened an alert.", judged.policy.alert_from)]
}

fn found(rule: &RuleView) -> impl Iterator<Item = (Severity, Found)> {
    rule.findings.iter().map(move |finding| {
        let found = Found {
            title: rule.title,
            severity: finding.severity.code(),
            severity_in_words: words::severity(finding.severity),
            evidence: finding.message.clone(),
            since: finding.since_on.map(in_words),
        };
        (finding.severity, found)
    })
}

/// All that a rule says, in one sentence.
fn what_it_says(rule: &RuleView) -> String {
    let findings = rule.findings.iter().map(|finding| format!("{}: {}", words::severity(finding.severity), finding.message));
    findings.chain(rule.why_none.clone()).collect::<Vec<_>>().join("; ")
}

impl Decision {
    fn of(decision: DecisionView) -> Self {
        Self {
            at: words::moment(decision.at),
            what: What::from_code(&decision.what).map_or(decision.what, |known| what(known).to_owned()),
            about: decision.alert.map_or_else(String::new, |alert| {
                Rule::from_code(&alert.rule).map_or(alert.rule, |rule| rule.title().to_owned())
            }),
            whom: decision.person.as_ref().map_or_else(String::new, somebody),
            why: decision.reason.as_deref().map_or_else(String::new, capitalised),
        }
    }
}

fn what(what: What) -> &'static str {
    match what {
        What::AlertOpened => "Alert opened",
        What::AlertRaised => "Alert raised",
        What::AlertLowered => "Alert lowered",
        What::AlertAcknowledged => "Alert acknowledged",
        What::AlertSnoozed => "Alert put off",
        What::AlertResolved => "Alert resolved",
        What::AlertReopened => "Alert opened again",
        What::Told => "To be told",
        What::NotTold => "Not told",
        What::MailMissed => "Digest or panel pack not made",
        What::CasePostponed => "Case put off, as it could not be judged",
        What::HintRepaired => "What was kept of the case put right",
        What::PolicyChanged => "Policy changed",
        What::MessageAccepted => "Mail accepted by the mail server",
        What::MessageDelayed => "Mail delayed",
        What::MessageOutcomeUnknown => "Mail handed over, and the answer lost",
        What::MessageDead => "Mail given up",
        What::MessageReplayed => "Mail queued again",
        What::MessageCancelled => "Mail cancelled",
        What::RecipientsChanged => "List of recipients changed",
    }
}

impl Message {
    fn of(message: MessageView) -> Self {
        let kind = match message.kind.as_str() {
            "digest" => "Digest",
            "panel" => "Panel pack",
            _ => "Alert",
        };
        let state = match message.state.as_str() {
            "gathering" => "It goes out with the next round of mail",
            "queued" | "sending" => "On its way",
            "sent" => "Accepted by the mail server",
            "dead" => "Given up",
            _ => "Cancelled",
        };
        let attempts = message.attempts.into_iter().map(|attempt| {
            let outcome = attempt.outcome.as_deref().unwrap_or("under way");
            let reply = attempt.reply.map_or_else(String::new, |reply| format!(": {reply}"));
            format!("{} on {}{reply}", capitalised(outcome), words::moment(attempt.settled_at.unwrap_or(attempt.began_at)))
        });
        Self {
            what: format!("{kind}, begun on {}", words::moment(message.created_at)),
            to: somebody(&message.to),
            state: message.reason.map_or_else(|| state.to_owned(), |reason| format!("{state}: {reason}")),
            attempts: attempts.collect(),
        }
    }
}
