//! The agenda of the next panel meeting: every case at risk with the question to decide, as JSON or as a table.

mod table;
pub mod view;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use tracing::warn;

use super::accept;
use super::attachment;
use super::audit::Shown;
use super::auth::Caller;
use super::etag;
use super::frame::Now;
use super::parameters::Parameters;
use super::problem::Problem;
use super::{ApiState, SharedState};
use crate::clock::Moment;
use crate::domain::question::Question;
use crate::domain::timetable::next_meeting;
use crate::store::agenda::item;
use crate::store::{BEGIN_SNAPSHOT, agenda};

use view::PanelView;

/// How many cases are looked at, the gravest first.
const MOST_CASES: usize = 1_000;

const JSON: &str = "application/json";
const CSV: &str = "text/csv";

/// Shows the agenda of the next panel meeting, which on its day is today's: every case that was at risk when the sweep last looked,
/// in risk order, as it stands now and with the question to decide.
///
/// # Errors
///
/// Wrong parameters; a type that is neither JSON nor CSV is asked for; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/panel", tag = "panel", operation_id = "show_panel",
    summary = "The agenda of the next panel meeting",
    description = "Every case in pre-proceedings that was at risk when the sweep last looked, in risk order, as it stands now: with the \
        question that the panel must decide and the facts for it. A meeting on the day itself is the next one. As JSON, or as CSV \
        (RFC 4180, UTF-8, CRLF, one row a case) where `Accept` likes `text/csv` better; a cell that a spreadsheet would take for a \
        formula (it begins with =, +, -, @, a tab or a carriage return) begins with a quote there. The 1,000 gravest cases are looked \
        at; `not_shown` counts the others.",
    params(
        ("team" = Option<String>, Query, description = "Only cases of this team.", example = "North"),
        ("question" = Option<Question>, Query, description = "Only cases with this question."),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer in JSON that the caller has."),
    ),
    responses(
        (status = 200, description = "The agenda.", content((PanelView = "application/json"), (String = "text/csv", example = "meeting_on,reference,team\r\n2026-06-17,PP-2026-014,North\r\n")), headers(
            ("ETag" = String, description = "Of JSON: stays the same while the agenda does."),
            ("Content-Disposition" = String, description = "Of CSV: a name for the file, `panel-2026-06-17.csv`."),
            ("Vary" = String, description = "`Accept`."),
        )),
        (status = 304, description = "The agenda is the one with this ETag."),
        (status = 406, description = "Not acceptable: the header Accept allows neither JSON nor CSV."),
    ),
)]
pub async fn show(
    State(state): State<SharedState>,
    Now(now): Now,
    caller: Caller,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wanted = Wanted::read(parameters)?;
    let media_type = accept::choose(&headers, &[JSON, CSV])?;
    let (agenda, shown) = find(&state, &caller, now, &wanted).await?;
    let mut response = if media_type == CSV {
        attachment::table(&format!("panel-{}.csv", agenda.meeting_on), table::write(&agenda))?
    } else {
        etag::answer(&headers, &agenda)?
    };
    response.extensions_mut().insert(shown);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// The agenda of the cases that exist for a caller, and which cases it shows.
///
/// # Errors
///
/// Wrong parameters; the database does not answer.
pub async fn ask(
    state: &ApiState,
    caller: &Caller,
    now: Moment,
    parameters: Parameters,
) -> Result<(PanelView, Shown), Problem> {
    find(state, caller, now, &Wanted::read(parameters)?).await
}

/// Which cases an agenda is to have.
struct Wanted {
    team: Option<String>,
    question: Option<Question>,
}

impl Wanted {
    fn read(mut parameters: Parameters) -> Result<Self, Problem> {
        let team = parameters.text("team");
        let question = parameters.word("question", Question::ALL, Question::code);
        parameters.finish()?;
        Ok(Self { team, question })
    }
}

async fn find(state: &ApiState, caller: &Caller, now: Moment, wanted: &Wanted) -> Result<(PanelView, Shown), Problem> {
    let mut transaction = state.pool.begin_with(BEGIN_SNAPSHOT).await?;
    let policy = &state.policy.read(&mut transaction).await?.policy;
    let mut references = agenda::at_risk(&mut transaction, &caller.scope, wanted.team.as_deref()).await?;
    let not_shown = references.len().saturating_sub(MOST_CASES);
    references.truncate(MOST_CASES);
    let (mut items, unreadable) = item::load(&mut transaction, &references, policy, now.today).await?;
    transaction.commit().await?;
    for (reference, wrong) in unreadable {
        warn!(case.reference = reference, "a case is left out of the agenda: {wrong}");
    }
    items.retain(|item| wanted.question.is_none_or(|question| item.question == question));

    let meeting_on = next_meeting(now.today, &policy.panel);
    let agenda = PanelView::of(&items, meeting_on, not_shown, policy, now.today);
    Ok((agenda, Shown(items.into_iter().map(|item| item.case.reference).collect())))
}
