//! Private keys: for whoever signs as the provider would. Nothing that serves has one.

use std::fmt;

use p256::ecdsa::Signature as FixedSignature;
use p256::ecdsa::SigningKey as EcdsaKey;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::pkcs8::DecodePrivateKey;
use ring::rand::SystemRandom;
use ring::signature as rsa;
use ring::signature::Ed25519KeyPair;
use ring::signature::KeyPair;
use ring::signature::RsaEncoding;
use ring::signature::RsaKeyPair;
use x509_parser::pem::parse_x509_pem;
use zeroize::Zeroizing;

use super::Algorithm;
use super::EcdsaForm;
use super::HashMode;
use super::Unusable;
use super::Written;

/// A private key of one algorithm and one hash function.
pub enum SigningKey {
    /// RFC 8032
    Ed25519(Ed25519KeyPair),
    /// FIPS 186-5, over P-256.
    Ecdsa(Box<EcdsaKey>, HashMode, EcdsaForm),
    /// RFC 8017
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
}

impl SigningKey {
    /// Reads a key as it is found in a file: PKCS #8 in PEM, or in hex or base64; for Ed25519 the
    /// seed, too, with the public key behind it or not.
    ///
    /// # Errors
    ///
    /// Why it is none.
    pub fn read(algorithm: Algorithm, mode: HashMode, found: &[u8]) -> Result<Self, Unusable> {
        let text = found.trim_ascii();
        if text.starts_with(b"-----BEGIN") {
            let (_, pem) = parse_x509_pem(text).map_err(|_| Unusable::NotPrivateKey)?;
            return Self::from_bytes(algorithm, mode, &Zeroizing::new(pem.contents));
        }
        let ways = [Written::Hex.decode(text), Written::Base64.decode(text)];
        let mut bytes = ways.into_iter().flatten();
        bytes
            .find_map(|bytes| Self::from_bytes(algorithm, mode, &bytes).ok())
            .map_or_else(|| Self::from_bytes(algorithm, mode, found), Ok)
    }

    fn from_bytes(algorithm: Algorithm, mode: HashMode, bytes: &[u8]) -> Result<Self, Unusable> {
        match algorithm {
            Algorithm::Ed25519 => {
                let pair = match (bytes.len(), bytes.split_at_checked(32)) {
                    (32, _) => Ed25519KeyPair::from_seed_unchecked(bytes).ok(),
                    (64, Some((seed, public))) => {
                        Ed25519KeyPair::from_seed_and_public_key(seed, public).ok()
                    }
                    _ => Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes).ok(),
                };
                pair.map(Self::Ed25519)
            }
            Algorithm::EcdsaP256(form) => {
                let key = EcdsaKey::from_pkcs8_der(bytes).ok();
                key.map(|key| Self::Ecdsa(Box::new(key), mode, form))
            }
            Algorithm::RsaPkcs1 | Algorithm::RsaPss => {
                let pair = RsaKeyPair::from_pkcs8(bytes).or_else(|_| RsaKeyPair::from_der(bytes));
                pair.ok()
                    .zip(encoding(algorithm, mode))
                    .map(|(pair, it)| Self::Rsa(pair.into(), it))
            }
            Algorithm::Hmac | Algorithm::Digest(_) => None,
        }
        .ok_or(Unusable::NotPrivateKey)
    }

    /// The public key, as [`super::FoundKey::from_bytes`] reads it.
    #[must_use]
    pub fn public(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Self::Ecdsa(key, ..) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Self::Rsa(pair, _) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// The signature of `payload`.
    ///
    /// # Errors
    ///
    /// [`Unusable::NotPrivateKey`] if the key is too small for it, or there is no randomness.
    pub fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, Unusable> {
        match self {
            Self::Ed25519(pair) => Ok(pair.sign(payload).as_ref().to_vec()),
            Self::Ecdsa(key, mode, form) => {
                let digest = mode.digest([payload]);
                let signed: FixedSignature =
                    key.sign_prehash(&digest).map_err(|_| Unusable::NotPrivateKey)?;
                Ok(match form {
                    EcdsaForm::Der => signed.to_der().as_bytes().to_vec(),
                    EcdsaForm::Fixed => signed.to_bytes().to_vec(),
                })
            }
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), payload, &mut signature)
                    .map_err(|_| Unusable::NotPrivateKey)?;
                Ok(signature)
            }
        }
    }
}

