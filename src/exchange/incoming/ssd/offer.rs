//! What the rows of one case say together.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::super::{Code, Line, Missing, Offered, Said};
use super::episodes::Episode;
use super::people::People;
use super::rows::{Child, Column};
use crate::domain::case::MeetingKind;
use crate::exchange::document::{self, Reading};

/// What is needed to offer cases.
pub struct Offering {
    /// The children's dates, if the extract has them.
    pub people: Option<People>,
    /// What is said to be done cannot lie after it.
    pub today: Date,
}

impl Offering {
    /// What the rows of a case say.
    pub fn offer(&self, mut episode: Episode) -> Offered {
        let (children, refused): (Vec<_>, Vec<_>) =
            std::mem::take(&mut episode.children).into_iter().partition(|child| child.refused.is_empty());
        episode.may_have_more |= !refused.is_empty();
        let mut lines: Vec<Line> = refused.into_iter().flat_map(|child| child.refused).collect();
        let offered = if children.is_empty() { Err(Vec::new()) } else { self.case(&mut episode, &children) };
        lines.append(&mut episode.queries);
        let of_case = |lines: Vec<Line>| lines.into_iter().map(|line| line.of_case(&episode.reference)).collect();
        match offered {
            Ok(said) => Offered::Case(Box::new(said), of_case(lines)),
            Err(wrong) => {
                lines.extend(wrong);
                Offered::Refused(of_case(lines))
            }
        }
    }

    fn case(&self, episode: &mut Episode, children: &[Child]) -> Result<Said, Vec<Line>> {
        let is_start_derived = children.iter().all(|child| child.decision.is_none());
        let mut facts = Facts { children, said: Map::new(), wrong: Vec::new(), queries: Vec::new() };
        facts.said.insert("reference".to_owned(), Value::from(episode.reference.as_str()));
        facts.said.insert("family_reference".to_owned(), Value::from(children[0].family.as_deref()));
        facts.said.insert("started_on".to_owned(), Value::from(episode.start.to_string()));
        facts.any("lbp_sent_on", Column::Letter, |child| day(child.letter));
        facts.all("step_decision_on", Column::StepDecision, |child| day(child.step_decision));
        facts.all("outcome", Column::Outcome, |child| child.outcome.map(|outcome| outcome.code().to_owned()));
        facts.all("letter_of_issue_on", Column::LetterOfIssue, |child| day(child.letter_of_issue));
        if !is_start_derived {
            facts.meetings();
        }
        facts.children(self, episode.start);
        let Facts { said, wrong, queries, .. } = facts;
        episode.queries.extend(queries);
        if !wrong.is_empty() {
            return Err(with_the_rest(wrong, children));
        }
        self.check(&said, children)?;
        let missing_child = if episode.may_have_more { Missing::Unknown } else { Missing::Vanished };
        let derived = is_start_derived
            .then(|| ("started_on".to_owned(), "the date of the first meeting stands in for the decision date".to_owned()));
        Ok(Said {
            reference: episode.reference.clone(),
            facts: said,
            derived: derived.into_iter().collect(),
            missing: BTreeMap::from([("children", missing_child)]),
            is_whole: true,
            rows: children.iter().map(|child| child.place.clone()).collect(),
        })
    }

    /// Holds what is said against what a case document may say.
    fn check(&self, said: &Map<String, Value>, children: &[Child]) -> Result<(), Vec<Line>> {
        let document = Value::Object(said.clone());
        let Err(mistakes) = document::read(&document, Reading::RecordedOn(self.today)) else { return Ok(()) };
        let line = |mistake: &crate::fields::Mistake| Line::refused(&children[0].place, Code::BadFact, mistake.to_string());
        Err(with_the_rest(mistakes.iter().map(line).collect(), children))
    }
}

fn day(date: Option<Date>) -> Option<String> {
    date.map(|date| date.to_string())
}

/// The refusals of a case, so that every row of it has one.
fn with_the_rest(mut wrong: Vec<Line>, children: &[Child]) -> Vec<Line> {
    let told: HashSet<Option<u64>> = wrong.iter().map(|line| line.row).collect();
    let rest = children.iter().filter(|child| !told.contains(&child.place.row));
    let reason = "its case was refused, so this was not taken either";
    wrong.extend(rest.map(|child| Line::refused(&child.place, Code::CaseRefused, reason)));
    wrong
}

/// Rows of one case say different things.
struct Disagree;

/// The facts of a case, as they are put together from its rows.
struct Facts<'c> {
    children: &'c [Child],
    said: Map<String, Value>,
    wrong: Vec<Line>,
    queries: Vec<Line>,
}

impl Facts<'_> {
    /// A fact of the family: one row is enough to say it.
    fn any(&mut self, field: &str, column: Column, value: impl Fn(&Child) -> Option<String>) {
        if let Ok(value) = self.agreed(column, value) {
            self.said.insert(field.to_owned(), Value::from(value));
        }
    }

    /// How it ends: it has not ended while it goes on for one of the children.
    fn all(&mut self, field: &str, column: Column, value: impl Fn(&Child) -> Option<String>) {
        let blank = self.children.iter().find(|child| value(child).is_none());
        match (blank, self.children.iter().any(|child| value(child).is_some())) {
            (Some(blank), true) => {
                let reason = "is blank, while another row of the case has it: it is taken once all of them have";
                let line = Line::queried(&blank.place, Code::RowsDisagree, reason).in_column(column.name());
                if self.agreed(column, value).is_ok() {
                    self.queries.push(line);
                }
            }
            _ => self.any(field, column, value),
        }
    }

    /// What those rows say that say anything; refuses the case where they disagree.
    fn agreed(&mut self, column: Column, value: impl Fn(&Child) -> Option<String>) -> Result<Option<String>, Disagree> {
        let first = self.children.iter().find_map(&value);
        let says = self.children.iter().filter(|child| value(child).is_some());
        if says.clone().all(|child| value(child) == first) {
            return Ok(first);
        }
        let reason = "rows of one case say different things here: make them agree";
        let line = |child: &Child| Line::refused(&child.place, Code::RowsDisagree, reason).in_column(column.name());
        self.wrong.extend(says.map(line));
        Err(Disagree)
    }

    /// The first meeting, as far as it does not stand in for the decision date.
    fn meetings(&mut self) {
        let meeting = |child: &Child| child.decision.and(day(child.first_meeting));
        let Ok(held) = self.agreed(Column::FirstMeeting, meeting) else { return };
        let initial = held.map(|held| json!({"sequence": 1, "kind": MeetingKind::Initial.code(), "held_on": held}));
        self.said.insert("meetings".to_owned(), initial.into_iter().collect());
    }

    fn children(&mut self, offering: &Offering, started: Date) {
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        for row in self.children {
            let Some(person) = row.person.as_deref() else { continue };
            if !seen.insert(person) {
                let reason = "another row of the case is of the same child: it is taken once";
                let line = Line::queried(&row.place, Code::RepeatedReference, reason).in_column(Column::Person.name());
                self.queries.push(line);
                continue;
            }
            let (child, queries) = match &offering.people {
                Some(people) => people.child(person, &row.place, started, offering.today),
                None => (Map::from_iter([("reference".to_owned(), Value::from(person))]), Vec::new()),
            };
            all.push(Value::Object(child));
            self.queries.extend(queries);
        }
        self.said.insert("children".to_owned(), Value::Array(all));
    }
}
