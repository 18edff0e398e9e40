//! Every text of an HTML part can be read, in light and in dark.

use std::collections::{BTreeMap, BTreeSet};

use super::samples::{alerts, digest, panel_in_brief, twenty_three};
use super::{all_news, render};
use crate::contrast::{OF_MARKS, OF_TEXT, contrast};
use crate::mailer::bar::Look;

/// What a tag sets of the colours within it.
#[derive(Clone, Copy)]
struct Colours<'a> {
    text: &'a str,
    back: &'a str,
}

fn property<'a>(style: &'a str, name: &str) -> Option<&'a str> {
    let value = style.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.trim_start().strip_prefix(':'))?;
    Some(value.trim().trim_end_matches("!important").trim_end())
}

/// What the style of the head sets for each class in the dark.
fn in_the_dark(html: &str) -> BTreeMap<&str, &str> {
    let (_, dark) = html.split_once("@media (prefers-color-scheme: dark) {").expect("it knows the dark");
    let (dark, _) = dark.split_once("\n}\n").expect("it ends");
    let rules = dark.lines().filter_map(|line| line.trim().strip_prefix('.')?.split_once(" { "));
    rules.collect()
}

fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    tag.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split_once('"')).map_or("", |(value, _)| value)
}

/// Each pair of a text's colour and the colour behind it.
fn pairs<'a>(html: &'a str, classes: &BTreeMap<&'a str, &'a str>) -> BTreeSet<(&'a str, &'a str)> {
    let (_, body) = html.split_once("<body").expect("it has a body");
    let mut within = vec![("", Colours { text: "#000000", back: "#ffffff" })];
    let mut pairs = BTreeSet::new();
    for part in std::iter::once(body).chain(body.split('<').skip(1)) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        let name = if std::ptr::eq(part, body) { "body" } else { tag.split(' ').next().unwrap_or_default() };
        if name == "/html" {
            break;
        }
        if let Some(ended) = name.strip_prefix('/') {
            assert_eq!(within.pop().map(|(name, _)| name), Some(ended));
        } else if !name.starts_with('!') && name != "br" {
            let mut colours = within.last().expect("there is an outermost").1;
            let of_classes = attribute(tag, "class").split(' ').filter_map(|class| classes.get(class).copied());
            for style in std::iter::once(attribute(tag, "style")).chain(of_classes) {
                colours.text = property(style, "color").unwrap_or(colours.text);
                colours.back = property(style, "background").unwrap_or(colours.back);
            }
            within.push((name, colours));
        }
        if !text.split('<').next().unwrap_or_default().trim().is_empty() {
            let Colours { text, back } = within.last().expect("there is an outermost").1;
            pairs.insert((text, back));
        }
    }
    pairs
}

#[test]
fn every_text_stands_out_from_what_is_behind_it() {
    for mail in [all_news(), digest(), panel_in_brief(), alerts(twenty_three())] {
        let html = render(&mail).html;
        let dark = in_the_dark(&html);
        for (classes, fewest) in [(BTreeMap::new(), 6), (dark, 6)] {
            let pairs = pairs(&html, &classes);
            assert!(pairs.len() >= fewest, "{pairs:?}");
            for (text, back) in pairs {
                assert!(contrast(text, back) >= OF_TEXT, "{text} on {back}: {}", contrast(text, back));
            }
        }
    }
}

#[test]
fn every_stretch_of_a_bar_has_an_edge_that_stands_out() {
    let html = render(&all_news()).html;
    let dark = in_the_dark(&html);
    let [edge, card] = [("edge", "border-color"), ("card", "background")].map(|(class, name)| property(dark[class], name));
    assert!(contrast(edge.expect("a colour"), card.expect("a colour")) >= OF_MARKS);
    for look in [Look::Period, Look::Extension, Look::Over, Look::Left] {
        assert!(contrast(look.colours().edge, "#ffffff") >= OF_MARKS, "{look:?}");
    }
    let borders: BTreeSet<&str> = [Look::Period, Look::Extension, Look::Over, Look::Left].map(Look::border).into();
    assert_eq!(borders.len(), 4, "they can be told apart without colours");
}
