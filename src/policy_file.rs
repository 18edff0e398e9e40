//! Reads a policy from TOML, as in `config/policy.toml`.
//!
//! A key that is left out keeps its default; an unknown key, a wrong unit or limits the wrong way round are refused, all at once.

mod census;
mod retention;
mod telling;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest as hash};
use jiff::civil::Date;
use serde_json::Value;

use crate::domain::calendar::{Calendar, CalendarChanges, Span};
use crate::domain::case::{AssessmentKind, Grade};
use crate::domain::policy::{
    AssessmentPolicy, ClockPolicy, ClockStart, Counts, DecisionPolicy, DigestPolicy, ExtensionTotalPolicy, ForecastPolicy,
    Limits, MilestonePolicy, Policy, ReEntryPolicy, RepeatedOpportunityPolicy, RequiredAssessment,
};
use crate::domain::retention::RetentionPolicy;
use crate::fields::{self, Fields, Mistake, civil_date};
use crate::hex;

/// Why a policy was refused.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file cannot be read.
    #[error("the policy {path} cannot be read: {source}", path = path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML.
    #[error("the policy {name} is not TOML: {reason}")]
    NotToml {
        /// Which file.
        name: String,
        /// Where and why.
        reason: String,
    },
    /// It says something that a policy cannot say.
    #[error("the policy {name} is wrong:{}", fields::each_on_a_line(&mistakes.iter().map(in_toml_words).collect::<Vec<_>>()))]
    Wrong {
        /// Which file.
        name: String,
        /// Every mistake.
        mistakes: Vec<Mistake>,
    },
}

/// A mistake with its place as a TOML key: `clock.length must be …`.
fn in_toml_words(mistake: &Mistake) -> String {
    format!("{}: {}", mistake.pointer.trim_start_matches('/').replace('/', "."), mistake.reason)
}

/// The rules in force where no file says others.
const BUILT_IN: &str = include_str!("../config/policy.toml");

/// A policy with the text that says it.
#[derive(Clone, Debug)]
pub struct PolicyDocument {
    /// What it says.
    pub policy: Policy,
    /// The whole text.
    pub text: String,
    /// Whether it is the one of the program itself.
    pub is_built_in: bool,
}

impl PolicyDocument {
    /// The built-in policy; a test holds that its text says the defaults.
    #[must_use]
    pub fn built_in() -> Self {
        Self { policy: Policy::default(), text: BUILT_IN.to_owned(), is_built_in: true }
    }

    /// Reads the policy in a file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is not TOML, or is no policy; every mistake is named.
    pub fn of_file(path: &Path) -> Result<Self, PolicyError> {
        let text = std::fs::read_to_string(path).map_err(|source| PolicyError::Unreadable { path: path.to_owned(), source })?;
        Ok(Self { policy: read(&path.display().to_string(), &text)?, text, is_built_in: false })
    }

    /// Reads the policy in a text; `name` is what errors call it.
    ///
    /// # Errors
    ///
    /// The text is not TOML, or no policy; every mistake is named.
    pub fn of_text(name: &str, text: &str) -> Result<Self, PolicyError> {
        Ok(Self { policy: read(name, text)?, text: text.to_owned(), is_built_in: false })
    }

    /// Tells what it says from what others say, and this version of the rules from others: after either changed, every case is
    /// looked at again. How long things are kept changes no finding, and stands apart at the end.
    #[must_use]
    pub fn digest(&self) -> String {
        let hashed = |text: &str| hex::encode(hash(&SHA256, text.as_bytes()).as_ref());
        let rules = Policy { retention: RetentionPolicy::default(), ..self.policy.clone() };
        let rules = hashed(&format!("{} {rules:?} {:?}", env!("CARGO_PKG_VERSION"), rules.calendar.changes()));
        let retention = self.policy.retention;
        if retention == RetentionPolicy::default() { rules } else { format!("{rules}.{}", hashed(&format!("{retention:?}"))) }
    }

