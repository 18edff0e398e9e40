//! What a person sees of an HTML part.

/// Its words, without tags, comments, head and bars.
pub fn seen(html: &str) -> String {
    let body = html.split_once("<body").map_or("", |(_, body)| body);
    let mut rest = format!("<body{body}");
    while let Some(from) = rest.find("<table aria-hidden=\"true\"") {
        let to = from + rest[from..].find("</table>").expect("a table ends");
        rest.replace_range(from..to, " ");
    }
    let mut seen = String::new();
    for part in rest.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        if !matches!(tag.split(' ').next(), Some("span" | "/span" | "strong" | "/strong" | "a" | "/a")) {
            seen.push(' ');
        }
        seen.push_str(text);
    }
    for (code, character) in [("&#160;", " "), ("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
    {
        seen = seen.replace(code, character);
    }
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}
