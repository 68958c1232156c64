//! The key of a sender that is asked for by a request of its own.

use std::sync::Arc;

use tympan_expr::Expression;

use super::received::text;
use super::unauthorized;
use crate::anchor::Anchor;
use crate::asked_key::AskedKey;
use crate::asked_key::HowAsked;
use crate::asked_key::SentField;
use crate::config;
use crate::config::Field;
use crate::fetched::Found;
use crate::fetched::Source;
use crate::jwt::TokenKey;
use crate::keys::KeyForm;
use crate::keys::KeyId;
use crate::keys::KeyUse;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::pipeline::KeyRequest;
use crate::pipeline::Scope;
use crate::pipeline::fetch;
use crate::scheme::FoundKey;
use crate::scheme::PublicKey;
use crate::scheme::Signature;

/// What the operator is told about it.
const WHAT: &str = "key";

/// How much a request may have sent for its key, in bytes: nothing is proved yet, and it is remembered.
const MOST_SENT: usize = 2_048;

/// A key that a request names, and how it is asked for.
#[derive(Debug)]
pub(crate) struct FetchedKey {
    url: Expression,
    anchor: Anchor,
    /// What is sent; where nothing is computed, a secret.
    fields: Vec<(String, Option<Expression>)>,
    how: Arc<HowAsked>,
    secrets: Vec<KeyId>,
}

impl FetchedKey {
    pub(crate) fn compile(key: &config::FetchedKey, keys: &mut KeyUses) -> Self {
        let secrets = key.secrets().into_iter();
        let field = |(name, field): &(String, Field)| match field {
            Field::Computed(value) => (name.clone(), Some(value.clone())),
            Field::Secret(_) => (name.clone(), None),
        };
        Self {
            url: key.at.url.clone(),
            anchor: key.at.anchor.clone(),
            fields: key.fields.iter().map(field).collect(),
            how: Arc::clone(&key.how),
            secrets: secrets
                .map(|secret| keys.id(KeyUse { secret, form: KeyForm::Token }))
                .collect(),
        }
    }

    /// The first secret that is missing.
    pub(crate) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        self.secrets.iter().copied().find(|key| !keys.is_ready(*key))
    }

    /// Everything that it reads.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let sent = self.fields.iter().filter_map(|(_, value)| value.as_ref());
        std::iter::once(&self.url).chain(sent)
    }

    /// The key that has to be asked for before a request can be judged.
    pub(crate) fn wants(
        &self,
        scope: &Scope<'_, '_>,
        keys: &Keys,
        asked: &[Source],
    ) -> Option<Box<KeyRequest>> {
        let source = self.source(scope).ok()?;
        let request = fetch::unless_known(&source, None, scope, asked)?;
        let secrets = self.secrets.iter().filter_map(|key| keys.secrets(*key).first().cloned());
        Some(Box::new(KeyRequest { secrets: secrets.collect(), ..*request }))
    }

    /// The key, for what a signature is made with.
    pub(super) fn bound(
        &self,
        scope: &Scope<'_, '_>,
        scheme: &Signature,
    ) -> Result<PublicKey, Stop> {
        let key = PublicKey::bind(scheme.algorithm, scheme.mode, self.key(scope)?.clone());
        key.map_err(|why| unauthorized(Reason::FetchedKey { why }))
    }

    /// The key, for tokens.
    pub(in crate::pipeline) fn of_tokens(&self, scope: &Scope<'_, '_>) -> Result<TokenKey, Stop> {
        let key = TokenKey::bind(self.key(scope)?.clone());
        key.map_err(|why| unauthorized(Reason::FetchedKey { why }))
    }

    fn key<'k>(&self, scope: &Scope<'k, '_>) -> Result<&'k FoundKey, Stop> {
        let source = self.source(scope)?;
        match &fetch::known(&source, scope, WHAT)?.found {
            Some(Found::Key(Some(key))) => Ok(key),
            _ => Err(unauthorized(Reason::UnknownKey)),
        }
    }

    fn source(&self, scope: &Scope<'_, '_>) -> Result<Source, Stop> {
        let url = text(&self.url, scope, "URL of the key")?;
        let url = self.anchor.admit(&url);
        let url = url.map_err(|why| unauthorized(Reason::ForeignUrl { what: WHAT, why }))?;
        let (mut n_secrets, mut n_bytes) = (0, 0);
        let fields = self.fields.iter().map(|(name, value)| {
            let field = if let Some(value) = value {
                let text = text(value, scope, "field that asks for the key")?;
                n_bytes += text.len();
                if n_bytes > MOST_SENT {
                    return Err(unauthorized(Reason::AsksTooMuch { most: MOST_SENT }));
                }
                SentField::Text(text.to_string())
            } else {
                n_secrets += 1;
                SentField::Secret(n_secrets - 1)
            };
            Ok((name.clone(), field))
        });
        let fields = fields.collect::<Result<_, Stop>>()?;
        Ok(Source::of_key(&url, AskedKey { fields, how: Arc::clone(&self.how) }))
    }
}
