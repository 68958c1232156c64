//! Reading `challenge:`.

use regex::Regex;
use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::Types;

use crate::config::NamedUrl;
use crate::config::Reader;
use crate::config::Response;
use crate::config::SecretId;
use crate::config::Signing;
use crate::config::Verification;
use crate::config::keys;
use crate::config::whole_match;
use crate::diagnostic;
use crate::diagnostic::Problem;
use crate::roots;
use crate::roots::Place;
use crate::span::Span;
use crate::yaml::Entry;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// What an answer may echo unless it says otherwise: printable ASCII, one line, bounded.
const DEFAULT_ECHO: &str = "[ -~]{1,1024}";

/// What a challenge token may sign unless it says otherwise: an opaque token. Nothing that has
/// the shape of a signed event gets through: engines that signed whatever a challenge held could
/// be made to sign events (windmill-labs/windmill#9413, vercel/chat#775).
const DEFAULT_SIGNED: &str = "[A-Za-z0-9_-]{1,128}";

/// A request by which a provider finds out whether the endpoint is ours.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Where it is written.
    pub at: Span,
    /// Truthy for such a request.
    pub detection: Expression,
    /// Values for the answer that only an owner of the secret can compute.
    pub tokens: Vec<ChallengeToken>,
    /// What the answer may echo, as a whole.
    pub allow: Regex,
    /// What is answered.
    pub response: Response,
    /// What its sender has to prove first; `None` answers anyone.
    pub proof: Option<ChallengeProof>,
    /// What is answered to one that did not.
    pub otherwise: Option<Response>,
    /// Whether the provider tries proofs that are wrong on purpose.
    pub probes: bool,
    /// The secrets that it brings.
    pub captures: Vec<Capture>,
    /// Where it lies encrypted, if it does.
    pub ciphertext: Option<Expression>,
    /// Where that is written.
    pub ciphertext_at: Option<Span>,
    /// What is called before it is answered.
    pub call: Option<NamedUrl>,
}

/// A secret that a challenge brings.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Where the secret is named.
    pub at: Span,
    /// The secret.
    pub secret: SecretId,
    /// Where its value stands.
    pub value: Expression,
}

/// What the sender of a challenge has to prove.
#[derive(Clone, Debug)]
pub enum ChallengeProof {
    /// What the listener wants of everyone.
    Listener,
    /// This.
    Own(Verification),
}

/// A value computed from a challenge with a secret.
#[derive(Clone, Debug)]
pub struct ChallengeToken {
    /// Where it says what it signs.
    pub at: Span,
    /// What the response calls it.
    pub name: String,
    /// How it is computed, and of what.
    pub signing: Signing,
    /// What may be signed, as a whole; of a digest, each part that the request says.
    pub allow: Regex,
}

