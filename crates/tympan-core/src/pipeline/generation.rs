//! Everything that serves requests between two reloads.

use std::fmt;
use std::sync::Arc;

use super::Pipeline;
use super::route::Routes;
use super::token_endpoint::TokenEndpoint;
use crate::config::Config;
use crate::config::Limits;
use crate::config::Proxies;
use crate::config::RateLimit;
use crate::config::SecretId;
use crate::config::SecretRefs;
use crate::config::TOKEN_PATH;
use crate::diagnostic::Diagnostics;
use crate::diagnostic::Problem;
use crate::diagnostic::Proving;
use crate::keys::KeyForm;
use crate::keys::KeyId;
use crate::keys::KeyUse;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::keys::Secrets;
use crate::rate::Rate;
use crate::rate::Rates;
use crate::scheme::Unusable;

/// The pipelines of one configuration. Built beside the old one, then swapped in as a whole.
pub struct Generation {
    /// Counts from 1 for as long as the process lives.
    pub number: u64,
    /// The beginning of the SHA-256 of what was read.
    pub fingerprint: String,
    pub(super) pipelines: Vec<Pipeline>,
    pub(super) public_url: Option<String>,
    pub(super) proxies: Proxies,
    pub(super) limits: Limits,
    routes: Routes,
    /// Where clients ask for access tokens, if any gets some.
    token_endpoint: Option<TokenEndpoint>,
    /// Whether any listener needs keys that are fetched.
    fetches: bool,
    key_uses: KeyUses,
    /// What the operator proves itself with at a TCP address.
    admin_token: Option<KeyId>,
    secret_names: Vec<String>,
}

/// A generation and the keys that fit it: what one request sees for its whole life.
pub struct Live {
    pub(super) generation: Arc<Generation>,
    pub(super) keys: Keys,
    pub(super) rates: Arc<Rates>,
    /// Those of the pipelines that have one.
    listener_rates: Vec<Option<Arc<Rate>>>,
    /// The state of every pipeline.
    states: Vec<ListenerState>,
}

/// A listener as others may know it.
#[derive(Clone, Copy, Debug)]
pub struct ListenerFacts<'l> {
    /// Its name.
    pub name: &'l str,
    /// Where it is called, with `{parameters}`.
    pub path: &'l str,
    /// Whether it can serve.
    pub state: &'l ListenerState,
}

/// Whether a listener can serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenerState {
    /// It verifies what it gets.
    Serving,
    /// It refuses what it cannot verify, because no key can be made of a secret.
    NotReady {
        /// The secret's name.
        secret: String,
        /// Why: it has no value, or one that is no key.
        why: String,
    },
}

impl fmt::Display for ListenerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serving => f.write_str("serving"),
            Self::NotReady { secret, why } => write!(f, "not_ready (secret {secret}: {why})"),
        }
    }
}

impl Generation {
    /// Compiles a configuration that was read without errors.
    #[must_use]
    pub fn compile(config: &Config, number: u64, fingerprint: &str) -> Self {
        let mut routes = Routes::default();
        let mut key_uses = KeyUses::new(config);
        let mut pipelines = Vec::with_capacity(config.listeners.len());
        for (index, listener) in config.listeners.iter().enumerate() {
            routes.add(&listener.path, index);
            pipelines.push(Pipeline::compile(listener, config, &mut key_uses));
        }
        let token = |secret| key_uses.id(KeyUse { secret, form: KeyForm::Token });
        let admin_token = config.admin.token.map(token);
        Self {
            number,
            fingerprint: fingerprint.to_owned(),
            fetches: pipelines.iter().any(Pipeline::fetches),
            pipelines,
            public_url: config.server.public_url.clone(),
            proxies: config.server.proxies.clone(),
            limits: config.server.limits,
            routes,
            token_endpoint: TokenEndpoint::compile(config, &mut key_uses),
            key_uses: key_uses.complete(),
            admin_token,
            secret_names: config.secrets.iter().map(|secret| secret.name.clone()).collect(),
        }
    }

    /// Whether any listener needs keys that are fetched.
    #[must_use]
    pub fn fetches(&self) -> bool {
        self.fetches
    }

