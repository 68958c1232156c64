//! Reading `verification:`: in which ways a sender has to prove itself.

mod body_digest;
mod boundary;
mod format;
mod key;
mod signature;
mod signing;
mod timestamp;
mod token;

pub use body_digest::DigestCheck;
pub use signature::SignatureCheck;
pub use signing::Signing;
pub(crate) use timestamp::SignedAt;
pub use token::Match;
pub use token::TokenCheck;

use ipnet::IpNet;
use tympan_expr::Expression;
use tympan_expr::Types;

use crate::config::BasicCheck;
use crate::config::CredentialCheck;
use crate::config::JwtCheck;
use crate::config::Reader;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::diagnostic::Proving;
use crate::roots::Place;
use crate::scheme::Encoding;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// One way for a sender to prove itself.
#[derive(Clone, Debug)]
pub enum Verification {
    /// A signature of a payload.
    Signature(Box<SignatureCheck>),
    /// The secret itself.
    Token(TokenCheck),
    /// A user and its password.
    Basic(BasicCheck),
    /// The credential of a client of ours.
    Credential(CredentialCheck),
    /// A token that somebody has signed.
    Jwt(Box<JwtCheck>),
    /// A digest of the body, which something else covers.
    BodyDigest(Box<DigestCheck>),
    /// A condition.
    Rule(Expression),
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

impl Verification {
    /// Whether only some senders can pass: a condition and a digest are passed by all who know them.
    fn proves(&self) -> bool {
        match self {
            Self::BodyDigest(_) | Self::Rule(_) => false,
            Self::Any(list) => list.iter().all(Self::proves),
            Self::All(list) => list.iter().any(Self::proves),
            _ => true,
        }
    }
}

impl Reader<'_> {
    /// The whole of `verification:`: all entries have to hold.
    pub(super) fn verifications(&mut self, key: Key, node: Node) -> Verification {
        let at = key.span;
        let entries = self.entries("verification", key, node);
        // Of what could not be read, something was told already.
        let is_read = !entries.is_empty();
        let verification = Verification::All(entries);
        if is_read && !verification.proves() {
            self.report(at, Problem::Proving(Proving::NothingProven));
        }
        verification
    }

    fn entries(&mut self, name: &'static str, key: Key, node: Node) -> Vec<Verification> {
        let at = key.span;
        let entries = self.some(name, (key, node), Self::verification);
        let anyone = |entry: &Verification| matches!(entry, Verification::None(_));
        if entries.len() > 1 && entries.iter().any(anyone) {
            self.report(at, Problem::Proving(Proving::NoneBesideOthers));
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
        let digest = fields.take("body_digest");
        let rule = fields.take("rule");
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
        if let Some((key, node)) = digest {
            return self.body_digest(&key, node);
        }
        if let Some((_, node)) = rule {
            return self.rule(&node);
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

    fn rule(&mut self, node: &Node) -> Option<Verification> {
        let rule = self.expression(Place::Proof, node)?;
        self.check_varies(node, &rule);
        Some(Verification::Rule(rule))
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

    /// Where a part of the proof is.
    fn proof(&mut self, place: Place, node: &Node, needed: Types) -> Option<Expression> {
        let proof = self.expression(place, node)?;
        if proof.as_constant().is_some() {
            self.check_varies(node, &proof);
        } else {
            self.check_type(node.span, &proof, needed, "a text");
        }
        Some(proof)
    }

    pub(super) fn encoding(&mut self, node: &Node) -> Option<Encoding> {
        self.choice(node, Encoding::WORDS).and_then(Encoding::read)
    }
}
