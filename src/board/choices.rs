//! What a person chose in the form of filters above a list, and the addresses of the pages that follow.

use reqwest::Url;

/// Something to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As the query has it; empty for no choice.
    pub value: String,
    /// As people say it.
    pub title: String,
}

impl Choice {
    /// One of a list.
    pub fn of(value: impl Into<String>, title: impl Into<String>) -> Self {
        Self { value: value.into(), title: title.into() }
    }

    /// No choice, and then each word of a list with its title.
    pub fn any_or<T: Copy>(
        any: &str,
        all: &[T],
        code: impl Fn(T) -> &'static str,
        title: impl Fn(T) -> &'static str,
    ) -> Vec<Self> {
        let any = Self::of("", any);
        [any].into_iter().chain(all.iter().map(|&one| Self::of(code(one), title(one)))).collect()
    }

    /// No choice, and then each of some names.
    #[must_use]
    pub fn any_or_named(any: &str, names: &[String]) -> Vec<Self> {
        [Self::of("", any)].into_iter().chain(names.iter().map(|name| Self::of(name, name))).collect()
    }
}

/// The query of a page, as far as somebody filled something in.
#[derive(Clone, Debug, Default)]
pub struct Chosen(Vec<(String, String)>);

impl Chosen {
    /// Reads a query.
    #[must_use]
    pub fn of(query: &str) -> Self {
        let url = Url::parse(&format!("query:?{query}")).ok();
        let pairs = url.iter().flat_map(Url::query_pairs).map(|(name, value)| (name.into_owned(), value.into_owned()));
        Self(pairs.filter(|(_, value)| !value.trim().is_empty()).collect())
    }

    /// What was chosen under a name; empty where nothing was.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(chosen, _)| chosen == name).map_or("", |(_, value)| value)
    }

    /// Tells whether any of some names was filled in.
    #[must_use]
    pub fn has_any(&self, names: &[&str]) -> bool {
        self.0.iter().any(|(chosen, _)| names.contains(&chosen.as_str()))
    }

    /// The same as if nothing had been filled in under a name.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(chosen, _)| chosen != name).cloned().collect())
    }

    /// The query of the same page from another place on, or from its beginning.
    #[must_use]
    pub fn with(&self, name: &str, value: Option<&str>) -> String {
        let mut url = Url::parse("query:").expect("it is a URL");
        let others = self.0.iter().filter(|(chosen, _)| chosen != name).map(|(name, value)| (name.as_str(), value.as_str()));
        url.query_pairs_mut().extend_pairs(others).extend_pairs(value.map(|value| (name, value)));
        url.query().filter(|query| !query.is_empty()).map(|query| format!("?{query}")).unwrap_or_default()
    }
}

/// Where the other pages of a list are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pages {
    /// The first; absent where it is this one.
    pub first: Option<String>,
    /// The next; absent where this is the last.
    pub next: Option<String>,
}

impl Pages {
    /// Of a list at an address, as somebody chose it.
    #[must_use]
    pub fn of(address: &str, chosen: &Chosen, next_cursor: Option<&str>) -> Self {
        let at = |cursor| format!("{address}{}", chosen.with(CURSOR, cursor));
        Self { first: (!chosen.value(CURSOR).is_empty()).then(|| at(None)), next: next_cursor.map(|cursor| at(Some(cursor))) }
    }

    /// Tells whether this is the first.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.first.is_none()
    }
}

/// Under which name the place of a page is given.
const CURSOR: &str = "cursor";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_stays_and_blanks_do_not() {
        let chosen = Chosen::of("rag=red&team=&rule=+&cursor=00ff&x=a%26b");
        assert_eq!((chosen.value("rag"), chosen.value("team"), chosen.value("rule")), ("red", "", ""));
        assert_eq!(chosen.with("cursor", Some("11")), "?rag=red&x=a%26b&cursor=11");
        assert_eq!(chosen.with("cursor", None), "?rag=red&x=a%26b");
        assert_eq!(Chosen::of("cursor=00").with("cursor", None), "");
        assert!(chosen.has_any(&["rag"]) && !chosen.has_any(&["team", "rule"]));
    }
}
