//! Makes a message of what was gathered for a person: renders it and fixes its bytes, once.

use anyhow::Context;
use jiff::Timestamp;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use sqlx::{Connection, PgConnection};
use tracing::{error, warn};
use uuid::Uuid;

use super::render::{self, AlertLine, AlertMail, CaseBlock, Rendered};
use crate::clock::Moment;
use crate::config::{AllowedDomains, Config};
use crate::domain::calendar::days_between;
use crate::domain::course::{EndSetBy, Status};
use crate::domain::milestone::Milestone;
use crate::domain::policy::Role;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::store::journal::{self, Entry, What};
use crate::store::outbox::{self, Gathering, Sealed, ToTell};
use crate::store::{UnknownWord, day, without_values};

/// What messages are made with.
#[derive(Clone, Debug)]
pub struct Post {
    /// The service's name at the head of each mail.
    pub council: String,
    /// What links begin with.
    pub base_url: String,
    /// The sender's address.
    pub from: String,
    /// The only domains that are written to.
    pub allowed_domains: AllowedDomains,
}

impl Post {
    /// As configured.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self {
            council: config.council.clone(),
            base_url: config.base_url.clone(),
            from: config.mail.from.clone(),
            allowed_domains: config.mail.allowed_domains.clone(),
        }
    }
}

impl Post {
    /// Tells whether an address is one, and may be written to.
    #[must_use]
    pub fn may_write_to(&self, address: &str) -> bool {
        self.allowed_domains.allow(address) && address.parse::<lettre::Address>().is_ok()
    }
}

/// Makes and queues a message of everything that was gathered; returns how many. One that cannot be made is cancelled with its reason
/// and stops nobody else's; one that the database does not take is left for the next time.
///
/// # Errors
///
/// The database does not answer.
pub async fn seal_gathered(connection: &mut PgConnection, post: &Post, now: Moment) -> anyhow::Result<usize> {
    let (mut sealed, mut after, mut first_wrong) = (0, Uuid::nil(), None);
    loop {
        let mut tx = connection.begin().await?;
        let Some(gathering) = outbox::hold_gathering(&mut tx, after).await? else { break };
        after = gathering.id;
        match seal_or_cancel(&mut tx, &gathering, post, now).await {
            Ok(made) => {
                tx.commit().await?;
                sealed += usize::from(made);
            }
            Err(wrong) => {
                tx.rollback().await?;
                error!(message.id = %gathering.id, reason = without_values(&wrong), "a message could not be queued yet");
                first_wrong.get_or_insert(wrong);
            }
        }
    }
    first_wrong.map_or(Ok(sealed), Err)
}

/// Queues a message, or cancels one that must not or cannot leave; true where it is queued.
async fn seal_or_cancel(
    connection: &mut PgConnection,
    gathering: &Gathering,
    post: &Post,
    now: Moment,
) -> anyhow::Result<bool> {
    let why_not = if gathering.active && post.may_write_to(&gathering.email) {
        outbox::hold_back(connection, gathering.id).await?;
        match seal(connection, gathering, post, now).await {
            Ok(true) => return Ok(true),
            Ok(false) => "nothing is left to tell",
            Err(wrong) if wrong.is::<sqlx::Error>() => return Err(wrong),
            Err(_) => "the message cannot be made",
        }
    } else if gathering.active {
        "the address is not one that may be written to: see mail.allowed_domains"
    } else {
        "the person is told nothing any more"
    };
    cancel(connection, gathering, why_not, now).await?;
    Ok(false)
}

async fn cancel(connection: &mut PgConnection, gathering: &Gathering, reason: &str, now: Moment) -> Result<(), sqlx::Error> {
    warn!(message.id = %gathering.id, recipient.id = gathering.recipient, reason, "a message is cancelled");
    outbox::cancel(connection, gathering.id, reason, now.at).await?;
    let entry =
        Entry { message: Some(gathering.id), recipient: Some(gathering.recipient), reason: Some(reason), ..Entry::default() };
    journal::add(connection, now.at, What::MessageCancelled, entry).await
}

