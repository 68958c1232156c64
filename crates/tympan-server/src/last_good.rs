//! The last good configuration, in the state folder: what is served after a restart with a broken
//! file.
//!
//! One file for each root, with the texts of all of its files as they were served. They hold
//! references to secrets, never secrets.

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
use std::sync::mpsc;
use std::thread;

use serde_json::Value;
use serde_json::json;
use tympan_core::config::State;

use crate::build::folder_of;
use crate::files::Files;
use crate::files::OneFile;
use crate::packed::Packed;

/// Writes what goes live, on a thread of its own: nobody waits for a disk.
pub(crate) struct Keeper {
    sender: Option<mpsc::Sender<Kept>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// What is to be kept, and where.
struct Kept {
    path: PathBuf,
    text: String,
}

impl Keeper {
    pub(crate) fn start() -> Self {
        let (sender, inbox) = mpsc::channel::<Kept>();
        let write = move || {
            let mut is_told = false;
            while let Ok(mut kept) = inbox.recv() {
                // Only the newest counts.
                while let Ok(newer) = inbox.try_recv() {
                    kept = newer;
                }
                match write(&kept.path, &kept.text) {
                    Ok(()) => is_told = false,
                    Err(error) if !is_told => {
                        let file = kept.path.display().to_string();
                        tracing::warn!(
                            file,
                            %error,
                            "the last good configuration is not kept: a restart with a broken \
                             file would serve nothing"
                        );
                        is_told = true;
                    }
                    Err(_) => {}
                }
            }
        };
        let thread = thread::Builder::new().name("last-good".to_owned()).spawn(write);
        if let Err(error) = &thread {
            tracing::warn!(%error, "the last good configuration is not kept");
        }
        Self { sender: Some(sender), thread: thread.ok() }
    }

    /// Keeps what has gone live.
    pub(crate) fn keep(&self, root: &Path, state: &State, files: &Files) {
        let Some(sender) = &self.sender else { return };
        let kept = Kept { path: place(root, state), text: text(root, files) };
        // Without its thread nothing is kept, and that was told.
        let _ = sender.send(kept);
    }
}

impl Drop for Keeper {
    /// What went live last is kept before the process ends.
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was told where it happened.
            let _ = thread.join();
        }
    }
}

/// The last good files of a configuration, as they were kept; `None` if there are none.
///
/// # Errors
///
/// Why they cannot be read.
pub fn read(root: &Path, state: &State) -> io::Result<Option<Files>> {
    let bytes = match fs::read(place(root, state)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let kept: Value = serde_json::from_slice(&bytes)?;
    let file =
        |file: &Value| Some((file["path"].as_str()?.to_owned(), file["text"].as_str()?.to_owned()));
    let files = kept["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let files = Files::of_texts(root, files.iter().filter_map(file));
    // What was made by another hand, or for another file, is nothing to serve.
    let is_ours = files.all.first().is_some_and(|first| first.path == root);
    Ok(is_ours.then_some(files))
}

/// Where the last good files of a root are kept.
fn place(root: &Path, State(state): &State) -> PathBuf {
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    folder_of(root).join(state).join("last-good").join(format!("{name}.json"))
}

fn text(root: &Path, files: &Files) -> String {
    let folder = root.parent().unwrap_or(Path::new(""));
    let file = |OneFile { path, text }: &OneFile| {
        let text = text.as_ref().map(Packed::text).unwrap_or_default();
        json!({"path": path.strip_prefix(folder).unwrap_or(path).to_string_lossy(), "text": text})
    };
    let files: Vec<_> = files.all.iter().map(file).collect();
    json!({"files": files}).to_string()
}

/// All of it or nothing: written beside, synced, and moved over.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if fs::read(path).is_ok_and(|known| known == text.as_bytes()) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    // The state folder, too: nobody else needs to know what is in there.
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let beside = path.with_extension("new");
    // It may be what a crash has left, with anyone's rights.
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}
