//! From bytes to text, as spreadsheets write them.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The text in some bytes, without byte order mark, its lines ended by line feeds.
///
/// # Errors
///
/// What they are instead of a text.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(
            "is a workbook or another archive, not a text: save it as CSV, or give the command line the .xlsx file".to_owned()
        );
    }
    let text = match bytes.get(..2) {
        Some([0xff, 0xfe]) => UTF_16LE.decode_with_bom_removal(&bytes).0.into_owned(),
        Some([0xfe, 0xff]) => UTF_16BE.decode_with_bom_removal(&bytes).0.into_owned(),
        _ => String::from_utf8(bytes).unwrap_or_else(|not_utf_8| WINDOWS_1252.decode(not_utf_8.as_bytes()).0.into_owned()),
    };
    if text.contains('\0') {
        return Err("is not a text file: save the sheet as CSV".to_owned());
    }
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    // Old line breaks: a carriage return alone.
    Ok(if text.contains('\n') || !text.contains('\r') { text } else { text.replace('\r', "\n") })
}
