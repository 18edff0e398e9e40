//! Which of several types an answer is to have: the header `Accept` (RFC 9110, section 12.5.1).

use axum::http::{HeaderMap, header};

use super::problem::Problem;

/// The first of these types that the caller likes best. A caller who names none takes any; of types that are liked alike, the one
/// that is named more closely goes first.
///
/// # Errors
///
/// The caller takes none of them.
pub fn choose<'t>(headers: &HeaderMap, offered: &[&'t str]) -> Result<&'t str, Problem> {
    let values = headers.get_all(header::ACCEPT).iter();
    let text = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect::<Vec<_>>().join(",");
    if text.split(',').all(|element| element.trim().is_empty()) {
        return offered.first().copied().ok_or(Problem::NotAcceptable);
    }
    let ranges: Vec<Range> = text.split(',').filter_map(Range::read).collect();
    let liked = offered.iter().filter_map(|offered| Some((liking(offered, &ranges)?, *offered)));
    // Of equals the last is the maximum; the first offered goes first.
    liked.rev().max_by_key(|&(liking, _)| liking).map(|(_, offered)| offered).ok_or(Problem::NotAcceptable)
}

/// How much a type is liked, in thousandths, and how closely it is named; absent where it is not taken.
fn liking(offered: &str, ranges: &[Range]) -> Option<(u16, Closeness)> {
    let closest = ranges.iter().filter_map(|range| Some((range.closeness(offered)?, range.liking))).max()?;
    (closest.1 > 0).then_some((closest.1, closest.0))
}

/// How closely a range names a type, the least close first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Anything,
    Family,
    Itself,
}

/// A range of types, and how much it is liked, in thousandths.
struct Range {
    family: String,
    kind: String,
    liking: u16,
}

impl Range {
    /// Reads one element; absent where it is none. Parameters other than `q` make no difference here.
    fn read(element: &str) -> Option<Self> {
        let mut parts = element.split(';').map(str::trim);
        let (family, kind) = parts.next()?.split_once('/')?;
        if family.is_empty() || kind.is_empty() || (family == "*" && kind != "*") {
            return None;
        }
        let weight =
            parts.filter_map(|parameter| parameter.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
        let liking = weight.map_or(Some(1000), |(_, weight)| thousandths(weight.trim()))?;
        Some(Self { family: family.to_ascii_lowercase(), kind: kind.to_ascii_lowercase(), liking })
    }

    fn closeness(&self, offered: &str) -> Option<Closeness> {
        let (family, kind) = offered.split_once('/')?;
        match (self.family.as_str(), self.kind.as_str()) {
            ("*", _) => Some(Closeness::Anything),
            (own, "*") => (own == family).then_some(Closeness::Family),
            (own_family, own_kind) => (own_family == family && own_kind == kind).then_some(Closeness::Itself),
        }
    }
}

/// Reads a weight: 0 to 1 with at most three decimals.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let decimals: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(decimals),
        "1" if decimals == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "application/json";
    const CSV: &str = "text/csv";

    #[rstest::rstest]
    #[case::none(&[], Some(JSON))]
    #[case::blank(&[" "], Some(JSON))]
    #[case::anything(&["*/*"], Some(JSON))]
    #[case::csv(&["text/csv"], Some(CSV))]
    #[case::in_capitals(&["Text/CSV; charset=UTF-8; header=present"], Some(CSV))]
    #[case::a_family(&["text/*"], Some(CSV))]
    #[case::liked_more(&["application/json;q=0.5, text/csv;q=0.8"], Some(CSV))]
    #[case::liked_less(&["application/json, text/csv;q=0.999"], Some(JSON))]
    #[case::liked_alike(&["text/csv, application/json"], Some(JSON))]
    #[case::named_more_closely(&["*/*, text/csv"], Some(CSV))]
    #[case::the_rest_is_liked_less(&["text/csv;q=0.4, */*;q=0.5"], Some(JSON))]
    #[case::the_closest_range_counts(&["application/*;q=1, application/json;q=0.1, text/csv;q=0.2"], Some(CSV))]
    #[case::not_taken(&["application/json;q=0, */*"], Some(CSV))]
    #[case::a_browser(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], Some(JSON))]
    #[case::two_headers(&["text/html", "text/csv"], Some(CSV))]
    #[case::neither(&["text/html"], None)]
    #[case::neither_of_a_family(&["image/*, text/csv;q=0"], None)]
    #[case::nothing_at_all(&["*/*;q=0"], None)]
    #[case::not_a_type(&["csv"], None)]
    #[case::not_a_range(&["*/csv"], None)]
    #[case::not_a_weight(&["text/csv;q=2"], None)]
    #[case::a_weight_that_is_too_fine(&["text/csv;q=0.0001, application/json;q=0.001"], Some(JSON))]
    fn the_type_that_is_liked_best_is_chosen(#[case] accept: &[&'static str], #[case] expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in accept {
            headers.append(header::ACCEPT, axum::http::HeaderValue::from_static(value));
        }
        assert_eq!(choose(&headers, &[JSON, CSV]).ok(), expected);
    }
}
