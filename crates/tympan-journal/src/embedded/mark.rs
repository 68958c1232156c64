//! How far the journal had come, told outside of it.
//!
//! A write-ahead log that ends early looks like one that was never longer: whatever stood behind a
//! damaged page is not missed by anybody. So the last number that was acknowledged stands in a file
//! of its own, which is written after each group is durable and therefore never says too much.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const MAGIC: &[u8; 4] = b"tymk";
const LENGTH: usize = 16;

/// The file.
#[derive(Debug)]
pub(super) struct Mark {
    file: File,
}

impl Mark {
    /// Opens it, and says what it says: `None` if it was not there or cannot be read.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Option<u64>)> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path)?;
        let mut bytes = [0; LENGTH];
        let known = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => read(bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error),
        };
        Ok((Self { file }, known))
    }

    /// Everything up to a number is durable.
    pub(super) fn set(&self, number: u64) -> io::Result<()> {
        self.file.write_all_at(&written(number), 0)
    }

    /// Makes what it says last.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

fn written(number: u64) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    bytes[..4].copy_from_slice(MAGIC);
    bytes[4..12].copy_from_slice(&number.to_le_bytes());
    let sum = crc32fast::hash(&bytes[..12]);
    bytes[12..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

fn read(bytes: [u8; LENGTH]) -> Option<u64> {
    let number = bytes[4..12].try_into().map(u64::from_le_bytes).ok()?;
    (written(number) == bytes).then_some(number)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Mark;

    #[test]
    fn what_was_set_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mark");
        let (mark, known) = Mark::open(&path).unwrap();
        assert_eq!(known, None);
        mark.set(7).unwrap();
        mark.set(1 << 40).unwrap();
        assert_eq!(Mark::open(&path).unwrap().1, Some(1 << 40));
        let mut bytes = fs::read(&path).unwrap();
        bytes[5] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert_eq!(Mark::open(&path).unwrap().1, None);
    }
}
