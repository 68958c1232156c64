//! Pairs of keys that are made up, for who plays a provider of which only public keys are known.
//!
//! They come with the program and are no secrets: nobody may be believed because of them, and nothing
//! that serves knows them.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;

use super::proof::signatures;
use super::test;
use crate::config::ChallengeProof;
use crate::config::Config;
use crate::config::JwtKeys;
use crate::config::SecretId;
use crate::config::SignatureCheck;
use crate::config::Verification;
use crate::encode;
use crate::fetched::Fetched;
use crate::fetched::Found;
use crate::fetched::Holds;
use crate::fetched::Known;
use crate::fetched::Source;
use crate::jwt::KeySet;
use crate::jwt::TokenKey;
use crate::keys::Secrets;
use crate::scheme::Algorithm;
use crate::scheme::Certificate;
use crate::scheme::EcdsaForm;
use crate::scheme::FoundKey;
use crate::scheme::HashMode;
use crate::scheme::PublicKey;
use crate::scheme::SigningKey;
use crate::scheme::Written;
use crate::secret::Secret;

/// What the key of a token is called that is signed by one of these.
pub(super) const KID: &str = "simulated";

/// As PKCS #8 (RFC 5958).
const RSA: &[u8] = include_bytes!("made_up_rsa.der");
const P256: &[u8] = include_bytes!("made_up_p256.der");

/// The algorithms that there are pairs for.
const ALGORITHMS: [Algorithm; 3] =
    [Algorithm::RsaPkcs1, Algorithm::EcdsaP256(EcdsaForm::Der), Algorithm::Ed25519];

/// The private key that signs by an algorithm.
pub(super) fn private(algorithm: Algorithm) -> Option<Secret> {
    let bytes = match algorithm {
        Algorithm::RsaPkcs1 | Algorithm::RsaPss => RSA.to_vec(),
        Algorithm::EcdsaP256(_) => P256.to_vec(),
        Algorithm::Ed25519 => Sha256::digest("a pair that is made up").to_vec(),
        Algorithm::Hmac | Algorithm::Digest(_) => return None,
    };
    Secret::new(const_hex::encode(bytes).into_bytes(), "a pair").ok()
}

/// The public one.
fn public(algorithm: Algorithm) -> Option<FoundKey> {
    let key = SigningKey::read(algorithm, HashMode::Sha256, private(algorithm)?.expose()).ok()?;
    FoundKey::from_bytes(&key.public()).ok()
}

/// A configuration whose public keys are those of the pairs, unless its file names a private one for
/// them, and values of its secrets: those halves of pairs that were found, and others made up.
#[must_use]
pub fn with_pairs(config: &Config, found: &Secrets) -> (Config, Secrets) {
    let named = named(config);
    let mut config = config.clone();
    let mut halves = Vec::new();
    for listener in &mut config.listeners {
        put(&mut listener.verification, &named, &mut halves);
        for challenge in &mut listener.challenges {
            if let Some(ChallengeProof::Own(proof)) = &mut challenge.proof {
                put(proof, &named, &mut halves);
            }
        }
    }
    let mut secrets = test::stand_ins(&config, found);
    for (SecretId(id), half) in halves {
        if let Some(secret) = secrets.get_mut(id) {
            *secret = Secret::new(half.into_bytes(), "a pair").map(|half| vec![half]);
        }
    }
    (config, secrets)
}

/// Public keys whose private ones the file names somewhere, and these.
fn named(config: &Config) -> Vec<(SecretId, SecretId)> {
    let mut checks = Vec::new();
    for listener in &config.listeners {
        signatures(&listener.verification, &mut checks);
    }
    checks.into_iter().filter_map(|check| check.secret.zip(check.signing_key)).collect()
}

