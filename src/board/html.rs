//! What every page is sent with, and problems told in plain words where people read.
//!
//! The policy that a page is sent with lets a browser load our style sheets and nothing else, run nothing, show it in no frame, and send
//! its forms only back to where they came from.

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::answering::{self, Kind, TypedField};
use super::page::{Frame, Here, Visitor, written};
use super::sign_in;
use crate::api::auth::session::Untaken;
use crate::api::problem::{Problem, WrongParameter};
use crate::api::{ApiState, SharedState};

/// The paths below which programs read, and not people.
const FOR_PROGRAMS: [&str; 6] = ["/api", "/health", "/metrics", "/openapi.json", "/docs", "/.well-known"];

/// The path below which somebody reads who came by the link of a mail.
const BY_LINK: &str = "/acknowledge";

const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// Makes a page of each problem where people read, and sends whatever is there with the headers of pages.
pub async fn for_people(State(state): State<SharedState>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    if FOR_PROGRAMS.iter().any(|above| is_below(&path, above)) {
        return next.run(request).await;
    }
    let reads_pages = is_below(&path, BY_LINK) || takes_html(request.headers());
    let mut response = next.run(request).await;
    if reads_pages && let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = told_in_words(&state, &problem, &path, response);
    }
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    response.headers_mut().insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    response
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn takes_html(headers: &HeaderMap) -> bool {
    let mut accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepts.any(|accepts| accepts.contains("text/html"))
}

/// The same answer with a page as its body.
fn told_in_words(state: &ApiState, problem: &Problem, path: &str, response: Response) -> Response {
    let by_link = is_below(path, BY_LINK);
    let (mut parts, _) = response.into_parts();
    let visitor = parts.extensions.remove::<Visitor>();
    let frame = visitor.map_or_else(|| Frame::for_anybody(state), |visitor| Frame::of(state, &visitor, Here::Elsewhere));
    let untaken = parts.extensions.remove::<Untaken>().and_then(|untaken| UntakenPage::of(&frame, path, untaken));
    parts.headers.remove(header::CONTENT_LENGTH);
    // A browser would ask for a name and a password.
    parts.headers.remove(header::WWW_AUTHENTICATE);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Some(page) = untaken {
        return Response::from_parts(parts, Body::from(written(&page)));
    }
    let words = if by_link { of_a_link(problem) } else { of_a_page(problem) };
    let wrong = wrong_parameters(problem);
    let onward = match words.onward {
        // Whatever else was given is not repeated: it may be anything.
        Some(_) if !wrong.is_empty() && Here::has(path) => Some((path.to_owned(), "Go back to the form")),
        onward => onward.map(|(to, called)| (self::onward(to, path), called)),
    };
    let page = ProblemPage {
        frame,
        words,
        onward,
        wrong: wrong.iter().map(|wrong| (field(&wrong.parameter), &*wrong.reason)).collect(),
    };
    Response::from_parts(parts, Body::from(written(&page)))
}

/// Where an answer was not taken because its sender is not signed in any more, or has signed in anew: with what was typed, to be sent again.
#[derive(Template)]
#[template(path = "untaken.html", config = "src/board/templates/askama.toml")]
struct UntakenPage {
    frame: Frame,
    kind: Kind,
    /// The page of the alert, below the root.
    alert: String,
    fields: Vec<TypedField>,
    /// The turn of the alert that was read.
    turn: Option<i32>,
    /// What the form carries once somebody is signed in.
    form_key: Option<String>,
}

impl UntakenPage {
    /// Absent where what was sent is no answer to an alert.
    fn of(frame: &Frame, path: &str, untaken: Untaken) -> Option<Self> {
        let Untaken { pairs, form_key } = untaken;
        let (kind, alert) = Kind::sent_to(path, &pairs)?;
        let turn = answering::turn_shown(&pairs).ok()?;
        let fields = TypedField::all(kind, &pairs);
        Some(Self { frame: frame.clone(), kind, alert: alert.to_owned(), fields, turn, form_key })
    }
}

#[derive(Template)]
#[template(path = "problem.html", config = "src/board/templates/askama.toml")]
struct ProblemPage<'p> {
    frame: Frame,
    words: Words,
    /// Where to go from here, below the root, and what it is called.
    onward: Option<(String, &'static str)>,
    /// What is wrong: how the field is called, and what would be right.
    wrong: Vec<(&'p str, &'p str)>,
}

/// What a page says of a problem.
struct Words {
    title: &'static str,
    sentences: &'static [&'static str],
    /// Where to go from here: a path and what it is called.
    onward: Option<(&'static str, &'static str)>,
}

/// Whoever signs in again comes back to the page whose form was sent.
fn onward(to: &str, path: &str) -> String {
    let answered = Kind::sent_to(path, &[]).filter(|_| to == sign_in::PATH);
    answered.map_or_else(|| to.to_owned(), |(_, page)| format!("{to}?to={page}"))
}