    /// Reads the policy in a file; the built-in one where none is named.
    ///
    /// # Errors
    ///
    /// As [`Self::of_file`].
    pub fn of_file_or_built_in(path: Option<&Path>) -> Result<Self, PolicyError> {
        path.map_or_else(|| Ok(Self::built_in()), Self::of_file)
    }
}

/// Reads a policy from a text; `name` is what errors call it.
///
/// # Errors
///
/// The text is not TOML, or no policy; every mistake is named.
pub fn read(name: &str, text: &str) -> Result<Policy, PolicyError> {
    let document = tree(name, text)?;
    fields::read(&document, policy).map_err(|mistakes| PolicyError::Wrong { name: name.to_owned(), mistakes })
}

/// What a text in TOML says, as JSON.
///
/// # Errors
///
/// The text is not TOML.
pub fn tree(name: &str, text: &str) -> Result<Value, PolicyError> {
    let table: toml::Table = text.parse().map_err(|wrong: toml::de::Error| PolicyError::NotToml {
        name: name.to_owned(),
        reason: where_and_why(text, &wrong),
    })?;
    Ok(as_json(toml::Value::Table(table)))
}

/// The text in TOML that says what a tree of JSON does; absent where that is no object, or holds what TOML has no words for.
#[must_use]
pub fn text_of(mut tree: Value) -> Option<String> {
    leave_out_nulls(&mut tree);
    tree.is_object().then(|| toml::to_string_pretty(&tree).ok()).flatten()
}

/// A field that is null is not given.
fn leave_out_nulls(tree: &mut Value) {
    match tree {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(leave_out_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_nulls),
        _ => {}
    }
}

/// Where a text breaks and why, without what stands there: it may be a secret.
pub(crate) fn where_and_why(text: &str, wrong: &toml::de::Error) -> String {
    let line = wrong.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    format!("line {line}: {}", wrong.message())
}

