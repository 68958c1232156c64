//! What a signed webhook costs at least: the server that Tympan is measured against.
//!
//! It does what any server of a signed webhook has to do, by hand and with the same libraries,
//! runtime and connection settings as Tympan: it reads the whole body, computes its HMAC-SHA256
//! with a key that was made ready once, decodes the hex of `X-Hook-Signature`, compares the two in
//! constant time, and answers 200 with JSON or 401. A head has to come within five seconds.
//!
//! It does nothing else. It has one address, one secret and no routes or methods; it reads no
//! configuration and no JSON, evaluates no expression, makes no event, writes no log, takes no
//! time and no id, and bounds neither the body, the time it takes nor the connections; it does not
//! wait for requests in flight when it ends. It is a yardstick and must never be exposed.
//!
//! `FLOOR_SECRET=... tympan-bench-floor PORT` serves every path of 127.0.0.1:PORT. Without the secret it
//! accepts whatever comes: what it costs less is what a signature costs at least.

use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use http_body_util::BodyExt;
use http_body_util::Full;
use hyper::Request;
use hyper::Response;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header;
use hyper::header::HeaderName;
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// How long a head may take, as in Tympan by default.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// What Tympan answers to an accepted request.
const ACCEPTED: &[u8] = br#"{"message":"Event received successfully","status":"RECEIVED"}"#;

static SIGNATURE: HeaderName = HeaderName::from_static("x-hook-signature");

fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).ok_or("the port is missing")?.parse::<u16>()?;
    let secret = std::env::var("FLOOR_SECRET").ok();
    let key = secret.map(|it| Hmac::<Sha256>::new_from_slice(it.as_bytes())).transpose()?;
    let key = Arc::new(key);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        // On a worker, as the connections are.
        tokio::spawn(accept(listener, key)).await??;
        Ok(())
    })
}

async fn accept(listener: TcpListener, key: Arc<Option<Hmac<Sha256>>>) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(serve(stream, Arc::clone(&key)));
    }
}

async fn serve(stream: TcpStream, key: Arc<Option<Hmac<Sha256>>>) {
    let service = service_fn(|request| answer(request, key.as_ref().as_ref()));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    // A client that goes away is none of its business.
    let _ = connection.await;
}

async fn answer(
    request: Request<Incoming>,
    key: Option<&Hmac<Sha256>>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let is_signed = |key| {
        let received = head.headers.get(&SIGNATURE);
        received.is_some_and(|received| is_signed(&body, received, key))
    };
    if key.is_none_or(is_signed) {
        let mut response = Response::new(Full::new(Bytes::from_static(ACCEPTED)));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        Ok(response)
    } else {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        Ok(response)
    }
}

fn is_signed(body: &[u8], received: &HeaderValue, key: &Hmac<Sha256>) -> bool {
    let received = const_hex::decode_to_array::<_, 32>(received);
    received.is_ok_and(|received| key.clone().chain_update(body).verify_slice(&received).is_ok())
}
