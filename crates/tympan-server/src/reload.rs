//! Going over to a new configuration, or staying with the old one as a whole.
//!
//! Three steps: understand it, build it beside the old, swap. Whatever can fail comes before the
//! swap, so a bad file costs nothing.

mod tell;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
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
use tympan_core::diff;
use tympan_core::diff::diff;
use tympan_core::keys::Secrets;
use tympan_core::pipeline::Live;
use tympan_core::rate::Rates;
use tympan_core::secret::Unresolved;
use tympan_core::span::Sources;

use crate::admin;
use crate::build::Base;
use crate::build::Built;
use crate::build::build;
use crate::build::folder_of;
use crate::capture::Captures;
use crate::clock::Clock;
use crate::delivery::Destinations;
use crate::files;
use crate::files::Files;
use crate::files::OneFile;
use crate::gate::Gate;
use crate::journal;
use crate::journal::Journals;
use crate::keys;
use crate::last_good::Keeper;
use crate::listen::Bound;
use crate::listen::Listening;
use crate::listen::addresses;
use crate::log;
use crate::memory::Memory;
use crate::meters::Meters;
use crate::outbound::Egress;
use crate::outbound::calls::Calls;
use crate::receipt::Frozen;
use crate::receipt::Receipt;
use crate::receipt::Refused;
use crate::receipt::changed_states;
use crate::refused::KeptRefusals;
use crate::reloads::Reloads;
use crate::serving::Serving;
use crate::serving::Shared;
use crate::start;
use crate::start::Started;
use crate::strays::Strays;
use crate::tls::Tls;
use crate::watch;
use crate::watch::FileWatcher;
use crate::watchman::Watchman;

/// How long files have to look the same before they are read.
const SETTLE: Duration = Duration::from_millis(20);

/// How often files are looked at although nothing told of a change.
const POLL: Duration = Duration::from_secs(2);

/// How long an included file has to be gone until its listeners are: some editors and checkouts
/// remove a file before they write it anew.
const GRACE: Duration = Duration::from_millis(2_500);

/// With more changes than this, a receipt names keys and no values: both sides would have to be
/// read once more.
const MOST_TOLD: usize = 1000;

/// What the reloading task is told.
pub(crate) enum Command {
    /// A file may have changed.
    Look,
    /// Read again, whatever the files look like.
    Reload { reply: oneshot::Sender<Result<Receipt, Refused>> },
    /// A secret has come, or gone.
    Renew { reply: oneshot::Sender<()> },
}

/// The task that follows the files.
pub(crate) struct Reloader {
    file: PathBuf,
    folder: PathBuf,
    shared: Arc<Shared>,
    listening: Arc<Listening>,
    admin: Arc<admin::Listening>,
    destinations: Arc<Destinations>,
    on_diagnostics: OnDiagnostics,
    keeper: Keeper,
    /// Whether it began with the last good configuration instead of the one on the disk.
    is_restored: bool,
    config: Config,
    secrets: Secrets,
    /// What is served, as it was read.
    served: Arc<Files>,
    /// The patterns of the root as it stands on the disk.
    patterns: Vec<String>,
    /// The included files that are gone from the disk, and since when.
    gone: HashMap<PathBuf, Instant>,
    /// Every file that what is served depends on.
    files: Vec<PathBuf>,
    /// Those that a refused configuration waits for.
    wanted: Vec<PathBuf>,
    /// What they looked like when they were last read.
    seen: u64,
    /// The refusal that was told last, so that it is told once.
    told: Option<String>,
}

/// What runs from the start on.
pub(crate) struct Running {
    pub(crate) shared: Arc<Shared>,
    pub(crate) listening: Arc<Listening>,
    pub(crate) admin: Arc<admin::Listening>,
}

/// Who is told about the mistakes and warnings of a file.
pub type OnDiagnostics = Arc<dyn Fn(&Diagnostics, &Sources) + Send + Sync>;

/// Everything that is gone over to, with all done that can fail.
struct Ready {
    built: Built,
    bound: Vec<Bound>,
    admin_bound: Vec<admin::Bound>,
}

