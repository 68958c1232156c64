//! Secrets that handshakes bring: a folder each in the state folder, filled only while somebody
//! expects them.
//!
//! `captured/NAME/` holds a file for each value (`0001.secret`), one that says until when others are
//! expected (`armed.json`), and, while a webhook is registered, digests of values of which nobody knows
//! yet whose they are (`held`). Those never verify.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use serde_json::Value;
use serde_json::json;
use tympan_core::keys::is_equal;
use tympan_core::pipeline::Capture;
use tympan_core::scheme::HashMode;
use tympan_core::secret::Secret;
use tympan_core::secret::Unresolved;

use crate::generated;

/// How many values wait at most for somebody to say which of them is good. It is more than strangers
/// send while one call is made, so that they do not keep the provider out.
const MOST_HELD: usize = 100_000;

const KEPT: &str = "secret";

/// The file of what is held: SHA-256 of one value after the other. Whoever knows which of them is good
/// knows the value.
const HELD: &str = "held";

/// How long the digest of one value is, in bytes.
const DIGEST: usize = 32;

/// The captured secrets of a state folder. Every change is made under one lock, whichever process
/// makes it.
#[derive(Clone, Debug, Default)]
pub struct Store {
    folder: PathBuf,
}

/// What is known of a captured secret, without its values.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The values, the newest first.
    pub values: Vec<Kept>,
    /// Whether more are expected.
    pub armed: Option<Armed>,
}

/// A value, by its number.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// Its number: it names the value where there are several.
    pub id: u64,
    /// When it was stored.
    pub at: SystemTime,
}

/// For how long, and how many, values are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Armed {
    /// When it ends.
    pub until: SystemTime,
    /// How many may come yet.
    pub left: usize,
    /// Whether they are held until somebody says which is good.
    pub holds: bool,
}

/// What becomes of what a handshake brings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It verifies from now on.
    Kept,
    /// It waits for somebody to say that it is good.
    Held,
    /// Nobody expects it.
    NotArmed {
        /// The secret that it would be.
        secret: String,
    },
}

impl Store {
    /// The captured secrets of a state folder.
    #[must_use]
    pub fn new(state: &Path) -> Self {
        Self { folder: state.join("captured") }
    }

    /// The values of a secret, the newest first.
    ///
    /// # Errors
    ///
    /// Why there are none.
    pub fn values(&self, secret: &str) -> Result<Vec<Secret>, Unresolved> {
        let folder = self.folder.join(secret);
        let shown = |error: &io::Error| Unresolved::Unreadable {
            file: folder.display().to_string(),
            why: error.to_string(),
        };
        let ids = ids(&folder).map_err(|error| shown(&error))?;
        let values = ids.iter().map(|id| {
            let path = file(&folder, *id);
            let found = fs::read(&path).map_err(|error| shown(&error))?;
            Secret::new(found, &path.display().to_string())
        });
        let values: Vec<_> = values.collect::<Result<_, _>>()?;
        if values.is_empty() {
            return Err(Unresolved::NotCaptured { secret: secret.to_owned() });
        }
        Ok(values)
    }

    /// What is known of a secret.
    ///
    /// # Errors
    ///
    /// Why its folder cannot be read.
    pub fn facts(&self, secret: &str, now: SystemTime) -> io::Result<Facts> {
        let folder = self.folder.join(secret);
        let values = ids(&folder)?.into_iter().map(|id| {
            let at = fs::metadata(file(&folder, id))?.modified()?;
            Ok(Kept { id, at })
        });
        let values = values.collect::<io::Result<_>>()?;
        Ok(Facts { values, armed: armed(&folder)?.filter(|armed| armed.until > now) })
    }

    /// Expects values, in place of what was expected before.
    ///
    /// # Errors
    ///
    /// Why that cannot be kept.
    pub fn arm(&self, secret: &str, expected: Armed) -> io::Result<()> {
        let _lock = self.lock()?;
        let folder = self.folder.join(secret);
        remove(&folder.join("armed.json"))?;
        forget_held(&folder)?;
        put_armed(&folder, expected)
    }

    /// Expects nothing more; says whether anything was expected.
    ///
    /// # Errors
    ///
    /// Why that cannot be kept.
    pub fn disarm(&self, secret: &str) -> io::Result<bool> {
        let folder = self.folder.join(secret);
        if !folder.exists() {
            return Ok(false);
        }
        let _lock = self.lock()?;
        forget_held(&folder)?;
        remove(&folder.join("armed.json"))
    }

