//! Imports over HTTP: the same as the command, for one file at a time.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Json, http::header};
use jiff::civil::Date;
use serde::de::IgnoredAny;
use tokio::sync::Semaphore;

use super::SharedState;
use super::audit::Shown;
use super::auth::Caller;
use super::body::media_type;
use super::frame::Now;
use super::parameters::Parameters;
use super::problem::Problem;
use crate::exchange::caseload;
use crate::exchange::document::Reading;
use crate::exchange::incoming::columns::{self, List};
use crate::exchange::incoming::mapping::Mapping;
use crate::exchange::incoming::sheet::Sheet;
use crate::exchange::incoming::tracker::{self, Tracker};
use crate::exchange::incoming::{Code, Incoming, Line, Place, Verdict, documents};
use crate::fields::Mistake;
use crate::intake::{self, Import, Report};
use crate::store::sources;

/// Its path: the bodies of imports are larger than others, and the answers take longer.
pub const PATH: &str = "/api/v1/imports";

/// When another import may be tried, where one is under way.
const COME_BACK_SECONDS: u64 = 15;

/// What lines call the body of a request.
const FILE: &str = "body";

/// The place of the one import that may be under way.
#[derive(Clone, Debug)]
pub struct ImportPlace(Arc<Semaphore>);

impl Default for ImportPlace {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

/// The body of an import, not yet read.
#[derive(Debug)]
pub enum ImportBody {
    /// A sheet.
    Csv(Bytes),
    /// An array of case documents.
    Json(Bytes),
}

impl<S: Send + Sync> FromRequest<S> for ImportBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind: fn(Bytes) -> Self = match media_type(request.headers()).as_deref() {
            Some("text/csv") => Self::Csv,
            Some("application/json") => Self::Json,
            _ => return Err(Problem::UnsupportedMediaType),
        };
        let body = kind(Bytes::from_request(request, state).await?);
        if let Self::Json(bytes) = &body {
            insist_on_an_array(bytes)?;
        }
        Ok(body)
    }
}

/// What is wrong with one document is a line of the report; what is no array of them at all is refused.
fn insist_on_an_array(bytes: &[u8]) -> Result<(), Problem> {
    serde_json::from_slice::<IgnoredAny>(bytes).map_err(|_| Problem::MalformedBody)?;
    let is_array = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let reason = "must be a list of case documents".to_owned();
    if is_array { Ok(()) } else { Err(Problem::WrongFields(vec![Mistake { pointer: String::new(), reason }])) }
}

/// What was read of a body.
struct Read {
    tracker: Tracker,
    mapping: Mapping,
    documents: Option<caseload::Caseload>,
}

impl Read {
    fn of(body: ImportBody, list: Option<&'static List>, today: Date) -> Result<Self, Vec<Line>> {
        let mut read = Self { tracker: Tracker::default(), mapping: Mapping::default(), documents: None };
        match body {
            ImportBody::Csv(bytes) => {
                let sheet = Sheet::separated(&FILE.into(), bytes.into(), 1).map_err(|line| vec![line])?;
                match list {
                    Some(list) => read.tracker.lists.push((list, sheet)),
                    None => read.tracker.main.push(sheet),
                }
            }
            ImportBody::Json(bytes) => {
                let text = str::from_utf8(&bytes).map_err(|_| {
                    let reason = "is not UTF-8, as JSON has to be";
                    vec![Line::refused(&Place::file(&FILE.into()), Code::UnreadableFile, reason)]
                })?;
                read.documents = Some(caseload::read(text, Reading::RecordedOn(today)));
            }
        }
        Ok(read)
    }

    fn incoming(&mut self, today: Date) -> Result<Incoming<'_>, Vec<Line>> {
        match self.documents.take() {
            Some(caseload) => Ok(documents::read(vec![(FILE.into(), caseload)], today)),
            None => tracker::read(&self.tracker, &self.mapping, today),
        }
    }
}

