//! Requests to listeners, between hyper and the machine that decides.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::ops::Deref;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::header;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tympan_core::anchor::Anchored;
use tympan_core::config::Limits;
use tympan_core::pipeline::Answer;
use tympan_core::pipeline::Ask;
use tympan_core::pipeline::BodyFault;
use tympan_core::pipeline::Capture;
use tympan_core::pipeline::CertificateNames;
use tympan_core::pipeline::EventRecord;
use tympan_core::pipeline::Exchange;
use tympan_core::pipeline::Head;
use tympan_core::pipeline::Input;
use tympan_core::pipeline::Kept;
use tympan_core::pipeline::KeyRequest;

use crate::bell;
use crate::clock;
use crate::delivery;
use crate::framing::Framing;
use crate::log;
use crate::memory::Room;
use crate::outbound::Asker;
use crate::pace::CONNECTION_WINDOW;
use crate::pace::Pace;
use crate::pace::WINDOW;
use crate::serving::Serving;
use crate::serving::Shared;
use crate::wire::Wire;

/// How much of a body is taken on trust in its length before it arrives.
const MOST_RESERVED: u64 = 64 << 10;

/// How many headers the HTTP/1 library takes when it is told nothing.
const USUAL_HEADERS: usize = 100;

/// How many requests an HTTP/2 connection may have in flight, and how many it may take back before
/// anybody has looked at them.
const MOST_STREAMS: u32 = 100;
const MOST_RESETS: usize = 20;

/// Who is at the other end of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    /// Its address; `None` is a socket of the file system.
    pub(crate) address: Option<IpAddr>,
    /// Whom its certificate names.
    pub(crate) certificate: Option<Arc<CertificateNames>>,
}

/// Serves an HTTP/1 connection until it ends, is cut, or the server stops and its request is
/// answered.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    peer: Peer,
    shared: Arc<Shared>,
    limits: Limits,
    pace: Arc<Pace>,
) {
    let stream = Wire::new(stream, Arc::clone(&pace), Some(Framing::default()));
    let connection = Connection { peer, shared, pace: Arc::clone(&pace) };
    let service = service_fn(|request| {
        // In a box of its own, as the library moves the future about before it runs.
        let mut flow = Box::new(Flow::new(request, &connection));
        async move { Ok::<_, Infallible>(flow.run().await) }
    });
    // Answers are small: copying one behind its head costs less than writing two pieces. The time
    // of everything is watched from outside.
    let mut builder = http1::Builder::new();
    builder
        .writev(false)
        .header_read_timeout(None)
        .max_header_size(usize::try_from(limits.headers).unwrap_or(usize::MAX));
    // The machine counts headers too. The library prepares for as many as it is told, each time.
    if limits.header_count > USUAL_HEADERS {
        builder.max_headers(limits.header_count);
    }
    let served = builder.serve_connection(TokioIo::new(stream), service);
    match pace.keep(served, http1::Connection::graceful_shutdown).await {
        Some(Err(error)) if error.is_parse() => {
            let why = pace.fault().map_or_else(|| error.to_string(), |it| it.what().to_owned());
            log::malformed(&connection.shared, connection.peer.address, &why);
        }
        ended => log_end(&connection.peer, ended),
    }
}

/// Serves an HTTP/2 connection in the same way.
pub(crate) async fn serve_http2<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: Peer,
    shared: Arc<Shared>,
    limits: Limits,
    pace: Arc<Pace>,
) {
    pace.carry_several();
    let stream = Wire::new(stream, Arc::clone(&pace), None);
    let connection = Arc::new(Connection {
        peer: peer.clone(),
        shared: Arc::clone(&shared),
        pace: Arc::clone(&pace),
    });
    let service = service_fn(move |request| {
        let mut flow = Box::new(Flow::new(request, Arc::clone(&connection)));
        async move { Ok::<_, Infallible>(flow.run().await) }
    });
    let served = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_pending_accept_reset_streams(MOST_RESETS)
        .max_header_list_size(u32::try_from(limits.headers).unwrap_or(u32::MAX))
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .serve_connection(TokioIo::new(stream), service);
    log_end(&peer, pace.keep(served, http2::Connection::graceful_shutdown).await);
    if pace.is_flooded() {
        log::flood(&shared, &peer);
    }
}

fn log_end(peer: &Peer, ended: Option<hyper::Result<()>>) {
    let client = log::client(peer.address);
    match ended {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(client, %error, "connection ended"),
        None => tracing::debug!(client, "connection cut"),
    }
}

/// What all requests of a connection share.
struct Connection {
    peer: Peer,
    shared: Arc<Shared>,
    pace: Arc<Pace>,
}