    /// Stores what a handshake brings, if all of it is expected: all or nothing, and never in the
    /// place of anything.
    ///
    /// # Errors
    ///
    /// Why it cannot be stored. Then it is not expected any more either.
    pub(crate) fn capture(&self, captures: &[Capture], now: SystemTime) -> io::Result<Taken> {
        let not_armed = |capture: &Capture| Taken::NotArmed { secret: capture.secret.clone() };
        // Strangers make nothing come into being, not even the lock.
        let is_armed = |it: &&Capture| self.folder.join(&it.secret).join("armed.json").exists();
        if let Some(capture) = captures.iter().find(|it| !is_armed(it)) {
            return Ok(not_armed(capture));
        }
        let _lock = self.lock()?;
        let mut expected = Vec::with_capacity(captures.len());
        for capture in captures {
            let folder = self.folder.join(&capture.secret);
            let Some(armed) = armed(&folder)?.filter(|it| it.until > now && it.left > 0) else {
                return Ok(not_armed(capture));
            };
            let has_room = if armed.holds {
                n_held(&folder)? < MOST_HELD
            } else {
                ids(&folder)?.len() < capture.most
            };
            if !has_room {
                return Ok(not_armed(capture));
            }
            expected.push((folder, armed));
        }
        // First it is no longer expected: what comes after a crash is refused, not taken twice.
        for (folder, armed) in expected.iter().filter(|(_, armed)| !armed.holds) {
            remove(&folder.join("armed.json"))?;
            if armed.left > 1 {
                put_armed(folder, Armed { left: armed.left - 1, ..*armed })?;
            }
        }
        let mut taken = Taken::Held;
        let mut stored = Vec::with_capacity(captures.len());
        for (capture, (folder, armed)) in captures.iter().zip(&expected) {
            if armed.holds {
                hold(folder, capture.value.expose())?;
                continue;
            }
            taken = Taken::Kept;
            match add(folder, &capture.value) {
                Ok(id) => stored.push(file(folder, id)),
                Err(error) => {
                    for path in stored {
                        remove(&path)?;
                    }
                    return Err(error);
                }
            }
        }
        Ok(taken)
    }

    /// Keeps the held value that is this one, forgets all others, and expects nothing more. Says
    /// whether there was one.
    ///
    /// # Errors
    ///
    /// Why that cannot be kept.
    pub fn settle(&self, secret: &str, value: &[u8]) -> io::Result<bool> {
        let _lock = self.lock()?;
        let folder = self.folder.join(secret);
        let digest = digest(value);
        let held = held(&folder)?;
        let is_kept = held.chunks_exact(DIGEST).any(|held| is_equal(held, &digest));
        if is_kept {
            let kept = Secret::new(value.to_vec(), HELD);
            add(&folder, &kept.map_err(|empty| io::Error::other(empty.to_string()))?)?;
        }
        forget_held(&folder)?;
        remove(&folder.join("armed.json"))?;
        Ok(is_kept)
    }

    /// Adds a value by hand, as the newest.
    ///
    /// # Errors
    ///
    /// Why it cannot be stored.
    pub fn add(&self, secret: &str, value: &Secret) -> io::Result<u64> {
        let _lock = self.lock()?;
        add(&self.folder.join(secret), value)
    }

    /// Stores a value by hand, in the place of all others.
    ///
    /// # Errors
    ///
    /// Why it cannot be stored.
    pub fn set(&self, secret: &str, value: &Secret) -> io::Result<u64> {
        let _lock = self.lock()?;
        let folder = self.folder.join(secret);
        let new = add(&folder, value)?;
        for id in ids(&folder)?.into_iter().filter(|id| *id != new) {
            remove(&file(&folder, id))?;
        }
        Ok(new)
    }

    /// Forgets one value, or all of them; says how many.
    ///
    /// # Errors
    ///
    /// Why they are still there.
    pub fn forget(&self, secret: &str, only: Option<u64>) -> io::Result<usize> {
        let folder = self.folder.join(secret);
        if !folder.exists() {
            return Ok(0);
        }
        let _lock = self.lock()?;
        let mut count = 0;
        for id in ids(&folder)?.into_iter().filter(|id| only.is_none_or(|it| it == *id)) {
            count += usize::from(remove(&file(&folder, id))?);
        }
        Ok(count)
    }

