//! Encrypting what a provider says as it would.

use serde_json::Value as Json;
use tympan_expr::Expression;

use super::Draft;
use super::Simulation;
use super::Unsimulable;
use super::place;
use crate::config::Decrypt;
use crate::config::Listener;
use crate::scheme::CipherKey;

impl Simulation<'_> {
    /// Encrypts what a delivery says, where its listener wants that.
    pub(super) fn encrypt(
        &self,
        listener: &Listener,
        draft: &mut Draft,
    ) -> Result<(), Unsimulable> {
        match &listener.decrypt {
            Some(decrypt) if !self.is_encrypted(listener, &decrypt.ciphertext, draft) => {
                self.envelop(listener, decrypt, &decrypt.ciphertext, draft)
            }
            _ => Ok(()),
        }
    }

    /// Whether an encrypted text stands where it is read from already: whoever has written it there
    /// means it.
    pub(super) fn is_encrypted(
        &self,
        listener: &Listener,
        ciphertext: &Expression,
        draft: &Draft,
    ) -> bool {
        let found = self.preview(listener, draft, |scope| {
            ciphertext.eval(scope).is_ok_and(|it| it.as_text().is_some_and(|it| !it.is_empty()))
        });
        found.unwrap_or_default()
    }

    /// Puts what the body says where it is read from, encrypted: the body holds nothing else.
    pub(super) fn envelop(
        &self,
        listener: &Listener,
        decrypt: &Decrypt,
        ciphertext: &Expression,
        draft: &mut Draft,
    ) -> Result<(), Unsimulable> {
        let (root, keys) = ciphertext.as_path().ok_or(Unsimulable::Envelope)?;
        let found = self.secret(decrypt.secret)?.expose();
        let unusable = |why| Unsimulable::NoKey { secret: self.secret_name(decrypt.secret), why };
        let derived = decrypt.derivation.as_ref().map(|how| how.key(found)).transpose();
        let derived = derived.map_err(unusable)?;
        let key = CipherKey::new(derived.as_ref().map_or(found, |key| key)).map_err(unusable)?;
        let salt = key.salt(u128::from(draft.now.to_bits()));
        let encrypted = decrypt.cipher.encrypt(&key, &std::mem::take(&mut draft.body), salt);
        let text = Json::String(decrypt.encoding.encode(&encrypted));
        let put = place::put(draft, listener.accept, (root, &keys), &text);
        put.map_err(|why| Unsimulable::Unplaced { what: "encrypted text", why })
    }
}
