//! Makes a message of what was gathered for a person: renders it and fixes its bytes, once.

use anyhow::Context;
use jiff::Timestamp;
use jiff::civil::Date;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use sqlx::{Connection, PgConnection};
use tracing::{Instrument, error, info_span, warn};
use uuid::Uuid;

use super::blocks;
use super::render::{self, Because, Kind, MOST_ALERTS_OF_A_CASE, Mail, Rendered, StillOpen};
use crate::clock::Moment;
use crate::config::{AllowedDomains, Config};
use crate::domain::calendar::{Calendar, Span};
use crate::domain::policy::Policy;
use crate::failpoints::failpoint;
use crate::links::{self, Link, LinkKey};
use crate::store::agenda::item::Item;
use crate::store::gathering::{self, Gathering, Hold, MessageKind, Sealed};
use crate::store::{link_keys, readiness, to_tell, without_values};

/// What messages are made with.
#[derive(Clone, Debug)]
pub struct Post {
    /// The service's name at the head of each mail.
    pub council: String,
    /// What links begin with.
    pub base_url: String,
    /// Whether people can sign in to pages there.
    pub has_pages: bool,
    /// The sender's address.
    pub from: String,
    /// The only domains that are written to.
    pub allowed_domains: AllowedDomains,
    /// How long acknowledge links work.
    pub link_valid: Span,
    /// Working days.
    pub calendar: Calendar,
}

impl Post {
    /// As configured, by a policy.
    #[must_use]
    pub fn of(config: &Config, policy: &Policy) -> Self {
        Self {
            council: config.council.clone(),
            base_url: config.base_url.clone(),
            has_pages: config.board.is_open(),
            from: config.mail.from.clone(),
            allowed_domains: config.mail.allowed_domains.clone(),
            link_valid: policy.alerts.link_valid,
            calendar: policy.calendar.clone(),
        }
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
    while let Some(message) = gathering::next_gathering(connection, after).await? {
        let mut tx = connection.begin().await?;
        let span = info_span!("message", message.id = %message);
        match seal_one(&mut tx, message, post, now).instrument(span).await {
            Ok(Sealing::Again) => continue,
            Ok(Sealing::Left) => {}
            Ok(Sealing::Done { queued }) => {
                failpoint("enqueue.before_commit");
                tx.commit().await?;
                failpoint("enqueue.after_commit");
                sealed += usize::from(queued);
            }
            Err(wrong) => {
                tx.rollback().await?;
                error!(message.id = %message, reason = without_values(&wrong), "a message could not be queued yet");
                first_wrong.get_or_insert(wrong);
            }
        }
        after = message;
    }
    first_wrong.map_or(Ok(sealed), Err)
}

/// What came of sealing one message.
enum Sealing {
    /// It is to be committed.
    Done { queued: bool },
    /// Somebody else has it.
    Left,
    /// It has gathered more meanwhile, and is to be held anew.
    Again,
}

async fn seal_one(connection: &mut PgConnection, message: Uuid, post: &Post, now: Moment) -> anyhow::Result<Sealing> {
    match gathering::hold_gathering(connection, message).await? {
        Hold::Held(gathering) => {
            failpoint("enqueue.gathered");
            Ok(Sealing::Done { queued: seal_or_cancel(connection, &gathering, post, now).await? })
        }
        Hold::Elsewhere => Ok(Sealing::Left),
        Hold::GatheredMore => Ok(Sealing::Again),
    }
}

/// Makes and queues messages that this transaction has begun; returns how many. One that cannot be made is cancelled with its
/// reason.
///
/// # Errors
///
/// The database does not answer.
pub async fn seal_these(connection: &mut PgConnection, messages: &[Uuid], post: &Post, now: Moment) -> anyhow::Result<usize> {
    let mut sealed = 0;
    for gathering in gathering::begun(connection, messages).await? {
        sealed += usize::from(seal_or_cancel(connection, &gathering, post, now).await?);
    }
    Ok(sealed)
}

/// Queues a message, or cancels one that must not or cannot leave; true where it is queued.
async fn seal_or_cancel(
    connection: &mut PgConnection,
    gathering: &Gathering,
    post: &Post,
    now: Moment,
) -> anyhow::Result<bool> {
    let why_not = if gathering.active && post.allowed_domains.may_write_to(&gathering.email) {
        gathering::hold_back(connection, gathering.id, now).await?;
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
    gathering::cancel(connection, gathering.id, reason, now).await
}

/// Queues a message of what was gathered; false where nothing was.
async fn seal(connection: &mut PgConnection, gathering: &Gathering, post: &Post, now: Moment) -> anyhow::Result<bool> {
    let gathered = to_tell::gathered(connection, gathering.id).await?;
    if gathered.is_empty() {
        return Ok(false);
    }
    let is_digest = gathering.kind == MessageKind::Digest.code();
    let still_open = if is_digest {
        let (red, amber) = to_tell::still_open(connection, gathering.id).await?;
        (red + amber > 0).then_some(StillOpen { red, amber })
    } else {
        None
    };
    let in_order: Vec<(String, Uuid)> = gathered.iter().map(|told| (told.case.clone(), told.alert)).collect();
    let links = Links { key: link_keys::newest_or_new(connection, now.at).await?, post, recipient: gathering.recipient, now };
    let mail = Mail {
        kind: if is_digest { Kind::Digest } else { Kind::Alerts },
        because: blocks::because(&gathered),
        council: &post.council,
        pages: post.has_pages.then_some(post.base_url.as_str()),
        checked_at: if is_digest { last_check(connection, now).await? } else { now.at },
        today: now.today,
        still_open,
        blocks: blocks::of_alerts(gathered, now.today, |alert| links.to(alert))?,
    };
    gathering::leave_for_the_next(connection, gathering.id, &beyond(&in_order, mail.shown().len()), now).await?;
    queue(connection, gathering, &render::render(&mail), post, now).await?;
    Ok(true)
}

/// The gathered alerts that a message does not name: those of cases beyond the ones that it shows, and of each of these what is
/// beyond what it shows of one.
fn beyond(in_order: &[(String, Uuid)], cases_shown: usize) -> Vec<Uuid> {
    let of_cases = in_order.chunk_by(|(case, _), (next, _)| case == next).enumerate();
    let beyond = of_cases.flat_map(|(index, of_case)| {
        let shown = if index < cases_shown { MOST_ALERTS_OF_A_CASE } else { 0 };
        of_case.iter().skip(shown).map(|(_, alert)| *alert)
    });
    beyond.collect()
}

/// The acknowledge links of one person.
struct Links<'a> {
    key: LinkKey,
    post: &'a Post,
    recipient: i64,
    now: Moment,
}

impl Links<'_> {
    fn to(&self, alert: Uuid) -> String {
        let expires_on = self.post.calendar.plus(self.now.today, self.post.link_valid);
        let link = Link { alert, recipient: self.recipient, expires_on };
        links::url(&self.post.base_url, &links::sign(&self.key, &link))
    }
}

