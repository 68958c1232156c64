//! Going over to a new configuration, or staying with the old one as a whole.
//!
//! Three steps: understand it, build it beside the old, swap. Whatever can fail comes before the
//! swap, so a bad file costs nothing.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;
use tympan_core::config::Address;
use tympan_core::config::Config;
use tympan_core::diagnostic::Diagnostics;
use tympan_core::diagnostic::Severity;
use tympan_core::diff::diff;
use tympan_core::keys::Secrets;
use tympan_core::pipeline::Live;
use tympan_core::rate::Rates;
use tympan_core::span::Sources;

use crate::build::Built;
use crate::build::build;
use crate::build::fingerprint;
use crate::build::read;
use crate::clock::Clock;
use crate::delivery::Destinations;
use crate::gate::Gate;
use crate::keys;
use crate::listen::Bound;
use crate::listen::Listening;
use crate::log;
use crate::memory::Memory;
use crate::receipt::Receipt;
use crate::receipt::Refused;
use crate::receipt::changed_states;
use crate::serving::Serving;
use crate::serving::Shared;
use crate::systemd;
use crate::tls::Tls;
use crate::watch;
use crate::watch::FileWatcher;
use crate::watchman::Watchman;

/// How long files have to look the same before they are read.
const SETTLE: Duration = Duration::from_millis(20);

/// How often files are looked at although nothing told of a change.
const POLL: Duration = Duration::from_secs(2);

/// What the reloading task is told.
pub(crate) enum Command {
    /// A file may have changed.
    Look,
    /// Read again, whatever the files look like.
    Reload { reply: oneshot::Sender<Result<Receipt, Refused>> },
}

/// The task that follows the files.
pub(crate) struct Reloader {
    file: PathBuf,
    folder: PathBuf,
    shared: Arc<Shared>,
    listening: Arc<Listening>,
    destinations: Destinations,
    on_diagnostics: OnDiagnostics,
    config: Config,
    secrets: Secrets,
    /// Every file that what is served depends on.
    files: Vec<PathBuf>,
    /// Those that a refused configuration waits for.
    wanted: Vec<PathBuf>,
    /// What they looked like when they were last read.
    seen: u64,
    /// The refusal that was told last, so that it is told once.
    told: Option<String>,
}

/// Who is told about the mistakes and warnings of a file.
pub type OnDiagnostics = Arc<dyn Fn(&Diagnostics, &Sources) + Send + Sync>;

impl Reloader {
    /// Reads and serves the first generation.
    pub(crate) async fn start(
        file: PathBuf,
        destinations: Destinations,
        on_diagnostics: OnDiagnostics,
    ) -> Result<(Self, Arc<Shared>, Arc<Listening>), Refused> {
        let folder = folder_of(&file);
        let text = read(&file)?;
        let rates = Arc::new(Rates::default());
        let built = build(&file, folder.clone(), text, 1, Arc::clone(&rates)).await?;
        let serving = built.serving(&destinations);
        let shared = Arc::new(Shared {
            serving: ArcSwap::from_pointee(serving),
            clock: Clock::new(),
            gate: Arc::new(Gate::new(built.config.server.limits.connections)),
            watchman: Watchman::default(),
            refusals: log::Refusals::default(),
            memory: Memory::default(),
            rates,
        });
        let listening = Arc::new(Listening::new(Arc::clone(&shared)));
        let addresses = addresses(&built.config, &folder);
        let bound = bind(&listening, &addresses).await?;
        listening.change(bound, &addresses);
        log::level(built.config.log.level);
        if !built.diagnostics.is_empty() {
            on_diagnostics(&built.diagnostics, &built.sources);
        }
        let mut reloader = Self {
            files: Vec::new(),
            wanted: Vec::new(),
            file,
            folder,
            shared: Arc::clone(&shared),
            listening: Arc::clone(&listening),
            destinations,
            on_diagnostics,
            config: built.config,
            secrets: built.secrets,
            // No file looks like this: the first look reads them all once more.
            seen: 0,
            told: None,
        };
        reloader.files = reloader.files();
        Ok((reloader, shared, listening))
    }

