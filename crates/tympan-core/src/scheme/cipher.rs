//! Texts that are encrypted with a secret of both sides: what stands around them, both ways.

use std::fmt;

use aes::Aes256;
use aes::cipher::BlockModeDecrypt;
use aes::cipher::BlockModeEncrypt;
use aes::cipher::KeyIvInit;
use subtle::Choice;
use subtle::ConstantTimeEq;
use subtle::ConstantTimeLess;
use zeroize::Zeroizing;

use super::HashMode;
use super::MacKey;
use super::Unusable;

/// How long a block of the cipher is, in bytes.
const BLOCK: usize = 16;

/// How long its key is, in bytes.
const KEY: usize = 32;

/// How a text is encrypted: AES-256 in CBC mode (FIPS 197; NIST SP 800-38A, section 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cipher {
    /// Where its first vector comes from.
    pub iv: Iv,
    /// To a multiple of how many bytes it is filled up (RFC 5652, section 6.3).
    pub padding: Padding,
    /// What stands around the message.
    pub framing: Option<Framing>,
}

/// Where the first vector comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Iv {
    /// It stands before what is encrypted.
    Start,
    /// It is the beginning of the key.
    Key,
}

/// To a multiple of how many bytes a text is filled up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// One block.
    Sixteen,
    /// Two of them.
    ThirtyTwo,
}

/// What stands around a message: random bytes and its length, the highest byte first, before it,
/// and behind it for whom it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framing {
    /// For whom it is.
    pub receiver: String,
}

/// A key of the cipher.
#[derive(Clone)]
pub struct CipherKey(Zeroizing<[u8; KEY]>);

/// What a text of ours is made different by: no other has the same.
pub type Salt = [u8; BLOCK];

impl Iv {
    /// Every word that can be written.
    pub const WORDS: &[&str] = &["start", "key"];

    /// What a word of the configuration names.
    #[must_use]
    pub fn read(word: &str) -> Self {
        if word == "key" { Self::Key } else { Self::Start }
    }
}

impl Padding {
    /// Every number that can be written.
    pub const NUMBERS: &[u64] = &[16, 32];

    /// What a number of the configuration names.
    #[must_use]
    pub fn read(number: &str) -> Option<Self> {
        match number {
            "16" => Some(Self::Sixteen),
            "32" => Some(Self::ThirtyTwo),
            _ => None,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Sixteen => BLOCK,
            Self::ThirtyTwo => 2 * BLOCK,
        }
    }
}

impl CipherKey {
    /// Makes a key of bytes.
    ///
    /// # Errors
    ///
    /// They are not as many as the cipher takes.
    pub fn new(bytes: &[u8]) -> Result<Self, Unusable> {
        let key = <[u8; KEY]>::try_from(bytes).map_err(|_| Unusable::CipherLength)?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// Bytes that nobody can tell who does not have the key, and that are others for each `number`.
    #[must_use]
    pub fn salt(&self, number: u128) -> Salt {
        let mac = MacKey::new(HashMode::Sha256, self.0.as_slice());
        let found = mac.sign(&number.to_be_bytes());
        let mut salt = Salt::default();
        salt.copy_from_slice(&found[..BLOCK]);
        salt
    }

    fn iv(&self) -> Salt {
        let mut iv = Salt::default();
        iv.copy_from_slice(&self.0[..BLOCK]);
        iv
    }
}

impl fmt::Debug for CipherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CipherKey(***)")
    }
}

