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

pub mod config;
pub mod diagnostic;
pub mod diff;
pub mod keys;
pub mod outcome;
pub mod pipeline;
pub mod rate;
pub mod reference;
pub mod roots;
mod scalar;
pub mod schema;
pub mod scheme;
pub mod secret;
pub mod span;
pub mod yaml;

use crate::config::Loaded;
use crate::diagnostic::Diagnostics;
use crate::diagnostic::Problem;
use crate::span::Sources;
use crate::span::Span;

/// Reads the configuration in a file called `name`, with the text that its diagnostics point into.
#[must_use]
pub fn load(name: &str, bytes: Vec<u8>) -> (Loaded, Sources) {
    let mut sources = Sources::default();
    match String::from_utf8(bytes) {
        Ok(text) => {
            let file = sources.add(name, text);
            (config::read(&sources, file), sources)
        }
        Err(error) => {
            let valid_up_to = error.utf8_error().valid_up_to();
            let file = sources.add(name, String::from_utf8_lossy(error.as_bytes()));
            let mut diagnostics = Diagnostics::default();
            let at = Span::new(file, &(valid_up_to..valid_up_to + 1));
            diagnostics.report(at, Problem::NotText { valid_up_to });
            (Loaded { diagnostics, ..Loaded::default() }, sources)
        }
    }
}
