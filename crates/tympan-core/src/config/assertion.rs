//! Reading `jwt:` and `assertion:` of connectors: a token that we sign ourselves.

use std::time::Duration;

use serde_json::Map;
use serde_json::Value as Json;

use crate::config::Reader;
use crate::config::SecretId;
use crate::config::json;
use crate::config::keys;
use crate::jwt::Algorithm;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// How long one counts unless its connector says otherwise.
const LIFETIME: Duration = Duration::from_mins(5);

/// A token that we sign ourselves (RFC 7519).
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The private key.
    pub key: SecretId,
    /// What it is signed with.
    pub algorithm: Algorithm,
    /// What the receiver calls the key.
    pub key_id: Option<String>,
    /// Who we are.
    pub issuer: Option<String>,
    /// For whom we act.
    pub subject: Option<String>,
    /// Whom it is for.
    pub audience: Option<String>,
    /// How long it counts.
    pub lifetime: Duration,
    /// What else it says.
    pub claims: Map<String, Json>,
}

impl Reader<'_> {
    pub(super) fn assertion(&mut self, key: &Key, node: Node) -> Option<Assertion> {
        let mut fields = self.fields(&keys::ASSERTION, key.span, node)?;
        let key = fields.require(self, "key").and_then(|(_, node)| self.secret_name(&node));
        let algorithm = match fields.take("algorithm") {
            Some((_, node)) => self.choice(&node, Algorithm::SIGNING),
            None => Some("RS256"),
        };
        let mut text = |reader: &mut Self, name| {
            fields.take(name).map_or(Some(None), |(_, node)| reader.text(&node).map(Some))
        };
        let key_id = text(self, "key_id");
        let issuer = text(self, "issuer");
        let subject = text(self, "subject");
        let audience = text(self, "audience");
        let lifetime = match fields.take("lifetime") {
            Some((_, node)) => self.timeout(&node),
            None => Some(LIFETIME),
        };
        let claims = match fields.take("claims") {
            Some((_, node)) if !matches!(node.value, Value::Map(_)) => {
                self.wrong_type(&node, "a map")
            }
            Some((_, node)) => json(&node).as_object().cloned(),
            None => Some(Map::new()),
        };
        fields.end();
        Some(Assertion {
            key: key?,
            algorithm: Algorithm::read(algorithm?)?,
            key_id: key_id?,
            issuer: issuer?,
            subject: subject?,
            audience: audience?,
            lifetime: lifetime?,
            claims: claims?,
        })
    }
}
