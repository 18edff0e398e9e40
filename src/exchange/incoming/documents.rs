//! Case documents as a source: each says everything of its case, but the day of record that it leaves to the day it arrives.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Map, Value};

use super::{Code, Incoming, Line, Offered, Place, Said};
use crate::domain::case::Case;
use crate::exchange::caseload::{Caseload, Refused};
use crate::exchange::document;

/// What the case documents of some files say.
#[must_use]
pub fn read<'f>(files: Vec<(Arc<str>, Caseload)>, today: Date) -> Incoming<'f> {
    let (mut refusals, mut cases, mut has_unnamed) = (Vec::new(), Vec::new(), false);
    let (mut references, mut repeated) = (HashSet::new(), HashSet::new());
    for (file, caseload) in files {
        for refused in caseload.refused {
            has_unnamed |= refused.reference.is_none();
            references.extend(refused.reference.clone());
            refusals.push(Offered::Refused(lines_of(&file, &refused)));
        }
        for (number, case) in caseload.numbers.into_iter().zip(caseload.cases) {
            if !references.insert(case.reference.clone()) {
                repeated.insert(case.reference.clone());
            }
            cases.push((Place::row(&file, number), case));
        }
    }
    let at_most = refusals.len() + cases.len();
    let offered = cases.into_iter().map(move |(place, case)| {
        if repeated.contains(&case.reference) {
            let reason = "several documents have this reference: which of them counts cannot be told, so none was taken";
            return Offered::Refused(vec![Line::refused(&place, Code::RepeatedReference, reason).of_case(case.reference)]);
        }
        Offered::Case(Box::new(said(place, &case, today)), Vec::new())
    });
    let cases = Box::new(refusals.into_iter().chain(offered));
    Incoming { cases, at_most, references, tells_what_vanished: !has_unnamed, lines: Vec::new() }
}

fn said(place: Place, case: &Case, today: Date) -> Said {
    let mut facts = if let Value::Object(facts) = document::write(case) { facts } else { Map::new() };
    if case.recorded_on == today {
        facts.remove("recorded_on");
    }
    let (derived, missing) = (BTreeMap::new(), BTreeMap::new());
    Said { reference: case.reference.clone(), facts, derived, missing, is_whole: true, rows: vec![place] }
}

fn lines_of(file: &Arc<str>, refused: &Refused) -> Vec<Line> {
    let place = refused.number.map_or_else(|| Place::file(file), |number| Place::row(file, number));
    let code = if refused.number.is_none() { Code::UnreadableFile } else { Code::BadFact };
    let line = |mistake: &crate::fields::Mistake| {
        let line = Line::refused(&place, code, mistake.reason.clone());
        let line = if mistake.pointer.is_empty() { line } else { line.in_column(mistake.pointer.as_str()) };
        refused.reference.iter().fold(line, |line, reference| line.of_case(reference.as_str()))
    };
    refused.mistakes.iter().map(line).collect()
}
