//! The return of a year for the children in need census: the blocks of module 5 as XML, or the checks that fail.

mod view;

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::SharedState;
use super::accept;
use super::attachment;
use super::audit::Shown;
use super::auth::Caller;
use super::parameters::Parameters;
use super::problem::{Problem, WrongParameter};
use crate::domain::census::{NotAYear, NotMapped, Slice, Year};
use crate::exchange::census::{blocks, report};
use crate::store::tokens::Scope;
use crate::store::{BEGIN_SNAPSHOT, census};

use view::CensusReportView;

const XML: &str = "application/xml";
const JSON: &str = "application/json";
const CSV: &str = "text/csv";

/// Shows the blocks of a year, or the checks that fail in them.
///
/// # Errors
///
/// Wrong parameters; a type that is none of the three is asked for; an outcome has no code; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/exports/census/{year}", tag = "census", operation_id = "export_census",
    summary = "Module 5 of the CIN census",
    description = "What the children in need census asks of pre-proceedings (module 5) in a year from 1 April to 31 March: one block for \
        each child of each episode that has a day in the year or was under way in it. As XML: under the root `PreProceedingsBlocks` each \
        child of a case has a `CINdetails` with the attributes `case` and `child`, whose `PreProceedingsandFGDM` goes into the council's \
        own return. A block has what falls in the year, and a day of another year is left out: it is in the return of that year. With \
        `Accept: application/json` or `text/csv` the checks that fail, by case, child and item. Names and checks come from the sector's \
        open validator for the census of 2026-27, not from the specification of the Department for Education itself.\n\n\
        Where the token is held to teams or not cleared for restricted cases, or one team is asked for, the answer is not the whole \
        return: the root says `complete=\"false\"`, JSON says so in `complete`, and the name of the file ends with `-partial`.",
    params(
        ("year" = String, Path, description = "The census year, 2026-27 or later.", example = "2026-27", pattern = "^20[0-9]{2}-[0-9]{2}$"),
        ("team" = Option<String>, Query, description = "Only cases of this team.", example = "North"),
    ),
    responses(
        (status = 200, description = "The blocks, or the checks that fail.", content(
            (String = "application/xml", example = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PreProceedingsBlocks year=\"2026-27\" complete=\"true\">\n</PreProceedingsBlocks>\n"),
            (CensusReportView = "application/json"),
            (String = "text/csv", example = "case,child,item,element,code,reason\r\nPP-2026-014,C-1,N00828,FGDMMeetingOffer,9007,nothing is recorded\r\n"),
        ), headers(
            ("Content-Disposition" = String, description = "Of XML and CSV: a name for the file, `census-2026-27.xml`."),
            ("Vary" = String, description = "`Accept`."),
        )),
        (status = 406, description = "Not acceptable: the header Accept allows neither XML nor JSON nor CSV."),
        (status = 422, description = "Wrong parameters, `wrong-parameters`; or `census-outcomes-not-mapped`: the policy does not say which code the census has for an outcome of that year. The detail names the keys to fill in."),
    ),
)]
pub async fn export(
    State(state): State<SharedState>,
    CensusYear(year): CensusYear,
    caller: Caller,
    mut parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let team = parameters.text("team");
    parameters.finish()?;
    let media_type = accept::choose(&headers, &[XML, JSON, CSV])?;

    let mut transaction = state.pool.begin_with(BEGIN_SNAPSHOT).await?;
    let policy = &state.policy.read(&mut transaction).await?.policy;
    let slice = census::slice(&mut transaction, &caller.scope, team.as_deref(), year, policy, |_, _| ()).await?;
    transaction.commit().await?;

    let slice = slice.finish()?;
    let complete = caller.scope == Scope::EVERYTHING && team.is_none();
    let name = format!("census-{year}{}", if complete { "" } else { "-partial" });
    let mut response = match media_type {
        JSON => Json(CensusReportView::of(&slice, complete)).into_response(),
        CSV => attachment::table(&format!("{name}.csv"), report(&slice.failures))?,
        _ => attachment::answer(&format!("{name}.xml"), XML, blocks(&slice, complete).into_bytes()),
    };
    response.extensions_mut().insert(shown(&slice, media_type));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// The cases that an answer names: blocks, or checks that fail.
fn shown(slice: &Slice, media_type: &str) -> Shown {
    if media_type == XML {
        Shown::each_once(slice.episodes.iter().map(|episode| episode.case.as_str()))
    } else {
        Shown::each_once(slice.failures.iter().map(|failure| failure.case.as_str()))
    }
}

impl From<NotMapped> for Problem {
    fn from(missing: NotMapped) -> Self {
        Self::CensusNotMapped(missing.to_string())
    }
}

/// The census year, from the path.
#[derive(Debug)]
pub struct CensusYear(Year);

impl<S: Send + Sync> FromRequestParts<S> for CensusYear {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let refuse = |reason: String| Problem::WrongParameters(vec![WrongParameter { parameter: "year".to_owned(), reason }]);
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(year) = path.map_err(|_| refuse(NotAYear::Form.to_string()))?;
        year.parse().map(Self).map_err(|wrong: NotAYear| refuse(wrong.to_string()))
    }
}