/// Brings cases in.
///
/// # Errors
///
/// Wrong parameters; a body that cannot be read as what it says it is; another import is under way; the database does not answer.
#[utoipa::path(
    post, path = "/api/v1/imports", tag = "cases", operation_id = "import_cases",
    summary = "Import cases",
    description = "The same as `plo-drift import`, for one file: a tracker as CSV, whose columns are called like the fields of a case document \
        (a council's own headers need a mapping, which the command takes), or case documents as a JSON array. Each row is taken, queried or refused; a row that is refused changes nothing, and the rest goes in, some hundred cases \
        in a transaction. The same import again changes nothing.\n\nWhat is said is held against what the same `source` said before: \
        what somebody has recorded since stands, and the report asks about it. A case that the source had and has no more is asked \
        about and stays as it is.\n\nA header that is not understood refuses the whole body with 422. Should the answer take \
        longer than `http.import_seconds`, it is 503, what was done stays, and the same import again does the rest.",
    params(
        ("dry_run" = Option<bool>, Query, description = "Whether to say what would be done and to change nothing. False unless given."),
        ("source" = Option<String>, Query, description = "What the source is called, the same from one import to the next. `tracker` or `json` unless given.", example = "north"),
        ("list" = Option<String>, Query, description = "The list whose entries a CSV holds, each with the `reference` of its case: `children` (each child's own in `child_reference`), `meetings`, `assessments`, `extensions`, `engagement`, `oversight` or `allocations`. The cases themselves unless given.", example = "meetings"),
    ),
    request_body(
        content(
            (String = "text/csv", example = "reference,team,started_on\nPP-2026-014,North,05/01/2026\n"),
            (Vec<serde_json::Value> = "application/json", example = json!([{"reference": "PP-2026-014", "team": "North", "started_on": "2026-01-05"}])),
        ),
        description = "A tracker, or case documents as for `PUT /api/v1/cases/{reference}`; in an array. A document that is \
            wrong is refused in the report, and the rest goes in.",
    ),
    responses((status = 200, description = "What was done, or would be.", body = Report)),
)]
pub async fn bring_in(
    State(state): State<SharedState>,
    Now(now): Now,
    caller: Caller,
    mut parameters: Parameters,
    headers: HeaderMap,
    body: ImportBody,
) -> Result<Response, Problem> {
    let is_dry_run = parameters.flag("dry_run").unwrap_or(false);
    let source = parameters.text("source");
    let list = parameters.read("list", columns::list, "must be the name of a list, such as meetings");
    let is_csv = matches!(body, ImportBody::Csv(_));
    if list.is_some() && !is_csv {
        parameters.mistake::<()>("list", "must be left out: case documents have their lists in them");
    }
    parameters.finish()?;
    let busy = Problem::TooManyRequests { seconds: COME_BACK_SECONDS };
    let _place = state.import_place.0.clone().try_acquire_owned().map_err(|_| busy)?;
    let format = if is_csv { "tracker" } else { "json" };
    let source = source.unwrap_or_else(|| format.to_owned());
    let mut read = Read::of(body, list, now.today).map_err(|lines| unreadable(&lines))?;
    let incoming = read.incoming(now.today).map_err(|lines| unreadable(&lines))?;
    let label = sources::label(&source, "api");
    let actor = caller.actor();
    let import = Import { source: &source, label: &label, caller: Some(&actor), scope: &caller.scope, is_dry_run, now };
    let mut connection = state.pool.acquire().await?;
    let report = intake::bring_in(&mut connection, &import, incoming, &mut ()).await.map_err(problem)?;
    tracing::info!(
        http.body = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()),
        new = report.cases.new,
        changed = report.cases.changed,
        refused = report.cases.refused,
        "imported"
    );
    let asked = report.lines.iter().filter(|line| line.verdict == Verdict::Queried).filter_map(|line| line.case.as_deref());
    let shown = Shown::each_once(asked);
    let mut response = Json(report).into_response();
    response.extensions_mut().insert(shown);
    Ok(response)
}

/// Why nothing of a body could be read.
fn unreadable(lines: &[Line]) -> Problem {
    let mistake = |line: &Line| {
        let place =
            [line.row.map(|row| format!("/rows/{row}")), line.column.as_ref().map(|column| format!("/columns/{column}"))];
        Mistake { pointer: place.into_iter().flatten().collect(), reason: line.reason.clone() }
    };
    Problem::WrongFields(lines.iter().map(mistake).collect())
}

fn problem(wrong: anyhow::Error) -> Problem {
    match wrong.downcast::<sqlx::Error>() {
        Ok(wrong) => wrong.into(),
        Err(wrong) => {
            tracing::error!(reason = crate::store::without_values(&wrong), "an import ended early");
            Problem::Internal
        }
    }
}
