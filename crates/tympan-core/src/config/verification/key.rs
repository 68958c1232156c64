//! Reading keys: how a secret becomes one, and public ones that are written out.

use crate::config::Reader;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::jwt;
use crate::scheme::Algorithm;
use crate::scheme::Derivation;
use crate::scheme::HashMode;
use crate::scheme::PublicKey;
use crate::scheme::Written;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

impl Reader<'_> {
    /// How a secret becomes the key.
    pub(in crate::config) fn derivation(&mut self, key: &Key, node: Node) -> Option<Derivation> {
        let mut fields = self.fields(&keys::KEY, key.span, node)?;
        let prefixes = fields.take("prefix").map_or_else(Vec::new, |prefix| {
            self.some("prefix", prefix, |reader, _, node| reader.text(&node))
        });
        let normalized = match fields.take("normalize") {
            Some((_, node)) => self.choice(&node, &["NFKD"]).map(|_| true),
            None => Some(false),
        };
        let written = match fields.take("encoding") {
            Some((_, node)) => self.choice(&node, Written::WORDS).and_then(Written::read),
            None => Some(Written::Plain),
        };
        let mut text = |name| match fields.take(name) {
            Some((_, node)) => self.text(&node),
            None => Some(String::new()),
        };
        let (before, after) = (text("before"), text("after"));
        let digest = fields.take("digest").map(|(_, node)| self.hash_mode(&node));
        let encoding = fields.take("digest_encoding");
        fields.end();
        let encoding = match (encoding, &digest) {
            (Some((key, _)), None) => {
                let (key, at) = ("digest", key.span);
                let (section, example) = (keys::KEY.name, "digest: SHA-256");
                self.report(at, Problem::MissingKey { key, section, example });
                return None;
            }
            (Some((_, node)), Some(_)) => Some(self.encoding(&node)?),
            (None, _) => None,
        };
        Some(Derivation {
            prefixes,
            normalized: normalized?,
            written: written?,
            before: before?,
            after: after?,
            digest: match digest {
                Some(mode) => Some((mode?, encoding)),
                None => None,
            },
        })
    }

    /// Public keys that are written out: all that are there have to be ones.
    pub(super) fn public_keys(
        &mut self,
        key: Key,
        node: Node,
        algorithm: Algorithm,
        mode: HashMode,
    ) -> Option<Vec<PublicKey>> {
        let n_written = match &node.value {
            Value::List(items) => items.len(),
            _ => 1,
        };
        let keys = self.some("public_key", (key, node), |reader, at, node| {
            let means = |named: jwt::Algorithm| named.is_of(algorithm, mode);
            reader.public_key(at, node, means, |key| PublicKey::bind(algorithm, mode, key))
        });
        (keys.len() == n_written && !keys.is_empty()).then_some(keys)
    }
}
