//! The checks of a block: what the table asks of each item, held against the block and the days of the whole history.

use jiff::civil::Date;

use super::items::{Check, Item, asked_for};
use super::{Block, Value, Year};
use crate::domain::case::Case;

/// The code of the check that every case has a child. It is our own: the census cannot know of a case without one.
pub const NO_CHILD: &str = "no_child";

/// A check that fails. It names no day of birth.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The council's reference of the case.
    pub case: String,
    /// The reference of the child; absent where the case has none.
    pub child: Option<String>,
    /// What it is about; absent where that is no item.
    pub item: Option<&'static Item>,
    /// The code of the check.
    pub code: &'static str,
    /// What is wrong, in words.
    pub reason: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.case)?;
        for part in self.child.iter().map(String::as_str).chain(self.item.iter().flat_map(|item| [item.number, item.element])) {
            write!(f, "  {part}")?;
        }
        write!(f, "  {}: {}", self.code, self.reason)
    }
}

/// A case of the year that makes no block, as no child is recorded.
pub(super) fn no_child(case: &Case) -> Failure {
    let reason = "no child is recorded, so that nothing of this case is in the return".to_owned();
    Failure { case: case.reference.clone(), child: None, item: None, code: NO_CHILD, reason }
}

/// A block with what it is held against.
struct Checked<'a> {
    case: &'a Case,
    block: &'a Block,
    year: Year,
}

/// Every item of a child's block that fails, each with the first of its checks that does.
pub(super) fn failures(case: &Case, child: &str, block: &Block, year: Year) -> Vec<Failure> {
    let checked = Checked { case, block, year };
    let failure = |item: &'static Item| {
        let failed = |(code, check): &'static (&str, Check)| Some((*code, checked.wrong(item, check)?));
        let (code, reason) = item.checks.iter().find_map(failed)?;
        Some(Failure { case: case.reference.clone(), child: Some(child.to_owned()), item: Some(item), code, reason })
    };
    asked_for(year).filter_map(failure).collect()
}

impl Checked<'_> {
    /// What is wrong with an item by one check; absent where nothing is.
    fn wrong(&self, item: &Item, check: &Check) -> Option<String> {
        match check {
            Check::InTheYear => {
                let day = item.day(self.case).filter(|&day| self.no_return_took(day))?;
                Some(format!("{day} lies before the year, and the episode began in it: no return has it"))
            }
            Check::NotBefore(number) => {
                let other = self.item(number)?;
                let (day, other_day) = (item.day(self.case)?, other.day(self.case)?);
                let is_ours = self.value(item.number).or(self.value(number)).is_some();
                (is_ours && day < other_day).then(|| format!("{day} lies before {}, {other_day}", named(other)))
            }
            Check::GivenWith(number) => {
                let is_missing = self.value(number).is_some() && self.value(item.number).is_none();
                let other = self.item(number).filter(|_| is_missing)?;
                Some(format!("nothing is recorded, and must be where there is {}", named(other)))
            }
            Check::GivenIfYes(number) => {
                let is_missing = self.value(number) == Some(Value::Flag(true)) && self.value(item.number).is_none();
                let other = self.item(number).filter(|_| is_missing)?;
                Some(format!("please check: nothing is recorded, and is expected where {} is 1", named(other)))
            }
            Check::InCodeSet => None,
        }
    }

    /// Tells whether a day lies before the year though its episode began in it.
    fn no_return_took(&self, day: Date) -> bool {
        day < self.year.from() && self.case.started_on.is_some_and(|started| self.year.holds(started))
    }

    fn value(&self, number: &str) -> Option<Value> {
        self.block.iter().find(|(item, _)| item.number == number).map(|(_, value)| *value)
    }

    fn item(&self, number: &str) -> Option<&'static Item> {
        asked_for(self.year).find(|item| item.number == number)
    }
}

/// An item as a reason names it: `N00826 (PPStartDate)`.
fn named(item: &Item) -> String {
    format!("{} ({})", item.number, item.element)
}
