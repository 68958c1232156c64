//! How the secret that people are shown becomes the key that is computed with.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::GeneralPurposeConfig;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::Encoding;
use super::HashMode;
use super::Unusable;

/// How a secret becomes a key, in the order of the fields. The usual one leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Derivation {
    /// Texts of which the first that the secret begins with is taken off.
    pub prefixes: Vec<String>,
    /// Whether the text is brought into Unicode's form NFKD.
    pub normalized: bool,
    /// How the rest is written.
    pub written: Written,
    /// What stands before the secret, such as an id and `&`.
    pub before: String,
    /// What stands behind it.
    pub after: String,
    /// Of which digest the key is made; as text, if an encoding says how that is written.
    pub digest: Option<(HashMode, Option<Encoding>)>,
}

/// How a secret is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Written {
    /// As the bytes that it is.
    #[default]
    Plain,
    /// As hexadecimal digits.
    Hex,
    /// As base64 of either alphabet, padded or not.
    Base64,
}

/// Secrets are copied by hand: what does not change the bytes is not held against them.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

impl Written {
    /// Every word that can be written.
    pub const WORDS: &[&str] = &["utf-8", "hex", "base64"];

    /// What a word of the configuration names.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "utf-8" => Some(Self::Plain),
            "hex" => Some(Self::Hex),
            "base64" => Some(Self::Base64),
            _ => None,
        }
    }

    /// The bytes that `text` stands for.
    ///
    /// # Errors
    ///
    /// [`Unusable::NotHex`] and [`Unusable::NotBase64`].
    pub fn decode(self, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unusable> {
        let bytes = match self {
            Self::Plain => text.to_vec(),
            Self::Hex => const_hex::decode(text).map_err(|_| Unusable::NotHex)?,
            Self::Base64 => STANDARD
                .decode(text)
                .or_else(|_| URL_SAFE.decode(text))
                .map_err(|_| Unusable::NotBase64)?,
        };
        Ok(Zeroizing::new(bytes))
    }
}

impl Derivation {
    /// The key that a secret becomes.
    ///
    /// # Errors
    ///
    /// Why it becomes none. An empty key would be one that everybody has.
    pub fn key(&self, secret: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unusable> {
        let begin = self.prefixes.iter().find(|prefix| secret.starts_with(prefix.as_bytes()));
        let rest = &secret[begin.map_or(0, String::len)..];
        let normalized = self.normalized.then(|| nfkd(rest)).transpose()?;
        let rest = normalized.as_deref().map_or(rest, Vec::as_slice);
        let decoded = self.written.decode(rest)?;
        if decoded.is_empty() {
            return Err(Unusable::Empty);
        }
        let parts = [self.before.as_bytes(), &decoded, self.after.as_bytes()];
        let whole = Zeroizing::new(parts.concat());
        Ok(match self.digest {
            None => whole,
            Some((mode, written)) => {
                let digest = Zeroizing::new(mode.digest([whole.as_slice()]).to_vec());
                match written {
                    None => digest,
                    Some(encoding) => Zeroizing::new(encoding.encode(&digest).into_bytes()),
                }
            }
        })
    }
}

fn nfkd(text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let text = std::str::from_utf8(text).map_err(|_| Unusable::NotText)?;
    Ok(Zeroizing::new(text.nfkd().collect::<String>().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::Derivation;
    use super::Encoding;
    use super::HashMode;
    use super::Unusable;
    use super::Written;

    #[track_caller]
    fn check(derivation: &Derivation, secret: &str, expected: Result<&[u8], Unusable>) {
        let key = derivation.key(secret.as_bytes());
        assert_eq!(key.as_deref().map(Vec::as_slice).map_err(|it| *it), expected, "{secret}");
    }

    #[test]
    fn as_it_is() {
        check(&Derivation::default(), "whsec_x", Ok(b"whsec_x"));
    }

    #[test]
    fn behind_a_prefix() {
        let prefixes = vec!["v1,whsec_".to_owned(), "whsec_".to_owned()];
        let derivation = Derivation { prefixes, written: Written::Base64, ..Derivation::default() };
        check(&derivation, "whsec_c2VjcmV0", Ok(b"secret"));
        check(&derivation, "v1,whsec_c2VjcmV0", Ok(b"secret"));
        check(&derivation, "c2VjcmV0", Ok(b"secret"));
        check(&derivation, "whsec_-_-_AA", Ok(&[0xfb, 0xff, 0xbf, 0]));
        check(&derivation, "whsec_c2VjcmV1", Ok(b"secreu"));
        check(&derivation, "whsec_c2VjcmX", Ok(b"secre"));
        check(&derivation, "whsec_", Err(Unusable::Empty));
        check(&derivation, "whsec_c2!", Err(Unusable::NotBase64));
    }

    #[test]
    fn digits() {
        let derivation = Derivation { written: Written::Hex, ..Derivation::default() };
        check(&derivation, "736563726574", Ok(b"secret"));
        check(&derivation, "73656372657", Err(Unusable::NotHex));
    }

    #[test]
    fn between_other_texts() {
        let derivation = Derivation { before: "id&".to_owned(), ..Derivation::default() };
        check(&derivation, "secret", Ok(b"id&secret"));
        let derivation = Derivation { after: "&".to_owned(), ..Derivation::default() };
        check(&derivation, "secret", Ok(b"secret&"));
    }

    /// FIPS 180-2, the digest of "abc".
    #[test]
    fn its_digest() {
        let hex = "a9993e364706816aba3e25717850c26c9cd0d89d";
        let digest = |written| Derivation {
            digest: Some((HashMode::Sha1, written)),
            ..Derivation::default()
        };
        check(&digest(Some(Encoding::Hex)), "abc", Ok(hex.as_bytes()));
        check(&digest(None), "abc", Ok(&const_hex::decode(hex).unwrap()));
    }

    #[test]
    fn unicode() {
        let derivation = Derivation { normalized: true, ..Derivation::default() };
        check(&derivation, "s\u{e9}cret", Ok("se\u{301}cret".as_bytes()));
        let key = derivation.key(b"\xff");
        assert_eq!(key.unwrap_err(), Unusable::NotText);
    }
}
