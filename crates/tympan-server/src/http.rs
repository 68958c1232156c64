//! Requests between hyper and the machine that decides: the only file that names hyper's types.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

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
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tympan_core::config::Limits;
use tympan_core::pipeline::Answer;
use tympan_core::pipeline::Ask;
use tympan_core::pipeline::BodyFault;
use tympan_core::pipeline::Exchange;
use tympan_core::pipeline::Head;
use tympan_core::pipeline::Input;

use crate::clock;
use crate::delivery;
use crate::log;
use crate::pace::Pace;
use crate::pace::Paced;
use crate::pace::Phase;
use crate::serving::Serving;
use crate::serving::Shared;

/// How much of a body is taken on trust in its length before it arrives.
const MOST_RESERVED: u64 = 64 << 10;

/// Serves one connection until it ends, is cut, or the server stops and its request is answered.
pub(crate) async fn serve(
    stream: TcpStream,
    client: SocketAddr,
    shared: Arc<Shared>,
    limits: Limits,
    pace: Arc<Pace>,
) {
    let stream = TokioIo::new(Paced { stream, pace: Arc::clone(&pace) });
    let connection = Arc::new(Connection { client, shared, pace: Arc::clone(&pace) });
    let service = service_fn(move |request| {
        // Built before the future, which holds it once and is moved often.
        let mut flow = Flow::new(request, Arc::clone(&connection));
        async move { Ok::<_, Infallible>(flow.run().await) }
    });
    // Answers are small: copying one behind its head costs less than writing two pieces. The time
    // of everything is watched from outside.
    let connection = http1::Builder::new()
        .writev(false)
        .header_read_timeout(None)
        .max_header_size(usize::try_from(limits.headers).unwrap_or(usize::MAX))
        .serve_connection(stream, service);
    match pace.keep(connection, http1::Connection::graceful_shutdown).await {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%client, %error, "connection ended"),
        None => tracing::debug!(%client, "connection cut"),
    }
}

/// What all requests of a connection share.
struct Connection {
    client: SocketAddr,
    shared: Arc<Shared>,
    pace: Arc<Pace>,
}

/// One request on its way through.
struct Flow {
    connection: Arc<Connection>,
    /// Pipelines, keys, destinations and settings of one generation, for its whole life.
    serving: Arc<Serving>,
    exchange: Exchange,
    body: Option<Incoming>,
}

impl Flow {
    fn new(request: Request<Incoming>, connection: Arc<Connection>) -> Self {
        connection.pace.turn_to(Phase::Work);
        let serving = connection.shared.serving.load_full();
        let (parts, body) = request.into_parts();
        let (now, id) = connection.shared.clock.now();
        let head = Head {
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            client: connection.client.ip(),
            now,
            id,
        };
        let exchange = Exchange::new(Arc::clone(&serving.live), head);
        Self { connection, serving, exchange, body: Some(body) }
    }

    /// The machine says what it needs, and gets it here.
    async fn run(&mut self) -> Response<Full<Bytes>> {
        let mut input = Input::Head;
        let answer = loop {
            // A panic is a bug, and costs one request instead of a connection full of them.
            let Ok(ask) = catch_unwind(AssertUnwindSafe(|| self.exchange.step(input))) else {
                break self.exchange.failed();
            };
            input = match ask {
                Ask::Answer(answer) => break answer,
                Ask::Body { limit } => match self.body.take() {
                    Some(body) => read(body, limit, &self.connection.pace).await,
                    None => Input::NoBody(BodyFault::Broken),
                },
                // Boxed, as it is much larger than the rest and often not needed.
                Ask::Append(record) => {
                    Input::Kept(Box::pin(delivery::keep(record, &self.serving.destinations)).await)
                }
            };
        };
        self.count(&answer);
        log::answered(&self.connection.shared, &self.serving.log, &self.exchange, &answer);
        self.connection.pace.turn_to(Phase::Answer);
        respond(answer)
    }

    fn count(&self, answer: &Answer) {
        let took = clock::since(self.exchange.head().now);
        let (listener, body) = (self.exchange.listener_index(), self.exchange.body_bytes());
        self.serving.meters.answered(listener, answer.outcome, took, body);
    }
}

/// The whole body, if it comes in time and is no larger than `limit` bytes.
async fn read(body: Incoming, limit: u64, pace: &Pace) -> Input {
    // What says how large it is is refused before anything of it is read.
    if body.size_hint().lower() > limit {
        return Input::NoBody(BodyFault::TooLarge);
    }
    pace.turn_to(Phase::Body);
    let mut collected = pin!(collect(body, limit));
    let body = poll_fn(|context| match collected.as_mut().poll(context) {
        Poll::Pending if pace.is_body_late() => Poll::Ready(Err(BodyFault::Slow)),
        polled => polled,
    })
    .await;
    pace.turn_to(Phase::Work);
    match body {
        Ok(bytes) => Input::Body(bytes),
        Err(fault) => Input::NoBody(fault),
    }
}

async fn collect(mut body: Incoming, limit: u64) -> Result<Bytes, BodyFault> {
    let expected = body.size_hint().lower();
    // Most bodies come in one piece, which is not copied.
    let Some(first) = data(&mut body, limit).await? else { return Ok(Bytes::new()) };
    if body.is_end_stream() {
        return Ok(first);
    }
    let capacity = usize::try_from(expected.min(MOST_RESERVED)).unwrap_or_default();
    let mut whole = BytesMut::with_capacity(capacity.max(first.len()));
    whole.extend_from_slice(&first);
    loop {
        let left = limit.saturating_sub(whole.len() as u64);
        match data(&mut body, left).await? {
            Some(more) => whole.extend_from_slice(&more),
            None => return Ok(whole.freeze()),
        }
    }
}

/// The next piece, of at most `left` bytes. Trailers are no part of the body and are dropped.
async fn data(body: &mut Incoming, left: u64) -> Result<Option<Bytes>, BodyFault> {
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyFault::Broken)?.into_data() else { continue };
        if data.len() as u64 > left {
            return Err(BodyFault::TooLarge);
        }
        if !data.is_empty() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

fn respond(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.reply.body));
    *response.status_mut() = answer.reply.status;
    *response.headers_mut() = answer.reply.headers;
    if answer.close {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
