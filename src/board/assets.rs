//! The files that pages load: two style sheets and the mark in the browser's tab, out of this program.
//!
//! The name of each holds the beginning of its digest, so that a browser may keep it for good and yet never shows an old one.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::api::problem::Problem;
use crate::hex;

/// A year, which is as long as caches keep anything.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

static FILES: LazyLock<[File; 3]> = LazyLock::new(|| {
    [
        File::of("govuk-frontend", "css", "text/css; charset=utf-8", include_bytes!("assets/govuk-frontend.css")),
        File::of("board", "css", "text/css; charset=utf-8", include_bytes!("assets/board.css")),
        File::of("favicon", "svg", "image/svg+xml", include_bytes!("assets/favicon.svg")),
    ]
});

static STYLESHEETS: LazyLock<[String; 2]> = LazyLock::new(|| [FILES[0].url(), FILES[1].url()]);
static FAVICON: LazyLock<String> = LazyLock::new(|| FILES[2].url());

struct File {
    name: String,
    media_type: &'static str,
    content: &'static [u8],
}

impl File {
    fn of(stem: &str, extension: &str, media_type: &'static str, content: &'static [u8]) -> Self {
        let digest = hex::encode(&digest::digest(&digest::SHA256, content).as_ref()[..6]);
        Self { name: format!("{stem}-{digest}.{extension}"), media_type, content }
    }

    fn url(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

/// Where the style sheets are, in the order in which a page names them.
#[must_use]
pub fn stylesheets() -> &'static [String] {
    &*STYLESHEETS
}

/// Where the mark in the browser's tab is.
#[must_use]
pub fn favicon() -> &'static str {
    &FAVICON
}

/// Shows a file.
///
/// # Errors
///
/// There is none of this name.
pub async fn show(Path(name): Path<String>) -> Result<Response, Problem> {
    let file = FILES.iter().find(|file| file.name == name).ok_or(Problem::NotFound)?;
    Ok(([(header::CONTENT_TYPE, file.media_type), (header::CACHE_CONTROL, FOR_GOOD)], file.content).into_response())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::contrast::{OF_MARKS, OF_TEXT, contrast};

    const BOARD: &str = include_str!("assets/board.css");
    const GOVUK: &str = include_str!("assets/govuk-frontend.css");

    #[tokio::test]
    async fn a_file_is_known_by_its_content_and_kept_for_good() {
        for url in stylesheets().iter().map(String::as_str).chain([favicon()]) {
            let name = url.strip_prefix("/assets/").expect("files are in one place");
            let answer = show(Path(name.to_owned())).await.expect("it is there");
            assert_eq!(answer.headers()["cache-control"], FOR_GOOD);
            let media_type = if url == favicon() { "image/svg+xml" } else { "text/css; charset=utf-8" };
            assert_eq!(answer.headers()["content-type"], media_type);
            let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("it is whole");
            let digest = hex::encode(digest::digest(&digest::SHA256, &body).as_ref());
            assert!(name.contains(&format!("-{}.", &digest[..12])), "{name}");
        }
        for name in ["board.css", "board-000000000000.css", "../board.css", ""] {
            assert_eq!(show(Path(name.to_owned())).await.err(), Some(Problem::NotFound), "{name}");
        }
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere_and_nothing_is_there_that_is_for_gov_uk_alone() {
        for sheet in [BOARD, GOVUK] {
            let sheet = sheet.to_lowercase();
            for forbidden in ["url(", "@import", "@font-face", "gds transport", "crown", "crest"] {
                assert!(!sheet.contains(forbidden), "{forbidden}");
            }
        }
        assert!(GOVUK.contains(".govuk-button"));
    }

    /// A block that is not closed takes those after it in.
    #[test]
    fn every_block_is_closed() {
        let mut depth = 0;
        for (line, text) in (1..).zip(BOARD.lines()) {
            assert!(depth == 0 || text.starts_with([' ', '}']), "line {line} lies within a block that was not closed: {text}");
            depth = depth + text.matches('{').count() - text.matches('}').count();
        }
        assert_eq!(depth, 0);
    }

    /// The colours that the first block names.
    fn named() -> BTreeMap<&'static str, &'static str> {
        let (block, _) = BOARD.split_once('}').expect("it ends");
        block.split(';').filter_map(|pair| pair.trim().rsplit_once("--")?.1.split_once(": ")).collect()
    }

    #[test]
    fn every_colour_of_ours_stands_out_from_what_is_behind_it() {
        let colours = named();
        let enough = |one: &str, other: &str, least| {
            let contrast = contrast(colours[one], colours[other]);
            assert!(contrast >= least, "{one} on {other}: {contrast}");
        };
        for text in ["ink", "soft"] {
            enough(text, "paper", OF_TEXT);
        }
        for back in ["red", "amber", "green"] {
            enough(&format!("on-{back}"), back, OF_TEXT);
            enough(&format!("{back}-edge"), "paper", OF_MARKS);
        }
        for mark in ["edge", "period", "extension-edge", "over"] {
            enough(mark, "paper", OF_MARKS);
        }
    }
}
