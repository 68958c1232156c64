//! When a file that we read may have changed.
//!
//! Folders are watched, not files: whatever way an editor, a checkout or a ConfigMap replaces a
//! file, something happens in its folder. What happened is not believed either: the files are
//! looked at again, and a poll finds what no event told.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::fs::File;
use std::hash::Hash;
use std::hash::Hasher;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use glob::Pattern;
use notify::Event;
use notify::EventKind;
use notify::RecommendedWatcher;
use notify::RecursiveMode;
use notify::Watcher;
use notify::event::AccessKind;
use notify::event::AccessMode;
use notify::event::CreateKind;
use notify::event::ModifyKind;
use tokio::sync::watch::Sender;
use tokio::time::timeout;

use crate::files::MATCHING;

/// How long to wait for being told what has happened so far.
const MOST_BEHIND: Duration = Duration::from_millis(500);

/// How long a file that was written to and not closed counts as half a file.
const MOST_WRITING: Duration = Duration::from_secs(10);

/// Watches the folders of files.
pub(crate) struct FileWatcher {
    /// `None` where the system has nothing left to watch with: then the poll is all there is.
    watcher: Option<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
    writing: Arc<Mutex<Writing>>,
    /// How often folders were opened, as far as we have been told.
    opened: Arc<Sender<u64>>,
}

/// Which of the files that are followed somebody is writing to.
#[derive(Debug, Default)]
struct Writing {
    followed: HashSet<PathBuf>,
    /// What files are called that are followed as soon as they are there.
    patterns: Vec<Pattern>,
    /// When they were written to last.
    since: HashMap<PathBuf, Instant>,
}

impl FileWatcher {
    /// Calls `on_change` after anything that may have completed a change of a file.
    pub(crate) fn new(on_change: impl Fn() + Send + 'static) -> Self {
        let writing = Arc::new(Mutex::new(Writing::default()));
        let opened = Arc::new(Sender::new(0));
        let (seen, n_opened) = (Arc::clone(&writing), Arc::clone(&opened));
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.as_ref().is_ok_and(is_folder_opened) {
                n_opened.send_modify(|count| *count += 1);
            }
            // An error means that events were lost: the files have to be looked at.
            if event.map_or(true, |event| lock(&seen).completes_a_change(&event)) {
                on_change();
            }
        });
        if let Err(error) = &watcher {
            tracing::warn!(%error, "files cannot be watched; they are polled instead");
        }
        Self { watcher: watcher.ok(), folders: BTreeSet::new(), writing, opened }
    }

    /// Follows exactly these files from now on, and those that come to match a pattern.
    pub(crate) fn follow(&mut self, files: &[PathBuf], patterns: &[String]) {
        let mut places: Vec<_> = files.iter().flat_map(|file| places(file)).collect();
        // A pattern stands for a file in its folder that is not there yet.
        places.extend(patterns.iter().flat_map(|pattern| self::places(Path::new(pattern))));
        let wanted: BTreeSet<_> =
            places.iter().filter_map(|place| place.parent()).map(Path::to_owned).collect();
        let mut writing = lock(&self.writing);
        writing.followed = places.into_iter().collect();
        writing.patterns = patterns.iter().filter_map(|pattern| named(pattern)).collect();
        drop(writing);
        let Some(watcher) = &mut self.watcher else { return };
        for folder in self.folders.difference(&wanted) {
            // A folder that is gone is no longer watched anyway.
            let _ = watcher.unwatch(folder);
        }
        // Watching again what is watched does no harm, and finds a folder that was replaced.
        for folder in &wanted {
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                tracing::debug!(folder = %folder.display(), %error, "not watched, only polled");
            }
        }
        self.folders = wanted;
    }

    /// Waits until everything is known that has happened so far: what we do ourselves, we are told
    /// after it.
    pub(crate) async fn catch_up(&self) {
        let (Some(_), Some(folder)) = (&self.watcher, self.folders.first()) else { return };
        let mut opened = self.opened.subscribe();
        let before = *opened.borrow_and_update();
        // Without the folder there is nothing to be told about.
        if File::open(folder).is_ok() {
            // Who is still behind then will be told of a change in any case.
            let _ = timeout(MOST_BEHIND, opened.wait_for(|count| *count > before)).await;
        }
    }

    /// Whether one of the files may be half written.
    pub(crate) fn is_being_written(&self) -> bool {
        lock(&self.writing).since.values().any(|since| since.elapsed() < MOST_WRITING)
    }
}

