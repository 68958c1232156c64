//! Reading `secrets:`: references, never values.

use crate::config::Reader;
use crate::config::SecretId;
use crate::config::keys;
use crate::config::names::slot;
use crate::diagnostic::Problem;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// How many captured values a secret has at most unless it says otherwise.
const MOST_CAPTURED: usize = 20;

/// Where a secret is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// An environment variable, or a line of `env_file`.
    Env(String),
    /// A file, relative to the configuration's folder.
    File(String),
    /// What handshakes bring, kept in the state folder under the secret's name.
    Captured {
        /// The name.
        secret: String,
        /// How many are kept at most.
        most: usize,
    },
    /// A file of the state folder, made with a random value when it is first needed. It is for what
    /// only we have to know, and cannot be written.
    Generated(String),
}

/// A name, and the references under it: several are a rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretRefs {
    /// What listeners call it.
    pub name: String,
    /// Where the name is defined.
    pub at: Span,
    /// Where its values are found.
    pub references: Vec<Reference>,
    /// Whether anything that serves needs it: else only tests do, which sign as a provider would.
    pub serves: bool,
}

impl Reader<'_> {
    pub(super) fn secret(&mut self, key: Key, node: Node) {
        self.check_name("secret", &key);
        let references = self.some("secrets", (key.clone(), node), |reader, at, node| {
            if matches!(node.value, Value::Text(_) | Value::Integer(_) | Value::Float(_)) {
                reader.report(node.span, Problem::SecretWritten);
                return None;
            }
            let mut fields = reader.fields(&keys::SECRET, at, node)?;
            let [env, file, captured] = ["env", "file", "captured"].map(|key| fields.take(key));
            let most = fields.take("most");
            fields.end();
            if let (Some((most, _)), None) = (&most, &captured) {
                let (section, example) = ("a secret with `most`", "captured: true");
                let problem = Problem::MissingKey { key: "captured", section, example };
                reader.report(most.span, problem);
            }
            match (env, file, captured) {
                (Some((_, node)), None, None) => reader.text(&node).map(Reference::Env),
                (None, Some((_, node)), None) => reader.text(&node).map(Reference::File),
                (None, None, Some((_, node))) => {
                    reader.captured(&key, &node, most.map(|(_, node)| node))
                }
                (env, file, captured) => {
                    let places = [env, file, captured].into_iter().flatten();
                    let places: Vec<_> = places.map(|(key, _)| key.span).collect();
                    let keys = vec!["env", "file", "captured"];
                    let (section, found) = (keys::SECRET.name, places.len());
                    let at = places.get(1).copied().unwrap_or(at);
                    reader.report(at, Problem::OneOf { section, found, keys });
                    None
                }
            }
        });
        let id = SecretId(self.secrets.define(key.name.clone(), key.span));
        let slot = slot(&mut self.config.secrets, id.0);
        *slot = SecretRefs { name: key.name, at: key.span, references, ..slot.clone() };
    }

    fn captured(&mut self, key: &Key, node: &Node, most: Option<Node>) -> Option<Reference> {
        let most = match most {
            Some(node) => self.count(&node)?,
            None => MOST_CAPTURED,
        };
        if self.boolean(node)? {
            return Some(Reference::Captured { secret: key.name.clone(), most });
        }
        let (what, found) = ("`true`", "false".to_owned());
        let why = Some("a secret that is not captured is found elsewhere".to_owned());
        let problem = Problem::BadValue { what, found, example: "captured: true", why };
        self.report(node.span, problem);
        None
    }

    /// The secret that a node names.
    pub(super) fn secret_name(&mut self, node: &Node) -> Option<SecretId> {
        let id = self.signing_name(node)?;
        self.config.secrets[id.0].serves = true;
        Some(id)
    }

    /// The secret that a key names.
    pub(super) fn secret_key(&mut self, key: Key) -> SecretId {
        let id = SecretId(self.secrets.mention(key.name, key.span));
        slot(&mut self.config.secrets, id.0).serves = true;
        id
    }

    /// The secret that a node names for whoever signs as a provider would.
    pub(super) fn signing_name(&mut self, node: &Node) -> Option<SecretId> {
        let name = self.text(node)?;
        let id = SecretId(self.secrets.mention(name, node.span));
        slot(&mut self.config.secrets, id.0);
        Some(id)
    }
}

impl SecretRefs {
    /// How many captured values it takes; `None` if it takes none.
    #[must_use]
    pub fn captures(&self) -> Option<usize> {
        self.references.iter().find_map(|reference| match reference {
            Reference::Captured { most, .. } => Some(*most),
            _ => None,
        })
    }
}
