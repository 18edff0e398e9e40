//! More time: asked for, granted, refused.

use super::{Story, next_sequence};
use crate::demo::when::When;
use crate::domain::case::{Extension, ExtensionDecision, Grade};

impl Story {
    /// More time is asked for.
    pub fn asked_for_time(mut self, when: When) -> Self {
        if let Some(requested_on) = self.done(when) {
            self.case.extensions.push(Extension {
                sequence: next_sequence(&self.case.extensions),
                requested_on,
                decision: ExtensionDecision::Pending,
                decided_on: None,
                new_end_on: None,
                approved_by_grade: None,
                rationale_recorded: false,
            });
        }
        self
    }

    /// The time asked for last is granted, for a reason that is on file.
    pub fn granted(self, when: When, new_end: When, grade: Grade) -> Self {
        self.approved(when, new_end, grade, true)
    }

    /// The time asked for last is granted, and nobody wrote down why.
    pub fn granted_without_reason(self, when: When, new_end: When, grade: Grade) -> Self {
        self.approved(when, new_end, grade, false)
    }

    fn approved(mut self, when: When, new_end: When, grade: Grade, rationale_recorded: bool) -> Self {
        let new_end_on = Some(self.on(new_end));
        if let Some(extension) = self.decided_extension(when) {
            extension.decision = ExtensionDecision::Approved;
            extension.new_end_on = new_end_on;
            extension.approved_by_grade = Some(grade.code().to_owned());
            extension.rationale_recorded = rationale_recorded;
        }
        self
    }

    /// The time asked for last is refused.
    pub fn refused(mut self, when: When) -> Self {
        if let Some(extension) = self.decided_extension(when) {
            extension.decision = ExtensionDecision::Refused;
            extension.rationale_recorded = true;
        }
        self
    }

    fn decided_extension(&mut self, when: When) -> Option<&mut Extension> {
        let decided_on = self.done(when)?;
        let extension = self.case.extensions.last_mut()?;
        extension.decided_on = Some(decided_on);
        Some(extension)
    }
}
