//! How a proof is placed, formatted, composed and keyed: one description that verifies and signs.
//!
//! Nothing here knows a request: values come in as text and bytes, so the same description serves
//! the pipeline, tests, and whoever signs as the provider would.

mod algorithm;
mod certificate;
mod cipher;
mod derivation;
mod digest;
mod encoding;
mod format;
mod found_key;
mod hash;
mod public_key;
mod signature;
mod signing_key;
mod timestamp;
mod unusable;
mod verifying;

pub use algorithm::Algorithm;
pub use algorithm::EcdsaForm;
pub use certificate::Certificate;
pub use certificate::IssuedTo;
pub use certificate::authorities;
pub use certificate::is_name;
pub use cipher::Cipher;
pub use cipher::CipherKey;
pub use cipher::Framing;
pub use cipher::Iv;
pub use cipher::Padding;
pub use cipher::Salt;
pub use derivation::Derivation;
pub use derivation::Written;
pub use digest::DigestKey;
pub use digest::SecretAt;
pub use encoding::Encoding;
pub use encoding::Tag;
pub use format::Format;
pub use format::MOST_SIGNATURES;
pub use format::Positional;
pub use format::Received;
pub use found_key::FoundKey;
pub use hash::HashMode;
pub use hash::MacKey;
pub use public_key::PublicKey;
pub use signature::Signature;
pub use signature::Unproven;
pub use signing_key::SigningKey;
pub use timestamp::Timestamp;
pub use timestamp::Unit;
pub use unusable::Unusable;
pub(crate) use verifying::FEWEST_BITS;
pub(crate) use verifying::Signed;

use subtle::ConstantTimeEq;

/// Whether two secrets are equal, in a time that tells nothing but their lengths.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
