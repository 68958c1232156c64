//! Which files a configuration consists of, and what they hold at one moment.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use glob::MatchOptions;
use glob::Pattern;
use sha2::Digest;
use sha2::Sha256;
use tympan_core::File;
use tympan_core::FileKind;
use tympan_core::config;
use tympan_core::config::Loaded;
use tympan_core::config::State;
use tympan_core::diagnostic::Problem;
use tympan_core::diff::Side;
use tympan_core::keys::Secrets;
use tympan_core::span::FileId;
use tympan_core::span::Sources;
use tympan_core::span::Span;

use crate::packed::Packed;

/// The most files that one configuration may include: every place in one names its file by a
/// number of 16 bits.
const MOST: usize = 50_000;

/// How patterns match: `*` ends at `/`, and what editors hide is left alone.
pub(crate) const MATCHING: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// The files of a configuration: the root, and those that it includes, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    pub(crate) all: Vec<OneFile>,
    /// The patterns of the root: of included files, and of presets.
    pub(crate) patterns: Vec<String>,
    /// Those that nothing matches.
    idle: Vec<String>,
    /// Whether there were more files than are read.
    is_cut: bool,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OneFile {
    pub(crate) path: PathBuf,
    /// What it holds, or why that cannot be read.
    pub(crate) text: Result<Packed, String>,
}

impl Files {
    /// Reads a configuration with everything that it includes. What is wrong with an included file
    /// is told when it is loaded.
    ///
    /// # Errors
    ///
    /// Why the root cannot be read.
    pub fn read(root: &Path) -> io::Result<Self> {
        Ok(Self::with_bytes(root, &fs::read(root)?))
    }

    /// The same with another text in the place of the root's.
    #[must_use]
    pub fn with_root(root: &Path, text: &str) -> Self {
        Self::with_bytes(root, text.as_bytes())
    }

    fn with_bytes(root: &Path, bytes: &[u8]) -> Self {
        let named = config::named(&String::from_utf8_lossy(bytes));
        let presets = named.presets.iter().map(|folder| format!("{folder}/*.yaml"));
        let patterns: Vec<_> = named.include.into_iter().chain(presets).collect();
        let mut files = vec![OneFile { path: root.to_owned(), text: Ok(bytes.into()) }];
        let Included { paths, idle, is_cut } = included(root, &patterns);
        files.extend(paths.into_iter().map(|path| {
            let bytes = fs::read(&path).map_err(|error| error.to_string());
            OneFile { path, text: bytes.map(|bytes| bytes[..].into()) }
        }));
        Self { all: files, patterns, idle, is_cut }
    }

    /// Files that somebody else has read: their paths as seen from the folder of `root`, and their
    /// texts, the root first.
    #[must_use]
    pub fn of_texts(root: &Path, texts: impl IntoIterator<Item = (String, String)>) -> Self {
        let folder = root.parent().unwrap_or(Path::new(""));
        let file = |(path, text): (String, String)| OneFile {
            path: folder.join(path),
            text: Ok(text.as_bytes().into()),
        };
        Self::kept(texts.into_iter().map(file).collect())
    }

    /// The texts, the root first, with their paths as seen from its folder: what
    /// [`Files::of_texts`] takes.
    pub fn texts(&self) -> impl Iterator<Item = (String, String)> {
        let root = self.all.first().map(|file| file.path.as_path());
        let folder = root.and_then(Path::parent).unwrap_or(Path::new(""));
        self.all.iter().filter_map(move |OneFile { path, text }| {
            let path = path.strip_prefix(folder).unwrap_or(path).display().to_string();
            Some((path, text.as_ref().ok()?.text()))
        })
    }

    /// Files whose texts were kept: the root first.
    pub(crate) fn kept(files: Vec<OneFile>) -> Self {
        Self { all: files, ..Self::default() }
    }

    /// Understands them.
    #[must_use]
    pub fn load(&self) -> (Loaded, Sources) {
        self.load_in_order(0..self.all.len())
    }

    /// Understands some of them, in this order; the root has to be the first.
    pub(crate) fn load_in_order(&self, order: impl Iterator<Item = usize>) -> (Loaded, Sources) {
        let folders = self.preset_folders();
        let (mut loaded, sources) = tympan_core::load_files(order.map(|index| {
            let OneFile { path, text } = &self.all[index];
            let kind = match path.file_stem() {
                Some(name) if index > 0 && is_within(path, &folders) => {
                    FileKind::Preset(name.to_string_lossy().into_owned())
                }
                _ => FileKind::Listeners,
            };
            let bytes = text.as_ref().map(Packed::bytes).map_err(String::clone);
            File { name: path.display().to_string(), kind, bytes }
        }));
        for (pattern, at) in &loaded.config.include {
            if self.idle.contains(pattern) {
                let pattern = pattern.clone();
                loaded.diagnostics.report(*at, Problem::NothingIncluded { pattern });
            }
        }
        if self.is_cut {
            let root = Span { file: FileId::default(), start: 0, end: 0 };
            let problem = Problem::OverBudget { what: "included files", most: MOST };
            loaded.diagnostics.report(root, problem);
        }
        (loaded, sources)
    }

