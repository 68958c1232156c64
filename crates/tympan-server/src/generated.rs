//! Keys that nobody but us has to know: made when they are first needed, and kept in the state folder.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

use ring::rand::SecureRandom;
use ring::rand::SystemRandom;
use tympan_core::secret::Secret;
use tympan_core::secret::Unresolved;
use zeroize::Zeroizing;

/// How many random bytes a key has: it is written as twice as many hexadecimal digits.
const LENGTH: usize = 32;

/// The key in a file of the state folder. One that is not there yet is made, and kept if `keeps`.
pub(crate) fn key(state: &Path, file: &str, keeps: bool) -> Result<Secret, Unresolved> {
    let path = state.join(file);
    let shown = path.display().to_string();
    let unreadable =
        |error: &io::Error| Unresolved::Unreadable { file: shown.clone(), why: error.to_string() };
    match read(&path, keeps) {
        Ok(found) => return Secret::new(found, &shown),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unreadable(&error)),
    }
    let text = random().map_err(|error| unreadable(&error))?;
    if !keeps {
        return Secret::new(text.into_bytes(), &shown);
    }
    match write(state, &path, text.as_bytes()) {
        Ok(()) => {
            tracing::info!(file = shown, "a new key is made");
            Secret::new(text.into_bytes(), &shown)
        }
        // Somebody else was faster by a moment: there is one key.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Secret::new(read(&path, keeps).map_err(|error| unreadable(&error))?, &shown)
        }
        Err(error) => Err(unreadable(&error)),
    }
}

/// The key in a file: what is anything else was put there by somebody else, or is damaged. Whoever could
/// choose it could sign whatever is signed with it.
fn read(path: &Path, keeps: bool) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if keeps && mode & 0o077 != 0 {
        let (file, mode) = (path.display(), format!("{mode:03o}"));
        tracing::warn!(%file, mode, "others may read or write this key: `chmod 600` it");
    }
    let mut found = Vec::with_capacity(2 * LENGTH + 2);
    file.take(2 * LENGTH as u64 + 2).read_to_end(&mut found)?;
    found.truncate(found.trim_ascii_end().len());
    if found.len() != 2 * LENGTH || !found.iter().all(u8::is_ascii_hexdigit) {
        let why = "it is no key that was made here, which is 64 hexadecimal digits: delete it, and \
                   another is made";
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    Ok(found)
}

/// A text that nobody can guess.
pub(crate) fn random() -> io::Result<String> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    let filled = SystemRandom::new().fill(&mut *bytes);
    filled.map_err(|_| io::Error::other("the system gives no random numbers"))?;
    Ok(const_hex::encode(*bytes))
}

/// The whole file or nothing, and never in the place of one that is there.
pub(crate) fn write(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = write_beside(folder, path, bytes)?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    linked?;
    File::open(folder)?.sync_all()
}

/// The whole file or nothing, in the place of what is there.
pub(crate) fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = write_beside(folder, path, bytes)?;
    if let Err(error) = fs::rename(&beside, path) {
        fs::remove_file(&beside)?;
        return Err(error);
    }
    File::open(folder)?.sync_all()
}

/// A new file that only its owner can read, and nobody knows of.
fn write_beside(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Nobody can know its name before, and put something there.
    let beside = path.with_extension(format!("new.{}", &random()?[..16]));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
        fs::remove_file(&beside)?;
        return Err(error);
    }
    Ok(beside)
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
        let digits = "0123456789abcdef".repeat(4);
        for wrong in ["", "\n", "0", &digits[1..], &format!("{digits}0"), &digits.replace('f', "g")]
        {
            fs::write(folder.path().join("a.key"), wrong).unwrap();
            let why = key(folder.path(), "a.key", true).unwrap_err().to_string();
            assert!(why.contains("64 hexadecimal digits"), "{wrong:?}: {why}");
            assert_eq!(fs::read_to_string(folder.path().join("a.key")).unwrap(), wrong);
        }
        fs::write(folder.path().join("a.key"), format!("{digits}\n")).unwrap();
        assert_eq!(key(folder.path(), "a.key", true).unwrap().expose(), digits.as_bytes());
        fs::create_dir(folder.path().join("b.key")).unwrap();
        assert!(key(folder.path(), "b.key", true).is_err());
    }
}
