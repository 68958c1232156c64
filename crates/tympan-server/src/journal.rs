//! The journal that events are kept in, or why there is none at the moment.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::watch;
use tympan_core::config;
use tympan_journal::Embedded;
use tympan_journal::Journal;
use tympan_journal::OpenError;
use tympan_journal::Settings;
use tympan_journal::Stats;

/// How long a journal that cannot be opened is left alone.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where events are kept, as long as the process lives.
#[derive(Clone, Debug)]
pub(crate) struct Journals {
    /// What is kept in it, for people.
    kept: &'static str,
    state: watch::Sender<State>,
    /// The latest limits, also while there is no journal. Held while one becomes open, so that it has
    /// those that come meanwhile.
    settings: Arc<Mutex<Settings>>,
}

/// A journal, or why there is none.
#[derive(Clone, Debug)]
enum State {
    Open(Arc<dyn Journal>),
    Closed(Arc<str>),
}

impl Journals {
    /// None yet.
    pub(crate) fn new(kept: &'static str) -> Self {
        let state = watch::Sender::new(State::Closed("it is not open yet".into()));
        Self { kept, state, settings: Arc::default() }
    }

    /// Opens the journal in a folder. One that cannot be opened is tried again until it can: until
    /// then everything that would be kept is answered with 503.
    pub(crate) async fn open(&self, folder: PathBuf, settings: Settings) {
        self.set(settings);
        if let Err(mut why) = self.try_open(folder.clone()).await {
            tracing::error!(why = &*why, "no {} can be kept", self.kept);
            let journals = self.clone();
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(PATIENCE).await;
                    match journals.try_open(folder.clone()).await {
                        Ok(()) => break,
                        Err(now) if now == why => {}
                        Err(now) => {
                            tracing::error!(why = &*now, "no {} can be kept", journals.kept);
                            why = now;
                        }
                    }
                }
                tracing::info!("every {} is kept again", journals.kept);
            });
        }
    }

    async fn try_open(&self, folder: PathBuf) -> Result<(), Arc<str>> {
        let settings = *self.settings();
        let opened = tokio::task::spawn_blocking(move || Embedded::open(&folder, settings)).await;
        let why: Arc<str> = match opened {
            Ok(Ok(journal)) => {
                let settings = self.settings();
                journal.set(*settings);
                self.state.send_replace(State::Open(Arc::new(journal)));
                return Ok(());
            }
            Ok(Err(error)) => Arc::from(OpenError::to_string(&error)),
            Err(error) => Arc::from(error.to_string()),
        };
        self.state.send_replace(State::Closed(Arc::clone(&why)));
        Err(why)
    }

    /// The journal, or why there is none.
    pub(crate) fn get(&self) -> Result<Arc<dyn Journal>, Arc<str>> {
        match &*self.state.borrow() {
            State::Open(journal) => Ok(Arc::clone(journal)),
            State::Closed(why) => Err(Arc::clone(why)),
        }
    }

    /// What the journal holds, and why nothing can be kept at the moment, if so.
    pub(crate) fn stats(&self) -> Stats {
        match self.get() {
            Ok(journal) => journal.stats(),
            Err(why) => Stats { fault: Some(why.to_string()), ..Stats::default() },
        }
    }

    /// The journal, once there is one.
    pub(crate) async fn opened(&self) -> Arc<dyn Journal> {
        let mut state = self.state.subscribe();
        loop {
            if let State::Open(journal) = &*state.borrow_and_update() {
                return Arc::clone(journal);
            }
            if state.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Takes other limits from now on.
    pub(crate) fn set(&self, settings: Settings) {
        let mut held = self.settings();
        *held = settings;
        if let Ok(journal) = self.get() {
            journal.set(settings);
        }
    }

    /// Ends, with every event on the disk that was handed in.
    pub(crate) async fn close(&self) {
        if let Ok(journal) = self.get() {
            journal.close().await;
        }
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The limits that a configuration sets.
pub(crate) fn settings(journal: &config::Journal) -> Settings {
    let config::Journal { age, size, dead, backlog, .. } = *journal;
    Settings { age, size, dead, backlog, is_durable: true }
}

/// The limits that it sets for refused requests, which are kept as long as nothing happens.
pub(crate) fn refused_settings(journal: &config::Journal) -> Settings {
    let config::Journal { refused_age: age, refused_size: size, .. } = *journal;
    Settings { age, size, dead: age, backlog: u64::MAX, is_durable: false }
}

#[cfg(test)]
mod tests {
    use tympan_journal::Appended;
    use tympan_journal::Embedded;
    use tympan_journal::Journal;
    use tympan_journal::Record;
    use tympan_journal::Settings;

    use super::Journals;

    #[tokio::test]
    async fn limits_that_come_while_it_is_closed_count_once_it_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let other = Embedded::open(&path, Settings::default()).unwrap();
        let journals = Journals::new("event");
        journals.open(path, Settings::default()).await;
        assert!(journals.get().is_err(), "somebody else has it");
        journals.set(Settings { backlog: 0, ..Settings::default() });
        other.close().await;
        let record = Record {
            listener: "a".into(),
            generation: 1,
            received: 0,
            claim: None,
            entries: Vec::new(),
        };
        let told = journals.opened().await.append(vec![record]).await;
        assert!(matches!(told[..], [Appended::Full(_)]), "{told:?}");
    }
}
