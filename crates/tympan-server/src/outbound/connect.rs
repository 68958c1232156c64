//! A connection to the host of a URL, once that may be reached, and has proved who it is.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::pin::Pin;

use http::Uri;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::Egress;
use super::Fault;
use super::Host;

/// Bytes both ways, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send {}

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
    let name = uri.host().ok_or(Fault::Url)?;
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = reach(name, port, host, egress).await?;
    if !is_tls {
        return Ok(Box::pin(stream));
    }
    let server = ServerName::try_from(name.to_owned()).map_err(|_| Fault::Url)?;
    let stream = TlsConnector::from(egress.tls()).connect(server, stream).await;
    Ok(Box::pin(stream.map_err(|error| Fault::Tls(error.to_string()))?))
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
        if !egress.may_reach(address.ip(), host, is_written) {
            continue;
        }
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => fault = Fault::Unreachable(error.to_string()),
        }
    }
    Err(fault)
}
