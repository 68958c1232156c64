//! Which of many alternatives makes a signature match.
//!
//! Each is tried as the pipeline tries its own: a MAC is computed and compared in constant time.
//! Nothing leaves but whether it matches.

use tympan_expr::Value;

use super::shown;
use crate::config::Config;
use crate::config::SecretId;
use crate::keys::Secrets;
use crate::scheme::Encoding;
use crate::scheme::HashMode;
use crate::scheme::MacKey;
use crate::scheme::Tag;

/// Bytes that are hashed for one explanation before it gives up.
const MOST_HASHED: usize = 128 << 20;

/// How many signatures of one value are looked at.
const MOST_READINGS: usize = 8;

const MODES: [HashMode; 4] = [HashMode::Sha1, HashMode::Sha256, HashMode::Sha384, HashMode::Sha512];

/// What alternatives are tried with.
#[derive(Clone, Copy)]
pub(super) struct Tried<'t> {
    pub(super) config: &'t Config,
    pub(super) secrets: &'t Secrets,
}

/// Something of which an alternative is made: what it is, and how it differs from what is
/// configured; nothing if it does not.
#[derive(Clone, Debug)]
pub(super) struct Part<T> {
    pub(super) what: T,
    pub(super) differs: Vec<String>,
}

/// One way to read a signature out of a value.
pub(crate) struct Reading<'t> {
    /// As it is written, without what stands around it.
    pub(crate) text: &'t str,
    pub(crate) encoding: Encoding,
    pub(crate) tag: Tag,
}

impl<T> Part<T> {
    pub(super) fn same(what: T) -> Self {
        Self { what, differs: Vec::new() }
    }

    pub(super) fn differing(what: T, how: impl Into<String>) -> Self {
        Self { what, differs: vec![how.into()] }
    }
}

impl Reading<'_> {
    /// The hash function whose length this is.
    pub(crate) fn mode(&self) -> Option<HashMode> {
        MODES.into_iter().find(|mode| mode.length() == self.tag.len())
    }
}

impl Tried<'_> {
    /// What a secret is called, and how many values it has.
    pub(super) fn about(&self, secret: SecretId) -> String {
        let name = self.name(secret);
        match self.secrets.get(secret.0) {
            Some(Ok(values)) => format!("{name}: {} resolved", shown::count(values.len(), "value")),
            Some(Err(why)) => format!("{name}: {why}"),
            None => format!("{name}: not resolved"),
        }
    }

    pub(super) fn name(&self, secret: SecretId) -> &str {
        self.config.secrets.get(secret.0).map_or("", |it| it.name.as_str())
    }

    /// Which secret a token is, and whether it is the one that is asked for.
    pub(super) fn whose(&self, wanted: SecretId, token: &[u8]) -> Option<(&str, bool)> {
        let own = self.values(wanted).iter().any(|it| crate::scheme::equal(it.expose(), token));
        if own {
            return Some((self.name(wanted), true));
        }
        let other = (0..self.secrets.len()).map(SecretId).find(|secret| {
            self.values(*secret).iter().any(|it| crate::scheme::equal(it.expose(), token))
        });
        other.map(|secret| (self.name(secret), false))
    }

    pub(super) fn values(&self, secret: SecretId) -> &[crate::secret::Secret] {
        self.secrets.get(secret.0).and_then(|found| found.as_ref().ok()).map_or(&[], Vec::as_slice)
    }
}

/// In what the first match differs from what is configured, the nearest first: in one way, then
/// in two.
pub(super) fn first_match(
    readings: &[Part<Reading<'_>>],
    keys: &[Part<Vec<u8>>],
    payloads: &[Part<Vec<u8>>],
) -> Option<Vec<String>> {
    let mut budget = MOST_HASHED;
    for most in 0..=2 {
        for reading in readings {
            let Some(mode) = reading.what.mode() else { continue };
            for key in keys {
                let mac = MacKey::new(mode, &key.what);
                for payload in payloads {
                    let n_ways = reading.differs.len() + key.differs.len() + payload.differs.len();
                    if n_ways != most {
                        continue;
                    }
                    budget = budget.checked_sub(payload.what.len() + 128)?;
                    if mac.verifies(&payload.what, &[reading.what.tag]) {
                        let ways = [&reading.differs, &key.differs, &payload.differs];
                        return Some(ways.into_iter().flatten().cloned().collect());
                    }
                }
            }
        }
    }
    None
}

/// Everything in a value that decodes to the length of some hash, the whole value first.
pub(crate) fn readings(value: &str) -> Vec<Reading<'_>> {
    let mut texts = vec![value, value.trim()];
    for item in value.split([',', ';', ' ']) {
        let item = item.trim();
        texts.push(item);
        texts.extend(item.split_once(['=', ':']).map(|(_, after)| after));
        // Base64 ends with `=`, too.
        texts.extend(item.split_once(['=', ':']).map(|(_, after)| after.trim_matches('"')));
    }
    let mut found: Vec<Reading<'_>> = Vec::new();
    for text in texts {
        if found.len() >= MOST_READINGS {
            break;
        }
        if text.len() > 200 || found.iter().any(|known| known.text == text) {
            continue;
        }
        let read = MODES.iter().find_map(|mode| {
            Encoding::ALL.iter().find_map(|encoding| {
                let tag = encoding.decode(text, mode.length())?;
                Some(Reading { text, encoding: *encoding, tag })
            })
        });
        found.extend(read);
    }
    found
}

/// The bytes of a payload, as the pipeline signs them.
pub(super) fn bytes(value: Value<'_>) -> Option<Vec<u8>> {
    match value {
        Value::Null => None,
        Value::Text(text) => Some(text.as_bytes().to_vec()),
        Value::Bytes(bytes) => Some(bytes.to_vec()),
        other => other.to_text().map(|text| text.as_bytes().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::readings;

    #[track_caller]
    fn check(value: &str, expected: &[(&str, usize)]) {
        let found = readings(value);
        let found: Vec<_> = found.iter().map(|it| (it.text, it.tag.len())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn signatures_within_values() {
        let (hex, sha1) = ("ab".repeat(32), "cd".repeat(20));
        check(&hex, &[(&hex, 32)]);
        check(&format!("sha256={hex}"), &[(&hex, 32)]);
        check(&format!("t=17,v1={hex},v0={sha1}"), &[(&hex, 32), (&sha1, 20)]);
        let base64 = format!("{}=", "A".repeat(43));
        check(&base64, &[(&base64, 32)]);
        check(&format!("v1,{base64} v2,{base64}"), &[(&base64, 32)]);
        check("application/json", &[]);
        check("", &[]);
        check(&hex[1..], &[]);
    }
}
