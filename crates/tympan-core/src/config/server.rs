//! Reading `server:` and `log:`.

use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::time::Duration;

use http::HeaderName;
use ipnet::IpNet;

use crate::config::Address;
use crate::config::Reader;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// Where and how requests are received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The addresses to listen at, with the places that name them.
    pub listen: Vec<(Address, Span)>,
    /// The origin that providers call, such as `https://hooks.example.com`.
    pub public_url: Option<String>,
    /// Whose word about a client's address is taken.
    pub proxies: Proxies,
    /// TLS, unless HTTP is plain.
    pub tls: Option<Tls>,
    /// What one connection or request may take.
    pub limits: Limits,
    /// How long requests in flight may take to finish after SIGTERM.
    pub shutdown_grace: Duration,
    /// Whether destinations may start programs.
    pub exec: bool,
}

/// Proxies of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The networks that they are in.
    pub networks: Vec<IpNet>,
    /// Whether whoever can connect to a socket of the file system is one.
    pub unix: bool,
    /// Whether they name clients by the PROXY protocol.
    pub proxy_protocol: bool,
}

/// The files of TLS, relative to the configuration's folder, with their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate and those behind it.
    pub certificate: (String, Span),
    /// The private key.
    pub key: (String, Span),
    /// Who may sign the certificates of clients.
    pub client_ca: Option<(String, Span)>,
    /// Whether HTTP/2 may be chosen.
    pub http2: bool,
}

/// How many requests may come in how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many.
    pub requests: usize,
    /// In how long.
    pub per: Duration,
}

/// What one connection or request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest body that is read, in bytes.
    pub body: u64,
    /// The largest head, in bytes.
    pub headers: u64,
    /// How many headers a request may have.
    pub header_count: usize,
    /// The longest target, in bytes.
    pub uri: u64,
    /// How many connections may be open at once.
    pub connections: usize,
    /// How many connections one client address may have open.
    pub connections_per_ip: usize,
    /// How many requests one client address may send unverified.
    pub per_ip: RateLimit,
    /// How much memory bodies in flight may take, in bytes.
    pub in_flight_bytes: u64,
    /// How long a new connection may be silent.
    pub first_byte_timeout: Duration,
    /// How long a head may take from its first byte to its last.
    pub header_timeout: Duration,
    /// How long nothing may come of a body.
    pub body_idle_timeout: Duration,
    /// How long a whole body may take.
    pub body_timeout: Duration,
    /// How long taking an answer may take.
    pub answer_timeout: Duration,
    /// How long a connection may be silent between two requests.
    pub idle_timeout: Duration,
    /// How old a connection may get before its current request is its last.
    pub connection_age: Duration,
    /// How long a TLS handshake may take.
    pub tls_handshake_timeout: Duration,
    /// How long an HTTP/2 connection may have no request in flight.
    pub http2_idle_timeout: Duration,
}

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least important lines that are written.
    pub level: LogLevel,
    /// Whether accepted requests get a line each.
    pub accepted: bool,
    /// The request headers that may appear.
    pub headers: Vec<HeaderName>,
}

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the usual five")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Default for Server {
    fn default() -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        Self {
            listen: vec![(Address::Tcp(address), Span::default())],
            public_url: None,
            proxies: Proxies::default(),
            tls: None,
            limits: Limits::default(),
            shutdown_grace: Duration::from_secs(10),
            exec: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            headers: 16 << 10,
            header_count: 64,
            uri: 8 << 10,
            connections: 2048,
            connections_per_ip: 64,
            per_ip: RateLimit { requests: 500, per: Duration::from_secs(1) },
            in_flight_bytes: 64 << 20,
            first_byte_timeout: Duration::from_secs(5),
            header_timeout: Duration::from_secs(5),
            body_idle_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(15),
            answer_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(15),
            connection_age: Duration::from_mins(10),
            tls_handshake_timeout: Duration::from_secs(5),
            http2_idle_timeout: Duration::from_mins(1),
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        let headers = ["content-type", "user-agent", "x-request-id"];
        Self {
            level: LogLevel::Info,
            accepted: false,
            headers: headers.map(HeaderName::from_static).into(),
        }
    }
}

