//! What stands around a signature, both ways.

use smallvec::SmallVec;

use super::HashMode;

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
    /// `key=value` pairs with commas between them, or other texts for `=` and `,`.
    Pairs {
        /// The key of the timestamp, if it stands here.
        timestamp: Option<String>,
        /// The key of the signatures.
        signature: String,
        /// What stands between two pairs.
        between: String,
        /// What stands between key and value.
        equals: String,
    },
    /// `version,signature` items with blanks between them.
    Versions(String),
    /// Signatures with this text between them.
    List(String),
    /// Parts in a fixed order.
    Positional(Positional),
    /// The name of a hash function, this text, and the signature: only these functions count.
    Named(String, Vec<HashMode>),
}

/// Parts in a fixed order, with a text between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positional {
    /// What stands between two parts.
    pub between: String,
    /// Which part is the timestamp, counted from zero.
    pub timestamp: Option<usize>,
    /// Which part is the signature, counted from zero.
    pub signature: usize,
    /// Whether all parts behind that one are signatures, too.
    pub repeated: bool,
    /// What stands between several such values.
    pub list: Option<String>,
}

/// What was found in a value of some format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received<'t> {
    /// The timestamp, if the format holds it.
    pub timestamp: Option<&'t str>,
    /// The signatures, still encoded.
    pub signatures: SmallVec<[&'t str; 4]>,
    /// The hash function, if the format names it.
    pub mode: Option<HashMode>,
}

impl Received<'_> {
    /// What two values hold together; `None` if they say two things of what only one can be true
    /// of, or hold too many signatures.
    #[must_use]
    pub fn with(mut self, other: Self) -> Option<Self> {
        if other.mode != self.mode || (self.timestamp.is_some() && other.timestamp.is_some()) {
            return None;
        }
        self.timestamp = self.timestamp.or(other.timestamp);
        self.signatures.extend(other.signatures);
        (self.signatures.len() <= MOST_SIGNATURES).then_some(self)
    }
}

impl Format {
    /// Takes a value apart; `None` if it is not of this format, or holds too many signatures.
    #[must_use]
    pub fn read<'t>(&self, value: &'t str) -> Option<Received<'t>> {
        let mut received = Received::default();
        match self {
            Self::Plain => received.signatures.push(value),
            Self::Prefix(prefix) => received.signatures.push(value.strip_prefix(prefix.as_str())?),
            Self::Pairs { timestamp, signature, between, equals } => {
                for pair in value.split(between.as_str()) {
                    let (key, value) = pair.trim().split_once(equals.as_str())?;
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
            Self::Positional(positional) => match &positional.list {
                None => positional.read(value, &mut received)?,
                Some(between) => {
                    for item in value.split(between.as_str()) {
                        positional.read(item.trim(), &mut received)?;
                    }
                }
            },
            Self::Named(between, modes) => {
                let (name, signature) = value.split_once(between.as_str())?;
                // The sender may choose, but not what nobody has allowed.
                let mode = HashMode::read(name).filter(|mode| modes.contains(mode))?;
                received.mode = Some(mode);
                received.signatures.push(signature);
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
            Self::Pairs { timestamp: time_key, signature: key, between, equals } => {
                let time = time_key.as_ref().map_or_else(String::new, |time_key| {
                    format!("{time_key}{equals}{}{between}", timestamp.unwrap_or_default())
                });
                format!("{time}{key}{equals}{signature}")
            }
            Self::Versions(version) => format!("{version},{signature}"),
            Self::Positional(positional) => positional.write(signature, timestamp),
            Self::Named(between, modes) => {
                format!("{}{between}{signature}", modes.first().map_or("", |mode| mode.word()))
            }
        }
    }

    /// Whether a value may hold several signatures, so that a header may stand several times.
    #[must_use]
    pub fn is_list(&self) -> bool {
        match self {
            Self::Pairs { .. } | Self::Versions(_) | Self::List(_) => true,
            Self::Positional(positional) => positional.list.is_some(),
            Self::Plain | Self::Prefix(_) | Self::Named(..) => false,
        }
    }

    /// Whether a value of this format holds the timestamp.
    #[must_use]
    pub fn holds_timestamp(&self) -> bool {
        match self {
            Self::Pairs { timestamp, .. } => timestamp.is_some(),
            Self::Positional(positional) => positional.timestamp.is_some(),
            _ => false,
        }
    }
}

impl Positional {
    fn read<'t>(&self, value: &'t str, received: &mut Received<'t>) -> Option<()> {
        let mut n_signatures = 0;
        for (index, part) in value.split(self.between.as_str()).map(str::trim).enumerate() {
            if Some(index) == self.timestamp {
                // Two timestamps: which of them was signed is anyone's guess.
                if received.timestamp.replace(part).is_some() {
                    return None;
                }
            } else if index == self.signature || (self.repeated && index > self.signature) {
                received.signatures.push(part);
                n_signatures += 1;
            }
        }
        (n_signatures > 0).then_some(())
    }

    fn write(&self, signature: &str, timestamp: Option<&str>) -> String {
        let last = self.signature.max(self.timestamp.unwrap_or(0));
        let parts = (0..=last).map(|index| match index {
            _ if index == self.signature => signature,
            _ if Some(index) == self.timestamp => timestamp.unwrap_or_default(),
            _ => "",
        });
        parts.collect::<Vec<_>>().join(&self.between)
    }
}

