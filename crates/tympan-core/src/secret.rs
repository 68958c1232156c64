//! What must never be shown: the value of a secret, and why there is none.

use std::fmt;

use zeroize::Zeroizing;

/// Secrets shorter than this many bytes are warned about: published examples use them, nobody
/// should.
pub const SHORT: usize = 16;

/// The value of a secret. It is never empty, never printed, and wiped when dropped.
#[derive(Clone)]
pub struct Secret {
    bytes: Zeroizing<Vec<u8>>,
}

/// Why a reference gives no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// The environment variable is not set, and `env_file` does not name it.
    NotSet {
        /// The variable.
        variable: String,
    },
    /// The file is not there.
    NoFile {
        /// The file.
        file: String,
    },
    /// The file cannot be read.
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        why: String,
    },
    /// No handshake has brought one.
    NotCaptured {
        /// The secret.
        secret: String,
    },
    /// There is a value, and it is empty or blank.
    Empty {
        /// Where it was looked up.
        place: String,
    },
}

impl Secret {
    /// A secret as it was found in `place`: one line break at its end is not part of it.
    ///
    /// # Errors
    ///
    /// [`Unresolved::Empty`] if nothing or nothing but blanks is left.
    pub fn new(found: Vec<u8>, place: &str) -> Result<Self, Unresolved> {
        let mut bytes = Zeroizing::new(found);
        if bytes.ends_with(b"\n") {
            bytes.pop();
            if bytes.ends_with(b"\r") {
                bytes.pop();
            }
        }
        if bytes.trim_ascii().is_empty() {
            return Err(Unresolved::Empty { place: place.to_owned() });
        }
        Ok(Self { bytes })
    }

    /// The value, for whoever computes with it.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is so short that it should be replaced.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.bytes.len() < SHORT
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSet { variable } => write!(f, "environment variable {variable} is not set"),
            Self::NoFile { file } => write!(f, "{file} does not exist"),
            Self::Unreadable { file, why } => write!(f, "{file} cannot be read: {why}"),
            Self::NotCaptured { secret } => {
                write!(f, "no handshake has brought it yet: `tympan secrets arm {secret}` lets one")
            }
            Self::Empty { place } => write!(f, "{place} is empty"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn one_line_break_at_the_end_is_no_part() {
        let value = |found: &str| Secret::new(found.into(), "x").map(|s| s.expose().to_vec());
        assert_eq!(value("abc\n"), Ok(b"abc".to_vec()));
        assert_eq!(value("abc\r\n"), Ok(b"abc".to_vec()));
        assert_eq!(value("abc\n\n"), Ok(b"abc\n".to_vec()));
        assert_eq!(value(" abc "), Ok(b" abc ".to_vec()));
        for blank in ["", "\n", " \t\n", "\r\n"] {
            assert!(value(blank).is_err(), "{blank:?}");
        }
    }

    #[test]
    fn never_printed() {
        let secret = Secret::new(b"hunter2".to_vec(), "x").unwrap();
        assert_eq!(format!("{secret:?}"), "***");
    }
}
