//! The addresses for the operator, and the connections that come in.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpListener;
use tokio::net::UnixListener;
use tokio::net::UnixSocket;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tympan_core::config::Address;
use tympan_core::config::Config;
use tympan_core::config::Limits;

use super::Context;
use super::http;
use super::rule::Door;
use crate::gate::Gate;
use crate::receipt::Refused;
use crate::socket;
use crate::watchman::Watchman;

/// How many connections may be open at one address; further ones wait. Each has its own, so that a
/// crowd at a network address leaves the socket alone.
const MOST_CONNECTIONS: usize = 64;
const BACKLOG: u32 = 128;

/// How long accepting rests when the system has nothing left to accept with.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// How long somebody may take to say that a socket is theirs.
const PROBE_TIME: Duration = Duration::from_secs(1);

/// How long requests of operators may take to finish at the end.
const GRACE: Duration = Duration::from_secs(1);

/// Every address for the operator.
pub(crate) struct Listening {
    context: Arc<Context>,
    watchman: Arc<Watchman>,
    watching: JoinHandle<()>,
    accepting: Mutex<HashMap<Address, Accepting>>,
}

struct Accepting {
    socket: Arc<Socket>,
    gate: Arc<Gate>,
    task: JoinHandle<()>,
}

/// A bound address that nobody accepts from yet.
pub(crate) struct Bound {
    configured: Address,
    socket: Socket,
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener, #[expect(dead_code, reason = "it ends with the socket")] SocketFile),
}

/// A socket in the file system, which goes when this is dropped.
struct SocketFile {
    path: PathBuf,
    /// What tells it from a later one in the same place.
    identity: Option<(u64, u64)>,
}

/// Where the operator of a configuration is answered; the first is the one to ask at.
#[must_use]
pub fn addresses(folder: &Path, config: &Config) -> Vec<Address> {
    let Some(listen) = &config.admin.listen else {
        return vec![Address::Unix(folder.join(&config.state.0).join("admin.sock"))];
    };
    let addresses = listen.iter().map(|(address, _)| match address {
        Address::Unix(path) => Address::Unix(folder.join(path)),
        other => other.clone(),
    });
    let mut addresses: Vec<_> = addresses.collect();
    // Where there is a socket, no token is needed.
    addresses.sort_by_key(|address| !matches!(address, Address::Unix(_)));
    addresses.dedup();
    addresses
}

impl Listening {
    pub(crate) fn new(context: Context) -> Self {
        let watchman = Arc::new(Watchman::default());
        let watching = tokio::spawn({
            let watchman = Arc::clone(&watchman);
            async move { watchman.run(Limits::default).await }
        });
        Self { context: Arc::new(context), watchman, watching, accepting: Mutex::default() }
    }

    /// Binds those addresses that are not listened at yet: all that can fail of a change. An
    /// address that nobody has asked for is no reason to serve nothing.
    pub(crate) async fn bind(&self, folder: &Path, config: &Config) -> Result<Vec<Bound>, Refused> {
        let mut bound = Vec::new();
        for address in addresses(folder, config) {
            if lock(&self.accepting).contains_key(&address) {
                continue;
            }
            match self.bind_one(&address).await {
                Ok(socket) => bound.push(Bound { configured: address, socket }),
                Err(error) if config.admin.listen.is_none() => {
                    tracing::warn!(%address, %error, "there is no admin address: it cannot be bound");
                }
                Err(error) => return Err(Refused::AdminUnbound { address, error }),
            }
        }
        Ok(bound)
    }

    async fn bind_one(&self, address: &Address) -> io::Result<Socket> {
        match address {
            Address::Tcp(address) => {
                let beside = || self.bind_beside_ours(*address);
                let bound = socket::bind_in_time(|| TcpListener::bind(address), beside).await;
                bound.map(Socket::Tcp)
            }
            Address::Unix(path) => bind_unix(path).await,
            Address::Systemd(_) => {
                let why = "sockets of systemd are not taken here";
                Err(io::Error::new(io::ErrorKind::Unsupported, why))
            }
        }
    }

    /// Binds an address that overlaps with one that it takes the place of.
    fn bind_beside_ours(&self, wanted: SocketAddr) -> Option<TcpListener> {
        let accepting = lock(&self.accepting);
        let ours = accepting.values().filter_map(|it| match &*it.socket {
            Socket::Tcp(listener) => Some(listener),
            Socket::Unix(..) => None,
        });
        socket::bind_beside(wanted, &ours.collect::<Vec<_>>())
    }

