//! Secrets made ready for what listeners compute with them.
//!
//! Pipelines hold ids, not secrets: when a value changes, new [`Keys`] are made for the same
//! pipelines, and nothing is compiled again.

use std::collections::HashMap;
use std::sync::Arc;

use regex::Regex;

use crate::config::Config;
use crate::config::Reference;
use crate::config::SecretId;
use crate::config::SignatureCheck;
use crate::scheme::Algorithm;
use crate::scheme::CipherKey;
use crate::scheme::Derivation;
use crate::scheme::DigestKey;
use crate::scheme::Format;
use crate::scheme::HashMode;
use crate::scheme::MacKey;
use crate::scheme::PublicKey;
use crate::scheme::Unusable;
use crate::secret::Secret;
use crate::secret::Unresolved;

/// One use of a secret by the pipelines of a generation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyUse {
    /// The secret.
    pub secret: SecretId,
    /// What is done with it.
    pub form: KeyForm,
}

/// What is done with a secret, and what is made of it before, if anything is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyForm {
    /// HMACs are computed.
    Mac(HashMode, Option<Arc<Derivation>>),
    /// It is mixed into digests.
    Digest(HashMode, Option<Arc<Derivation>>),
    /// It is a public key, which verifies.
    Public(Algorithm, HashMode, Option<Arc<Derivation>>),
    /// It is compared.
    Token,
    /// It encrypts and decrypts.
    Cipher(Option<Arc<Derivation>>),
}

/// A key of a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId(usize);

/// The uses that the pipelines of one generation have for secrets, each once.
#[derive(Clone, Debug, Default)]
pub struct KeyUses {
    list: Vec<KeyUse>,
    /// Where each is, as long as more may come.
    known: HashMap<KeyUse, KeyId>,
    /// What challenges sign with a secret, whoever asks.
    challenged: HashMap<SecretId, Vec<Regex>>,
}

/// The values of every secret of a configuration, by [`SecretId`]: several are a rotation.
pub type Secrets = Vec<Result<Vec<Secret>, Unresolved>>;

/// Every key of a generation, ready to be computed with.
#[derive(Debug, Default)]
pub struct Keys(Vec<Slot>);

#[derive(Debug)]
enum Slot {
    Macs(Vec<MacKey>),
    Digests(Vec<DigestKey>),
    Publics(Vec<PublicKey>),
    Tokens(Vec<Secret>),
    Ciphers(Vec<CipherKey>),
    /// There are values, and no key can be made of any.
    Unusable(Unusable),
}

/// Whether two secrets are the same, in a time that tells nothing about where they differ.
#[must_use]
pub fn is_equal(one: &[u8], other: &[u8]) -> bool {
    crate::scheme::equal(one, other)
}

impl KeyForm {
    /// What the secret of a signature is made ready for: one key for each hash function that a value
    /// may name.
    pub(crate) fn of_signature(check: &SignatureCheck) -> Vec<Self> {
        let modes = match &check.scheme.format {
            Format::Named(_, modes) => modes.as_slice(),
            _ => std::slice::from_ref(&check.scheme.mode),
        };
        let form = |mode: &HashMode| {
            let (mode, how) = (*mode, check.derivation.clone());
            match check.scheme.algorithm {
                Algorithm::Hmac => Self::Mac(mode, how),
                Algorithm::Digest(_) => Self::Digest(mode, how),
                algorithm => Self::Public(algorithm, mode, how),
            }
        };
        modes.iter().map(form).collect()
    }

    /// Why no key can be made of any of these values; `None` if one can.
    pub(crate) fn unusable(&self, values: &[Secret]) -> Option<Unusable> {
        match Slot::ready(self, values) {
            Slot::Unusable(why) => Some(why),
            _ => None,
        }
    }
}

impl Slot {
    fn ready(form: &KeyForm, values: &[Secret]) -> Self {
        let made = match form {
            KeyForm::Mac(mode, how) => {
                keys(values, how.as_deref(), |key| Ok(MacKey::new(*mode, key))).map(Self::Macs)
            }
            KeyForm::Digest(mode, how) => {
                keys(values, how.as_deref(), |key| Ok(DigestKey::new(*mode, key)))
                    .map(Self::Digests)
            }
            KeyForm::Public(algorithm, mode, how) => {
                keys(values, how.as_deref(), |key| match how {
                    // Who says how it is written means these bytes.
                    Some(_) => PublicKey::from_bytes(*algorithm, *mode, key),
                    None => PublicKey::read(*algorithm, *mode, key),
                })
                .map(Self::Publics)
            }
            KeyForm::Token => Ok(Self::Tokens(values.to_vec())),
            KeyForm::Cipher(how) => keys(values, how.as_deref(), CipherKey::new).map(Self::Ciphers),
        };
        made.unwrap_or_else(Self::Unusable)
    }
}

/// The keys of those values that are ones; why the first is none, if no value is one.
fn keys<K>(
    values: &[Secret],
    how: Option<&Derivation>,
    ready: impl Fn(&[u8]) -> Result<K, Unusable>,
) -> Result<Vec<K>, Unusable> {
    let mut keys = Vec::with_capacity(values.len());
    let mut fault = None;
    for value in values {
        let key = match how {
            Some(how) => how.key(value.expose()).and_then(|key| ready(&key)),
            None => ready(value.expose()),
        };
        match key {
            Ok(key) => keys.push(key),
            Err(why) => fault = fault.or(Some(why)),
        }
    }
    match fault {
        Some(why) if keys.is_empty() => Err(why),
        _ => Ok(keys),
    }
}