impl Writing {
    /// Half a file must not be read: while it is written, nothing counts until it is closed.
    fn completes_a_change(&mut self, event: &Event) -> bool {
        match event.kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => {
                self.end(event);
                true
            }
            EventKind::Access(_) => false,
            EventKind::Modify(ModifyKind::Data(_)) => {
                self.begin(event);
                false
            }
            // A new file is yet to be written; a new link is complete, and so is a folder.
            EventKind::Create(CreateKind::File) => {
                let is_link = |path: &PathBuf| path.is_symlink();
                if event.paths.iter().any(is_link) {
                    return true;
                }
                self.begin(event);
                false
            }
            _ => {
                self.end(event);
                true
            }
        }
    }

    fn begin(&mut self, event: &Event) {
        for path in &event.paths {
            if self.follows(path) {
                self.since.insert(path.clone(), Instant::now());
            }
        }
    }

    fn follows(&self, path: &Path) -> bool {
        self.followed.contains(path)
            || self.patterns.iter().any(|pattern| pattern.matches_path_with(path, MATCHING))
    }

    fn end(&mut self, event: &Event) {
        for path in &event.paths {
            self.since.remove(path);
        }
    }
}

/// Hardly anybody but us opens folders.
fn is_folder_opened(event: &Event) -> bool {
    matches!(event.kind, EventKind::Access(AccessKind::Open(_)))
        && event.paths.iter().all(|path| path.is_dir())
}

/// What files look like from outside: a number that changes when one of them does.
pub(crate) fn look(files: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in files {
        match fs::metadata(file) {
            Ok(metadata) => {
                let facts = (metadata.dev(), metadata.ino(), metadata.len());
                (facts, metadata.mtime(), metadata.mtime_nsec()).hash(&mut hasher);
                (metadata.ctime(), metadata.ctime_nsec(), metadata.mode()).hash(&mut hasher);
            }
            Err(error) => error.kind().hash(&mut hasher),
        }
    }
    hasher.finish()
}

/// Where a file is named, and where what it may be a link to lies.
fn places(file: &Path) -> Vec<PathBuf> {
    let named = folder_of(file).join(file.file_name().unwrap_or_default());
    let target = fs::canonicalize(file).ok();
    std::iter::once(named).chain(target).collect()
}

/// The folder of a file, by the one name that does not depend on whether the file is there: two names
/// would be one watch, which ends with the first of them.
fn folder_of(file: &Path) -> PathBuf {
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

/// A pattern that begins like the events of its folder, if that is there and no pattern itself.
fn named(pattern: &str) -> Option<Pattern> {
    let path = Path::new(pattern);
    let folder = folder_of(path);
    if !folder.is_dir() {
        return Pattern::new(pattern).ok();
    }
    let folder = Pattern::escape(folder.to_str()?);
    Pattern::new(&format!("{folder}/{}", path.file_name()?.to_str()?)).ok()
}

fn lock(writing: &Mutex<Writing>) -> MutexGuard<'_, Writing> {
    writing.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::fs::File;
    use std::io::Write;
    use std::os::unix::fs::symlink;

    use super::FileWatcher;

    #[tokio::test]
    async fn nothing_has_happened_unnoticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("listeners.yaml");
        // The same folder by another name.
        let link = folder.path().join("link");
        symlink(folder.path(), &link).unwrap();
        let named = [link.join("listeners.yaml")];
        fs::write(&file, "").unwrap();
        let mut watcher = FileWatcher::new(|| ());
        watcher.follow(&named, &[]);
        for round in 0..100 {
            fs::remove_file(&file).unwrap();
            let follow = |watcher: &mut FileWatcher| watcher.follow(&named, &[]);
            if round % 2 == 0 {
                follow(&mut watcher);
            }
            let mut half = File::create_new(&file).unwrap();
            half.write_all(b"half").unwrap();
            if round % 3 == 0 {
                follow(&mut watcher);
            }
            watcher.catch_up().await;
            assert!(watcher.is_being_written(), "round {round}");
            drop(half);
            watcher.catch_up().await;
            assert!(!watcher.is_being_written(), "round {round}");
        }
    }
}