    /// Listens at what was bound, and no longer at what the configuration does not name.
    pub(crate) fn change(&self, bound: Vec<Bound>, folder: &Path, config: &Config) {
        let mut accepting = lock(&self.accepting);
        for Bound { configured, socket } in bound {
            let address = match &socket {
                Socket::Tcp(listener) => {
                    listener.local_addr().map_or(configured.clone(), Address::Tcp)
                }
                Socket::Unix(..) => configured.clone(),
            };
            tracing::info!(%address, "admin address");
            let gate = Arc::new(Gate::new(MOST_CONNECTIONS));
            let (context, watchman) = (Arc::clone(&self.context), Arc::clone(&self.watchman));
            let socket = Arc::new(socket);
            let accept = accept(Arc::clone(&socket), context, Arc::clone(&gate), watchman);
            let task = tokio::spawn(accept);
            accepting.insert(configured, Accepting { socket, gate, task });
        }
        let addresses = addresses(folder, config);
        accepting.retain(|configured, it| {
            let stays = addresses.contains(configured);
            if !stays {
                it.task.abort();
            }
            stays
        });
    }

    /// Stops accepting and waits a moment for the requests in flight.
    pub(crate) async fn stop(&self) {
        let accepting: Vec<_> = lock(&self.accepting).drain().map(|(_, it)| it).collect();
        let mut gates = Vec::new();
        for Accepting { socket, gate, task } in accepting {
            task.abort();
            drop(socket);
            // An aborted task is one that has ended, and its socket is gone.
            let _ = task.await;
            gates.push(gate);
        }
        self.watchman.finish();
        // Whoever is slower is cut by the end of the process.
        let empty = async {
            for gate in gates {
                gate.empty().await;
            }
        };
        let _ = tokio::time::timeout(GRACE, empty).await;
        self.watching.abort();
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.identity.is_some() && identity(&self.path) == self.identity {
            // Somebody may have been faster.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A socket that only its owner can open. Until it listens nobody can, so that there is no moment
/// before its mode is set.
async fn bind_unix(path: &Path) -> io::Result<Socket> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let socket = UnixSocket::new_stream()?;
    if let Err(error) = socket.bind(path) {
        if error.kind() != io::ErrorKind::AddrInUse {
            return Err(error);
        }
        remove_stale(path).await?;
        socket.bind(path)?;
    }
    let file = SocketFile { path: path.to_owned(), identity: identity(path) };
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(Socket::Unix(socket.listen(BACKLOG)?, file))
}

/// Removes a socket that a process left behind.
async fn remove_stale(path: &Path) -> io::Result<()> {
    let in_use = |why: &str| io::Error::new(io::ErrorKind::AddrInUse, why);
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(in_use("there is a file that is no socket"));
    }
    match tokio::time::timeout(PROBE_TIME, UnixStream::connect(path)).await {
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        _ => Err(in_use("another process serves it")),
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Accepts until it is aborted.
async fn accept(
    socket: Arc<Socket>,
    context: Arc<Context>,
    gate: Arc<Gate>,
    watchman: Arc<Watchman>,
) {
    loop {
        let admission = Arc::clone(&gate).enter().await;
        let spawn = Spawn { context: &context, watchman: &watchman, admission };
        let accepted = match &*socket {
            Socket::Tcp(listener) => listener.accept().await.map(|(stream, _)| {
                // What cannot be known is no address that a Host could name.
                if let Ok(local) = stream.local_addr() {
                    spawn.serve(stream, Door::Tcp { local: local.ip() });
                }
            }),
            Socket::Unix(listener, _) => {
                listener.accept().await.map(|(stream, _)| spawn.serve(stream, Door::Unix))
            }
        };
        if let Err(error) = accepted {
            tracing::warn!(%error, "an admin connection could not be accepted");
            tokio::time::sleep(EXHAUSTED_PAUSE).await;
        }
    }
}

/// What a connection is begun with.
struct Spawn<'a> {
    context: &'a Arc<Context>,
    watchman: &'a Watchman,
    admission: crate::gate::Admission,
}

impl Spawn<'_> {
    fn serve<S>(self, stream: S, door: Door)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { context, watchman, admission } = self;
        let context = Arc::clone(context);
        let pace = watchman.watch();
        tokio::spawn(async move {
            http::serve(stream, door, context, pace).await;
            drop(admission);
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
