//! Adds one fact to a case: a meeting, an assessment, an extension, an appointment, a look from above.

use axum::RequestExt;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sqlx::PgConnection;

use super::key::{IdempotencyKey, Repetition};
use super::refused::refused;
use super::{SOURCE, hold, path_of, reload};
use crate::api::auth::Caller;
use crate::api::body::JsonBody;
use crate::api::case_tag::Conditions;
use crate::api::case_view::CaseView;
use crate::api::frame::Now;
use crate::api::openapi::{
    AssessmentEntry, EngagementEntry, ExtensionEntry, MeetingEntry, NewAssessment, NewExtension, NewMeeting, OversightEntry,
};
use crate::api::parameters::{Parameters, Reference};
use crate::api::problem::Problem;
use crate::api::{ApiState, SharedState};
use crate::clock::Moment;
use crate::domain::case::Case;
use crate::domain::fact::{Fact, FactList};
use crate::exchange::document::{self, Reading};
use crate::store::kept_answers::KeptAnswer;
use crate::store::{facts, record};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A fact that is sent to be added.
#[derive(Debug)]
pub struct Sent {
    now: Moment,
    caller: Caller,
    reference: String,
    conditions: Conditions,
    key: IdempotencyKey,
    body: JsonBody,
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        request.extract_parts::<Parameters>().await?.finish()?;
        let Now(now) = request.extract_parts().await?;
        let Reference(reference) = request.extract_parts().await?;
        Ok(Self {
            now,
            reference,
            caller: request.extract_parts().await?,
            conditions: request.extract_parts().await?,
            key: request.extract_parts().await?,
            body: JsonBody::from_request(request, state).await?,
        })
    }
}

