//! What stands around a signature, both ways.

use smallvec::SmallVec;

/// How many signatures of one request are tried.
pub const MOST_SIGNATURES: usize = 20;

/// What stands around a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Nothing; or a word and `=` before it, such as `sha256=`, which is taken off when what is
    /// left is a signature.
    Plain,
    /// A fixed text before it.
    Prefix(String),
    /// `key=value` pairs with commas between them.
    Pairs {
        /// The key of the timestamp, if it stands here.
        timestamp: Option<String>,
        /// The key of the signatures.
        signature: String,
    },
    /// `version,signature` items with blanks between them.
    Versions(String),
    /// Signatures with this text between them.
    List(String),
}

/// What was found in a value of some format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received<'t> {
    /// The timestamp, if the format holds it.
    pub timestamp: Option<&'t str>,
    /// The signatures, still encoded.
    pub signatures: SmallVec<[&'t str; 4]>,
}

impl Format {
    /// Takes a value apart; `None` if it is not of this format, or holds too many signatures.
    #[must_use]
    pub fn read<'t>(&self, value: &'t str) -> Option<Received<'t>> {
        let mut received = Received::default();
        match self {
            Self::Plain => received.signatures.push(value),
            Self::Prefix(prefix) => received.signatures.push(value.strip_prefix(prefix.as_str())?),
            Self::Pairs { timestamp, signature } => {
                for pair in value.split(',') {
                    let (key, value) = pair.trim().split_once('=')?;
                    if key == signature {
                        received.signatures.push(value);
                    } else if Some(key) == timestamp.as_deref() {
                        // Two timestamps: which of them was signed is anyone's guess.
                        if received.timestamp.replace(value).is_some() {
                            return None;
                        }
                    }
                }
            }
            Self::Versions(version) => {
                for item in value.split_ascii_whitespace() {
                    let (found, signature) = item.split_once(',')?;
                    if found == version {
                        received.signatures.push(signature);
                    }
                }
            }
            Self::List(separator) => {
                received.signatures.extend(value.split(separator.as_str()).map(str::trim));
            }
        }
        (received.signatures.len() <= MOST_SIGNATURES).then_some(received)
    }

    /// A value of this format, as a sender would write it.
    #[must_use]
    pub fn write(&self, signature: &str, timestamp: Option<&str>) -> String {
        match self {
            Self::Plain | Self::List(_) => signature.to_owned(),
            Self::Prefix(prefix) => format!("{prefix}{signature}"),
            Self::Pairs { timestamp: Some(key), signature: signature_key } => {
                format!("{key}={},{signature_key}={signature}", timestamp.unwrap_or_default())
            }
            Self::Pairs { timestamp: None, signature: key } => format!("{key}={signature}"),
            Self::Versions(version) => format!("{version},{signature}"),
        }
    }

    /// Whether a value may hold several signatures, so that a header may stand several times.
    #[must_use]
    pub fn is_list(&self) -> bool {
        matches!(self, Self::Pairs { .. } | Self::Versions(_) | Self::List(_))
    }

    /// Whether a value of this format holds the timestamp.
    #[must_use]
    pub fn holds_timestamp(&self) -> bool {
        matches!(self, Self::Pairs { timestamp: Some(_), .. })
    }
}

#[cfg(test)]
mod tests {
    use smallvec::SmallVec;

    use super::Format;
    use super::Received;

    #[track_caller]
    fn check(format: &Format, value: &str, timestamp: Option<&str>, signatures: &[&str]) {
        let expected = Received { timestamp, signatures: SmallVec::from_slice(signatures) };
        assert_eq!(format.read(value), Some(expected));
    }

    fn pairs() -> Format {
        Format::Pairs { timestamp: Some("t".into()), signature: "v1".into() }
    }

    #[test]
    fn prefix() {
        let format = Format::Prefix("sha256=".into());
        check(&format, "sha256=ab", None, &["ab"]);
        check(&format, "sha256=", None, &[""]);
        assert_eq!(format.read("ab"), None);
        assert_eq!(format.read("SHA256=ab"), None);
    }

    #[test]
    fn pairs_with_several_signatures_and_other_versions() {
        check(&pairs(), "t=1,v1=a,v1=b,v0=c", Some("1"), &["a", "b"]);
        check(&pairs(), "v1=a==, t=1", Some("1"), &["a=="]);
        check(&pairs(), "t=1,v0=c", Some("1"), &[]);
    }

    #[test]
    fn pairs_that_are_none() {
        assert_eq!(pairs().read(""), None);
        assert_eq!(pairs().read("t=1,v1"), None);
        assert_eq!(pairs().read("t=1,t=2,v1=a"), None);
        assert_eq!(pairs().read(&["v1=a"; 21].join(",")), None);
        assert!(pairs().read(&["v1=a"; 20].join(",")).is_some());
    }

    #[test]
    fn versions() {
        let format = Format::Versions("v1".into());
        check(&format, "v1,a v1a,b v1,c", None, &["a", "c"]);
        check(&format, "v2,a", None, &[]);
        assert_eq!(format.read("v1"), None);
    }

    #[test]
    fn list() {
        check(&Format::List(",".into()), "a, b", None, &["a", "b"]);
    }

    #[test]
    fn what_is_written_is_read() {
        for format in [
            Format::Plain,
            Format::Prefix("v0=".into()),
            pairs(),
            Format::Versions("v1".into()),
            Format::List(";".into()),
        ] {
            let value = format.write("c2ln", Some("7"));
            let received = format.read(&value).unwrap();
            assert_eq!(received.signatures[..], ["c2ln"]);
            assert_eq!(received.timestamp, format.holds_timestamp().then_some("7"));
        }
    }
}
