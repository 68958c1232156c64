//! What a save would change, found without serving it.

use std::path::Path;
use std::sync::Arc;

use tympan_core::diagnostic::Diagnostics;
use tympan_core::diff;
use tympan_core::diff::Change;
use tympan_core::diff::diff;
use tympan_core::pipeline::Generation;
use tympan_core::pipeline::ListenerState;
use tympan_core::pipeline::Live;
use tympan_core::span::Sources;

use crate::build::Base;
use crate::build::build_here;
use crate::build::folder_of;
use crate::files::Files;
use crate::keys;
use crate::receipt::Frozen;
use crate::receipt::Refused;
use crate::receipt::changed_states;

/// What a save would change.
#[derive(Debug, Default)]
pub struct Plan {
    /// What would differ, in the words of a reload's receipt; empty if the save would be refused.
    pub changes: Vec<Change>,
    /// The listeners whose state would change, as far as secrets can be looked up here.
    pub states: Vec<(String, ListenerState)>,
    /// The included files that would not be served as they stand.
    pub frozen: Vec<Frozen>,
    /// What else is wrong with the files.
    pub diagnostics: Diagnostics,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
}

/// Compares the files of the configuration at `root` with those of a `base`, wherever these come
/// from: kept on the disk ([`crate::last_good::read`]), or told by a running server
/// ([`Files::of_texts`]). Without a base, everything would be new.
///
/// They are built beside the base as a reload builds them, so that what is refused there is here.
#[must_use]
pub fn plan(root: &Path, base: Option<&Files>, next: &Files) -> Plan {
    let folder = folder_of(root);
    let old = base.map(|base| base.load().0.config).unwrap_or_default();
    let old_secrets = keys::Lookup::new(&folder, &old).secrets(&old);
    let generation = Arc::new(Generation::compile(&old, 0, ""));
    let old_live = Arc::new(Live::new(generation, &old_secrets, &Arc::default()));
    let files = Arc::new(base.cloned().unwrap_or_default());
    let live = base.map(|_| Arc::clone(&old_live));
    let beside = Base { files: Arc::clone(&files), live, ..Base::default() };
    let built = match build_here(folder, next.clone(), beside, 0) {
        Ok(built) => built,
        Err(failed) => {
            return match failed.refused {
                Refused::Mistakes { diagnostics, sources } => {
                    Plan { diagnostics, sources, ..Plan::default() }
                }
                // Nothing was read, bound or stopped.
                _ => Plan::default(),
            };
        }
    };
    let known = [Some(&old_secrets), Some(&built.secrets)];
    let (before, after) = (files.beside(&built.files, &known), built.files.beside(&files, &known));
    let mut changes = diff(&old.written, &built.config.written);
    diff::put_to(&mut changes, &before, &after);
    let states = changed_states(&old_live, &built.live);
    let (diagnostics, sources) = (built.diagnostics, built.sources);
    Plan { changes, states, frozen: built.frozen, diagnostics, sources }
}
