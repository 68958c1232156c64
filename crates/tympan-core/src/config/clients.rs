//! Reading `clients:`, who may send with a credential that we hand out.

use std::time::Duration;

use crate::config::ClientId;
use crate::config::Config;
use crate::config::Reader;
use crate::config::Reference;
use crate::config::SecretId;
use crate::config::SecretRefs;
use crate::config::keys;
use crate::config::names::slot;
use crate::diagnostic::Credential;
use crate::diagnostic::Problem;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// Where access tokens are asked for, as long as any client gets some.
pub const TOKEN_PATH: &str = "/oauth/v1/token";

/// How long an access token counts unless the client says otherwise.
const LIFETIME: Duration = Duration::from_mins(1);

/// What the key of access tokens is called where secrets have names; nobody can write that name.
const TOKEN_KEY: &str = "(key of access tokens)";

/// Its file in the state folder.
const TOKEN_KEY_FILE: &str = "access-tokens.key";

/// Somebody who may send with a credential of ours.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// What listeners call it.
    pub name: String,
    /// Where the name is defined.
    pub at: Span,
    /// What it proves itself with; `None` if that could not be read.
    pub proof: Option<ClientProof>,
}

/// What a client proves itself with.
#[derive(Clone, Debug)]
pub enum ClientProof {
    /// A key that is sent along.
    ApiKey(SecretId),
    /// An access token, which is asked for with an id and a secret.
    OAuth {
        /// The id.
        client_id: String,
        /// The secret.
        secret: SecretId,
        /// How long a token counts.
        lifetime: Duration,
    },
}

impl ClientProof {
    /// The secret that it comes from.
    #[must_use]
    pub fn secret(&self) -> SecretId {
        match self {
            Self::ApiKey(secret) | Self::OAuth { secret, .. } => *secret,
        }
    }
}

impl Config {
    /// The secret that the credential of a client comes from.
    pub(crate) fn secret_of(&self, client: ClientId) -> Option<SecretId> {
        Some(self.clients.get(client.0)?.proof.as_ref()?.secret())
    }
}

impl Reader<'_> {
    pub(super) fn client(&mut self, key: Key, node: Node) {
        self.check_name("client", &key);
        let id = ClientId(self.clients.define(key.name.clone(), key.span));
        let proof = self.client_proof(&key, node);
        *slot(&mut self.config.clients, id.0) = Client { name: key.name, at: key.span, proof };
    }

    /// The client that a node names.
    pub(super) fn client_name(&mut self, node: &Node) -> Option<ClientId> {
        let name = self.text(node)?;
        let id = ClientId(self.clients.mention(name, node.span));
        slot(&mut self.config.clients, id.0);
        Some(id)
    }

    fn client_proof(&mut self, key: &Key, node: Node) -> Option<ClientProof> {
        let mut fields = self.fields(&keys::CLIENT, key.span, node)?;
        let api_key = fields.take("api_key");
        let oauth = fields.take("oauth");
        let lifetime_at = fields.place("token_lifetime");
        let lifetime = match fields.take("token_lifetime") {
            Some((_, node)) => self.lifetime(&node),
            None => Some(LIFETIME),
        };
        fields.end();
        match (api_key, oauth) {
            (Some((_, node)), None) => {
                if let Some(at) = lifetime_at {
                    let problem = Problem::KeyConflict { key: "token_lifetime", with: "api_key" };
                    self.report(at, problem);
                }
                self.secret_name(&node).map(ClientProof::ApiKey)
            }
            (None, Some((key, node))) => {
                let mut fields = self.fields(&keys::OAUTH, key.span, node)?;
                let id = fields.require(self, "client_id");
                let id = id.and_then(|(_, node)| self.client_id(&node));
                let secret = fields.require(self, "client_secret");
                let secret = secret.and_then(|(_, node)| self.secret_name(&node));
                fields.end();
                Some(ClientProof::OAuth { client_id: id?, secret: secret?, lifetime: lifetime? })
            }
            (api_key, oauth) => {
                let (section, keys) = (keys::CLIENT.name, vec!["api_key", "oauth"]);
                let found = usize::from(api_key.is_some()) + usize::from(oauth.is_some());
                let at = oauth.map_or(key.span, |(second, _)| second.span);
                self.report(at, Problem::OneOf { section, found, keys });
                None
            }
        }
    }

    /// Tokens end at whole seconds.
    fn lifetime(&mut self, node: &Node) -> Option<Duration> {
        let lifetime = self.timeout(node)?;
        if lifetime >= Duration::from_secs(1) {
            return Some(lifetime);
        }
        let found = format!("{lifetime:?}");
        let (what, example) = ("at least a second", "1h");
        let why = Some("a token would have ended when it comes".to_owned());
        self.report(node.span, Problem::BadValue { what, found, example, why });
        None
    }

    /// An id that no other client has.
    fn client_id(&mut self, node: &Node) -> Option<String> {
        let id = self.text(node)?;
        let is_it = |client: &&super::Client| matches!(&client.proof, Some(ClientProof::OAuth { client_id, .. }) if *client_id == id);
        if let Some(first) = self.config.clients.iter().find(is_it) {
            let problem = Credential::ClientIdTaken { by: first.name.clone(), first: first.at };
            self.report(node.span, Problem::Credential(problem));
            return None;
        }
        Some(id)
    }

    /// Where any client gets access tokens, there is a key that signs them, and their path is taken.
    pub(super) fn token_endpoint(&mut self) {
        let gets_tokens =
            |client: &&Client| matches!(client.proof, Some(ClientProof::OAuth { .. }));
        let Some(client) = self.config.clients.iter().find(gets_tokens) else { return };
        let (first, by) = (client.at, client.name.clone());
        self.config.token_key = Some(SecretId(self.config.secrets.len()));
        self.config.secrets.push(SecretRefs {
            name: TOKEN_KEY.to_owned(),
            at: first,
            references: vec![Reference::Generated(TOKEN_KEY_FILE.to_owned())],
            serves: true,
        });
        let listeners = &self.config.listeners;
        let clash = listeners.iter().find(|listener| listener.path == TOKEN_PATH);
        if let Some(at) = clash.and_then(|listener| self.routes.place(&listener.name)) {
            self.report(at, Problem::Credential(Credential::PathReserved { by, first }));
        }
    }
}