    /// The names of secrets with a value of which no key can be made, and why.
    pub fn unusable(&self, secrets: &Secrets) -> impl Iterator<Item = (&str, Unusable)> {
        let unusable = self.key_uses.unusable(secrets).into_iter();
        unusable.map(|(secret, why)| (self.secret_name(secret), why))
    }

    /// Tells of them where the names are defined in its configuration.
    pub fn tell_unusable(&self, config: &Config, secrets: &Secrets, found: &mut Diagnostics) {
        for (SecretId(index), why) in self.key_uses.unusable(secrets) {
            let Some(SecretRefs { name, at, .. }) = config.secrets.get(index) else { continue };
            let problem = Proving::SecretKey { secret: name.clone(), why };
            found.report(*at, Problem::Proving(problem));
        }
    }

    /// The same with one listener, whatever path a request has.
    pub(crate) fn only(mut self, listener: usize) -> Self {
        self.routes = Routes::only(&self.pipelines[listener].path, listener);
        self.token_endpoint = None;
        self
    }

    pub(crate) fn route(&self, path: &str) -> Option<(usize, super::scope::PathParams)> {
        self.routes.find(path)
    }

    /// What the secret of a key is called.
    pub(super) fn secret_of(&self, key: KeyId) -> &str {
        self.secret_name(self.key_uses.secret(key))
    }

    /// Where clients ask for access tokens, if that is the path.
    pub(super) fn token_endpoint(&self, path: &str) -> Option<&TokenEndpoint> {
        self.token_endpoint.as_ref().filter(|_| path == TOKEN_PATH)
    }

    pub(super) fn secret_name(&self, SecretId(secret): SecretId) -> &str {
        self.secret_names.get(secret).map_or("", String::as_str)
    }
}

impl Live {
    /// Puts a generation and the values of its secrets together.
    #[must_use]
    pub fn new(generation: Arc<Generation>, secrets: &Secrets, rates: &Arc<Rates>) -> Self {
        let keys = Keys::prepare(&generation.key_uses, secrets);
        let states = generation.pipelines.iter().map(|pipeline| match pipeline.unready(&keys) {
            None => ListenerState::Serving,
            Some(key) => {
                let secret = generation.key_uses.secret(key);
                let why = match secrets.get(secret.0) {
                    Some(Err(unresolved)) => Some(unresolved.to_string()),
                    _ => keys.unusable(key).map(|unusable| unusable.to_string()),
                };
                let secret = generation.secret_name(secret).to_owned();
                let why = why.unwrap_or_else(|| "it has no value".to_owned());
                ListenerState::NotReady { secret, why }
            }
        });
        let listener_rates = generation.pipelines.iter().map(|pipeline| {
            pipeline.rate_limit.is_some().then(|| rates.of_listener(&pipeline.name))
        });
        Self {
            states: states.collect(),
            listener_rates: listener_rates.collect(),
            rates: Arc::clone(rates),
            keys,
            generation,
        }
    }

    /// The generation.
    #[must_use]
    pub fn generation(&self) -> &Arc<Generation> {
        &self.generation
    }

    /// Whether a token is the operator's; `None` if nobody knows what that is.
    #[must_use]
    pub fn is_operator(&self, token: &[u8]) -> Option<bool> {
        let key = self.generation.admin_token.filter(|key| self.keys.is_ready(*key))?;
        Some(self.keys.is_token(key, token))
    }

    /// Every listener, in the order of the file.
    pub fn listeners(&self) -> impl Iterator<Item = ListenerFacts<'_>> {
        self.generation.pipelines.iter().zip(&self.states).map(|(pipeline, state)| ListenerFacts {
            name: &pipeline.name,
            path: &pipeline.path,
            state,
        })
    }

    /// The rate of a listener, and what is allowed of it.
    pub(super) fn rate(&self, listener: usize) -> Option<(RateLimit, &Rate)> {
        let limit = self.generation.pipelines[listener].rate_limit?;
        self.listener_rates[listener].as_deref().map(|rate| (limit, rate))
    }

    pub(super) fn state(&self, listener: usize) -> &ListenerState {
        &self.states[listener]
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("generation", &self.generation.number).finish_non_exhaustive()
    }
}
