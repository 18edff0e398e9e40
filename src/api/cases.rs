//! The list of cases, as the sweep left it, and the handler of one case.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::civil::Date;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::auth::Caller;
use super::case_view::{CaseView, EndView, TaggedView, weeks_open};
use super::etag;
use super::frame::Now;
use super::known::{Asked, Tagged};
use super::page;
use super::parameters::{Parameters, Reference};
use super::problem::Problem;
use super::{ApiState, SharedState};
use crate::clock::Moment;
use crate::database::readers::Question;
use crate::domain::calendar::shift;
use crate::domain::case::Case;
use crate::domain::course::Status;
use crate::domain::deadline::Deadline;
use crate::domain::risk::Rag;
use crate::domain::rules::Rule;
use crate::domain::schedule::Severity;
use crate::fields::civil_date;
use crate::store::caseload::{self, Filter, Listed, Place, Sort, Stretch};
use crate::store::drift::KeptDrift;
use crate::store::tokens::Scope;
use crate::store::{BEGIN_LIST, BEGIN_SNAPSHOT, cases};

/// A century: no case is open for longer.
const MOST_WEEKS: u32 = 5200;

/// In a cursor, for a case that has not started.
const NO_START: &str = "-";

/// A page of cases.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseList {
    /// The oldest day as of which the sweep looked at a case of the page.
    pub as_of: Option<Date>,
    /// At most as many as `limit` says.
    pub cases: Vec<ListedCase>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

/// A case on the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedCase {
    /// The council's pseudonymous reference.
    #[schema(example = "PP-2026-014")]
    pub reference: String,
    /// The owning team.
    #[schema(example = "North")]
    pub team: Option<String>,
    /// Whether only cleared people may know of it.
    pub restricted: bool,
    /// Where it stands.
    pub status: Option<Status>,
    /// Decision to enter pre-proceedings.
    pub started_on: Option<Date>,
    /// For how many whole weeks it has been in pre-proceedings; null where it is not.
    pub weeks_open: Option<i64>,
    /// The end of the period, and what set it.
    pub end: Option<EndView>,
    /// The end of the period without extensions and births.
    pub base_end: Option<Date>,
    /// What is due next: a milestone, a meeting that is planned, an assessment, the end of the period. An end that a birth sets is left
    /// out, with what follows from it. Null where nothing is.
    pub next_deadline: Option<DeadlineView>,
    /// Its gravest finding.
    pub rag: Rag,
    /// How many findings are red.
    pub reds: u16,
    /// How many findings are amber.
    pub ambers: u16,
    /// The earliest day since which a finding is at amber or above.
    pub since_on: Option<Date>,
    /// The codes of the rules that find something, of whatever severity.
    #[schema(value_type = Vec<Rule>)]
    pub rules: Vec<String>,
    /// What is at amber or red, by rule and severity: the red first, then what has lasted longest. Empty of a case at risk only
    /// where that is not known yet, after an update of the service.
    pub drifts: Vec<DriftView>,
}

/// What one rule finds in a case at one severity.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Drift)]
pub struct DriftView {
    /// The rule.
    #[schema(value_type = Rule)]
    pub rule: String,
    /// Amber or red.
    pub severity: Severity,
    /// How often the rule finds it.
    pub findings: u32,
}

impl From<KeptDrift> for DriftView {
    fn from(KeptDrift { rule, severity, findings }: KeptDrift) -> Self {
        Self { rule, severity, findings }
    }
}

/// What a case has to keep next.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextDeadline)]
pub struct DeadlineView {
    /// What, as a person would say it.
    #[schema(example = "Initial meeting")]
    pub what: String,
    /// The day: today or later.
    pub on: Date,
}

impl From<Deadline> for DeadlineView {
    fn from(deadline: Deadline) -> Self {
        Self { what: deadline.what, on: deadline.on }
    }
}

