//! What is wrong with the record of a case itself, so that somebody can put its source right.
//!
//! Two rules speak here, `missing_data` and `dates_out_of_order`; beside them stands what no rule asks for and a good record has, and
//! what the sources of imports say. No question holds a date of birth or an expected one, nor a day from which it follows.

use jiff::civil::Date;

use super::calendar::in_words;
use super::case::{Case, coded};
use super::course::{Course, Status};
use super::policy::Policy;
use super::rules::Rule;
use super::schedule::{Finding, Schedule};

coded! {
    /// What is asked of a record.
    QuestionKind {
        /// A fact that must be there is not.
        Missing = "missing",
        /// Facts that contradict each other, or a source that says something else than is recorded.
        Contradictory = "contradictory",
        /// An import worked a date out that its source does not give.
        Derived = "derived",
        /// Nothing was recorded for too long.
        Stale = "stale",
        /// A source had the case and has it no more.
        Vanished = "vanished",
    }
}

/// A question to whoever keeps the record of a case. The order is that of the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The owning team.
    pub team: Option<String>,
    /// The reference of the case.
    pub case: String,
    /// What is asked.
    pub kind: QuestionKind,
    /// The field, or the list with its entry; empty for the case as a whole.
    pub field: String,
    /// What is wrong: a plain sentence without a full stop.
    pub message: String,
    /// What to do about it: a plain sentence without a full stop.
    pub fix: String,
    /// Where to do it: the sources of imports that it is about, or all that have the case.
    pub sources: Vec<String>,
    /// Since when it is so, where that is known and gives no birth away.
    pub since_on: Option<Date>,
}

/// What a source of imports says of a case, held against what is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceWord {
    /// What the source is called.
    pub name: String,
    /// Since when it has the case no more.
    pub vanished_on: Option<Date>,
    /// Where it says something else than is recorded.
    pub conflicts: Vec<String>,
    /// Fields that it worked out and that stand so, each with how and since when.
    pub derived: Vec<(String, String, Date)>,
}

/// A case with what is kept about it.
#[derive(Clone, Copy, Debug)]
pub struct Record<'r> {
    /// The facts.
    pub case: &'r Case,
    /// The last day on which a fact of it changed, or a source said something new.
    pub last_change_on: Option<Date>,
    /// The sources that have had a word on it.
    pub sources: &'r [SourceWord],
}

/// Asks what there is to ask of a record on a day. Of a case that is concluded, only what the rules still ask.
#[must_use]
pub fn questions(record: &Record, policy: &Policy, day: Date) -> Vec<Question> {
    let course = Course::of(record.case, policy);
    let status = course.status_on(day);
    let of_rules = Schedule::of_rules(&course, &[Rule::MissingData, Rule::DatesOutOfOrder]);
    let mut questions: Vec<Question> =
        of_rules.on(day, &policy.calendar).into_iter().map(|finding| of_finding(record, finding)).collect();
    if matches!(status, Status::NotStarted | Status::Open | Status::DecidedIssue) {
        questions.extend(missing(record, status, day));
        questions.extend(stale(record, policy, status, day));
        questions.extend(record.sources.iter().flat_map(|source| of_source(record, source)));
    }
    questions.sort_unstable();
    questions
}

fn of_finding(record: &Record, finding: Finding) -> Question {
    let (kind, what) = match finding.rule {
        Rule::DatesOutOfOrder => (QuestionKind::Contradictory, "Correct whichever day is wrong"),
        _ => (QuestionKind::Missing, "Record what is missing"),
    };
    let since_on = Some(finding.since_on).filter(|_| !finding.gives_a_birth_away && finding.since_on > Date::MIN);
    Question { since_on, ..asked(record, kind, &finding.subject, finding.message, what) }
}

/// What no rule asks for: without a team nobody can be asked, without a child the census has no row, and it wants to know of the offer.
fn missing(record: &Record, status: Status, day: Date) -> Vec<Question> {
    let case = record.case;
    let is_under_way = status != Status::NotStarted;
    let offer_is_open = case.fgdm_offered.is_none() && case.fgdm_exempt != Some(true);
    let letter_is_sent = case.lbp_sent_on.is_some_and(|sent| sent <= day);
    let gaps = [
        (case.team.is_none(), "team", "No team is recorded", "Record which team has the case"),
        (is_under_way && case.children.is_empty(), "children", "No child is recorded", "Record the children of the case"),
        (
            is_under_way && letter_is_sent && offer_is_open,
            "fgdm_offered",
            "It is not recorded whether family group decision-making was offered",
            "Record whether it was offered, as the census asks",
        ),
    ];
    let gaps = gaps.into_iter().filter(|(is_missing, ..)| *is_missing);
    gaps.map(|(_, field, message, what)| asked(record, QuestionKind::Missing, field, message.to_owned(), what)).collect()
}

