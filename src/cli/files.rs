//! What commands that read files share: reading a text, and naming what was refused.

use std::io::Read;
use std::path::Path;

use anyhow::Context;

use super::Failure;
use crate::exchange::caseload::Refused;

/// Reads a file, or standard input where it is `-`.
pub fn read_text(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    let could_not = || format!("could not read {}", file.display());
    read.with_context(could_not).map_err(Failure::wrong)?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", file.display())).map_err(Failure::wrong)
}

/// Names each mistake of each refused document on standard error; true where there is one.
pub fn report(file: &str, refused: &[Refused]) -> bool {
    for Refused { place, reference, mistakes } in refused {
        let reference = reference.as_deref().map_or_else(String::new, |reference| format!(" ({reference:?})"));
        for mistake in mistakes {
            eprintln!("{file}: {place}{reference}: {mistake}");
        }
    }
    !refused.is_empty()
}