impl Reader<'_> {
    pub(super) fn server(&mut self, key: &Key, node: Node) -> Option<Server> {
        let mut fields = self.fields(&keys::SERVER, key.span, node)?;
        let mut server = Server::default();
        if let Some(listen) = fields.take("listen") {
            server.listen = self.some("listen", listen, |reader, _, node| {
                reader.address(&node).map(|address| (address, node.span))
            });
        }
        if let Some((_, node)) = fields.take("public_url") {
            server.public_url = self.origin(&node);
        }
        server.proxies = self.proxies(&mut fields);
        server.tls = fields.take("tls").and_then(|(key, node)| self.tls(&key, node));
        if let Some((key, node)) = fields.take("limits") {
            server.limits = self.server_limits(&key, node).unwrap_or_default();
        }
        if let Some((_, node)) = fields.take("exec") {
            server.exec = self.boolean(&node).unwrap_or_default();
        }
        if let Some((_, node)) = fields.take("shutdown_grace") {
            server.shutdown_grace = self.duration(&node).unwrap_or_default();
        }
        fields.end();
        Some(server)
    }

    fn server_limits(&mut self, key: &Key, node: Node) -> Option<Limits> {
        let mut fields = self.fields(&keys::SERVER_LIMITS, key.span, node)?;
        let mut limits = Limits::default();
        if let Some((_, node)) = fields.take("body") {
            limits.body = self.size(&node).unwrap_or(limits.body);
        }
        if let Some((_, node)) = fields.take("headers") {
            limits.headers = self.header_size(&node).unwrap_or(limits.headers);
        }
        for (name, limit) in
            [("uri", &mut limits.uri), ("in_flight_bytes", &mut limits.in_flight_bytes)]
        {
            if let Some((_, node)) = fields.take(name) {
                *limit = self.size(&node).unwrap_or(*limit);
            }
        }
        for (name, limit) in [
            ("header_count", &mut limits.header_count),
            ("connections", &mut limits.connections),
            ("connections_per_ip", &mut limits.connections_per_ip),
        ] {
            if let Some((_, node)) = fields.take(name) {
                *limit = self.count(&node).unwrap_or(*limit);
            }
        }
        if let Some((key, node)) = fields.take("per_ip") {
            limits.per_ip = self.rate(&key, node).unwrap_or(limits.per_ip);
        }
        for (name, limit) in [
            ("first_byte_timeout", &mut limits.first_byte_timeout),
            ("header_timeout", &mut limits.header_timeout),
            ("body_idle_timeout", &mut limits.body_idle_timeout),
            ("body_timeout", &mut limits.body_timeout),
            ("answer_timeout", &mut limits.answer_timeout),
            ("idle_timeout", &mut limits.idle_timeout),
            ("connection_age", &mut limits.connection_age),
            ("tls_handshake_timeout", &mut limits.tls_handshake_timeout),
            ("http2_idle_timeout", &mut limits.http2_idle_timeout),
        ] {
            if let Some((_, node)) = fields.take(name) {
                *limit = self.timeout(&node).unwrap_or(*limit);
            }
        }
        fields.end();
        Some(limits)
    }

    fn proxies(&mut self, fields: &mut Fields) -> Proxies {
        let mut proxies = Proxies::default();
        let at = fields.place("proxy_protocol");
        if let Some((_, node)) = fields.take("proxy_protocol") {
            proxies.proxy_protocol = self.boolean(&node).unwrap_or_default();
        }
        let is_written = fields.place("trusted_proxies").is_some();
        if let Some(trusted) = fields.take("trusted_proxies") {
            self.some("trusted_proxies", trusted, |reader, _, node| {
                if matches!(&node.value, Value::Text(text) if text == "unix") {
                    proxies.unix = true;
                } else {
                    proxies.networks.extend(reader.network(&node));
                }
                Some(())
            });
        }
        if let Some(at) = at.filter(|_| proxies.proxy_protocol && !is_written) {
            self.report(at, Problem::ProxyWithoutTrust);
        }
        proxies
    }

    fn tls(&mut self, key: &Key, node: Node) -> Option<Tls> {
        let mut fields = self.fields(&keys::TLS, key.span, node)?;
        let file = |reader: &mut Self, found: Option<(Key, Node)>| {
            let (_, node) = found?;
            reader.text(&node).map(|file| (file, node.span))
        };
        let certificate = fields.require(self, "certificate");
        let certificate = file(self, certificate);
        let private = fields.require(self, "key");
        let private = file(self, private);
        let client_ca = file(self, fields.take("client_ca"));
        let http2 = fields.take("http2").and_then(|(_, node)| self.boolean(&node)).unwrap_or(true);
        fields.end();
        Some(Tls { certificate: certificate?, key: private?, client_ca, http2 })
    }

    /// How much in how long.
    pub(super) fn rate(&mut self, key: &Key, node: Node) -> Option<RateLimit> {
        let mut fields = self.fields(&keys::RATE, key.span, node)?;
        let requests = fields.require(self, "requests").and_then(|(_, node)| self.count(&node));
        let per = match fields.take("per") {
            Some((_, node)) => self.timeout(&node),
            None => Some(Duration::from_secs(1)),
        };
        fields.end();
        Some(RateLimit { requests: requests?, per: per? })
    }

    /// A duration that ends something: none at all would end everything.
    pub(super) fn timeout(&mut self, node: &Node) -> Option<Duration> {
        let duration = self.duration(node)?;
        if duration.is_zero() {
            self.misfit(node, "a duration above zero", "5s");
            return None;
        }
        Some(duration)
    }

    /// The HTTP library refuses to work with less than 8 KiB.
    fn header_size(&mut self, node: &Node) -> Option<u64> {
        let size = self.size(node)?;
        if !(8 << 10..=1 << 20).contains(&size) {
            self.misfit(node, "a size from 8KiB to 1MiB", "16KiB");
            return None;
        }
        Some(size)
    }

    pub(super) fn misfit(&mut self, node: &Node, what: &'static str, example: &'static str) {
        let found = self.text(node).unwrap_or_default();
        self.report(node.span, Problem::BadValue { what, found, example, why: None });
    }

    pub(super) fn log(&mut self, key: &Key, node: Node) -> Option<Log> {
        let mut fields = self.fields(&keys::LOG, key.span, node)?;
        let mut log = Log::default();
        if let Some((_, node)) = fields.take("level") {
            let words = &["error", "warn", "info", "debug", "trace"];
            log.level = match self.choice(&node, words) {
                Some("error") => LogLevel::Error,
                Some("warn") => LogLevel::Warn,
                Some("debug") => LogLevel::Debug,
                Some("trace") => LogLevel::Trace,
                _ => LogLevel::Info,
            };
        }
        if let Some((_, node)) = fields.take("accepted") {
            log.accepted = self.boolean(&node).unwrap_or_default();
        }
        if let Some((key, node)) = fields.take("headers") {
            // An empty list is meant: no header in any log.
            if matches!(node.value, Value::List(_)) {
                log.headers = self.each(&key, node, |reader, _, node| reader.header(&node));
            } else {
                self.wrong_type::<()>(&node, "a list");
            }
        }
        fields.end();
        Some(log)
    }
}
