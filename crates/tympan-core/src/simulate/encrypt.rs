//! Encrypting a body as the provider would.

use serde_json::Value as Json;

use super::Draft;
use super::Simulation;
use super::Unsimulable;
use super::place;
use crate::config::Listener;
use crate::scheme::CipherKey;

impl Simulation<'_> {
    /// Encrypts what a delivery says, where its listener wants that.
    pub(super) fn encrypt(
        &self,
        listener: &Listener,
        draft: &mut Draft,
    ) -> Result<(), Unsimulable> {
        let Some(decrypt) = &listener.decrypt else { return Ok(()) };
        let found = self.secret(decrypt.secret)?.expose();
        let unusable = |why| Unsimulable::NoKey { secret: self.secret_name(decrypt.secret), why };
        let derived = decrypt.derivation.as_ref().map(|how| how.key(found)).transpose();
        let derived = derived.map_err(unusable)?;
        let key = CipherKey::new(derived.as_ref().map_or(found, |key| key)).map_err(unusable)?;
        let salt = key.salt(u128::from(draft.now.to_bits()));
        let encrypted = decrypt.cipher.encrypt(&key, &draft.body, salt);
        let text = Json::String(decrypt.encoding.encode(&encrypted));
        let computed = Unsimulable::Other { what: "decrypt" };
        let (root, keys) = decrypt.ciphertext.as_path().ok_or(computed)?;
        draft.body = Vec::new();
        let put = place::put(draft, listener.accept, (root, &keys), &text);
        put.map_err(|why| Unsimulable::Unplaced { what: "encrypted body", why })
    }
}
