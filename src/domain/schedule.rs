//! A rule is a schedule: the days on which a finding's severity changes.
//!
//! Rules raise [`Steps`]; a [`Schedule`] lays the steps of every rule beside one another. What holds on a day is then a look-up,
//! since when is read off, and the next day on which anything changes comes free. There is no clock in here.

mod by_rule;

use jiff::civil::Date;
use smallvec::SmallVec;

use super::calendar::{Calendar, FOREVER, Span, YEARS, days_between};
use super::case::coded;
use super::course::Course;
use super::evidence::{Evidence, gives_a_birth_away};
use super::policy::Limits;
use super::rules::{self, Rule};
use super::timeline::Stretch;

pub use by_rule::Turn;

coded! {
    /// How grave a finding is.
    Severity {
        /// Worth knowing.
        Notice = "notice",
        /// Drifting.
        Amber = "amber",
        /// Drifted.
        Red = "red",
    }
}

impl Severity {
    /// Tells whether a finding of this severity puts a case at risk.
    #[must_use]
    pub fn is_at_risk(self) -> bool {
        self >= Self::Amber
    }
}

/// What a finding is about, within its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The case as a whole.
    Whole,
    /// A milestone, a field or a kind of assessment.
    Code(&'static str),
    /// A sequence or a count.
    Number(u32),
}

impl Subject {
    /// The subject as text: empty for the case as a whole, numbers in decimal.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Code(code) => code.to_owned(),
            Self::Number(number) => number.to_string(),
        }
    }
}

impl From<usize> for Subject {
    fn from(count: usize) -> Self {
        Self::Number(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

/// One severity of one finding, over a stretch of days.
#[derive(Clone, Copy, Debug)]
struct Run {
    subject: Subject,
    days: Stretch,
    severity: Severity,
    evidence: Evidence,
    looked_again_on: Option<Date>,
}

/// What one rule says of one case: severities over stretches of days, held within the days on which the rule applies.
#[derive(Debug)]
pub struct Steps {
    within: Stretch,
    raised: SmallVec<[Run; 4]>,
}

impl Steps {
    /// No steps yet; those raised count only within these days.
    #[must_use]
    pub fn within(days: Stretch) -> Self {
        Self { within: days, raised: SmallVec::new() }
    }

    /// From here on, steps count only within these other days.
    pub fn now_within(&mut self, days: Stretch) {
        self.within = days;
    }

    /// The finding is at this severity over these days. Where two overlap, the graver holds.
    pub fn raise(&mut self, subject: Subject, severity: Severity, days: Stretch, evidence: Evidence) {
        self.push(subject, severity, days, evidence, None);
    }

    /// Of these days, the finding is amber on those after the day on which it was due, and red on those so much later again.
    pub fn overdue(
        &mut self,
        subject: Subject,
        due: Date,
        red_after: Span,
        days: Stretch,
        course: &Course,
        evidence: Evidence,
    ) {
        // Most things are done in time, so that it is not asked for when they would have turned red.
        if due < days.until {
            self.drift(subject, due, course.calendar().plus(due, red_after), days, evidence);
        }
    }

    /// Of these days, the finding is amber and red on those that lie further than the limits after the last time.
    pub fn too_long_since(
        &mut self,
        subject: Subject,
        last: Date,
        limits: Limits,
        days: Stretch,
        course: &Course,
        evidence: Evidence,
    ) {
        // Most times are followed by the next too soon for either limit, so that neither day is asked for.
        let least_days = limits.amber_after.least_days().min(limits.red_after.least_days());
        if days_between(last, days.until) > least_days {
            let amber_after = course.calendar().plus(last, limits.amber_after);
            let red_after = course.calendar().plus(last, limits.red_after);
            self.drift(subject, amber_after, red_after, days, evidence);
        }
    }

    fn drift(&mut self, subject: Subject, amber_after: Date, red_after: Date, days: Stretch, evidence: Evidence) {
        self.raise(subject, Severity::Amber, days.and(Stretch::after(amber_after).through(red_after)), evidence);
        self.raise(subject, Severity::Red, days.and(Stretch::after(red_after)), evidence);
    }

    /// The finding cannot be put right: it stands over these days, and falls to a notice once the panel has looked again
    /// strictly after the finding's own day.
    pub fn record(
        &mut self,
        subject: Subject,
        severity: Severity,
        own_day: Date,
        days: Stretch,
        course: &Course,
        evidence: Evidence,
    ) {
        let looked_again_on = course.panel_looked_again_after(own_day);
        self.raise(subject, severity, days.until(looked_again_on), evidence);
        if let Some(looked) = looked_again_on {
            let fallen = days.and(Stretch::from(looked));
            self.push(subject, Severity::Notice, fallen, evidence, looked_again_on);
        }
    }

    #[inline]
    fn push(&mut self, subject: Subject, severity: Severity, days: Stretch, evidence: Evidence, looked_again_on: Option<Date>) {
        let days = days.and(self.within);
        if !days.is_empty() {
            self.raised.push(Run { subject, days, severity, evidence, looked_again_on });
        }
    }
}

/// Everything that every rule says of one case, for every day.
#[derive(Debug)]
pub struct Schedule {
    /// Track after track.
    runs: SmallVec<[(Rule, Run); 24]>,
    a_birth_sets_an_end: bool,
}

/// One finding over all days: runs of one rule and subject that are in order and do not overlap.
struct Track<'a>(&'a [(Rule, Run)]);

/// What one rule says of one subject on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What it is about.
    pub subject: String,
    /// How grave.
    pub severity: Severity,
    /// The first day of the unbroken run at amber or above (for a notice: of being present at all).
    pub since_on: Date,
    /// The first day of the unbroken run at exactly this severity.
    pub severity_since_on: Date,
    /// A plain sentence of evidence; it holds references and dates, no personal data.
    pub message: String,
    /// Whether a birth, or an expected one, could be worked out from the days since which it holds: they must not be mailed.
    pub gives_a_birth_away: bool,
}

impl Schedule {
    /// Lays out what every rule says of the case.
    #[must_use]
    pub fn of(course: &Course) -> Self {
        Self::of_entries(course, rules::ALL.iter())
    }

