//! To which partition of a topic a key leads, as it does for Java's client.

use bytes::Buf;

/// What Java's client begins its hashes with.
const SEED: u32 = 0x9747_b28c;

/// The partition of a key, of so many.
pub(super) fn of(key: &[u8], count: usize) -> usize {
    let hash = usize::try_from(murmur2(key) & 0x7fff_ffff).unwrap_or_default();
    hash % count.max(1)
}

/// Austin Appleby's `MurmurHash2` of 32 bits.
fn murmur2(mut bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    #[expect(clippy::cast_possible_truncation, reason = "no key is as long as that")]
    let mut hash = SEED ^ bytes.len() as u32;
    while bytes.len() >= 4 {
        let mut part = bytes.get_u32_le().wrapping_mul(M);
        part ^= part >> 24;
        hash = hash.wrapping_mul(M) ^ part.wrapping_mul(M);
    }
    if !bytes.is_empty() {
        for (place, byte) in bytes.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * place);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ hash >> 15
}

#[cfg(test)]
mod tests {
    use super::murmur2;
    use super::of;

    /// Values of Kafka's own tests (`UtilsTest.testMurmur2`).
    #[test]
    fn as_the_client_of_java() {
        for (key, expected) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), expected, "{key}");
        }
        assert_eq!(of(b"abc", 10), 7);
        assert_eq!(of(b"", 1), 0);
    }
}