/// SHA-1 is verified where old senders need it, and not signed with: the library does not either.
fn encoding(algorithm: Algorithm, mode: HashMode) -> Option<&'static dyn RsaEncoding> {
    match (algorithm, mode) {
        (Algorithm::RsaPkcs1, HashMode::Sha256) => Some(&rsa::RSA_PKCS1_SHA256),
        (Algorithm::RsaPkcs1, HashMode::Sha384) => Some(&rsa::RSA_PKCS1_SHA384),
        (Algorithm::RsaPkcs1, HashMode::Sha512) => Some(&rsa::RSA_PKCS1_SHA512),
        (Algorithm::RsaPss, HashMode::Sha256) => Some(&rsa::RSA_PSS_SHA256),
        (Algorithm::RsaPss, HashMode::Sha384) => Some(&rsa::RSA_PSS_SHA384),
        (Algorithm::RsaPss, HashMode::Sha512) => Some(&rsa::RSA_PSS_SHA512),
        _ => None,
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;
    use super::EcdsaForm;
    use super::HashMode;
    use super::SigningKey;
    use crate::scheme::PublicKey;

    /// RFC 8032, section 7.1, test 2.
    const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    const PUBLIC: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    const SIGNATURE: &str = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

    #[test]
    fn published_example() {
        let (algorithm, mode) = (Algorithm::Ed25519, HashMode::Sha256);
        for key in [SEED.to_owned(), format!("{SEED}{PUBLIC}")] {
            let key = SigningKey::read(algorithm, mode, key.as_bytes()).unwrap();
            assert_eq!(const_hex::encode(key.sign(&[0x72]).unwrap()), SIGNATURE);
        }
        let signature = const_hex::decode(SIGNATURE).unwrap();
        let public = PublicKey::read(algorithm, mode, PUBLIC.as_bytes()).unwrap();
        assert!(public.verifies(&[0x72], &signature));
        assert!(!public.verifies(&[0x73], &signature));
        assert!(!public.verifies(&[0x72], &signature[..63]));
        assert!(!public.verifies(&[0x72], &[]));
    }

    /// RFC 6979, appendix A.2.5: the key, and the signature of "sample" with SHA-256 and SHA-1.
    #[test]
    fn published_example_of_ecdsa() {
        let public = "04\
            60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
            7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
        let signatures = [
            (
                HashMode::Sha256,
                "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716\
                 f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
            ),
            (
                HashMode::Sha1,
                "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32\
                 6d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb",
            ),
        ];
        for (mode, signature) in signatures {
            let fixed = Algorithm::EcdsaP256(EcdsaForm::Fixed);
            let key = PublicKey::read(fixed, mode, public.as_bytes()).unwrap();
            let signature = const_hex::decode(signature).unwrap();
            assert!(key.verifies(b"sample", &signature), "{mode:?}");
            assert!(!key.verifies(b"simple", &signature), "{mode:?}");
            let der = Algorithm::EcdsaP256(EcdsaForm::Der);
            let key = PublicKey::read(der, mode, public.as_bytes()).unwrap();
            assert!(!key.verifies(b"sample", &signature), "{mode:?}");
        }
    }

    #[test]
    fn what_is_no_key() {
        let read = |text: &[u8]| SigningKey::read(Algorithm::RsaPkcs1, HashMode::Sha256, text);
        for text in [&b""[..], b"key", SEED.as_bytes(), b"-----BEGIN PRIVATE KEY-----"] {
            assert!(read(text).is_err());
        }
    }
}