impl Reloader {
    /// Reads and serves the first generation.
    pub(crate) async fn start(
        file: PathBuf,
        destinations: Arc<Destinations>,
        journals: Journals,
        on_diagnostics: OnDiagnostics,
        commands: mpsc::Sender<Command>,
    ) -> Result<(Self, Running), Refused> {
        let folder = folder_of(&file);
        let rates = Arc::new(Rates::default());
        let started = start::build(&file, &folder, Arc::clone(&rates)).await?;
        let Started { built, patterns, broken } = started;
        let state = folder.join(&built.config.state.0);
        let settings = journal::settings(&built.config.journal);
        journals.open(state.join("journal"), settings).await;
        let serving = built.serving(&folder, &destinations, &Meters::none());
        destinations.go_over(&serving.destinations);
        let refused = Arc::new(KeptRefusals::new());
        if serving.keeps_refused {
            let settings = journal::refused_settings(&built.config.journal);
            refused.open(state.join("refused"), settings).await;
        }
        let strays = Arc::new(Strays::default());
        let shared = Arc::new(Shared {
            serving: ArcSwap::from_pointee(serving),
            clock: Clock::new(),
            gate: Arc::new(Gate::new(built.config.server.limits.connections)),
            watchman: Watchman::counting(Arc::clone(&strays)),
            strays,
            refusals: log::Refusals::default(),
            reloads: Reloads::started(),
            is_stopping: AtomicBool::new(false),
            memory: Memory::default(),
            rates,
            journals,
            refused,
            keys: Arc::default(),
            captures: Arc::new(Captures::new(commands.clone())),
            calls: Calls::default(),
        });
        let listening = Arc::new(Listening::new(Arc::clone(&shared)));
        let addresses = addresses(&built.config, &folder);
        let bound = bind(&listening, &addresses).await?;
        let admin = Arc::new(admin::Listening::new(admin::Context {
            shared: Arc::clone(&shared),
            public: Arc::clone(&listening),
            commands,
            told: AtomicU64::new(0),
        }));
        let admin_bound = admin.bind(&folder, &built.config).await?;
        listening.change(bound, &addresses);
        admin.change(admin_bound, &folder, &built.config);
        log::level(built.config.log.level);
        if !built.diagnostics.is_empty() {
            on_diagnostics(&built.diagnostics, &built.sources);
        }
        let mut reloader = Self {
            files: Vec::new(),
            wanted: built.wanted,
            file,
            folder,
            shared: Arc::clone(&shared),
            listening: Arc::clone(&listening),
            admin: Arc::clone(&admin),
            destinations,
            on_diagnostics,
            keeper: Keeper::start(),
            is_restored: broken.is_some(),
            config: built.config.without_listeners(),
            secrets: built.secrets,
            served: built.files,
            patterns,
            gone: HashMap::new(),
            // No file looks like this: the first look reads them all once more.
            seen: 0,
            told: None,
        };
        match broken {
            Some(refused) => reloader.tell_restored(&refused),
            None => reloader.keeper.keep(&reloader.file, &reloader.config.state, &reloader.served),
        }
        reloader.tell_frozen(&built.frozen, true);
        reloader.files = reloader.files();
        Ok((reloader, Running { shared, listening, admin }))
    }

