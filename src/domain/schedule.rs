//! A rule is a schedule: the days on which a finding's severity changes.
//!
//! Rules raise [`Steps`]; a [`Schedule`] lays the steps of every rule beside one another. What holds on a day is then a look-up,
//! since when is read off, and the next day on which anything changes comes free. There is no clock in here.

mod by_rule;

use jiff::civil::Date;

use super::calendar::Calendar;
use super::case::coded;
use super::course::Course;
use super::evidence::{Evidence, gives_a_birth_away};
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
#[derive(Clone, Debug)]
struct Run {
    days: Stretch,
    severity: Severity,
    evidence: Evidence,
    looked_again_on: Option<Date>,
}

/// What one rule says of one case: severities over stretches of days, held within the days on which the rule applies.
#[derive(Debug)]
pub struct Steps {
    within: Stretch,
    raised: Vec<(Subject, Run)>,
}

impl Steps {
    /// No steps yet; those raised count only within these days.
    #[must_use]
    pub fn within(days: Stretch) -> Self {
        Self { within: days, raised: Vec::new() }
    }

    /// From here on, steps count only within these other days.
    pub fn now_within(&mut self, days: Stretch) {
        self.within = days;
    }

    /// The finding is at this severity over these days. Where two overlap, the graver holds.
    pub fn raise(&mut self, subject: Subject, severity: Severity, days: Stretch, evidence: Evidence) {
        self.push(subject, Run { days, severity, evidence, looked_again_on: None });
    }

    /// Of these days, the finding is amber on those after `amber_after` and red on those after `red_after`.
    pub fn overdue(&mut self, subject: Subject, amber_after: Date, red_after: Date, days: Stretch, evidence: Evidence) {
        let amber = Stretch::after(amber_after).through(red_after);
        self.raise(subject, Severity::Amber, days.and(amber), evidence);
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
            self.push(subject, Run { days: fallen, severity: Severity::Notice, evidence, looked_again_on });
        }
    }

    fn push(&mut self, subject: Subject, mut run: Run) {
        run.days = run.days.and(self.within);
        if !run.days.is_empty() {
            self.raised.push((subject, run));
        }
    }
}

/// One finding over all days: runs that are in order and do not overlap.
#[derive(Debug)]
struct Track {
    rule: Rule,
    subject: Subject,
    runs: Vec<Run>,
}

/// Everything that every rule says of one case, for every day.
#[derive(Debug)]
pub struct Schedule {
    tracks: Vec<Track>,
    a_birth_sets_an_end: bool,
}

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
        let tracks = entries.flat_map(|entry| tracks(entry.rule, (entry.schedule)(course)));
        Self { tracks: tracks.collect(), a_birth_sets_an_end: course.a_birth_sets_an_end() }
    }

    /// What holds on a day, ordered by rule and then by subject, both as text.
    #[must_use]
    pub fn on(&self, day: Date, calendar: &Calendar) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            self.tracks.iter().filter_map(|track| track.on(day, calendar, self.a_birth_sets_an_end)).collect();
        findings.sort_by(|a, b| (a.rule.code(), &a.subject).cmp(&(b.rule.code(), &b.subject)));
        findings
    }

    /// The next day on which any (rule, subject, severity) changes; absent where nothing changes any more.
    #[must_use]
    pub fn next_change_after(&self, day: Date) -> Option<Date> {
        self.tracks
            .iter()
            .filter_map(|track| track.next_change_after(day))
            .min()
            .filter(|&next| next <= super::calendar::YEARS.1)
    }
}