impl Reader<'_> {
    pub(super) fn challenge(&mut self, at: Span, node: Node) -> Option<Challenge> {
        let mut fields = self.fields(&keys::CHALLENGE, at, node)?;
        let detection = fields.require(self, "detection");
        let detection = detection.and_then(|(_, node)| {
            let detection = self.expression(Place::Challenge, &node)?;
            self.check_varies(&node, &detection);
            Some(detection)
        });
        let response = fields.require(self, "response").and_then(|(key, node)| {
            self.response(key.span, node, Place::ChallengeHeader, Place::ChallengeBody)
        });
        let tokens = fields
            .take("tokens")
            .map_or_else(Vec::new, |tokens| self.some("tokens", tokens, Self::challenge_token));
        let allow = match fields.take("allow") {
            Some((_, node)) => {
                let allow = self.pattern(&node);
                self.check_echo(&node, allow.as_ref());
                allow
            }
            None => whole_match(DEFAULT_ECHO).ok(),
        };
        let [otherwise_at, probes_at] = ["otherwise", "probes"].map(|key| fields.place(key));
        let proof = fields.take("verification").map(|(key, node)| self.challenge_proof(key, node));
        let otherwise = fields
            .take("otherwise")
            .map(|(key, node)| self.response(key.span, node, Place::Refusal, Place::Refusal));
        let probes = fields.take("probes").map_or(Some(false), |(_, node)| self.boolean(&node));
        let captures = fields.take("capture").map(|(key, node)| {
            if fields.place("call").is_some() {
                let problem = Problem::KeyConflict { key: "capture", with: "call" };
                self.report(key.span, problem);
            }
            self.captures(node)
        });
        let ciphertext_at = fields.place("ciphertext");
        let ciphertext = fields.take("ciphertext").map(|(_, node)| self.ciphertext(&node));
        let call = fields.take("call").map(|(key, node)| {
            if proof.is_none() {
                self.report(key.span, Problem::Challenge(diagnostic::Challenge::Calls));
            }
            self.called(&key, node)
        });
        fields.end();
        let otherwise_at = otherwise_at.filter(|_| captures.is_none());
        if let Some(at) = otherwise_at.or(probes_at).filter(|_| proof.is_none()) {
            let section = "a challenge that can be refused";
            let example = "verification: required";
            self.report(at, Problem::MissingKey { key: "verification", section, example });
        }
        self.check_token_names(at, &tokens, response.as_ref());
        Some(Challenge {
            at,
            detection: detection?,
            tokens,
            allow: allow?,
            response: response?,
            proof: match proof {
                Some(proof) => Some(proof?),
                None => None,
            },
            otherwise: match otherwise {
                Some(otherwise) => Some(otherwise?),
                None => None,
            },
            probes: probes?,
            captures: match captures {
                Some(captures) => captures?,
                None => Vec::new(),
            },
            ciphertext: match ciphertext {
                Some(ciphertext) => Some(ciphertext?),
                None => None,
            },
            ciphertext_at,
            call: match call {
                Some(call) => Some(call?),
                None => None,
            },
        })
    }

    fn captures(&mut self, node: Node) -> Option<Vec<Capture>> {
        let Value::Map(entries) = node.value else {
            return self.wrong_type(&node, "a map of secrets to expressions");
        };
        let read = entries.into_iter().map(|Entry { key, node }| {
            let at = key.span;
            let secret = self.secret_key(key);
            let value = self.expression(Place::Challenge, &node)?;
            self.check_varies(&node, &value);
            self.check_type(node.span, &value, Types::TEXT, "a text");
            Some(Capture { at, secret, value })
        });
        read.collect()
    }

    /// Secrets that handshakes bring have to be ones that may come that way (L05).
    pub(super) fn check_captures(&mut self) {
        let challenges = self.config.listeners.iter().flat_map(|listener| &listener.challenges);
        let captures = challenges.flat_map(|challenge| &challenge.captures);
        let found: Vec<_> = captures
            .filter_map(|capture| {
                let secret = self.config.secrets.get(capture.secret.0)?;
                // One without references is not defined, or could not be read: that is told there.
                let is_wrong = !secret.references.is_empty() && secret.captures().is_none();
                is_wrong.then(|| (capture.at, secret.name.clone()))
            })
            .collect();
        for (at, secret) in found {
            let problem = diagnostic::Challenge::Captures { secret };
            self.report(at, Problem::Challenge(problem));
        }
    }

    fn challenge_proof(&mut self, key: Key, node: Node) -> Option<ChallengeProof> {
        if matches!(node.value, Value::Text(_)) {
            return self.choice(&node, &["required"]).map(|_| ChallengeProof::Listener);
        }
        Some(ChallengeProof::Own(self.verifications(key, node)))
    }

    fn challenge_token(&mut self, at: Span, node: Node) -> Option<ChallengeToken> {
        let mut fields = self.fields(&keys::TOKENS, at, node)?;
        let name = fields.require(self, "name").and_then(|(_, node)| self.text(&node));
        let signing = self.token_signing(&mut fields);
        let allow_at = fields.place("allow").unwrap_or(at);
        let allow = match fields.take("allow") {
            Some((_, node)) => self.pattern(&node),
            None => whole_match(DEFAULT_SIGNED).ok(),
        };
        fields.end();
        Some(ChallengeToken { at: allow_at, name: name?, signing: signing?, allow: allow? })
    }

    /// Every token has a name of its own, and the response names no other.
    fn check_token_names(
        &mut self,
        at: Span,
        tokens: &[ChallengeToken],
        response: Option<&Response>,
    ) {
        let known: Vec<String> = tokens.iter().map(|token| token.name.clone()).collect();
        for (index, name) in known.iter().enumerate() {
            if known[..index].contains(name) {
                self.report(at, Problem::DuplicateKey { key: name.clone() });
            }
        }
        let Some(response) = response else { return };
        let values = response.headers.iter().map(|(_, value)| value).chain(&response.body);
        for value in values {
            let needs = value.needs();
            let Some(Paths::Keys(keys)) = needs.paths(roots::CHALLENGE_TOKEN) else {
                continue;
            };
            let names = keys.iter().map(|(name, _)| name.to_string());
            for name in names.filter(|name| !known.contains(name)) {
                let kind = "token";
                self.report(at, Problem::UnknownName { kind, name, known: known.clone() });
            }
        }
    }
}
