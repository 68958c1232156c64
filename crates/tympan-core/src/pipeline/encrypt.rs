//! What is encrypted of an answer, and how its receiver knows that it is ours.

use std::time::Duration;

use tympan_expr::Expression;
use tympan_expr::Value;

use super::Fact;
use super::Scope;
use super::decrypt::key_use;
use super::signing::Signing;
use crate::config;
use crate::keys::KeyId;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Reason;
use crate::scheme::Cipher;
use crate::scheme::Encoding;
use crate::scheme::Timestamp;

/// What is encrypted of an answer.
#[derive(Debug)]
pub(super) struct Encrypt {
    key: KeyId,
    cipher: Cipher,
    encoding: Encoding,
    message: Expression,
    timestamp: Timestamp,
    signature: Option<Signing>,
}

/// What was encrypted, and what goes with it, as expressions read it.
pub(super) type Reply = Vec<(&'static str, String)>;

impl Encrypt {
    /// What is encrypted of a response, if anything is.
    pub(super) fn of(
        response: &config::Response,
        decrypt: Option<&config::Decrypt>,
        keys: &mut KeyUses,
    ) -> Option<Self> {
        response.encrypt.as_ref().zip(decrypt).map(|(it, decrypt)| Self::compile(it, decrypt, keys))
    }

    fn compile(encrypt: &config::Encrypt, decrypt: &config::Decrypt, keys: &mut KeyUses) -> Self {
        Self {
            key: keys.id(key_use(decrypt)),
            cipher: decrypt.cipher.clone(),
            encoding: decrypt.encoding,
            message: encrypt.message.clone(),
            timestamp: Timestamp { unit: encrypt.timestamp, tolerance: Duration::ZERO },
            signature: encrypt.signature.as_ref().map(|it| Signing::compile(it, keys)),
        }
    }

    /// The first key that is missing.
    pub(super) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        let all = std::iter::once(self.key).chain(self.signature.as_ref().map(Signing::key));
        all.into_iter().find(|key| !keys.is_ready(*key))
    }

    /// Everything that it reads.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let payload = self.signature.as_ref().map(Signing::payload);
        std::iter::once(&self.message).chain(payload)
    }

    /// Encrypts what is to be said, if it may be.
    pub(super) fn run(
        &self,
        scope: &Scope<'_, '_>,
        may_say: impl Fn(&str) -> bool,
    ) -> Result<Reply, Reason> {
        let keys = scope.keys.ok_or(Reason::Unsendable { what: "ciphertext" })?;
        let key = keys.ciphers(self.key).first();
        let key = key.ok_or(Reason::Unsendable { what: "ciphertext" })?;
        let what = "the encrypted message";
        let message =
            self.message.eval(scope).map_err(|bound| Reason::Exhausted { what, bound })?;
        let message = message.as_text().ok_or(Reason::Missing { what: "encrypted message" })?;
        if self.message.as_constant().is_none() && !may_say(message) {
            return Err(Reason::EchoRefused);
        }
        // A request is answered once, so its number makes no two texts alike.
        let salt = key.salt(scope.head.id.0);
        let nonce = key.salt(!scope.head.id.0);
        let encrypted = self.cipher.encrypt(key, message.as_bytes(), salt);
        let mut reply = vec![
            ("ciphertext", self.encoding.encode(&encrypted)),
            ("timestamp", self.timestamp.write(scope.head.now)),
            ("nonce", const_hex::encode(&nonce[..8])),
        ];
        if let Some(signature) = &self.signature {
            let signed = sign(signature, &Scope { reply: &reply, ..scope.clone() }, keys)?;
            reply.push(("signature", signed));
        }
        for (name, value) in reply.iter().filter(|(name, _)| *name != "timestamp") {
            scope.tell(|| Fact::Reply { name, value });
        }
        Ok(reply)
    }
}

/// The signature of an answer.
fn sign(signature: &Signing, scope: &Scope<'_, '_>, keys: &Keys) -> Result<String, Reason> {
    let what = "the payload of the answer";
    let payload =
        signature.payload().eval(scope).map_err(|bound| Reason::Exhausted { what, bound })?;
    let parts: Vec<Vec<u8>> = match &payload {
        Value::List(items) => items.iter().map(bytes).collect::<Option<_>>(),
        one => bytes(one).map(|one| vec![one]),
    }
    .ok_or(Reason::Missing { what: "payload of the answer" })?;
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    signature.sign(&parts, keys).ok_or(Reason::Unsendable { what: "signature" })
}

fn bytes(value: &Value<'_>) -> Option<Vec<u8>> {
    match value {
        Value::Null => None,
        Value::Text(_) | Value::Bytes(_) => value.as_bytes().map(<[u8]>::to_vec),
        other => other.to_text().map(|text| text.as_bytes().to_vec()),
    }
}
