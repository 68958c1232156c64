//! What a reload did, or why it did nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tympan_core::config::Address;
use tympan_core::diagnostic::Diagnostics;
use tympan_core::diagnostic::Severity;
use tympan_core::diff;
use tympan_core::diff::Change;
use tympan_core::pipeline::ListenerState;
use tympan_core::pipeline::Live;
use tympan_core::span::Sources;

/// What a reload did.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The generation that serves now.
    pub generation: u64,
    /// Whether it is another than before.
    pub is_new: bool,
    /// The beginning of the SHA-256 of its file.
    pub fingerprint: String,
    /// What differs from the generation before; empty if nothing does.
    pub changes: Vec<Change>,
    /// How many warnings the file gave.
    pub warnings: usize,
    /// The listeners whose state changed.
    pub states: Vec<(String, ListenerState)>,
    /// The included files that are not served as they stand.
    pub frozen: Vec<Frozen>,
    /// From the beginning of the reading to the swap.
    pub took: Duration,
}

/// An included file with mistakes, which the others do not wait for.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// The file.
    pub file: String,
    /// Whether what it said last without mistakes is served; otherwise nothing of it is.
    pub is_last_good: bool,
    /// Its mistakes.
    pub diagnostics: Diagnostics,
    /// The texts that they point into.
    pub sources: Arc<Sources>,
}

/// Why the old configuration goes on.
#[derive(Debug)]
pub enum Refused {
    /// The file has mistakes.
    Mistakes {
        /// All of them.
        diagnostics: Diagnostics,
        /// The text that they point into.
        sources: Sources,
    },
    /// The file cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// An address cannot be bound.
    Unbound {
        /// The address.
        address: Address,
        /// Why.
        error: io::Error,
    },
    /// An address for the operator cannot be bound.
    AdminUnbound {
        /// The address.
        address: Address,
        /// Why.
        error: io::Error,
    },
    /// The server is stopping.
    Stopped,
}

impl Receipt {
    /// Tells the operator; that nothing has changed only if somebody asked.
    pub(crate) fn log(&self, asked: bool) {
        let Self { generation, is_new, fingerprint, changes, warnings, states, frozen, took } =
            self;
        let frozen = frozen.iter().map(|frozen| frozen.file.as_str()).collect::<Vec<_>>();
        let frozen = (!frozen.is_empty()).then(|| frozen.join(", "));
        for (listener, state) in states {
            match state {
                ListenerState::Serving => tracing::info!(listener, "listener is serving"),
                ListenerState::NotReady { secret, why } => {
                    tracing::warn!(listener, secret, why, "listener is not ready");
                }
            }
        }
        let took = took.as_secs_f64();
        if *is_new {
            let changes = diff::line(changes);
            tracing::info!(generation, fingerprint, changes, warnings, frozen, took, "reloaded");
        } else if asked {
            tracing::info!(generation, fingerprint, frozen, "nothing has changed");
        }
    }
}

impl Frozen {
    /// Tells the operator.
    pub(crate) fn log(&self) {
        let (file, why) = (&self.file, mistakes(&self.diagnostics));
        if self.is_last_good {
            tracing::error!(
                file,
                why,
                "the file is frozen: its listeners go on as they were, those of other files change"
            );
        } else {
            tracing::error!(file, why, "the file is left out: none of its listeners is served");
        }
    }
}

impl Refused {
    /// One line.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Mistakes { diagnostics, .. } => mistakes(diagnostics),
            Self::Unreadable { file, error } => {
                format!("{} cannot be read: {error}", file.display())
            }
            Self::Unbound { address, error } => format!("{address} cannot be bound: {error}"),
            Self::AdminUnbound { address, error } => {
                format!("the admin address {address} cannot be bound: {error}")
            }
            Self::Stopped => "the server is stopping".to_owned(),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Mistakes { diagnostics, sources } = self {
            return f.write_str(&tympan_core::diagnostic::text(diagnostics, sources, false));
        }
        f.write_str(&self.summary())
    }
}

fn mistakes(diagnostics: &Diagnostics) -> String {
    match diagnostics.count(Severity::Error) {
        1 => "1 mistake".to_owned(),
        n_errors => format!("{n_errors} mistakes"),
    }
}

/// The listeners whose state is not what it was. A new one that serves is no news.
pub(crate) fn changed_states(old: &Live, new: &Live) -> Vec<(String, ListenerState)> {
    let old: BTreeMap<_, _> =
        old.listeners().map(|listener| (listener.name, listener.state)).collect();
    let changed = new.listeners().filter(|listener| {
        let before = old.get(listener.name).copied().unwrap_or(&ListenerState::Serving);
        before != listener.state
    });
    changed.map(|listener| (listener.name.to_owned(), listener.state.clone())).collect()
}
