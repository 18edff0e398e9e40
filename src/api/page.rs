//! Lists in pages: a limit, and a cursor that names the place where the next page begins.
//!
//! A cursor is opaque to callers: the key of the last row in hexadecimal digits. It holds nothing that the page did not show.

use super::parameters::Parameters;
use crate::hex;

/// The largest page.
const LARGEST: u32 = 200;
/// The page of those who do not ask for a size.
const USUAL: u32 = 50;

/// A place in a list, as a cursor carries it.
pub trait Place: Sized {
    /// The place as text.
    fn write(&self) -> String;

    /// Reads what [`Place::write`] writes; absent where the text is anything else.
    fn read(text: &str) -> Option<Self>;
}

/// How many rows a page is to hold.
pub fn limit(parameters: &mut Parameters) -> u32 {
    parameters.number("limit", 1..=LARGEST).unwrap_or(USUAL)
}

/// The place after which a page is to begin; absent for the first page.
pub fn cursor<P: Place>(parameters: &mut Parameters, fits: impl FnOnce(&P) -> bool) -> Option<P> {
    let read = |text: &str| P::read(&String::from_utf8(hex::decode(text)?).ok()?).filter(fits);
    parameters.read("cursor", read, "must be a next_cursor of this list in this order, unchanged")
}

/// Cuts rows, of which one more than the limit was read, down to the limit; tells the cursor of the next page if there is one.
pub fn cut<R, P: Place>(rows: &mut Vec<R>, limit: u32, place: impl FnOnce(&R) -> P) -> Option<String> {
    let limit = limit as usize;
    let is_more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| is_more).map(|last| hex::encode(place(last).write().as_bytes()))
}
