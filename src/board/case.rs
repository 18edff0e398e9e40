//! One case: what drifts in it and what became of that, then all of its days, drawn and listed, then what is recorded.
//!
//! Pages are looked at over shoulders: children are counted, and no day of a birth, or from which only a birth follows, is shown.

mod explain;
mod history;
mod record;
mod standing;
mod story;
mod told;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::answering::TimeToAnswer;
use super::draw::timeline::Timeline;
use super::page::{self, Frame, Here, Visitor};
use crate::api::frame::Now;
use crate::api::parameters::{Parameters, Reference};
use crate::api::problem::Problem;
use crate::api::{SharedState, cases, explain as explained};
pub use explain::show as explain;
pub use history::show as history;
use record::Record;
use standing::{AlertLine, Drifting, Standing, drifting};

#[derive(Template)]
#[template(path = "case.html", config = "src/board/templates/askama.toml")]
struct CasePage {
    frame: Frame,
    standing: Standing,
    drifting: Vec<Drifting>,
    time: TimeToAnswer,
    /// Those that are not resolved, as they are to be answered first.
    alerts: Vec<AlertLine>,
    /// Those that are.
    resolved: Vec<AlertLine>,
    timeline: Timeline,
    record: Record,
}

/// Shows a case as it stands today.
///
/// # Errors
///
/// The case does not exist for whoever looks; wrong parameters; the database does not answer.
pub async fn show(
    State(state): State<SharedState>,
    Now(now): Now,
    visitor: Visitor,
    Reference(reference): Reference,
    parameters: Parameters,
    none: Parameters,
) -> Result<Response, Problem> {
    let view = cases::ask_one(&state, &visitor.caller, now, &reference, parameters).await?;
    let today = explained::ask(&state, &visitor.caller, now, &reference, none).await?;
    let frame = Frame::of(&state, &visitor, Here::Cases);
    let known = state.policy.read(&mut *state.pool.acquire().await?).await?;
    let (alerts, resolved) = standing::alerts(&view, &today);
    let page = CasePage {
        drifting: drifting(&today, &alerts, Some(&known.policy).filter(|_| frame.may_answer)),
        time: TimeToAnswer::of(&visitor, state.sessions, now.at),
        frame,
        standing: Standing::of(&view),
        timeline: Timeline::of(&story::of(&view)),
        record: Record::of(&view),
        alerts,
        resolved,
    };
    Ok(page::answer(&page))
}
