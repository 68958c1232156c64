//! Reading `body_digest:`: a digest of the body, which something else covers.

use tympan_expr::Expression;

use super::Verification;
use super::WRITTEN;
use crate::config::Reader;
use crate::config::keys;
use crate::roots::Place;
use crate::scheme::Encoding;
use crate::scheme::HashMode;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// A digest of the body, which something else covers.
#[derive(Clone, Debug)]
pub struct DigestCheck {
    /// Where it is written.
    pub at: Span,
    /// The hash function.
    pub mode: HashMode,
    /// Where the sender's digest is.
    pub received: Expression,
    /// How it is written; `None` takes any encoding that gives the right length.
    pub encoding: Option<Encoding>,
    /// What stands before it.
    pub prefix: String,
}

impl Reader<'_> {
    pub(super) fn body_digest(&mut self, key: &Key, node: Node) -> Option<Verification> {
        let mut fields = self.fields(&keys::BODY_DIGEST, key.span, node)?;
        let mode = match fields.take("hash") {
            Some((_, node)) => self.hash_mode(&node),
            None => Some(HashMode::Sha256),
        };
        let received = fields.require(self, "received_digest");
        let received = received.and_then(|(_, node)| self.proof(Place::Proof, &node, WRITTEN));
        let encoding = fields.take("encoding").map(|(_, node)| self.encoding(&node));
        let prefix = match fields.take("prefix") {
            Some((_, node)) => self.text(&node),
            None => Some(String::new()),
        };
        fields.end();
        Some(Verification::BodyDigest(Box::new(DigestCheck {
            at: key.span,
            mode: mode?,
            received: received?,
            encoding: match encoding {
                Some(encoding) => Some(encoding?),
                None => None,
            },
            prefix: prefix?,
        })))
    }
}
