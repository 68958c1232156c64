//! A connection to a host, once that may be reached, and has proved who it is.

use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::Egress;
use super::Fault;
use super::Host;
use super::egress::HTTP2;
use super::egress::is_elsewhere;

/// How long one address is tried.
const ATTEMPT: Duration = Duration::from_millis(1_500);

/// How long the answer of a proxy may be, in bytes.
const MOST_HEAD: usize = 8 << 10;

/// Bytes both ways, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send {}

impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}

/// Connects to the host of a URL, and proves that it is the one if the URL says `https`.
pub(super) async fn connect(
    uri: &Uri,
    host: Host,
    egress: &Egress,
) -> Result<Pin<Box<dyn Stream>>, Fault> {
    let is_tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(Fault::Url),
    };
    open(uri, if is_tls { 443 } else { 80 }, is_tls, host, egress).await
}

/// Connects to the host of a URL in the same way, and tells whether HTTP/2 is spoken there.
pub(super) async fn connect_for_any(
    uri: &Uri,
    host: Host,
    egress: &Egress,
) -> Result<(Pin<Box<dyn Stream>>, bool), Fault> {
    if uri.scheme_str() != Some("https") {
        return Ok((connect(uri, host, egress).await?, false));
    }
    let stream = reach_or_tunnel(uri, 443, host, egress).await?;
    let stream = handshake(stream, uri, egress.http_tls()).await?;
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
    Ok((Box::pin(stream), is_http2))
}

/// Connects to the host of a URL of any scheme, at a usual port, and has it prove that it is the one.
pub(crate) async fn open(
    uri: &Uri,
    usual_port: u16,
    is_tls: bool,
    host: Host,
    egress: &Egress,
) -> Result<Pin<Box<dyn Stream>>, Fault> {
    let stream = reach_or_tunnel(uri, usual_port, host, egress).await?;
    if is_tls { secure(stream, uri, egress).await } else { Ok(Box::pin(stream)) }
}

/// Has who is at the other end prove that it is the host of a URL, and encrypts what follows.
pub(crate) async fn secure(
    stream: impl Stream + Unpin + 'static,
    uri: &Uri,
    egress: &Egress,
) -> Result<Pin<Box<dyn Stream>>, Fault> {
    Ok(Box::pin(handshake(stream, uri, egress.tls()).await?))
}

async fn handshake<S: Stream + Unpin>(
    stream: S,
    uri: &Uri,
    config: Result<Arc<ClientConfig>, String>,
) -> Result<TlsStream<S>, Fault> {
    let server = ServerName::try_from(name(uri)?.to_owned()).map_err(|_| Fault::Url)?;
    let stream = TlsConnector::from(config.map_err(Fault::Tls)?).connect(server, stream).await;
    stream.map_err(|error| Fault::Tls(error.to_string()))
}

/// The host of a URL, or a tunnel to it.
async fn reach_or_tunnel(
    uri: &Uri,
    usual_port: u16,
    host: Host,
    egress: &Egress,
) -> Result<TcpStream, Fault> {
    let (name, port) = (name(uri)?, uri.port_u16().unwrap_or(usual_port));
    match egress.proxy() {
        Some(proxy) => tunnel(proxy, name, port, host, egress).await,
        None => reach(name, port, host, egress).await,
    }
}

/// A tunnel to a host through a proxy (RFC 9110, section 9.3.6). A name is looked up there; an address
/// that is written out is judged here.
async fn tunnel(
    proxy: &Uri,
    name: &str,
    port: u16,
    host: Host,
    egress: &Egress,
) -> Result<TcpStream, Fault> {
    if let Ok(address) = name.parse::<IpAddr>()
        && !egress.may_reach(address, host, true)
    {
        return Err(Fault::Forbidden(address));
    }
    let at = self::name(proxy)?;
    let mut stream = reach(at, proxy.port_u16().unwrap_or(80), Host::Written, egress).await?;
    let broken = |error: io::Error| Fault::Proxy(error.to_string());
    let authority =
        if name.contains(':') { format!("[{name}]:{port}") } else { format!("{name}:{port}") };
    let proof = egress.proxy_authorization();
    let proof = proof.map(|value| format!("Proxy-Authorization: {value}\r\n")).unwrap_or_default();
    let asked = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{proof}\r\n");
    stream.write_all(asked.as_bytes()).await.map_err(broken)?;
    // Byte by byte, as what follows the head is the other host's.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= MOST_HEAD {
            return Err(Fault::Proxy("its answer does not end".to_owned()));
        }
        head.push(stream.read_u8().await.map_err(broken)?);
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let status = line.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    if line.starts_with(b"HTTP/1.") && status.len() == 3 && status.starts_with(b"2") {
        return Ok(stream);
    }
    let line = String::from_utf8_lossy(line).chars().take(80).collect::<String>();
    Err(Fault::Proxy(format!("it answers {line}")))
}

/// The host of a URL, as it is looked up.
fn name(uri: &Uri) -> Result<&str, Fault> {
    let name = uri.host().ok_or(Fault::Url)?;
    Ok(name.trim_start_matches('[').trim_end_matches(']'))
}

/// Connects to the first address that may be reached and answers. What was judged is what is
/// connected to: the name is not looked up again.
async fn reach(name: &str, port: u16, host: Host, egress: &Egress) -> Result<TcpStream, Fault> {
    let is_written = name.parse::<IpAddr>().is_ok();
    let found = tokio::net::lookup_host((name, port)).await;
    let found: Vec<SocketAddr> = found.map_err(|it| Fault::Unknown(it.to_string()))?.collect();
    let mut fault = Fault::Unknown("there is none".to_owned());
    if let Some(first) = found.first() {
        fault = Fault::Forbidden(first.ip());
    }
    for address in found {
        if is_elsewhere(name, address.ip()) || !egress.may_reach(address.ip(), host, is_written) {
            continue;
        }
        match attempt(address).await {
            Ok(stream) => return Ok(stream),
            Err(why) => fault = Fault::Unreachable(why),
        }
    }
    Err(fault)
}

/// One address that swallows everything must not take the time of the others.
async fn attempt(address: SocketAddr) -> Result<TcpStream, String> {
    match tokio::time::timeout(ATTEMPT, TcpStream::connect(address)).await {
        Ok(stream) => stream.map_err(|error| error.to_string()),
        Err(_) => Err(format!("{} says nothing for {ATTEMPT:?}", address.ip())),
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::net::TcpStream;
    use std::time::Duration;

    use socket2::Domain;
    use socket2::Socket;
    use socket2::Type;

    use super::attempt;

    /// Nothing but the clock ends it where nobody answers.
    #[tokio::test(start_paused = true)]
    async fn an_address_that_says_nothing_is_given_up() {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        socket.listen(0).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        // Whoever comes once the queue is full gets no answer.
        let mut queue = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(50)) {
            queue.push(stream);
        }
        let why = attempt(address).await.unwrap_err();
        assert_eq!(why, "127.0.0.1 says nothing for 1.5s");
    }
}
