//! Reading the proofs that stand in `Authorization`: `basic:` and `credential:`.

use crate::config::ClientId;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::Verification;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// A user and its password.
#[derive(Clone, Debug)]
pub struct BasicCheck {
    /// Where it is written.
    pub at: Span,
    /// The user.
    pub username: String,
    /// The password.
    pub secret: SecretId,
}

/// The credential of a client of ours.
#[derive(Clone, Debug)]
pub struct CredentialCheck {
    /// Where it is written.
    pub at: Span,
    /// Whose.
    pub client: ClientId,
}

impl Reader<'_> {
    pub(super) fn basic(&mut self, key: &Key, node: Node) -> Option<Verification> {
        let mut fields = self.fields(&keys::BASIC, key.span, node)?;
        let username = fields.require(self, "username").and_then(|(_, node)| self.user(&node));
        let secret = fields.require(self, "secret").and_then(|(_, node)| self.secret_name(&node));
        fields.end();
        let check = BasicCheck { at: key.span, username: username?, secret: secret? };
        Some(Verification::Basic(check))
    }

    pub(super) fn credential(&mut self, key: &Key, node: &Node) -> Option<Verification> {
        let client = self.client_name(node)?;
        Some(Verification::Credential(CredentialCheck { at: key.span, client }))
    }

    /// The first colon ends the name of a user (RFC 7617, section 2).
    pub(super) fn user(&mut self, node: &Node) -> Option<String> {
        let found = self.text(node)?;
        if found.contains(':') || found.contains(char::is_control) {
            let (what, example) = ("a user without colons", "orders");
            self.report(node.span, Problem::BadValue { what, found, example, why: None });
            return None;
        }
        Some(found)
    }
}
