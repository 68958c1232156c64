//! How texts are kept that are much, and seldom looked at: the files of what serves are compared with
//! those of the next load, and told of when they differ.

use std::fmt;
use std::sync::Arc;

use lz4_flex::block;

/// A text, packed where that is worth it. Of one text all are alike.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Packed {
    /// As it is.
    Plain(Arc<[u8]>),
    /// As an LZ4 block behind its length.
    Lz4(Arc<[u8]>),
}

/// Texts of fewer bytes are kept as they are: packing takes some time, however short they are.
const SHORT: u32 = 4096;

impl Packed {
    /// The text again.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Plain(bytes) => bytes.to_vec(),
            Self::Lz4(packed) => {
                block::decompress_size_prepended(packed).expect("it is what was packed")
            }
        }
    }

    /// The same, with a character in place of what is no UTF-8.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes())
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

impl From<&[u8]> for Packed {
    fn from(bytes: &[u8]) -> Self {
        match u32::try_from(bytes.len()) {
            Ok(SHORT..) => Self::Lz4(block::compress_prepend_size(bytes).into()),
            // The length of a block is a number of 32 bits.
            Ok(_) | Err(_) => Self::Plain(bytes.into()),
        }
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Plain(bytes) | Self::Lz4(bytes)) = self;
        write!(f, "Packed({} bytes)", bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Packed;

    proptest! {
        #[test]
        fn what_is_packed_comes_back(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            times in 0..40_usize,
        ) {
            let bytes = bytes.repeat(times);
            let packed = Packed::from(&bytes[..]);
            prop_assert_eq!(&packed.bytes(), &bytes);
            prop_assert_eq!(packed.text(), String::from_utf8_lossy(&bytes));
            prop_assert_eq!(packed, Packed::from(&bytes[..]));
        }
    }
}
