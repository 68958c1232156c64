//! The one client that goes out: whom it may reach, how long that may take, how much may come back.
//!
//! It follows no redirects: where a request goes is decided by who sends it, and by nobody else.

pub(crate) mod call;
pub(crate) mod calls;
pub(crate) mod connect;
mod curl;
mod egress;
mod granted;
mod hidden;
pub(crate) mod keys;
pub(crate) mod pool;
mod rates;
mod refreshed;
mod token;

pub(crate) use self::egress::Egress;

use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::header;
use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::LengthLimitError;
use http_body_util::Limited;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use tokio::time::timeout_at;

use self::connect::Stream;

/// Whether the operator wrote the host of a URL, or a request could choose it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// The operator wrote it, and may mean a machine nearby.
    Written,
    /// Somebody told of it whom the operator wrote: it may be nearby as well.
    #[cfg(feature = "kafka")]
    Told,
    /// Somebody else had a say: only what is public on the Internet may be reached.
    Computed,
}

/// Who wants something, by which rules, and when.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    /// The name of the listener.
    pub(crate) listener: String,
    /// Whom it may reach.
    pub(crate) egress: Arc<Egress>,
    /// In seconds since 1970.
    pub(crate) now: f64,
}

/// What an answer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// From looking the host up to the last byte.
    pub(crate) within: Duration,
    /// The largest body, in bytes.
    pub(crate) most_bytes: usize,
}

impl Host {
    /// The host of a URL.
    pub(crate) fn of(is_written: bool) -> Self {
        if is_written { Self::Written } else { Self::Computed }
    }
}

/// Why there is no answer, in words for the operator.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The URL is of no kind that can be called.
    Url,
    /// The host has no address.
    Unknown(String),
    /// All of its addresses are out of reach: the first of them.
    Forbidden(IpAddr),
    /// Nobody answers at its addresses.
    Unreachable(String),
    /// The proxy makes no tunnel.
    Proxy(String),
    /// It does not prove to be who is called.
    Tls(String),
    /// The connection broke, or what came is no HTTP.
    Broken(String),
    /// It took longer than this until there was a connection.
    Slow(Duration),
    /// It was sent, and took longer than this.
    Unanswered(Duration),
    /// The body is larger than this many bytes.
    TooLarge(usize),
}

impl Fault {
    /// Whether the request may have been taken all the same.
    pub(crate) fn is_sent(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::Unanswered(_) | Self::TooLarge(_))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("the URL cannot be called"),
            Self::Unknown(why) => write!(f, "the host has no address: {why}"),
            Self::Forbidden(address) => write!(f, "the host is {address}, which is out of reach"),
            Self::Unreachable(why) => write!(f, "nobody answers: {why}"),
            Self::Proxy(why) => write!(f, "the proxy does not lead there: {why}"),
            Self::Tls(why) => write!(f, "the host does not prove who it is: {why}"),
            Self::Broken(why) => write!(f, "the connection broke: {why}"),
            Self::Slow(within) | Self::Unanswered(within) => {
                write!(f, "no whole answer within {within:?}")
            }
            Self::TooLarge(most) => write!(f, "the answer is larger than {most} bytes"),
        }
    }
}

/// Sends a request on a connection of its own, and gives the whole answer, whatever its status.
pub(crate) async fn send(
    request: Request<Bytes>,
    host: Host,
    bounds: Bounds,
    egress: &Egress,
) -> Result<Response<Bytes>, Fault> {
    send_with_patience(request, host, bounds, Duration::ZERO, egress).await
}

/// Sends one whose answer must not be missed: once there is a connection it is waited for so much longer.
pub(crate) async fn send_with_patience(
    request: Request<Bytes>,
    host: Host,
    bounds: Bounds,
    patience: Duration,
    egress: &Egress,
) -> Result<Response<Bytes>, Fault> {
    let (within, end) = (bounds.within, Instant::now() + bounds.within);
    let stream = connect::connect(request.uri(), host, egress);
    let stream = timeout_at(end, stream).await.unwrap_or(Err(Fault::Slow(within)))?;
    let answer = answered(request, stream, bounds.most_bytes);
    let answer = timeout_at(end + patience, answer).await;
    answer.unwrap_or(Err(Fault::Unanswered(within + patience)))
}

async fn answered(
    request: Request<Bytes>,
    stream: Pin<Box<dyn Stream>>,
    most_bytes: usize,
) -> Result<Response<Bytes>, Fault> {
    let mut request = to_host(request)?;
    request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    let broken = |error: hyper::Error| Fault::Broken(error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // It ends with this future: nothing goes on behind a request that was given up.
    let answer = async {
        let answer = sender.send_request(request).await.map_err(broken)?;
        whole(answer, most_bytes).await
    };
    let connection = async {
        // How it ended is told by the answer.
        let _ = connection.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = answer => answer,
        () = connection => Err(Fault::Broken("the connection ended".to_owned())),
    }
}

/// The request as it goes over the wire: to a host, for a path of it.
fn to_host(request: Request<Bytes>) -> Result<Request<Full<Bytes>>, Fault> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().ok_or(Fault::Url)?;
    let host = HeaderValue::from_str(authority.as_str()).map_err(|_| Fault::Url)?;
    parts.headers.insert(header::HOST, host);
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    parts.uri = target.parse().map_err(|_| Fault::Url)?;
    Ok(Request::from_parts(parts, Full::new(body)))
}

/// An answer with all of its body.
async fn whole(answer: Response<Incoming>, most_bytes: usize) -> Result<Response<Bytes>, Fault> {
    let (parts, body) = answer.into_parts();
    let body = Limited::new(body, most_bytes).collect().await;
    let body = body.map_err(|error| match error.downcast::<LengthLimitError>() {
        Ok(_) => Fault::TooLarge(most_bytes),
        Err(error) => Fault::Broken(error.to_string()),
    })?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}
