//! Reading `decrypt:`, and what is encrypted of an answer.

use std::sync::Arc;

use tympan_expr::Expression;
use tympan_expr::Types;

use crate::config::Accept;
use crate::config::Listener;
use crate::config::Reader;
use crate::config::Response;
use crate::config::SecretId;
use crate::config::Signing;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::config::listener::accepted;
use crate::diagnostic::Outward;
use crate::diagnostic::Problem;
use crate::roots;
use crate::roots::Place;
use crate::scheme::Cipher;
use crate::scheme::Derivation;
use crate::scheme::Encoding;
use crate::scheme::Framing;
use crate::scheme::Iv;
use crate::scheme::Padding;
use crate::scheme::Unit;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// How bodies are encrypted.
#[derive(Clone, Debug)]
pub struct Decrypt {
    /// Where it is written.
    pub at: Span,
    /// The secret that is the key.
    pub secret: SecretId,
    /// How the secret becomes the key, if it is not the key itself.
    pub derivation: Option<Arc<Derivation>>,
    /// How it is encrypted.
    pub cipher: Cipher,
    /// Where the encrypted text is.
    pub ciphertext: Expression,
    /// How its bytes are written.
    pub encoding: Encoding,
    /// The parser of what it says; that of the listener's bodies without it.
    pub accept: Option<Accept>,
}

/// What is encrypted of an answer.
#[derive(Clone, Debug)]
pub struct Encrypt {
    /// Where it is written.
    pub at: Span,
    /// The message.
    pub message: Expression,
    /// How its timestamp is written.
    pub timestamp: Unit,
    /// How its receiver knows that it is ours.
    pub signature: Option<Signing>,
}

impl Reader<'_> {
    pub(super) fn decrypt(&mut self, fields: &mut Fields) -> Option<Decrypt> {
        let (key, node) = fields.take("decrypt")?;
        let mut fields = self.fields(&keys::DECRYPT, key.span, node)?;
        let secret = fields.require(self, "secret").and_then(|(_, node)| self.secret_name(&node));
        let derivation = match fields.take("key") {
            Some((key, node)) => self.derivation(&key, node).map(|it| Some(Arc::new(it))),
            None => Some(None),
        };
        let algorithm = match fields.take("algorithm") {
            Some((_, node)) => self.choice(&node, &["AES-256-CBC"]),
            None => Some("AES-256-CBC"),
        };
        let iv = match fields.take("iv") {
            Some((_, node)) => self.choice(&node, Iv::WORDS).map(Iv::read),
            None => Some(Iv::Start),
        };
        let padding = match fields.take("padding") {
            Some((_, node)) => self.padding(&node),
            None => Some(Padding::Sixteen),
        };
        let framing = match fields.take("framing") {
            Some((key, node)) => self.framing(&key, node).map(Some),
            None => Some(None),
        };
        let ciphertext = fields.require(self, "ciphertext");
        let ciphertext = ciphertext.and_then(|(_, node)| self.ciphertext(&node));
        let encoding = match fields.take("encoding") {
            Some((_, node)) => self.encoding(&node),
            None => Some(Encoding::Base64),
        };
        let accept = fields.take("accept").map(|(_, node)| self.choice(&node, Accept::WORDS));
        fields.end();
        algorithm?;
        Some(Decrypt {
            at: key.span,
            secret: secret?,
            derivation: derivation?,
            cipher: Cipher { iv: iv?, padding: padding?, framing: framing? },
            ciphertext: ciphertext?,
            encoding: encoding?,
            accept: match accept {
                Some(word) => Some(accepted(word?)),
                None => None,
            },
        })
    }

    /// Where an encrypted text is.
    pub(super) fn ciphertext(&mut self, node: &Node) -> Option<Expression> {
        let ciphertext = self.expression(Place::Proof, node)?;
        if ciphertext.as_constant().is_some() {
            self.check_varies(node, &ciphertext);
        } else {
            self.check_type(node.span, &ciphertext, Types::TEXT, "a text");
        }
        Some(ciphertext)
    }

    fn padding(&mut self, node: &Node) -> Option<Padding> {
        let found = self.text(node)?;
        let padding = Padding::read(&found);
        if padding.is_none() {
            let problem = Problem::BadValue { what: "16 or 32", found, example: "32", why: None };
            self.report(node.span, problem);
        }
        padding
    }

    fn framing(&mut self, key: &Key, node: Node) -> Option<Framing> {
        let mut fields = self.fields(&keys::FRAMING, key.span, node)?;
        let receiver = fields.require(self, "receiver").and_then(|(_, node)| self.text(&node));
        fields.end();
        Some(Framing { receiver: receiver? })
    }

    /// What is encrypted of an answer whose body stands at this place.
    pub(super) fn encrypt(&mut self, key: &Key, node: Node, place: Place) -> Option<Encrypt> {
        if place == Place::Refusal {
            self.report(key.span, Problem::Outward(Outward::SecretRefusal));
            return None;
        }
        let mut fields = self.fields(&keys::ENCRYPT, key.span, node)?;
        let message = fields.require(self, "message").and_then(|(_, node)| {
            let message = self.expression(place, &node)?;
            self.check_type(node.span, &message, Types::TEXT, "a text");
            Some(message)
        });
        let timestamp = match fields.take("timestamp") {
            Some((_, node)) => self.choice(&node, Unit::WORDS).and_then(Unit::read),
            None => Some(Unit::Seconds),
        };
        let signature = fields.take("signature");
        let signature = signature.map(|(key, node)| self.reply_signature(&key, node, place));
        fields.end();
        Some(Encrypt {
            at: key.span,
            message: message?,
            timestamp: timestamp?,
            signature: match signature {
                Some(signature) => Some(signature?),
                None => None,
            },
        })
    }

    /// What is encrypted needs a key, and answers nobody who has proved nothing: whoever could have
    /// a text encrypted and signed could send it as an event.
    pub(super) fn check_encrypted(&mut self, listener: &Listener) {
        let needs = |reader: &mut Self, at, section| {
            if listener.decrypt.is_none() {
                let (key, example) = ("decrypt", "decrypt: {secret: orders, ...}");
                reader.report(at, Problem::MissingKey { key, section, example });
            }
        };
        for challenge in &listener.challenges {
            if let Some(at) = challenge.ciphertext_at {
                needs(self, at, "a listener with encrypted challenges");
                if challenge.proof.is_none() {
                    self.report(at, Problem::Outward(Outward::OpenToAll));
                }
            }
            if let Some(encrypt) = &challenge.response.encrypt {
                needs(self, encrypt.at, "a listener with encrypted answers");
                if challenge.proof.is_none() {
                    self.report(encrypt.at, Problem::Outward(Outward::EncryptsForAll));
                }
            }
            self.check_reply(challenge.at, &challenge.response);
        }
        for (_, response) in &listener.responses {
            if let Some(encrypt) = &response.encrypt {
                needs(self, encrypt.at, "a listener with encrypted answers");
            }
            self.check_reply(listener.at, response);
        }
    }

    /// What is encrypted is only there where something is.
    fn check_reply(&mut self, at: Span, response: &Response) {
        let values = response.headers.iter().map(|(_, value)| value).chain(&response.body);
        let mut reads = values.map(|value| value.needs().reads(roots::REPLY));
        if response.encrypt.is_none() && reads.any(|reads| reads) {
            let section = "a response that reads `reply`";
            let example = "encrypt: {message: '\"success\"'}";
            self.report(at, Problem::MissingKey { key: "encrypt", section, example });
        }
    }
}
