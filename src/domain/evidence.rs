//! Why a rule says what it says: a plain sentence for a tired chair.
//!
//! Evidence is carried as facts and written out only when somebody reads it. Every sentence may leave in a mail, so none holds a
//! date of birth, an expected delivery date, a day from which one of them could be worked out, a name, or any text that was typed
//! into a record. Nor does one say that a birth set a day: the mail itself comes on a day, from which the birth would follow.

use jiff::civil::Date;

use super::calendar::{Calendar, Counted, InWords, Span, days_between, in_words};
use super::case::{AssessmentKind, MeetingKind};
use super::course::{End, EndSetBy};
use super::milestone::{Milestone, Title};
use super::rules::Rule;

/// The facts behind a finding.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each variant is spelled out, field by field, in the sentence that it makes below")]
pub enum Evidence {
    Milestone { milestone: Milestone, due: Date, set_by_birth: bool },
    MeetingNotHeld { sequence: u32, kind: MeetingKind, planned_on: Date },
    MeetingsCancelled { count: usize, since: Date, since_meeting: bool },
    NoReviewSince { last: Date },
    NoReviewPlanned { last: Date },
    DecisionDue { due: Date },
    PeriodEnd { end: End },
    ForecastAfterEnd { end: End, over: Option<Span> },
    ExtensionUndecided { sequence: u32, requested_on: Date, due: Date },
    MissedInARow { count: usize, last: Date },
    NoOversightSince { last: Date, is_start: bool },
    NoWorkSince { last: Date },
    AssessmentLate { sequence: u32, kind: AssessmentKind, due: Date },
    AssessmentNotCommissioned { kind: AssessmentKind, due: Date },
    NoFamilyMeetingOffered { letter: Date },
    Missing { what: &'static str },
    OutOfOrder { what: &'static [&'static str; 2], on: Date, before: Date },
    ExtensionsRepeated { count: usize, last: Date },
    ExtensionsAddUp { base_end: Date, extended_end: Date },
    ApprovedWithoutAuthority { sequence: u32, on: Date },
    ApprovedAfterTheEnd { sequence: u32, on: Date, end: Date },
    ApprovedWithoutRationale { sequence: u32, on: Date },
    ApprovedAfterMissed { sequence: u32, on: Date, missed: usize, within: Span },
    ReEntered { count: usize, within: Span, started_on: Date },
    WorkersChanged { count: usize, last: Date },
}

impl Evidence {
    /// The sentence as it reads on a day, without a full stop.
    #[must_use]
    pub fn sentence(&self, day: Date, looked_again_on: Option<Date>, calendar: &Calendar) -> String {
        let mut sentence = self.what_is_wrong(day, calendar);
        if let Some(looked) = looked_again_on {
            sentence.push_str("; the panel looked again on ");
            sentence.push_str(&in_words(looked));
        }
        sentence
    }