    /// Lays out what some rules say of the case.
    #[must_use]
    pub fn of_rules(course: &Course, wanted: &[Rule]) -> Self {
        Self::of_entries(course, rules::ALL.iter().filter(|entry| wanted.contains(&entry.rule)))
    }

    fn of_entries<'e>(course: &Course, entries: impl Iterator<Item = &'e rules::Entry>) -> Self {
        let mut schedule = Self { runs: SmallVec::new(), a_birth_sets_an_end: course.a_birth_sets_an_end() };
        for entry in entries {
            schedule.lay_out(entry.rule, &(entry.schedule)(course));
        }
        schedule
    }

    /// Sorts a rule's steps by what they are about.
    fn lay_out(&mut self, rule: Rule, Steps { raised, .. }: &Steps) {
        for (index, first) in raised.iter().enumerate() {
            if raised[..index].iter().all(|earlier| earlier.subject != first.subject) {
                let laid_out = self.runs.len();
                for run in raised[index..].iter().filter(|run| run.subject == first.subject) {
                    self.runs.push((rule, *run));
                }
                self.hold_apart(laid_out);
            }
        }
    }

    /// Orders the runs of the last track and, where two overlap, lets the graver hold (of two as grave, the one raised first).
    fn hold_apart(&mut self, laid_out: usize) {
        let track = &mut self.runs[laid_out..];
        track.sort_by_key(|(_, run)| run.days.from);
        if track.is_sorted_by(|(_, run), (_, next)| run.days.until <= next.days.from) {
            return;
        }
        let overlapping: SmallVec<[(Rule, Run); 8]> = self.runs.drain(laid_out..).collect();
        let mut boundaries: SmallVec<[Date; 16]> =
            overlapping.iter().flat_map(|(_, run)| [run.days.from, run.days.until]).collect();
        boundaries.sort_unstable();
        boundaries.dedup();
        for pair in boundaries.windows(2) {
            let days = Stretch { from: pair[0], until: pair[1] };
            let holding = overlapping.iter().rev().filter(|(_, run)| run.days.holds(days.from));
            let gravest = holding.max_by_key(|(_, run)| run.severity);
            self.runs.extend(gravest.map(|&(rule, run)| (rule, Run { days, ..run })));
        }
    }