    /// The folders whose files are presets.
    fn preset_folders(&self) -> Vec<PathBuf> {
        let Some(OneFile { path, text: Ok(text) }) = self.all.first() else { return Vec::new() };
        let folder = path.parent().unwrap_or(Path::new(""));
        let named = config::named(&text.text());
        named.presets.iter().map(|presets| plain(&folder.join(presets))).collect()
    }

    /// The state folder that the root names, however broken it is otherwise.
    #[must_use]
    pub fn state(&self) -> State {
        let Some(Ok(root)) = self.all.first().map(|file| &file.text) else {
            return State::default();
        };
        let text = root.text();
        let line = text.lines().find(|line| line.starts_with("state:")).unwrap_or_default();
        tympan_core::load("", line.as_bytes().to_vec()).0.config.state
    }

    /// The file at a path.
    pub(crate) fn get(&self, path: &Path) -> Option<&OneFile> {
        self.all.iter().find(|file| file.path == path)
    }

    /// The texts that are not the same in `other`: what has changed stands in one of them.
    pub(crate) fn beside<'s>(&self, other: &Self, secrets: &'s [Option<&'s Secrets>]) -> Side<'s> {
        let known: HashMap<_, _> = other.all.iter().map(|it| (&it.path, &it.text)).collect();
        let changed = self.all.iter().map(|OneFile { path, text }| {
            let is_same = known.get(path) == Some(&text);
            text.as_ref().ok().filter(|_| !is_same).map(Packed::text)
        });
        let mut changed = changed.collect::<Vec<_>>().into_iter();
        let root = changed.next().flatten();
        Side { root, included: changed.flatten().collect(), secrets }
    }

    /// The files that are included.
    pub(crate) fn included(&self) -> &[OneFile] {
        self.all.get(1..).unwrap_or_default()
    }

    /// What tells the texts of one generation from those of another: the beginning of the SHA-256
    /// of the root, or of all files and their names.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (index, OneFile { path, text }) in self.all.iter().enumerate() {
            if index > 0 {
                hash.update(path.as_os_str().as_encoded_bytes());
                hash.update([0]);
            }
            match text {
                Ok(text) => {
                    let bytes = text.bytes();
                    hash.update(&bytes);
                    if self.all.len() > 1 {
                        hash.update((bytes.len() as u64).to_le_bytes());
                    }
                }
                Err(why) => hash.update(why),
            }
        }
        const_hex::encode(&hash.finalize()[..6])
    }
}

/// The files that patterns of a root match now.
pub(crate) struct Included {
    pub(crate) paths: Vec<PathBuf>,
    idle: Vec<String>,
    is_cut: bool,
}

/// Looks for the files that patterns of a root match. A pattern that is none matches nothing; the
/// reader says so.
pub(crate) fn included(root: &Path, patterns: &[String]) -> Included {
    let mut found = Included { paths: Vec::new(), idle: Vec::new(), is_cut: false };
    for pattern in patterns {
        let before = found.paths.len();
        if let Ok(paths) = glob::glob_with(&absolute(root, pattern), MATCHING) {
            let files = paths.flatten().filter(|path| path != root && !path.is_dir());
            found.paths.extend(files);
        }
        if found.paths.len() == before {
            found.idle.push(pattern.clone());
        }
    }
    found.paths.sort();
    found.paths.dedup();
    found.is_cut = found.paths.len() > MOST;
    found.paths.truncate(MOST);
    found
}

/// Whether a file lies in one of these folders.
fn is_within(path: &Path, folders: &[PathBuf]) -> bool {
    path.parent().is_some_and(|parent| folders.contains(&plain(parent)))
}

/// A path without the parts that mean the folder in which they stand.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// A pattern as seen from where the process runs, whatever the root's folder is called.
pub(crate) fn absolute(root: &Path, pattern: &str) -> String {
    let folder = root.parent().unwrap_or(Path::new(""));
    let folder = Pattern::escape(&folder.display().to_string());
    Path::new(&folder).join(pattern).display().to_string()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Files;
    use super::OneFile;

    fn files(files: &[(&str, &str)]) -> Files {
        let file = |(path, text): &(&str, &str)| OneFile {
            path: PathBuf::from(path),
            text: Ok(text.as_bytes().into()),
        };
        Files::kept(files.iter().map(file).collect())
    }

    #[test]
    fn fingerprints_cover_every_file() {
        let one = files(&[("a", "x")]).fingerprint();
        // echo -n x | sha256sum
        assert_eq!(one, "2d711642b726");
        let two = files(&[("a", "x"), ("b", "y")]).fingerprint();
        let moved = files(&[("a", "xy"), ("b", "")]).fingerprint();
        let renamed = files(&[("a", "x"), ("c", "y")]).fingerprint();
        assert!(one != two && two != moved && two != renamed);
    }
}
