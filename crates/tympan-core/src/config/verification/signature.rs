//! Reading `signature:`: what a sender has signed, and how.

use std::sync::Arc;

use tympan_expr::Dialect;
use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::Types;

use super::SignedAt;
use super::WRITTEN;
use crate::config::FetchedCertificate;
use crate::config::FetchedKey;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::diagnostic::Proving;
use crate::roots;
use crate::roots::Place;
use crate::scheme::Algorithm;
use crate::scheme::Derivation;
use crate::scheme::Format;
use crate::scheme::HashMode;
use crate::scheme::PublicKey;
use crate::scheme::SecretAt;
use crate::scheme::Signature;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// A signature of a payload.
#[derive(Clone, Debug)]
pub struct SignatureCheck {
    /// Where it is written.
    pub at: Span,
    /// The secret that is the key; `None` if there are public keys, or one that is fetched.
    pub secret: Option<SecretId>,
    /// How the secret becomes the key, if it is not the key itself.
    pub derivation: Option<Arc<Derivation>>,
    /// Public keys that are written out.
    pub public_keys: Vec<PublicKey>,
    /// Where the certificate with the sender's public key is.
    pub certificate: Option<FetchedCertificate>,
    /// How the sender's public key is asked for.
    pub fetched_key: Option<FetchedKey>,
    /// The private key that tests sign with.
    pub signing_key: Option<SecretId>,
    /// How it is computed and written.
    pub scheme: Signature,
    /// A list whose every item has to be signed.
    pub each: Option<Expression>,
    /// Candidates for what is signed.
    pub payloads: Vec<Expression>,
    /// Where the sender's signature is.
    pub received: Expression,
    /// When it was signed.
    pub timestamp: Option<SignedAt>,
}

/// Where the key comes from.
#[derive(Default)]
struct KeyFrom {
    secret: Option<SecretId>,
    derivation: Option<Arc<Derivation>>,
    public_keys: Vec<PublicKey>,
    certificate: Option<FetchedCertificate>,
    fetched_key: Option<FetchedKey>,
}

