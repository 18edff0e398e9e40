//! Writing a case: its whole document, or one fact.
//!
//! What is written is checked and stored under the lock of the case, in one transaction: a refusal leaves nothing, not even history.
//! A caller writes only what it may see, before and after.

pub mod facts;
mod key;
mod refused;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use sqlx::PgConnection;

use super::SharedState;
use super::auth::Caller;
use super::body::JsonBody;
use super::case_tag::Conditions;
use super::case_view::{CaseView, TaggedView};
use super::frame::Now;
use super::openapi::CaseToPut;
use super::parameters::{Parameters, Reference};
use super::problem::{Problem, WrongParameter};
use crate::clock::Moment;
use crate::domain::case::Case;
use crate::exchange::document::{self, Reading};
use crate::fields::{Fields, plain_text};
use crate::store::cases::{self, Belonging};
use crate::store::record::{self, Recorded, ToRecord, record_over};
use crate::store::tokens::Scope;
use refused::refused;

/// What the history says of where facts that come over the API come from.
const SOURCE: &str = "api";

/// Records a case as its document says, new or over what is there.
///
/// # Errors
///
/// A wrong document, or one that the caller could not see as a case; what the headers want is not so; the reference is taken by a
/// case that does not exist for the caller; the database does not answer.
#[utoipa::path(
    put, path = "/api/v1/cases/{reference}", tag = "cases", operation_id = "put_case",
    summary = "Record a case",
    description = "Stores the whole document: facts that it does not hold go, what it repeats is left alone, with when and by whom it was \
        recorded. The same document again changes nothing. All of it is stored or nothing is.\n\n`If-Match` with the ETag of an \
        earlier answer means \"only if the facts are still as I read them\": the half before the dot is compared, so that an alert \
        or a new day is no conflict. `If-None-Match: *` means \"only if there is no such case\". \
        \n\nThe case must be one that this token may see, before and after: a document of another team, or a restricted one without \
        clearance, is refused with 422, and a reference that is taken by a case that this token may not see answers 404.",
    params(
        ("reference" = String, Path, description = "The council's pseudonymous reference. The document may leave it out.", example = "PP-2026-014"),
        ("If-Match" = Option<String>, Header, description = "ETags of the case as the caller knows it, or `*` for any."),
        ("If-None-Match" = Option<String>, Header, description = "`*`: only if there is no such case."),
    ),
    request_body = CaseToPut,
    responses(
        (status = 200, description = "Some fact changed; the case as it stands now.", body = CaseView, headers(("ETag" = String, description = "As that of the case."))),
        (status = 201, description = "The case is new.", body = CaseView, headers(
            ("ETag" = String, description = "As that of the case."), ("Location" = String, description = "The path of the case.")
        )),
        (status = 204, description = "Nothing changed.", headers(("ETag" = String, description = "As that of the case."))),
        (status = 409, description = "A constraint of the database stands against it, which the answer names."),
        (status = 412, description = "The case is not as `If-Match` and `If-None-Match` want it; nothing was stored."),
        (status = 422, description = "Fields or parameters that are wrong, each with its reason; nothing was stored."),
    ),
)]
pub async fn put(
    State(state): State<SharedState>,
    Now(now): Now,
    caller: Caller,
    Reference(reference): Reference,
    parameters: Parameters,
    conditions: Conditions,
    body: JsonBody,
) -> Result<Response, Problem> {
    parameters.finish()?;
    let case = read(body, &reference, &caller.scope, now.today)?;
    let mut transaction = state.pool.begin().await?;
    let recorded = write(&mut transaction, &caller, &case, &conditions, now).await?;
    let case = reload(&mut transaction, &reference).await?;
    let known = state.policy.read(&mut transaction).await?;
    let view = CaseView::read(&mut transaction, &case, &known.policy, now.today).await?.tagged()?;
    transaction.commit().await.map_err(refused)?;
    Ok(answer(recorded, &reference, view))
}