/// Lists the cases that exist for the caller, in risk order unless asked otherwise.
///
/// # Errors
///
/// Wrong parameters; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/cases", tag = "cases", operation_id = "list_cases",
    summary = "The cases, worst first",
    description = "The cases as the last sweep left them, at most some minutes old: `as_of` tells the day. Risk order is: most severe \
        first; then more reds; then more ambers; then the earliest `since_on`; then `reference`.",
    params(
        ("at_risk" = Option<bool>, Query, description = "Only cases with at least one finding at amber or red, or only those without."),
        ("rag" = Option<Rag>, Query, description = "Only cases whose gravest finding is this."),
        ("team" = Option<String>, Query, description = "Only cases of this team.", example = "North"),
        ("rule" = Option<Rule>, Query, description = "Only cases of which this rule finds something, of whatever severity."),
        ("status" = Option<Status>, Query, description = "Only cases that stand here."),
        ("weeks_open_min" = Option<u32>, Query, description = "Only cases in pre-proceedings for so many whole weeks, or longer.", minimum = 0, maximum = 5200),
        ("sort" = Option<Sort>, Query, description = "The order: `risk` where it is not given. Cases without a start come last by `started_on`."),
        ("limit" = Option<u32>, Query, description = "How many cases a page holds: 50 where it is not given.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before, in the same order."),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that the caller has."),
    ),
    responses(
        (status = 200, description = "A page of cases.", body = CaseList, headers(("ETag" = String, description = "Stays the same while the page does."))),
        (status = 304, description = "The page is the one with this ETag."),
    ),
)]
pub async fn list(
    State(state): State<SharedState>,
    Now(now): Now,
    caller: Caller,
    RawQuery(query): RawQuery,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked { scope: caller.scope.clone(), query: query.unwrap_or_default(), today: now.today };
    if let Some(page) = state.known.lists.find(&asked, caller.seen.as_ref()) {
        return Ok(etag::answer_tagged(&headers, page.tag, page.body));
    }
    let body = Bytes::from(etag::written(&ask(&state, &caller, now, parameters).await?)?);
    let page = Tagged { tag: etag::tag(&body), body };
    state.known.lists.keep(&asked, caller.seen.as_ref(), page.clone());
    Ok(etag::answer_tagged(&headers, page.tag, page.body))
}

/// A page of the cases that exist for a caller.
///
/// # Errors
///
/// As for [`list`].
pub async fn ask(state: &ApiState, caller: &Caller, now: Moment, mut parameters: Parameters) -> Result<CaseList, Problem> {
    let filter = filter(&mut parameters, now.today);
    let sort = parameters.word("sort", Sort::ALL, Sort::code).unwrap_or(Sort::Risk);
    let limit = page::limit(&mut parameters);
    let after = page::cursor(&mut parameters, |place: &Place| place.sort() == sort);
    parameters.finish()?;

    let after = after.unwrap_or_else(|| Place::start(sort));
    let mut listed = read(state, &caller.scope, &filter, &after, limit + 1).await?;
    let next_cursor = page::cut(&mut listed, limit, |last| last.place(sort));
    Ok(CaseList {
        as_of: listed.iter().filter_map(|case| case.looked_on).min(),
        cases: listed.into_iter().map(|case| ListedCase::of(case, now.today)).collect(),
        next_cursor,
    })
}

/// Reads a page along an index where there is one that leads to it, else by the plan that fits the filters.
async fn read(state: &ApiState, scope: &Scope, filter: &Filter, after: &Place, limit: u32) -> Result<Vec<Listed>, sqlx::Error> {
    if let Some(stretch) = Stretch::of(scope, filter, after) {
        return Ok(state.readers.read(&PageOf { stretch, limit }).await?.answer);
    }
    let mut transaction = state.pool.begin_with(BEGIN_LIST).await?;
    let page = caseload::page(&mut transaction, scope, filter, after, limit).await?;
    transaction.commit().await?;
    Ok(page)
}

struct PageOf {
    stretch: Stretch,
    limit: u32,
}

impl Question for PageOf {
    type Answer = Vec<Listed>;

    async fn ask(&self, session: &mut PgConnection) -> Result<Vec<Listed>, sqlx::Error> {
        caseload::stretch(session, &self.stretch, self.limit).await
    }
}

/// Shows one case, evaluated as of today from its facts.
///
/// # Errors
///
/// The case does not exist for the caller; wrong parameters; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/cases/{reference}", tag = "cases", operation_id = "show_case",
    summary = "One case as it stands now",
    description = "Evaluated from its facts as of today: its milestones and how many working days either way, the end of the period and \
        what set it, the forecast, what drifts and since when, how appointments were kept, extensions, alerts, and where each fact \
        comes from.\n\nThe ETag has two halves, `\"<facts>.<view>\"`. As a whole it changes whenever the answer does, as it may with \
        the day. `If-Match` on writes compares the half of the facts alone: it means \"the facts as I read them\".",
    params(
        ("reference" = String, Path, description = "The council's pseudonymous reference.", example = "PP-2026-014"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that the caller has."),
    ),
    responses(
        (status = 200, description = "The case.", body = CaseView, headers(("ETag" = String, description = "`\"<facts>.<view>\"`: stays the same while the answer does."))),
        (status = 304, description = "The answer is the one with this ETag."),
    ),
)]
pub async fn show(
    State(state): State<SharedState>,
    Now(now): Now,
    caller: Caller,
    Reference(reference): Reference,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let TaggedView { tag, body } = ask_one(&state, &caller, now, &reference, parameters).await?.tagged()?;
    Ok(etag::answer_tagged(&headers, tag, body))
}

