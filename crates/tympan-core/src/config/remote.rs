//! Reading destinations that are servers with a protocol of their own.

#[cfg(feature = "postgres")]
use std::net::IpAddr;

use http::Uri;
#[cfg(any(feature = "amqp", feature = "kafka", feature = "nats", feature = "redis"))]
use tympan_expr::Expression;

use crate::config::Reader;
use crate::config::SecretId;
use crate::config::fields::Fields;
use crate::config::keys;
#[cfg(any(feature = "amqp", feature = "kafka", feature = "nats", feature = "redis"))]
use crate::diagnostic::Problem;
#[cfg(any(feature = "amqp", feature = "kafka", feature = "nats", feature = "redis"))]
use crate::roots::Place;
use crate::yaml::Key;
use crate::yaml::Node;

/// Where a server is, and who we are to it.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Where.
    pub url: Uri,
    /// Who, if it wants to know.
    pub user: Option<String>,
    /// What proves it.
    pub password: Option<SecretId>,
}

/// A stream of Redis.
#[cfg(feature = "redis")]
#[derive(Clone, Debug)]
pub struct Redis {
    /// The server.
    pub server: Remote,
    /// The key of the stream.
    pub stream: Expression,
    /// About how many entries it keeps.
    pub most: Option<usize>,
}

/// A table of `PostgreSQL`.
#[cfg(feature = "postgres")]
#[derive(Clone, Debug)]
pub struct Postgres {
    /// The server.
    pub server: Remote,
    /// Whether it has to prove who it is.
    pub tls: bool,
    /// The table, with its schema before it if it has one.
    pub table: Vec<String>,
    /// Whether it is made where there is none.
    pub create: bool,
}

/// A subject of NATS.
#[cfg(feature = "nats")]
#[derive(Clone, Debug)]
pub struct Nats {
    /// The server.
    pub server: Remote,
    /// The subject.
    pub subject: Expression,
    /// Whether a stream has to acknowledge an event.
    pub jetstream: bool,
}

/// An exchange of AMQP.
#[cfg(feature = "amqp")]
#[derive(Clone, Debug)]
pub struct Amqp {
    /// The server.
    pub server: Remote,
    /// The virtual host.
    pub host: String,
    /// The exchange; the default one has no name.
    pub exchange: String,
    /// The routing key.
    pub routing_key: Expression,
}

/// How a password proves to a broker of Kafka who we are, by the names of SASL.
#[cfg(feature = "kafka")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sasl {
    /// It is told.
    Plain,
    /// SCRAM with SHA-256.
    ScramSha256,
    /// SCRAM with SHA-512.
    ScramSha512,
}

/// A topic of Kafka.
#[cfg(feature = "kafka")]
#[derive(Clone, Debug)]
pub struct Kafka {
    /// A broker that knows the others.
    pub server: Remote,
    /// How the password proves who we are.
    pub sasl: Sasl,
    /// The topic.
    pub topic: Expression,
    /// What its partition is chosen by.
    pub key: Option<Expression>,
}

#[cfg(feature = "kafka")]
impl Sasl {
    /// Its words, as they are written.
    pub const WORDS: &[&str] = &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];

    fn read(word: &str) -> Option<Self> {
        [Self::Plain, Self::ScramSha256, Self::ScramSha512].into_iter().find(|it| it.word() == word)
    }

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

