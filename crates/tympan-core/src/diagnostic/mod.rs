//! What is wrong with a configuration, as facts with places; the words and the drawing apart.

mod challenge;
mod credential;
mod expression;
mod mapper;
mod outward;
mod preset;
mod problem;
mod proving;
mod render;
mod yaml;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

pub use challenge::Challenge;
pub use credential::Credential;
pub use mapper::Misform;
pub use outward::Outward;
pub use preset::Preset;
pub use problem::Problem;
pub(crate) use problem::nearest;
pub use proving::Proving;
pub use render::json;
pub use render::text;

use crate::span::FileId;
use crate::span::Span;

/// A problem at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Where.
    pub at: Span,
    /// What.
    pub problem: Problem,
}

/// Whether a problem keeps a configuration from being served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot be served.
    Error,
    /// It can, but hardly as it is meant.
    Warning,
}

/// Everything that was found in one reading, in the order of the files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// How many are kept of each file.
    kept: BTreeMap<FileId, usize>,
    /// The files with errors in them.
    refused: BTreeSet<FileId>,
    /// How many were found, kept or not.
    n_errors: usize,
    n_warnings: usize,
}

/// How many diagnostics of one file are kept: whoever made more mistakes made one, often.
const MOST: usize = 100;

impl Diagnostics {
    /// Adds a problem; reading goes on.
    pub fn report(&mut self, at: Span, problem: Problem) {
        self.push(Diagnostic { at, problem });
    }

    /// Adds a problem that came with its place.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        match diagnostic.problem.severity() {
            Severity::Error => {
                self.n_errors += 1;
                self.refused.insert(diagnostic.at.file);
            }
            Severity::Warning => self.n_warnings += 1,
        }
        let kept = self.kept.entry(diagnostic.at.file).or_default();
        if *kept < MOST {
            *kept += 1;
            self.list.push(diagnostic);
        }
    }

    /// How many more were found than are kept.
    #[must_use]
    pub fn n_more(&self) -> usize {
        self.n_errors + self.n_warnings - self.list.len()
    }

    /// Whether anything found is an error, or a warning if `strict`.
    #[must_use]
    pub fn refuse(&self, strict: bool) -> bool {
        self.n_errors > 0 || (strict && self.n_warnings > 0)
    }

    /// The files that have errors in them.
    #[must_use]
    pub fn refused_files(&self) -> &BTreeSet<FileId> {
        &self.refused
    }

    /// Those that were found in one file.
    #[must_use]
    pub fn of_file(&self, file: FileId) -> Self {
        let mut found = Self::default();
        for diagnostic in self.list.iter().filter(|diagnostic| diagnostic.at.file == file) {
            found.push(diagnostic.clone());
        }
        found
    }

    /// How many are of this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.n_errors,
            Severity::Warning => self.n_warnings,
        }
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them, in the order of the files.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut list: Vec<_> = self.list.iter().collect();
        list.sort_by_key(|found| (found.at, found.problem.code()));
        list
    }
}