/// What a request waits for.
enum Wait {
    /// Its body, of at most so many bytes.
    Body(u64),
    /// Keys that somebody else has.
    Fetch(Box<KeyRequest>),
    /// That the secrets are stored which it brings.
    Capture(Vec<Capture>),
    /// Somebody's answer to a call.
    Call(Box<Anchored>),
    /// That its events are kept.
    Append(Box<EventRecord>),
}

/// One request on its way through.
struct Flow<C: Deref<Target = Connection>> {
    connection: C,
    /// Pipelines, keys, destinations and settings of one generation, for its whole life.
    serving: Arc<Serving>,
    exchange: Exchange,
    body: Option<Incoming>,
    /// How long the body is, where its head says so.
    length: Option<u64>,
    /// How much memory the body takes, in bytes.
    taken: u64,
}

impl<C: Deref<Target = Connection>> Flow<C> {
    fn new(request: Request<Incoming>, connection: C) -> Self {
        connection.pace.begin();
        let serving = connection.shared.serving.load_full();
        let (parts, body) = request.into_parts();
        let (now, id) = connection.shared.clock.now();
        let head = Head {
            method: parts.method,
            uri: parts.uri,
            version: parts.version,
            headers: parts.headers,
            client: connection.peer.address,
            certificate: connection.peer.certificate.clone(),
            now,
            id,
        };
        let length = body.size_hint().exact();
        let mut exchange = Exchange::new(Arc::clone(&serving.live), head);
        if serving.live.generation().fetches() {
            exchange = exchange.with_fetched(connection.shared.keys.known());
        }
        Self { connection, serving, exchange, body: Some(body), length, taken: 0 }
    }

    /// The machine says what it needs, and gets it here.
    async fn run(&mut self) -> Response<Full<Bytes>> {
        let mut input = Input::Head;
        let answer = loop {
            // A panic is a bug, and costs one request instead of a connection full of them.
            let Ok(ask) = catch_unwind(AssertUnwindSafe(|| self.exchange.step(input))) else {
                break self.exchange.failed();
            };
            // What is waited for is kept apart: an answer would make what waits larger.
            let wait = match ask {
                Ask::Answer(answer) => break answer,
                Ask::Body { limit } => Wait::Body(limit),
                Ask::Fetch(request) => Wait::Fetch(request),
                Ask::Capture(captures) => Wait::Capture(captures),
                Ask::Call(url) => Wait::Call(Box::new(url)),
                Ask::Append(record) => Wait::Append(record),
            };
            input = match wait {
                Wait::Body(limit) => self.read(limit).await,
                Wait::Fetch(request) => {
                    let asker = self.asker();
                    Input::Fetched(Box::pin(self.connection.shared.keys.get(*request, asker)).await)
                }
                Wait::Call(url) => {
                    let asker = self.asker();
                    Input::Called(Box::pin(self.connection.shared.calls.call(*url, asker)).await)
                }
                Wait::Capture(captures) => {
                    let store = self.serving.captured.clone();
                    let captures = self.connection.shared.captures.take(store, captures);
                    Input::Captured(Box::pin(captures).await)
                }
                // Boxed, as it is much larger than the rest and often not needed.
                Wait::Append(record) => Input::Kept(Box::pin(self.keep(*record)).await),
            };
        };
        self.count(&answer);
        if self.exchange.keeps_refused(&answer) {
            let generation = self.serving.live.generation().number;
            self.connection.shared.refused.keep(&self.exchange, &answer, generation);
        }
        log::answered(&self.connection.shared, &self.serving.log, &self.exchange, &answer);
        self.connection.pace.answer();
        let close = answer.close || !self.connection.pace.is_whole(self.length);
        self.respond(answer, close)
    }

