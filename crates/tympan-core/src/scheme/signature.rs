//! Whether a received signature is that of a payload; and the signature of a payload.

use super::Encoding;
use super::Format;
use super::HashMode;
use super::MacKey;
use super::Received;
use super::encoding::Tag;

/// How a signature is computed and written, whatever it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The hash function of the HMAC.
    pub mode: HashMode,
    /// How it is written; `None` takes any encoding that gives the right length.
    pub encoding: Option<Encoding>,
    /// What stands around it.
    pub format: Format,
}

/// Why a signature proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The value is not of the format, or holds nothing of the right encoding and length.
    Undecodable,
    /// There are signatures, and none is that of the payload.
    Mismatch,
}

impl Signature {
    /// Takes a received value apart.
    ///
    /// # Errors
    ///
    /// [`Unproven::Undecodable`] if it is not of the format.
    pub fn read<'t>(&self, value: &'t str) -> Result<Received<'t>, Unproven> {
        self.format.read(value).ok_or(Unproven::Undecodable)
    }

    /// Whether one of the received signatures is that of one of the payloads under one of the keys.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn verify<'p>(
        &self,
        received: &Received<'_>,
        payloads: impl IntoIterator<Item = &'p [u8]>,
        keys: &[MacKey],
    ) -> Result<(), Unproven> {
        let candidates = || received.signatures.iter().filter_map(|text| self.decode(text));
        if candidates().next().is_none() {
            return Err(Unproven::Undecodable);
        }
        for payload in payloads {
            // Every key is tried, so that the time does not tell which of them fits.
            let fits =
                keys.iter().fold(false, |fits, key| fits | key.verifies(payload, candidates()));
            if fits {
                return Ok(());
            }
        }
        Err(Unproven::Mismatch)
    }

    /// The value that a sender would send with a payload.
    #[must_use]
    pub fn sign(&self, payload: &[u8], timestamp: Option<&str>, key: &MacKey) -> String {
        let signature = self.encoding.unwrap_or(Encoding::Hex).encode(&key.sign(payload));
        self.format.write(&signature, timestamp)
    }

    fn decode(&self, text: &str) -> Option<Tag> {
        let direct = self.decode_bare(text);
        if direct.is_some() || self.format != Format::Plain {
            return direct;
        }
        // A word and `=` before it, such as `sha256=`.
        let (word, rest) = text.split_once('=')?;
        let is_word = !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if is_word { self.decode_bare(rest) } else { None }
    }

    fn decode_bare(&self, text: &str) -> Option<Tag> {
        let length = self.mode.length();
        match self.encoding {
            Some(encoding) => encoding.decode(text, length),
            None => Encoding::ALL.iter().find_map(|encoding| encoding.decode(text, length)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Encoding;
    use super::Format;
    use super::HashMode;
    use super::MacKey;
    use super::Signature;
    use super::Unproven;

    const PAYLOAD: &[u8] = b"payload";

    fn plain() -> Signature {
        Signature { mode: HashMode::Sha256, encoding: None, format: Format::Plain }
    }

    fn key() -> MacKey {
        MacKey::new(HashMode::Sha256, b"secret")
    }

    #[track_caller]
    fn check(signature: &Signature, value: &str, expected: Result<(), Unproven>) {
        let proof = signature
            .read(value)
            .and_then(|received| signature.verify(&received, [PAYLOAD], &[key()]));
        assert_eq!(proof, expected, "{value:?}");
    }

    #[test]
    fn encodings_and_prefixes_are_inferred() {
        let mac = key().sign(PAYLOAD);
        for encoding in Encoding::ALL {
            check(&plain(), &encoding.encode(&mac), Ok(()));
            check(&plain(), &format!("sha256={}", encoding.encode(&mac)), Ok(()));
        }
        check(&plain(), &Encoding::Hex.encode(&mac).to_uppercase(), Ok(()));
    }

    #[test]
    fn a_given_encoding_is_the_only_one() {
        let hex = Signature { encoding: Some(Encoding::Hex), ..plain() };
        check(&hex, &Encoding::Base64.encode(&key().sign(PAYLOAD)), Err(Unproven::Undecodable));
    }

    #[test]
    fn whatever_is_not_the_whole_signature() {
        let right = plain().sign(PAYLOAD, None, &key());
        for length in 0..right.len() {
            check(&plain(), &right[..length], Err(Unproven::Undecodable));
        }
        for value in ["", " ", "sha256=", "=", "null", "0", ","] {
            check(&plain(), value, Err(Unproven::Undecodable));
        }
        check(&plain(), &format!("{right}0"), Err(Unproven::Undecodable));
        check(&plain(), &format!("{right}{right}"), Err(Unproven::Undecodable));
        check(&plain(), &format!("{right}, {right}"), Err(Unproven::Undecodable));
        let other = plain().sign(b"other", None, &key());
        check(&plain(), &other, Err(Unproven::Mismatch));
    }

    #[test]
    fn any_of_several_signatures_and_keys() {
        let signature = Signature { format: Format::List(",".into()), ..plain() };
        let right = plain().sign(PAYLOAD, None, &key());
        let wrong = plain().sign(b"other", None, &key());
        check(&signature, &format!("{wrong},{right}"), Ok(()));
        check(&signature, &format!("{right},{wrong},junk"), Ok(()));
        check(&signature, &format!("{wrong},{wrong}"), Err(Unproven::Mismatch));

        let received = signature.read(&right).unwrap();
        let other = MacKey::new(HashMode::Sha256, b"other");
        assert_eq!(signature.verify(&received, [PAYLOAD], &[other.clone(), key()]), Ok(()));
        assert_eq!(signature.verify(&received, [PAYLOAD], &[other]), Err(Unproven::Mismatch));
        assert_eq!(signature.verify(&received, [PAYLOAD], &[]), Err(Unproven::Mismatch));
    }
}
