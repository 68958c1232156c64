//! Reading `fetched_key:`, how the key of a sender is asked for.

use std::sync::Arc;

use tympan_expr::Expression;
use tympan_expr::Types;

use crate::asked_key::AskedToken;
use crate::asked_key::HowAsked;
use crate::config::NamedUrl;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::keys;
use crate::config::payload_schema::as_json;
use crate::diagnostic::Outward;
use crate::diagnostic::Problem;
use crate::roots::Place;
use crate::yaml::Entry;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// A key that is asked for, wherever a request says it is.
#[derive(Clone, Debug)]
pub struct FetchedKey {
    /// Where it is.
    pub at: NamedUrl,
    /// What is sent.
    pub fields: Vec<(String, Field)>,
    /// What proves to whoever gives access tokens who asks.
    pub client_secret: Option<SecretId>,
    /// What is the same for every key.
    pub how: Arc<HowAsked>,
}

/// What is sent in a field.
#[derive(Clone, Debug)]
pub enum Field {
    /// What a request says.
    Computed(Expression),
    /// What proves who asks.
    Secret(SecretId),
}

impl FetchedKey {
    /// The secrets that prove who asks, as they are sent; that of an access token last.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretId> {
        let sent = self.fields.iter().filter_map(|(_, field)| match field {
            Field::Secret(secret) => Some(*secret),
            Field::Computed(_) => None,
        });
        sent.chain(self.client_secret).collect()
    }
}

impl Reader<'_> {
    pub(super) fn fetched_key(&mut self, key: &Key, node: Node) -> Option<FetchedKey> {
        let written = as_json(&node).to_string();
        let mut fields = self.fields(&keys::FETCHED_KEY, key.span, node)?;
        let pattern = fields.place("host_pattern");
        let is_written = fields.place("hosts").is_some();
        let at = self.url_of_key(&mut fields);
        let sent = fields.take("fields");
        let sends_secret = sent.as_ref().is_some_and(|(_, node)| holds_secret(node));
        let sent = sent.map(|(_, node)| self.fields_of_key(node));
        let oauth = fields.take("oauth").map(|(key, node)| self.token_for_key(&key, node));
        let key = fields.take("key").map(|(_, node)| {
            let key = self.expression(Place::Result, &node)?;
            self.check_type(node.span, &key, Types::TEXT.or(Types::MAP), "a text or a map");
            Some(key)
        });
        fields.end();
        // A host that is only like others may be that of a stranger: a name that was given up, or one
        // that its owner gives to anybody.
        if let Some(pattern) = pattern.filter(|_| sends_secret || oauth.is_some()) {
            self.report(pattern, Problem::Outward(Outward::SecretForAny { is_written }));
        }
        let (token, client_secret) = match oauth {
            Some(oauth) => oauth.map(|(token, secret)| (Some(token), Some(secret)))?,
            None => (None, None),
        };
        let how = HowAsked {
            written,
            token,
            key: match key {
                Some(key) => Some(key?),
                None => None,
            },
        };
        let fields = sent.map_or(Some(Vec::new()), |sent| sent)?;
        Some(FetchedKey { at: at?, fields, client_secret, how: Arc::new(how) })
    }

    fn fields_of_key(&mut self, node: Node) -> Option<Vec<(String, Field)>> {
        let Value::Map(entries) = node.value else {
            return self.wrong_type(&node, "a map");
        };
        let n_written = entries.len();
        let read = entries.into_iter().filter_map(|Entry { key, node }| {
            if is_secret(&node) {
                let mut fields = self.fields(&keys::SENT_SECRET, key.span, node)?;
                let secret = fields.require(self, "secret");
                let secret = secret.and_then(|(_, node)| self.secret_name(&node));
                fields.end();
                return Some((key.name, Field::Secret(secret?)));
            }
            let value = self.expression(Place::Proof, &node)?;
            self.check_type(node.span, &value, Types::SCALAR, "a text");
            Some((key.name, Field::Computed(value)))
        });
        let read: Vec<_> = read.collect();
        (read.len() == n_written).then_some(read)
    }

    /// An access token, for the client's own credentials.
    fn token_for_key(&mut self, key: &Key, node: Node) -> Option<(AskedToken, SecretId)> {
        let mut fields = self.fields(&keys::TOKEN_FOR_KEY, key.span, node)?;
        let token_url = fields.require(self, "token_url");
        let token_url = token_url.and_then(|(_, node)| self.called_url(&node));
        let client_id = fields.require(self, "client_id");
        let client_id = client_id.and_then(|(_, node)| self.text(&node));
        let secret = fields.require(self, "client_secret");
        let secret = secret.and_then(|(_, node)| self.secret_name(&node));
        let scope = fields.take("scope").map(|(_, node)| self.text(&node));
        let in_body = match fields.take("client_in") {
            Some((_, node)) => self.choice(&node, &["header", "body"]),
            None => Some("header"),
        };
        fields.end();
        let token = AskedToken {
            url: token_url?,
            client_id: client_id?,
            scope: match scope {
                Some(scope) => Some(scope?),
                None => None,
            },
            in_body: in_body? == "body",
        };
        Some((token, secret?))
    }
}

/// Whether one of several fields is a secret.
fn holds_secret(node: &Node) -> bool {
    let Value::Map(entries) = &node.value else { return false };
    entries.iter().any(|entry| is_secret(&entry.node))
}

/// Whether it is `{secret: NAME}`, and no expression.
fn is_secret(node: &Node) -> bool {
    let Value::Map(entries) = &node.value else { return false };
    entries.iter().any(|entry| entry.key.name == "secret")
}
