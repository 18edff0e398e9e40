//! Bodies of requests: JSON documents and forms. Whatever is wrong with one is a problem that repeats nothing of it.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, RawFormRejection};
use axum::extract::{FromRequest, RawForm, Request};
use axum::http::{HeaderMap, header};
use serde_json::Value;

use super::problem::Problem;
use crate::fields::{self, Fields, NotATree};

/// A JSON document, not yet read.
#[derive(Debug)]
pub struct JsonBody(Value);

impl JsonBody {
    /// Reads its fields.
    ///
    /// # Errors
    ///
    /// Every field that is wrong or not known.
    pub fn read<T>(&self, read: impl FnOnce(&mut Fields) -> Option<T>) -> Result<T, Problem> {
        fields::read(&self.0, read).map_err(Problem::WrongFields)
    }
}

impl JsonBody {
    /// The same document with a field where it is not given.
    #[must_use]
    pub fn or(mut self, name: &str, value: &str) -> Self {
        if let Value::Object(object) = &mut self.0 {
            let field = object.entry(name).or_insert(Value::Null);
            if field.is_null() {
                *field = value.into();
            }
        }
        self
    }

    /// The document on one line, its fields in the order of their names: two that say the same are the same.
    #[must_use]
    pub fn in_one_form(&self) -> String {
        self.0.to_string()
    }
}

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if media_type(request.headers()).as_deref() != Some("application/json") {
            return Err(Problem::UnsupportedMediaType);
        }
        Ok(Self(fields::tree(&Bytes::from_request(request, state).await?)?))
    }
}

/// What a body says that it is, without parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let media_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?.split(';').next()?;
    Some(media_type.trim().to_ascii_lowercase())
}

impl From<NotATree> for Problem {
    fn from(wrong: NotATree) -> Self {
        match wrong {
            NotATree::NotJson(_) => Self::MalformedBody,
            NotATree::Repeated(mistakes) => Self::WrongFields(mistakes),
        }
    }
}

/// The names and values of a form, in their order.
#[derive(Debug)]
pub struct FormBody(pub Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for FormBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match RawForm::from_request(request, state).await {
            Ok(RawForm(bytes)) => pairs(&bytes).map(Self).ok_or(Problem::MalformedBody),
            Err(RawFormRejection::InvalidFormContentType(_)) => Err(Problem::UnsupportedMediaType),
            Err(RawFormRejection::BytesRejection(rejection)) => Err(rejection.into()),
            Err(_) => Err(Problem::MalformedBody),
        }
    }
}

/// Reads a form as the URL standard does, but for bytes that are not UTF-8: the standard puts a mark in their place, and an answer
/// is to be kept as it was given or not at all.
fn pairs(form: &[u8]) -> Option<Vec<(String, String)>> {
    let text = |bytes: &[u8]| String::from_utf8(percent_decoded(bytes)).ok();
    let pair = |pair: &[u8]| {
        let (name, value) =
            pair.iter().position(|&byte| byte == b'=').map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
        Some((text(name)?, text(value)?))
    };
    form.split(|&byte| byte == b'&').filter(|part| !part.is_empty()).map(pair).collect()
}

fn percent_decoded(mut bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16)?).ok();
    let mut decoded = Vec::with_capacity(bytes.len());
    while let [byte, rest @ ..] = bytes {
        let escaped = match rest {
            [high, low, ..] if *byte == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        decoded.push(match escaped {
            Some((high, low)) => high << 4 | low,
            None if *byte == b'+' => b' ',
            None => *byte,
        });
        bytes = if escaped.is_some() { &rest[2..] } else { rest };
    }
    decoded
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        match rejection {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Self::BodyTooLarge,
            _ => Self::MalformedBody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case("", &[])]
    #[case("a=b&&c=d=e&f&=g", &[("a", "b"), ("c", "d=e"), ("f", ""), ("", "g")])]
    #[case("a+b=%C3%a9+%2B%26&x=%&y=%4&z=%zz%41", &[("a b", "é +&"), ("x", "%"), ("y", "%4"), ("z", "%zzA")])]
    #[case("ü=é", &[("ü", "é")])]
    fn forms_are_read_as_browsers_write_them(#[case] form: &str, #[case] expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(pairs(form.as_bytes()), Some(expected));
    }

    #[rstest::rstest]
    #[case(b"a=%FF")]
    #[case(b"a=\xff")]
    #[case(b"%C3=x")]
    #[case(b"a=%C3&b=%A9")]
    fn a_form_that_is_not_utf_8_is_none(#[case] form: &[u8]) {
        assert_eq!(pairs(form), None);
    }
}