/// One case, if it exists for a caller.
///
/// # Errors
///
/// As for [`show`].
pub async fn ask_one(
    state: &ApiState,
    caller: &Caller,
    now: Moment,
    reference: &str,
    parameters: Parameters,
) -> Result<CaseView, Problem> {
    parameters.finish()?;
    let mut transaction = state.pool.begin_with(BEGIN_SNAPSHOT).await?;
    let case = find(&mut transaction, caller, reference).await?;
    let known = state.policy.read(&mut transaction).await?;
    let view = CaseView::read(&mut transaction, &case, &known.policy, now.today).await?;
    transaction.commit().await?;
    Ok(view)
}

/// A case, if it exists for the caller. Of one that does not, nothing is read: what is wrong with it, or how long it takes to read,
/// would tell that it is there.
pub(super) async fn find(connection: &mut PgConnection, caller: &Caller, reference: &str) -> Result<Case, Problem> {
    insist_that_it_exists(connection, caller, reference).await?;
    let (_, case) = cases::load(connection, &[reference.to_owned()]).await?.pop().ok_or(Problem::NotFound)?;
    Ok(case?)
}

/// Insists that a case exists for the caller.
pub(super) async fn insist_that_it_exists(
    connection: &mut PgConnection,
    caller: &Caller,
    reference: &str,
) -> Result<(), Problem> {
    let belonging = cases::find_belonging(connection, reference).await?;
    let is_shown = belonging.is_some_and(|case| caller.scope.shows(case.team.as_deref(), case.restricted));
    if is_shown { Ok(()) } else { Err(Problem::NotFound) }
}

fn filter(parameters: &mut Parameters, today: Date) -> Filter {
    let weeks = parameters.number("weeks_open_min", 0..=MOST_WEEKS);
    Filter {
        at_risk: parameters.flag("at_risk"),
        rag: parameters.word("rag", Rag::ALL, Rag::code),
        team: parameters.text("team"),
        rule: parameters.word("rule", Rule::ALL, Rule::code),
        status: parameters.word("status", Status::ALL, Status::code),
        open_since: weeks.map(|weeks| shift(today, -7 * i64::from(weeks))),
    }
}

impl page::Place for Place {
    fn write(&self) -> String {
        let sort = self.sort();
        match self {
            Self::Risk(key) | Self::Reference(key) => format!("{sort} {key}"),
            Self::StartedOn(None, reference) => format!("{sort} {NO_START} {reference}"),
            Self::StartedOn(Some(started_on), reference) => format!("{sort} {started_on} {reference}"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (sort, key) = text.split_once(' ').filter(|(_, key)| !key.is_empty() && !key.contains('\0'))?;
        match Sort::from_code(sort)? {
            Sort::Risk => Some(Self::Risk(key.to_owned())),
            Sort::Reference => Some(Self::Reference(key.to_owned())),
            Sort::StartedOn => {
                let (started_on, reference) = key.split_once(' ')?;
                let started_on = if started_on == NO_START { None } else { Some(civil_date(started_on).ok()?) };
                Some(Self::StartedOn(started_on, reference.to_owned()))
            }
        }
    }
}

impl ListedCase {
    fn of(listed: Listed, today: Date) -> Self {
        Self {
            weeks_open: weeks_open(listed.status, listed.started_on, today),
            end: listed.end.map(EndView::from),
            base_end: listed.base_end_on,
            next_deadline: listed.next_deadline.filter(|due| due.on >= today).map(DeadlineView::from),
            reference: listed.reference,
            team: listed.team,
            restricted: listed.restricted,
            status: listed.status,
            started_on: listed.started_on,
            rag: listed.rag,
            reds: listed.reds,
            ambers: listed.ambers,
            since_on: listed.since_on,
            rules: listed.rules,
            drifts: listed.drifts.into_iter().map(DriftView::from).collect(),
        }
    }
}
