//! What is wrong with records themselves, by team, so that somebody can put their sources right; as JSON or as a table.

pub mod view;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use jiff::civil::Date;
use tracing::warn;

use super::accept;
use super::attachment;
use super::audit::Shown;
use super::auth::Caller;
use super::etag;
use super::frame::Now;
use super::page;
use super::parameters::Parameters;
use super::problem::Problem;
use super::{ApiState, SharedState};
use crate::clock::Moment;
use crate::data_quality;
use crate::domain::data_quality::{Question, QuestionKind, TeamTotals};
use crate::exchange::data_quality::table;
use crate::store::BEGIN_SNAPSHOT;

use view::DataQualityView;

const JSON: &str = "application/json";
const CSV: &str = "text/csv";

/// Shows what there is to ask of the records of cases, as they stand now.
///
/// # Errors
///
/// Wrong parameters; a type that is neither JSON nor CSV is asked for; the database does not answer.
#[utoipa::path(
    get, path = "/api/v1/data-quality", tag = "data quality", operation_id = "show_data_quality",
    summary = "What is missing, contradictory, derived or stale",
    description = "What is wrong with the records of cases themselves, so that somebody can put the source right: totals by team, then \
        each question by team, case, kind and field. Cases that are not concluded are looked at, and those whose application to the court \
        is recorded without the decision or before it. A case is `stale` where it is in pre-proceedings and nothing about it was recorded \
        or changed, here or in a source, for as long as makes `no_recorded_work` amber (four weeks unless the policy says otherwise). As \
        JSON in pages, or as CSV (RFC 4180, UTF-8, CRLF, every question in one table, without `limit` and `cursor`) where `Accept` likes \
        `text/csv` better; a cell that a spreadsheet would take for a formula begins with a quote there. No date of birth nor expected \
        one is in it.",
    params(
        ("team" = Option<String>, Query, description = "Only cases of this team, in the totals, too.", example = "North"),
        ("kind" = Option<QuestionKind>, Query, description = "Only questions of this kind. The totals stay."),
        ("source" = Option<String>, Query, description = "Only questions that can be put right in this source of imports. The totals stay.", example = "north"),
        ("limit" = Option<u32>, Query, description = "How many questions a page holds: 50 where it is not given. Not for CSV.", minimum = 1, maximum = 200),
        ("cursor" = Option<String>, Query, description = "The `next_cursor` of the page before. Not for CSV."),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer in JSON that the caller has."),
    ),
    responses(
        (status = 200, description = "Totals and questions.", content((DataQualityView = "application/json"), (String = "text/csv", example = "team,case,kind,field,since_on,message,fix,sources\r\nNorth,PP-2026-014,missing,children,,No child is recorded,Record the children of the case,\r\n")), headers(
            ("ETag" = String, description = "Of JSON: stays the same while the page does."),
            ("Content-Disposition" = String, description = "Of CSV: a name for the file, `data-quality-2026-06-17.csv`."),
            ("Vary" = String, description = "`Accept`."),
        )),
        (status = 304, description = "The page is the one with this ETag."),
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
    let media_type = accept::choose(&headers, &[JSON, CSV]);
    let in_pages = media_type.as_ref().map_or(true, |&media_type| media_type == JSON);
    let wanted = Wanted::read(parameters, in_pages)?;
    let media_type = media_type?;
    let (found, shown) = find(&state, &caller, now, &wanted).await?;
    let mut response = if media_type == CSV {
        attachment::table(&format!("data-quality-{}.csv", now.today), table(&found.questions))?
    } else {
        etag::answer(&headers, &found.view(now.today))?
    };
    response.extensions_mut().insert(shown);
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}

/// A page of what there is to ask of the cases that exist for a caller, and which cases it shows.
///
/// # Errors
///
/// Wrong parameters; the database does not answer.
pub async fn ask(
    state: &ApiState,
    caller: &Caller,
    now: Moment,
    parameters: Parameters,
) -> Result<(DataQualityView, Shown), Problem> {
    let (found, shown) = find(state, caller, now, &Wanted::read(parameters, true)?).await?;
    Ok((found.view(now.today), shown))
}

/// Which questions are wanted.
struct Wanted {
    team: Option<String>,
    kind: Option<QuestionKind>,
    source: Option<String>,
    limit: u32,
    after: Option<After>,
}

impl Wanted {
    fn read(mut parameters: Parameters, in_pages: bool) -> Result<Self, Problem> {
        let team = parameters.text("team");
        let kind = parameters.word("kind", QuestionKind::ALL, QuestionKind::code);
        let source = parameters.text("source");
        let (limit, after) =
            if in_pages { (page::limit(&mut parameters), page::cursor(&mut parameters, |_| true)) } else { (u32::MAX, None) };
        parameters.finish()?;
        Ok(Self { team, kind, source, limit, after })
    }

    fn takes(&self, question: &Question) -> bool {
        self.kind.is_none_or(|kind| question.kind == kind)
            && self.source.as_ref().is_none_or(|source| question.sources.contains(source))
            && self.after.as_ref().is_none_or(|after| After::of(question) > *after)
    }
}

/// Totals, and a page of questions.
struct Found {
    teams: Vec<TeamTotals>,
    questions: Vec<Question>,
    next_cursor: Option<String>,
}

impl Found {
    fn view(self, on: Date) -> DataQualityView {
        DataQualityView::of(&self.teams, self.questions, self.next_cursor, on)
    }
}

async fn find(state: &ApiState, caller: &Caller, now: Moment, wanted: &Wanted) -> Result<(Found, Shown), Problem> {
    let mut transaction = state.pool.begin_with(BEGIN_SNAPSHOT).await?;
    let policy = &state.policy.read(&mut transaction).await?.policy;
    let team = wanted.team.as_deref();
    let answer = data_quality::ask(&mut transaction, &caller.scope, team, policy, now.today, |_, _| ()).await?;
    transaction.commit().await?;
    for (reference, wrong) in &answer.unreadable {
        warn!(case.reference = reference, "the record of a case could not be judged: {wrong}");
    }
    let mut questions: Vec<Question> = answer.questions.into_iter().filter(|question| wanted.takes(question)).collect();
    let next_cursor = page::cut(&mut questions, wanted.limit, After::of);
    let shown = Shown::each_once(questions.iter().map(|question| question.case.as_str()));
    Ok((Found { teams: answer.teams, questions, next_cursor }, shown))
}

/// The place after a question, which its message makes unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct After {
    team: Option<String>,
    case: String,
    kind: QuestionKind,
    field: String,
    message: String,
}

impl After {
    fn of(question: &Question) -> Self {
        let Question { team, case, kind, field, message, .. } = question.clone();
        Self { team, case, kind, field, message }
    }
}

impl page::Place for After {
    fn write(&self) -> String {
        serde_json::json!([self.team, self.case, self.kind.code(), self.field, self.message]).to_string()
    }

    fn read(text: &str) -> Option<Self> {
        let (team, case, kind, field, message): (_, _, String, _, _) = serde_json::from_str(text).ok()?;
        Some(Self { team, case, kind: QuestionKind::from_code(&kind)?, field, message })
    }
}
