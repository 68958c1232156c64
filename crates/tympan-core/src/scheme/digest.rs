//! A plain digest that has the secret mixed in: for those who sign so. An HMAC is what they meant.

use std::fmt;

use zeroize::Zeroizing;

use super::HashMode;
use super::encoding::Tag;
use super::equal;

/// Where the secret stands among the parts of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretAt {
    /// Before all of them.
    Start,
    /// Behind all of them.
    End,
    /// Behind as many of them.
    Behind(usize),
    /// Sorted among them by its bytes.
    Sorted,
}

/// A secret that is mixed into what is digested.
#[derive(Clone)]
pub struct DigestKey {
    mode: HashMode,
    secret: Zeroizing<Vec<u8>>,
}

impl DigestKey {
    /// Makes a secret ready.
    #[must_use]
    pub fn new(mode: HashMode, secret: &[u8]) -> Self {
        Self { mode, secret: Zeroizing::new(secret.to_vec()) }
    }

    /// Whether one of `candidates` is the digest of `parts` and the secret.
    ///
    /// All are compared, each over its full length in constant time.
    #[must_use]
    pub fn verifies(&self, parts: &[&[u8]], at: SecretAt, candidates: &[Tag]) -> bool {
        let digest = self.sign(parts, at);
        candidates.iter().fold(false, |found, candidate| found | equal(&digest, candidate))
    }

    /// The digest of `parts` and the secret.
    #[must_use]
    pub fn sign(&self, parts: &[&[u8]], at: SecretAt) -> Tag {
        let mut all = parts.to_vec();
        let index = match at {
            SecretAt::Start | SecretAt::Sorted => 0,
            SecretAt::End => parts.len(),
            SecretAt::Behind(n_parts) => n_parts.min(parts.len()),
        };
        all.insert(index, &self.secret);
        if at == SecretAt::Sorted {
            all.sort_unstable();
        }
        self.mode.digest(all)
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::DigestKey;
    use super::HashMode;
    use super::SecretAt;

    /// FIPS 180-2: the digest of "abc", whichever part of it is the secret.
    #[test]
    fn published_example() {
        let check = |secret: &str, parts: &[&[u8]], at| {
            let digest = DigestKey::new(HashMode::Sha1, secret.as_bytes()).sign(parts, at);
            assert_eq!(const_hex::encode(&*digest), "a9993e364706816aba3e25717850c26c9cd0d89d");
        };
        check("a", &[b"b", b"c"], SecretAt::Start);
        check("b", &[b"a", b"c"], SecretAt::Behind(1));
        check("c", &[b"ab"], SecretAt::End);
        check("b", &[b"c", b"a"], SecretAt::Sorted);
    }
}
