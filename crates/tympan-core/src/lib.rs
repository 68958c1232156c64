//! Everything of Tympan that decides.
//!
//! A configuration has three forms, and each pass makes the next of the last:
//!
//! - what is *written*: YAML nodes with places ([`yaml`]),
//! - what is *meant*: names, literals and expressions that were checked ([`config`]),
//! - what is *ready*: pipelines ([`pipeline::Generation`]) that take requests through
//!   ([`pipeline::Exchange`]).
//!
//! This crate does no I/O, knows no clock and starts no task: text and instants come in, decisions
//! come out, and every behaviour can be tested as a table.

pub mod action;
pub mod anchor;
mod assertion;
pub mod catalogue;
pub mod config;
pub mod diagnostic;
pub mod diff;
pub mod encode;
pub mod escape;
pub mod explain;
pub mod fetched;
pub mod import;
pub mod infer;
mod instant;
pub mod jwt;
pub mod keys;
pub mod outcome;
pub mod outgoing;
pub mod pipeline;
pub mod promises;
pub mod rate;
pub mod reference;
pub mod request;
mod room;
pub mod roots;
mod scalar;
pub mod schema;
pub mod scheme;
pub mod secret;
pub mod simulate;
pub mod span;
pub mod trial;
pub mod yaml;

use crate::config::Loaded;
use crate::diagnostic::Diagnostics;
use crate::diagnostic::Problem;
use crate::span::Sources;
use crate::span::Span;

/// A file of a configuration, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// As diagnostics call it.
    pub name: String,
    /// What stands in it.
    pub kind: FileKind,
    /// What it holds, or why that cannot be read.
    pub bytes: Result<Vec<u8>, String>,
}

/// What stands in a file of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The configuration, or a part of it that is included.
    Listeners,
    /// A preset of the user's own, and its name.
    Preset(String),
}

/// Reads the configuration in a file called `name`, with the text that its diagnostics point into.
#[must_use]
pub fn load(name: &str, bytes: Vec<u8>) -> (Loaded, Sources) {
    load_files([File { name: name.to_owned(), kind: FileKind::Listeners, bytes: Ok(bytes) }])
}

/// Reads the configuration in several files: the root, and then those that it includes
/// ([`config::named`]).
///
/// The texts keep the order of the files, and so do the numbers of their [`span::FileId`]s. Of two
/// files that claim the same name or path, the later one is told that it is taken.
#[must_use]
pub fn load_files(files: impl IntoIterator<Item = File>) -> (Loaded, Sources) {
    let mut sources = Sources::default();
    let mut found = Diagnostics::default();
    let mut readable = Vec::new();
    for (index, File { name, kind, bytes }) in files.into_iter().enumerate() {
        match bytes.map(String::from_utf8) {
            Ok(Ok(text)) => {
                let file = sources.add(name, text);
                match kind {
                    FileKind::Listeners => readable.push(file),
                    FileKind::Preset(preset) => sources.is_preset(&preset, file),
                }
            }
            Ok(Err(error)) => {
                let valid_up_to = error.utf8_error().valid_up_to();
                let file = sources.add(name, String::from_utf8_lossy(error.as_bytes()));
                let at = Span::new(file, &(valid_up_to..valid_up_to + 1));
                found.report(at, Problem::NotText { valid_up_to });
            }
            Err(why) => {
                let file = sources.add(name, "");
                found.report(Span::new(file, &(0..0)), Problem::Unreadable { why });
            }
        }
        if index == 0 && readable.is_empty() {
            // Without the root, nothing can be said about the others.
            return (Loaded { diagnostics: found, ..Loaded::default() }, sources);
        }
    }
    (config::read_all(&mut sources, &readable, found), sources)
}
