//! Who sent it, by what stands in `Authorization`: HTTP Basic, API keys and access tokens.
//!
//! All of it is in the head, so it is judged before anything of the body is read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::header;
use zeroize::Zeroizing;

use super::Fact;
use super::Head;
use super::Scope;
use super::access_token::Issuer;
use super::verify::missing;
use super::verify::only;
use super::verify::unauthorized;
use crate::config::BasicCheck;
use crate::config::ClientProof;
use crate::config::Config;
use crate::config::CredentialCheck;
use crate::keys::KeyForm;
use crate::keys::KeyId;
use crate::keys::KeyUse;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::scheme::HashMode;
use crate::scheme::equal;

/// A proof that stands in `Authorization`.
#[derive(Debug)]
pub(crate) struct CredentialVerify {
    /// Which of the listener's proofs it is, counted as they are written.
    number: usize,
    wanted: Wanted,
}

#[derive(Debug)]
enum Wanted {
    /// A user and its password.
    Basic { username: String, key: KeyId },
    /// A key, alone or as the password of any user.
    ApiKey(KeyId),
    /// A token that we have issued.
    AccessToken(Issuer),
    /// What could not be read: nobody has it.
    Nothing,
}

/// What stands in `Authorization`.
pub(super) enum Given<'h> {
    /// `Bearer TOKEN` (RFC 6750, section 2.1).
    Bearer(&'h [u8]),
    /// `Basic ...` (RFC 7617).
    Basic(UserAndPassword),
}

/// A user and its password, as they were sent.
pub(super) struct UserAndPassword {
    bytes: Zeroizing<Vec<u8>>,
    colon: usize,
}

impl CredentialVerify {
    pub(super) fn basic(check: &BasicCheck, keys: &mut KeyUses, number: usize) -> Self {
        let key = keys.id(KeyUse { secret: check.secret, form: KeyForm::Token });
        Self { number, wanted: Wanted::Basic { username: check.username.clone(), key } }
    }

    pub(super) fn client(
        check: &CredentialCheck,
        config: &Config,
        keys: &mut KeyUses,
        number: usize,
    ) -> Self {
        let client = config.clients.get(check.client.0);
        let wanted = match client.and_then(|client| client.proof.as_ref()) {
            Some(ClientProof::ApiKey(secret)) => {
                Wanted::ApiKey(keys.id(KeyUse { secret: *secret, form: KeyForm::Token }))
            }
            Some(ClientProof::OAuth { secret, .. }) => {
                let client = client.map_or("", |client| client.name.as_str());
                issuer(client, *secret, config, keys).map_or(Wanted::Nothing, Wanted::AccessToken)
            }
            None => Wanted::Nothing,
        };
        Self { number, wanted }
    }

    /// Which of the listener's proofs it is, counted as they are written.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// The first key that is missing.
    pub(super) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        let needed = match &self.wanted {
            Wanted::Basic { key, .. } | Wanted::ApiKey(key) => [Some(*key), None],
            Wanted::AccessToken(issuer) => [Some(issuer.secret), Some(issuer.signing)],
            Wanted::Nothing => [None, None],
        };
        needed.into_iter().flatten().find(|key| !keys.is_ready(*key))
    }

    /// How a client is asked for what it has to show, where it asks to be asked (RFC 9110, section
    /// 11.6.1).
    pub(super) fn asks_for(&self) -> &'static str {
        match &self.wanted {
            Wanted::Basic { .. } | Wanted::ApiKey(_) => {
                r#"Basic realm="webhooks", charset="UTF-8""#
            }
            Wanted::AccessToken(_) | Wanted::Nothing => r#"Bearer realm="webhooks""#,
        }
    }

    pub(super) fn run(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<(), Stop> {
        let result = self.judge(scope.head, keys);
        let what = if matches!(self.wanted, Wanted::Basic { .. }) { "basic" } else { "credential" };
        scope.tell(|| {
            let result = result.as_ref().copied();
            Fact::Other { number: self.number, what, result }
        });
        result
    }

    fn judge(&self, head: &Head, keys: &Keys) -> Result<(), Stop> {
        let is_it = match (&self.wanted, given(head)?) {
            (Wanted::Basic { username, key }, Given::Basic(given)) => {
                // Both are compared, whatever becomes of the first.
                let is_user = equal(username.as_bytes(), given.user());
                is_user & keys.is_token(*key, given.password())
            }
            (Wanted::ApiKey(key), Given::Bearer(given)) => keys.is_token(*key, given),
            (Wanted::ApiKey(key), Given::Basic(given)) => keys.is_token(*key, given.password()),
            (Wanted::AccessToken(issuer), Given::Bearer(given)) => {
                return issuer.judge(given, head.now, keys).map_err(|reason| {
                    let is_late = matches!(reason, Reason::Expired { .. });
                    let outcome = if is_late { Outcome::Stale } else { Outcome::Unauthorized };
                    Stop::new(outcome, reason)
                });
            }
            _ => false,
        };
        if is_it { Ok(()) } else { Err(unauthorized(Reason::WrongCredential)) }
    }
}

/// What the tokens of a client come from; `None` where nothing signs them.
pub(super) fn issuer(
    client: &str,
    secret: crate::config::SecretId,
    config: &Config,
    keys: &mut KeyUses,
) -> Option<Issuer> {
    let form = KeyForm::Mac(HashMode::Sha256, None);
    Some(Issuer {
        signing: keys.id(KeyUse { secret: config.token_key?, form }),
        client: client.to_owned(),
        secret: keys.id(KeyUse { secret, form: KeyForm::Token }),
    })
}

/// What stands in `Authorization`, which has to be there once. The name of the scheme may be in any
/// case (RFC 9110, section 11.1).
pub(super) fn given(head: &Head) -> Result<Given<'_>, Stop> {
    let what = "Authorization";
    let value = only(&header::AUTHORIZATION, head, what)?;
    let end = value.iter().position(|byte| *byte == b' ').ok_or_else(|| missing(what))?;
    let (scheme, rest) = (&value[..end], value[end..].trim_ascii());
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(Given::Bearer(rest));
    }
    if scheme.eq_ignore_ascii_case(b"basic") {
        let engine = if rest.ends_with(b"=") { STANDARD } else { STANDARD_NO_PAD };
        let bytes = engine.decode(rest).map_err(|_| unauthorized(Reason::WrongCredential))?;
        let colon = bytes.iter().position(|byte| *byte == b':');
        let colon = colon.ok_or_else(|| unauthorized(Reason::WrongCredential))?;
        return Ok(Given::Basic(UserAndPassword { bytes: Zeroizing::new(bytes), colon }));
    }
    Err(unauthorized(Reason::WrongCredential))
}

impl UserAndPassword {
    pub(super) fn user(&self) -> &[u8] {
        &self.bytes[..self.colon]
    }

    pub(super) fn password(&self) -> &[u8] {
        &self.bytes[self.colon + 1..]
    }
}
