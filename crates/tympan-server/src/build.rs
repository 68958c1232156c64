//! A configuration read and compiled beside the one that serves.
//!
//! A file is the unit of atomicity: an included file that cannot be served as it is gives way to
//! its last good text, or is left out if it has none, and the others go on without it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use tympan_core::config::Config;
use tympan_core::config::Keep;
use tympan_core::config::Listener;
use tympan_core::config::Loaded;
use tympan_core::diagnostic::Diagnostics;
use tympan_core::diagnostic::Problem;
use tympan_core::keys::Secrets;
use tympan_core::pipeline::Generation;
use tympan_core::pipeline::ListenerState;
use tympan_core::pipeline::Live;
use tympan_core::rate::Rates;
use tympan_core::span::FileId;
use tympan_core::span::Sources;

use crate::captured::Store;
use crate::delivery::Destinations;
use crate::files::Files;
use crate::files::OneFile;
use crate::keys;
use crate::meters::Meters;
use crate::outbound::Egress;
use crate::receipt::Frozen;
use crate::receipt::Refused;
use crate::serving::Serving;
use crate::tls::Tls;

/// A configuration that was understood, and built beside the one that serves.
pub(crate) struct Built {
    pub(crate) config: Config,
    pub(crate) diagnostics: Diagnostics,
    /// The texts that the diagnostics point into.
    pub(crate) sources: Sources,
    pub(crate) secrets: Secrets,
    pub(crate) live: Arc<Live>,
    /// What it was built from.
    pub(crate) files: Arc<Files>,
    /// The files that are not what stands on the disk.
    pub(crate) frozen: Vec<Frozen>,
    /// Secret files that something waits for which was refused.
    pub(crate) wanted: Vec<PathBuf>,
    pub(crate) tls: Option<Tls>,
    pub(crate) egress: Arc<Egress>,
    /// What handshakes have brought.
    pub(crate) captured: Store,
}

/// Why nothing was built.
pub(crate) struct Failed {
    pub(crate) refused: Refused,
    /// Secret files without which it was refused.
    pub(crate) wanted: Vec<PathBuf>,
}

/// What a configuration is built beside.
#[derive(Clone, Default)]
pub(crate) struct Base {
    /// The last good texts.
    pub(crate) files: Arc<Files>,
    /// What serves now.
    pub(crate) live: Option<Arc<Live>>,
    /// What has come so far, where there are limits.
    pub(crate) rates: Arc<Rates>,
    /// Whether it is built to be served, so that keys are kept which are made for it.
    pub(crate) keeps_keys: bool,
}

impl From<Refused> for Box<Failed> {
    fn from(refused: Refused) -> Self {
        Self::new(Failed { refused, wanted: Vec::new() })
    }
}

/// Compiles a configuration, away from the threads that serve.
pub(crate) async fn build(
    folder: PathBuf,
    files: Files,
    base: Base,
    number: u64,
) -> Result<Built, Box<Failed>> {
    let built = tokio::task::spawn_blocking(move || build_here(folder, files, base, number)).await;
    built.unwrap_or_else(|_| Err(Refused::Stopped.into()))
}

/// Compiles a configuration on this thread.
pub(crate) fn build_here(
    folder: PathBuf,
    files: Files,
    base: Base,
    number: u64,
) -> Result<Built, Box<Failed>> {
    Building { folder, files, base, number, frozen: Vec::new() }.run()
}

/// A configuration on its way to be built.
struct Building {
    folder: PathBuf,
    /// What is tried now.
    files: Files,
    base: Base,
    number: u64,
    /// What was given up so far.
    frozen: Vec<Frozen>,
}

impl Building {
    /// Freezes files until the rest is good. Each round freezes one at least, so this ends.
    fn run(mut self) -> Result<Built, Box<Failed>> {
        let mut wanted = Vec::new();
        loop {
            let order = self.order();
            let (mut loaded, sources) = self.files.load_in_order(order.iter().copied());
            let tls = loaded.config.server.tls.as_ref();
            let tls = Tls::read(&self.folder, tls, &mut loaded.diagnostics);
            let config = &loaded.config;
            let egress = Egress::read(&self.folder, config, &mut loaded.diagnostics);
            let (diagnostics, sources) = if loaded.diagnostics.refuse(false) {
                (loaded.diagnostics, sources)
            } else {
                let mut built = self.compile(loaded, sources, tls, Arc::new(egress));
                let lost = built.lost_secrets(&order, &self.base);
                if !lost.refuse(false) {
                    self.is_anything_left(&built)?;
                    (built.frozen, built.wanted) = (self.frozen, wanted);
                    return Ok(built);
                }
                // It may be good as soon as the files are there that it names.
                wanted.extend(keys::files(&self.folder, &built.config));
                (lost, built.sources)
            };
            if let Err(refused) = self.freeze(&order, diagnostics, sources) {
                return Err(Box::new(Failed { refused, wanted }));
            }
        }
    }

    /// The root, then what serves already, then what is new: of two files that claim one name or
    /// path, the one that has changed is told that it is taken.
    fn order(&self) -> Vec<usize> {
        let known = self.base.files.all.iter().map(|file| (&file.path, &file.text));
        let known: HashMap<_, _> = known.collect();
        let mut order: Vec<_> = (0..self.files.all.len()).collect();
        order[1..].sort_by_cached_key(|index| {
            let OneFile { path, text } = &self.files.all[*index];
            known.get(path) != Some(&text)
        });
        order
    }