impl Reader<'_> {
    #[cfg(feature = "redis")]
    pub(super) fn redis(&mut self, key: &Key, node: Node) -> Option<Redis> {
        let mut fields = self.fields(&keys::REDIS, key.span, node)?;
        self.want_proof(&fields);
        let schemes = &["redis", "rediss"];
        let server = self.remote(&mut fields, schemes, "redis://127.0.0.1:6379");
        let stream = self.required_expression(&mut fields, "stream");
        let most = fields.take("max_length").and_then(|(_, node)| self.count(&node));
        fields.end();
        Some(Redis { server: server?, stream: stream?, most })
    }

    #[cfg(feature = "postgres")]
    pub(super) fn postgres(&mut self, key: &Key, node: Node) -> Option<Postgres> {
        let mut fields = self.fields(&keys::POSTGRES, key.span, node)?;
        let schemes = &["postgres", "postgresql"];
        let server = self.remote(&mut fields, schemes, "postgres://127.0.0.1:5432/app");
        let tls = fields.take("tls").and_then(|(_, node)| self.boolean(&node));
        let table = fields.require(self, "table").and_then(|(_, node)| self.text(&node));
        let create = fields.take("create").and_then(|(_, node)| self.boolean(&node));
        fields.end();
        let (server, table) = (server?, table?);
        Some(Postgres {
            tls: tls.unwrap_or_else(|| !is_here(&server.url)),
            server,
            table: table.split('.').map(str::to_owned).collect(),
            create: create.unwrap_or_default(),
        })
    }

    #[cfg(feature = "nats")]
    pub(super) fn nats(&mut self, key: &Key, node: Node) -> Option<Nats> {
        let mut fields = self.fields(&keys::NATS, key.span, node)?;
        self.want_proof(&fields);
        let server = self.remote(&mut fields, &["nats", "tls"], "nats://127.0.0.1:4222");
        let subject = self.required_expression(&mut fields, "subject");
        let jetstream = fields.take("jetstream").and_then(|(_, node)| self.boolean(&node));
        fields.end();
        Some(Nats { server: server?, subject: subject?, jetstream: jetstream.unwrap_or(true) })
    }

    #[cfg(feature = "amqp")]
    pub(super) fn amqp(&mut self, key: &Key, node: Node) -> Option<Amqp> {
        let mut fields = self.fields(&keys::AMQP, key.span, node)?;
        self.want_proof(&fields);
        let server = self.remote(&mut fields, &["amqp", "amqps"], "amqp://127.0.0.1:5672");
        let exchange = fields.take("exchange").map(|(_, node)| self.short(&node, "events"));
        let routing_key = self.required_expression(&mut fields, "routing_key");
        fields.end();
        let server = server?;
        let path = server.url.path().trim_start_matches('/');
        let host = if path.is_empty() { "/" } else { path };
        let host = percent_encoding::percent_decode_str(host).decode_utf8_lossy().into_owned();
        let exchange = exchange.unwrap_or_else(|| Some(String::new()));
        Some(Amqp { server, host, exchange: exchange?, routing_key: routing_key? })
    }

    #[cfg(feature = "kafka")]
    pub(super) fn kafka(&mut self, key: &Key, node: Node) -> Option<Kafka> {
        let mut fields = self.fields(&keys::KAFKA, key.span, node)?;
        self.want_proof(&fields);
        self.want_user(&fields);
        let schemes = &["kafka", "kafka+ssl"];
        let server = self.remote(&mut fields, schemes, "kafka://127.0.0.1:9092");
        let sasl = match fields.take("sasl") {
            Some((_, node)) => self.choice(&node, Sasl::WORDS).and_then(Sasl::read),
            None => Some(Sasl::Plain),
        };
        let topic = self.required_expression(&mut fields, "topic");
        let key = fields.take("key");
        let key = key.and_then(|(_, node)| self.expression(Place::Delivery, &node));
        fields.end();
        Some(Kafka { server: server?, sasl: sasl?, topic: topic?, key })
    }

    /// Where a server is, and who we are to it.
    fn remote(
        &mut self,
        fields: &mut Fields,
        schemes: &'static [&'static str],
        example: &'static str,
    ) -> Option<Remote> {
        let url = fields.require(self, "url");
        let url = url.and_then(|(_, node)| self.endpoint(&node, schemes, example));
        let user = fields.take("user").and_then(|(_, node)| self.text(&node));
        let password = fields.take("password").and_then(|(_, node)| self.secret_name(&node));
        Some(Remote { url: url?, user, password })
    }

    /// Whoever has a name proves it: an empty password would be sent, or nothing at all.
    #[cfg(any(feature = "amqp", feature = "kafka", feature = "nats", feature = "redis"))]
    fn want_proof(&mut self, fields: &Fields) {
        if let (Some(at), None) = (fields.place("user"), fields.place("password")) {
            let (section, example) = ("a destination with `user`", "password: broker_password");
            self.report(at, Problem::MissingKey { key: "password", section, example });
        }
    }

    /// What proves a name says whose: without that nobody would be asked to prove anything.
    #[cfg(feature = "kafka")]
    fn want_user(&mut self, fields: &Fields) {
        let (key, example) = ("user", "user: tympan");
        let proofs = [
            ("password", "a destination of Kafka with `password`"),
            ("sasl", "a destination of Kafka with `sasl`"),
        ];
        let found = proofs.into_iter().find_map(|(name, it)| Some((fields.place(name)?, it)));
        if let (Some((at, section)), None) = (found, fields.place("user")) {
            self.report(at, Problem::MissingKey { key, section, example });
        }
    }

    /// An expression that says for each event where it goes.
    #[cfg(any(feature = "amqp", feature = "kafka", feature = "nats", feature = "redis"))]
    fn required_expression(
        &mut self,
        fields: &mut Fields,
        name: &'static str,
    ) -> Option<Expression> {
        let found = fields.require(self, name);
        found.and_then(|(_, node)| self.expression(Place::Delivery, &node))
    }
}

/// Whether a URL leads to this machine: `localhost` never leads elsewhere.
#[cfg(feature = "postgres")]
fn is_here(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let is_loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_loopback || host.eq_ignore_ascii_case("localhost")
}
