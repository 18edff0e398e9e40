//! A proposal as the TOML of a mapping.

use std::fmt;

use toml::Value;

use super::super::cells::DateForm;
use super::super::columns::Kind;
use super::{SuggestedEntries, Suggestion, UnknownWords, kind_of};

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# A proposal, from the header and what stands below it. Check every line before you use it.")?;
        writeln!(f, "source = \"tracker\"            # the same from one import to the next")?;
        if self.header_row > 1 {
            writeln!(f, "header_row = {}", self.header_row)?;
        }
        if self.is_by_child {
            writeln!(f, "rows = \"children\"           # rows with the same reference are one case")?;
        }
        let forms: Vec<String> = self.dates.iter().map(|form| quoted(form.code())).collect();
        if forms.is_empty() {
            let all: Vec<&str> = DateForm::ALL.iter().map(|form| form.code()).collect();
            writeln!(f, "# dates = []                  # no dates were found: name the forms, of {}", all.join(", "))?;
        } else {
            writeln!(f, "dates = [{}]", forms.join(", "))?;
        }
        writeln!(f, "blank = []                    # what stands for nothing, such as \"TBC\"")?;
        let ignored: Vec<String> = self.ignored.iter().map(|header| format!("    {},\n", quoted(header))).collect();
        writeln!(
            f,
            "# Columns that seem to say nothing that is known here; they are not read.\nignore = [\n{}]\n",
            ignored.concat()
        )?;

        writeln!(f, "[columns]")?;
        if !self.columns.iter().any(|(_, target)| *target == "reference") {
            writeln!(f, "# \"…\" = \"reference\"           # needed: which column has the reference of each case?")?;
        }
        for (header, target) in &self.columns {
            writeln!(f, "{} = {}", quoted(header), quoted(target))?;
        }
        for UnknownWords { field, words } in &self.words {
            writeln!(f, "\n[words.{field}]             # {}", what_belongs_there(field))?;
            for (word, meant) in words {
                match meant {
                    Some(meant) => writeln!(f, "{} = {}", quoted(word), quoted(meant))?,
                    None => writeln!(f, "# {} = \"…\"", quoted(word))?,
                }
            }
        }
        self.entries.iter().try_for_each(|entries| entries.fmt(f))
    }
}

fn what_belongs_there(field: &str) -> String {
    match kind_of(field) {
        Kind::Word(all) => format!("what each stands for: {}", all().join(", ")),
        _ => "what each stands for: \"yes\" or \"no\"".to_owned(),
    }
}

impl fmt::Display for SuggestedEntries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n[[entries]]\nlist = {}", quoted(self.phrases.list().name))?;
        if self.up_to > 1 {
            writeln!(f, "up_to = {}", self.up_to)?;
        }
        if self.phrases.first_sequence > 1 {
            writeln!(f, "first_sequence = {}", self.phrases.first_sequence)?;
        }
        let set: Vec<String> = self.phrases.set.iter().map(|(field, value)| format!("{field} = {}", quoted(value))).collect();
        writeln!(f, "set = {{ {} }}", set.join(", "))?;
        writeln!(f, "[entries.columns]")?;
        for (header, field) in &self.columns {
            let target = match *field {
                // A tracker seldom has the day on which more time was asked for.
                "decided_on" => "[\"requested_on\", \"decided_on\"]".to_owned(),
                field => quoted(field),
            };
            writeln!(f, "{} = {target}", quoted(header))?;
        }
        Ok(())
    }
}
