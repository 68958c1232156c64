//! Access tokens: opaque to whoever holds one, and judged by nothing but what it holds.
//!
//! A token is the second at which it ends, and a MAC over that second, its client and the client's
//! secret. So no token has to be remembered: it outlives restarts, and ends when it is due, when its
//! client goes, or when the secret is replaced that it was asked for with.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::keys::KeyId;
use crate::keys::Keys;
use crate::outcome::Reason;
use crate::scheme::equal;
use crate::secret::Secret;

/// What every token begins with, so that one that was lost somewhere is known for what it is.
const PREFIX: &str = "tympan_";

/// What nothing else that is signed begins with.
const PURPOSE: &[u8] = b"tympan access token, version 1\0";

/// The length of a second, and that of the MAC behind it, in bytes.
const SECOND: usize = 8;
const TAG: usize = 32;

/// What the tokens of one client come from.
#[derive(Clone, Debug)]
pub(super) struct Issuer {
    /// What tokens are signed with.
    pub(super) signing: KeyId,
    /// The client's name.
    pub(super) client: String,
    /// What it proves itself with.
    pub(super) secret: KeyId,
}

impl Issuer {
    /// A token that ends at a second since 1970, for who has shown `secret`; `None` if there is
    /// nothing to sign it with.
    pub(super) fn issue(&self, secret: &Secret, ends: u64, keys: &Keys) -> Option<String> {
        let mac = keys.macs(self.signing).first()?;
        let mut token = ends.to_be_bytes().to_vec();
        token.extend(mac.sign(&self.signed(secret, ends)));
        Some(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(token)))
    }

    /// Judges a token: its time only when it is known to be ours.
    pub(super) fn judge(&self, token: &[u8], now: f64, keys: &Keys) -> Result<(), Reason> {
        let (ends, tag) = read(token).ok_or(Reason::WrongCredential)?;
        let macs = keys.macs(self.signing).iter();
        let is_ours = macs.flat_map(|mac| {
            let secrets = keys.secrets(self.secret).iter();
            secrets.map(move |secret| equal(&mac.sign(&self.signed(secret, ends)), &tag))
        });
        if !is_ours.fold(false, |found, is_it| found | is_it) {
            return Err(Reason::WrongCredential);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an instant")]
        let now = now as u64;
        if now < ends { Ok(()) } else { Err(Reason::Expired { seconds: now - ends }) }
    }

    /// The length stands before the name, so that no part can pass for another.
    fn signed(&self, secret: &Secret, ends: u64) -> Zeroizing<Vec<u8>> {
        let name = self.client.as_bytes();
        let length = (name.len() as u64).to_be_bytes();
        let parts = [PURPOSE, &ends.to_be_bytes(), &length, name, secret.expose()];
        Zeroizing::new(parts.concat())
    }
}

fn read(token: &[u8]) -> Option<(u64, [u8; TAG])> {
    let token = token.strip_prefix(PREFIX.as_bytes())?;
    let mut bytes = [0; SECOND + TAG + 2];
    let length = URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()?;
    let (ends, tag) = bytes.get(..length)?.split_first_chunk::<SECOND>()?;
    Some((u64::from_be_bytes(*ends), tag.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::Issuer;
    use crate::config::SecretId;
    use crate::keys::KeyForm;
    use crate::keys::KeyUse;
    use crate::keys::KeyUses;
    use crate::keys::Keys;
    use crate::outcome::Reason;
    use crate::scheme::HashMode;
    use crate::secret::Secret;

    fn secret(text: &str) -> Secret {
        Secret::new(text.into(), "x").unwrap()
    }

    fn issuer(signing: &str, client: &str, secrets: &[&str]) -> (Issuer, Keys) {
        let mut uses = KeyUses::default();
        let form = KeyForm::Mac(HashMode::Sha256, None);
        let signing_id = uses.id(KeyUse { secret: SecretId(0), form });
        let secret_id = uses.id(KeyUse { secret: SecretId(1), form: KeyForm::Token });
        let values = secrets.iter().map(|it| secret(it)).collect();
        let keys = Keys::prepare(&uses, &vec![Ok(vec![secret(signing)]), Ok(values)]);
        (Issuer { signing: signing_id, client: client.to_owned(), secret: secret_id }, keys)
    }

    #[test]
    fn a_token_is_of_one_client_and_its_secret() {
        let (issuer_a, keys) = issuer("k", "a", &["s"]);
        let token = issuer_a.issue(&secret("s"), 160, &keys).unwrap();
        let judge =
            |(issuer, keys): (Issuer, Keys), now| issuer.judge(token.as_bytes(), now, &keys);
        assert_eq!(judge(issuer("k", "a", &["s"]), 159.9), Ok(()));
        assert_eq!(judge(issuer("k", "a", &["new", "s"]), 100.0), Ok(()));
        let ended = judge(issuer("k", "a", &["s"]), 160.0);
        assert!(matches!(ended, Err(Reason::Expired { .. })), "{ended:?}");
        for other in [
            issuer("k", "a", &["new"]),
            issuer("k", "b", &["s"]),
            issuer("other", "a", &["s"]),
            issuer("k", "a", &[]),
        ] {
            assert_eq!(judge(other, 100.0), Err(Reason::WrongCredential));
        }
    }

    #[test]
    fn nothing_but_the_whole_token_counts() {
        let (issuer, keys) = issuer("k", "a", &["s"]);
        let token = issuer.issue(&secret("s"), 160, &keys).unwrap();
        let others = (0..token.len()).map(|end| token[..end].to_owned());
        let longer = ["A", "=", " ", "AAAA"].map(|more| format!("{token}{more}"));
        let changed = token.char_indices().map(|(at, found)| {
            let other = if found == 'B' { "C" } else { "B" };
            format!("{}{other}{}", &token[..at], &token[at + 1..])
        });
        for other in others.chain(longer).chain(changed) {
            let judged = issuer.judge(other.as_bytes(), 100.0, &keys);
            assert_eq!(judged, Err(Reason::WrongCredential), "{other}");
        }
    }
}
