//! The addresses that are listened at, and the connections that come in.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tympan_core::config::Address;
use tympan_core::config::Config;

use crate::connection;
use crate::connection::Entry;
use crate::gate::Place;
use crate::log;
use crate::serving::Shared;
use crate::socket;
use crate::socket::BACKLOG;
use crate::socket::Socket;
use crate::socket::Stream;

/// How long accepting rests when the system has nothing left to accept with.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Every address that is listened at.
pub(crate) struct Listening {
    shared: Arc<Shared>,
    /// By the address as it is configured, which may ask for any port, or for several sockets.
    accepting: Mutex<HashMap<Address, Vec<Accepting>>>,
}

struct Accepting {
    socket: Arc<Socket>,
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

/// A bound address that nobody accepts from yet.
pub(crate) struct Bound {
    configured: Address,
    sockets: Vec<Socket>,
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
        addresses: &[Address],
    ) -> Result<Vec<Bound>, (Address, io::Error)> {
        let mut bound = Vec::new();
        for configured in addresses {
            if lock(&self.accepting).contains_key(configured) {
                continue;
            }
            let beside = || self.bind_beside_ours(configured).map(|socket| vec![socket]);
            let sockets = socket::bind_in_time(|| socket::bind(configured), beside).await;
            let sockets = sockets.map_err(|error| (configured.clone(), error))?;
            bound.push(Bound { configured: configured.clone(), sockets });
        }
        Ok(bound)
    }

    /// Binds an address that overlaps with one that it takes the place of.
    fn bind_beside_ours(&self, configured: &Address) -> Option<Socket> {
        let Address::Tcp(wanted) = *configured else { return None };
        let accepting = lock(&self.accepting);
        let ours = accepting.values().flatten().filter_map(|it| match &*it.socket {
            Socket::Tcp(listener) => Some(listener),
            Socket::Unix(..) => None,
        });
        socket::bind_beside(wanted, &ours.collect::<Vec<_>>()).map(Socket::Tcp)
    }

    /// Listens at what was bound, and no longer at what is not in `addresses`. Connections that
    /// are open stay open.
    pub(crate) fn change(&self, bound: Vec<Bound>, addresses: &[Address]) {
        let mut accepting = lock(&self.accepting);
        for Bound { configured, sockets } in bound {
            let sockets = sockets.into_iter().map(|socket| {
                let address = socket.address().unwrap_or_else(|| configured.clone());
                tracing::info!(%address, "listening");
                let socket = Arc::new(socket);
                let stop = Arc::new(Notify::new());
                let accept =
                    accept(Arc::clone(&socket), Arc::clone(&stop), Arc::clone(&self.shared));
                Accepting { socket, stop, task: tokio::spawn(accept) }
            });
            let sockets = sockets.collect();
            accepting.insert(configured, sockets);
        }
        accepting.retain(|configured, sockets| {
            let stays = addresses.contains(configured);
            if !stays {
                for accepting in sockets.iter() {
                    accepting.stop.notify_one();
                }
            }
            stays
        });
    }

    /// The addresses, with the ports that the system chose.
    pub(crate) fn addresses(&self) -> Vec<Address> {
        let accepting = lock(&self.accepting);
        let sockets = accepting.values().flatten();
        let mut addresses: Vec<_> = sockets.filter_map(|it| it.socket.address()).collect();
        addresses.sort();
        addresses
    }

    /// Stops accepting and waits for the requests in flight, but not for longer than `grace`.
    /// Gives the number of connections that were still open then.
    pub(crate) async fn stop(&self, grace: Duration) -> usize {
        let accepting: Vec<_> = lock(&self.accepting).drain().flat_map(|(_, it)| it).collect();
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

/// Accepts until it is stopped, and then whoever waits already.
async fn accept(socket: Arc<Socket>, stop: Arc<Notify>, shared: Arc<Shared>) {
    loop {
        let stream = tokio::select! {
            accepted = socket.accept() => match accepted {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(EXHAUSTED_PAUSE).await;
                    continue;
                }
            },
            () = stop.notified() => break,
        };
        let Ok(place) = place(&stream, &shared) else { continue };
        // The first that comes when there is no room waits here, the others in the backlog.
        let admission = tokio::select! {
            biased;
            admission = Arc::clone(&shared.gate).enter() => admission,
            () = stop.notified() => return,
        };
        spawn(stream, &shared, Entry { admission, place });
    }
    for _ in 0..BACKLOG {
        let Some(stream) = socket.accept_waiting() else { return };
        let Ok(stream) = stream else { continue };
        let Ok(place) = place(&stream, &shared) else { continue };
        let Some(admission) = Arc::clone(&shared.gate).try_enter() else { return };
        spawn(stream, &shared, Entry { admission, place });
    }
}

/// Counts a connection for its address, or turns it away.
fn place(stream: &Stream, shared: &Arc<Shared>) -> Result<Option<Place>, ()> {
    let Stream::Tcp(_, peer) = stream else { return Ok(None) };
    let place = connection::place(peer.ip(), shared);
    if place.is_err() {
        log::turned_away(shared, peer.ip());
    }
    place
}

fn spawn(stream: Stream, shared: &Arc<Shared>, entry: Entry) {
    let pace = shared.watchman.watch();
    tokio::spawn(connection::serve(stream, Arc::clone(shared), pace, entry));
}

/// The addresses of a configuration whose names of files are relative to `folder`.
pub(crate) fn addresses(config: &Config, folder: &Path) -> Vec<Address> {
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
