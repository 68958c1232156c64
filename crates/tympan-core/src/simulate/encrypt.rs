//! Encrypting a body as the provider would.

use serde_json::Value as Json;
use tympan_expr::Expression;

use super::Draft;
use super::Simulation;
use super::Unsimulable;
use super::place;
use crate::config::Decrypt;
use crate::config::Listener;
use crate::scheme::CipherKey;
use crate::scheme::Unusable;

impl Simulation<'_> {
    /// Encrypts what a delivery says, where its listener wants that.
    ///
    /// Where the ciphertext stands at no plain path, the body is one as it is sent, but with its message
    /// in the place of that.
    pub(super) fn encrypt(
        &self,
        listener: &Listener,
        draft: &mut Draft,
    ) -> Result<(), Unsimulable> {
        let Some(decrypt) = &listener.decrypt else { return Ok(()) };
        if decrypt.ciphertext.as_path().is_some() {
            return self.encrypt_at(listener, &decrypt.ciphertext, draft);
        }
        let message = self.preview(listener, draft, |scope| {
            let found = decrypt.ciphertext.eval(scope).ok()?;
            found.to_text().map(|text| text.to_string())
        });
        let message = message.flatten().ok_or(Unsimulable::NoMessage)?;
        let text = self.ciphertext(decrypt, message.as_bytes(), draft.now)?;
        let body = String::from_utf8_lossy(&draft.body).replacen(&message, &text, 1);
        draft.body = body.into_bytes();
        Ok(())
    }

    /// Encrypts the body as a whole, and puts it where an expression reads it.
    pub(super) fn encrypt_at(
        &self,
        listener: &Listener,
        at: &Expression,
        draft: &mut Draft,
    ) -> Result<(), Unsimulable> {
        let Some(decrypt) = &listener.decrypt else { return Ok(()) };
        let (root, keys) = at.as_path().ok_or(Unsimulable::Other { what: "ciphertext" })?;
        let text = Json::String(self.ciphertext(decrypt, &draft.body, draft.now)?);
        draft.body = Vec::new();
        let put = place::put(draft, listener.accept, (root, &keys), &text);
        put.map_err(|why| Unsimulable::Unplaced { what: "encrypted body", why })
    }

    fn ciphertext(
        &self,
        decrypt: &Decrypt,
        message: &[u8],
        now: f64,
    ) -> Result<String, Unsimulable> {
        let found = self.secret(decrypt.secret)?.expose();
        let unusable = |why| Unsimulable::NoKey { secret: self.secret_name(decrypt.secret), why };
        let key = cipher_key(decrypt, found).map_err(unusable)?;
        let salt = key.salt(u128::from(now.to_bits()));
        Ok(decrypt.encoding.encode(&decrypt.cipher.encrypt(&key, message, salt)))
    }
}

/// The key that a secret becomes.
pub(super) fn cipher_key(decrypt: &Decrypt, secret: &[u8]) -> Result<CipherKey, Unusable> {
    let derived = decrypt.derivation.as_ref().map(|how| how.key(secret)).transpose()?;
    CipherKey::new(derived.as_ref().map_or(secret, |key| key))
}
