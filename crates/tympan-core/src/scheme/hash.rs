//! Which hash function a signature uses, and the key of an HMAC made ready for it.

use std::fmt;

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use md5::Md5;
use sha1::Sha1;
use sha2::Digest;
use sha2::Sha256;
use sha2::Sha384;
use sha2::Sha512;

use super::encoding::Tag;
use super::equal;

/// The hash function of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashMode {
    /// MD5: broken, and asked for by a word that says so.
    Md5,
    /// SHA-1
    Sha1,
    /// SHA-256
    Sha256,
    /// SHA-384
    Sha384,
    /// SHA-512
    Sha512,
}

/// A secret made ready to compute HMACs: the two blocks of the key are hashed once.
#[derive(Clone)]
pub struct MacKey {
    state: State,
}

/// The long ones are twice as large as the others, and seldom.
#[derive(Clone)]
enum State {
    Md5(Hmac<Md5>),
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Box<Hmac<Sha384>>),
    Sha512(Box<Hmac<Sha512>>),
}

impl HashMode {
    /// Every spelling that can be written; case and `_` for `-` do not matter either.
    pub const WORDS: &[&str] = &[
        "SHA-1",
        "SHA-256",
        "SHA-384",
        "SHA-512",
        "SHA1",
        "SHA256",
        "SHA384",
        "SHA512",
        "HMAC-SHA1",
        "HMAC-SHA256",
        "HMAC-SHA384",
        "HMAC-SHA512",
        "INSECURE-MD5",
    ];

    /// Every mode.
    pub const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The mode that a word names.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        let bare = |word: &str| word.to_ascii_uppercase().replace(['-', '_'], "");
        let word = bare(word);
        let word = word.strip_prefix("HMAC").unwrap_or(&word);
        Self::ALL.into_iter().find(|mode| bare(mode.name()) == word)
    }

    /// The first of its spellings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "INSECURE-MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// What senders that name it call it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// How many bytes it gives.
    #[must_use]
    pub fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The digest of these parts, one after the other.
    #[must_use]
    pub fn digest<'p>(self, parts: impl IntoIterator<Item = &'p [u8]>) -> Tag {
        fn of<'p, D: Digest>(parts: impl IntoIterator<Item = &'p [u8]>) -> Tag {
            let digest = parts.into_iter().fold(D::new(), Digest::chain_update).finalize();
            Tag::of(&digest)
        }
        match self {
            Self::Md5 => of::<Md5>(parts),
            Self::Sha1 => of::<Sha1>(parts),
            Self::Sha256 => of::<Sha256>(parts),
            Self::Sha384 => of::<Sha384>(parts),
            Self::Sha512 => of::<Sha512>(parts),
        }
    }
}

impl MacKey {
    /// Makes a secret ready. A secret of any length will do; an empty one never gets here
    /// (see [`crate::secret::Secret`]).
    #[must_use]
    pub fn new(mode: HashMode, secret: &[u8]) -> Self {
        fn ready<M: KeyInit>(secret: &[u8]) -> M {
            M::new_from_slice(secret).expect("an HMAC takes keys of any length")
        }
        let state = match mode {
            HashMode::Md5 => State::Md5(ready(secret)),
            HashMode::Sha1 => State::Sha1(ready(secret)),
            HashMode::Sha256 => State::Sha256(ready(secret)),
            HashMode::Sha384 => State::Sha384(Box::new(ready(secret))),
            HashMode::Sha512 => State::Sha512(Box::new(ready(secret))),
        };
        Self { state }
    }

    /// Whether one of `candidates` is the MAC of `payload`.
    ///
    /// All are compared, each over its full length in constant time.
    #[must_use]
    pub fn verifies(&self, payload: &[u8], candidates: &[Tag]) -> bool {
        match &self.state {
            State::Md5(mac) => verifies(mac, payload, candidates),
            State::Sha1(mac) => verifies(mac, payload, candidates),
            State::Sha256(mac) => verifies(mac, payload, candidates),
            State::Sha384(mac) => verifies(&**mac, payload, candidates),
            State::Sha512(mac) => verifies(&**mac, payload, candidates),
        }
    }

    /// The MAC of `payload`.
    #[must_use]
    pub fn sign(&self, payload: &[u8]) -> Vec<u8> {
        match &self.state {
            State::Md5(mac) => sign(mac, payload),
            State::Sha1(mac) => sign(mac, payload),
            State::Sha256(mac) => sign(mac, payload),
            State::Sha384(mac) => sign(&**mac, payload),
            State::Sha512(mac) => sign(&**mac, payload),
        }
    }
}

fn verifies<M: Mac + Clone>(mac: &M, payload: &[u8], candidates: &[Tag]) -> bool {
    let tag = mac.clone().chain_update(payload).finalize().into_bytes();
    candidates.iter().fold(false, |found, candidate| found | equal(&tag, candidate))
}

fn sign<M: Mac + Clone>(mac: &M, payload: &[u8]) -> Vec<u8> {
    mac.clone().chain_update(payload).finalize().into_bytes().to_vec()
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::HashMode;
    use super::MacKey;

    #[test]
    fn every_word_names_a_mode() {
        assert!(HashMode::WORDS.iter().all(|word| HashMode::read(word).is_some()));
        assert!(HashMode::ALL.iter().all(|mode| {
            HashMode::WORDS.contains(&mode.name()) && HashMode::read(mode.name()) == Some(*mode)
        }));
        assert_eq!(HashMode::read("hmac_sha_256"), Some(HashMode::Sha256));
        assert_eq!(HashMode::read("md5"), None);
        assert_eq!(HashMode::read("hmac-md5"), None);
    }

    /// RFC 4231, test case 2, and RFC 2202, test cases 2.
    #[test]
    fn published_examples() {
        let sign = |mode| {
            const_hex::encode(MacKey::new(mode, b"Jefe").sign(b"what do ya want for nothing?"))
        };
        assert_eq!(sign(HashMode::Md5), "750c783e6ab0b503eaa86e310a5db738");
        assert_eq!(sign(HashMode::Sha1), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        assert_eq!(
            sign(HashMode::Sha256),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            sign(HashMode::Sha384),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e\
             8e2240ca5e69e2c78b3239ecfab21649"
        );
        assert_eq!(
            sign(HashMode::Sha512),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        );
    }

    #[test]
    fn lengths() {
        for mode in HashMode::ALL {
            assert_eq!(MacKey::new(mode, b"k").sign(b"").len(), mode.length());
            assert_eq!(mode.digest([&b"k"[..]]).len(), mode.length());
        }
    }
}
