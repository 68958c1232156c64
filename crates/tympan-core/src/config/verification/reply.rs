//! Reading how an answer is signed.

use std::sync::Arc;

use tympan_expr::Types;

use crate::config::Reader;
use crate::config::ReplySignature;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::roots::Place;
use crate::scheme::Encoding;
use crate::scheme::HashMode;
use crate::yaml::Key;
use crate::yaml::Node;

impl Reader<'_> {
    /// How an answer is signed whose body stands at this place.
    pub(in crate::config) fn reply_signature(
        &mut self,
        key: &Key,
        node: Node,
        place: Place,
    ) -> Option<ReplySignature> {
        let mut fields = self.fields(&keys::REPLY_SIGNATURE, key.span, node)?;
        let secret = fields.require(self, "secret").and_then(|(_, node)| self.secret_name(&node));
        let derivation = match fields.take("key") {
            Some((key, node)) => self.derivation(&key, node).map(|it| Some(Arc::new(it))),
            None => Some(None),
        };
        let at = fields.place("algorithm").unwrap_or(key.span);
        let algorithm = self.algorithm(&mut fields);
        let mode = match fields.take("hash_mode") {
            Some((_, node)) => self.hash_mode(&node),
            None => Some(HashMode::Sha256),
        };
        let encoding = match fields.take("encoding") {
            Some((_, node)) => self.encoding(&node),
            None => Some(Encoding::Hex),
        };
        let payload = fields.require(self, "payload").and_then(|(_, node)| {
            let payload = self.expression(place, &node)?;
            self.check_type(node.span, &payload, Types::DATA.or(Types::LIST), "a text or a list");
            Some(payload)
        });
        fields.end();
        if algorithm?.is_asymmetric() {
            let problem = Problem::KeyConflict { key: "secret", with: "algorithm" };
            self.report(at, problem);
            return None;
        }
        Some(ReplySignature {
            secret: secret?,
            derivation: derivation?,
            algorithm: algorithm?,
            mode: mode?,
            encoding: encoding?,
            payload: payload?,
        })
    }
}