#[cfg(test)]
mod tests {
    use smallvec::SmallVec;

    use super::Format;
    use super::HashMode;
    use super::Positional;
    use super::Received;

    #[track_caller]
    fn check(format: &Format, value: &str, timestamp: Option<&str>, signatures: &[&str]) {
        let signatures = SmallVec::from_slice(signatures);
        let expected = Received { timestamp, signatures, mode: None };
        assert_eq!(format.read(value), Some(expected));
    }

    fn pairs() -> Format {
        separated(",", "=")
    }

    fn separated(between: &str, equals: &str) -> Format {
        Format::Pairs {
            timestamp: Some("t".into()),
            signature: "v1".into(),
            between: between.into(),
            equals: equals.into(),
        }
    }

    fn positional(list: Option<&str>) -> Positional {
        Positional {
            between: "/".into(),
            timestamp: None,
            signature: 2,
            repeated: false,
            list: list.map(str::to_owned),
        }
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
    fn pairs_with_other_separators() {
        check(&separated(";", "="), "t=1;v1=a;v1=b,c", Some("1"), &["a", "b,c"]);
        check(&separated("&", "|"), "v1|a&other|b", None, &["a"]);
        assert_eq!(separated(";", "=").read("t=1,v1=a").unwrap().signatures.len(), 0);
    }

    #[test]
    fn parts_in_order() {
        let format = Format::Positional(positional(Some(",")));
        check(&format, "1/SHA256/a, 2/SHA256/b/c", None, &["a", "b"]);
        assert_eq!(format.read("1/SHA256/a,2/SHA256"), None);
        assert_eq!(format.read(""), None);

        let stamped = Format::Positional(Positional {
            between: ",".into(),
            timestamp: Some(0),
            signature: 1,
            repeated: true,
            list: None,
        });
        check(&stamped, "17,a,b", Some("17"), &["a", "b"]);
        assert_eq!(stamped.read("17"), None);
        assert_eq!(stamped.read(&["17"; 22].join(",")), None);
    }

    #[test]
    fn a_named_function_has_to_be_allowed() {
        let format = Format::Named("=".into(), vec![HashMode::Sha256, HashMode::Sha512]);
        assert_eq!(format.read("sha256=a").unwrap().mode, Some(HashMode::Sha256));
        assert_eq!(format.read("sha512=a").unwrap().mode, Some(HashMode::Sha512));
        for value in ["sha1=a", "md5=a", "a", "=a", "sha256", "none=a"] {
            assert_eq!(format.read(value), None, "{value}");
        }
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
            separated("&", "|"),
            Format::Positional(positional(Some(","))),
            Format::Positional(Positional { timestamp: Some(0), ..positional(None) }),
            Format::Named("=".into(), vec![HashMode::Sha1]),
        ] {
            let value = format.write("c2ln", Some("7"));
            let received = format.read(&value).unwrap();
            assert_eq!(received.signatures[..], ["c2ln"]);
            assert_eq!(received.timestamp, format.holds_timestamp().then_some("7"));
        }
    }
}
