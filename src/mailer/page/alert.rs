//! An alert in words: what drifts, since when, and why it is told now.

use crate::domain::calendar::{in_words, with_weekday};
use crate::domain::pause::PauseKind;
use crate::domain::policy::Role;
use crate::domain::schedule::Severity;
use crate::mailer::bar::{Colours, Look};
use crate::mailer::plain::one_line;
use crate::mailer::render::{AlertLine, CaseBlock, MOST_ALERTS_OF_A_CASE, News};

/// A severity as it is marked, in words and in colours.
pub struct Badge {
    pub severity: String,
    pub colours: Colours,
}

impl Badge {
    pub fn of(severity: Severity) -> Self {
        let look = match severity {
            Severity::Red => Look::Over,
            Severity::Amber => Look::Extension,
            Severity::Notice => Look::Left,
        };
        Self { severity: severity.code().to_uppercase(), colours: look.colours() }
    }
}

/// An alert in words.
pub struct Alert {
    pub badge: Badge,
    pub title: &'static str,
    /// What stands in brackets behind the title; may be empty.
    pub mark: &'static str,
    pub sentence: String,
    pub since: Option<String>,
    /// What has become of it, where the mark does not say it.
    pub story: Option<String>,
    pub acknowledge: Option<Link>,
}

/// Where something can be done or seen.
pub struct Link {
    /// What the link is called. No other link of the message is called so: whoever goes from link to link hears where each leads.
    pub name: String,
    pub url: String,
}

impl Alert {
    /// Those of a case that are shown.
    pub fn all_of(block: &CaseBlock) -> Vec<Self> {
        let shown = &block.alerts[..block.alerts.len().min(MOST_ALERTS_OF_A_CASE)];
        let alike = |alerts: &[AlertLine], one: &AlertLine| alerts.iter().filter(|alert| alert.rule == one.rule).count();
        let named = shown.iter().enumerate().map(|(index, alert)| {
            let which = match alike(shown, alert) {
                1 => String::new(),
                all => format!(" ({} of {all})", alike(&shown[..=index], alert)),
            };
            (alert, format!("Acknowledge: {}{which}, {}", alert.rule.title(), one_line(&block.reference)))
        });
        named.map(|(alert, name)| Self::of(alert, name)).collect()
    }

    fn of(alert: &AlertLine, name: String) -> Self {
        Self {
            badge: Badge::of(alert.severity),
            title: alert.rule.title(),
            mark: mark(alert.news),
            sentence: format!("{}.", one_line(&alert.message)),
            since: alert.since_on.map(|on| format!("Drift since {}.", in_words(on))),
            story: story(alert.news),
            acknowledge: alert.acknowledge.as_deref().map(|url| Link { name, url: one_line(url) }),
        }
    }
}

fn mark(news: News) -> &'static str {
    match news {
        News::New => " (new)",
        News::TurnedRed => " (was AMBER)",
        News::TurnedAmber => " (was RED)",
        News::NotActedOn { .. } | News::PauseEnded { .. } | News::Standing | News::Paused { .. } => "",
    }
}

fn story(news: News) -> Option<String> {
    match news {
        News::New | News::TurnedRed | News::TurnedAmber | News::Standing => None,
        News::NotActedOn { open_since: Some(day) } => Some(format!("Nobody has acted on it since {}.", in_words(day))),
        News::NotActedOn { open_since: None } => Some("Nobody has acted on it.".to_owned()),
        News::PauseEnded { kind, by, made_on, until_on } => Some(format!(
            "{} on {} until {}; the finding still holds.",
            put_aside(kind, by),
            in_words(made_on),
            in_words(until_on)
        )),
        News::Paused { kind, by, until_on } => Some(format!("{} until {}.", put_aside(kind, by), with_weekday(until_on))),
    }
}

fn put_aside(kind: PauseKind, by: Option<Role>) -> String {
    let how = match kind {
        PauseKind::Acknowledged => "Acknowledged",
        PauseKind::Snoozed => "Snoozed",
    };
    by.map_or_else(|| format!("{how} over the API"), |role| format!("{how} by the {}", role.title()))
}
