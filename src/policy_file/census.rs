//! Reads the codes that the census has for outcomes.

use crate::domain::census::OutcomeCode;
use crate::domain::policy::CensusOutcomes;
use crate::fields::Fields;

/// The codes, each of which may be left out until a return needs it.
pub(super) fn outcomes(fields: &mut Fields) -> Option<CensusOutcomes> {
    fields.section("outcomes", |fields| {
        let mut code = |name| fields.word(name, OutcomeCode::ALL, OutcomeCode::code);
        Some(CensusOutcomes { issue: code("issue"), step_down: code("step_down"), other: code("other") })
    })
}