    #[expect(clippy::too_many_lines, reason = "one sentence a finding, side by side so that they read alike")]
    fn what_is_wrong(&self, day: Date, calendar: &Calendar) -> String {
        let against = |due: Date| against(due, day, calendar);
        match *self {
            Self::Milestone { milestone, due, set_by_birth: true } => {
                let Title { title, undone } = milestone.title();
                let when = if due < day { "was due" } else { "is due soon" };
                format!("{title} {when}; {undone}")
            }
            Self::Milestone { milestone, due, set_by_birth: false } => {
                let Title { title, undone } = milestone.title();
                format!("{title} {} due on {}; {undone}; {}", was_or_is(due, day), InWords(due), against(due))
            }
            Self::MeetingNotHeld { sequence, kind, planned_on } => format!(
                "Meeting {sequence} ({}) was planned for {}; neither held nor cancelled; {}",
                kind.words(),
                InWords(planned_on),
                against(planned_on)
            ),
            Self::MeetingsCancelled { count, since, since_meeting } => format!(
                "{} cancelled since {} on {}",
                Counted(as_number(count), "meeting"),
                if since_meeting { "the last one held" } else { "the start" },
                InWords(since)
            ),
            Self::NoReviewSince { last } => {
                format!("Last meeting was held on {}; no review for {}", InWords(last), ago(last, day))
            }
            Self::NoReviewPlanned { last } => {
                format!("Last meeting was held on {}; no further meeting is planned", InWords(last))
            }
            Self::DecisionDue { due } => {
                format!("Decision after the final review was due on {}; not recorded; {}", InWords(due), against(due))
            }
            Self::PeriodEnd { end } if end.set_by.is_a_birth() => {
                let (verb, rest) = if end.on < day { ("has ended", "; still open") } else { ("ends soon", "") };
                format!("The pre-proceedings period {verb}{rest}")
            }
            Self::PeriodEnd { end } => {
                let verb = if end.on < day { "ended" } else { "ends" };
                let extended = if end.set_by == EndSetBy::Extension { " as extended" } else { "" };
                format!("The pre-proceedings period {verb} on {}{extended}; {}", InWords(end.on), against(end.on))
            }
            Self::ForecastAfterEnd { end, over } => {
                let over = over.map_or_else(String::new, |over| format!("more than {over} "));
                let when = if end.set_by.is_a_birth() { String::new() } else { format!(", on {}", InWords(end.on)) };
                format!("At the usual pace the decision would come {over}after the end of the period{when}")
            }
            Self::ExtensionUndecided { sequence, requested_on, due } => format!(
                "Extension {sequence} was requested on {}; a decision was due on {}; not decided; {}",
                InWords(requested_on),
                InWords(due),
                against(due)
            ),
            Self::MissedInARow { count, last } => {
                format!("{count} appointments in a row missed and not excused, the last on {}", InWords(last))
            }
            Self::NoOversightSince { last, is_start } => {
                let since = if is_start {
                    "No oversight with a recorded rationale since the start on"
                } else {
                    "Last oversight with a recorded rationale was on"
                };
                format!("{since} {}; {} ago", InWords(last), ago(last, day))
            }
            Self::NoWorkSince { last } => format!("Last recorded work was on {}; {} ago", InWords(last), ago(last, day)),
            Self::AssessmentLate { sequence, kind, due } => {
                format!("{} ({sequence}) was due on {}; not received; {}", kind.title(), InWords(due), against(due))
            }
            Self::AssessmentNotCommissioned { kind, due } => {
                format!("{} was to be commissioned by {}; not commissioned; {}", kind.title(), InWords(due), against(due))
            }
            Self::NoFamilyMeetingOffered { letter } => format!(
                "Letter before proceedings was sent on {}; family group decision-making neither offered nor exempt",
                InWords(letter)
            ),
            Self::Missing { what } => what.to_owned(),
            Self::OutOfOrder { what: [what, before_what], on, before } => {
                format!("{what}, {}, is dated before {before_what}, {}", InWords(on), InWords(before))
            }
            Self::ExtensionsRepeated { count, last } => {
                format!("{count} extensions approved, the last on {}", InWords(last))
            }
            Self::ExtensionsAddUp { base_end, extended_end } => format!(
                "Extensions move the end from {} to {}; {} more",
                InWords(base_end),
                InWords(extended_end),
                Counted(days_between(base_end, extended_end), "day")
            ),
            Self::ApprovedWithoutAuthority { sequence, on } => {
                format!("Extension {sequence} was approved on {}; no sufficient grade of approval is recorded", InWords(on))
            }
            Self::ApprovedAfterTheEnd { sequence, on, end } => {
                format!("Extension {sequence} was approved on {}; the period had ended on {}", InWords(on), InWords(end))
            }
            Self::ApprovedWithoutRationale { sequence, on } => {
                format!("Extension {sequence} was approved on {}; no rationale is recorded", InWords(on))
            }
            Self::ApprovedAfterMissed { sequence, on, missed, within } => format!(
                "Extension {sequence} was approved on {}; {} missed and not excused in the {within} before",
                InWords(on),
                Counted(as_number(missed), "appointment")
            ),
            Self::ReEntered { count, within, started_on } => format!(
                "{} in the {within} before this start on {}",
                Counted(as_number(count), "step down").to_string().replace("step downs", "steps down"),
                InWords(started_on)
            ),
            Self::WorkersChanged { count, last } => {
                format!("{count} changes of social worker since the start, the last on {}", InWords(last))
            }
        }
    }
}