impl Cipher {
    /// The message of an encrypted text, which has to be UTF-8; `None` for whatever is wrong with it.
    /// It tells nobody what that is, not by its time either.
    #[must_use]
    pub fn decrypt(&self, key: &CipherKey, encrypted: &[u8]) -> Option<Vec<u8>> {
        let (iv, encrypted) = match self.iv {
            Iv::Start => encrypted.split_first_chunk::<BLOCK>().map(|(iv, rest)| (*iv, rest))?,
            Iv::Key => (key.iv(), encrypted),
        };
        if encrypted.is_empty() || !encrypted.len().is_multiple_of(BLOCK) {
            return None;
        }
        let mut text = encrypted.to_vec();
        let mut cipher = cbc::Decryptor::<Aes256>::new(&(*key.0).into(), &iv.into());
        for block in text.as_chunks_mut::<BLOCK>().0 {
            cipher.decrypt_block(block.into());
        }
        let n_padding = padding(&text, self.padding)?;
        text.truncate(text.len() - n_padding);
        if let Some(framing) = &self.framing {
            text = framing.read(&text)?;
        }
        std::str::from_utf8(&text).is_ok().then_some(text)
    }

    /// A message, encrypted.
    #[must_use]
    pub fn encrypt(&self, key: &CipherKey, message: &[u8], salt: Salt) -> Vec<u8> {
        let mut text = match &self.framing {
            Some(framing) => framing.write(message, salt),
            None => message.to_vec(),
        };
        let most = self.padding.bytes();
        let n_padding = most - text.len() % most;
        text.resize(text.len() + n_padding, u8::try_from(n_padding).unwrap_or(u8::MAX));
        let iv = match self.iv {
            Iv::Start => salt,
            Iv::Key => key.iv(),
        };
        let mut cipher = cbc::Encryptor::<Aes256>::new(&(*key.0).into(), &iv.into());
        for block in text.as_chunks_mut::<BLOCK>().0 {
            cipher.encrypt_block(block.into());
        }
        match self.iv {
            Iv::Start => [&iv, text.as_slice()].concat(),
            Iv::Key => text,
        }
    }
}

impl Framing {
    fn read(&self, text: &[u8]) -> Option<Vec<u8>> {
        let (length, rest) = text.get(BLOCK..)?.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (message, receiver) = rest.split_at_checked(length)?;
        super::equal(receiver, self.receiver.as_bytes()).then(|| message.to_vec())
    }

    fn write(&self, message: &[u8], salt: Salt) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
        [&salt, &length[..], message, self.receiver.as_bytes()].concat()
    }
}

