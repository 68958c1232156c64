//! Whether a received signature is that of a payload; and the signature of a payload.

use smallvec::SmallVec;

use super::Algorithm;
use super::DigestKey;
use super::Encoding;
use super::Format;
use super::HashMode;
use super::MacKey;
use super::PublicKey;
use super::Received;
use super::SecretAt;
use super::Signed;
use super::encoding::Tag;

/// How many signatures are tried with public keys: most of them hash the whole payload again.
const MOST_TRIED: usize = 4;

/// How a signature is computed and written, whatever it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// How it is computed.
    pub algorithm: Algorithm,
    /// Its hash function; the first of several, if the value names it.
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

    /// The hash function of a received value.
    #[must_use]
    pub fn mode_of(&self, received: &Received<'_>) -> HashMode {
        received.mode.unwrap_or(self.mode)
    }

    /// Whether one of the received signatures is the HMAC of one of the payloads under one of the
    /// keys.
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
        let tags = self.tags(received)?;
        // Every key is tried, so that the time does not tell which of them fits.
        any(payloads, |payload| {
            keys.iter().fold(false, |fits, key| fits | key.verifies(payload, &tags))
        })
    }

    /// The same for digests that have the secret mixed in; a payload is its parts.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn verify_digest<'p>(
        &self,
        received: &Received<'_>,
        payloads: impl IntoIterator<Item = &'p [&'p [u8]]>,
        at: SecretAt,
        keys: &[DigestKey],
    ) -> Result<(), Unproven> {
        let tags = self.tags(received)?;
        any(payloads, |parts| {
            keys.iter().fold(false, |fits, key| fits | key.verifies(parts, at, &tags))
        })
    }

    /// The same for signatures of private keys.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn verify_public<'p>(
        &self,
        received: &Received<'_>,
        payloads: impl IntoIterator<Item = &'p [u8]>,
        keys: &[PublicKey],
    ) -> Result<(), Unproven> {
        let decoded = received.signatures.iter().filter_map(|text| {
            let signature = self.within(text, |text| match self.encoding {
                Some(encoding) => encoding.decode_all(text),
                None => Encoding::ALL.iter().find_map(|encoding| encoding.decode_all(text)),
            })?;
            Some(signature)
        });
        let signatures: SmallVec<[Vec<u8>; 1]> = decoded.take(MOST_TRIED).collect();
        if signatures.is_empty() {
            return Err(Unproven::Undecodable);
        }
        // Nothing of this is secret.
        any(payloads, |payload| {
            let payload = Signed::new(payload);
            keys.iter().any(|key| signatures.iter().any(|it| key.has_signed(&payload, it)))
        })
    }

    /// The value that a sender would send with a payload that it signed with an HMAC.
    #[must_use]
    pub fn sign(&self, payload: &[u8], timestamp: Option<&str>, key: &MacKey) -> String {
        self.write(&key.sign(payload), timestamp)
    }

    /// The value that a sender would send with a signature.
    #[must_use]
    pub fn write(&self, signature: &[u8], timestamp: Option<&str>) -> String {
        // Long signatures are hardly ever written in hex.
        let usual = if self.algorithm.is_asymmetric() { Encoding::Base64 } else { Encoding::Hex };
        let signature = self.encoding.unwrap_or(usual).encode(signature);
        self.format.write(&signature, timestamp)
    }

    /// The received signatures as bytes: at least one, or nothing can be compared.
    fn tags(&self, received: &Received<'_>) -> Result<SmallVec<[Tag; 1]>, Unproven> {
        let length = self.mode_of(received).length();
        let tag = |text: &&str| {
            self.within(text, |text| match self.encoding {
                Some(encoding) => encoding.decode(text, length),
                None => Encoding::ALL.iter().find_map(|encoding| encoding.decode(text, length)),
            })
        };
        let tags: SmallVec<_> = received.signatures.iter().filter_map(tag).collect();
        if tags.is_empty() { Err(Unproven::Undecodable) } else { Ok(tags) }
    }

    /// Decodes a text; if there is no format, what stands behind a word and `=`, such as `sha256=`.
    fn within<T>(&self, text: &str, decode: impl Fn(&str) -> Option<T>) -> Option<T> {
        let direct = decode(text);
        if direct.is_some() || self.format != Format::Plain {
            return direct;
        }
        let (word, rest) = text.split_once('=')?;
        // What is longer may be another signature, whose padding that is.
        let is_word = (1..20).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if is_word { decode(rest) } else { None }
    }
}

/// Whether one of the payloads fits.
fn any<P>(payloads: impl IntoIterator<Item = P>, fits: impl Fn(P) -> bool) -> Result<(), Unproven> {
    if payloads.into_iter().any(fits) { Ok(()) } else { Err(Unproven::Mismatch) }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;
    use super::Encoding;
    use super::Format;
    use super::HashMode;
    use super::MacKey;
    use super::PublicKey;
    use super::Signature;
    use super::Unproven;

    const PAYLOAD: &[u8] = b"payload";

    fn plain() -> Signature {
        Signature {
            algorithm: Algorithm::Hmac,
            mode: HashMode::Sha256,
            encoding: None,
            format: Format::Plain,
        }
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
        check(&plain(), &format!("{right}={right}"), Err(Unproven::Undecodable));
        check(&plain(), &format!("{right}, {right}"), Err(Unproven::Undecodable));
        let other = plain().sign(b"other", None, &key());
        check(&plain(), &other, Err(Unproven::Mismatch));
    }

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn few_signatures_are_tried_with_public_keys() {
        let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        let right = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                     085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        let algorithm = Algorithm::Ed25519;
        let key = PublicKey::read(algorithm, HashMode::Sha256, public.as_bytes()).unwrap();
        let signature = Signature { algorithm, format: Format::List(",".into()), ..plain() };
        let judge = |others: usize| {
            let value = [vec!["00".repeat(64); others], vec![right.to_owned()]].concat().join(",");
            let received = signature.read(&value).unwrap();
            signature.verify_public(&received, [&[0x72][..]], std::slice::from_ref(&key))
        };
        assert_eq!((judge(0), judge(3)), (Ok(()), Ok(())));
        assert_eq!(judge(4), Err(Unproven::Mismatch));
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