impl KeyUses {
    /// The uses of a configuration, of which none is known yet but what its challenges sign.
    pub(crate) fn new(config: &Config) -> Self {
        let greetings = config.listeners.iter().flat_map(|listener| &listener.challenges);
        let mut by_reference: HashMap<&Reference, Vec<&Regex>> = HashMap::new();
        for token in greetings.flat_map(|challenge| &challenge.tokens) {
            for reference in &config.secrets[token.signing.secret.0].references {
                by_reference.entry(reference).or_default().push(&token.allow);
            }
        }
        // By what it refers to: the same secret may have two names.
        let challenged = config.secrets.iter().enumerate().filter_map(|(index, secret)| {
            let found = secret.references.iter().filter_map(|it| by_reference.get(it)).flatten();
            let found: Vec<Regex> = found.map(|allow| (*allow).clone()).collect();
            (!found.is_empty()).then_some((SecretId(index), found))
        });
        Self { challenged: challenged.collect(), ..Self::default() }
    }

    /// What a stranger can have signed with a secret, by sending a challenge.
    pub(crate) fn challenged(&self, secret: SecretId) -> Vec<Regex> {
        self.challenged.get(&secret).cloned().unwrap_or_default()
    }

    /// The key for a use.
    pub(crate) fn id(&mut self, wanted: KeyUse) -> KeyId {
        *self.known.entry(wanted).or_insert_with_key(|wanted| {
            self.list.push(wanted.clone());
            KeyId(self.list.len() - 1)
        })
    }

    /// The same where no more uses will come.
    pub(crate) fn complete(mut self) -> Self {
        self.list.shrink_to_fit();
        Self { known: HashMap::new(), ..self }
    }

    /// The secrets with a value of which no key can be made, and why.
    pub(crate) fn unusable(&self, secrets: &Secrets) -> Vec<(SecretId, Unusable)> {
        let mut unusable = Vec::new();
        for KeyUse { secret, form } in &self.list {
            let values = secrets.get(secret.0).and_then(|found| found.as_ref().ok());
            let mut values = values.into_iter().flatten();
            let why = values.find_map(|value| form.unusable(std::slice::from_ref(value)));
            if let Some(why) = why.filter(|_| unusable.iter().all(|(known, _)| known != secret)) {
                unusable.push((*secret, why));
            }
        }
        unusable
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
            Slot::ready(form, values)
        });
        Self(slots.collect())
    }

    /// Whether a key has a value.
    #[must_use]
    pub(crate) fn is_ready(&self, key: KeyId) -> bool {
        match &self.0[key.0] {
            Slot::Macs(macs) => !macs.is_empty(),
            Slot::Digests(digests) => !digests.is_empty(),
            Slot::Publics(publics) => !publics.is_empty(),
            Slot::Tokens(tokens) => !tokens.is_empty(),
            Slot::Ciphers(ciphers) => !ciphers.is_empty(),
            Slot::Unusable(_) => false,
        }
    }

    /// Why a key has no value though its secret has one.
    #[must_use]
    pub(crate) fn unusable(&self, key: KeyId) -> Option<Unusable> {
        match &self.0[key.0] {
            Slot::Unusable(why) => Some(*why),
            _ => None,
        }
    }

    /// The keys of HMACs, the newest first.
    #[must_use]
    pub(crate) fn macs(&self, key: KeyId) -> &[MacKey] {
        match &self.0[key.0] {
            Slot::Macs(macs) => macs,
            _ => &[],
        }
    }

    /// The keys of digests, the newest first.
    #[must_use]
    pub(crate) fn digests(&self, key: KeyId) -> &[DigestKey] {
        match &self.0[key.0] {
            Slot::Digests(digests) => digests,
            _ => &[],
        }
    }

    /// The public keys, the newest first.
    #[must_use]
    pub(crate) fn publics(&self, key: KeyId) -> &[PublicKey] {
        match &self.0[key.0] {
            Slot::Publics(publics) => publics,
            _ => &[],
        }
    }

    /// The keys that encrypt and decrypt, the newest first.
    #[must_use]
    pub(crate) fn ciphers(&self, key: KeyId) -> &[CipherKey] {
        match &self.0[key.0] {
            Slot::Ciphers(ciphers) => ciphers,
            _ => &[],
        }
    }

    /// The secrets of tokens, the newest first.
    #[must_use]
    pub(crate) fn secrets(&self, key: KeyId) -> &[Secret] {
        match &self.0[key.0] {
            Slot::Tokens(tokens) => tokens,
            _ => &[],
        }
    }

    /// Whether a received token is one of the secrets.
    #[must_use]
    pub(crate) fn is_token(&self, key: KeyId, received: &[u8]) -> bool {
        match &self.0[key.0] {
            Slot::Tokens(tokens) => tokens
                .iter()
                .fold(false, |found, token| found | crate::scheme::equal(token.expose(), received)),
            _ => false,
        }
    }
}
