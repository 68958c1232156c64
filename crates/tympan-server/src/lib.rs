//! Everything of Tympan that happens: sockets, files, time, keys, delivery.
//!
//! [`Server::start`] reads a configuration and serves it. These run until [`Server::stop`]: a task
//! that accepts connections for each address (`listen`), one for each connection (`http`), one that
//! follows the files (`reload`), one that sums up refusals (`log`), one that sees that nobody takes
//! too long (`watchman`), the same once more for the operator (`admin`), one for each destination and
//! a thread that writes to standard output (`delivery`), one that writes the journal (`journal`), and one that keeps the last good configuration (`last_good`).

pub mod admin;
pub mod again;
mod bell;
mod build;
mod capture;
pub mod captured;
pub mod certificates;
mod clock;
mod connection;
mod delivery;
mod env_file;
pub mod events;
mod files;
mod framing;
mod gate;
mod generated;
mod http;
mod journal;
pub mod keys;
pub mod last_good;
mod listen;
pub mod log;
mod memory;
mod meters;
mod outbound;
mod pace;
mod packed;
mod plan;
mod proxy;
mod receipt;
mod refused;
mod reload;
mod reloads;
pub mod secrets;
mod serving;
mod socket;
mod start;
mod strays;
mod systemd;
mod tls;
mod watch;
mod watchman;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tympan_core::config::Address;
use tympan_core::pipeline::ListenerState;

pub use delivery::stdout::Sink;
pub use files::Files;
pub use outbound::call::Called;
pub use outbound::call::Caller;
pub use outbound::call::Fault as CallFault;
pub use plan::Plan;
pub use plan::plan;
pub use receipt::Frozen;
pub use receipt::Receipt;
pub use receipt::Refused;
pub use reload::OnDiagnostics;

use crate::delivery::Destination;
use crate::listen::Listening;
use crate::reload::Command;
use crate::reload::Reloader;
use crate::reload::Running;
use crate::serving::Shared;

/// How long what is due may take to be delivered when the server stops: the rest waits in the
/// journal.
const LAST_DELIVERIES: Duration = Duration::from_secs(1);

/// What a server is started with.
pub struct Options {
    /// The configuration.
    pub file: PathBuf,
    /// Where the destination `stdout` writes.
    pub stdout: Sink,
    /// Told about every reload that was refused, and about the warnings of one that was not.
    pub on_diagnostics: OnDiagnostics,
}

/// A running server.
pub struct Server {
    shared: Arc<Shared>,
    listening: Arc<Listening>,
    admin: Arc<admin::Listening>,
    destinations: Arc<delivery::Destinations>,
    commands: mpsc::Sender<Command>,
    tasks: Vec<JoinHandle<()>>,
    is_last_good: bool,
}

/// What is served.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The addresses, with the ports that the system chose where the file says 0.
    pub addresses: Vec<Address>,
    /// The listeners, in the order of the file.
    pub listeners: Vec<ListenerFacts>,
    /// Whether any of them delivers to standard output.
    pub needs_stdout: bool,
    /// Whether all of it is the last good configuration, as the file has mistakes.
    pub is_last_good: bool,
}

/// A listener as a table shows it.
#[derive(Clone, Debug)]
pub struct ListenerFacts {
    /// Its name.
    pub name: String,
    /// What to register with the provider.
    pub url: String,
    /// Whether it serves.
    pub state: ListenerState,
}

impl Server {
    /// Reads the configuration, binds its addresses, and serves.
    ///
    /// # Errors
    ///
    /// Why nothing is served: the file, or an address.
    pub async fn start(options: Options) -> Result<Self, Refused> {
        let journals = journal::Journals::new("event");
        let destinations = delivery::Destinations::start(options.stdout, journals.clone());
        let destinations = Arc::new(destinations);
        let (commands, inbox) = mpsc::channel(16);
        let (file, on_diagnostics) = (options.file, options.on_diagnostics);
        let started = Reloader::start(
            file,
            Arc::clone(&destinations),
            journals,
            on_diagnostics,
            commands.clone(),
        )
        .await?;
        let (reloader, Running { shared, listening, admin }) = started;
        let is_last_good = reloader.is_last_good();
        let tasks = vec![
            tokio::spawn(reloader.run(inbox, commands.clone())),
            tokio::spawn(log::sum_up(Arc::clone(&shared))),
            tokio::spawn(watch(Arc::clone(&shared))),
            tokio::spawn(systemd::watchdog()),
        ];
        systemd::ready(&shared.serving.load().live);
        Ok(Self { shared, listening, admin, destinations, commands, tasks, is_last_good })
    }

    /// What is served.
    #[must_use]
    pub fn facts(&self) -> Facts {
        facts(&self.shared, self.listening.addresses(), self.is_last_good)
    }

    /// Reads the configuration again now, whether or not it seems to have changed.
    ///
    /// # Errors
    ///
    /// Why the old one goes on.
    pub async fn reload(&self) -> Result<Receipt, Refused> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(Command::Reload { reply }).await;
        match sent {
            Ok(()) => answer.await.unwrap_or(Err(Refused::Stopped)),
            Err(_) => Err(Refused::Stopped),
        }
    }

    /// Stops accepting, answers what is in flight within the configured grace, and ends.
    ///
    /// Gives the number of connections that had to be cut.
    pub async fn stop(self) -> usize {
        systemd::stopping();
        let grace: Duration = self.shared.serving.load().server.shutdown_grace;
        self.shared.is_stopping.store(true, Ordering::Relaxed);
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks {
            // An aborted task is one that has ended.
            let _ = task.await;
        }
        let n_cut = self.listening.stop(grace).await;
        self.destinations.stop(grace.min(LAST_DELIVERIES)).await;
        self.shared.journals.close().await;
        self.shared.refused.close().await;
        self.admin.stop().await;
        log::flush(&self.shared);
        n_cut
    }
}

/// Sees that nobody takes too long.
async fn watch(shared: Arc<Shared>) {
    shared.watchman.run(|| shared.serving.load().server.limits).await;
}

fn facts(shared: &Shared, addresses: Vec<Address>, is_last_good: bool) -> Facts {
    let serving = shared.serving.load();
    let origin = serving.server.public_url.clone().unwrap_or_else(|| {
        // One that others can connect to, if there is one.
        let tcp = addresses.iter().find(|address| matches!(address, Address::Tcp(_)));
        let scheme = if serving.tls.is_some() { "https://" } else { "http://" };
        match tcp.or(addresses.first()) {
            Some(Address::Tcp(address)) => format!("{scheme}{address}"),
            Some(socket) => format!("{socket}:"),
            None => String::new(),
        }
    });
    let listeners = serving.live.listeners().map(|listener| ListenerFacts {
        name: listener.name.to_owned(),
        url: format!("{origin}{}", listener.path),
        state: listener.state.clone(),
    });
    let needs_stdout = serving.destinations.iter().any(Destination::is_stdout);
    Facts { listeners: listeners.collect(), addresses, needs_stdout, is_last_good }
}
