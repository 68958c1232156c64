//! How a proof is placed, formatted, composed and keyed: one description that verifies and signs.
//!
//! Nothing here knows a request: values come in as text and bytes, so the same description serves
//! the pipeline, tests, and whoever signs as the provider would.

mod encoding;
mod format;
mod hash;
mod signature;
mod timestamp;

pub use encoding::Encoding;
pub use encoding::Tag;
pub use format::Format;
pub use format::MOST_SIGNATURES;
pub use format::Received;
pub use hash::HashMode;
pub use hash::MacKey;
pub use signature::Signature;
pub use signature::Unproven;
pub use timestamp::Timestamp;
pub use timestamp::Unit;

use subtle::ConstantTimeEq;

/// Whether two secrets are equal, in a time that tells nothing but their lengths.
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