/// Nothing was recorded, since the start or the last change, for as long as makes `no_recorded_work` amber. What is meant is when
/// somebody wrote, not the day of what was written.
fn stale(record: &Record, policy: &Policy, status: Status, day: Date) -> Option<Question> {
    let started = record.case.started_on.filter(|_| matches!(status, Status::Open | Status::DecidedIssue))?;
    let last = record.last_change_on.unwrap_or(record.case.recorded_on).max(started);
    let allowed_until = policy.calendar.plus(last, policy.no_recorded_work.amber_after);
    let message = format!("Nothing about the case was recorded or changed since {}", in_words(last));
    let what = "Record what has happened since, or that it is concluded";
    (allowed_until < day).then(|| Question { since_on: Some(last), ..asked(record, QuestionKind::Stale, "", message, what) })
}

fn of_source(record: &Record, source: &SourceWord) -> Vec<Question> {
    let name = &source.name;
    let ask = |kind, field: &str, message, fix, since_on| Question {
        team: record.case.team.clone(),
        case: record.case.reference.clone(),
        kind,
        field: field.to_owned(),
        message,
        fix,
        sources: vec![name.clone()],
        since_on,
    };
    if let Some(vanished_on) = source.vanished_on {
        let message = format!("The source {name} had the case and has it no more; what is recorded stands");
        let fix = format!("Bring it back into the source {name}, or record that it is concluded");
        // What a source said before it lost the case cannot be put right there.
        return vec![ask(QuestionKind::Vanished, "", message, fix, Some(vanished_on))];
    }
    let conflicts = source.conflicts.iter().map(|field| {
        let message = format!("The source {name} says something else than is recorded, which stands");
        ask(QuestionKind::Contradictory, field, message, format!("Correct the source {name}, or what is recorded"), None)
    });
    let derived = source.derived.iter().map(|(field, how, since_on)| {
        let message = format!("The source {name} does not give it; it was worked out: {how}");
        let fix = format!("Give it in the source {name}, or record it");
        ask(QuestionKind::Derived, field, message, fix, Some(*since_on))
    });
    conflicts.chain(derived).collect()
}

/// A question that every source of the case could answer.
fn asked(record: &Record, kind: QuestionKind, field: &str, message: String, what: &str) -> Question {
    let has_it = record.sources.iter().filter(|source| source.vanished_on.is_none());
    let sources: Vec<String> = has_it.map(|source| source.name.clone()).collect();
    let place = match sources.as_slice() {
        [] => String::new(),
        [one] => format!(", in the source {one}"),
        several => format!(", in one of the sources {}", several.join(", ")),
    };
    Question {
        team: record.case.team.clone(),
        case: record.case.reference.clone(),
        kind,
        field: field.to_owned(),
        message,
        fix: format!("{what}{place}"),
        sources,
        since_on: None,
    }
}

/// How the records of a team are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamTotals {
    /// The team; absent for cases without one.
    pub team: Option<String>,
    /// Cases that were looked at.
    pub cases: usize,
    /// Those of them of which something is asked.
    pub cases_with_questions: usize,
    /// Questions, in the order of [`QuestionKind::ALL`].
    pub by_kind: [usize; QuestionKind::ALL.len()],
}

impl TeamTotals {
    /// A team of which no case was looked at.
    #[must_use]
    pub fn none(team: Option<String>) -> Self {
        Self { team, cases: 0, cases_with_questions: 0, by_kind: [0; QuestionKind::ALL.len()] }
    }

    /// Takes a case in, with what is asked of it.
    pub fn add(&mut self, questions: &[Question]) {
        self.cases += 1;
        self.cases_with_questions += usize::from(!questions.is_empty());
        for question in questions {
            self.by_kind[question.kind as usize] += 1;
        }
    }

    /// How many questions of a kind there are.
    #[must_use]
    pub fn of(&self, kind: QuestionKind) -> usize {
        self.by_kind[kind as usize]
    }
}

#[cfg(test)]
mod tests;
