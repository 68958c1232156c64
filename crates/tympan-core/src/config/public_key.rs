//! Reading a public key that is written out, for whatever it verifies.

use crate::config::Reader;
use crate::config::keys;
use crate::config::payload_schema::as_json;
use crate::diagnostic::Problem;
use crate::diagnostic::Proving;
use crate::jwt::Algorithm;
use crate::scheme::FoundKey;
use crate::scheme::Unusable;
use crate::scheme::Written;
use crate::span::Span;
use crate::yaml::Node;
use crate::yaml::Value;

/// What only private keys and secrets have (RFC 7518, sections 6.2.2, 6.3.2 and 6.4.1).
const PRIVATE: [&str; 8] = ["d", "dp", "dq", "k", "oth", "p", "q", "qi"];

impl Reader<'_> {
    /// A public key, made into what it is used as by `bind`. `means` says whether an algorithm is one of
    /// those that it is used with, should it name the only one that it is for.
    pub(super) fn public_key<K>(
        &mut self,
        at: Span,
        node: Node,
        means: impl Fn(Algorithm) -> bool,
        bind: impl FnOnce(FoundKey) -> Result<K, Unusable>,
    ) -> Option<K> {
        let mut fields = self.fields(&keys::PUBLIC_KEY, at, node)?;
        let pem = fields.take("pem");
        let jwk = fields.take("jwk");
        let hex = fields.take("hex").map(|it| (it, Written::Hex));
        let base64 = fields.take("base64").map(|it| (it, Written::Base64));
        fields.end();
        let (at, found) = if let Some((key, node)) = pem {
            let text = self.text(&node)?;
            // Its lines are not drawn, should it be the private one.
            (key.span, FoundKey::from_pem(text.as_bytes()))
        } else if let Some((key, node)) = jwk {
            self.refuse_private_parts(&node)?;
            let jwk = as_json(&node);
            let named = jwk["alg"].as_str();
            let is_for = named.is_none_or(|it| Algorithm::read(it).is_some_and(means));
            let found = FoundKey::from_jwk(&jwk);
            (key.span, if is_for { found } else { found.and(Err(Unusable::OtherAlgorithm)) })
        } else {
            let ((_, node), written) = hex.or(base64)?;
            let text = self.text(&node)?;
            let bytes = written.decode(text.trim().as_bytes());
            (node.span, bytes.and_then(|bytes| FoundKey::from_bytes(&bytes)))
        };
        let key = found.and_then(bind);
        key.map_err(|why| self.report(at, Problem::Proving(Proving::PublicKey { why }))).ok()
    }

    /// Reports each part of a JSON Web Key that is a secret, which masks it where the file is shown.
    fn refuse_private_parts(&mut self, node: &Node) -> Option<()> {
        let Value::Map(entries) = &node.value else {
            return self.wrong_type(node, "a map");
        };
        let mut private = entries.iter().filter(|it| PRIVATE.contains(&it.key.name.as_str()));
        let first = private.next();
        for entry in first.into_iter().chain(private) {
            self.report(entry.node.span, Problem::SecretWritten);
        }
        first.is_none().then_some(())
    }
}
