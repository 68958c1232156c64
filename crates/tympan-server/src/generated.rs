//! Keys that nobody but us has to know: made when they are first needed, and kept in the state folder.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ring::rand::SecureRandom;
use ring::rand::SystemRandom;
use tympan_core::secret::Secret;
use tympan_core::secret::Unresolved;

/// How many random bytes a key has.
const LENGTH: usize = 32;

/// The key in a file of the state folder. One that is not there yet is made, and kept if `keeps`.
pub(crate) fn key(state: &Path, file: &str, keeps: bool) -> Result<Secret, Unresolved> {
    let path = state.join(file);
    let shown = path.display().to_string();
    let unreadable =
        |error: &io::Error| Unresolved::Unreadable { file: shown.clone(), why: error.to_string() };
    match fs::read(&path) {
        Ok(found) => return Secret::new(found, &shown),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unreadable(&error)),
    }
    let mut bytes = [0; LENGTH];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| unreadable(&io::Error::other("the system gives no random numbers")))?;
    let text = const_hex::encode(bytes);
    if !keeps {
        return Secret::new(text.into_bytes(), &shown);
    }
    match write(state, &path, &text) {
        Ok(()) => {
            tracing::info!(file = shown, "a new key is made");
            Secret::new(text.into_bytes(), &shown)
        }
        // Somebody else was faster by a moment: there is one key.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Secret::new(fs::read(&path).map_err(|error| unreadable(&error))?, &shown)
        }
        Err(error) => Err(unreadable(&error)),
    }
}

/// The whole key or nothing, and never in the place of one that is there.
fn write(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let beside = path.with_extension(format!("new.{}", std::process::id()));
    // It may be what a crash has left, with anyone's rights.
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    linked?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::key;

    #[test]
    fn made_once_and_only_by_who_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("data");
        let value = |keeps| key(&state, "a.key", keeps).unwrap().expose().to_vec();
        assert_ne!(value(false), value(false));
        assert!(!state.exists());
        let made = value(true);
        assert_eq!((made.len(), value(true), value(false)), (64, made.clone(), made));
        let rights = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((rights(state.join("a.key")), rights(state.clone())), (0o600, 0o700));
        assert_eq!(fs::read_dir(&state).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_key_that_cannot_be_read_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.key"), "\n").unwrap();
        assert!(key(folder.path(), "a.key", true).is_err());
        fs::create_dir(folder.path().join("b.key")).unwrap();
        assert!(key(folder.path(), "b.key", true).is_err());
    }
}