/// The same tree as JSON, dates as texts.
pub(crate) fn as_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(as_json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, as_json(value))).collect(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "every part of a document is read by a function of this shape")]
fn policy(fields: &mut Fields) -> Option<Policy> {
    let usual = Policy::default();
    let re_entry = fields
        .section("re_entry", |fields| {
            let counts = counts_here(fields, usual.re_entry.counts);
            Some(ReEntryPolicy { within: fields.span("within").unwrap_or(usual.re_entry.within), counts })
        })
        .unwrap_or(usual.re_entry);
    Some(Policy {
        calendar: fields.section("calendar", calendar).unwrap_or_default(),
        clock: fields.section("clock", |fields| Some(clock(fields, usual.clock))).unwrap_or(usual.clock),
        milestones: fields
            .section("milestones", |fields| Some(milestones(fields, usual.milestones)))
            .unwrap_or(usual.milestones),
        forecast: fields.section("forecast", |fields| Some(forecast(fields, usual.forecast))).unwrap_or(usual.forecast),
        review_not_held_red_after: one_span(fields, "review_not_held", "red_after", usual.review_not_held_red_after),
        review_postponed: counts(fields, "review_postponed", usual.review_postponed),
        review_gap: limits(fields, "review_gap", usual.review_gap),
        no_next_review_after: one_span(fields, "no_next_review", "amber_after", usual.no_next_review_after),
        decision_overdue: fields
            .section("decision_overdue", |fields| {
                let usual = usual.decision_overdue;
                Some(DecisionPolicy {
                    due: fields.span("due").unwrap_or(usual.due),
                    red_after: fields.span("red_after").unwrap_or(usual.red_after),
                })
            })
            .unwrap_or(usual.decision_overdue),
        time_limit_notice_before: one_span(fields, "time_limit", "notice_before", usual.time_limit_notice_before),
        extension_pending: limits(fields, "extension_pending", usual.extension_pending),
        missed_engagement: counts(fields, "missed_engagement", usual.missed_engagement),
        oversight_gap: limits(fields, "oversight_gap", usual.oversight_gap),
        no_recorded_work: limits(fields, "no_recorded_work", usual.no_recorded_work),
        assessments: assessments(fields, usual.assessments),
        fgdm_required_from: fields.section("fgdm", |fields| Some(fields.date("required_from"))).flatten(),
        repeated_extensions: counts(fields, "repeated_extensions", usual.repeated_extensions),
        extension_total: fields
            .section("extension_total", |fields| Some(extension_total(fields, usual.extension_total)))
            .unwrap_or(usual.extension_total),
        extension_minimum_grade: fields
            .section("extension_not_authorised", |fields| fields.word("minimum_grade", Grade::ALL, Grade::code))
            .unwrap_or(usual.extension_minimum_grade),
        repeated_opportunity: fields
            .section("extension_after_missed_engagement", |fields| {
                let usual = usual.repeated_opportunity;
                Some(RepeatedOpportunityPolicy {
                    missed: fields.number("missed", 1..=1_000).unwrap_or(usual.missed),
                    within: fields.span("within").unwrap_or(usual.within),
                })
            })
            .unwrap_or(usual.repeated_opportunity),
        re_entry,
        worker_change: counts(fields, "worker_change", usual.worker_change),
        alerts: fields.section("alerts", |fields| Some(telling::alerts(fields, &usual.alerts))).unwrap_or(usual.alerts),
        digest: fields
            .section("digest", |fields| Some(DigestPolicy { at: fields.time("at").unwrap_or(usual.digest.at) }))
            .unwrap_or(usual.digest),
        panel: fields.section("panel", |fields| Some(telling::panel(fields, &usual.panel))).unwrap_or(usual.panel),
        retention: fields.section("retention", |fields| Some(retention::retention(fields, re_entry))).unwrap_or_default(),
        census_outcomes: fields.section("census", census::outcomes).unwrap_or(usual.census_outcomes),
    })
}

#[expect(clippy::unnecessary_wraps, reason = "every part of a document is read by a function of this shape")]
fn calendar(fields: &mut Fields) -> Option<Calendar> {
    let mut dates = |name| -> BTreeSet<Date> {
        let dates = fields.texts(name, |text| civil_date(text).map_err(str::to_owned));
        dates.unwrap_or_default().into_iter().collect()
    };
    Some(Calendar::new(CalendarChanges {
        closures: dates("closures"),
        added_bank_holidays: dates("add_bank_holidays"),
        removed_bank_holidays: dates("remove_bank_holidays"),
    }))
}

fn clock(fields: &mut Fields, usual: ClockPolicy) -> ClockPolicy {
    ClockPolicy {
        starts: fields.word("starts", ClockStart::ALL, ClockStart::code).unwrap_or(usual.starts),
        length: fields.span("length").unwrap_or(usual.length),
        before_birth: fields.span("before_birth").unwrap_or(usual.before_birth),
    }
}

fn milestones(fields: &mut Fields, usual: MilestonePolicy) -> MilestonePolicy {
    let mut span = |name, usual| fields.span(name).unwrap_or(usual);
    MilestonePolicy {
        letter_before_proceedings: span("letter_before_proceedings", usual.letter_before_proceedings),
        initial_meeting: span("initial_meeting", usual.initial_meeting),
        final_review: span("final_review", usual.final_review),
        court_application: span("court_application", usual.court_application),
        notice_before: span("notice_before", usual.notice_before),
        red_after: span("red_after", usual.red_after),
    }
}

fn forecast(fields: &mut Fields, usual: ForecastPolicy) -> ForecastPolicy {
    let mut span = |name, usual| fields.span(name).unwrap_or(usual);
    ForecastPolicy {
        letter: span("letter", usual.letter),
        initial_meeting: span("initial_meeting", usual.initial_meeting),
        first_review: span("first_review", usual.first_review),
        final_review: span("final_review", usual.final_review),
        decision: span("decision", usual.decision),
        amber_after: span("amber_after", usual.amber_after),
    }
}