    fn tracks(&self) -> impl Iterator<Item = Track<'_>> {
        self.runs.chunk_by(|(rule, run), (next_rule, next)| (rule, run.subject) == (next_rule, next.subject)).map(Track)
    }

    /// What holds on a day, ordered by rule and then by subject, both as text.
    #[must_use]
    pub fn on(&self, day: Date, calendar: &Calendar) -> Vec<Finding> {
        let holding = self.tracks().filter_map(|track| track.on(day, calendar, self.a_birth_sets_an_end));
        let mut findings: Vec<Finding> = holding.collect();
        findings.sort_by(|a, b| (a.rule.code(), &a.subject).cmp(&(b.rule.code(), &b.subject)));
        findings
    }

    /// The next day on which any (rule, subject, severity) changes; absent where nothing changes any more.
    #[must_use]
    pub fn next_change_after(&self, day: Date) -> Option<Date> {
        self.tracks().filter_map(|track| track.next_change_after(day)).min().filter(|&next| next <= YEARS.1)
    }
}

impl Track<'_> {
    fn on(&self, day: Date, calendar: &Calendar, a_birth_sets_an_end: bool) -> Option<Finding> {
        let index = self.0.iter().position(|(_, run)| run.days.holds(day))?;
        let (rule, run) = self.0[index];
        let least = run.severity.min(Severity::Amber);
        let subject = run.subject.text();
        Some(Finding {
            rule,
            gives_a_birth_away: gives_a_birth_away(rule, &subject, a_birth_sets_an_end),
            subject,
            severity: run.severity,
            since_on: self.unbroken_since(index, |severity| severity >= least),
            severity_since_on: self.unbroken_since(index, |severity| severity == run.severity),
            message: run.evidence.sentence(day, run.looked_again_on, calendar),
        })
    }

    /// The first day of the unbroken run, back from this one, whose severities are all wanted.
    fn unbroken_since(&self, index: usize, wanted: impl Fn(Severity) -> bool) -> Date {
        let (_, run) = self.0[index];
        let mut since = run.days.from;
        for (_, earlier) in self.0[..index].iter().rev() {
            if earlier.days.until != since || !wanted(earlier.severity) {
                break;
            }
            since = earlier.days.from;
        }
        since
    }

    /// The first day, of those on which a run begins or ends, on which the severity is not that of the day before.
    fn next_change_after(&self, day: Date) -> Option<Date> {
        let mut before: Option<&Run> = None;
        for (_, run) in self.0 {
            let goes_on = before.is_some_and(|before| before.days.until == run.days.from);
            if let Some(before) = before.filter(|before| !goes_on && before.days.until > day) {
                return Some(before.days.until);
            }
            if run.days.from > day && !(goes_on && before.is_some_and(|before| before.severity == run.severity)) {
                return Some(run.days.from);
            }
            before = Some(run);
        }
        before.map(|last| last.days.until).filter(|&until| until > day && until < FOREVER)
    }
}

#[cfg(test)]
impl Steps {
    /// The steps as the rules' tables write them: by subject, each severity with its first day.
    #[must_use]
    pub fn in_words(self) -> String {
        let mut schedule = Schedule { runs: SmallVec::new(), a_birth_sets_an_end: false };
        schedule.lay_out(Rule::MilestoneMissed, &self);
        let mut subjects: Vec<String> = Vec::new();
        for track in schedule.tracks() {
            let mut words: Vec<String> = Vec::new();
            let mut day = Date::MIN;
            while let Some(next) = track.next_change_after(day) {
                let run = track.0.iter().find(|(_, run)| run.days.holds(next));
                words.push(format!("{} {next}", run.map_or("gone", |(_, run)| run.severity.code())));
                day = next;
            }
            let (_, first) = track.0[0];
            subjects.push(format!("{} {}", first.subject.text(), words.join(", ")).trim_start().to_owned());
        }
        subjects.sort();
        subjects.join("; ")
    }
}
