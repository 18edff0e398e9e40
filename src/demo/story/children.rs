//! The children of a family, where their dates matter; the caseload gives children to the others.

use jiff::civil::Date;

use super::Story;
use crate::demo::when::{When, week};
use crate::domain::case::Child;

impl Story {
    /// A child so many years old.
    pub fn aged(self, years: i64) -> Self {
        let born = self.done(week(-52 * years));
        self.child(born, None, None)
    }

    /// A child that is expected.
    pub fn expected(self, delivery: When) -> Self {
        let delivery = Some(self.on(delivery));
        self.child(None, delivery, None)
    }

    /// A child that was expected, until the pregnancy ended.
    pub fn expected_until(self, delivery: When, ended: When) -> Self {
        let (delivery, ended) = (Some(self.on(delivery)), self.done(ended));
        self.child(None, delivery, ended)
    }

    /// A child of whom no date is known.
    pub fn child_without_dates(self) -> Self {
        self.child(None, None, None)
    }

    fn child(mut self, born: Option<Date>, expected: Option<Date>, ended: Option<Date>) -> Self {
        self.case.children.push(Child {
            reference: String::new(),
            date_of_birth: born,
            expected_delivery_on: expected,
            pregnancy_ended_on: ended,
        });
        self
    }
}
