//! Requests to admin addresses between hyper and the table of routes.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header;
use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::Limited;
use hyper::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;

use super::Context;
use super::answers;
use super::problem::Problem;
use super::routes;
use super::routes::Route;
use super::rule;
use super::rule::Door;
use super::secrets::Members;
use crate::pace::Pace;
use crate::pace::Phase;
use crate::wire::Wire;

/// The largest head and the largest body that are read, in bytes.
const MOST_HEAD: usize = 16 << 10;
const MOST_BODY: usize = 64 << 10;

/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(5);

/// What every answer says to a browser: it is no page, and nothing of it may be kept.
const HEADERS: [(header::HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
];

/// Serves one connection until it ends, is cut, or the server stops.
pub(super) async fn serve<S>(stream: S, door: Door, context: Arc<Context>, pace: Arc<Pace>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let stream = TokioIo::new(Wire::new(stream, Arc::clone(&pace), None));
    let service = service_fn(|request| {
        let (context, pace) = (Arc::clone(&context), Arc::clone(&pace));
        async move {
            pace.turn_to(Phase::Work);
            let answer = answer(request, door, context).await;
            pace.turn_to(Phase::Answer);
            Ok::<_, Infallible>(finished(answer))
        }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_header_size(MOST_HEAD)
        .serve_connection(stream, service);
    match pace.keep(connection, http1::Connection::graceful_shutdown).await {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%error, "admin connection ended"),
        None => tracing::debug!("admin connection cut"),
    }
}

async fn answer(request: Request<Incoming>, door: Door, context: Arc<Context>) -> Response<String> {
    let (head, body) = request.into_parts();
    let live = Arc::clone(&context.shared.serving.load().live);
    if let Err(problem) = rule::admit(&head, door, |token| live.is_operator(token)) {
        tell(&problem, &context);
        return problem.answer();
    }
    let route = match routes::find(&head.method, head.uri.path()) {
        Ok(route) => route,
        Err(problem) => return problem.answer(),
    };
    let members = if head.method == Method::POST {
        match read(body, head.headers.get(header::CONTENT_TYPE), route).await {
            Ok(members) => members,
            Err(problem) => return problem.answer(),
        }
    } else {
        Members::new()
    };
    let parameters = head.uri.query().unwrap_or_default();
    answers::answer(route, parameters, &head.headers, members, context).await
}

/// Tells the operator that somebody was turned away, but once a second at most.
fn tell(problem: &Problem, context: &Context) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if context.told.swap(now.as_secs(), Ordering::Relaxed) != now.as_secs() {
        let (status, reason) = (problem.status().as_u16(), problem.detail());
        tracing::warn!(status, reason, "admin request refused");
    }
}

/// What an order's body holds: a JSON object, or nothing. A page can make a browser send a form or a
/// text without asking us first, but not JSON.
async fn read(
    body: Incoming,
    content_type: Option<&HeaderValue>,
    route: &Route,
) -> Result<Members, Problem> {
    if body.is_end_stream() {
        return Ok(Members::new());
    }
    let media_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        let detail = "a body needs `Content-Type: application/json`";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    let collected = tokio::time::timeout(BODY_TIME, Limited::new(body, MOST_BODY).collect()).await;
    let Ok(collected) = collected else {
        return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"));
    };
    let body = match collected {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            let detail = format!("a body may hold {MOST_BODY} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        Err(_) => return Err(Problem::new(StatusCode::BAD_REQUEST, "the body broke off")),
    };
    let bad = |detail| Problem::new(StatusCode::BAD_REQUEST, detail);
    let members = serde_json::from_slice::<Members>(&body);
    match (members, route.takes) {
        (Ok(members), None) if !members.is_empty() => {
            Err(bad("the body has to be empty, or `{}`".to_owned()))
        }
        (Ok(members), takes) => {
            let known = |name: &&String| takes.is_some_and(|it| it.names(name));
            match members.keys().find(|name| !known(name)) {
                Some(name) => Err(bad(format!("the body holds `{name}`, which is not known here"))),
                None => Ok(members),
            }
        }
        (Err(_), None) => Err(bad("the body has to be empty, or `{}`".to_owned())),
        (Err(error), Some(_)) => Err(bad(format!("the body is no JSON object: {error}"))),
    }
}

fn finished(answer: Response<String>) -> Response<Full<Bytes>> {
    let mut answer = answer.map(|text| Full::new(Bytes::from(text)));
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}
