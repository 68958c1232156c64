//! Connections that are used again.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::Response;
use http::Uri;
use http_body_util::Full;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1;
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;

use super::Egress;
use super::Fault;
use super::Host;
use super::connect;
use super::to_host;
use super::whole;

/// How many connections wait for the next request.
const MOST_IDLE: usize = 64;

/// How long a connection of HTTP/2 may be silent until it is asked whether it is there, and how long
/// that answer may take.
const SILENCE: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections to one host, by the rules of when they were made.
pub(crate) struct Pool {
    idle: Mutex<Vec<One>>,
    /// The connection of HTTP/2, which carries everything, if the host speaks that.
    shared: Mutex<Option<All>>,
    egress: Arc<Egress>,
}

/// A connection for one request at a time.
type One = http1::SendRequest<Full<Bytes>>;

/// A connection for all.
type All = http2::SendRequest<Full<Bytes>>;

/// A connection that has just been made.
enum Made {
    One(One),
    All(All),
}

/// Whoever gives up a request on the connection of all gives it up for all: it may be dead.
struct OnShared<'p> {
    pool: &'p Pool,
    is_done: bool,
}

impl Pool {
    pub(crate) fn new(egress: Arc<Egress>) -> Self {
        Self { idle: Mutex::default(), shared: Mutex::default(), egress }
    }

    /// Whether these are its rules.
    pub(crate) fn obeys(&self, egress: &Egress) -> bool {
        *self.egress == *egress
    }

    /// Sends a request, and gives the whole answer, whatever its status. Whoever gives up ends the
    /// connection.
    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
        host: Host,
        most_bytes: usize,
    ) -> Result<Response<Bytes>, Fault> {
        let uri = request.uri().clone();
        // One that has waited may have been closed meanwhile, which shows before anything is sent.
        let shared = lock(&self.shared).clone();
        if let Some(sender) = shared
            && let Some(answer) = self.ask_all(sender, &request, most_bytes).await?
        {
            return Ok(answer);
        }
        while let Some(sender) = self.take() {
            if let Some(answer) = self.ask_one(sender, &request, most_bytes).await? {
                return Ok(answer);
            }
        }
        let answer = match self.connect(&uri, host).await? {
            Made::One(sender) => self.ask_one(sender, &request, most_bytes).await?,
            Made::All(sender) => self.ask_all(sender, &request, most_bytes).await?,
        };
        answer.ok_or_else(|| Fault::Broken("it was closed at once".to_owned()))
    }

    /// Nothing if the connection was closed before anything was sent.
    async fn ask_one(
        &self,
        mut sender: One,
        request: &Request<Bytes>,
        most_bytes: usize,
    ) -> Result<Option<Response<Bytes>>, Fault> {
        if sender.ready().await.is_err() {
            return Ok(None);
        }
        let answer = match sender.try_send_request(to_host(request.clone())?).await {
            Ok(answer) => whole(answer, most_bytes).await?,
            Err(error) => return unsent(error),
        };
        let mut idle = lock(&self.idle);
        if !sender.is_closed() && idle.len() < MOST_IDLE {
            idle.push(sender);
        }
        Ok(Some(answer))
    }

    /// The same for the connection of all.
    async fn ask_all(
        &self,
        mut sender: All,
        request: &Request<Bytes>,
        most_bytes: usize,
    ) -> Result<Option<Response<Bytes>>, Fault> {
        let mut on_shared = OnShared { pool: self, is_done: false };
        if sender.ready().await.is_err() {
            return Ok(None);
        }
        let answer = match sender.try_send_request(request.clone().map(Full::new)).await {
            Ok(answer) => whole(answer, most_bytes).await?,
            Err(error) => return unsent(error),
        };
        on_shared.is_done = true;
        Ok(Some(answer))
    }

    async fn connect(&self, uri: &Uri, host: Host) -> Result<Made, Fault> {
        let (stream, is_http2) = connect::connect_for_any(uri, host, &self.egress).await?;
        let broken = |error: hyper::Error| Fault::Broken(error.to_string());
        // How a connection ends is told by the answers.
        if !is_http2 {
            let made = http1::handshake(TokioIo::new(stream)).await;
            let (sender, connection) = made.map_err(broken)?;
            tokio::spawn(async move { drop(connection.await) });
            return Ok(Made::One(sender));
        }
        let made = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(SILENCE)
            .keep_alive_timeout(PATIENCE)
            .handshake(TokioIo::new(stream))
            .await;
        let (sender, connection) = made.map_err(broken)?;
        tokio::spawn(async move { drop(connection.await) });
        let mut shared = lock(&self.shared);
        // Of several that were made at once, one is enough.
        let shared = match &*shared {
            Some(known) if !known.is_closed() => known.clone(),
            _ => shared.insert(sender).clone(),
        };
        Ok(Made::All(shared))
    }

    fn take(&self) -> Option<One> {
        lock(&self.idle).pop()
    }
}

impl Drop for OnShared<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            *lock(&self.pool.shared) = None;
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// Nothing if a request never left, so that another connection can be tried; else why it broke.
fn unsent<T>(mut error: TrySendError<T>) -> Result<Option<Response<Bytes>>, Fault> {
    match error.take_message() {
        Some(_) => Ok(None),
        None => Err(Fault::Broken(error.into_error().to_string())),
    }
}

/// Nobody who panics while holding one of these leaves something half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
