//! What a save would change, found without serving it.

use std::path::Path;
use std::sync::Arc;

use tympan_core::config::Config;
use tympan_core::config::Loaded;
use tympan_core::diagnostic::Diagnostics;
use tympan_core::diff;
use tympan_core::diff::Change;
use tympan_core::diff::diff;
use tympan_core::keys::Secrets;
use tympan_core::pipeline::Generation;
use tympan_core::pipeline::ListenerState;
use tympan_core::pipeline::Live;
use tympan_core::span::Sources;

use crate::build::folder_of;
use crate::files::Files;
use crate::keys;
use crate::receipt::changed_states;

/// What a save would change.
#[derive(Debug)]
pub struct Plan {
    /// What would differ, in the words of a reload's receipt; empty if the files have mistakes.
    pub changes: Vec<Change>,
    /// The listeners whose state would change, as far as secrets can be looked up here.
    pub states: Vec<(String, ListenerState)>,
    /// What is wrong with the files.
    pub diagnostics: Diagnostics,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
}

/// Compares the files of the configuration at `root` with those of a `base`, wherever these come
/// from: kept on the disk ([`crate::last_good::read`]), or told by a running server
/// ([`Files::of_texts`]). Without a base, everything would be new.
#[must_use]
pub fn plan(root: &Path, base: Option<&Files>, next: &Files) -> Plan {
    let (Loaded { config, diagnostics }, sources) = next.load();
    if diagnostics.refuse(false) {
        return Plan { changes: Vec::new(), states: Vec::new(), diagnostics, sources };
    }
    let nothing = Files::default();
    let base = base.unwrap_or(&nothing);
    let old = if base.all.is_empty() { Config::default() } else { base.load().0.config };
    let [old_secrets, secrets] = [&old, &config].map(|it| secrets(root, it));
    let known = [Some(&old_secrets), Some(&secrets)];
    let mut changes = diff(&old.written, &config.written);
    diff::put_to(&mut changes, &base.beside(next, &known), &next.beside(base, &known));
    let states = changed_states(&live(&old, &old_secrets), &live(&config, &secrets));
    Plan { changes, states, diagnostics, sources }
}

fn secrets(root: &Path, config: &Config) -> Secrets {
    keys::Lookup::new(&folder_of(root), config).secrets(config)
}

fn live(config: &Config, secrets: &Secrets) -> Live {
    Live::new(Arc::new(Generation::compile(config, 0, "")), secrets, &Arc::default())
}