/// Queues a message of what was gathered; false where nothing was.
async fn seal(connection: &mut PgConnection, gathering: &Gathering, post: &Post, now: Moment) -> anyhow::Result<bool> {
    let gathered = outbox::gathered(connection, gathering.id).await?;
    if gathered.is_empty() {
        return Ok(false);
    }
    let role = Role::from_code(&gathering.role).ok_or(UnknownWord { column: "recipients.role" })?;
    let blocks = blocks(gathered, now)?;
    let rendered = render::render(&AlertMail {
        role,
        council: &post.council,
        base_url: &post.base_url,
        checked_at: now.at,
        today: now.today,
        blocks,
    });
    let bytes = bytes(gathering.id, &post.from, &gathering.email, &rendered, now.at)?;
    let sealed = Sealed { id: gathering.id, from: &post.from, to: &gathering.email, subject: &rendered.subject, bytes: &bytes };
    outbox::seal(connection, &sealed, now.at).await?;
    Ok(true)
}

/// One block a case, in the order in which they were gathered.
fn blocks(gathered: Vec<ToTell>, now: Moment) -> Result<Vec<CaseBlock>, UnknownWord> {
    let mut blocks: Vec<CaseBlock> = Vec::new();
    for told in gathered {
        let severity = Severity::from_code(&told.severity).ok_or(UnknownWord { column: "message_alerts.severity" })?;
        let rule = Rule::from_code(&told.rule).ok_or(UnknownWord { column: "alerts.rule" })?;
        let line = AlertLine {
            rule,
            severity,
            since_on: (!gives_a_birth_away(rule, &told)).then(|| told.since_on.to_jiff()),
            message: told.message.clone(),
            turned_red: told.turned && severity == Severity::Red,
        };
        match blocks.last_mut() {
            Some(block) if block.reference == told.case => block.alerts.push(line),
            _ => blocks.push(block(told, line, now)),
        }
    }
    Ok(blocks)
}

/// Tells whether a birth, or an expected one, could be worked out from the day since which the finding holds.
fn gives_a_birth_away(rule: Rule, told: &ToTell) -> bool {
    match rule {
        Rule::MissingData => told.subject == "birth",
        Rule::MilestoneMissed => told.subject == Milestone::FinalReview.code() && ends_with_a_birth(told),
        Rule::TimeLimit | Rule::ForecastOverrun => ends_with_a_birth(told),
        _ => false,
    }
}

fn ends_with_a_birth(told: &ToTell) -> bool {
    told.end_set_by.as_deref().and_then(EndSetBy::from_code).is_some_and(EndSetBy::is_a_birth)
}

fn block(told: ToTell, line: AlertLine, now: Moment) -> CaseBlock {
    let started_on = day(told.started_on);
    let runs = [Status::Open, Status::DecidedIssue].iter().any(|status| told.status.as_deref() == Some(status.code()));
    let end_on = day(told.end_on).filter(|_| !ends_with_a_birth(&told));
    let extended = told.end_set_by.as_deref() == Some(EndSetBy::Extension.code());
    CaseBlock {
        reference: told.case,
        team: told.team,
        started_on,
        weeks_open: started_on.filter(|_| runs).map(|started| days_between(started, now.today) / 7),
        end_on,
        extended_from: day(told.base_end_on).filter(|_| extended),
        alerts: vec![line],
        also_told: told.also_told.iter().filter_map(|role| Role::from_code(role)).collect(),
    }
}

/// Says that no person wrote the message (RFC 3834), so that no person's absence note answers it.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The message as it will be sent, each time it is: with its Message-ID and its date. Addresses go without names.
fn bytes(id: Uuid, from: &str, to: &str, rendered: &Rendered, now: Timestamp) -> anyhow::Result<Vec<u8>> {
    let mailbox = |address: &str| -> anyhow::Result<Mailbox> {
        Ok(Mailbox::new(None, address.parse().context("an address in the database is not one")?))
    };
    let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let plain = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(rendered.text.clone());
    let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(rendered.html.clone());
    let message = lettre::Message::builder()
        .from(mailbox(from)?)
        .to(mailbox(to)?)
        .subject(&rendered.subject)
        .date(now.into())
        .message_id(Some(format!("<{id}@{domain}>")))
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative().singlepart(plain).singlepart(html))
        .context("could not make a message")?;
    Ok(message.formatted())
}