/// Tells whether a birth, or an expected one, could be worked out from the days since which a finding holds. Whoever tells of the
/// finding then leaves those days out, as the sentence does. A birth that sets the end on one day moves what is counted from the end
/// on others, so it is enough that one sets it on any day.
#[must_use]
pub fn gives_a_birth_away(rule: Rule, subject: &str, a_birth_sets_an_end: bool) -> bool {
    match rule {
        Rule::MissingData => subject == "birth",
        Rule::MilestoneMissed => subject == Milestone::FinalReview.code() && a_birth_sets_an_end,
        Rule::TimeLimit | Rule::ForecastOverrun => a_birth_sets_an_end,
        _ => false,
    }
}

fn was_or_is(due: Date, day: Date) -> &'static str {
    if due < day { "was" } else { "is" }
}

/// How a day stands to a deadline: `12 working days over`, `due today`, `3 working days left`.
fn against(due: Date, day: Date, calendar: &Calendar) -> String {
    let over = calendar.working_days_between(due, day);
    if day < due {
        format!("{} left", Counted(calendar.working_days_between(day, due), "working day"))
    } else if day == due {
        "due today".to_owned()
    } else if over == 0 {
        // Past the day, but no working day has passed since.
        format!("{} over", Counted(days_between(due, day), "day"))
    } else {
        format!("{} over", Counted(over, "working day"))
    }
}

/// How long ago, in whole weeks, or in days where it is less than two weeks.
fn ago(last: Date, day: Date) -> Counted {
    match days_between(last, day) {
        days @ ..14 => Counted(days, "day"),
        days => Counted(days / 7, "week"),
    }
}

fn as_number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::policy::Policy;
    use super::*;

    #[rstest::rstest]
    #[case::missing_birth(Rule::MissingData, "birth", false, true)]
    #[case::missing_anything_else(Rule::MissingData, "start", true, false)]
    #[case::final_review_before_a_birth(Rule::MilestoneMissed, "final_review", true, true)]
    #[case::final_review(Rule::MilestoneMissed, "final_review", false, false)]
    #[case::another_milestone(Rule::MilestoneMissed, "initial_meeting", true, false)]
    #[case::end_by_a_birth(Rule::TimeLimit, "", true, true)]
    #[case::end_by_the_clock(Rule::TimeLimit, "", false, false)]
    #[case::forecast_past_a_birth(Rule::ForecastOverrun, "", true, true)]
    #[case::nothing_to_do_with_it(Rule::ReviewGap, "", true, false)]
    fn some_days_would_give_a_birth_away(
        #[case] rule: Rule,
        #[case] subject: &str,
        #[case] a_birth_sets_an_end: bool,
        #[case] expected: bool,
    ) {
        assert_eq!(gives_a_birth_away(rule, subject, a_birth_sets_an_end), expected);
    }

    #[test]
    fn a_sentence_about_a_day_that_a_birth_sets_names_neither() {
        let end = |set_by| End { on: date(2026, 6, 4), set_by };
        let due = date(2026, 5, 28);
        let final_review = |set_by_birth| Evidence::Milestone { milestone: Milestone::FinalReview, due, set_by_birth };
        let calendar = Policy::default().calendar;
        let over = Some(Span::Weeks(2));
        for day in [date(2026, 5, 25), date(2026, 6, 5)] {
            for evidence in [
                final_review(true),
                Evidence::PeriodEnd { end: end(EndSetBy::Birth) },
                Evidence::PeriodEnd { end: end(EndSetBy::ExpectedBirth) },
                Evidence::ForecastAfterEnd { end: end(EndSetBy::Birth), over },
            ] {
                let sentence = evidence.sentence(day, None, &calendar);
                assert!(!sentence.contains("birth") && !sentence.contains("2026"), "{sentence}");
            }
            for evidence in [
                final_review(false),
                Evidence::PeriodEnd { end: end(EndSetBy::Clock) },
                Evidence::ForecastAfterEnd { end: end(EndSetBy::Clock), over },
            ] {
                assert!(evidence.sentence(day, None, &calendar).contains(" 2026"), "the day says what is wrong");
            }
        }
    }
}