/// Reads the document of a case, which may leave the reference to the path.
fn read(body: JsonBody, reference: &str, scope: &Scope, today: Date) -> Result<Case, Problem> {
    plain_text(reference).map_err(|reason| {
        let parameter = "reference".to_owned();
        Problem::WrongParameters(vec![WrongParameter { parameter, reason }])
    })?;
    body.or("reference", reference).read(|fields| {
        let case = document::case(fields, Reading::RecordedOn(today));
        if let Some(case) = &case {
            if case.reference != reference {
                fields.mistake::<()>("reference", "must be the reference in the path; it may be left out");
            }
            insist_that_it_is_shown(fields, case, scope);
        }
        case
    })
}

/// Nobody may make a case vanish from their own view, nor make one outside of it.
fn insist_that_it_is_shown(fields: &mut Fields, case: &Case, scope: &Scope) {
    if !scope.shows(case.team.as_deref(), false) {
        fields.mistake::<()>("team", "must be one of the teams whose cases this token may see");
    }
    if case.restricted && !scope.may_see_restricted {
        fields.mistake::<()>("restricted", "must not be true: this token may not see restricted cases");
    }
}

async fn write(
    connection: &mut PgConnection,
    caller: &Caller,
    case: &Case,
    conditions: &Conditions,
    now: Moment,
) -> Result<Recorded, Problem> {
    let document = document::write(case);
    let to_record = ToRecord { case, document: &document, source: SOURCE };
    record::name_caller(connection, &caller.actor(), now.at).await?;
    // Where somebody else has made the case since it was looked for, it is looked at again.
    loop {
        let held = hold(connection, caller, &case.reference).await?;
        let before = held.case();
        conditions.check(before.map(document::write).as_ref())?;
        if matches!(held, Held::Hidden) {
            return Err(Problem::NotFound);
        }
        if let Some(recorded) = record_over(connection, before, &to_record).await.map_err(refused)? {
            return Ok(recorded);
        }
    }
}

/// What there is under a reference, with its lock taken.
enum Held {
    /// Nothing.
    Nothing,
    /// A case that does not exist for the caller.
    Hidden,
    /// A case.
    Case(Box<Case>),
}

impl Held {
    fn case(&self) -> Option<&Case> {
        if let Self::Case(case) = self { Some(case) } else { None }
    }
}

async fn hold(connection: &mut PgConnection, caller: &Caller, reference: &str) -> Result<Held, Problem> {
    let shows = |case: &Belonging| caller.scope.shows(case.team.as_deref(), case.restricted);
    // Whoever may not know of a case does not wait for its lock, which would tell that it is there.
    if cases::find_belonging(connection, reference).await?.is_some_and(|case| !shows(&case)) {
        return Ok(Held::Hidden);
    }
    Ok(match record::hold(connection, reference).await? {
        None => Held::Nothing,
        Some(belonging) if !shows(&belonging) => Held::Hidden,
        Some(_) => Held::Case(Box::new(reload(connection, reference).await?)),
    })
}

/// A case that is there, as it is now.
async fn reload(connection: &mut PgConnection, reference: &str) -> Result<Case, Problem> {
    let (_, case) = cases::load(connection, &[reference.to_owned()]).await?.pop().ok_or(Problem::NotFound)?;
    Ok(case?)
}

fn answer(recorded: Recorded, reference: &str, TaggedView { tag, body }: TaggedView) -> Response {
    let tag = [(header::ETAG, tag)];
    let json = [(header::CONTENT_TYPE, "application/json")];
    match recorded {
        Recorded::New => (StatusCode::CREATED, tag, [(header::LOCATION, path_of(reference))], json, body).into_response(),
        Recorded::Changed => (tag, json, body).into_response(),
        Recorded::Unchanged => (StatusCode::NO_CONTENT, tag).into_response(),
    }
}

/// The path of a case.
fn path_of(reference: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let encoded = |byte: u8| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    format!("/api/v1/cases/{}", reference.bytes().map(encoded).collect::<String>())
}
