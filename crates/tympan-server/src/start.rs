//! What is served first: the configuration as it stands, or else as it was when it was good.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use tympan_core::rate::Rates;

use crate::build;
use crate::build::Base;
use crate::build::Built;
use crate::build::Failed;
use crate::files::Files;
use crate::last_good;
use crate::receipt::Refused;

/// What to begin with.
pub(crate) struct Started {
    pub(crate) built: Built,
    /// The patterns of the root as it stands.
    pub(crate) patterns: Vec<String>,
    /// Why it is the last good configuration instead of the one that stands there.
    pub(crate) broken: Option<Refused>,
}

/// Reads the files of a configuration, away from the threads that serve.
pub(crate) async fn read(root: &Path) -> Result<Files, Refused> {
    let path = root.to_owned();
    let read = tokio::task::spawn_blocking(move || Files::read(&path)).await;
    let unreadable = |error| Refused::Unreadable { file: root.to_owned(), error };
    read.unwrap_or_else(|error| Err(error.into())).map_err(unreadable)
}

/// Builds the first generation. An included file with mistakes gives way to what it said when it
/// was good, and so does everything if the root has mistakes; a root that is not there at all is
/// likely another one than was meant.
pub(crate) async fn build(
    root: &Path,
    folder: &Path,
    rates: Arc<Rates>,
) -> Result<Started, Refused> {
    let beside_nothing = Base { rates, keeps_keys: true, ..Base::default() };
    let files = read(root).await?;
    let patterns = files.patterns.clone();
    let first = build::build(folder.to_owned(), files.clone(), beside_nothing.clone(), 1).await;
    let first = match first {
        Ok(built) if built.frozen.is_empty() => {
            return Ok(Started { built, patterns, broken: None });
        }
        first => first,
    };
    let Some(last_good) = kept(root, &files).await else {
        let built = first.map_err(|failed| failed.refused)?;
        return Ok(Started { built, patterns, broken: None });
    };
    let base = Base { files: Arc::new(last_good.clone()), ..beside_nothing.clone() };
    let folder = folder.to_owned();
    match build::build(folder.clone(), files, base, 1).await {
        Ok(built) => Ok(Started { built, patterns, broken: None }),
        Err(failed) => {
            let Failed { refused, wanted } = *failed;
            // What was good for another version may not be for this one.
            let Ok(mut built) = build::build(folder, last_good, beside_nothing, 1).await else {
                return Err(refused);
            };
            built.wanted.extend(wanted);
            Ok(Started { built, patterns, broken: Some(refused) })
        }
    }
}

/// The last good files, if there are any.
async fn kept(root: &Path, files: &Files) -> Option<Files> {
    let (root, files): (PathBuf, _) = (root.to_owned(), files.clone());
    let read = tokio::task::spawn_blocking(move || {
        last_good::read(&root, &files.state()).unwrap_or_else(|error| {
            tracing::warn!(%error, "the last good configuration cannot be read");
            None
        })
    });
    // A panic of that thread was told where it happened.
    read.await.unwrap_or(None)
}