/// How many bytes a text is filled up with, if it is. It takes as long whatever the bytes are.
fn padding(text: &[u8], padding: Padding) -> Option<usize> {
    let end = &text[text.len().saturating_sub(padding.bytes())..];
    let n_padding = *end.last()?;
    let most = u8::try_from(end.len()).ok()?;
    let mut is_padding: Choice = !n_padding.ct_eq(&0) & n_padding.ct_lt(&(most + 1));
    for (index, byte) in (0..most).zip(end.iter().rev()) {
        is_padding &= !index.ct_lt(&n_padding) | byte.ct_eq(&n_padding);
    }
    bool::from(is_padding).then_some(usize::from(n_padding))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::Cipher;
    use super::CipherKey;
    use super::Framing;
    use super::Iv;
    use super::Padding;

    const PLAIN: Cipher = Cipher { iv: Iv::Start, padding: Padding::Sixteen, framing: None };

    fn key() -> CipherKey {
        let bytes: Vec<u8> = (0..32).collect();
        CipherKey::new(&bytes).unwrap()
    }

    fn framed() -> Cipher {
        let framing = Some(Framing { receiver: "corp".to_owned() });
        Cipher { iv: Iv::Key, padding: Padding::ThirtyTwo, framing }
    }

    /// `openssl enc -aes-256-cbc -K 000102..1f -iv f0f1..ff`, of `{"a":1}` and of 16 letters.
    #[test]
    fn texts_of_openssl() {
        for (encrypted, expected) in [
            ("8PHy8/T19vf4+fr7/P3+/9V0m5eSu1nBVIprN8+zyjo=", "{\"a\":1}"),
            (
                "8PHy8/T19vf4+fr7/P3+/82VEUbMdARqVsk6MOSnzVDlZEsUdCDLCQIp1se5DtYW",
                "0123456789abcdef",
            ),
        ] {
            let encrypted = STANDARD.decode(encrypted).unwrap();
            let found = PLAIN.decrypt(&key(), &encrypted);
            assert_eq!(found.as_deref(), Some(expected.as_bytes()));
        }
    }

    /// The same with random bytes, a length and a receiver, filled up to 32, from Python's
    /// `struct` and `openssl`; its vector is the beginning of the key.
    #[test]
    fn a_framed_text_of_openssl() {
        let encrypted = STANDARD.decode("Z4pZqf0hP+4UmXu53f1WY0QB5Q6TXyrPg53ogVSryuI=").unwrap();
        assert_eq!(framed().decrypt(&key(), &encrypted).as_deref(), Some(&b"success"[..]));
        let framing = Some(Framing { receiver: "other".to_owned() });
        assert_eq!(Cipher { framing, ..framed() }.decrypt(&key(), &encrypted), None);
    }

    #[test]
    fn what_is_encrypted_is_decrypted() {
        let salt = key().salt(7);
        assert_ne!(salt, key().salt(8));
        for length in 0..100 {
            let message = "m".repeat(length);
            for cipher in [PLAIN, framed()] {
                let encrypted = cipher.encrypt(&key(), message.as_bytes(), salt);
                assert_eq!(encrypted.len() % 16, 0);
                let found = cipher.decrypt(&key(), &encrypted);
                assert_eq!(found.as_deref(), Some(message.as_bytes()), "{length}");
                let again = cipher.encrypt(&key(), message.as_bytes(), key().salt(9));
                assert_ne!(encrypted, again);
            }
        }
    }

    #[test]
    fn whatever_is_wrong_gives_nothing() {
        let good = PLAIN.encrypt(&key(), b"0123456789", key().salt(1));
        assert_eq!(good.len(), 32);
        for length in (0..32).chain([33, 40, 47]) {
            let other: Vec<u8> = good.iter().copied().chain([0; 16]).take(length).collect();
            assert_eq!(PLAIN.decrypt(&key(), &other), None, "{length}");
        }
        let other = CipherKey::new(&[7; 32]).unwrap();
        assert_eq!(PLAIN.decrypt(&other, &good), None);
        // A length that leads beyond the end, and bytes that are no text.
        let framed = framed();
        let plain = Cipher { framing: None, ..framed.clone() };
        let salt = key().salt(1);
        for inner in [
            &b""[..],
            &[0; 19],
            &[&[0; 16][..], &[0, 0, 0, 5], b"corp"].concat(),
            &[&[0; 16][..], &[0xff; 4], b"corp"].concat(),
            &[&[0; 16][..], &[0, 0, 0, 0], b"corpse"].concat(),
        ] {
            // Not UTF-8 alone, but for `plain` only its padding counts.
            let encrypted = plain.encrypt(&key(), inner, salt);
            assert_eq!(framed.decrypt(&key(), &encrypted), None, "{inner:?}");
        }
        assert_eq!(PLAIN.decrypt(&key(), &PLAIN.encrypt(&key(), b"\xff", salt)), None);
        assert!(CipherKey::new(&[0; 31]).is_err() && CipherKey::new(b"").is_err());
    }

    #[test]
    fn padding() {
        let padding = |end: &[u8], padding| {
            let text = [vec![0; 48 - end.len()], end.to_vec()].concat();
            super::padding(&text, padding)
        };
        let (one, two) = (Padding::Sixteen, Padding::ThirtyTwo);
        assert_eq!((padding(&[1], one), padding(&[2, 2], one)), (Some(1), Some(2)));
        assert_eq!((padding(&[16; 16], one), padding(&[16; 16], two)), (Some(16), Some(16)));
        assert_eq!((padding(&[32; 32], one), padding(&[32; 32], two)), (None, Some(32)));
        for wrong in [&[0][..], &[2], &[3, 2, 3], &[17; 17], &[33; 33], &[0xff; 40]] {
            assert_eq!(padding(wrong, one), None, "{wrong:?}");
        }
        assert_eq!((padding(&[33; 33], two), padding(&[0xff], two)), (None, None));
        assert_eq!(super::padding(&[32; 16], two), None, "there are not as many");
    }
}
