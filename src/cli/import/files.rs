//! The files of an import, read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use jiff::civil::Date;

use super::Format;
use crate::cli::Failure;
use crate::cli::files::{read_bytes, read_text};
use crate::exchange::caseload;
use crate::exchange::document::Reading;
use crate::exchange::incoming::mapping::{self, Mapping};
use crate::exchange::incoming::sheet::{LARGEST_FILE, Sheet, too_large};
use crate::exchange::incoming::tracker::{self, Tracker};
use crate::exchange::incoming::{Code, Incoming, Line, Place, columns, documents, ssd};
use crate::fields::each_on_a_line;

/// The bytes of a file.
pub(super) struct FileRead {
    pub(super) name: Arc<str>,
    pub(super) bytes: Vec<u8>,
    pub(super) is_too_large: bool,
}

/// The files, and how they are to be understood.
pub struct Files {
    /// What they hold.
    pub format: Format,
    read: Vec<FileRead>,
    mapping: Mapping,
    tracker: Tracker,
}

impl Files {
    /// Reads the files and the mapping.
    ///
    /// # Errors
    ///
    /// One of them cannot be read, or the mapping is wrong.
    pub fn read(paths: &[PathBuf], format: Option<Format>, mapping: Option<&Path>) -> Result<Self, Failure> {
        let format = format.map_or_else(|| format_of(paths), Ok)?;
        if format != Format::Tracker && mapping.is_some() {
            return Err(Failure::usage("--mapping is for trackers: the other formats have words of their own".to_owned()));
        }
        let mapping = mapping.map(read_mapping).transpose()?.unwrap_or_default();
        let read = paths.iter().map(|path| read_file(path)).collect::<Result<_, _>>()?;
        Ok(Self { format, read, mapping, tracker: Tracker::default() })
    }

    /// What the mapping calls the source.
    pub fn source(&self) -> Option<String> {
        self.mapping.source.clone()
    }

    /// What the files are called.
    pub fn names(&self) -> Vec<String> {
        self.read.iter().map(|read| read.name.to_string()).collect()
    }

    /// What they say. `recorded` has the references under which the source's cases are recorded already.
    ///
    /// # Errors
    ///
    /// What keeps a file from being read; then none is.
    pub fn incoming(&mut self, recorded: &BTreeSet<String>, today: Date) -> Result<Incoming<'_>, Vec<Line>> {
        let lines: Vec<Line> = self.read.iter().filter(|read| read.is_too_large).map(|read| too_large(&read.name)).collect();
        if !lines.is_empty() {
            return Err(lines);
        }
        let read = std::mem::take(&mut self.read);
        match self.format {
            Format::Tracker => self.of_tracker(read, today),
            Format::Json => of_documents(read, today),
            Format::Ssd => of_extract(read, recorded, today),
        }
    }

    fn of_tracker(&mut self, read: Vec<FileRead>, today: Date) -> Result<Incoming<'_>, Vec<Line>> {
        let mut lines = Vec::new();
        for FileRead { name, bytes, .. } in read {
            let list = list_of(&name, &self.mapping);
            let header_row = if list.is_some() { 1 } else { self.mapping.header_row.unwrap_or(1) };
            match (sheet_of(&name, bytes, self.mapping.sheet.as_deref(), header_row), list) {
                (Ok(sheet), Some(list)) => self.tracker.lists.push((list, sheet)),
                (Ok(sheet), None) => self.tracker.main.push(sheet),
                (Err(line), _) => lines.push(line),
            }
        }
        if lines.is_empty() { tracker::read(&self.tracker, &self.mapping, today) } else { Err(lines) }
    }
}

