//! Reads how long what is over is kept.

use crate::domain::calendar::Span;
use crate::domain::policy::ReEntryPolicy;
use crate::domain::retention::{RetentionPolicy, Term};
use crate::fields::Fields;

/// A case is kept for at least as long as a re-entry looks back by default.
const CASES_AT_LEAST: Term = Term::Weeks(52);

/// Nothing else goes while a mail of it may be under way or its acknowledge link work.
const OTHERS_AT_LEAST: Term = Term::Weeks(4);

/// How long what is over is kept; a term that is dangerously short is refused.
pub(super) fn retention(fields: &mut Fields, re_entry: ReEntryPolicy) -> RetentionPolicy {
    let mut term = |name, least: Term, why: &str| {
        let term = fields.term(name);
        if term.is_some_and(|term| term.least_days() < least.least_days()) {
            fields.mistake::<()>(name, &format!("must be at least {least}: {why}"));
        }
        term
    };
    let why = "earlier episodes of a family are looked back to for so long";
    let cases_after = term("cases_after", CASES_AT_LEAST, why);
    let why = "until then a mail may be under way, and its acknowledge link in use";
    let policy = RetentionPolicy {
        cases_after,
        audit_after: term("audit_after", OTHERS_AT_LEAST, why),
        message_bytes_after: term("message_bytes_after", OTHERS_AT_LEAST, why),
        journal_after: term("journal_after", OTHERS_AT_LEAST, why),
    };
    if cases_after
        .is_some_and(|term| CASES_AT_LEAST.least_days() <= term.least_days() && term.least_days() < most_days(re_entry.within))
    {
        let why = "must not be shorter than re_entry.within: earlier episodes of a family are looked back to for so long";
        fields.mistake::<()>("cases_after", why);
    }
    policy
}

/// How many days a span has at most: with weekends and holidays, working days are more than every second day.
fn most_days(span: Span) -> u32 {
    match span {
        Span::WorkingDays(number) => 2 * u32::from(number),
        Span::Weeks(number) => 7 * u32::from(number),
        Span::Days(number) => u32::from(number),
    }
}
