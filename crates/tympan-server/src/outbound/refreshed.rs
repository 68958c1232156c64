//! Refresh tokens that were given in the place of others, on the disk.
//!
//! `refreshed/NAME.json` holds the one that counts in the place of the secret's value, and the digest of
//! that value: another value counts itself.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;
use tympan_core::scheme::HashMode;
use zeroize::Zeroizing;

use crate::generated;

/// The refresh tokens of a state folder.
#[derive(Clone)]
pub(super) struct Refreshed {
    folder: PathBuf,
}

/// A refresh token that nobody else uses: to a token server, whoever uses one that has been replaced is a
/// thief.
pub(super) struct InUse {
    folder: PathBuf,
    path: PathBuf,
    /// The digest of the value that was written by hand.
    of: String,
    value: Zeroizing<String>,
    _lock: File,
}

impl Refreshed {
    pub(super) fn new(state: &Path) -> Self {
        Self { folder: state.join("refreshed") }
    }

    /// The one that counts for a secret with this value. Waits for whoever uses it now, in whichever
    /// process.
    pub(super) fn take(&self, secret: &str, written: &str) -> io::Result<InUse> {
        let folder = self.folder.clone();
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let mut options = OpenOptions::new();
        let lock = options.create(true).append(true).mode(0o600);
        let lock = lock.open(folder.join(format!("{secret}.lock")))?;
        lock.lock()?;
        let path = folder.join(format!("{secret}.json"));
        let of = const_hex::encode(&*HashMode::Sha256.digest([written.as_bytes()]));
        let value = match fs::read(&path).map(Zeroizing::new) {
            Ok(bytes) => read(&bytes, &of)?.unwrap_or_else(|| written.to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => written.to_owned(),
            Err(error) => return Err(error),
        };
        Ok(InUse { folder, path, of, value: Zeroizing::new(value), _lock: lock })
    }
}

impl InUse {
    pub(super) fn value(&self) -> &str {
        &self.value
    }

    /// Has another take its place, from now on and after a restart.
    pub(super) fn replace(&self, new: &str) -> io::Result<()> {
        let text = Zeroizing::new(json!({"of": self.of, "token": new}).to_string());
        generated::replace(&self.folder, &self.path, text.as_bytes())
    }
}

/// The token of a file, if it took the place of the value with this digest.
fn read(bytes: &[u8], of: &str) -> io::Result<Option<String>> {
    let found: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let (Some(known), Some(token)) = (found["of"].as_str(), found["token"].as_str()) else {
        let why = "it holds no refresh token: give the secret another value, and delete the file";
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    };
    Ok((known == of).then(|| token.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;

    use super::Refreshed;

    #[test]
    fn the_last_one_counts_until_the_secret_has_another_value() {
        let folder = tempfile::tempdir().unwrap();
        let refreshed = Refreshed::new(&folder.path().join("data"));
        let value = |written: &str| refreshed.take("a", written).unwrap().value().to_owned();
        assert_eq!(value("first"), "first");
        refreshed.take("a", "first").unwrap().replace("second").unwrap();
        refreshed.take("a", "first").unwrap().replace("third").unwrap();
        assert_eq!((value("first").as_str(), value("by hand").as_str()), ("third", "by hand"));
        assert_eq!(refreshed.take("b", "first").unwrap().value(), "first");
        let path = folder.path().join("data/refreshed/a.json");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // Damage is no reason to use one that was replaced.
        fs::write(path, "{").unwrap();
        let damaged = refreshed.take("a", "first").err().unwrap();
        assert!(damaged.to_string().contains("holds no refresh token"));
    }

    #[test]
    fn one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let refreshed = Refreshed::new(folder.path());
        let is_held = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let token = refreshed.take("a", "0").unwrap();
                        assert!(!is_held.swap(true, Ordering::SeqCst));
                        let next = token.value().parse::<u32>().unwrap() + 1;
                        token.replace(&next.to_string()).unwrap();
                        is_held.store(false, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(refreshed.take("a", "0").unwrap().value(), "160");
    }
}
