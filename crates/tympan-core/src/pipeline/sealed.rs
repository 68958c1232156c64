//! A body that nobody has vouched for yet, and the three doors into it.

use bytes::Bytes;

use super::decrypt::Plain;
use super::verify::Proof;

/// The largest unverified body that is looked at for a challenge, in bytes.
pub(crate) const CHALLENGE_CAP: usize = 16 << 10;

/// A body that nobody has vouched for yet.
#[derive(Clone, Debug)]
pub(crate) struct Sealed(Bytes);

/// A body whose sender has proved itself: whoever holds one may do with it what it likes.
#[derive(Debug)]
pub(crate) struct Verified<'b>(&'b [u8]);

impl Sealed {
    pub(super) fn new(body: Bytes) -> Self {
        Self(body)
    }

    /// The first door: a challenge may lie in the body. Nothing large is one.
    pub(super) fn for_challenge(&self) -> Option<&[u8]> {
        (self.0.len() <= CHALLENGE_CAP).then_some(&*self.0)
    }

    /// The second door: a proof may lie in the body, and is composed of it.
    pub(super) fn for_proof(&self) -> &[u8] {
        &self.0
    }

    /// The third door: what was refused may be kept, for the operator alone.
    pub(super) fn for_keeping(&self) -> &[u8] {
        &self.0
    }

    /// Opens it for good; only verification makes a [`Proof`].
    pub(super) fn open(&self, _: &Proof) -> Verified<'_> {
        Verified(&self.0)
    }
}

impl<'b> Verified<'b> {
    /// What an encrypted body says; only verification makes a [`Proof`].
    pub(super) fn decrypted(plain: &'b Plain, _: &Proof) -> Self {
        Self(plain.bytes())
    }

    /// One that was verified when it came, and then kept as such.
    pub(super) fn kept(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &'b [u8] {
        self.0
    }
}
