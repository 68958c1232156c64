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
use crate::scheme::Unusable;

impl Simulation<'_> {
    /// Encrypts what a delivery says, where its listener wants that, and whoever wrote the body has not
    /// done so.
    ///
    /// Where the ciphertext stands at no plain path, the body is one as it is sent, but with its message
    /// in the place of that.
    pub(super) fn encrypt(
        &self,
        listener: &Listener,
        draft: &mut Draft,
    ) -> Result<(), Unsimulable> {
        let Some(decrypt) = &listener.decrypt else { return Ok(()) };
        if self.is_encrypted(listener, &decrypt.ciphertext, draft) {
            return Ok(());
        }
        if decrypt.ciphertext.as_path().is_some() {
            return self.envelop(listener, decrypt, &decrypt.ciphertext, draft);
        }
        let message = self.text_at(listener, &decrypt.ciphertext, draft);
        let message = message.ok_or(Unsimulable::NoMessage)?;
        let text = self.ciphertext(decrypt, message.as_bytes(), draft.now)?;
        let body = String::from_utf8_lossy(&draft.body).replacen(&message, &text, 1);
        draft.body = body.into_bytes();
        Ok(())
    }

    /// Whether an encrypted text stands where it is read from already: whoever has written it there
    /// means it.
    pub(super) fn is_encrypted(
        &self,
        listener: &Listener,
        ciphertext: &Expression,
        draft: &Draft,
    ) -> bool {
        let Some(decrypt) = &listener.decrypt else { return false };
        let opens = |text: String| {
            let key = cipher_key(decrypt, self.secret(decrypt.secret).ok()?.expose()).ok()?;
            decrypt.cipher.decrypt(&key, &decrypt.encoding.decode_all(&text)?)
        };
        self.text_at(listener, ciphertext, draft).and_then(opens).is_some()
    }

    /// Puts what the body says where it is read from, encrypted: the body holds nothing else.
    pub(super) fn envelop(
        &self,
        listener: &Listener,
        decrypt: &Decrypt,
        ciphertext: &Expression,
        draft: &mut Draft,
    ) -> Result<(), Unsimulable> {
        let (root, keys) = ciphertext.as_path().ok_or(Unsimulable::NoMessage)?;
        let body = std::mem::take(&mut draft.body);
        let text = Json::String(self.ciphertext(decrypt, &body, draft.now)?);
        let put = place::put(draft, listener.accept, (root, &keys), &text);
        put.map_err(|why| Unsimulable::Unplaced { what: "encrypted text", why })
    }

    /// The text that an expression reads from a request as far as it is built.
    pub(super) fn text_at(
        &self,
        listener: &Listener,
        at: &Expression,
        draft: &Draft,
    ) -> Option<String> {
        let text = self.preview(listener, draft, |scope| {
            at.eval(scope).ok()?.to_text().map(|text| text.to_string())
        });
        text.flatten().filter(|text| !text.is_empty())
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
