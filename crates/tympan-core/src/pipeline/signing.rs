//! What we sign ourselves: tokens of challenges, and answers that are encrypted.

use tympan_expr::Expression;

use crate::config;
use crate::keys::KeyForm;
use crate::keys::KeyId;
use crate::keys::KeyUse;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::scheme::Algorithm;
use crate::scheme::Encoding;

/// What we sign, and how.
#[derive(Debug)]
pub(super) struct Signing {
    key: KeyId,
    algorithm: Algorithm,
    encoding: Encoding,
    payload: Expression,
}

impl Signing {
    pub(super) fn compile(signing: &config::Signing, keys: &mut KeyUses) -> Self {
        let how = signing.derivation.clone();
        let form = match signing.algorithm {
            Algorithm::Digest(_) => KeyForm::Digest(signing.mode, how),
            _ => KeyForm::Mac(signing.mode, how),
        };
        Self {
            key: keys.id(KeyUse { secret: signing.secret, form }),
            algorithm: signing.algorithm,
            encoding: signing.encoding,
            payload: signing.payload.clone(),
        }
    }

    /// The key of the signature.
    pub(super) fn key(&self) -> KeyId {
        self.key
    }

    /// What is signed.
    pub(super) fn payload(&self) -> &Expression {
        &self.payload
    }

    /// Whether what is signed may be parts, among which the secret stands.
    pub(super) fn takes_parts(&self) -> bool {
        matches!(self.algorithm, Algorithm::Digest(_))
    }

    /// The signature of these parts, as it is written, if there is a key.
    pub(super) fn sign(&self, parts: &[&[u8]], keys: &Keys) -> Option<String> {
        let signed = if let Algorithm::Digest(at) = self.algorithm {
            keys.digests(self.key).first()?.sign(parts, at).to_vec()
        } else {
            keys.macs(self.key).first()?.sign(&parts.concat())
        };
        Some(self.encoding.encode(&signed))
    }
}
