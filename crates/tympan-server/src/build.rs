//! A configuration read and compiled beside the one that serves.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::Digest;
use sha2::Sha256;
use tympan_core::config::Config;
use tympan_core::config::Loaded;
use tympan_core::diagnostic::Diagnostics;
use tympan_core::diagnostic::Problem;
use tympan_core::keys::Secrets;
use tympan_core::pipeline::Generation;
use tympan_core::pipeline::ListenerState;
use tympan_core::pipeline::Live;
use tympan_core::rate::Rates;
use tympan_core::span::Sources;

use crate::delivery::Destinations;
use crate::keys;
use crate::meters::Meters;
use crate::receipt::Refused;
use crate::serving::Serving;
use crate::tls::Tls;

/// A configuration that was understood, and built beside the one that serves.
pub(crate) struct Built {
    pub(crate) config: Config,
    pub(crate) diagnostics: Diagnostics,
    /// The text that the diagnostics point into.
    pub(crate) sources: Sources,
    pub(crate) secrets: Secrets,
    pub(crate) live: Arc<Live>,
    pub(crate) tls: Option<Tls>,
}

/// Reads the file. One that is no UTF-8 is read as far as it is; the reader says so.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Refused> {
    fs::read(file).map_err(|error| Refused::Unreadable { file: file.to_owned(), error })
}

/// What tells the text of one generation from that of another.
pub(crate) fn fingerprint(text: &[u8]) -> String {
    const_hex::encode(&Sha256::digest(text)[..6])
}

/// Reads and compiles a configuration, away from the threads that serve.
pub(crate) async fn build(
    file: &Path,
    folder: PathBuf,
    text: Vec<u8>,
    number: u64,
    rates: Arc<Rates>,
) -> Result<Built, Refused> {
    let name = file.display().to_string();
    let build = move || {
        let fingerprint = fingerprint(&text);
        let (Loaded { config, mut diagnostics }, sources) = tympan_core::load(&name, text);
        let tls = Tls::read(&folder, config.server.tls.as_ref(), &mut diagnostics);
        if diagnostics.refuse(false) {
            return Err(Refused::Mistakes { diagnostics, sources });
        }
        let secrets = keys::Lookup::new(&folder, &config).secrets(&config);
        let generation = Arc::new(Generation::compile(&config, number, &fingerprint));
        let live = Arc::new(Live::new(generation, &secrets, &rates));
        Ok(Built { config, diagnostics, sources, secrets, live, tls })
    };
    tokio::task::spawn_blocking(build).await.unwrap_or(Err(Refused::Stopped))
}

impl Built {
    /// A save that takes the secret of a serving listener away is a mistake.
    pub(crate) fn find_lost_secrets(&mut self, old: &Live) {
        let old_states: BTreeMap<_, _> =
            old.listeners().map(|listener| (listener.name, listener.state)).collect();
        for listener in self.live.listeners() {
            let ListenerState::NotReady { secret } = listener.state else { continue };
            if old_states.get(listener.name) != Some(&&ListenerState::Serving) {
                continue;
            }
            let index = self.config.secrets.iter().position(|known| known.name == *secret);
            let Some(index) = index else { continue };
            let Err(why) = &self.secrets[index] else { continue };
            self.diagnostics.report(
                self.config.secrets[index].at,
                Problem::SecretLost {
                    secret: secret.clone(),
                    listener: listener.name.to_owned(),
                    why: why.to_string(),
                },
            );
        }
    }

    /// What requests are to share, and are counted with from where `meters` are.
    pub(crate) fn serving(&self, destinations: &Destinations, meters: &Meters) -> Serving {
        let meters = meters.next(&self.live, &self.config.destinations);
        Serving {
            live: Arc::clone(&self.live),
            destinations: destinations.ready(&self.config.destinations, &meters),
            meters,
            sources: Arc::new(self.sources.clone()),
            server: self.config.server.clone(),
            tls: self.tls.clone(),
            log: self.config.log.clone(),
        }
    }
}
