//! Reading `token:`: the secret itself, sent along.

use tympan_expr::Expression;
use tympan_expr::Types;

use super::Verification;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::keys;
use crate::roots::Place;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// The secret itself, sent along.
#[derive(Clone, Debug)]
pub struct TokenCheck {
    /// Where it is written.
    pub at: Span,
    /// The token.
    pub secret: SecretId,
    /// Where the sender's token is.
    pub received: Expression,
    /// What stands before it.
    pub prefix: String,
    /// Which of several have to be it.
    pub matching: Match,
}

/// Which of several received tokens have to be the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// All, and there has to be one.
    Every,
    /// One of them.
    Any,
}

impl Reader<'_> {
    pub(super) fn token(&mut self, key: &Key, node: Node) -> Option<Verification> {
        let mut fields = self.fields(&keys::TOKEN, key.span, node)?;
        let secret = fields.require(self, "secret").and_then(|(_, node)| self.secret_name(&node));
        let received = fields.require(self, "received_token");
        let token = Types::DATA.or(Types::LIST);
        let received = received.and_then(|(_, node)| self.proof(Place::Proof, &node, token));
        let prefix = match fields.take("prefix") {
            Some((_, node)) => self.text(&node),
            None => Some(String::new()),
        };
        let matching = match fields.take("match") {
            Some((_, node)) => self.choice(&node, &["every", "any"]).map(|word| match word {
                "any" => Match::Any,
                _ => Match::Every,
            }),
            None => Some(Match::Every),
        };
        fields.end();
        Some(Verification::Token(TokenCheck {
            at: key.span,
            secret: secret?,
            received: received?,
            prefix: prefix?,
            matching: matching?,
        }))
    }
}
