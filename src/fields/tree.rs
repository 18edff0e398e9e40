//! Reads JSON into a tree of values. The standard reader keeps the last of two fields with one name and says nothing; here both
//! are named as a mistake, as nobody can tell which was meant.

use std::cell::RefCell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{Mistake, pointer_to, shown};

/// Why bytes are no tree.
#[derive(Debug)]
pub enum NotATree {
    /// They are not JSON.
    NotJson(serde_json::Error),
    /// Fields stand in it more than once.
    Repeated(Vec<Mistake>),
}

/// A tree, with every field in it that stands there more than once.
#[derive(Debug)]
pub struct Tree {
    /// The tree; of two fields with one name it has the last.
    pub value: Value,
    /// The mistakes, in order.
    pub repeated: Vec<Mistake>,
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        let repeated = RefCell::new(Vec::new());
        let value = At { pointer: String::new(), repeated: &repeated }.deserialize(json)?;
        let mut repeated = repeated.into_inner();
        repeated.sort();
        Ok(Self { value, repeated })
    }
}

/// Reads a whole text.
///
/// # Errors
///
/// It is not JSON, or has a field twice.
pub fn tree(json: &[u8]) -> Result<Value, NotATree> {
    let Tree { value, repeated } = serde_json::from_slice(json).map_err(NotATree::NotJson)?;
    if repeated.is_empty() { Ok(value) } else { Err(NotATree::Repeated(repeated)) }
}

/// A place in the tree, about to be read.
struct At<'r> {
    pointer: String,
    repeated: &'r RefCell<Vec<Mistake>>,
}

impl At<'_> {
    fn below(&self, name: &str) -> Self {
        Self { pointer: pointer_to(&self.pointer, name), repeated: self.repeated }
    }
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self.below(&all.len().to_string()))? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let below = self.below(shown(&name));
            if object.contains_key(&name) {
                let reason = "is given more than once".to_owned();
                self.repeated.borrow_mut().push(Mistake { pointer: below.pointer.clone(), reason });
            }
            let value = fields.next_value_seed(below)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("null")]
    #[case(r#"{"a": [1, -2, 3.5, true, "x", null, {"b": {}}], "c/d": "é\u0000"}"#)]
    #[case("18446744073709551615")]
    fn what_is_right_is_read_as_ever(#[case] json: &str) {
        let expected: Value = serde_json::from_str(json).expect("JSON");
        assert_eq!(tree(json.as_bytes()).expect("a tree"), expected);
    }

    #[test]
    fn a_field_given_twice_is_named_wherever_it_stands() {
        let json = br#"{"team": "A", "list": [{"on": 1, "on": 1}], "team": "A", "a/b": {"~": 1, "~": 2}}"#;
        let Err(NotATree::Repeated(mistakes)) = tree(json) else { panic!("fields stand in it twice") };
        let places: Vec<&str> = mistakes.iter().map(|mistake| mistake.pointer.as_str()).collect();
        assert_eq!(places, ["/a~1b/~0", "/list/0/on", "/team"]);
    }

    #[rstest::rstest]
    #[case("")]
    #[case("{")]
    #[case("1 2")]
    #[case("1e400")]
    #[case("\"\u{0}\"")]
    fn what_is_no_json_is_none(#[case] text: &str) {
        assert!(matches!(tree(text.as_bytes()), Err(NotATree::NotJson(_))));
    }

    #[test]
    fn what_is_nested_too_deep_is_none() {
        assert!(matches!(tree("[".repeat(10_000).as_bytes()), Err(NotATree::NotJson(_))));
    }
}
