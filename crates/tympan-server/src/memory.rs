//! How much memory the bodies of all requests in flight take together.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use tympan_core::pipeline::BodyFault;

use crate::serving::Shared;

/// What is taken, in bytes.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    taken: AtomicU64,
}

/// The memory of one body, which is free again when this is dropped.
pub(crate) struct Reserved {
    shared: Arc<Shared>,
    bytes: u64,
}

impl Reserved {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, bytes: 0 }
    }

    /// Takes more.
    ///
    /// # Errors
    ///
    /// There is not that much.
    pub(crate) fn more(&mut self, bytes: usize) -> Result<(), BodyFault> {
        let bytes = bytes as u64;
        let limit = self.shared.serving.load().server.limits.in_flight_bytes;
        let taken = self.shared.memory.taken.fetch_add(bytes, Ordering::Relaxed);
        // Given back in any case, when this ends.
        self.bytes += bytes;
        if taken + bytes > limit { Err(BodyFault::NoMemory) } else { Ok(()) }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.shared.memory.taken.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}