/// A route for each list; all of them take and answer alike.
macro_rules! routes {
    ($($(#[$about:meta])* $name:ident $path:literal $operation:literal: $list:ident, $new:ident => $entry:ident, $summary:literal, $description:literal;)+) => {
        $(
            $(#[$about])*
            ///
            /// # Errors
            ///
            /// A wrong fact, or one whose number is taken; the case does not exist for the caller, or is not as the headers want it; a
            /// key that was used for something else, or is being worked on; the database does not answer.
            #[utoipa::path(
                post, path = $path, tag = "cases", operation_id = $operation, summary = $summary,
                description = concat!(
                    $description,
                    "\n\nAn `Idempotency-Key` makes it safe to send the request again: within 72 hours the same key with the same request \
                    is answered as it was, and adds nothing. Only what was done is remembered: after a refusal the key may be used again."
                ),
                params(
                    ("reference" = String, Path, description = "The council's pseudonymous reference.", example = "PP-2026-014"),
                    ("If-Match" = Option<String>, Header, description = "ETags of the case as the caller knows it, or `*` for any: the half of the facts is compared."),
                    ("If-None-Match" = Option<String>, Header, description = "ETags of the case as it must not be."),
                    ("Idempotency-Key" = Option<String>, Header, description = "1 to 200 visible ASCII characters that name this request among those of the caller."),
                ),
                request_body = $new,
                responses(
                    (status = 201, description = "The fact as it is stored.", body = $entry, headers(
                        ("ETag" = String, description = "That of the case, with the fact."),
                        ("Location" = String, description = "The path of the case."),
                        ("Idempotency-Replayed" = String, description = "`true` where this was answered before, and nothing was done again.")
                    )),
                    (status = 409, description = "The `sequence` is taken; the same `Idempotency-Key` is being worked on; or a constraint of the database stands against it, which the answer names."),
                    (status = 412, description = "The case is not as `If-Match` and `If-None-Match` want it; nothing was stored."),
                    (status = 422, description = "Fields or parameters that are wrong, each with its reason; or an `Idempotency-Key` that was used for another request. Nothing was stored."),
                ),
            )]
            pub async fn $name(State(state): State<SharedState>, sent: Sent) -> Result<Response, Problem> {
                add(&state, sent, FactList::$list).await
            }
        )+
    };
}

routes! {
    /// Adds a meeting, planned or held.
    meetings "/api/v1/cases/{reference}/meetings" "add_meeting": Meetings, NewMeeting => MeetingEntry, "Add a meeting",
        "A meeting that is planned or was held. Without a `sequence` it gets the next number. To say that a planned one was held, put the case.";
    /// Adds an assessment.
    assessments "/api/v1/cases/{reference}/assessments" "add_assessment": Assessments, NewAssessment => AssessmentEntry, "Add an assessment",
        "An assessment that is asked for. Without a `sequence` it gets the next number.";
    /// Adds a request for more time, decided or not.
    extensions "/api/v1/cases/{reference}/extensions" "add_extension": Extensions, NewExtension => ExtensionEntry, "Add an extension",
        "A request for more time, decided or not. Without a `sequence` it gets the next number.";
    /// Adds an appointment that was kept or missed.
    engagement "/api/v1/cases/{reference}/engagement" "add_engagement": Engagement, EngagementEntry => EngagementEntry, "Add an appointment",
        "An appointment that the family kept or missed.";
    /// Adds a look from above.
    oversight "/api/v1/cases/{reference}/oversight" "add_oversight": Oversight, OversightEntry => OversightEntry, "Add a look from above",
        "A panel review, management oversight or a legal planning meeting.";
}

async fn add(state: &ApiState, sent: Sent, list: FactList) -> Result<Response, Problem> {
    let mut transaction = state.pool.begin().await?;
    let done = add_within(&mut transaction, state, &sent, list).await;
    // Ended before the answer leaves: whoever comes again after it finds the key free.
    match &done {
        Ok(Done::Added(_)) => transaction.commit().await.map_err(refused)?,
        Ok(Done::Before(_)) | Err(_) => transaction.rollback().await?,
    }
    Ok(match done? {
        Done::Added(answer) => told(answer, &sent.reference).into_response(),
        Done::Before(answer) => ([(REPLAYED, "true")], told(answer, &sent.reference)).into_response(),
    })
}

/// What came of a request.
enum Done {
    /// It is done.
    Added(KeptAnswer),
    /// It was done before.
    Before(KeptAnswer),
}

async fn add_within(connection: &mut PgConnection, state: &ApiState, sent: &Sent, list: FactList) -> Result<Done, Problem> {
    let Sent { now, caller, reference, conditions, key, body } = sent;
    let request = Repetition::of(caller.actor(), key, &[list.code(), reference, &body.in_one_form()]);
    // Before the lock of the case, for which the same request would wait; told only to those for whom the case still exists.
    let answered = request.answered(connection, *now).await?;
    let held = hold(connection, caller, reference).await?;
    let before = held.case().ok_or(Problem::NotFound)?;
    if let Some(answer) = answered {
        return Ok(Done::Before(answer));
    }
    let fact = read(body, list, before, *now)?;
    conditions.check(Some(&document::write(before)))?;
    record::name_caller(connection, &caller.actor(), now.at).await?;
    record::name_source(connection, SOURCE).await?;
    facts::add(connection, reference, &fact).await.map_err(refused)?;
    let after = reload(connection, reference).await?;
    let known = state.policy.read(connection).await?;
    let view = CaseView::read(connection, &after, &known.policy, now.today).await?.tagged()?;
    let answer = KeptAnswer { body: document::write_fact(&fact).to_string(), etag: view.tag };
    request.keep(connection, reference, &answer, *now).await?;
    Ok(Done::Added(answer))
}

/// Reads a fact, which gets the next number of its list where it has none.
fn read(body: &JsonBody, list: FactList, case: &Case, now: Moment) -> Result<Fact, Problem> {
    let fact = body.read(|fields| document::fact(fields, list, Reading::RecordedOn(now.today), list.next(case)))?;
    if fact.sequence().is_some_and(|sequence| list.taken(case).contains(&sequence)) {
        return Err(Problem::Conflict(format!("The sequence is taken: another entry of the {list} of this case has it.")));
    }
    Ok(fact)
}

fn told(answer: KeptAnswer, reference: &str) -> impl IntoResponse {
    let headers = [(header::ETAG, answer.etag), (header::LOCATION, path_of(reference))];
    (StatusCode::CREATED, headers, [(header::CONTENT_TYPE, "application/json")], answer.body)
}
