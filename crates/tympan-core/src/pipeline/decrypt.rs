//! What an encrypted body says.

use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::Value;

use super::Fact;
use super::Head;
use super::Scope;
use super::body;
use crate::config;
use crate::config::Accept;
use crate::keys::KeyForm;
use crate::keys::KeyId;
use crate::keys::KeyUse;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::scheme::Cipher;
use crate::scheme::Encoding;

/// How a listener's bodies are encrypted.
#[derive(Debug)]
pub(super) struct Decrypt {
    key: KeyId,
    cipher: Cipher,
    ciphertext: Expression,
    encoding: Encoding,
    accept: Accept,
}

/// What an encrypted text says.
#[derive(Debug)]
pub(super) struct Plain(Vec<u8>);

impl Decrypt {
    pub(super) fn compile(decrypt: &config::Decrypt, accept: Accept, keys: &mut KeyUses) -> Self {
        Self {
            key: keys.id(key_use(decrypt)),
            cipher: decrypt.cipher.clone(),
            ciphertext: decrypt.ciphertext.clone(),
            encoding: decrypt.encoding,
            accept: decrypt.accept.unwrap_or(accept),
        }
    }

    /// The key, if it has no value.
    pub(super) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        (!keys.is_ready(self.key)).then_some(self.key)
    }

    /// How what it says is to be read.
    pub(super) fn accept(&self) -> Accept {
        self.accept
    }

    /// Where the encrypted text is.
    pub(super) fn ciphertext(&self) -> &Expression {
        &self.ciphertext
    }

    /// What a body says. Nobody learns of a text why it cannot be read: that would tell what others
    /// have encrypted.
    pub(super) fn run(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<Plain, Stop> {
        self.open(&self.ciphertext, scope, keys).ok_or_else(|| refused(scope))
    }

    /// The same, as its parser understands it.
    pub(super) fn read<'p>(
        &self,
        plain: &'p Plain,
        scope: &Scope<'_, '_>,
    ) -> Result<Value<'p>, Stop> {
        let said = self.parse(plain, scope.head).ok_or_else(|| refused(scope))?;
        scope.tell(|| Fact::Decrypted { is_read: true });
        Ok(said)
    }

    /// What an encrypted text says, if it can be read.
    pub(super) fn open(
        &self,
        ciphertext: &Expression,
        scope: &Scope<'_, '_>,
        keys: &Keys,
    ) -> Option<Plain> {
        let value = ciphertext.eval(scope).ok()?;
        // A whole body is bytes.
        let text = str::from_utf8(value.as_bytes()?).ok()?;
        let encrypted = self.encoding.decode_body(text)?;
        // Every key is tried, so that the time does not tell which of them fits.
        keys.ciphers(self.key).iter().fold(None, |found, key| {
            let plain = self.cipher.decrypt(key, &encrypted);
            found.or(plain.map(Plain))
        })
    }

    /// What a message says, as its parser understands it.
    pub(super) fn parse<'p>(&self, plain: &'p Plain, head: &Head) -> Option<Value<'p>> {
        body::parse(self.accept, &Paths::Whole, head, &plain.0).ok()
    }
}

impl Plain {
    /// What one said that was kept.
    pub(super) fn kept(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What the secret of encrypted bodies is used for.
pub(super) fn key_use(decrypt: &config::Decrypt) -> KeyUse {
    KeyUse { secret: decrypt.secret, form: KeyForm::Cipher(decrypt.derivation.clone()) }
}

fn refused(scope: &Scope<'_, '_>) -> Stop {
    scope.tell(|| Fact::Decrypted { is_read: false });
    Stop::new(Outcome::Unauthorized, Reason::Undecryptable)
}