/// What the pack of a panel meeting tells one person.
#[derive(Clone, Copy, Debug)]
pub struct Agenda<'a> {
    /// The day of the meeting.
    pub meeting_on: Date,
    /// Whether anybody works on that day.
    pub is_working_day: bool,
    /// The cases, worst first.
    pub items: &'a [&'a Item],
    /// As what the person gets it.
    pub because: &'a [Because],
}

/// Makes and queues a panel pack that this transaction has begun.
///
/// # Errors
///
/// The database does not answer, or the message cannot be made.
pub async fn seal_pack(
    connection: &mut PgConnection,
    message: Uuid,
    agenda: &Agenda<'_>,
    post: &Post,
    now: Moment,
) -> anyhow::Result<()> {
    let gathering = gathering::begun(connection, &[message]).await?.pop().context("the message was not begun")?;
    let mail = Mail {
        kind: Kind::PanelPack { meeting_on: agenda.meeting_on, is_working_day: agenda.is_working_day },
        because: agenda.because.to_vec(),
        council: &post.council,
        pages: post.has_pages.then_some(post.base_url.as_str()),
        checked_at: last_check(connection, now).await?,
        today: now.today,
        still_open: None,
        blocks: agenda.items.iter().map(|item| blocks::of_item(item, gathering.recipient, now.today)).collect(),
    };
    queue(connection, &gathering, &render::render(&mail), post, now).await
}

/// When the last sweep ended; a sweep's own mail says now.
async fn last_check(connection: &mut PgConnection, now: Moment) -> Result<Timestamp, sqlx::Error> {
    Ok(readiness::sweeps(connection, now.at).await?.last_finished_at.unwrap_or(now.at))
}

async fn queue(
    connection: &mut PgConnection,
    gathering: &Gathering,
    rendered: &Rendered,
    post: &Post,
    now: Moment,
) -> anyhow::Result<()> {
    let bytes = bytes(gathering.id, &post.from, &gathering.email, rendered, now.at)?;
    let sealed = Sealed { id: gathering.id, from: &post.from, to: &gathering.email, subject: &rendered.subject, bytes: &bytes };
    Ok(gathering::seal(connection, &sealed, now.at).await?)
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
pub(super) fn bytes(id: Uuid, from: &str, to: &str, rendered: &Rendered, now: Timestamp) -> anyhow::Result<Vec<u8>> {
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
