//! Whether an entry is what was once kept.

use crc32fast::Hasher;

/// Everything that an entry is told by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summed<'e> {
    pub(super) number: u64,
    pub(super) id: &'e str,
    pub(super) listener: &'e str,
    pub(super) received: u64,
    pub(super) body: &'e [u8],
}

impl Summed<'_> {
    pub(super) fn sum(&self) -> u32 {
        let mut hasher = Hasher::new();
        hasher.update(&self.number.to_le_bytes());
        hasher.update(&self.received.to_le_bytes());
        for text in [self.id.as_bytes(), self.listener.as_bytes(), self.body] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text);
        }
        hasher.finalize()
    }
}
