//! How much memory the bodies of all requests in flight take together.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use tympan_core::pipeline::BodyFault;

/// What is taken, in bytes.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    taken: AtomicU64,
}

/// Room for one body.
pub(crate) struct Room<'m> {
    pub(crate) memory: &'m Memory,
    /// What all bodies may take.
    pub(crate) limit: u64,
    /// What this one takes, to be given back at its end.
    pub(crate) taken: &'m mut u64,
}

impl Room<'_> {
    /// Takes more.
    ///
    /// # Errors
    ///
    /// There is not that much.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), BodyFault> {
        let bytes = bytes as u64;
        let taken = self.memory.taken.fetch_add(bytes, Ordering::Relaxed);
        // Given back in any case.
        *self.taken += bytes;
        if taken + bytes > self.limit { Err(BodyFault::NoMemory) } else { Ok(()) }
    }
}

impl Memory {
    /// Takes back what a body took.
    pub(crate) fn give_back(&self, bytes: u64) {
        if bytes > 0 {
            self.taken.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}
