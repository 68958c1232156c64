//! Sockets of every kind that can be listened at.

use std::fs;
use std::io;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::time::Duration;

use listenfd::ListenFd;
use socket2::SockRef;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::net::UnixListener;
use tokio::net::UnixStream;
use tympan_core::config::Address;

/// How many connections may wait to be accepted, as tokio has it.
pub(crate) const BACKLOG: u32 = 1024;

/// Who may connect to a socket of the file system: its owner and its group.
const MODE: u32 = 0o660;

/// How often an address that is in use is tried again, and after how long: one of the last change may
/// not be closed yet.
const MOST_TRIES: usize = 10;
const CLOSING_PAUSE: Duration = Duration::from_millis(50);

/// A socket that is listened at.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpListener),
    Unix(
        UnixListener,
        #[expect(dead_code, reason = "what it is for happens when it is dropped")] Option<Place>,
    ),
}

/// A new connection.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

/// Where a socket of ours lies in the file system, which ends with it.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    /// What tells it from another's at the same place.
    inode: u64,
}

/// A socket that the service manager has opened, for the whole life of the process.
enum Inherited {
    Tcp(std::net::TcpListener),
    Unix(net::UnixListener),
}

impl Socket {
    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                listener.accept().await.map(|(stream, peer)| Stream::Tcp(stream, peer))
            }
            Self::Unix(listener, _) => {
                listener.accept().await.map(|(stream, _)| Stream::Unix(stream))
            }
        }
    }

    /// A connection that waits already; nothing if none does. The system is asked, not what was
    /// known of it.
    pub(crate) fn accept_waiting(&self) -> Option<io::Result<Stream>> {
        let (socket, peer) = match self {
            Self::Tcp(listener) => SockRef::from(listener).accept(),
            Self::Unix(listener, _) => SockRef::from(listener).accept(),
        }
        .ok()?;
        let stream = socket.set_nonblocking(true).and_then(|()| match self {
            Self::Tcp(_) => {
                let peer = peer.as_socket().ok_or(ErrorKind::AddrNotAvailable)?;
                TcpStream::from_std(socket.into()).map(|stream| Stream::Tcp(stream, peer))
            }
            Self::Unix(..) => UnixStream::from_std(socket.into()).map(Stream::Unix),
        });
        Some(stream)
    }

    /// Where it is listened at, with the port that the system chose.
    pub(crate) fn address(&self) -> Option<Address> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(Address::Tcp),
            Self::Unix(listener, _) => {
                let address = listener.local_addr().ok()?;
                address.as_pathname().map(|path| Address::Unix(path.to_owned()))
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Another one may have been put there meanwhile.
        if fs::metadata(&self.path).is_ok_and(|it| it.ino() == self.inode) {
            // One that cannot be removed is in nobody's way: it is replaced.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Binds with `bind`. While the address is in use, it is bound `beside` sockets of our own that it takes
/// the place of, or else tried again for a moment.
///
/// # Errors
///
/// It cannot be bound, or not in time.
pub(crate) async fn bind_in_time<T, F: Future<Output = io::Result<T>>>(
    bind: impl Fn() -> F,
    beside: impl Fn() -> Option<T>,
) -> io::Result<T> {
    for _ in 0..MOST_TRIES {
        match bind().await {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            bound => return bound,
        }
        if let Some(bound) = beside() {
            return Ok(bound);
        }
        tokio::time::sleep(CLOSING_PAUSE).await;
    }
    bind().await
}

/// Binds an address that nobody of us listens at.
pub(crate) async fn bind(address: &Address) -> io::Result<Vec<Socket>> {
    match address {
        Address::Tcp(address) => Ok(vec![Socket::Tcp(TcpListener::bind(address).await?)]),
        Address::Unix(path) => bind_unix(path).map(|socket| vec![socket]),
        Address::Systemd(name) => inherited(name.as_deref()),
    }
}

/// Binds an address that overlaps with some of ours, as `0.0.0.0:80` does with `127.0.0.1:80`. For a
/// moment those allow it; nobody else's may ever share a port with us.
pub(crate) fn bind_beside(wanted: SocketAddr, ours: &[&TcpListener]) -> Option<TcpListener> {
    let has_port = |it: &&&TcpListener| it.local_addr().is_ok_and(|it| it.port() == wanted.port());
    let ours: Vec<_> = ours.iter().filter(has_port).collect();
    if ours.is_empty() {
        return None;
    }
    let share = |share| ours.iter().all(|it| SockRef::from(**it).set_reuse_port(share).is_ok());
    let bound = if share(true) { bind_shared(wanted).ok() } else { None };
    share(false);
    bound
}

/// Binds a TCP address whose port sockets of ours allow to share for the moment; it is not shared
/// with anybody else afterwards.
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

fn bind_unix(path: &Path) -> io::Result<Socket> {
    let listener = match UnixListener::bind(path) {
        // What a process that has been killed left behind.
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_abandoned(path) => {
            fs::remove_file(path)?;
            UnixListener::bind(path)?
        }
        other => other?,
    };
    fs::set_permissions(path, fs::Permissions::from_mode(MODE))?;
    let inode = fs::metadata(path)?.ino();
    Ok(Socket::Unix(listener, Some(Place { path: path.to_owned(), inode })))
}

/// Whether a socket lies there that nobody listens at. Connecting to a file is refused as well.
fn is_abandoned(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    is_socket
        && net::UnixStream::connect(path).is_err_and(|it| it.kind() == ErrorKind::ConnectionRefused)
}

/// The sockets that the service manager has opened under a name, or all of them.
fn inherited(name: Option<&str>) -> io::Result<Vec<Socket>> {
    static INHERITED: OnceLock<Mutex<Vec<(String, Inherited)>>> = OnceLock::new();
    let inherited = INHERITED.get_or_init(|| Mutex::new(take_inherited()));
    let inherited = inherited.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = inherited.iter().filter(|(known, _)| name.is_none_or(|name| name == known));
    // Each of them is kept, for a later generation that listens at it again.
    let sockets = wanted.map(|(_, socket)| match socket {
        Inherited::Tcp(listener) => TcpListener::from_std(listener.try_clone()?).map(Socket::Tcp),
        Inherited::Unix(listener) => {
            UnixListener::from_std(listener.try_clone()?).map(|it| Socket::Unix(it, None))
        }
    });
    let sockets = sockets.collect::<io::Result<Vec<_>>>()?;
    if sockets.is_empty() {
        return Err(io::Error::new(ErrorKind::NotFound, "the service manager has not opened it"));
    }
    Ok(sockets)
}

fn take_inherited() -> Vec<(String, Inherited)> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':').map(ToOwned::to_owned);
    let mut fds = ListenFd::from_env();
    let mut taken = Vec::new();
    for index in 0..fds.len() {
        let name = names.next().unwrap_or_default();
        let tcp = fds.take_tcp_listener(index).ok().flatten().map(|listener| {
            // One that blocks would block a whole thread.
            listener.set_nonblocking(true).map(|()| Inherited::Tcp(listener))
        });
        let socket = tcp.or_else(|| {
            let listener = fds.take_unix_listener(index).ok().flatten()?;
            Some(listener.set_nonblocking(true).map(|()| Inherited::Unix(listener)))
        });
        if let Some(Ok(socket)) = socket {
            taken.push((name, socket));
        } else {
            tracing::warn!(name, index, "an inherited socket is none to listen at");
        }
    }
    taken
}
