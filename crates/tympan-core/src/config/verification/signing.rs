//! Reading what we sign ourselves: tokens of challenges, and answers that are encrypted.

use std::sync::Arc;

use tympan_expr::Expression;
use tympan_expr::Types;

use crate::config::Reader;
use crate::config::SecretId;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::roots::Place;
use crate::scheme::Algorithm;
use crate::scheme::Derivation;
use crate::scheme::Encoding;
use crate::scheme::HashMode;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// What we sign, and how.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The secret that is the key.
    pub secret: SecretId,
    /// Where it is named.
    pub at: Span,
    /// How the secret becomes the key, if it is not the key itself.
    pub derivation: Option<Arc<Derivation>>,
    /// How it is computed.
    pub algorithm: Algorithm,
    /// Its hash function.
    pub mode: HashMode,
    /// How it is written.
    pub encoding: Encoding,
    /// What is signed.
    pub payload: Expression,
}

/// How a challenge says that its token is a digest, where the names of hash functions are HMACs.
const DIGEST: &str = "digest";

impl Reader<'_> {
    /// How an answer is signed whose body stands at this place.
    pub(in crate::config) fn reply_signature(
        &mut self,
        key: &Key,
        node: Node,
        place: Place,
    ) -> Option<Signing> {
        let mut fields = self.fields(&keys::REPLY_SIGNATURE, key.span, node)?;
        let at = fields.place("algorithm").unwrap_or(key.span);
        let algorithm = self.algorithm(&mut fields);
        let mode = self.own_hash_mode(&mut fields);
        let signed = (Types::DATA.or(Types::LIST), "a text or a list");
        let signing = self.signing(&mut fields, place, signed, algorithm.zip(mode));
        fields.end();
        if algorithm?.is_asymmetric() {
            let problem = Problem::KeyConflict { key: "secret", with: "algorithm" };
            self.report(at, problem);
            return None;
        }
        signing
    }

    /// How the token of a challenge is computed. The name of a hash function is an HMAC, as in
    /// Moveworks; a digest says its own.
    pub(in crate::config) fn token_signing(&mut self, fields: &mut Fields) -> Option<Signing> {
        let word = fields.take("algorithm").map(|(_, node)| node);
        let is_digest = word
            .as_ref()
            .is_some_and(|node| matches!(&node.value, Value::Text(text) if text == DIGEST));
        let (signed, how) = if is_digest {
            let at = fields.take("secret_at");
            let algorithm = Algorithm::read(DIGEST).and_then(|it| self.with_secret_at(it, at));
            let how = algorithm.zip(self.own_hash_mode(fields));
            ((Types::TEXT.or(Types::LIST), "a text or a list"), how)
        } else {
            for key in ["hash_mode", "secret_at"] {
                if let Some((found, _)) = fields.take(key) {
                    self.report(found.span, Problem::KeyConflict { key, with: "algorithm" });
                }
            }
            let mode = match word {
                Some(node) => self.token_mode(&node),
                None => Some(HashMode::Sha256),
            };
            ((Types::TEXT, "a text"), mode.map(|mode| (Algorithm::Hmac, mode)))
        };
        self.signing(fields, Place::Challenge, signed, how)
    }

    /// What both have in common.
    fn signing(
        &mut self,
        fields: &mut Fields,
        place: Place,
        (types, expected): (Types, &'static str),
        how: Option<(Algorithm, HashMode)>,
    ) -> Option<Signing> {
        let secret = fields.require(self, "secret");
        let secret = secret.and_then(|(key, node)| Some((key.span, self.secret_name(&node)?)));
        let derivation = match fields.take("key") {
            Some((key, node)) => self.derivation(&key, node).map(|it| Some(Arc::new(it))),
            None => Some(None),
        };
        let encoding = match fields.take("encoding") {
            Some((_, node)) => self.encoding(&node),
            None => Some(Encoding::Hex),
        };
        let payload = fields.require(self, "payload").and_then(|(_, node)| {
            let payload = self.expression(place, &node)?;
            self.check_type(node.span, &payload, types, expected);
            Some(payload)
        });
        let (algorithm, mode) = how?;
        let (at, secret) = secret?;
        Some(Signing {
            secret,
            at,
            derivation: derivation?,
            algorithm,
            mode,
            encoding: encoding?,
            payload: payload?,
        })
    }

    fn own_hash_mode(&mut self, fields: &mut Fields) -> Option<HashMode> {
        match fields.take("hash_mode") {
            Some((_, node)) => self.hash_mode(&node),
            None => Some(HashMode::Sha256),
        }
    }

    fn token_mode(&mut self, node: &Node) -> Option<HashMode> {
        let found = self.text(node)?;
        let mode = HashMode::read(&found);
        if mode.is_none() {
            let choices = [&[DIGEST], HashMode::WORDS].concat();
            self.report(node.span, Problem::UnknownChoice { found, choices });
        }
        mode
    }
}