    fn compile(
        &self,
        Loaded { config, mut diagnostics }: Loaded,
        sources: Sources,
        tls: Option<Tls>,
        egress: Arc<Egress>,
    ) -> Built {
        let lookup = keys::Lookup::new(&self.folder, &config);
        let lookup = if self.base.keeps_keys { lookup.keeping() } else { lookup };
        let secrets = lookup.secrets(&config);
        let fingerprint = self.files.fingerprint();
        let generation = Arc::new(Generation::compile(&config, self.number, &fingerprint));
        generation.tell_unusable(&config, &secrets, &mut diagnostics);
        let live = Arc::new(Live::new(generation, &secrets, &self.base.rates));
        let (frozen, wanted) = (Vec::new(), Vec::new());
        let files = Arc::new(self.files.clone());
        let captured = Store::new(&self.folder.join(&config.state.0));
        Built {
            config,
            diagnostics,
            sources,
            secrets,
            live,
            files,
            frozen,
            wanted,
            tls,
            egress,
            captured,
        }
    }

    /// Takes back what the files with mistakes say, if they are included ones and that can help.
    fn freeze(
        &mut self,
        order: &[usize],
        diagnostics: Diagnostics,
        sources: Sources,
    ) -> Result<(), Refused> {
        let mut last = BTreeMap::new();
        for FileId(place) in diagnostics.refused_files() {
            // A preset that comes with the program and does not go with what a listener says
            // beside it is nothing that an older text could mend.
            let Some(index) = order.get(usize::from(*place)).copied() else {
                return Err(Refused::Mistakes { diagnostics, sources });
            };
            let file = &self.files.all[index];
            let good = self.base.files.get(&file.path);
            // With the text that was good before, the mistake is what another file says: the root.
            if index == 0 || good == Some(file) {
                return Err(Refused::Mistakes { diagnostics, sources });
            }
            last.insert(index, good.cloned());
        }
        let sources = Arc::new(sources);
        for (index, good) in &last {
            let place = order.iter().position(|known| known == index).unwrap_or_default();
            let file = FileId(u16::try_from(place).unwrap_or(u16::MAX));
            self.frozen.push(Frozen {
                file: self.files.all[*index].path.display().to_string(),
                is_last_good: good.is_some(),
                diagnostics: diagnostics.of_file(file),
                sources: Arc::clone(&sources),
            });
        }
        let files = std::mem::take(&mut self.files.all);
        let kept = files.into_iter().enumerate();
        self.files.all = kept
            .filter_map(|(index, file)| match last.remove(&index) {
                Some(good) => good,
                None => Some(file),
            })
            .collect();
        Ok(())
    }

    /// To begin with nothing but broken files is no beginning.
    fn is_anything_left(&self, built: &Built) -> Result<(), Refused> {
        let is_beginning = self.base.live.is_none();
        if !is_beginning || !built.config.listeners.is_empty() {
            return Ok(());
        }
        let Some(first) = self.frozen.first() else { return Ok(()) };
        let sources = Arc::clone(&first.sources);
        let mut diagnostics = Diagnostics::default();
        let of_one_round = self.frozen.iter().filter(|it| Arc::ptr_eq(&it.sources, &sources));
        for found in of_one_round.flat_map(|frozen| frozen.diagnostics.sorted()) {
            diagnostics.push(found.clone());
        }
        Err(Refused::Mistakes { diagnostics, sources: Arc::unwrap_or_clone(sources) })
    }
}

impl Built {
    /// A save that takes the secret of a serving listener away is a mistake: of the listener's own
    /// file if that has changed, else of the root, where secrets are defined.
    fn lost_secrets(&self, order: &[usize], base: &Base) -> Diagnostics {
        let mut lost = Diagnostics::default();
        let Some(old) = &base.live else { return lost };
        let old_states: BTreeMap<_, _> =
            old.listeners().map(|listener| (listener.name, listener.state)).collect();
        for (listener, meant) in self.live.listeners().zip(&self.config.listeners) {
            let ListenerState::NotReady { secret, why } = listener.state else { continue };
            if old_states.get(listener.name) != Some(&&ListenerState::Serving) {
                continue;
            }
            let index = self.config.secrets.iter().position(|known| known.name == *secret);
            let Some(index) = index else { continue };
            let own: &OneFile = &self.files.all[order[usize::from(meant.at.file.0)]];
            let is_own =
                meant.at.file != FileId::default() && base.files.get(&own.path) != Some(own);
            lost.report(
                if is_own { meant.at } else { self.config.secrets[index].at },
                Problem::SecretLost {
                    secret: secret.clone(),
                    listener: listener.name.to_owned(),
                    why: why.clone(),
                },
            );
        }
        lost
    }

    /// What requests are to share, and are counted with from where `meters` are.
    pub(crate) fn serving(
        &self,
        folder: &Path,
        destinations: &Destinations,
        meters: &Meters,
    ) -> Serving {
        let meters = meters.next(&self.live, &self.config.destinations);
        Serving {
            live: Arc::clone(&self.live),
            destinations: destinations.ready(
                folder,
                &self.config,
                &self.secrets,
                &self.egress,
                &meters,
            ),
            keeps: self.config.listeners.iter().any(Listener::keeps),
            keeps_refused: self.config.listeners.iter().any(|it| it.keep == Keep::Refused),
            meters,
            files: Arc::clone(&self.files),
            server: self.config.server.clone(),
            tls: self.tls.clone(),
            secrets: self.config.secrets.as_slice().into(),
            captured: self.captured.clone(),
            egress: Arc::clone(&self.egress),
            log: self.config.log.clone(),
        }
    }
}

/// The folder that a configuration's names of files are relative to.
pub(crate) fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => PathBuf::from("."),
    }
}
