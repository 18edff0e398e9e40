//! What stands around every page: its head, where one may go from it, and who is signed in.

use askama::Template;
use axum::extract::{FromRequest, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::assets;
use crate::api::auth::session::{Untaken, Visitor as Signed, is_sent_from_here};
use crate::api::body::FormBody;
use crate::api::door::Door;
use crate::api::problem::Problem;
use crate::api::{ApiState, SharedState};
use crate::links;
use crate::store::tokens::ApiRole;

/// A person who is signed in.
pub type Visitor = Signed;

/// Which part of the pages one is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    /// The list of cases, and one of them.
    Cases,
    /// The alerts, and one of them.
    Alerts,
    /// The agenda of the panel.
    Panel,
    /// The figures.
    Trends,
    /// What is wrong with records.
    DataQuality,
    /// None of them.
    Elsewhere,
}

impl Here {
    /// The parts between which one may go, in their order.
    const PARTS: [Self; 5] = [Self::Cases, Self::Alerts, Self::Panel, Self::Trends, Self::DataQuality];

    /// Tells whether one of them is at a path.
    #[must_use]
    pub fn has(path: &str) -> bool {
        Self::PARTS.iter().any(|part| part.path() == path)
    }

    fn title(self) -> &'static str {
        match self {
            Self::Cases => "Cases",
            Self::Alerts => "Alerts",
            Self::Panel => "Panel",
            Self::Trends => "Trends",
            Self::DataQuality => "Data quality",
            Self::Elsewhere => "",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Cases => "/cases",
            Self::Alerts => "/alerts",
            Self::Panel => "/panel",
            Self::Trends => "/trends",
            Self::DataQuality => "/data-quality",
            Self::Elsewhere => "/",
        }
    }
}

/// What stands around a page.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What the path of each link begins with: empty, unless a proxy puts something before ours.
    pub root: String,
    /// Whose service it is; may be empty.
    pub council: String,
    /// Where one is.
    pub here: Here,
    /// Whether somebody is signed in, so that there is somewhere to go.
    pub is_signed_in: bool,
    /// Whether they may answer alerts.
    pub may_answer: bool,
    /// What each form carries.
    pub form_key: String,
    /// Whether this is the demonstration.
    pub is_demonstration: bool,
}

impl Frame {
    /// Around a page for somebody who is signed in.
    #[must_use]
    pub fn of(state: &ApiState, visitor: &Visitor, here: Here) -> Self {
        Self {
            here,
            is_signed_in: true,
            may_answer: visitor.caller.may(ApiRole::Chair),
            form_key: visitor.form_key.clone(),
            ..Self::for_anybody(state)
        }
    }

    /// Around a page for whoever it is.
    #[must_use]
    pub fn for_anybody(state: &ApiState) -> Self {
        Self {
            root: state.site.root.clone(),
            council: state.site.council.clone(),
            here: Here::Elsewhere,
            is_signed_in: false,
            may_answer: false,
            form_key: String::new(),
            is_demonstration: matches!(state.door, Door::Demonstration(_)),
        }
    }

    /// Where the style sheets are, below the root.
    #[must_use]
    pub fn stylesheets(&self) -> &'static [String] {
        assets::stylesheets()
    }

    /// Where the mark in the browser's tab is, below the root.
    #[must_use]
    pub fn favicon(&self) -> &'static str {
        assets::favicon()
    }

    /// The parts between which one may go: each with its title and its path.
    pub fn parts(&self) -> impl Iterator<Item = (Here, &'static str, &'static str)> + use<> {
        Here::PARTS.into_iter().map(|part| (part, part.title(), part.path()))
    }
}

/// The path of a page of ours, of parts of which each may hold anything.
#[must_use]
pub fn path(root: &str, parts: &[&str]) -> String {
    let url = links::to_page("page:/", parts);
    format!("{root}{}", url.as_deref().and_then(|url| url.strip_prefix("page:")).unwrap_or("/"))
}

/// A page as text.
///
/// # Panics
///
/// Never: writing to a string does not fail.
#[must_use]
pub fn written(page: &impl Template) -> String {
    page.render().expect("writing to a string does not fail")
}

/// A page as an answer.
#[must_use]
pub fn answer(page: &impl Template) -> Response {
    Html(written(page)).into_response()
}

/// Leads a browser to a page of ours.
#[must_use]
pub fn lead_to(state: &ApiState, path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, format!("{}{path}", state.site.root))]).into_response()
}

/// Leads whoever comes to the front door to the cases.
pub async fn enter(State(state): State<SharedState>) -> Response {
    lead_to(&state, Here::Cases.path())
}

/// What was sent with a form of ours by the person who is signed in: no other site knows the key in it.
#[derive(Debug)]
pub struct OwnForm(pub Vec<(String, String)>);

/// Why a form was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// It could not be read.
    Problem(Problem),
    /// A page of ours sent it with the key of another session: it was opened before somebody signed in anew.
    OfAnotherSession(Untaken),
}

impl From<Problem> for NotTaken {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl IntoResponse for NotTaken {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::OfAnotherSession(untaken) => {
                let mut response = Problem::Forbidden.into_response();
                response.extensions_mut().insert(untaken);
                response
            }
        }
    }
}

impl FromRequest<SharedState> for OwnForm {
    type Rejection = NotTaken;

    async fn from_request(request: Request, state: &SharedState) -> Result<Self, NotTaken> {
        let key = request.extensions().get::<Visitor>().map(|visitor| visitor.form_key.clone());
        let key = key.ok_or(Problem::Unauthenticated)?;
        let is_sent_from_here = is_sent_from_here(request.headers());
        let FormBody(pairs) = FormBody::from_request(request, state).await?;
        let given = pairs.iter().find(|(name, _)| name == FORM_KEY).map_or("", |(_, value)| value);
        let is_ours = aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), key.as_bytes()).is_ok();
        if is_ours {
            return Ok(Self(pairs));
        }
        if !is_sent_from_here {
            return Err(Problem::Forbidden.into());
        }
        Err(NotTaken::OfAnotherSession(Untaken { pairs, form_key: Some(key) }))
    }
}

/// The field that carries the key.
const FORM_KEY: &str = "form_key";
