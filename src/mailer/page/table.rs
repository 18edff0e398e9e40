//! Cases in a line each: the overview at the top, and in a panel pack those that are not shown in full.

use jiff::civil::Date;

use super::alert::Badge;
use super::words::{Tally, away, counted};
use crate::mailer::plain::one_line;
use crate::mailer::render::{CaseBlock, Kind, Mail};

/// A table with a row for each case.
pub struct Table {
    pub heading: String,
    pub columns: &'static [&'static str],
    pub rows: Vec<Row>,
}

/// A case in a line.
pub struct Row {
    pub reference: String,
    /// How grave the gravest of its alerts is; absent where there is none.
    pub badge: Option<Badge>,
    pub says: String,
    /// The last column, where the table has three.
    pub since: Option<String>,
}

impl Table {
    /// What is worst about each case that is shown; absent where there is only one.
    pub fn overview(shown: &[CaseBlock], today: Date) -> Option<Self> {
        (shown.len() > 1).then(|| Self {
            heading: "Overview".to_owned(),
            columns: &["Case", "Gravest alert", "Drift since"],
            rows: shown.iter().map(|block| Row::worst(block, today)).collect(),
        })
    }

    /// In a panel pack, what is to be decided of the cases that are not shown in full; absent where all are.
    pub fn in_brief(mail: &Mail, further: &[CaseBlock]) -> Option<Self> {
        let is_pack = matches!(mail.kind, Kind::PanelPack { .. });
        let tally = Tally::of_blocks(further).drift_alerts();
        (is_pack && !further.is_empty()).then(|| Self {
            heading: format!("{} at risk, in brief: {tally}", counted(further.len(), "further case")),
            columns: &["Case", "To decide"],
            rows: further.iter().map(Row::question).collect(),
        })
    }
}

impl Row {
    fn worst(block: &CaseBlock, today: Date) -> Self {
        let says = match &block.alerts[..] {
            [] => "No drift alerts".to_owned(),
            [alert] => alert.rule.title().to_owned(),
            [alert, others @ ..] => format!("{}, {} more", alert.rule.title(), others.len()),
        };
        let since =
            block.alerts.first().map(|alert| alert.since_on.map_or_else(|| "not given".to_owned(), |on| away(on, today)));
        Self { reference: one_line(&block.reference), badge: badge(block), says, since: Some(since.unwrap_or_default()) }
    }

    fn question(block: &CaseBlock) -> Self {
        let says = block.question.as_deref().map(one_line).unwrap_or_default();
        Self { reference: one_line(&block.reference), badge: badge(block), says, since: None }
    }
}

fn badge(block: &CaseBlock) -> Option<Badge> {
    block.alerts.first().map(|alert| Badge::of(alert.severity))
}
