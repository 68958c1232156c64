//! The addresses that are listened at, and the connections that come in.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::http;
use crate::serving::Shared;

/// How long accepting rests when the system has nothing left to accept with.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Every address that is listened at.
pub(crate) struct Listening {
    shared: Arc<Shared>,
    /// Taken when the server stops.
    graceful: Mutex<Option<Arc<GracefulShutdown>>>,
    /// By the address as it is configured, which may ask for any port.
    accepting: Mutex<HashMap<SocketAddr, Accepting>>,
}

struct Accepting {
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// A bound address that nobody accepts from yet.
pub(crate) struct Bound {
    configured: SocketAddr,
    listener: TcpListener,
}

impl Listening {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let graceful = Mutex::new(Some(Arc::new(GracefulShutdown::new())));
        Self { shared, graceful, accepting: Mutex::default() }
    }

    /// Binds those addresses that are not listened at yet: all that can fail of a change.
    ///
    /// # Errors
    ///
    /// The first address that cannot be bound.
    pub(crate) async fn bind(
        &self,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<Vec<Bound>, (SocketAddr, io::Error)> {
        let mut bound = Vec::new();
        for configured in addresses {
            if lock(&self.accepting).contains_key(&configured) {
                continue;
            }
            let listener = TcpListener::bind(configured).await;
            let listener = listener.map_err(|error| (configured, error))?;
            bound.push(Bound { configured, listener });
        }
        Ok(bound)
    }

    /// Listens at what was bound, and no longer at what is not in `addresses`. Connections that
    /// are open stay open.
    pub(crate) fn change(&self, bound: Vec<Bound>, addresses: &[SocketAddr]) {
        let Some(graceful) = lock(&self.graceful).clone() else { return };
        let mut accepting = lock(&self.accepting);
        for Bound { configured, listener } in bound {
            let address = listener.local_addr().unwrap_or(configured);
            let shared = Arc::clone(&self.shared);
            let task = tokio::spawn(accept(listener, shared, Arc::clone(&graceful)));
            accepting.insert(configured, Accepting { address, task });
        }
        accepting.retain(|configured, it| {
            let stays = addresses.contains(configured);
            if !stays {
                it.task.abort();
            }
            stays
        });
    }

    /// The addresses, with the ports that the system chose.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        let mut addresses: Vec<_> = lock(&self.accepting).values().map(|it| it.address).collect();
        addresses.sort();
        addresses
    }

    /// Stops accepting and waits for the requests in flight, but not for longer than `grace`.
    /// Gives the number of connections that were still open then.
    pub(crate) async fn stop(&self, grace: Duration) -> usize {
        let accepting: Vec<_> = lock(&self.accepting).drain().map(|(_, it)| it.task).collect();
        for task in accepting {
            task.abort();
            // An aborted task is one that has ended.
            let _ = task.await;
        }
        // The accepting tasks held the other references.
        let graceful = lock(&self.graceful).take().and_then(Arc::into_inner);
        let Some(graceful) = graceful else { return 0 };
        if tokio::time::timeout(grace, graceful.shutdown()).await.is_ok() {
            return 0;
        }
        self.shared.gate.n_open()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, graceful: Arc<GracefulShutdown>) {
    loop {
        let (stream, client) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
                continue;
            }
        };
        // An answer is small and complete: it must not wait for more.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%client, %error, "connection ended");
            continue;
        }
        // The first that comes when there is no room waits here, the others in the backlog.
        let admission = Arc::clone(&shared.gate).enter().await;
        let shared = Arc::clone(&shared);
        let limits = shared.serving.load().server.limits;
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            http::serve(stream, client, shared, limits, watcher).await;
            drop(admission);
        });
    }
}
