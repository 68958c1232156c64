//! The addresses that are listened at, and the connections that come in.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::gate::Admission;
use crate::http;
use crate::serving::Shared;

/// How long accepting rests when the system has nothing left to accept with.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// How often an address that is in use is tried again, and after which pause.
const MOST_TRIES: usize = 10;
const CLOSING_PAUSE: Duration = Duration::from_millis(50);

/// How many connections may wait to be accepted, as tokio has it.
const BACKLOG: u32 = 1024;

/// Every address that is listened at.
pub(crate) struct Listening {
    shared: Arc<Shared>,
    /// By the address as it is configured, which may ask for any port.
    accepting: Mutex<HashMap<SocketAddr, Accepting>>,
}

struct Accepting {
    address: SocketAddr,
    listener: Arc<TcpListener>,
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

/// A bound address that nobody accepts from yet.
pub(crate) struct Bound {
    configured: SocketAddr,
    listener: TcpListener,
}

impl Listening {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, accepting: Mutex::default() }
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
            let mut listener = TcpListener::bind(configured).await;
            for _ in 0..MOST_TRIES {
                let in_use = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
                if !listener.as_ref().is_err_and(in_use) {
                    break;
                }
                if let Some(beside) = self.bind_beside_ours(configured) {
                    listener = Ok(beside);
                    break;
                }
                // An address of the last change may not be closed yet.
                tokio::time::sleep(CLOSING_PAUSE).await;
                listener = TcpListener::bind(configured).await;
            }
            let listener = listener.map_err(|error| (configured, error))?;
            bound.push(Bound { configured, listener });
        }
        Ok(bound)
    }

    /// Binds an address that overlaps with ours, as `0.0.0.0:80` does with `127.0.0.1:80`. For a
    /// moment our own sockets allow it; nobody else's may share a port with us.
    fn bind_beside_ours(&self, configured: SocketAddr) -> Option<TcpListener> {
        let ours: Vec<_> = lock(&self.accepting)
            .values()
            .filter(|it| it.address.port() == configured.port())
            .map(|it| Arc::clone(&it.listener))
            .collect();
        if ours.is_empty() {
            return None;
        }
        let share =
            |share| ours.iter().all(|it| SockRef::from(&**it).set_reuse_port(share).is_ok());
        let bound = if share(true) { bind_shared(configured).ok() } else { None };
        share(false);
        bound
    }

    /// Listens at what was bound, and no longer at what is not in `addresses`. Connections that
    /// are open stay open.
    pub(crate) fn change(&self, bound: Vec<Bound>, addresses: &[SocketAddr]) {
        let mut accepting = lock(&self.accepting);
        for Bound { configured, listener } in bound {
            let address = listener.local_addr().unwrap_or(configured);
            let listener = Arc::new(listener);
            tracing::info!(%address, "listening");
            let shared = Arc::clone(&self.shared);
            let stop = Arc::new(Notify::new());
            let task = tokio::spawn(accept(Arc::clone(&listener), Arc::clone(&stop), shared));
            accepting.insert(configured, Accepting { address, listener, stop, task });
        }
        accepting.retain(|configured, it| {
            let stays = addresses.contains(configured);
            if !stays {
                it.stop.notify_one();
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
        let accepting: Vec<_> = lock(&self.accepting).drain().map(|(_, it)| it).collect();
        for Accepting { stop, task, .. } in accepting {
            stop.notify_one();
            // It ends once nobody waits to be accepted; a panic has ended it as well.
            let _ = task.await;
        }
        self.shared.watchman.finish();
        match tokio::time::timeout(grace, self.shared.gate.empty()).await {
            Ok(()) => 0,
            Err(_) => self.shared.gate.n_open(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bind_shared(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    SockRef::from(&listener).set_reuse_port(false)?;
    Ok(listener)
}

/// Accepts until it is stopped, and then whoever waits already.
async fn accept(listener: Arc<TcpListener>, stop: Arc<Notify>, shared: Arc<Shared>) {
    loop {
        let (stream, client) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(EXHAUSTED_PAUSE).await;
                    continue;
                }
            },
            () = stop.notified() => break,
        };
        // The first that comes when there is no room waits here, the others in the backlog.
        let admission = tokio::select! {
            biased;
            admission = Arc::clone(&shared.gate).enter() => admission,
            () = stop.notified() => return,
        };
        spawn(stream, client, &shared, admission);
    }
    // The system is asked, not what was known of it: whoever came before the end is served.
    for _ in 0..BACKLOG {
        let Ok((socket, client)) = SockRef::from(&*listener).accept() else { return };
        let stream = socket.set_nonblocking(true).and_then(|()| TcpStream::from_std(socket.into()));
        let (Ok(stream), Some(client)) = (stream, client.as_socket()) else { continue };
        let Some(admission) = Arc::clone(&shared.gate).try_enter() else { return };
        spawn(stream, client, &shared, admission);
    }
}

fn spawn(stream: TcpStream, client: SocketAddr, shared: &Arc<Shared>, admission: Admission) {
    // An answer is small and complete: it must not wait for more.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%client, %error, "connection ended");
        return;
    }
    let shared = Arc::clone(shared);
    let limits = shared.serving.load().server.limits;
    let pace = shared.watchman.watch();
    tokio::spawn(async move {
        http::serve(stream, client, shared, limits, pace).await;
        drop(admission);
    });
}
