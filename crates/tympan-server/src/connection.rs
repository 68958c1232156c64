//! A new connection, from its first byte to HTTP.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tympan_core::config::Limits;

use crate::gate::Admission;
use crate::gate::Place;
use crate::http;
use crate::http::Peer;
use crate::log;
use crate::pace::Pace;
use crate::pace::Phase;
use crate::proxy;
use crate::serving::Serving;
use crate::serving::Shared;
use crate::socket::Stream;
use crate::tls;

/// What a connection has been given, for its whole life.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) admission: Admission,
    /// Where its address is counted.
    pub(crate) place: Option<Place>,
}

/// A place for a connection of this address; `None` where addresses are not counted.
///
/// # Errors
///
/// The address has all the connections that it may have.
pub(crate) fn place(address: IpAddr, shared: &Arc<Shared>) -> Result<Option<Place>, ()> {
    let serving = shared.serving.load();
    let address = address.to_canonical();
    // Behind a proxy of ours are many; who is on this machine is no stranger.
    if address.is_loopback() || serving.server.proxies.trusts(Some(address)) {
        return Ok(None);
    }
    let limit = serving.server.limits.connections_per_ip;
    shared.gate.place(address, limit).map(Some).ok_or(())
}

/// Serves a connection until it ends.
pub(crate) async fn serve(stream: Stream, shared: Arc<Shared>, pace: Arc<Pace>, entry: Entry) {
    let serving = shared.serving.load_full();
    let limits = serving.server.limits;
    match stream {
        Stream::Unix(stream) => {
            let peer = Peer { address: None, certificate: None };
            // What is seldom has a box of its own: a task is as large as the largest it may do.
            Box::pin(http::serve(stream, peer, shared, limits, pace)).await;
        }
        Stream::Tcp(mut stream, peer) => {
            // An answer is small and complete: it must not wait for more.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(client = %peer, %error, "connection ended");
                return;
            }
            // On a socket of both families, an address of IPv4 is written as one of IPv6.
            let mut address = peer.ip().to_canonical();
            let mut counted = entry.place;
            if serving.server.proxies.proxy_protocol && serving.server.proxies.trusts(Some(address))
            {
                match named(&mut stream, address, &shared, limits).await {
                    Some(named) => (address, counted) = named,
                    None => return,
                }
            }
            let peer = Peer { address: Some(address), certificate: None };
            if serving.tls.is_some() {
                Box::pin(secure(stream, peer, shared, serving, pace)).await;
            } else {
                drop(serving);
                http::serve(stream, peer, shared, limits, pace).await;
            }
            drop(counted);
        }
    }
    drop(entry.admission);
}

/// The client that a proxy of ours names.
async fn named(
    stream: &mut TcpStream,
    proxy: IpAddr,
    shared: &Arc<Shared>,
    limits: Limits,
) -> Option<(IpAddr, Option<Place>)> {
    let why = match timeout(limits.header_timeout, proxy::read(stream)).await {
        Ok(Ok(client)) => {
            let client = client.unwrap_or(proxy);
            let Ok(place) = place(client, shared) else {
                log::turned_away(shared, client);
                return None;
            };
            return Some((client, place));
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "no PROXY protocol header in time".to_owned(),
    };
    log::malformed(shared, Some(proxy), &why);
    None
}

/// Serves a connection by TLS.
async fn secure(
    stream: TcpStream,
    mut peer: Peer,
    shared: Arc<Shared>,
    serving: Arc<Serving>,
    pace: Arc<Pace>,
) {
    let Some(tls) = &serving.tls else { return };
    let limits = serving.server.limits;
    pace.turn_to(Phase::Work);
    let stream = match timeout(limits.tls_handshake_timeout, tls.acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return log::no_tls(&shared, &peer, &error.to_string()),
        Err(_) => return log::no_tls(&shared, &peer, "it took too long"),
    };
    pace.turn_to(Phase::Fresh);
    drop(serving);
    let (_, session) = stream.get_ref();
    let certificate = session.peer_certificates().and_then(|chain| chain.first());
    peer.certificate = certificate.map(|certificate| Arc::new(tls::names(certificate)));
    if session.alpn_protocol() == Some(tls::HTTP_2) {
        http::serve_http2(stream, peer, shared, limits, pace).await;
    } else {
        http::serve(stream, peer, shared, limits, pace).await;
    }
}