    /// Whether it began with the last good configuration instead of the one on the disk.
    pub(crate) fn is_last_good(&self) -> bool {
        self.is_restored
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
        watcher.follow(&self.files, &self.followed_patterns());
        let mut poll = tokio::time::interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let ends = self.gone.values().filter(|since| since.elapsed() < GRACE);
            let next_end = ends.min().map(|since| *since + GRACE);
            let end = async {
                match next_end {
                    Some(end) => tokio::time::sleep_until(end.into()).await,
                    None => std::future::pending().await,
                }
            };
            let command = tokio::select! {
                command = inbox.recv() => command,
                _ = poll.tick() => Some(Command::Look),
                () = end => {
                    // Nothing looks different from a moment ago, except that it lasts.
                    self.seen = 0;
                    Some(Command::Look)
                }
            };
            match command {
                None => return,
                Some(Command::Look) => {
                    if self.settled(&watcher).await {
                        let attempt = self.attempt(false).await;
                        if self.has_changed_since(&watcher).await {
                            // What was read may be half of it. Its end is an event of its own.
                            self.seen = 0;
                        } else {
                            let result = self.conclude(attempt);
                            self.tell(&result, false);
                        }
                    }
                }
                Some(Command::Renew { reply }) => {
                    let old = Arc::clone(&self.shared.serving.load().live);
                    self.renew_secrets(&old, Instant::now(), false).log(false);
                    // Whoever asked may have gone.
                    let _ = reply.send(());
                    continue;
                }
                Some(Command::Reload { reply }) => {
                    self.files = self.files();
                    self.seen = watch::look(&self.files);
                    let attempt = self.attempt(true).await;
                    let result = self.conclude(attempt);
                    self.tell(&result, true);
                    // Whoever asked may have gone.
                    let _ = reply.send(result);
                }
            }
            self.files = self.files();
            watcher.follow(&self.files, &self.followed_patterns());
        }
    }

    /// Waits until files that have changed look the same for a while; false if none has.
    async fn settled(&mut self, watcher: &FileWatcher) -> bool {
        self.files = self.files();
        let mut look = watch::look(&self.files);
        if look == self.seen {
            return false;
        }
        loop {
            tokio::time::sleep(SETTLE).await;
            watcher.catch_up().await;
            if watcher.is_being_written() {
                // Its end is an event of its own.
                return false;
            }
            self.files = self.files();
            let next = watch::look(&self.files);
            if next == look {
                self.seen = look;
                return true;
            }
            look = next;
        }
    }

    /// Whether a file has changed since they looked the same for a while.
    async fn has_changed_since(&self, watcher: &FileWatcher) -> bool {
        watcher.catch_up().await;
        watcher.is_being_written() || watch::look(&self.files) != self.seen
    }

    /// Reads the files, and does everything that can fail.
    async fn attempt(&mut self, asked: bool) -> Attempt {
        let started = Instant::now();
        let old = Arc::clone(&self.shared.serving.load().live);
        let next = self.next(&old, asked).await;
        Attempt { started, old, next, asked }
    }

    fn conclude(
        &mut self,
        Attempt { started, old, next, asked }: Attempt,
    ) -> Result<Receipt, Refused> {
        match next {
            Ok(Next::New(ready)) => Ok(self.go_over(&old, *ready, started)),
            Ok(Next::Same(frozen)) => {
                Ok(Receipt { frozen, ..self.renew_secrets(&old, started, asked) })
            }
            Err(refused) => {
                // A bad file is no reason to miss a secret that has changed.
                self.renew_secrets(&old, started, asked);
                Err(refused)
            }
        }
    }

    /// What to go over to, with everything done that can fail.
    async fn next(&mut self, old: &Arc<Live>, asked: bool) -> Result<Next, Refused> {
        self.wanted.clear();
        let mut files = start::read(&self.file).await?;
        self.patterns.clone_from(&files.patterns);
        if !asked {
            // Whoever asks knows that what is gone is meant to be.
            self.forgive(&mut files);
        }
        let served = &old.generation().fingerprint;
        if files.fingerprint() == *served {
            return Ok(Next::Same(Vec::new()));
        }
        let number = old.generation().number + 1;
        let rates = Arc::clone(&self.shared.rates);
        let (files_served, live) = (Arc::clone(&self.served), Some(Arc::clone(old)));
        let base = Base { files: files_served, live, rates, keeps_keys: true };
        let built = build(self.folder.clone(), files, base, number).await;
        let built = built.map_err(|failed| {
            self.wanted = failed.wanted;
            failed.refused
        })?;
        self.wanted.clone_from(&built.wanted);
        if built.live.generation().fingerprint == *served {
            return Ok(Next::Same(built.frozen));
        }
        let bound = bind(&self.listening, &addresses(&built.config, &self.folder)).await?;
        let admin_bound = self.admin.bind(&self.folder, &built.config).await?;
        Ok(Next::New(Box::new(Ready { built, bound, admin_bound })))
    }

    /// Puts back the included files that are gone and may be there again in a moment.
    fn forgive(&mut self, files: &mut Files) {
        let is_gone = |file: &OneFile| !file.path.exists() && files.get(&file.path).is_none();
        let gone: Vec<_> =
            self.served.included().iter().filter(|file| is_gone(file)).cloned().collect();
        self.gone.retain(|path, _| gone.iter().any(|file| file.path == *path));
        for file in gone {
            let since = *self.gone.entry(file.path.clone()).or_insert_with(Instant::now);
            if since.elapsed() < GRACE {
                files.all.push(file);
            }
        }
        if let Some(included) = files.all.get_mut(1..) {
            included.sort_by(|a, b| a.path.cmp(&b.path));
        }
    }

    fn go_over(&mut self, old: &Live, ready: Ready, started: Instant) -> Receipt {
        let Ready { built, bound, admin_bound } = ready;
        // The only moment: from here on nothing can fail.
        let meters = &self.shared.serving.load().meters;
        let serving = Arc::new(built.serving(&self.folder, &self.destinations, meters));
        self.shared.serving.store(Arc::clone(&serving));

        // What follows from it.
        let addresses = addresses(&built.config, &self.folder);
        self.destinations.go_over(&serving.destinations);
        self.shared.journals.set(journal::settings(&built.config.journal));
        self.keep_refused(&serving, &built.config);
        self.shared.gate.set_limit(built.config.server.limits.connections);
        self.listening.change(bound, &addresses);
        self.admin.change(admin_bound, &self.folder, &built.config);
        log::level(built.config.log.level);
        if !built.diagnostics.is_empty() {
            (self.on_diagnostics)(&built.diagnostics, &built.sources);
        }
        let took = started.elapsed();
        let live = Arc::clone(&self.shared.serving.load().live);
        let known = [Some(&self.secrets), Some(&built.secrets)];
        let (before, now) = (&self.served, &built.files);
        let mut changes = diff(&self.config.written, &built.config.written);
        if changes.len() <= MOST_TOLD {
            diff::put_to(&mut changes, &before.beside(now, &known), &now.beside(before, &known));
        }
        let receipt = Receipt {
            generation: live.generation().number,
            is_new: true,
            fingerprint: live.generation().fingerprint.clone(),
            changes,
            warnings: built.diagnostics.count(Severity::Warning),
            states: changed_states(old, &live),
            frozen: built.frozen,
            took,
        };
        self.keeper.keep(&self.file, &built.config.state, &built.files);
        self.config = built.config.without_listeners();
        self.secrets = built.secrets;
        self.served = built.files;
        receipt
    }

    fn keep_refused(&self, serving: &Serving, config: &Config) {
        let settings = journal::refused_settings(&config.journal);
        self.shared.refused.set(settings);
        if serving.keeps_refused {
            let refused = Arc::clone(&self.shared.refused);
            let folder = self.folder.join(&config.state.0).join("refused");
            tokio::spawn(async move { refused.open(folder, settings).await });
        }
    }

    /// Looks the secrets of the generation that serves up again, and swaps in new keys for it.
    /// Nothing is compiled.
    fn renew_secrets(&mut self, old: &Live, started: Instant, asked: bool) -> Receipt {
        let lookup = keys::Lookup::new(&self.folder, &self.config).keeping();
        let mut secrets = lookup.secrets(&self.config);
        for (index, new) in secrets.iter_mut().enumerate() {
            // A secret file that is gone for a moment must not turn a listener away.
            // One that was taken back must.
            let Err(why) = &*new else { continue };
            if matches!(why, Unresolved::NotCaptured { .. }) {
                continue;
            }
            if let Some(Ok(last)) = self.secrets.get(index) {
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
        let egress = self.renewed_egress(&serving.egress);
        let mut destinations = serving.destinations.clone();
        // Whoever asks, or brings a new secret, has seen to those that are paused.
        let are_same =
            keys::are_same(&secrets, &self.secrets) && Arc::ptr_eq(&egress, &serving.egress);
        if asked || !are_same {
            destinations = self.destinations.renew(
                &self.folder,
                &self.config,
                &secrets,
                &egress,
                &serving.meters,
            );
        }
        let serving = Serving { live: Arc::clone(&live), tls, egress, destinations, ..serving };
        self.shared.serving.store(Arc::new(serving));
        self.secrets = secrets;
        Receipt {
            generation: live.generation().number,
            is_new: false,
            fingerprint: live.generation().fingerprint.clone(),
            changes: Vec::new(),
            warnings: 0,
            states,
            frozen: Vec::new(),
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

    /// The authorities of hosts that are called, and what we prove ourselves with there, as they are
    /// now; the last ones, where they are not good.
    fn renewed_egress(&self, last: &Arc<Egress>) -> Arc<Egress> {
        let mut found = Diagnostics::default();
        let egress = Egress::read(&self.folder, &self.config, &mut found);
        let faults = found.sorted();
        for diagnostic in &faults {
            let why = diagnostic.problem.message();
            tracing::warn!(why, "a renewed file for calls is no good; the last one goes on");
        }
        if faults.is_empty() && egress != **last { Arc::new(egress) } else { Arc::clone(last) }
    }

    /// Everything that has to be looked at: what is included now, whatever is served.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = keys::files(&self.folder, &self.config);
        files.push(self.file.clone());
        files.extend(files::included(&self.file, &self.patterns).paths);
        files.extend_from_slice(&self.wanted);
        files
    }

    fn followed_patterns(&self) -> Vec<String> {
        self.patterns.iter().map(|pattern| files::absolute(&self.file, pattern)).collect()
    }
}

/// What has been read, when, and what served then.
struct Attempt {
    started: Instant,
    old: Arc<Live>,
    next: Result<Next, Refused>,
    /// Whether somebody has asked for it.
    asked: bool,
}

/// What a look at the files leads to.
enum Next {
    /// Something else.
    New(Box<Ready>),
    /// Nothing else; these files would be something else if they had no mistakes.
    Same(Vec<Frozen>),
}

async fn bind(listening: &Listening, addresses: &[Address]) -> Result<Vec<Bound>, Refused> {
    let bound = listening.bind(addresses).await;
    bound.map_err(|(address, error)| Refused::Unbound { address, error })
}
