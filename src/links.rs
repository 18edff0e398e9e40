//! The links of mails: to pages, where people sign in, and those by which a person acknowledges an alert without signing in.
//!
//! Such a link carries which alert, which person and its last day, signed with a key of this service (HMAC-SHA256). Whoever holds it may
//! answer that alert as that person, and nothing else. It is not a secret of the case: what it opens is checked again each time.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::civil::Date;
use reqwest::Url;
use uuid::Uuid;

use crate::domain::calendar::{YEARS, days_between, shift};

/// A key that links are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkKey {
    /// Says in a link which key signed it.
    pub id: i32,
    /// The secret.
    pub key: [u8; 32],
}

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Where a page of this service is for people who sign in: its path in parts, of which each may hold anything.
#[must_use]
pub fn to_page(base_url: &str, path: &[&str]) -> Option<String> {
    let mut url = Url::parse(base_url).ok()?;
    url.path_segments_mut().ok()?.pop_if_empty().extend(path);
    Some(url.into())
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which alert.
    pub alert: Uuid,
    /// Who acknowledges it.
    pub recipient: i64,
    /// The last day on which the link works.
    pub expires_on: Date,
}

/// Why a link does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No key of ours signed it.
    #[error("the link is not one of this service")]
    NotOurs,
    /// Its last day is over.
    #[error("the link has ended")]
    Ended,
}

const CLAIM: usize = 4 + 16 + 8 + 4;
const TAG: usize = 32;

/// Writes a link's token: 86 characters that may stand in a URL.
#[must_use]
pub fn sign(key: &LinkKey, link: &Link) -> String {
    let claim = write(key.id, link);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key.key), &claim);
    BASE64_URL_SAFE_NO_PAD.encode([&claim, tag.as_ref()].concat())
}

/// Reads a token that one of these keys signed and that has not ended.
///
/// # Errors
///
/// It is not ours, or has ended.
pub fn verify(keys: &[LinkKey], token: &str, today: Date) -> Result<Link, LinkError> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| LinkError::NotOurs)?;
    let bytes: [u8; CLAIM + TAG] = bytes.try_into().map_err(|_| LinkError::NotOurs)?;
    let (claim, tag) = bytes.split_at(CLAIM);
    let (key, link) = read(claim).ok_or(LinkError::NotOurs)?;
    let key = keys.iter().find(|known| known.id == key).ok_or(LinkError::NotOurs)?;
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key.key), claim, tag).map_err(|_| LinkError::NotOurs)?;
    if link.expires_on < today { Err(LinkError::Ended) } else { Ok(link) }
}

/// Where a token is opened.
#[must_use]
pub fn url(base_url: &str, token: &str) -> String {
    format!("{}/acknowledge/{token}", base_url.trim_end_matches('/'))
}

fn write(key: i32, link: &Link) -> [u8; CLAIM] {
    let day =
        i32::try_from(days_between(YEARS.0, link.expires_on)).expect("the civil calendar has fewer days than 32 bits count");
    let mut claim = [0; CLAIM];
    claim[..4].copy_from_slice(&key.to_be_bytes());
    claim[4..20].copy_from_slice(link.alert.as_bytes());
    claim[20..28].copy_from_slice(&link.recipient.to_be_bytes());
    claim[28..].copy_from_slice(&day.to_be_bytes());
    claim
}

fn read(claim: &[u8]) -> Option<(i32, Link)> {
    let (key, rest) = claim.split_first_chunk()?;
    let (alert, rest) = rest.split_first_chunk()?;
    let (recipient, rest) = rest.split_first_chunk()?;
    let day = i32::from_be_bytes(rest.try_into().ok()?);
    let link = Link {
        alert: Uuid::from_bytes(*alert),
        recipient: i64::from_be_bytes(*recipient),
        expires_on: shift(YEARS.0, i64::from(day)),
    };
    Some((i32::from_be_bytes(*key), link))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2026, 6, 15);

    fn key(id: i32) -> LinkKey {
        LinkKey { id, key: [u8::try_from(id).unwrap_or(255); 32] }
    }

    fn any_link() -> impl Strategy<Value = Link> {
        (any::<u128>(), any::<i64>(), 0i64..36_000).prop_map(|(alert, recipient, days)| Link {
            alert: Uuid::from_u128(alert),
            recipient,
            expires_on: shift(TODAY, days),
        })
    }

    proptest! {
        #[test]
        fn a_link_is_read_as_it_was_signed_until_its_day(link in any_link(), id in 1i32..9) {
            let keys = [key(1), key(2), key(id)];
            let token = sign(&key(id), &link);
            prop_assert_eq!(token.len(), 86);
            prop_assert_eq!(verify(&keys, &token, TODAY), Ok(link));
            prop_assert_eq!(verify(&keys, &token, link.expires_on), Ok(link));
            prop_assert_eq!(verify(&keys, &token, shift(link.expires_on, 1)), Err(LinkError::Ended));
        }

        #[test]
        fn a_token_with_any_byte_changed_is_not_ours(link in any_link(), at in 0usize..86, byte in any::<u8>()) {
            let token = sign(&key(1), &link);
            let mut changed = token.clone().into_bytes();
            changed[at] = byte;
            if let Ok(changed) = String::from_utf8(changed) && changed != token {
                prop_assert_eq!(verify(&[key(1)], &changed, TODAY), Err(LinkError::NotOurs));
            }
        }

        #[test]
        fn the_tag_of_one_link_opens_no_other(link in any_link(), other in any_link()) {
            prop_assume!(link != other);
            let token = BASE64_URL_SAFE_NO_PAD.decode(sign(&key(1), &link)).expect("it was encoded");
            let crossed = [&write(1, &other), &token[CLAIM..]].concat();
            prop_assert_eq!(verify(&[key(1)], &BASE64_URL_SAFE_NO_PAD.encode(crossed), TODAY), Err(LinkError::NotOurs));
        }

        #[test]
        fn a_key_that_is_not_ours_signs_nothing(link in any_link()) {
            let forged = LinkKey { id: 1, key: [7; 32] };
            prop_assert_eq!(verify(&[key(1), key(2)], &sign(&forged, &link), TODAY), Err(LinkError::NotOurs));
            prop_assert_eq!(verify(&[], &sign(&key(1), &link), TODAY), Err(LinkError::NotOurs));
        }

        #[test]
        fn any_text_is_refused_without_harm(text in ".*") {
            prop_assert_eq!(verify(&[key(1)], &text, TODAY), Err(LinkError::NotOurs));
        }
    }

    #[test]
    fn one_token_has_one_spelling() {
        let link = Link { alert: Uuid::nil(), recipient: 1, expires_on: TODAY };
        let token = sign(&key(1), &link);
        for other in [format!("{token}="), format!("{token} "), token.replace('-', "+"), token[..85].to_owned()] {
            assert!(other == token || verify(&[key(1)], &other, TODAY) == Err(LinkError::NotOurs), "{other}");
        }
        assert_eq!(url("https://drift.council.example/", &token), format!("https://drift.council.example/acknowledge/{token}"));
        assert_eq!(format!("{:?}", key(1)), "LinkKey { id: 1, .. }");
    }

    #[rstest::rstest]
    #[case("https://drift.example", "PP-2026-014", "https://drift.example/cases/PP-2026-014")]
    #[case("https://example/drift", "a/b ?#%\"<", "https://example/drift/cases/a%2Fb%20%3F%23%25%22%3C")]
    fn a_page_is_where_its_path_says_whatever_stands_in_it(
        #[case] base: &str,
        #[case] reference: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(to_page(base, &["cases", reference]).as_deref(), Some(expected));
    }
}
