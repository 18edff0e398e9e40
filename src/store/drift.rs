//! What drifts in a case as it is kept beside it, so that a list need not judge: `red milestone_missed 2, amber review_gap 1`.

use crate::domain::risk::Drift;
use crate::domain::schedule::Severity;

/// Between what one rule finds and what the next does.
const NEXT: &str = ", ";

/// What one rule finds in a case at one severity, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDrift {
    /// The code of the rule, which a newer program may have written.
    pub rule: String,
    /// Amber or red.
    pub severity: Severity,
    /// How often the rule finds it.
    pub findings: u32,
}

/// What drifts, for keeping.
pub(super) fn written(drifts: &[Drift]) -> String {
    let each = drifts.iter().map(|drift| format!("{} {} {}", drift.severity, drift.rule, drift.findings));
    each.collect::<Vec<_>>().join(NEXT)
}

/// Reads what is kept; absent where it is nothing that [`written`] writes.
pub(super) fn read(kept: &str) -> Option<Vec<KeptDrift>> {
    if kept.is_empty() { Some(Vec::new()) } else { kept.split(NEXT).map(read_one).collect() }
}

/// Tells whether so many findings drift by it. Where an old program has looked at the case meanwhile, which renews everything but this,
/// it is out of date until the case is looked at again.
pub(super) fn agrees(drifts: &[KeptDrift], reds: u16, ambers: u16) -> bool {
    let found = |severity| drifts.iter().filter(|drift| drift.severity == severity).map(|drift| drift.findings).sum::<u32>();
    (found(Severity::Red), found(Severity::Amber)) == (reds.into(), ambers.into())
}

fn read_one(kept: &str) -> Option<KeptDrift> {
    let (severity, rest) = kept.split_once(' ')?;
    let (rule, findings) = rest.split_once(' ')?;
    Some(KeptDrift { rule: rule.to_owned(), severity: Severity::from_code(severity)?, findings: findings.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::Rule;

    #[test]
    fn what_is_kept_is_read_as_it_was_written() {
        let drifts = [(Rule::MilestoneMissed, Severity::Red, 2), (Rule::ReviewGap, Severity::Amber, 1)];
        let kept = written(&drifts.map(|(rule, severity, findings)| Drift { rule, severity, findings }));
        assert_eq!(kept, "red milestone_missed 2, amber review_gap 1");
        let read_again = drifts.map(|(rule, severity, findings)| KeptDrift {
            rule: rule.code().to_owned(),
            severity,
            findings: u32::try_from(findings).expect("a few"),
        });
        assert_eq!(read(&kept), Some(read_again.to_vec()));
        assert_eq!(read(&written(&[])), Some(Vec::new()));
        for wrong in ["red", "red milestone_missed", "red milestone_missed two", "pink milestone_missed 1", "red a 1,amber b 1"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
