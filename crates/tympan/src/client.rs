//! Asking a running server: one request to its admin address, or to one of its listeners.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::Method;
use http::Request;
use http::StatusCode;
use http::header;
use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::Limited;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::net::UnixStream;
use tympan_core::config::Address;
use tympan_core::config::Config;
use tympan_core::secret::Secret;
use tympan_server::admin;
use tympan_server::keys;

use crate::args::Asked;

/// The largest answer that is read, in bytes.
const MOST_ANSWER: usize = 64 << 20;

/// Names the token for addresses that no configuration at hand knows.
const TOKEN: &str = "TYMPAN_ADMIN_TOKEN";

/// A running server, and how to be let in.
pub(crate) struct Server {
    address: Address,
    token: Option<Secret>,
}

/// What it said.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

/// What a listener said.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why nothing was answered.
pub(crate) struct Silent {
    address: Address,
    why: String,
}

impl Server {
    /// The server that is asked for by its address, or else by the file that it serves. A file with
    /// mistakes names it as well as one without.
    pub(crate) fn find(asked: &Asked) -> Result<Self, String> {
        let folder = asked.file.parent().map(Path::to_owned).unwrap_or_default();
        let config = match std::fs::read(&asked.file) {
            Ok(bytes) => tympan_core::load(&asked.file.display().to_string(), bytes).0.config,
            Err(_) if asked.admin.is_some() => Config::default(),
            Err(error) => {
                return Err(format!("{} cannot be read: {error}", asked.file.display()));
            }
        };
        let address = match &asked.admin {
            Some(address) => address.clone(),
            None => admin::addresses(&folder, &config)
                .into_iter()
                .next()
                .ok_or_else(|| format!("{} names no admin address", asked.file.display()))?,
        };
        let token = match &address {
            Address::Tcp(_) => token(&folder, &config),
            Address::Unix(_) | Address::Systemd(_) => None,
        };
        Ok(Self { address, token })
    }

    /// Asks once.
    pub(crate) fn ask(&self, method: Method, path: &str, most: Duration) -> Result<Answer, Silent> {
        within(most, self.exchange(method, path, None)).map_err(|why| self.silent(why))
    }

    /// Orders something of which the body says more.
    pub(crate) fn order(&self, path: &str, body: &Value, most: Duration) -> Result<Answer, Silent> {
        let exchange = self.exchange(Method::POST, path, Some(body));
        within(most, exchange).map_err(|why| self.silent(why))
    }

    fn silent(&self, why: String) -> Silent {
        Silent { address: self.address.clone(), why }
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let text = body.map(ToString::to_string).unwrap_or_default();
        let mut request = Request::new(Full::new(Bytes::from(text)));
        if body.is_some() {
            let json = header::HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        *request.method_mut() = method;
        *request.uri_mut() =
            path.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
        let host = match &self.address {
            Address::Tcp(address) => address.to_string(),
            Address::Unix(_) | Address::Systemd(_) => "localhost".to_owned(),
        };
        let host = host.parse().map_err(|_| "the address is no host".to_owned())?;
        request.headers_mut().insert(header::HOST, host);
        if let Some(token) = &self.token {
            let value = [b"Bearer ", token.expose()].concat();
            let mut value = header::HeaderValue::from_maybe_shared(Bytes::from(value))
                .map_err(|_| "the token holds characters that no header can".to_owned())?;
            value.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        let Reply { status, body, .. } = connect(&self.address, request).await?;
        // What is not JSON has nothing to say to us but its status.
        Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or_default() })
    }
}

/// Sends one request to an address of a server's listeners.
pub(crate) fn deliver(
    address: &Address,
    request: Request<Full<Bytes>>,
    most: Duration,
) -> Result<Reply, Silent> {
    within(most, connect(address, request)).map_err(|why| Silent { address: address.clone(), why })
}

/// What becomes of something that must not take for ever.
pub(crate) fn within<T>(
    most: Duration,
    asked: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let asked = async { tokio::time::timeout(most, asked).await };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map(|runtime| runtime.block_on(asked)) {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(format!("no answer within {} s", most.as_secs())),
        Err(error) => Err(error.to_string()),
    }
}

async fn connect(address: &Address, request: Request<Full<Bytes>>) -> Result<Reply, String> {
    let said = |error: std::io::Error| error.to_string();
    match address {
        Address::Tcp(address) => {
            send(TcpStream::connect(address).await.map_err(said)?, request).await
        }
        Address::Unix(path) => send(UnixStream::connect(path).await.map_err(said)?, request).await,
        Address::Systemd(_) => Err("only the service manager knows where that is".to_owned()),
    }
}

impl Answer {
    /// What it says to a person about why it is not as it should be.
    pub(crate) fn detail(&self) -> String {
        let said = ["detail", "reason"].iter().find_map(|name| self.body[*name].as_str());
        said.map_or_else(|| self.status.to_string(), str::to_owned)
    }
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nobody answers at {}: {}", self.address, self.why)
    }
}

/// The token for TCP addresses: from the environment, or else the one that the file names.
fn token(folder: &Path, config: &Config) -> Option<Secret> {
    let found = std::env::var(TOKEN).ok().map(String::into_bytes);
    if let Some(token) = found.and_then(|found| Secret::new(found, TOKEN).ok()) {
        return Some(token);
    }
    let secret = config.admin.token?;
    let secrets = keys::Lookup::new(folder, config).secrets(config);
    secrets.into_iter().nth(secret.0)?.ok()?.into_iter().next()
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Reply, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let said = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(said)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = Limited::new(answer.into_body(), MOST_ANSWER).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    connection.abort();
    Ok(Reply { status, headers, body })
}
