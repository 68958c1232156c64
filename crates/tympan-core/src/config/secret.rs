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

/// Where a secret is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// An environment variable, or a line of `env_file`.
    Env(String),
    /// A file, relative to the configuration's folder.
    File(String),
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
            let env = fields.take("env");
            let file = fields.take("file");
            fields.end();
            match (env, file) {
                (Some((_, node)), _) => reader.text(&node).map(Reference::Env),
                (None, Some((_, node))) => reader.text(&node).map(Reference::File),
                (None, None) => None,
            }
        });
        let id = SecretId(self.secrets.define(key.name.clone(), key.span));
        let slot = slot(&mut self.config.secrets, id.0);
        *slot = SecretRefs { name: key.name, at: key.span, references, ..slot.clone() };
    }

    /// The secret that a node names.
    pub(super) fn secret_name(&mut self, node: &Node) -> Option<SecretId> {
        let id = self.signing_name(node)?;
        self.config.secrets[id.0].serves = true;
        Some(id)
    }

    /// The secret that a node names for whoever signs as a provider would.
    pub(super) fn signing_name(&mut self, node: &Node) -> Option<SecretId> {
        let name = self.text(node)?;
        let id = SecretId(self.secrets.mention(name, node.span));
        slot(&mut self.config.secrets, id.0);
        Some(id)
    }
}