/// What people see of the fields into which they type.
const TYPED: [(&str, &str); 5] = [
    ("weeks_open_min", "Open for at least so many weeks"),
    ("since", "Only changes since"),
    ("from", "First day"),
    ("to", "Last day"),
    ("suppress_below", "Withhold numbers below"),
];

/// How a field is called.
fn field(parameter: &str) -> &str {
    TYPED.iter().find(|(name, _)| *name == parameter).map_or(parameter, |(_, title)| title)
}

fn wrong_parameters(problem: &Problem) -> &[WrongParameter] {
    if let Problem::WrongParameters(wrong) = problem { wrong } else { &[] }
}

/// For whoever came by the link of a mail, and can go nowhere else.
fn of_a_link(problem: &Problem) -> Words {
    let (title, sentences): (_, &[_]) = match problem {
        Problem::NotFound => (
            "This link does not work",
            &[
                "Either part of it is missing, or it is no longer for you.",
                "Open the link in the mail itself instead of copying it. If that does not help, ask your case progression manager.",
            ],
        ),
        Problem::LinkEnded => (
            "This link has ended",
            &[
                "Links in mails work for a limited time.",
                "If you have a newer mail about the case, use the link in that. If not, ask your case progression manager.",
            ],
        ),
        Problem::MalformedBody | Problem::UnsupportedMediaType | Problem::MethodNotAllowed => (
            "What was sent could not be read",
            &["Nothing was recorded.", "Open the link in the mail again and fill in the form there."],
        ),
        Problem::Unavailable
        | Problem::TookTooLong
        | Problem::Busy
        | Problem::TooManyRequests { .. }
        | Problem::BodyTooSlow => (
            "The service cannot answer at the moment",
            &[
                "Try again in a minute.",
                "If you had sent the form, open the link in the mail again first: the page says whether your answer was recorded.",
            ],
        ),
        other => return of_either(other),
    };
    Words { title, sentences, onward: None }
}

/// For whoever looks at the pages.
fn of_a_page(problem: &Problem) -> Words {
    const CASES: Option<(&str, &str)> = Some(("/cases", "Go to the cases"));
    let (title, sentences, onward): (_, &[_], _) = match problem {
        Problem::NotFound | Problem::MethodNotAllowed => (
            "There is no such page",
            &[
                "Either the address is wrong, or what was there is not for you to see.",
                "If you typed the address, check it. If you followed a link and should see this, ask whoever gives access to this service.",
            ],
            CASES,
        ),
        Problem::Unauthenticated => (
            "You are not signed in any more",
            &["Nothing was recorded.", "Sign in again, and then say once more what you wanted to do."],
            Some(("/sign-in", "Sign in")),
        ),
        Problem::Forbidden => (
            "You may not do this",
            &[
                "Nothing was recorded.",
                "Either your role does not allow it, or the form is an old one: open the page again and try once more.",
            ],
            CASES,
        ),
        Problem::NoRole | Problem::NoTeam => (
            "You have no access to this service yet",
            &[
                "You signed in, but nobody has given you a role here, or a team.",
                "Ask whoever gives access to this service, and sign in again afterwards.",
            ],
            Some(("/sign-in", "Sign in again")),
        ),
        Problem::WrongParameters(_) => (
            "This page cannot be shown as it was asked for",
            &["Something that was filled in, or the address, is wrong:"],
            CASES,
        ),
        Problem::MalformedBody | Problem::UnsupportedMediaType => (
            "What was sent could not be read",
            &["Nothing was recorded.", "Open the page again and fill in the form there."],
            CASES,
        ),
        Problem::IssuerUnavailable => (
            "You cannot sign in at the moment",
            &["The service by which you sign in does not answer.", "Try again in a minute."],
            Some(("/sign-in", "Try again")),
        ),
        Problem::Unavailable
        | Problem::TookTooLong
        | Problem::Busy
        | Problem::TooManyRequests { .. }
        | Problem::BodyTooSlow => (
            "The service cannot answer at the moment",
            &[
                "Try again in a minute.",
                "If you had sent a form, look at the alert first: its page says whether your answer was recorded.",
            ],
            CASES,
        ),
        other => return Words { onward: CASES, ..of_either(other) },
    };
    Words { title, sentences, onward }
}

fn of_either(problem: &Problem) -> Words {
    let (title, sentences): (_, &[_]) = match problem {
        Problem::BodyTooLarge => (
            "What you sent is too long",
            &["Nothing was recorded.", "Go back and shorten your answers: one sentence is enough."],
        ),
        _ => (
            "Something went wrong",
            &[
                "The mistake is ours, and it is on record here.",
                "Try again later. If it happens again, tell your case progression manager, and act on the case without waiting for this service.",
            ],
        ),
    };
    Words { title, sentences, onward: None }
}
