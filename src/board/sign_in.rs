//! Signing in to the pages and out of them: with the issuer of OpenID Connect or, in the demonstration, by choosing who to be.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use reqwest::Url;
use sqlx::PgConnection;
use tracing::info;

use super::page::{self, Frame, OwnForm, Visitor};
use crate::api::body::FormBody;
use crate::api::cookies::Cookie;
use crate::api::door::{Door, Part};
use crate::api::frame::Now;
use crate::api::problem::Problem;
use crate::api::{ApiState, SharedState};
use crate::identity::sign_in::{Answer, NotSignedIn};
use crate::identity::{Person, Unidentified};
use crate::store::sessions::{self, NewSession};
use crate::store::tokens::Secret;
use crate::store::{audit, people};

/// Where one signs in.
pub const PATH: &str = "/sign-in";

/// Where the issuer sends people back to. It is registered there, behind `service.base_url`.
pub const BACK_FROM_ISSUER: &str = "/sign-in/callback";

/// Where one is led who has signed out.
pub const SIGNED_OUT: &str = "/signed-out";

/// Who vouches for whoever plays a part in the demonstration.
const NOBODY: &str = "urn:plo-drift:demonstration";

/// A longer way is none of our pages.
const LONGEST_WAY: usize = 1_024;

/// Where somebody may choose who to be.
#[derive(Template)]
#[template(path = "choose.html", config = "src/board/templates/askama.toml")]
struct ChoosePage<'p> {
    frame: Frame,
    parts: &'p [Part],
    to: String,
}

/// Where nobody can sign in.
#[derive(Template)]
#[template(path = "shut.html", config = "src/board/templates/askama.toml")]
struct ShutPage {
    frame: Frame,
}

/// Where somebody is who was not signed in.
#[derive(Template)]
#[template(path = "not_signed_in.html", config = "src/board/templates/askama.toml")]
struct NotSignedInPage {
    frame: Frame,
    reason: &'static str,
}

/// Where somebody is who signed out.
#[derive(Template)]
#[template(path = "signed_out.html", config = "src/board/templates/askama.toml")]
struct SignedOutPage {
    frame: Frame,
    /// Where they sign out of the issuer's, too.
    elsewhere: Option<String>,
}

/// Sends somebody to the issuer, with a cookie by which they are known when they come back.
///
/// # Errors
///
/// The issuer cannot be asked.
pub async fn show(State(state): State<SharedState>, Now(now): Now, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let to = way(&value(query.as_deref(), "to").unwrap_or_default());
    match &state.door {
        Door::Shut => {
            let page = ShutPage { frame: Frame::for_anybody(&state) };
            Ok((StatusCode::NOT_FOUND, page::answer(&page)).into_response())
        }
        Door::Demonstration(parts) => Ok(page::answer(&ChoosePage { frame: Frame::for_anybody(&state), parts, to })),
        Door::Issuer(issuer) => {
            let secret = Secret::generate();
            match issuer.begin(&secret, &to, now.at).await {
                Ok(address) => Ok(led(address.as_str(), &[Cookie::SignIn.give(&state.site, &secret)])),
                Err(wrong) => not_signed_in(&state, &wrong),
            }
        }
    }
}

/// Takes somebody in whom the issuer sends back.
///
/// # Errors
///
/// They have nothing to do here; the issuer or the database does not answer.
pub async fn come_back(
    State(state): State<SharedState>,
    Now(now): Now,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Door::Issuer(issuer) = &state.door else { return Err(Problem::NotFound) };
    let named = |name| value(query.as_deref(), name);
    let answer =
        Answer { state: named("state").unwrap_or_default(), code: named("code"), error: named("error"), issuer: named("iss") };
    let signed_in = match Cookie::SignIn.read(&state.site, &headers) {
        Some(secret) => issuer.finish(&secret, &answer, now.at).await,
        None => Err(NotSignedIn::NotBegunHere),
    };
    let signed_in = match signed_in {
        Ok(signed_in) => signed_in,
        Err(wrong) => return not_signed_in(&state, &wrong),
    };
    let mut transaction = state.pool.begin().await?;
    let recipients = match &signed_in.email {
        Some(email) => sessions::recipients_at(&mut transaction, email).await?,
        None => Vec::new(),
    };
    let secret = take_in(&mut transaction, &state, signed_in.person, recipients, now.at).await?;
    transaction.commit().await?;
    let cookies = [Cookie::Session.give(&state.site, &secret), Cookie::SignIn.take_back(&state.site)];
    Ok(led(&format!("{}{}", state.site.root, way(&signed_in.to)), &cookies))
}