fn assessments(fields: &mut Fields, usual: AssessmentPolicy) -> AssessmentPolicy {
    let late_red_after = one_span(fields, "assessment_late", "red_after", usual.late_red_after);
    let not_commissioned = fields.section("assessment_not_commissioned", |fields| {
        let given = fields.has("required");
        let required = fields.objects("required", |fields| {
            let kind = fields.word("kind", AssessmentKind::ALL, AssessmentKind::code);
            let kind = fields.required("kind", kind);
            let within = fields.span("within");
            let within = fields.required("within", within);
            Some(RequiredAssessment { kind: kind?, within: within? })
        });
        let kinds: BTreeSet<AssessmentKind> = required.iter().map(|required| required.kind).collect();
        if kinds.len() < required.len() {
            fields.mistake::<()>("required", "must not name a kind twice");
        }
        Some((given.then_some(required), fields.span("red_after")))
    });
    let (required, red_after) = not_commissioned.unwrap_or_default();
    AssessmentPolicy {
        late_red_after,
        required: required.unwrap_or(usual.required),
        not_commissioned_red_after: red_after.unwrap_or(usual.not_commissioned_red_after),
    }
}

fn extension_total(fields: &mut Fields, usual: ExtensionTotalPolicy) -> ExtensionTotalPolicy {
    let total = ExtensionTotalPolicy {
        amber_over_days: fields.number("amber_over_days", 0..=1_830).unwrap_or(usual.amber_over_days),
        red_over_days: fields.number("red_over_days", 0..=1_830).unwrap_or(usual.red_over_days),
    };
    if total.red_over_days < total.amber_over_days {
        fields.mistake::<()>("red_over_days", "must not be less than amber_over_days");
    }
    total
}

fn one_span(fields: &mut Fields, section: &'static str, name: &'static str, usual: Span) -> Span {
    fields.section(section, |fields| fields.span(name)).unwrap_or(usual)
}

fn limits(fields: &mut Fields, section: &'static str, usual: Limits) -> Limits {
    let read = |fields: &mut Fields| {
        let limits = Limits {
            amber_after: fields.span("amber_after").unwrap_or(usual.amber_after),
            red_after: fields.span("red_after").unwrap_or(usual.red_after),
        };
        if is_shorter(limits.red_after, limits.amber_after) {
            fields.mistake::<()>("red_after", "must not be shorter than amber_after");
        }
        Some(limits)
    };
    fields.section(section, read).unwrap_or(usual)
}

/// Whether one span is shorter than another of the same kind; working days and weeks are not compared.
fn is_shorter(one: Span, other: Span) -> bool {
    let in_days = |span| match span {
        Span::WorkingDays(number) => (true, u32::from(number)),
        Span::Weeks(number) => (false, 7 * u32::from(number)),
        Span::Days(number) => (false, u32::from(number)),
    };
    let ((one_works, one), (other_works, other)) = (in_days(one), in_days(other));
    one_works == other_works && one < other
}

fn counts(fields: &mut Fields, section: &'static str, usual: Counts) -> Counts {
    fields.section(section, |fields| Some(counts_here(fields, usual))).unwrap_or(usual)
}

fn counts_here(fields: &mut Fields, usual: Counts) -> Counts {
    let counts = Counts {
        amber_from: fields.number("amber_from", 1..=1_000).unwrap_or(usual.amber_from),
        red_from: fields.number("red_from", 1..=1_000).unwrap_or(usual.red_from),
    };
    if counts.red_from < counts.amber_from {
        fields.mistake::<()>("red_from", "must not be less than amber_from");
    }
    counts
}

#[cfg(test)]
mod tests;