    /// The answer for the library, which keeps the map of its headers for the next request: so it had
    /// better be the one of this request, which is large enough.
    fn respond(&mut self, answer: Answer, close: bool) -> Response<Full<Bytes>> {
        let mut headers = self.exchange.take_headers();
        for (name, value) in &*answer.reply.headers {
            headers.append(name.clone(), value.clone());
        }
        // HTTP/2 has no such header, and the library leaves it out there.
        if close {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let mut response = Response::new(Full::new(answer.reply.body));
        *response.status_mut() = answer.reply.status;
        *response.headers_mut() = headers;
        response
    }

    /// Keeps what the request made.
    async fn keep(&self, record: EventRecord) -> Kept {
        let from = delivery::From {
            listener: self.exchange.listener().unwrap_or_default().into(),
            generation: self.serving.live.generation().number,
            id: self.exchange.head().id.to_string(),
        };
        let journals = &self.connection.shared.journals;
        delivery::keep(record, from, journals, &self.serving.destinations).await
    }

    /// The whole body, if it comes in time and is no larger than `limit` bytes.
    async fn read(&mut self, limit: u64) -> Input {
        let Some(body) = &mut self.body else { return Input::NoBody(BodyFault::Broken) };
        // What says how large it is is refused before anything of it is read.
        if body.size_hint().lower() > limit {
            return Input::NoBody(BodyFault::TooLarge);
        }
        let pace = &self.connection.pace;
        let limits = &self.serving.server.limits;
        let memory = &self.connection.shared.memory;
        let mut room = Room { memory, limit: limits.in_flight_bytes, taken: &mut self.taken };
        pace.await_body();
        let body = if pace.carries_several() {
            // Its connection is watched as a whole: each body has its own time.
            let idle = Some(limits.body_idle_timeout);
            let collected = collect(body, limit, &mut room, pace, idle);
            let timed = tokio::time::timeout(limits.body_timeout, collected);
            Box::pin(timed).await.unwrap_or(Err(BodyFault::Slow))
        } else {
            let mut collected = pin!(collect(body, limit, &mut room, pace, None));
            poll_fn(|context| match collected.as_mut().poll(context) {
                Poll::Pending if pace.is_body_late() => Poll::Ready(Err(BodyFault::Slow)),
                polled => polled,
            })
            .await
        };
        pace.have_body();
        self.body = None;
        match body {
            Ok(bytes) => Input::Body(bytes),
            Err(fault) => Input::NoBody(fault),
        }
    }

    /// Whoever wants something of somebody else for this request.
    fn asker(&self) -> Asker {
        Asker {
            listener: self.exchange.listener().unwrap_or_default().to_owned(),
            egress: Arc::clone(&self.serving.egress),
            now: self.exchange.head().now,
        }
    }

    fn count(&self, answer: &Answer) {
        let took = clock::since(self.exchange.head().now);
        let (listener, body) = (self.exchange.listener_index(), self.exchange.body_bytes());
        self.serving.meters.answered(listener, answer.outcome, took, body);
    }
}

impl<C: Deref<Target = Connection>> Drop for Flow<C> {
    fn drop(&mut self) {
        self.connection.shared.memory.give_back(self.taken);
        self.connection.pace.end();
    }
}

async fn collect(
    body: &mut Incoming,
    limit: u64,
    room: &mut Room<'_>,
    pace: &Pace,
    idle: Option<Duration>,
) -> Result<Bytes, BodyFault> {
    let expected = body.size_hint().lower();
    // Most bodies come in one piece, which is not copied.
    let Some(first) = data(body, limit, idle).await? else { return Ok(Bytes::new()) };
    pace.take(first.len());
    room.take(first.len())?;
    if body.is_end_stream() {
        return Ok(first);
    }
    let capacity = usize::try_from(expected.min(MOST_RESERVED)).unwrap_or_default();
    let mut whole = BytesMut::with_capacity(capacity.max(first.len()));
    whole.extend_from_slice(&first);
    loop {
        let left = limit.saturating_sub(whole.len() as u64);
        match data(body, left, idle).await? {
            Some(more) => {
                pace.take(more.len());
                room.take(more.len())?;
                whole.extend_from_slice(&more);
            }
            None => return Ok(whole.freeze()),
        }
    }
}

/// The next piece, of at most `left` bytes. Trailers are no part of the body and are dropped.
async fn data(
    body: &mut Incoming,
    left: u64,
    idle: Option<Duration>,
) -> Result<Option<Bytes>, BodyFault> {
    loop {
        let frame = match idle {
            None => {
                poll_fn(|context| {
                    let (polled, has_rung) =
                        bell::hush(|| Pin::new(&mut *body).poll_frame(context));
                    // Behind the last piece nothing is waited for.
                    if has_rung && !body.is_end_stream() {
                        context.waker().wake_by_ref();
                    }
                    polled
                })
                .await
            }
            Some(idle) => {
                let timed = tokio::time::timeout(idle, body.frame());
                Box::pin(timed).await.map_err(|_| BodyFault::Slow)?
            }
        };
        let Some(frame) = frame else { return Ok(None) };
        let Ok(data) = frame.map_err(|_| BodyFault::Broken)?.into_data() else { continue };
        if data.len() as u64 > left {
            return Err(BodyFault::TooLarge);
        }
        if !data.is_empty() {
            return Ok(Some(data));
        }
    }
}
