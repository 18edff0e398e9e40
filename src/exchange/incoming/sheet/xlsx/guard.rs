//! What a workbook is and what it unfolds to, before anything is read of it.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::{DAMAGED, damaged};
use crate::exchange::incoming::Code;
use crate::exchange::incoming::cells::Unreadable;

/// The most files in the zip.
const MOST_ENTRIES: usize = 10_000;

/// The most bytes that they may unfold to together.
const LARGEST_WHOLE: u64 = 256 << 20;

/// The most bytes that parts may unfold to which are kept in memory as a whole, many times as large: by how their names end.
const LARGEST_PARTS: [(&str, u64); 4] =
    [("sharedstrings.xml", 64 << 20), ("styles.xml", 4 << 20), ("workbook.xml", 16 << 20), (".rels", 16 << 20)];

/// The most shared strings that a workbook may announce: room for as many is made at once.
const MOST_STRINGS: u64 = 10_000_000;

/// How an old workbook begins, and a new one that is encrypted.
const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Where a zip lists an entry.
const LISTED: &[u8] = b"PK\x01\x02";

/// Insists that a file is a workbook that can be read within bounds.
///
/// # Errors
///
/// What it is instead.
pub fn check(bytes: &[u8]) -> Result<(), Unreadable> {
    let unreadable = |reason: &str| Err((Code::UnreadableFile, reason.to_owned()));
    if bytes.starts_with(OLE) {
        let locked: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        return if contains(bytes, &locked) {
            unreadable("is locked with a password: save it without one")
        } else {
            unreadable("is an old workbook (.xls): save it as .xlsx")
        };
    }
    if !bytes.starts_with(b"PK\x03\x04") {
        return unreadable("is no workbook (.xlsx)");
    }
    if bytes.windows(LISTED.len()).filter(|window| *window == LISTED).count() > MOST_ENTRIES {
        return Err((Code::TooLarge, format!("has more than {MOST_ENTRIES} parts, which no workbook has")));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let mut left = LARGEST_WHOLE;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|_| damaged())?;
        left -= unfold(entry, left)?;
    }
    Ok(())
}

/// Unfolds one entry, and says how large it is. What it says of its own size is not believed.
fn unfold(mut entry: ZipFile<'_, Cursor<&[u8]>>, left: u64) -> Result<u64, Unreadable> {
    let name = entry.name().map_err(|_| damaged())?.to_lowercase();
    if name.ends_with("workbook.bin") {
        return Err((Code::UnreadableFile, "is a binary workbook (.xlsb): save it as .xlsx".to_owned()));
    }
    let largest = LARGEST_PARTS.iter().find(|(end, _)| name.ends_with(end)).map_or(left, |(_, largest)| left.min(*largest));
    let mut limited = (&mut entry).take(largest + 1);
    let read = if name.ends_with("sharedstrings.xml") {
        let mut strings = Vec::new();
        let read = limited.read_to_end(&mut strings).map(|length| length as u64);
        if strings.len() as u64 > largest {
            return Err(too_large());
        }
        // Without null bytes, the text is in an encoding in which its letters are their ASCII bytes.
        if strings.contains(&0) {
            return Err(damaged());
        }
        if announced(&strings) > MOST_STRINGS {
            return Err(too_large());
        }
        read
    } else {
        std::io::copy(&mut limited, &mut std::io::sink())
    };
    match read {
        Ok(length) if length > largest => Err(too_large()),
        Ok(length) => Ok(length),
        Err(_) => Err((Code::UnreadableFile, DAMAGED.to_owned())),
    }
}

/// The largest number of shared strings that is announced anywhere in their part.
fn announced(strings: &[u8]) -> u64 {
    const COUNT: &[u8] = b"uniqueCount";
    let starts = strings.windows(COUNT.len()).enumerate().filter(|(_, window)| *window == COUNT).map(|(start, _)| start);
    let number = |start: usize| {
        let value = strings[start + COUNT.len()..].splitn(3, |byte| matches!(byte, b'"' | b'\'')).nth(1)?;
        let digits: Vec<u8> = value.iter().copied().filter(u8::is_ascii_digit).take(20).collect();
        String::from_utf8(digits).ok().map(|digits| digits.parse().unwrap_or(if digits.is_empty() { 0 } else { u64::MAX }))
    };
    starts.filter_map(number).max().unwrap_or_default()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn too_large() -> Unreadable {
    let reason = format!(
        "unfolds to more than {} MiB, or has larger parts than a caseload takes; save the sheet as .csv, or is it another file?",
        LARGEST_WHOLE >> 20
    );
    (Code::TooLarge, reason)
}
