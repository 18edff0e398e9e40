//! What commands that read files share: reading a text, and naming what was refused.

use std::io::Read;
use std::path::Path;

use anyhow::Context;

use super::Failure;
use crate::exchange::caseload::Refused;

/// Reads as many bytes of a file, or of standard input where it is `-`.
pub fn read_bytes(file: &Path, at_most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(at_most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(at_most).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("could not read {}", file.display())).map_err(Failure::wrong)?;
    Ok(bytes)
}

/// Reads the text of a file, or of standard input where it is `-`.
pub fn read_text(file: &Path) -> Result<String, Failure> {
    let bytes = read_bytes(file, u64::MAX)?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", file.display())).map_err(Failure::wrong)
}

/// Names each mistake of each refused document on standard error; true where there is one.
pub fn report(file: &str, refused: &[Refused]) -> bool {
    for Refused { place, reference, mistakes, .. } in refused {
        let reference = reference.as_deref().map_or_else(String::new, |reference| format!(" ({reference:?})"));
        for mistake in mistakes {
            eprintln!("{file}: {place}{reference}: {mistake}");
        }
    }
    !refused.is_empty()
}