/// Lets somebody be who they chose, in the demonstration.
///
/// # Errors
///
/// This is no demonstration, or there is nobody of that name in it; the database does not answer.
pub async fn play(State(state): State<SharedState>, Now(now): Now, FormBody(pairs): FormBody) -> Result<Response, Problem> {
    let Door::Demonstration(parts) = &state.door else { return Err(Problem::NotFound) };
    let named = |wanted| pairs.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str());
    let part = parts.iter().find(|part| part.code == named("part")).ok_or(Problem::MalformedBody)?;
    let person = Person {
        issuer: NOBODY.to_owned(),
        subject: part.code.to_owned(),
        roles: part.roles.clone(),
        scope: part.scope.clone(),
    };
    let mut transaction = state.pool.begin().await?;
    let secret = take_in(&mut transaction, &state, person, part.recipients.clone(), now.at).await?;
    transaction.commit().await?;
    let to = format!("{}{}", state.site.root, way(named("to")));
    Ok(led(&to, &[Cookie::Session.give(&state.site, &secret)]))
}

/// Begins the session of a person, which goes on record.
async fn take_in(
    connection: &mut PgConnection,
    state: &ApiState,
    person: Person,
    recipients: Vec<i64>,
    now: Timestamp,
) -> Result<Secret, Problem> {
    let id = people::seen(connection, &person.issuer, &person.subject, now).await?;
    let new = NewSession { person: id, recipients, roles: person.roles, scope: person.scope };
    let secret = sessions::begin(connection, &new, state.sessions, now).await?;
    let actor = format!("person {id}");
    let signed_in = audit::Request {
        actor: &actor,
        method: "POST",
        route: PATH,
        cases: &[],
        alert: None,
        status: StatusCode::SEE_OTHER.as_u16(),
    };
    audit::add(connection, &signed_in, now).await?;
    info!(caller.actor = actor, "signed in to the pages");
    Ok(secret)
}

/// Ends the session of whoever is signed in.
///
/// # Errors
///
/// The form is not of this session; the database does not answer.
pub async fn sign_out(State(state): State<SharedState>, visitor: Visitor, OwnForm(_): OwnForm) -> Result<Response, Problem> {
    sessions::end(&mut *state.pool.acquire().await?, visitor.session).await?;
    Ok(led(&format!("{}{SIGNED_OUT}", state.site.root), &[Cookie::Session.take_back(&state.site)]))
}

/// Tells that one is signed out, and where one may be signed in still.
pub async fn signed_out(State(state): State<SharedState>) -> Response {
    let elsewhere = match &state.door {
        Door::Issuer(issuer) => issuer.end(&format!("{}{SIGNED_OUT}", state.site.base_url)),
        _ => None,
    };
    let page = SignedOutPage { frame: Frame::for_anybody(&state), elsewhere: elsewhere.map(|address| address.to_string()) };
    page::answer(&page)
}

fn not_signed_in(state: &ApiState, wrong: &NotSignedIn) -> Result<Response, Problem> {
    info!("somebody was not signed in to the pages: {wrong}");
    let reason = match wrong {
        NotSignedIn::NotBegunHere => "It took too long, or was begun in another browser or window.",
        NotSignedIn::Refused(_) => "The service by which you sign in did not let you in.",
        NotSignedIn::Unidentified(Unidentified::Refused(_)) => {
            "What the service by which you sign in said of you does not count here. If trying again does not help, tell whoever gives access to this service."
        }
        NotSignedIn::Unidentified(why) => return Err((*why).into()),
        NotSignedIn::Unavailable(_) => return Err(Problem::IssuerUnavailable),
    };
    let page = NotSignedInPage { frame: Frame::for_anybody(state), reason };
    Ok((StatusCode::BAD_REQUEST, page::answer(&page)).into_response())
}

fn led(to: &str, cookies: &[HeaderValue]) -> Response {
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response();
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    response
}

/// Where somebody wants to go: a path of ours, the front door where it is anything else.
fn way(wanted: &str) -> String {
    let is_plain = wanted.len() <= LONGEST_WAY && wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_ours = wanted.starts_with('/') && !wanted.starts_with("//");
    if is_plain && is_ours { wanted.to_owned() } else { "/".to_owned() }
}

/// A value of a query, if it is given exactly once.
fn value(query: Option<&str>, wanted: &str) -> Option<String> {
    let query = Url::parse(&format!("query:?{}", query?)).ok()?;
    let mut values = query.query_pairs().filter(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
    let (first, second) = (values.next(), values.next());
    first.filter(|_| second.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("/cases/PP-1?on=2026-06-15", "/cases/PP-1?on=2026-06-15")]
    #[case("", "/")]
    #[case("//elsewhere.example", "/")]
    #[case("/\\elsewhere.example", "/")]
    #[case("https://elsewhere.example", "/")]
    #[case("/cases\r\nset-cookie: a=b", "/")]
    #[case(&format!("/{}", "a".repeat(LONGEST_WAY)), "/")]
    fn one_is_led_to_pages_of_ours_only(#[case] wanted: &str, #[case] expected: &str) {
        assert_eq!(way(wanted), expected);
    }

    #[rstest::rstest]
    #[case("code=a%2Bb&state=c", Some("a+b"))]
    #[case("code=a&code=b", None)]
    #[case("state=c", None)]
    fn a_value_is_given_once(#[case] query: &str, #[case] expected: Option<&str>) {
        assert_eq!(value(Some(query), "code").as_deref(), expected);
    }
}
