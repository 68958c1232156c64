//! Requests between hyper and the machine that decides: the only file that names hyper's types.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
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
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tympan_core::config::Limits;
use tympan_core::pipeline::Answer;
use tympan_core::pipeline::Ask;
use tympan_core::pipeline::BodyFault;
use tympan_core::pipeline::Exchange;
use tympan_core::pipeline::Head;
use tympan_core::pipeline::Input;

use crate::delivery;
use crate::log;
use crate::serving::Shared;
use crate::timer::Timer;

/// The most header fields of a request.
const MOST_HEADERS: usize = 64;

/// How much of a body is taken on trust in its length before it arrives.
const MOST_RESERVED: u64 = 64 << 10;

/// Serves one connection until it ends, or until the server stops and its request is answered.
pub(crate) async fn serve(
    stream: TcpStream,
    client: SocketAddr,
    shared: Arc<Shared>,
    limits: Limits,
    watcher: Watcher,
) {
    // One timer for all bodies of the connection: setting one for each costs more than a body.
    let timer = Arc::new(Timer::default());
    let service = service_fn(move |request| {
        let (shared, timer) = (Arc::clone(&shared), Arc::clone(&timer));
        async move { Ok::<_, Infallible>(answer(request, client, &shared, &timer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MOST_HEADERS)
        .max_header_size(usize::try_from(limits.headers).unwrap_or(usize::MAX))
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%client, %error, "connection ended");
    }
}

/// Takes one request through: the machine says what it needs, and gets it here.
async fn answer(
    request: Request<Incoming>,
    client: SocketAddr,
    shared: &Shared,
    timer: &Timer,
) -> Response<Full<Bytes>> {
    // One load: pipelines, keys, destinations and settings of one generation for its whole life.
    let serving = shared.serving.load_full();
    let (parts, body) = request.into_parts();
    let (now, id) = shared.clock.now();
    let head = Head {
        method: parts.method,
        uri: parts.uri,
        headers: parts.headers,
        client: client.ip(),
        now,
        id,
    };
    let mut exchange = Exchange::new(Arc::clone(&serving.live), head);
    let mut body = Some(body);
    let mut input = Input::Head;
    let answer = loop {
        // A panic is a bug, and costs one request instead of a connection full of them.
        let Ok(ask) = catch_unwind(AssertUnwindSafe(|| exchange.step(input))) else {
            break exchange.failed();
        };
        input = match ask {
            Ask::Answer(answer) => break answer,
            Ask::Body { limit } => match body.take() {
                Some(body) => read(body, limit, timer, serving.server.limits.body_timeout).await,
                None => Input::NoBody(BodyFault::Broken),
            },
            Ask::Append(record) => Input::Kept(delivery::keep(record, &serving.destinations).await),
        };
    };
    log::answered(shared, &serving.log, &exchange, &answer);
    respond(answer)
}

/// The whole body, if it comes in time and is no larger than `limit` bytes.
async fn read(body: Incoming, limit: u64, timer: &Timer, within: Duration) -> Input {
    // What says how large it is is refused before anything of it is read.
    if body.size_hint().lower() > limit {
        return Input::NoBody(BodyFault::TooLarge);
    }
    match timer.limit(within, collect(body, limit)).await {
        Some(Ok(bytes)) => Input::Body(bytes),
        Some(Err(fault)) => Input::NoBody(fault),
        None => Input::NoBody(BodyFault::Slow),
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
