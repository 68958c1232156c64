//! Proving that we know a password without telling it (SCRAM: RFC 5802, RFC 7677), and hearing that the other
//! end knows it as well.
//!
//! As Kafka has it: names and passwords are taken as they are, without `SASLprep`.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest;
use ring::hmac;
use ring::pbkdf2;
use tympan_core::config::Sasl;

/// How often a password may have to be hashed: what is less is easily tried out by whoever pretends to be
/// the broker (RFC 7677, section 4), and what is more would keep us from everything else.
const ROUNDS: RangeInclusive<u32> = 4096..=65536;

/// `n,,` in base64: no channel is bound to it.
const NO_CHANNEL: &str = "biws";

/// A hash function.
pub(super) struct Hash {
    hmac: hmac::Algorithm,
    derive: pbkdf2::Algorithm,
}

/// What we have said first.
pub(super) struct Scram {
    hash: Hash,
    bare: String,
    nonce: String,
}

/// What the other end has to prove at last.
pub(super) struct Expected {
    key: hmac::Key,
    said: String,
}

impl Hash {
    /// What a mechanism hashes with, if it does.
    pub(super) fn of(sasl: Sasl) -> Option<Self> {
        let (hmac, derive) = match sasl {
            Sasl::Plain => return None,
            Sasl::ScramSha256 => (hmac::HMAC_SHA256, pbkdf2::PBKDF2_HMAC_SHA256),
            Sasl::ScramSha512 => (hmac::HMAC_SHA512, pbkdf2::PBKDF2_HMAC_SHA512),
        };
        Some(Self { hmac, derive })
    }

    fn sign(&self, key: &[u8], said: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(self.hmac, key), said)
    }
}

impl Scram {
    /// A nonce is no other's, and has no comma.
    pub(super) fn new(hash: Hash, user: &str, nonce: String) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        Self { hash, bare: format!("n={user},r={nonce}"), nonce }
    }

    /// What we say first.
    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// What we say to what was answered, and what has to come of it.
    pub(super) fn last(&self, said: &[u8], password: &str) -> Result<(String, Expected), String> {
        let said = std::str::from_utf8(said).map_err(|_| unknown())?;
        let mut parts = said.split(',');
        let mut part = |name| parts.next().and_then(|part| part.strip_prefix(name));
        let (Some(nonce), Some(salt), Some(rounds)) = (part("r="), part("s="), part("i=")) else {
            return Err(unknown());
        };
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err("the broker answers somebody else".to_owned());
        }
        let salt = STANDARD.decode(salt).map_err(|_| unknown())?;
        let rounds =
            rounds.parse().ok().filter(|rounds: &NonZeroU32| ROUNDS.contains(&rounds.get()));
        let rounds = rounds.ok_or_else(|| {
            let (least, most) = ROUNDS.into_inner();
            format!(
                "the broker wants the password hashed less than {least} or more than {most} times"
            )
        })?;

        let Hash { hmac, derive } = self.hash;
        let mut salted = vec![0; hmac.digest_algorithm().output_len()];
        pbkdf2::derive(derive, rounds, &salt, password.as_bytes(), &mut salted);
        let key = self.hash.sign(&salted, b"Client Key");
        let stored = digest::digest(hmac.digest_algorithm(), key.as_ref());
        let ours = format!("c={NO_CHANNEL},r={nonce}");
        let all = format!("{},{said},{ours}", self.bare);
        let signed = self.hash.sign(stored.as_ref(), all.as_bytes());
        let proof = key.as_ref().iter().zip(signed.as_ref()).map(|(key, sign)| key ^ sign);
        let last = format!("{ours},p={}", STANDARD.encode(proof.collect::<Vec<_>>()));
        let theirs = self.hash.sign(&salted, b"Server Key");
        Ok((last, Expected { key: hmac::Key::new(hmac, theirs.as_ref()), said: all }))
    }
}

impl Expected {
    /// Whether the other end has proved that it knows the password.
    pub(super) fn verify(&self, said: &[u8]) -> Result<(), String> {
        let said = std::str::from_utf8(said).map_err(|_| unknown())?;
        let part = said.split(',').next().unwrap_or_default();
        if let Some(why) = part.strip_prefix("e=") {
            return Err(format!("the broker does not take the password: {why}"));
        }
        let proof = part.strip_prefix("v=").and_then(|proof| STANDARD.decode(proof).ok());
        let is_proved =
            |proof: Vec<u8>| hmac::verify(&self.key, self.said.as_bytes(), &proof).is_ok();
        if proof.is_some_and(is_proved) {
            return Ok(());
        }
        Err("the broker does not prove that it knows the password".to_owned())
    }
}

fn unknown() -> String {
    "the broker answers with what is no SCRAM".to_owned()
}

#[cfg(test)]
mod tests {
    use tympan_core::config::Sasl;

    use super::Hash;
    use super::Scram;

    fn scram(sasl: Sasl, user: &str) -> Scram {
        let nonce = "rOprNGfwEbeRWgbNEkqO".to_owned();
        Scram::new(Hash::of(sasl).unwrap(), user, nonce)
    }

    const ANSWER: &str =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    /// RFC 7677, section 3; the same with the other hash function by Python's `hashlib` and `hmac`.
    #[test]
    fn published_example() {
        for (sasl, proof, theirs) in [
            (
                Sasl::ScramSha256,
                "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ),
            (
                Sasl::ScramSha512,
                "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
                "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==",
            ),
        ] {
            let scram = scram(sasl, "user");
            assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
            let (last, expected) = scram.last(ANSWER.as_bytes(), "pencil").unwrap();
            let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
            assert_eq!(last, format!("c=biws,r={nonce},p={proof}"));
            assert_eq!(expected.verify(format!("v={theirs}").as_bytes()), Ok(()));
            for other in ["", "v=", "e=invalid-proof", &format!("v={proof}")] {
                assert!(expected.verify(other.as_bytes()).is_err(), "{other}");
            }
        }
    }

    #[test]
    fn a_name_ends_where_it_ends() {
        let first = scram(Sasl::ScramSha256, "a,r==b").first();
        assert_eq!(first, "n,,n=a=2Cr=3D=3Db,r=rOprNGfwEbeRWgbNEkqO");
    }

    #[test]
    fn what_is_answered_to_somebody_else_gets_no_proof() {
        let scram = scram(Sasl::ScramSha256, "user");
        for (what, other) in [
            ("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", "r=rOprNGfwEbeRWgbNEkqO"),
            ("r=rO", "r=RO"),
            ("i=4096", "i=1"),
            ("i=4096", "i=4000000000"),
            ("s=W22", "s=?"),
            ("r=", "m=a,r="),
        ] {
            let answer = ANSWER.replace(what, other);
            assert!(scram.last(answer.as_bytes(), "pencil").is_err(), "{answer}");
        }
    }
}
