//! What a public key may have verified.

use std::ops::RangeInclusive;

use super::Captured;
use super::Scheme;
use super::Signed;
use super::head;
use super::payload;
use super::place;
use crate::scheme::Algorithm;
use crate::scheme::EcdsaForm;
use crate::scheme::Encoding;
use crate::scheme::HashMode;
use crate::scheme::PublicKey;

/// How many verifications are tried: each takes as long as hashing a large body.
const MOST_TRIED: usize = 4_000;

/// The lengths that signatures may have, in bytes: from two short numbers of ECDSA to RSA's longest.
const LENGTHS: RangeInclusive<usize> = 48..=1024;

/// A key, and what it is one of.
struct Public {
    algorithm: Algorithm,
    mode: HashMode,
    key: PublicKey,
}

/// One way to read a signature out of a value.
struct Reading<'t> {
    /// As it is written, without what stands around it.
    text: &'t str,
    encoding: Encoding,
    bytes: Vec<u8>,
}

/// A signature that fits, or how much was tried in vain.
pub(super) fn search(captured: Captured<'_>) -> Result<Scheme, usize> {
    let keys = keys(captured.secret.expose());
    if keys.is_empty() {
        return Err(0);
    }
    let accept = place::accept(captured.request);
    let head = head(captured.request, captured.now);
    let mut n_tried = 0;
    for place in place::places(captured.request, |place| !readings(&place.value).is_empty()) {
        let timestamps = payload::timestamps(captured.request, &place);
        let payloads = payload::payloads(captured.request, &head, accept, &place, &timestamps);
        for reading in readings(&place.value) {
            for Public { algorithm, mode, key } in &keys {
                for payload in &payloads {
                    if n_tried == MOST_TRIED {
                        return Err(n_tried);
                    }
                    n_tried += 1;
                    if key.verifies(&payload.bytes, &reading.bytes) {
                        return Ok(Scheme::Signature(Box::new(Signed {
                            timestamp: payload.timestamp.and_then(|it| timestamps.get(it)).cloned(),
                            algorithm: *algorithm,
                            mode: *mode,
                            encoding: reading.encoding,
                            key: None,
                            payload: payload.clone(),
                            place: place.of(reading.text),
                        })));
                    }
                }
            }
        }
    }
    Err(n_tried)
}

/// Everything that a secret verifies if it is a public key, the usual first.
fn keys(secret: &[u8]) -> Vec<Public> {
    let algorithms = [
        Algorithm::Ed25519,
        Algorithm::EcdsaP256(EcdsaForm::Der),
        Algorithm::EcdsaP256(EcdsaForm::Fixed),
        Algorithm::RsaPkcs1,
        Algorithm::RsaPss,
    ];
    let mut found = Vec::new();
    for algorithm in algorithms {
        // One that brings its own hash function has no other.
        let modes = match algorithm.modes() {
            [] => &[HashMode::Sha256],
            modes => modes,
        };
        for mode in modes.iter().rev() {
            let key = PublicKey::read(algorithm, *mode, secret);
            found.extend(key.ok().map(|key| Public { algorithm, mode: *mode, key }));
        }
    }
    found
}

/// Everything in a value that may be a signature.
fn readings(value: &str) -> Vec<Reading<'_>> {
    let mut texts = vec![value];
    for item in value.split([',', ';', ' ']) {
        texts.push(item);
        texts.extend(item.split_once('=').map(|(_, after)| after));
    }
    let mut found: Vec<Reading<'_>> = Vec::new();
    for text in texts {
        let known = found.iter().any(|known| known.text == text);
        let read = Encoding::ALL.iter().find_map(|encoding| {
            let bytes = encoding.decode_all(text)?;
            LENGTHS.contains(&bytes.len()).then_some(Reading { text, encoding: *encoding, bytes })
        });
        found.extend(read.filter(|_| !known));
    }
    found
}
