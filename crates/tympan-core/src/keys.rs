//! Secrets made ready for what listeners compute with them.
//!
//! Pipelines hold ids, not secrets: when a value changes, new [`Keys`] are made for the same
//! pipelines, and nothing is compiled again.

use std::collections::HashMap;

use regex::Regex;

use crate::config::Config;
use crate::config::SecretId;
use crate::scheme::HashMode;
use crate::scheme::MacKey;
use crate::secret::Secret;
use crate::secret::Unresolved;

/// One use of a secret by the pipelines of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyUse {
    /// The secret.
    pub secret: SecretId,
    /// What is done with it.
    pub form: KeyForm,
}

/// What is done with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyForm {
    /// HMACs are computed.
    Mac(HashMode),
    /// It is compared.
    Token,
}

/// A key of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId(usize);

/// The uses that the pipelines of one generation have for secrets, each once.
#[derive(Clone, Debug, Default)]
pub struct KeyUses {
    list: Vec<KeyUse>,
    known: HashMap<KeyUse, KeyId>,
    /// What challenges sign, whoever asks.
    challenged: Vec<(SecretId, Regex)>,
}

/// The values of every secret of a configuration, by [`SecretId`]: several are a rotation.
pub type Secrets = Vec<Result<Vec<Secret>, Unresolved>>;

/// Every key of a generation, ready to be computed with.
#[derive(Debug, Default)]
pub struct Keys(Vec<Slot>);

#[derive(Debug)]
enum Slot {
    Macs(Vec<MacKey>),
    Tokens(Vec<Secret>),
}

impl KeyUses {
    /// The uses of a configuration, of which none is known yet but what its challenges sign.
    pub(crate) fn new(config: &Config) -> Self {
        let greetings = config.listeners.iter().flat_map(|listener| &listener.challenges);
        let tokens = greetings.flat_map(|challenge| &challenge.tokens);
        let challenged = tokens.map(|token| (token.secret, token.allow.clone())).collect();
        Self { challenged, ..Self::default() }
    }

    /// What a stranger can have signed with a secret, by sending a challenge.
    pub(crate) fn challenged(&self, secret: SecretId) -> Vec<Regex> {
        let own = self.challenged.iter().filter(|(known, _)| *known == secret);
        own.map(|(_, allow)| allow.clone()).collect()
    }

    /// The key for a use.
    pub(crate) fn id(&mut self, wanted: KeyUse) -> KeyId {
        *self.known.entry(wanted).or_insert_with(|| {
            self.list.push(wanted);
            KeyId(self.list.len() - 1)
        })
    }

    /// The secret behind a key.
    #[must_use]
    pub(crate) fn secret(&self, key: KeyId) -> SecretId {
        self.list[key.0].secret
    }
}

impl Keys {
    /// Makes the secrets ready for these uses. A secret without a value gives a key without one.
    #[must_use]
    pub fn prepare(uses: &KeyUses, secrets: &Secrets) -> Self {
        let slots = uses.list.iter().map(|KeyUse { secret, form }| {
            let values = secrets.get(secret.0).and_then(|found| found.as_ref().ok());
            let values = values.map(Vec::as_slice).unwrap_or_default();
            match form {
                KeyForm::Mac(mode) => {
                    Slot::Macs(values.iter().map(|it| MacKey::new(*mode, it.expose())).collect())
                }
                KeyForm::Token => Slot::Tokens(values.to_vec()),
            }
        });
        Self(slots.collect())
    }

    /// Whether a key has a value.
    #[must_use]
    pub(crate) fn is_ready(&self, key: KeyId) -> bool {
        match &self.0[key.0] {
            Slot::Macs(macs) => !macs.is_empty(),
            Slot::Tokens(tokens) => !tokens.is_empty(),
        }
    }

    /// The keys of HMACs, the newest first.
    #[must_use]
    pub(crate) fn macs(&self, key: KeyId) -> &[MacKey] {
        match &self.0[key.0] {
            Slot::Macs(macs) => macs,
            Slot::Tokens(_) => &[],
        }
    }

    /// Whether a received token is one of the secrets.
    #[must_use]
    pub(crate) fn is_token(&self, key: KeyId, received: &[u8]) -> bool {
        match &self.0[key.0] {
            Slot::Tokens(tokens) => tokens
                .iter()
                .fold(false, |found, token| found | crate::scheme::equal(token.expose(), received)),
            Slot::Macs(_) => false,
        }
    }
}