impl Reader<'_> {
    pub(super) fn signature(&mut self, key: &Key, node: Node) -> Option<super::Verification> {
        let mut fields = self.fields(&keys::SIGNATURE, key.span, node)?;
        let algorithm = self.algorithm(&mut fields);
        let modes = self.hash_modes(&mut fields, algorithm);
        let key_from = self.key_from(&mut fields, algorithm, modes.as_deref());
        let signing_key = match fields.take("signing_key") {
            Some((_, node)) => Some(self.signing_name(&node)?),
            None => None,
        };
        let each = fields.take("each").map(|(_, node)| {
            let each = self.expression(Place::Proof, &node)?;
            self.check_type(node.span, &each, Types::LIST, "a list");
            Some(each)
        });
        let (proof, payload) = match each {
            Some(_) => (Place::ItemProof, Place::ItemPayload),
            None => (Place::Proof, Place::Payload),
        };
        let received = fields.require(self, "received_signature");
        let received =
            received.and_then(|(_, node)| self.proof(proof, &node, WRITTEN.or(Types::LIST)));
        let encoding = fields.take("encoding").map(|(_, node)| self.encoding(&node));
        let format = match fields.take("format") {
            Some((key, node)) => self.format(&key, node, modes.as_deref()),
            None => Some(Format::Plain),
        };
        let timestamp = self.signed_at(&mut fields, proof, format.as_ref());
        let payloads_at = fields.place("payload").unwrap_or(key.span);
        let payloads = self.payloads(&mut fields, payload);
        fields.end();
        self.check_covered(payloads_at, &payloads, timestamp.as_ref());
        let modes = modes?;
        if modes.len() > 1 && !matches!(format, Some(Format::Named(..))) {
            let (section, example) = (keys::FORMAT.name, "format: {named: \"=\"}");
            self.report(key.span, Problem::MissingKey { key: "named", section, example });
        }
        let key_from = key_from?;
        let scheme = Signature {
            algorithm: algorithm?,
            mode: modes.first().copied().unwrap_or(HashMode::Sha256),
            encoding: match encoding {
                Some(encoding) => Some(encoding?),
                None => None,
            },
            format: format?,
        };
        let check = SignatureCheck {
            at: key.span,
            secret: key_from.secret,
            derivation: key_from.derivation,
            public_keys: key_from.public_keys,
            certificate: key_from.certificate,
            fetched_key: key_from.fetched_key,
            signing_key,
            scheme,
            each: match each {
                Some(each) => Some(each?),
                None => None,
            },
            payloads,
            received: received?,
            timestamp,
        };
        Some(super::Verification::Signature(Box::new(check)))
    }

    pub(super) fn algorithm(&mut self, fields: &mut Fields) -> Option<Algorithm> {
        let algorithm = match fields.take("algorithm") {
            Some((_, node)) => self.choice(&node, Algorithm::WORDS).and_then(Algorithm::read),
            None => Some(Algorithm::Hmac),
        };
        let at = fields.take("secret_at");
        self.with_secret_at(algorithm?, at)
    }

    /// The algorithm with the secret where its digest has it.
    pub(super) fn with_secret_at(
        &mut self,
        algorithm: Algorithm,
        at: Option<(Key, Node)>,
    ) -> Option<Algorithm> {
        match (algorithm, at) {
            (Algorithm::Digest(_), Some((_, node))) => self.secret_at(&node).map(Algorithm::Digest),
            (_, Some((key, _))) => {
                let problem = Problem::KeyConflict { key: "secret_at", with: "algorithm" };
                self.report(key.span, problem);
                None
            }
            (algorithm, None) => Some(algorithm),
        }
    }

    fn secret_at(&mut self, node: &Node) -> Option<SecretAt> {
        let found = self.text(node)?;
        let at = match found.as_str() {
            "start" => Some(SecretAt::Start),
            "end" => Some(SecretAt::End),
            "sorted" => Some(SecretAt::Sorted),
            number => number.parse().ok().map(SecretAt::Behind),
        };
        if at.is_none() {
            let what = "start, end, sorted, or how many parts stand before it";
            self.report(node.span, Problem::BadValue { what, found, example: "start", why: None });
        }
        at
    }

    /// The hash functions: none for an algorithm that brings its own.
    fn hash_modes(
        &mut self,
        fields: &mut Fields,
        algorithm: Option<Algorithm>,
    ) -> Option<Vec<HashMode>> {
        let known = algorithm.map(Algorithm::modes);
        let Some((key, node)) = fields.take("hash_mode") else {
            return known.map(|known| match known {
                [] => Vec::new(),
                _ => vec![HashMode::Sha256],
            });
        };
        if known.is_some_and(<[_]>::is_empty) {
            let problem = Problem::KeyConflict { key: "hash_mode", with: "algorithm" };
            self.report(key.span, problem);
            return None;
        }
        let is_whole = match &node.value {
            Value::List(items) => items.len(),
            _ => 1,
        };
        let modes = self.some("hash_mode", (key, node), |reader, _, node| {
            let mode = reader.hash_mode(&node)?;
            if known.is_some_and(|known| !known.contains(&mode)) {
                reader.report(node.span, Problem::Proving(Proving::HashMisfit));
                return None;
            }
            Some(mode)
        });
        (modes.len() == is_whole && !modes.is_empty()).then_some(modes)
    }

    fn key_from(
        &mut self,
        fields: &mut Fields,
        algorithm: Option<Algorithm>,
        modes: Option<&[HashMode]>,
    ) -> Option<KeyFrom> {
        let at = fields.at();
        let secret_at = fields.place("secret");
        let certificate = fields.take("certificate");
        let fetched = fields.take("fetched_key");
        let secret = fields.take("secret").map(|(_, node)| self.secret_name(&node));
        let how = fields.take("key");
        let public = fields.take("public_key");
        let is_asymmetric = algorithm.map(Algorithm::is_asymmetric);
        if let Some((key, node)) = certificate {
            let fetched_at = fetched.map(|(key, _)| key.span);
            let others = [
                (secret_at, "secret"),
                (public.map(|(key, _)| key.span), "public_key"),
                (fetched_at, "fetched_key"),
            ];
            self.check_alone(("certificate", key.span), others, is_asymmetric)?;
            let certificate = Some(self.fetched_certificate(&key, node)?);
            return Some(KeyFrom { certificate, ..KeyFrom::default() });
        }
        if let Some((key, node)) = fetched {
            let others = [(secret_at, "secret"), (public.map(|(key, _)| key.span), "public_key")];
            self.check_alone(("fetched_key", key.span), others, is_asymmetric)?;
            let fetched_key = Some(self.fetched_key(&key, node)?);
            return Some(KeyFrom { fetched_key, ..KeyFrom::default() });
        }
        match (secret, public) {
            (Some(_), Some((key, _))) => {
                let problem = Problem::KeyConflict { key: "public_key", with: "secret" };
                self.report(secret_at.unwrap_or(key.span), problem);
                None
            }
            (_, Some((key, _))) if is_asymmetric == Some(false) => {
                let problem = Problem::KeyConflict { key: "public_key", with: "algorithm" };
                self.report(key.span, problem);
                None
            }
            (None, Some((key, node))) => {
                if let Some((key, _)) = how {
                    let problem = Problem::KeyConflict { key: "key", with: "public_key" };
                    self.report(key.span, problem);
                }
                let mode = modes?.first().copied().unwrap_or(HashMode::Sha256);
                let public_keys = self.public_keys(key, node, algorithm?, mode)?;
                Some(KeyFrom { public_keys, ..KeyFrom::default() })
            }
            (Some(secret), None) => {
                let derivation = match how {
                    Some((key, node)) => Some(Arc::new(self.derivation(&key, node)?)),
                    None => None,
                };
                Some(KeyFrom { secret: Some(secret?), derivation, ..KeyFrom::default() })
            }
            (None, None) => {
                let key = if is_asymmetric == Some(true) { "public_key" } else { "secret" };
                let section = keys::SIGNATURE.name;
                let example = keys::SIGNATURE.key(key).map_or("", |key| key.example);
                self.report(at, Problem::MissingKey { key, section, example });
                None
            }
        }
    }

    /// What is fetched goes with no other key, and with algorithms that have public ones.
    fn check_alone<const N: usize>(
        &mut self,
        (key, at): (&'static str, Span),
        others: [(Option<Span>, &'static str); N],
        is_asymmetric: Option<bool>,
    ) -> Option<()> {
        let with = others.into_iter().find_map(|(at, other)| at.map(|_| other));
        let with = with.or((is_asymmetric == Some(false)).then_some("algorithm"));
        match with {
            Some(with) => {
                self.report(at, Problem::KeyConflict { key, with });
                None
            }
            None => Some(()),
        }
    }

    /// Says what a signature does not cover.
    fn check_covered(&mut self, at: Span, payloads: &[Expression], timestamp: Option<&SignedAt>) {
        let all_read = |root| payloads.iter().all(|payload| payload.needs().reads(root));
        let value = timestamp.and_then(|timestamp| timestamp.value.as_ref());
        // The time may be signed under its own name, or as the header that it is in.
        let by_value = value.and_then(Expression::root_entry).is_some_and(|(root, key)| {
            payloads.iter().all(|payload| match payload.needs().paths(root) {
                Some(Paths::Whole) => true,
                Some(Paths::Keys(keys)) => {
                    keys.iter().any(|(known, _)| known.eq_ignore_ascii_case(key))
                }
                None => false,
            })
        });
        // A field of the body is signed with the body.
        let in_body = value.is_some_and(|value| value.needs().reads(roots::PARSED_BODY));
        let by_value = by_value || (in_body && all_read(roots::RAW_BODY));
        if timestamp.is_some() && !by_value && !all_read(roots::SIGNATURE_TIMESTAMP) {
            self.report(at, Problem::Proving(Proving::TimestampUnsigned));
        }
        let varies = payloads.iter().any(|payload| payload.as_constant().is_none());
        if varies && !all_read(roots::RAW_BODY) && !all_read(roots::PARSED_BODY) {
            self.report(at, Problem::Proving(Proving::BodyUnsigned));
        }
    }

    fn payloads(&mut self, fields: &mut Fields, place: Place) -> Vec<Expression> {
        match fields.take("payload") {
            Some(payload) => self.some("payload", payload, |reader, _, node| {
                let payload = reader.expression(place, &node)?;
                reader.check_varies(&node, &payload);
                Some(payload)
            }),
            None => vec![raw_body()],
        }
    }
}

/// The default payload.
fn raw_body() -> Expression {
    let vocabulary = roots::vocabulary(Place::Payload, &[]);
    Expression::compile(Dialect::Moveworks, "raw_body", &vocabulary)
        .map_or_else(|_| Expression::constant(tympan_expr::Value::Null), |it| it.expression)
}