    /// Held until it is dropped.
    fn lock(&self) -> io::Result<File> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let path = self.folder.join("lock");
        let file = fs::OpenOptions::new().create(true).append(true).open(path)?;
        file.lock()?;
        Ok(file)
    }
}

/// The numbers of the values, the newest first.
fn ids(folder: &Path) -> io::Result<Vec<u64>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut ids: Vec<u64> = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(id) = number.filter(|_| path.extension().is_some_and(|it| it == KEPT)) {
            ids.push(id);
        }
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    Ok(ids)
}

fn file(folder: &Path, id: u64) -> PathBuf {
    folder.join(format!("{id:04}.{KEPT}"))
}

fn add(folder: &Path, value: &Secret) -> io::Result<u64> {
    let id = ids(folder)?.first().map_or(1, |newest| newest + 1);
    generated::write(folder, &file(folder, id), value.expose())?;
    Ok(id)
}

fn digest(value: &[u8]) -> Vec<u8> {
    HashMode::Sha256.digest([value]).to_vec()
}

/// Adds to what is held. It is not synced: after a crash nobody asks for it.
fn hold(folder: &Path, value: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.create(true).append(true).mode(0o600).open(folder.join(HELD))?;
    file.write_all(&digest(value))
}

/// The digests of what is held, one after the other.
fn held(folder: &Path) -> io::Result<Vec<u8>> {
    match fs::read(folder.join(HELD)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

fn n_held(folder: &Path) -> io::Result<usize> {
    match fs::metadata(folder.join(HELD)) {
        Ok(found) => Ok(usize::try_from(found.len()).unwrap_or(usize::MAX) / DIGEST),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

fn forget_held(folder: &Path) -> io::Result<()> {
    remove(&folder.join(HELD)).map(|_| ())
}

/// Says whether it was there.
fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => {
            if let Some(folder) = path.parent() {
                File::open(folder)?.sync_all()?;
            }
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn put_armed(folder: &Path, Armed { until, left, holds }: Armed) -> io::Result<()> {
    let until = until.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let text = json!({"until": until, "left": left, "holds": holds}).to_string();
    generated::write(folder, &folder.join("armed.json"), text.as_bytes())
}

/// What is expected; nothing, if it was written by another hand.
fn armed(folder: &Path) -> io::Result<Option<Armed>> {
    let bytes = match fs::read(folder.join("armed.json")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let read = || {
        let found: Value = serde_json::from_slice(&bytes).ok()?;
        let until = Duration::from_secs(found["until"].as_u64()?);
        let until = SystemTime::UNIX_EPOCH.checked_add(until)?;
        let left = usize::try_from(found["left"].as_u64()?).ok()?;
        Some(Armed { until, left, holds: found["holds"].as_bool()? })
    };
    Ok(read())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;
    use std::time::SystemTime;

    use tempfile::TempDir;
    use tympan_core::pipeline::Capture;
    use tympan_core::secret::Secret;

    use super::Armed;
    use super::Store;
    use super::Taken;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn store() -> (TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(&folder.path().join("data"));
        (folder, store)
    }

    fn armed(left: usize, holds: bool) -> Armed {
        Armed { until: NOW + Duration::from_mins(10), left, holds }
    }

    fn brought(secret: &str, value: &str) -> Capture {
        let value = Secret::new(value.into(), "a test").unwrap();
        Capture { secret: secret.to_owned(), most: 3, value }
    }

    fn capture(store: &Store, value: &str) -> bool {
        !matches!(store.capture(&[brought("a", value)], NOW).unwrap(), Taken::NotArmed { .. })
    }

    fn values(store: &Store) -> Vec<String> {
        let values = store.values("a").unwrap_or_default();
        values.iter().map(|it| String::from_utf8(it.expose().to_vec()).unwrap()).collect()
    }

    #[test]
    fn only_while_armed_and_never_replaced() {
        let (folder, store) = store();
        assert!(!capture(&store, "stranger"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "a stranger leaves nothing");
        store.arm("a", armed(2, false)).unwrap();
        assert!(capture(&store, "first") && capture(&store, "second"));
        assert!(!capture(&store, "third"));
        assert_eq!(values(&store), ["second", "first"]);
        let path = folder.path().join("data/captured/a/0001.secret");
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn armed_for_a_while_and_up_to_the_most() {
        let (_folder, store) = store();
        store.arm("a", armed(9, false)).unwrap();
        let late = NOW + Duration::from_mins(11);
        let refused = Taken::NotArmed { secret: "a".to_owned() };
        assert_eq!(store.capture(&[brought("a", "x")], late).unwrap(), refused);
        assert!(["1", "2", "3"].iter().all(|value| capture(&store, value)));
        assert!(!capture(&store, "4"));
        store.arm("a", armed(9, false)).unwrap();
        assert!(store.disarm("a").unwrap() && !store.disarm("a").unwrap());
        assert!(!capture(&store, "5"));
    }

    #[test]
    fn all_that_one_handshake_brings_or_nothing() {
        let (_folder, store) = store();
        store.arm("a", armed(1, false)).unwrap();
        let both = [brought("a", "1"), brought("b", "2")];
        let refused = Taken::NotArmed { secret: "b".to_owned() };
        assert_eq!(store.capture(&both, NOW).unwrap(), refused);
        assert!(store.values("a").is_err() && store.facts("a", NOW).unwrap().armed.is_some());
        store.arm("b", armed(1, false)).unwrap();
        assert_eq!(store.capture(&both, NOW).unwrap(), Taken::Kept);
    }

    #[test]
    fn of_a_thousand_at_once_one_is_stored() {
        let (_folder, store) = store();
        store.arm("a", armed(1, false)).unwrap();
        let count = std::thread::scope(|scope| {
            let race = |thread: usize| {
                let store = &store;
                move || (0..125).filter(|n| capture(store, &format!("{thread}-{n}"))).count()
            };
            let threads: Vec<_> = (0..8).map(|thread| scope.spawn(race(thread))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!((count, values(&store).len()), (1, 1));
    }

    #[test]
    fn what_is_held_verifies_only_once_it_is_known_to_be_good() {
        let (_folder, store) = store();
        store.arm("a", armed(1, true)).unwrap();
        assert!(capture(&store, "a stranger's") && capture(&store, "the provider's"));
        assert!(store.values("a").is_err());
        assert!(store.settle("a", b"the provider's").unwrap());
        assert_eq!(values(&store), ["the provider's"]);
        assert!(!capture(&store, "late"));

        // Many strangers do not keep the provider out, whoever comes first, and nothing of them stays.
        store.arm("a", armed(1, true)).unwrap();
        assert!((0..2_000).all(|n| capture(&store, &format!("a stranger's {n}"))));
        assert!(capture(&store, "the provider's, too"));
        assert!((0..2_000).all(|n| capture(&store, &format!("a late stranger's {n}"))));
        assert!(store.settle("a", b"the provider's, too").unwrap());
        assert_eq!(values(&store), ["the provider's, too", "the provider's"]);
        store.forget("a", Some(2)).unwrap();

        store.arm("a", armed(1, true)).unwrap();
        assert!(capture(&store, "a stranger's"));
        assert!(!store.settle("a", b"another").unwrap());
        assert_eq!(values(&store), ["the provider's"]);
    }

    #[test]
    fn armed_for_longer_than_there_is_time_is_not_armed() {
        let (folder, store) = store();
        store.arm("a", armed(1, false)).unwrap();
        let path = folder.path().join("data/captured/a/armed.json");
        let text = format!(r#"{{"until":{},"left":1,"holds":false}}"#, u64::MAX);
        fs::write(path, text).unwrap();
        assert!(store.facts("a", NOW).unwrap().armed.is_none());
        assert!(!capture(&store, "1"));
    }

    #[test]
    fn by_hand() {
        let (_folder, store) = store();
        let secret = |value: &str| Secret::new(value.into(), "a test").unwrap();
        store.add("a", &secret("old")).unwrap();
        store.add("a", &secret("new")).unwrap();
        assert_eq!(values(&store), ["new", "old"]);
        store.forget("a", Some(1)).unwrap();
        assert_eq!(values(&store), ["new"]);
        store.set("a", &secret("only")).unwrap();
        assert_eq!(values(&store), ["only"]);
        assert_eq!(store.forget("a", None).unwrap(), 1);
        assert!(store.values("a").is_err());
    }
}