    /// Follows the files until the server stops.
    pub(crate) async fn run(
        mut self,
        mut inbox: mpsc::Receiver<Command>,
        commands: mpsc::Sender<Command>,
    ) {
        let mut watcher = FileWatcher::new(move || {
            // A full inbox already holds a look that comes after this change.
            let _ = commands.try_send(Command::Look);
        });
        watcher.follow(&self.files);
        let mut poll = tokio::time::interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let command = tokio::select! {
                command = inbox.recv() => command,
                _ = poll.tick() => Some(Command::Look),
            };
            match command {
                None => return,
                Some(Command::Look) => {
                    if self.settled(&watcher).await {
                        let result = self.reload().await;
                        self.tell(&result, false);
                    }
                }
                Some(Command::Reload { reply }) => {
                    self.seen = watch::look(&self.files);
                    let result = self.reload().await;
                    self.tell(&result, true);
                    // Whoever asked may have gone.
                    let _ = reply.send(result);
                }
            }
            self.files = self.files();
            watcher.follow(&self.files);
        }
    }

    /// Waits until files that have changed look the same for a while; false if none has.
    async fn settled(&mut self, watcher: &FileWatcher) -> bool {
        let mut look = watch::look(&self.files);
        if look == self.seen {
            return false;
        }
        loop {
            tokio::time::sleep(SETTLE).await;
            if watcher.is_being_written() {
                // Its end is an event of its own.
                return false;
            }
            let next = watch::look(&self.files);
            if next == look {
                self.seen = look;
                return true;
            }
            look = next;
        }
    }

    async fn reload(&mut self) -> Result<Receipt, Refused> {
        let started = Instant::now();
        let old = Arc::clone(&self.shared.serving.load().live);
        match self.next(&old).await {
            Ok(Some((built, bound))) => Ok(self.go_over(&old, built, bound, started)),
            Ok(None) => Ok(self.renew_secrets(&old, started)),
            Err(refused) => {
                // A bad file is no reason to miss a secret that has changed.
                self.renew_secrets(&old, started);
                Err(refused)
            }
        }
    }

    /// What to go over to, with everything done that can fail: nothing if the file is as it was.
    async fn next(&mut self, old: &Live) -> Result<Option<(Built, Vec<Bound>)>, Refused> {
        self.wanted.clear();
        let text = read(&self.file)?;
        if fingerprint(&text) == old.generation().fingerprint {
            return Ok(None);
        }
        let number = old.generation().number + 1;
        let rates = Arc::clone(&self.shared.rates);
        let mut built = build(&self.file, self.folder.clone(), text, number, rates).await?;
        built.find_lost_secrets(old);
        if built.diagnostics.refuse(false) {
            // It may be good as soon as the files are there that it names.
            self.wanted = keys::files(&self.folder, &built.config);
            let Built { diagnostics, sources, .. } = built;
            return Err(Refused::Mistakes { diagnostics, sources });
        }
        let bound = bind(&self.listening, &addresses(&built.config, &self.folder)).await?;
        Ok(Some((built, bound)))
    }

    fn go_over(
        &mut self,
        old: &Live,
        built: Built,
        bound: Vec<Bound>,
        started: Instant,
    ) -> Receipt {
        // The only moment: from here on nothing can fail.
        let serving = built.serving(&self.destinations);
        self.shared.serving.store(Arc::new(serving));

        // What follows from it.
        let addresses = addresses(&built.config, &self.folder);
        self.shared.gate.set_limit(built.config.server.limits.connections);
        self.listening.change(bound, &addresses);
        log::level(built.config.log.level);
        if !built.diagnostics.is_empty() {
            (self.on_diagnostics)(&built.diagnostics, &built.sources);
        }
        let live = Arc::clone(&self.shared.serving.load().live);
        let receipt = Receipt {
            generation: live.generation().number,
            is_new: true,
            fingerprint: live.generation().fingerprint.clone(),
            changes: diff(&self.config.written, &built.config.written),
            warnings: built.diagnostics.count(Severity::Warning),
            states: changed_states(old, &live),
            took: started.elapsed(),
        };
        self.config = built.config;
        self.secrets = built.secrets;
        receipt
    }

    /// Looks the secrets of the generation that serves up again, and swaps in new keys for it.
    /// Nothing is compiled.
    fn renew_secrets(&mut self, old: &Live, started: Instant) -> Receipt {
        let mut secrets = keys::Lookup::new(&self.folder, &self.config).secrets(&self.config);
        for (index, new) in secrets.iter_mut().enumerate() {
            // A secret file that is gone for a moment must not turn a listener away.
            if let (Err(why), Some(Ok(last))) = (&*new, self.secrets.get(index)) {
                let secret = &self.config.secrets[index].name;
                tracing::warn!(secret, %why, "a secret is gone; its last value goes on");
                *new = Ok(last.clone());
            }
        }
        let rates = &self.shared.rates;
        let live = Arc::new(Live::new(Arc::clone(old.generation()), &secrets, rates));
        let states = changed_states(old, &live);
        let serving = (**self.shared.serving.load()).clone();
        let tls = self.renewed_tls(serving.tls.clone());
        let serving = Serving { live: Arc::clone(&live), tls, ..serving };
        self.shared.serving.store(Arc::new(serving));
        self.secrets = secrets;
        Receipt {
            generation: live.generation().number,
            is_new: false,
            fingerprint: live.generation().fingerprint.clone(),
            changes: Vec::new(),
            warnings: 0,
            states,
            took: started.elapsed(),
        }
    }

    /// The certificates as they are now; the last ones, where they are not good.
    fn renewed_tls(&self, last: Option<Tls>) -> Option<Tls> {
        let mut found = Diagnostics::default();
        let tls = Tls::read(&self.folder, self.config.server.tls.as_ref(), &mut found);
        for diagnostic in found.sorted() {
            let why = diagnostic.problem.message();
            tracing::warn!(why, "a renewed certificate is no good; the last one goes on");
        }
        if tls.is_some() && tls != last {
            tracing::info!("the certificate is renewed");
        }
        tls.or(last)
    }

    /// Tells the operator what a reload did. A refusal that was told is not told again, unless
    /// somebody asked.
    fn tell(&mut self, result: &Result<Receipt, Refused>, asked: bool) {
        systemd::reloaded(&self.shared.serving.load().live, result.is_err());
        match result {
            Ok(receipt) => {
                // Whoever was told of a mistake is told that it is over.
                let is_awaited = asked || self.told.take().is_some();
                receipt.log(is_awaited);
            }
            Err(refused) => {
                let story = refused.to_string();
                if !asked && self.told.as_ref() == Some(&story) {
                    return;
                }
                if let Refused::Mistakes { diagnostics, sources } = refused {
                    (self.on_diagnostics)(diagnostics, sources);
                }
                let generation = self.shared.serving.load().live.generation().number;
                let why = refused.summary();
                tracing::error!(
                    generation,
                    why,
                    "the new configuration is refused; the old goes on"
                );
                self.told = Some(story);
            }
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = keys::files(&self.folder, &self.config);
        files.push(self.file.clone());
        files.extend_from_slice(&self.wanted);
        files
    }
}

fn addresses(config: &Config, folder: &Path) -> Vec<Address> {
    let listen = config.server.listen.iter();
    let mut addresses: Vec<_> = listen
        .map(|(address, _)| match address {
            Address::Unix(path) => Address::Unix(folder.join(path)),
            other => other.clone(),
        })
        .collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

async fn bind(listening: &Listening, addresses: &[Address]) -> Result<Vec<Bound>, Refused> {
    let bound = listening.bind(addresses).await;
    bound.map_err(|(address, error)| Refused::Unbound { address, error })
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => PathBuf::from("."),
    }
}