/// Puts public keys where they are written, and names the secrets that hold others.
fn put(
    verification: &mut Verification,
    named: &[(SecretId, SecretId)],
    halves: &mut Vec<(SecretId, String)>,
) {
    match verification {
        Verification::Any(list) | Verification::All(list) => {
            for verification in list {
                put(verification, named, halves);
            }
        }
        Verification::Signature(check) if is_played(check) => {
            let own = named.iter().find(|(public, _)| Some(*public) == check.secret);
            if let Some((_, private)) = own {
                check.signing_key = Some(*private);
                return;
            }
            let (algorithm, mode) = (check.scheme.algorithm, check.scheme.mode);
            let key = public(algorithm).and_then(|key| PublicKey::bind(algorithm, mode, key).ok());
            if !check.public_keys.is_empty() {
                check.public_keys = key.into_iter().collect();
            }
            halves.extend(check.secret.zip(half(check)));
        }
        Verification::Jwt(check) => {
            if let JwtKeys::Public(keys) = &mut check.keys {
                let ours = ALGORITHMS.into_iter().filter_map(public);
                *keys = ours.filter_map(|key| TokenKey::bind(key).ok()).collect();
            }
        }
        _ => {}
    }
}

/// Whether the private key of a signature is known to nobody else.
fn is_played(check: &SignatureCheck) -> bool {
    check.scheme.algorithm.is_asymmetric() && check.signing_key.is_none()
}

/// A public key as a listener's secret holds it.
fn half(check: &SignatureCheck) -> Option<String> {
    let algorithm = check.scheme.algorithm;
    let private = private(algorithm)?;
    let bytes = SigningKey::read(algorithm, HashMode::Sha256, private.expose()).ok()?.public();
    let how = check.derivation.clone().unwrap_or_default();
    let written = match how.written {
        Written::Plain | Written::Hex => const_hex::encode(&bytes),
        Written::Base64 => encode::base64(&bytes),
    };
    let prefix = how.prefixes.first().cloned().unwrap_or_default();
    Some(format!("{prefix}{written}"))
}

/// What is found at a source: the public keys of the pairs.
pub(super) fn fetched(config: &Config, source: &Source, now: f64) -> Arc<Fetched> {
    let found = match source.holds() {
        Holds::Keys => key_set().map(|keys| Found::Keys(Arc::new(keys))),
        Holds::Certificate(_) => {
            let key = public(algorithm_of(config, |check| check.certificate.is_some()));
            key.map(|key| Found::Certificate(Arc::new(Certificate::of(key, now))))
        }
        Holds::Key(_) => {
            Some(Found::Key(public(algorithm_of(config, |check| check.fetched_key.is_some()))))
        }
    };
    let known = Known { found, at: now, asked: now, fault: None };
    Arc::new(Fetched::default().with(source.clone(), known))
}

/// How the first is signed whose key is fetched; tokens whose key is, are by P-256 mostly.
fn algorithm_of(config: &Config, is_meant: impl Fn(&SignatureCheck) -> bool) -> Algorithm {
    let mut checks = Vec::new();
    for listener in &config.listeners {
        signatures(&listener.verification, &mut checks);
    }
    let found = checks.into_iter().find(|check| is_meant(check));
    found.map_or(ALGORITHMS[1], |check| check.scheme.algorithm)
}

fn key_set() -> Option<KeySet> {
    let jwks: Vec<Json> = ALGORITHMS.into_iter().filter_map(public).map(|key| jwk(&key)).collect();
    KeySet::read(json!({"keys": jwks}).to_string().as_bytes()).ok()
}

/// A JSON Web Key (RFC 7518, section 6).
fn jwk(key: &FoundKey) -> Json {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let point = |curve: &str, point: &[u8]| {
        let (x, y) = point[1..].split_at(point.len() / 2);
        json!({"kty": "EC", "crv": curve, "kid": KID, "x": text(x), "y": text(y)})
    };
    match key {
        FoundKey::Ed25519(x) => json!({"kty": "OKP", "crv": "Ed25519", "kid": KID, "x": text(x)}),
        FoundKey::P256(it) => point("P-256", it),
        FoundKey::P384(it) => point("P-384", it),
        FoundKey::Rsa { n, e } => json!({"kty": "RSA", "kid": KID, "n": text(n), "e": text(e)}),
    }
}
