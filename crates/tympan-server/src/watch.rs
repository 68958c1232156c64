//! When a file that we read may have changed.
//!
//! Folders are watched, not files: whatever way an editor, a checkout or a ConfigMap replaces a
//! file, something happens in its folder. What happened is not believed either: the files are
//! looked at again, and a poll finds what no event told.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hash;
use std::hash::Hasher;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;

use notify::Event;
use notify::EventKind;
use notify::RecommendedWatcher;
use notify::RecursiveMode;
use notify::Watcher;
use notify::event::AccessKind;
use notify::event::AccessMode;
use notify::event::ModifyKind;

/// Watches the folders of files.
pub(crate) struct FileWatcher {
    /// `None` where the system has nothing left to watch with: then the poll is all there is.
    watcher: Option<RecommendedWatcher>,
    folders: BTreeSet<PathBuf>,
}

impl FileWatcher {
    /// Calls `on_change` after anything that may have completed a change of a file.
    pub(crate) fn new(on_change: impl Fn() + Send + 'static) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error means that events were lost: the files have to be looked at.
            if event.map_or(true, |event| completes_a_change(event.kind)) {
                on_change();
            }
        });
        if let Err(error) = &watcher {
            tracing::warn!(%error, "files cannot be watched; they are polled instead");
        }
        Self { watcher: watcher.ok(), folders: BTreeSet::new() }
    }

    /// Follows exactly these files from now on.
    pub(crate) fn follow(&mut self, files: &[PathBuf]) {
        let wanted: BTreeSet<_> = files.iter().flat_map(|file| folders(file)).collect();
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

/// Half a file must not be read: while it is written, nothing counts until it is closed.
fn completes_a_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Data(_)) => false,
        _ => true,
    }
}

/// The folder of a file, and that of what it is a link to.
fn folders(file: &Path) -> Vec<PathBuf> {
    let parent = |path: &Path| match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Some(PathBuf::from(".")),
        parent => parent.map(Path::to_owned),
    };
    let target = fs::canonicalize(file).ok();
    parent(file).into_iter().chain(target.as_deref().and_then(parent)).collect()
}