/// The sheet in a file: a workbook by its ending, else a text.
pub(super) fn sheet_of(name: &Arc<str>, bytes: Vec<u8>, sheet: Option<&str>, header_row: u32) -> Result<Sheet, Line> {
    let is_workbook = Path::new(&**name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx"));
    if is_workbook { Sheet::of_workbook(name, bytes, sheet, header_row) } else { Sheet::separated(name, bytes, header_row) }
}

/// An extract of the dataset: the table of episodes, with the children's if it is there.
fn of_extract<'f>(read: Vec<FileRead>, recorded: &BTreeSet<String>, today: Date) -> Result<Incoming<'f>, Vec<Line>> {
    let (mut episodes, mut people, mut lines) = (None, None, Vec::new());
    for FileRead { name, bytes, .. } in read {
        let place = match stem(&name) {
            stem if stem.contains("pre_proceedings") => &mut episodes,
            stem if stem.contains("person") => &mut people,
            _ => {
                let reason = "must be called like the table that it holds: ssd_pre_proceedings or ssd_person";
                lines.push(Line::refused(&Place::file(&name), Code::UnreadableFile, reason));
                continue;
            }
        };
        if place.is_some() {
            let reason = "is a second file of the same table: import one extract at a time";
            lines.push(Line::refused(&Place::file(&name), Code::UnreadableFile, reason));
            continue;
        }
        match sheet_of(&name, bytes, None, 1) {
            Ok(sheet) => *place = Some(sheet),
            Err(line) => lines.push(line),
        }
    }
    if episodes.is_none() && lines.is_empty() {
        let place = Place { file: "ssd_pre_proceedings".into(), row: None };
        lines.push(Line::refused(&place, Code::UnreadableFile, "is missing: ssd_person alone says nothing of any case"));
    }
    match episodes {
        Some(episodes) if lines.is_empty() => ssd::read(&episodes, people.as_ref(), recorded, today),
        _ => Err(lines),
    }
}

fn of_documents<'f>(read: Vec<FileRead>, today: Date) -> Result<Incoming<'f>, Vec<Line>> {
    let mut caseloads = Vec::new();
    for FileRead { name, bytes, .. } in read {
        let text = String::from_utf8(bytes).map_err(|_| {
            let reason = "is not UTF-8, as JSON has to be";
            vec![Line::refused(&Place::file(&name), Code::UnreadableFile, reason)]
        })?;
        caseloads.push((name, caseload::read(&text, Reading::RecordedOn(today))));
    }
    Ok(documents::read(caseloads, today))
}

/// The name of a file without folder and ending.
fn stem(name: &str) -> String {
    Path::new(name).file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// The list that a file holds, if it is one of lists.
fn list_of(name: &str, mapping: &Mapping) -> Option<&'static columns::List> {
    let stem = stem(name);
    let named = mapping.lists.iter().find(|(_, list)| list.file.as_deref().is_some_and(|file| stem == self::stem(file)));
    columns::list(named.map_or(stem.as_str(), |(list, _)| list))
}

/// What files hold, by their names.
fn format_of(paths: &[PathBuf]) -> Result<Format, Failure> {
    let of_one = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("json" | "jsonl" | "ndjson") => Format::Json,
            _ if name.starts_with("ssd_") => Format::Ssd,
            _ => Format::Tracker,
        }
    };
    let mut formats = paths.iter().map(of_one);
    let first = formats.next().unwrap_or(Format::Tracker);
    if formats.all(|format| format == first) {
        return Ok(first);
    }
    Err(Failure::usage(
        "the files are of several formats by their names: import one format at a time, or say --format".to_owned(),
    ))
}

fn read_mapping(path: &Path) -> Result<Mapping, Failure> {
    let text = read_text(path)?;
    mapping::read(&text).map_err(|mistakes| {
        let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        Failure::wrong(anyhow!("the mapping {} is wrong:{}", path.display(), each_on_a_line(&mistakes)))
    })
}

/// Reads a file, or standard input where it is `-`, as far as it is not too large.
pub(super) fn read_file(path: &Path) -> Result<FileRead, Failure> {
    let limit = u64::try_from(LARGEST_FILE).unwrap_or(u64::MAX);
    let bytes = read_bytes(path, limit + 1)?;
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    let is_too_large = bytes.len() > LARGEST_FILE;
    Ok(FileRead { name: name.as_ref().into(), bytes: if is_too_large { Vec::new() } else { bytes }, is_too_large })
}
