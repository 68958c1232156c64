//! Reading `verification:`.

use std::time::Duration;

use ipnet::IpNet;
use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::Types;

use crate::config::BasicCheck;
use crate::config::CredentialCheck;
use crate::config::JwtCheck;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::roots;
use crate::roots::Place;
use crate::scheme::Encoding;
use crate::scheme::Format;
use crate::scheme::HashMode;
use crate::scheme::Signature;
use crate::scheme::Timestamp;
use crate::scheme::Unit;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// A tolerance above this many seconds is warned about.
const LONG_TOLERANCE: u64 = 900;

/// One way for a sender to prove itself.
#[derive(Clone, Debug)]
pub enum Verification {
    /// An HMAC over a payload.
    Signature(Box<SignatureCheck>),
    /// The secret itself.
    Token(TokenCheck),
    /// A user and its password.
    Basic(BasicCheck),
    /// The credential of a client of ours.
    Credential(CredentialCheck),
    /// A token that somebody has signed.
    Jwt(Box<JwtCheck>),
    /// Where the sender is.
    IpAllowlist(Vec<IpNet>),
    /// Its TLS certificate.
    ClientCertificate(CertificateCheck),
    /// At least one of these.
    Any(Vec<Verification>),
    /// All of these.
    All(Vec<Verification>),
    /// Anyone, for a reason.
    None(String),
}

/// An HMAC over a payload.
#[derive(Clone, Debug)]
pub struct SignatureCheck {
    /// Where it is written.
    pub at: Span,
    /// The key.
    pub secret: SecretId,
    /// How it is computed and written.
    pub scheme: Signature,
    /// Candidates for what is signed.
    pub payloads: Vec<Expression>,
    /// Where the sender's signature is.
    pub received: Expression,
    /// When it was signed.
    pub timestamp: Option<SignedAt>,
}

/// Where the timestamp of a signature is, and how it is judged.
#[derive(Clone, Debug)]
pub struct SignedAt {
    /// Where it is; `None` if the signature's format holds it.
    pub value: Option<Expression>,
    /// How it is judged.
    pub scheme: Timestamp,
}

/// The secret itself, sent along.
#[derive(Clone, Debug)]
pub struct TokenCheck {
    /// Where it is written.
    pub at: Span,
    /// The token.
    pub secret: SecretId,
    /// Where the sender's token is.
    pub received: Expression,
}

/// A certificate of the sender.
#[derive(Clone, Debug)]
pub struct CertificateCheck {
    /// Where it is written.
    pub at: Span,
    /// Whom it may name.
    pub subjects: Vec<String>,
}

/// What a signature or a timestamp is when it arrives.
const WRITTEN: Types = Types::TEXT.or(Types::NUMBER);

