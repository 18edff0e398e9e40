//! What a token says of its own signature, before anything of it is believed.

use jsonwebtoken::{Algorithm, decode_header};

use crate::config::identity::SigningAlgorithm;

/// Real tokens are a few kilobytes long.
const LONGEST: usize = 16 * 1024;

/// By which key a token claims to be signed, and how.
#[derive(Debug, PartialEq, Eq)]
pub struct SignedBy {
    /// How.
    pub algorithm: Algorithm,
    /// By the key of this name.
    pub key_id: String,
}

/// Reads the header of a token.
///
/// # Errors
///
/// It is not that of a token that could count.
pub fn read(token: &str, allowed: &[SigningAlgorithm]) -> Result<SignedBy, &'static str> {
    if token.len() > LONGEST {
        return Err("it is too long");
    }
    let header = decode_header(token).map_err(|_| "its header cannot be read, or names no algorithm that is known")?;
    let algorithm = allowed.iter().map(|&allowed| of(allowed)).find(|&allowed| allowed == header.alg);
    let algorithm = algorithm.ok_or("it is signed in a way that is not allowed")?;
    if header.crit.is_some() {
        return Err("its header demands an extension");
    }
    if !header.typ.as_deref().is_none_or(is_an_access_token) {
        return Err("it is of another type");
    }
    let key_id = header.kid.ok_or("its header names no key")?;
    Ok(SignedBy { algorithm, key_id })
}

/// RFC 9068 calls them `at+jwt`, most issuers `JWT`; tokens that say a logout or a proof of a key are called something else.
fn is_an_access_token(typ: &str) -> bool {
    ["JWT", "at+jwt", "application/jwt", "application/at+jwt"].iter().any(|known| typ.eq_ignore_ascii_case(known))
}

fn of(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::Rs256 => Algorithm::RS256,
        SigningAlgorithm::Rs384 => Algorithm::RS384,
        SigningAlgorithm::Rs512 => Algorithm::RS512,
        SigningAlgorithm::Ps256 => Algorithm::PS256,
        SigningAlgorithm::Ps384 => Algorithm::PS384,
        SigningAlgorithm::Ps512 => Algorithm::PS512,
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::Es384 => Algorithm::ES384,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    #[rstest::rstest]
    #[case::as_entra_issues_them(r#"{"typ":"JWT","alg":"RS256","x5t":"a","kid":"a"}"#, true)]
    #[case::as_rfc_9068_has_them(r#"{"typ":"at+jwt","alg":"ES256","kid":"a"}"#, true)]
    #[case::without_a_type(r#"{"alg":"RS256","kid":"a"}"#, true)]
    #[case::a_logout(r#"{"typ":"logout+jwt","alg":"RS256","kid":"a"}"#, false)]
    #[case::a_proof(r#"{"typ":"dpop+jwt","alg":"RS256","kid":"a"}"#, false)]
    #[case::unsigned(r#"{"typ":"JWT","alg":"none","kid":"a"}"#, false)]
    #[case::unsigned_in_capitals(r#"{"typ":"JWT","alg":"NONE","kid":"a"}"#, false)]
    #[case::by_a_shared_secret(r#"{"typ":"JWT","alg":"HS256","kid":"a"}"#, false)]
    #[case::in_a_way_that_is_not_configured(r#"{"typ":"JWT","alg":"PS512","kid":"a"}"#, false)]
    #[case::without_an_algorithm(r#"{"typ":"JWT","kid":"a"}"#, false)]
    #[case::without_a_key(r#"{"typ":"JWT","alg":"RS256"}"#, false)]
    #[case::with_an_extension(r#"{"typ":"JWT","alg":"RS256","kid":"a","crit":["b64"],"b64":false}"#, false)]
    #[case::with_no_extension_at_all(r#"{"typ":"JWT","alg":"RS256","kid":"a","crit":[]}"#, false)]
    fn a_header_is_that_of_an_access_token(#[case] header: &str, #[case] expected: bool) {
        let token = format!("{}.e30.AAAA", BASE64_URL_SAFE_NO_PAD.encode(header));
        let read = read(&token, &[SigningAlgorithm::Rs256, SigningAlgorithm::Es256]);
        assert_eq!(read.is_ok(), expected, "{read:?}");
    }

    #[rstest::rstest]
    #[case("", "its header cannot be read, or names no algorithm that is known")]
    #[case("a", "its header cannot be read, or names no algorithm that is known")]
    #[case("a.b", "its header cannot be read, or names no algorithm that is known")]
    #[case("..", "its header cannot be read, or names no algorithm that is known")]
    #[case(&"a".repeat(16_385), "it is too long")]
    fn what_is_no_token_is_refused(#[case] token: &str, #[case] expected: &str) {
        assert_eq!(read(token, SigningAlgorithm::ALL), Err(expected));
    }
}
