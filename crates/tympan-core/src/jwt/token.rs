//! A token as it comes in: what it is signed with, and, once that is proved, what it says.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

use super::Algorithm;

/// A token whose signature nobody has looked at yet (RFC 7515, section 7.1).
#[derive(Debug)]
pub struct Token<'t> {
    /// How it is signed: one of the algorithms that are allowed.
    pub algorithm: Algorithm,
    /// Which key it names.
    pub kid: Option<String>,
    /// What is signed.
    signed: &'t str,
    payload: &'t str,
    tag: Vec<u8>,
}

/// Why a token is none that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not three parts in base64url, the first of them JSON.
    Malformed,
    /// It is signed with another algorithm than is allowed, or with none.
    Algorithm,
    /// It asks for something that nobody here understands (RFC 7515, section 4.1.11).
    Critical,
    /// Its signature is that of another token, or by another key.
    Signature,
}

/// The header; a field that stands twice is refused by its reader.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl<'t> Token<'t> {
    /// Reads what a token says about its signature.
    ///
    /// # Errors
    ///
    /// Why it is none that counts.
    pub fn read(text: &'t str, allowed: &[Algorithm]) -> Result<Self, Fault> {
        let (signed, tag) = text.rsplit_once('.').ok_or(Fault::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(Fault::Malformed)?;
        let header = decode(header)?;
        // Its reader would take a list of the same fields.
        if !header.trim_ascii_start().starts_with(b"{") {
            return Err(Fault::Malformed);
        }
        let Header { alg, kid, crit } =
            serde_json::from_slice(&header).map_err(|_| Fault::Malformed)?;
        let algorithm = Algorithm::read(&alg).filter(|found| allowed.contains(found));
        let algorithm = algorithm.ok_or(Fault::Algorithm)?;
        if crit.is_some() {
            return Err(Fault::Critical);
        }
        // A payload with dots in it is none, and is not decoded below.
        Ok(Self { algorithm, kid, signed, payload, tag: decode(tag)? })
    }

    /// What it says, if somebody has signed it: `has_signed` gets the algorithm, what is signed, and
    /// the signature.
    ///
    /// # Errors
    ///
    /// Why it is none that counts.
    pub fn claims(
        &self,
        has_signed: impl FnOnce(Algorithm, &[u8], &[u8]) -> bool,
    ) -> Result<Map<String, Value>, Fault> {
        if !has_signed(self.algorithm, self.signed.as_bytes(), &self.tag) {
            return Err(Fault::Signature);
        }
        match serde_json::from_slice(&decode(self.payload)?) {
            Ok(Value::Object(claims)) => Ok(claims),
            _ => Err(Fault::Malformed),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is none: three parts in base64url with dots between them",
            Self::Algorithm => "is signed with an algorithm that is not allowed",
            Self::Critical => "asks for an extension that is not known",
            Self::Signature => "has another signature",
        })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Fault> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Fault::Malformed)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::Fault;
    use super::Token;
    use crate::jwt::Algorithm;
    use crate::scheme::HashMode;

    const HS256: Algorithm = Algorithm::Hmac(HashMode::Sha256);

    fn token(header: &str, payload: &str) -> String {
        let [header, payload] = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{header}.{payload}.AAAA")
    }

    #[test]
    fn only_what_is_allowed_is_judged() {
        let read =
            |header: &str| Token::read(&token(header, "{}"), &[HS256]).map(|it| it.algorithm);
        assert_eq!(read(r#"{"alg":"HS256","typ":"JWT"}"#), Ok(HS256));
        for alg in ["none", "None", "hs256", "HS384", "RS256", ""] {
            assert_eq!(read(&format!(r#"{{"alg":"{alg}"}}"#)), Err(Fault::Algorithm), "{alg}");
        }
        assert_eq!(read(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#), Err(Fault::Critical));
        for header in [
            "",
            "{}",
            "[]",
            r#"{"alg":1}"#,
            r#"{"alg":"HS256","alg":"HS256"}"#,
            r#"["HS256",null,null]"#,
        ] {
            assert_eq!(read(header), Err(Fault::Malformed), "{header}");
        }
    }

    #[test]
    fn claims_come_with_a_signature_only() {
        let text = token(r#"{"alg":"HS256"}"#, r#"{"iss":"a"}"#);
        let token = Token::read(&text, &[HS256]).unwrap();
        assert_eq!(token.claims(|_, _, _| false), Err(Fault::Signature));
        let claims = token.claims(|algorithm, signed, tag| {
            let signed = str::from_utf8(signed).unwrap();
            algorithm == HS256 && text == format!("{signed}.AAAA") && tag == [0, 0, 0]
        });
        assert_eq!(claims.unwrap()["iss"], "a");
    }

    #[test]
    fn three_parts_and_no_more() {
        let good = token(r#"{"alg":"HS256"}"#, "{}");
        for text in ["", ".", "..", "a.b", &good[..good.len() - 5], &format!("{good}=")] {
            assert_eq!(Token::read(text, &[HS256]).err(), Some(Fault::Malformed), "{text}");
        }
        let more = good.replacen('.', ".AAAA.", 1);
        let more = Token::read(&more, &[HS256]).unwrap();
        assert_eq!(more.claims(|_, _, _| true), Err(Fault::Malformed));
    }
}
