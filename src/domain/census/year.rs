//! The year of a census: from 1 April to 31 March.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};

use super::items::{ITEMS, OPEN};

/// The year of a census, written `2026-27`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Year(i16);

/// Why a text is no year that can be returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAYear {
    /// It is written in another way.
    #[error(
        "must be a census year written like 2026-27: one of the years 2000 to 2099, a hyphen, and the last two digits of the next"
    )]
    Form,
    /// The module did not exist.
    #[error("must be 2026-27 or later: no census before it asks for module 5")]
    BeforeTheModule,
}

impl Year {
    /// The first day, 1 April.
    #[must_use]
    pub fn from(self) -> Date {
        date(self.0, 4, 1)
    }

    /// The last day, 31 March.
    #[must_use]
    pub fn to(self) -> Date {
        date(self.0 + 1, 3, 31)
    }

    /// Tells whether a day is one of it.
    #[must_use]
    pub fn holds(self, day: Date) -> bool {
        (self.from()..=self.to()).contains(&day)
    }

    /// The calendar year in which it begins.
    pub(super) fn begins(self) -> i16 {
        self.0
    }
}

impl FromStr for Year {
    type Err = NotAYear;

    fn from_str(text: &str) -> Result<Self, NotAYear> {
        let (first, next) = text.split_once('-').ok_or(NotAYear::Form)?;
        let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(first, 4) || !digits(next, 2) {
            return Err(NotAYear::Form);
        }
        let (begins, ends): (i16, i16) =
            (first.parse().map_err(|_| NotAYear::Form)?, next.parse().map_err(|_| NotAYear::Form)?);
        if !(2000..=OPEN).contains(&begins) || (begins + 1) % 100 != ends {
            return Err(NotAYear::Form);
        }
        if !ITEMS.iter().any(|item| item.years.contains(&begins)) {
            return Err(NotAYear::BeforeTheModule);
        }
        Ok(Self(begins))
    }
}

impl fmt::Display for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.0, (self.0 + 1) % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("2026-27", Ok(2026))]
    #[case("2098-99", Ok(2098))]
    #[case("2099-00", Ok(2099))]
    #[case("2025-26", Err(NotAYear::BeforeTheModule))]
    #[case("2000-01", Err(NotAYear::BeforeTheModule))]
    #[case("1999-00", Err(NotAYear::Form))]
    #[case("2100-01", Err(NotAYear::Form))]
    #[case("2026-28", Err(NotAYear::Form))]
    #[case("2026-26", Err(NotAYear::Form))]
    #[case("2026-2027", Err(NotAYear::Form))]
    #[case("2026/27", Err(NotAYear::Form))]
    #[case("2026", Err(NotAYear::Form))]
    #[case("26-27", Err(NotAYear::Form))]
    #[case(" 2026-27", Err(NotAYear::Form))]
    #[case("2026-27 ", Err(NotAYear::Form))]
    #[case("2026–27", Err(NotAYear::Form))]
    #[case("+026-27", Err(NotAYear::Form))]
    #[case("2026-+7", Err(NotAYear::Form))]
    #[case("２０２６-27", Err(NotAYear::Form))]
    #[case("", Err(NotAYear::Form))]
    fn a_year_is_written_in_one_way(#[case] text: &str, #[case] expected: Result<i16, NotAYear>) {
        let year = text.parse::<Year>();
        assert_eq!(year.map(Year::begins), expected);
        if let Ok(year) = year {
            assert_eq!(year.to_string(), text);
        }
    }

    #[rstest::rstest]
    #[case(date(2026, 3, 31), false)]
    #[case(date(2026, 4, 1), true)]
    #[case(date(2027, 3, 31), true)]
    #[case(date(2027, 4, 1), false)]
    fn a_year_is_from_april_to_march(#[case] day: Date, #[case] expected: bool) {
        assert_eq!(Year(2026).holds(day), expected);
    }
}
