//! Reading `jwt:` and `assertion:` of connectors: a token that we sign ourselves.

use std::time::Duration;

use serde_json::Map;
use serde_json::Value as Json;

use crate::config::Reader;
use crate::config::SecretId;
use crate::config::json;
use crate::config::keys;
use crate::diagnostic::Credential;
use crate::diagnostic::Problem;
use crate::jwt::Algorithm;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// How long one counts unless its connector says otherwise.
const LIFETIME: Duration = Duration::from_mins(5);

/// Claims that are said with a key of their own, or are made for every token.
const OWN_CLAIMS: [(&str, Option<&str>); 6] = [
    ("iss", Some("issuer")),
    ("sub", Some("subject")),
    ("aud", Some("audience")),
    ("exp", Some("lifetime")),
    ("iat", None),
    ("jti", None),
];

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

impl Assertion {
    /// How long ago one says that it was made: clocks differ.
    pub const AGO: Duration = Duration::from_secs(30);
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
            Some((_, node)) => self.counting(&node),
            None => Some(LIFETIME),
        };
        let claims = match fields.take("claims") {
            Some((_, node)) => self.claims_of_ours(&node),
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

    /// What has ended when it is made proves nothing.
    fn counting(&mut self, node: &Node) -> Option<Duration> {
        let lifetime = self.duration(node)?;
        if lifetime <= Assertion::AGO {
            self.misfit(node, "more than 30s, which are over when it is sent", "5m");
            return None;
        }
        Some(lifetime)
    }

    fn claims_of_ours(&mut self, node: &Node) -> Option<Map<String, Json>> {
        let Value::Map(entries) = &node.value else { return self.wrong_type(node, "a map") };
        for entry in entries {
            let own = OWN_CLAIMS.iter().find(|(claim, _)| *claim == entry.key.name);
            if let Some((claim, key)) = own {
                let problem = Credential::OwnClaim { claim, key: *key };
                self.report(entry.key.span, Problem::Credential(problem));
            }
        }
        json(node).as_object().cloned()
    }
}