impl Reader<'_> {
    /// The whole of `verification:`: all entries have to hold.
    pub(super) fn verifications(&mut self, key: Key, node: Node) -> Verification {
        Verification::All(self.entries("verification", key, node))
    }

    fn entries(&mut self, name: &'static str, key: Key, node: Node) -> Vec<Verification> {
        let at = key.span;
        let entries = self.some(name, (key, node), Self::verification);
        let anyone = |entry: &Verification| matches!(entry, Verification::None(_));
        if entries.len() > 1 && entries.iter().any(anyone) {
            self.report(at, Problem::NoneBesideOthers);
        }
        entries
    }

    fn verification(&mut self, at: Span, node: Node) -> Option<Verification> {
        let mut fields = self.fields(&keys::VERIFICATION, at, node)?;
        let signature = fields.take("signature");
        let token = fields.take("token");
        let basic = fields.take("basic");
        let credential = fields.take("credential");
        let jwt = fields.take("jwt");
        let any = fields.take("any");
        let all = fields.take("all");
        let networks = fields.take("ip_allowlist");
        let certificate = fields.take("client_certificate");
        let anyone = fields.take("none");
        fields.end();
        if let Some((key, node)) = signature {
            return self.signature(&key, node);
        }
        if let Some((key, node)) = token {
            return self.token(&key, node);
        }
        if let Some((key, node)) = basic {
            return self.basic(&key, node);
        }
        if let Some((key, node)) = credential {
            return self.credential(&key, &node);
        }
        if let Some((key, node)) = jwt {
            return self.jwt(&key, node);
        }
        if let Some((key, node)) = any {
            return self.group("any", key, node).map(Verification::Any);
        }
        if let Some((key, node)) = all {
            return self.group("all", key, node).map(Verification::All);
        }
        if let Some(networks) = networks {
            let networks =
                self.some("ip_allowlist", networks, |reader, _, node| reader.network(&node));
            return (!networks.is_empty()).then_some(Verification::IpAllowlist(networks));
        }
        if let Some((key, node)) = certificate {
            return self.certificate(&key, node);
        }
        anyone.and_then(|(_, node)| self.text(&node)).map(Verification::None)
    }

    fn certificate(&mut self, key: &Key, node: Node) -> Option<Verification> {
        let mut fields = self.fields(&keys::CLIENT_CERTIFICATE, key.span, node)?;
        let subjects = fields.require(self, "subject").map_or_else(Vec::new, |subject| {
            self.some("subject", subject, |reader, _, node| reader.text(&node))
        });
        fields.end();
        self.certificates.push(key.span);
        let check = CertificateCheck { at: key.span, subjects };
        (!check.subjects.is_empty()).then_some(Verification::ClientCertificate(check))
    }

    fn group(&mut self, name: &'static str, key: Key, node: Node) -> Option<Vec<Verification>> {
        if !matches!(node.value, Value::List(_)) {
            return self.wrong_type(&node, "a list");
        }
        Some(self.entries(name, key, node))
    }

    fn token(&mut self, key: &Key, node: Node) -> Option<Verification> {
        let mut fields = self.fields(&keys::TOKEN, key.span, node)?;
        let secret = fields.require(self, "secret").and_then(|(_, node)| self.secret_name(&node));
        let received = fields.require(self, "received_token");
        let token = Types::DATA.or(Types::LIST);
        let received = received.and_then(|(_, node)| self.proof(&node, token));
        fields.end();
        let check = TokenCheck { at: key.span, secret: secret?, received: received? };
        Some(Verification::Token(check))
    }

    fn signature(&mut self, key: &Key, node: Node) -> Option<Verification> {
        let mut fields = self.fields(&keys::SIGNATURE, key.span, node)?;
        let secret = fields.require(self, "secret").and_then(|(_, node)| self.secret_name(&node));
        let mode = match fields.take("hash_mode") {
            Some((_, node)) => self.hash_mode(&node),
            None => Some(HashMode::Sha256),
        };
        let received = fields.require(self, "received_signature");
        let received = received.and_then(|(_, node)| self.proof(&node, WRITTEN));
        let encoding = fields.take("encoding").map(|(_, node)| self.encoding(&node));
        let format = match fields.take("format") {
            Some((key, node)) => self.format(&key, node),
            None => Some(Format::Plain),
        };
        let timestamp = self.signed_at(&mut fields, format.as_ref());
        let payloads_at = fields.place("payload").unwrap_or(key.span);
        let payloads = self.payloads(&mut fields);
        fields.end();
        self.check_covered(payloads_at, &payloads, timestamp.as_ref());
        let scheme = Signature {
            mode: mode?,
            encoding: match encoding {
                Some(encoding) => Some(encoding?),
                None => None,
            },
            format: format?,
        };
        let check = SignatureCheck {
            at: key.span,
            secret: secret?,
            scheme,
            payloads,
            received: received?,
            timestamp,
        };
        Some(Verification::Signature(Box::new(check)))
    }

    /// Where a part of the proof is.
    fn proof(&mut self, node: &Node, needed: Types) -> Option<Expression> {
        let proof = self.expression(Place::Proof, node)?;
        if proof.as_constant().is_some() {
            self.check_varies(node, &proof);
        } else {
            self.check_type(node.span, &proof, needed, "a text");
        }
        Some(proof)
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
        if timestamp.is_some() && !by_value && !all_read(roots::SIGNATURE_TIMESTAMP) {
            self.report(at, Problem::TimestampUnsigned);
        }
        let varies = payloads.iter().any(|payload| payload.as_constant().is_none());
        if varies && !all_read(roots::RAW_BODY) && !all_read(roots::PARSED_BODY) {
            self.report(at, Problem::BodyUnsigned);
        }
    }

    fn payloads(&mut self, fields: &mut Fields) -> Vec<Expression> {
        match fields.take("payload") {
            Some(payload) => self.some("payload", payload, |reader, _, node| {
                let payload = reader.expression(Place::Payload, &node)?;
                reader.check_varies(&node, &payload);
                Some(payload)
            }),
            None => vec![raw_body()],
        }
    }

    fn signed_at(&mut self, fields: &mut Fields, format: Option<&Format>) -> Option<SignedAt> {
        let in_format = format.is_some_and(Format::holds_timestamp);
        let Some((key, node)) = fields.take("timestamp") else {
            if in_format {
                // A scheme that sends a timestamp means it to be judged.
                let scheme = Timestamp { unit: Unit::Seconds, tolerance: Duration::from_mins(5) };
                return Some(SignedAt { value: None, scheme });
            }
            return None;
        };
        let mut fields = self.fields(&keys::TIMESTAMP, key.span, node)?;
        let value_at = fields.place("value");
        let value = fields.take("value");
        let mut missing = false;
        match (value_at, in_format) {
            (Some(at), true) => {
                let problem = Problem::KeyConflict { key: "value", with: "format.pairs.timestamp" };
                self.report(at, problem);
            }
            (None, false) => {
                missing = true;
                let example = keys::TIMESTAMP.key("value").map_or("", |key| key.example);
                let section = keys::TIMESTAMP.name;
                self.report(fields.at(), Problem::MissingKey { key: "value", section, example });
            }
            _ => {}
        }
        let value = value.and_then(|(_, node)| {
            let value = self.expression(Place::Proof, &node)?;
            self.check_type(node.span, &value, WRITTEN, "a text");
            Some(value)
        });
        let unit = match fields.take("unit") {
            Some((_, node)) => {
                self.choice(&node, &["seconds", "milliseconds"]).and_then(Unit::read)
            }
            None => Some(Unit::Seconds),
        };
        let tolerance = match fields.take("tolerance") {
            Some((_, node)) => self.tolerance(&node),
            None => Some(Duration::from_mins(5)),
        };
        fields.end();
        if missing {
            return None;
        }
        Some(SignedAt { value, scheme: Timestamp { unit: unit?, tolerance: tolerance? } })
    }

    fn tolerance(&mut self, node: &Node) -> Option<Duration> {
        let tolerance = self.timeout(node)?;
        let seconds = tolerance.as_secs();
        if seconds > LONG_TOLERANCE {
            self.report(node.span, Problem::Tolerance { seconds });
        }
        Some(tolerance)
    }

    fn format(&mut self, key: &Key, node: Node) -> Option<Format> {
        let mut fields = self.fields(&keys::FORMAT, key.span, node)?;
        let prefix = fields.take("prefix");
        let pairs = fields.take("pairs");
        let versions = fields.take("versions");
        let list = fields.take("list");
        fields.end();
        if let Some((_, node)) = prefix {
            return self.text(&node).map(Format::Prefix);
        }
        if let Some((_, node)) = versions {
            return self.text(&node).map(Format::Versions);
        }
        if let Some((_, node)) = list {
            return self.text(&node).map(Format::List);
        }
        let (key, node) = pairs?;
        let mut fields = self.fields(&keys::PAIRS, key.span, node)?;
        let timestamp = fields.take("timestamp").and_then(|(_, node)| self.text(&node));
        let signature = fields.require(self, "signature").and_then(|(_, node)| self.text(&node));
        fields.end();
        Some(Format::Pairs { timestamp, signature: signature? })
    }

    pub(super) fn encoding(&mut self, node: &Node) -> Option<Encoding> {
        self.choice(node, &["hex", "base64", "base64url"]).and_then(Encoding::read)
    }
}

/// The default payload.
fn raw_body() -> Expression {
    let vocabulary = roots::vocabulary(Place::Payload, &[]);
    Expression::compile(tympan_expr::Dialect::Moveworks, "raw_body", &vocabulary)
        .map_or_else(|_| Expression::constant(tympan_expr::Value::Null), |it| it.expression)
}
