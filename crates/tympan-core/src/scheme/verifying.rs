//! Whether a private key has signed something: the one place where its public half is used.

use std::cell::OnceCell;

use p256::ecdsa::DerSignature;
use p256::ecdsa::Signature as FixedSignature;
use p256::ecdsa::VerifyingKey;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use ring::signature::RsaParameters;
use ring::signature::RsaPublicKeyComponents;
use ring::signature::UnparsedPublicKey;
use ring::signature::VerificationAlgorithm;

use super::EcdsaForm;
use super::HashMode;
use super::Tag;

/// The shortest RSA key that proves anything, in bits.
pub(crate) const FEWEST_BITS: usize = 2048;

/// What may be signed: however many signatures and keys are tried on it, its digest is computed once,
/// where the library lets us compute it.
pub(crate) struct Signed<'p> {
    bytes: &'p [u8],
    digest: OnceCell<(HashMode, Tag)>,
}

impl<'p> Signed<'p> {
    pub(crate) fn new(bytes: &'p [u8]) -> Self {
        Self { bytes, digest: OnceCell::new() }
    }

    /// By a key of RSA, with its modulus and exponent.
    pub(crate) fn by_rsa(
        &self,
        parameters: &RsaParameters,
        (n, e): (&[u8], &[u8]),
        signature: &[u8],
    ) -> bool {
        // Another length is known to be none before anything is computed.
        signature.len() == n.len()
            && RsaPublicKeyComponents { n, e }.verify(parameters, self.bytes, signature).is_ok()
    }

    /// By a key over P-256, with any hash function.
    pub(crate) fn by_p256(
        &self,
        key: &VerifyingKey,
        mode: HashMode,
        form: EcdsaForm,
        signature: &[u8],
    ) -> bool {
        match form {
            EcdsaForm::Der => DerSignature::from_bytes(signature)
                .is_ok_and(|it| key.verify_prehash(&self.digest(mode), &it).is_ok()),
            EcdsaForm::Fixed => FixedSignature::from_slice(signature)
                .is_ok_and(|it| key.verify_prehash(&self.digest(mode), &it).is_ok()),
        }
    }

    /// By a key of what the library knows as one algorithm.
    pub(crate) fn by(
        &self,
        algorithm: &'static dyn VerificationAlgorithm,
        key: &[u8],
        signature: &[u8],
    ) -> bool {
        UnparsedPublicKey::new(algorithm, key).verify(self.bytes, signature).is_ok()
    }

    fn digest(&self, mode: HashMode) -> Tag {
        let known = self.digest.get_or_init(|| (mode, mode.digest([self.bytes])));
        // All keys of one signature have one hash function.
        if known.0 == mode { known.1 } else { mode.digest([self.bytes]) }
    }
}