impl Track {
    fn on(&self, day: Date, calendar: &Calendar, a_birth_sets_an_end: bool) -> Option<Finding> {
        let index = self.runs.partition_point(|run| run.days.from <= day).checked_sub(1)?;
        let run = &self.runs[index];
        if !run.days.holds(day) {
            return None;
        }
        let least = run.severity.min(Severity::Amber);
        let subject = self.subject.text();
        Some(Finding {
            rule: self.rule,
            gives_a_birth_away: gives_a_birth_away(self.rule, &subject, a_birth_sets_an_end),
            subject,
            severity: run.severity,
            since_on: self.unbroken_since(index, |severity| severity >= least),
            severity_since_on: self.unbroken_since(index, |severity| severity == run.severity),
            message: run.evidence.sentence(day, run.looked_again_on, calendar),
        })
    }

    /// The first day of the unbroken run, back from this one, whose severities are all wanted.
    fn unbroken_since(&self, index: usize, wanted: impl Fn(Severity) -> bool) -> Date {
        let mut since = self.runs[index].days.from;
        for earlier in self.runs[..index].iter().rev() {
            if earlier.days.until != since || !wanted(earlier.severity) {
                break;
            }
            since = earlier.days.from;
        }
        since
    }

    fn next_change_after(&self, day: Date) -> Option<Date> {
        let before = |day: Date| day.yesterday().ok().and_then(|yesterday| self.severity_on(yesterday));
        let boundaries = self.runs.iter().flat_map(|run| [run.days.from, run.days.until]);
        boundaries
            .filter(|&boundary| boundary > day && boundary < super::calendar::FOREVER)
            .find(|&boundary| before(boundary) != self.severity_on(boundary))
    }

    fn severity_on(&self, day: Date) -> Option<Severity> {
        self.runs.iter().find(|run| run.days.holds(day)).map(|run| run.severity)
    }
}

/// Sorts a rule's steps by what they are about.
fn tracks(rule: Rule, steps: Steps) -> Vec<Track> {
    let mut tracks: Vec<Track> = Vec::new();
    for (subject, run) in steps.raised {
        match tracks.iter_mut().find(|track| track.subject == subject) {
            Some(track) => track.runs.push(run),
            None => tracks.push(Track { rule, subject, runs: vec![run] }),
        }
    }
    for track in &mut tracks {
        let raised = std::mem::take(&mut track.runs);
        track.runs = without_overlap(raised);
    }
    tracks
}

/// Orders runs and, where two overlap, lets the graver hold (of two as grave, the one raised first).
fn without_overlap(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_by_key(|run| run.days.from);
    if runs.windows(2).all(|pair| pair[0].days.until <= pair[1].days.from) {
        return runs;
    }
    let mut boundaries: Vec<Date> = runs.iter().flat_map(|run| [run.days.from, run.days.until]).collect();
    boundaries.sort_unstable();
    boundaries.dedup();
    let gravest_from = |from: Date| runs.iter().rev().filter(|run| run.days.holds(from)).max_by_key(|run| run.severity);
    let pieces = boundaries.windows(2).filter_map(|pair| {
        let days = Stretch { from: pair[0], until: pair[1] };
        gravest_from(days.from).map(|run| Run { days, ..run.clone() })
    });
    pieces.collect()
}

#[cfg(test)]
impl Steps {
    /// The steps as the rules' tables write them: by subject, each severity with its first day.
    pub fn in_words(self) -> String {
        let mut subjects: Vec<String> = Vec::new();
        for track in tracks(Rule::MilestoneMissed, self) {
            let mut days: Vec<Date> = track.runs.iter().flat_map(|run| [run.days.from, run.days.until]).collect();
            days.sort_unstable();
            days.dedup();
            let mut words: Vec<String> = Vec::new();
            let mut before = None;
            for day in days.into_iter().filter(|&day| day < super::calendar::FOREVER) {
                let severity = track.severity_on(day);
                if severity != before {
                    words.push(format!("{} {day}", severity.map_or("gone", Severity::code)));
                }
                before = severity;
            }
            subjects.push(format!("{} {}", track.subject.text(), words.join(", ")).trim_start().to_owned());
        }
        subjects.sort();
        subjects.join("; ")
    }
}
