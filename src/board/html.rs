//! Pages for people: what every answer under `/acknowledge` carries, and problems told in plain words.
//!
//! A page is one file of HTML without script, image or cookie. The policy that it is sent with lets a browser load nothing, run
//! nothing, show it in no frame, and send its form only back to where it came from.

use std::sync::LazyLock;

use askama::Template;
use aws_lc_rs::digest;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::problem::Problem;

/// What a page looks like; it stands in each page.
pub const STYLE: &str = include_str!("templates/page.css");

/// The path below which people read, not programs.
const FOR_PEOPLE: &str = "/acknowledge";

static CONTENT_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let policy =
        format!("default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
    policy.try_into().expect("it is plain ASCII")
});

/// Makes a page of each problem under `/acknowledge`, and sends whatever is there with the headers of pages.
pub async fn for_people(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if !path.strip_prefix(FOR_PEOPLE).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        return next.run(request).await;
    }
    let mut response = next.run(request).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = told_in_words(&problem, response);
    }
    add_headers(response.headers_mut());
    response
}

fn add_headers(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY.clone());
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
}

/// The same answer with a page as its body.
fn told_in_words(problem: &Problem, response: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Response::from_parts(parts, Body::from(written(&ProblemPage::of(problem))))
}

/// A page as text.
pub fn written(page: &impl Template) -> String {
    page.render().expect("writing to a string does not fail")
}

#[derive(Template)]
#[template(path = "problem.html", config = "src/board/templates/askama.toml")]
struct ProblemPage {
    title: &'static str,
    sentences: &'static [&'static str],
}

impl ProblemPage {
    fn of(problem: &Problem) -> Self {
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
            Problem::BodyTooLarge => (
                "What you sent is too long",
                &["Nothing was recorded.", "Go back and shorten your answers: one sentence is enough."],
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
            _ => (
                "Something went wrong",
                &[
                    "The mistake is ours, and it is on record here.",
                    "Try again later. If it happens again, tell your case progression manager, and act on the case without waiting for this service.",
                ],
            ),
        };
        Self { title, sentences }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::STYLE;
    use crate::contrast::{OF_MARKS, OF_TEXT, contrast};

    /// The named colours of the first style of each kind: in light, and in the dark.
    fn named(style: &str) -> BTreeMap<&str, &str> {
        let (style, _) = style.split_once('}').expect("it ends");
        let pairs = style.split(';').filter_map(|pair| pair.trim().rsplit_once("--")?.1.split_once(": "));
        pairs.map(|(name, colour)| (name, colour.trim())).collect()
    }

    #[test]
    fn every_text_and_every_field_stands_out_in_light_and_in_dark() {
        let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").expect("it knows the dark");
        for colours in [named(light), named(dark)] {
            assert_eq!(colours.len(), 10, "{colours:?}");
            let enough = |one: &str, other: &str, least| {
                let contrast = contrast(colours[one], colours[other]);
                assert!(contrast >= least, "{one} on {other}: {contrast}");
            };
            for back in ["page", "card"] {
                for text in ["text", "soft", "wrong"] {
                    enough(text, back, OF_TEXT);
                }
                for mark in ["field-edge", "focus", "accent"] {
                    enough(mark, back, OF_MARKS);
                }
            }
            enough("on-accent", "accent", OF_TEXT);
        }
        for badge in STYLE.lines().filter(|line| line.starts_with(".badge.")) {
            let colours: Vec<&str> = badge.split('#').skip(1).map(|rest| &rest[..6]).collect();
            let [back, _, text] = colours[..] else { panic!("{badge}") };
            assert!(contrast(&format!("#{text}"), &format!("#{back}")) >= OF_TEXT, "{badge}");
        }
    }
}
