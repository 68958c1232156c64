//! What a destination can be, and reading it.

use http::HeaderName;
use http::Method;
use tympan_expr::Expression;

use crate::config::CalledTls;
#[cfg(feature = "postgres")]
use crate::config::Postgres;
use crate::config::Reader;
#[cfg(feature = "redis")]
use crate::config::Redis;
use crate::config::Response;
use crate::config::SecretId;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::roots::Place;
use crate::yaml::Key;
use crate::yaml::Node;

/// What a destination is.
#[derive(Clone, Debug, Default)]
pub enum Kind {
    /// Standard output, one event a line.
    #[default]
    Stdout,
    /// A file, one event a line.
    File(File),
    /// A host that is called by HTTP.
    Http(Box<Http>),
    /// A program that is started, with its arguments.
    Exec(Vec<String>),
    /// A stream of Redis.
    #[cfg(feature = "redis")]
    Redis(Box<Redis>),
    /// A table of `PostgreSQL`.
    #[cfg(feature = "postgres")]
    Postgres(Box<Postgres>),
}

/// A host that is called by HTTP.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where it is called.
    pub url: String,
    /// How.
    pub method: Method,
    /// Further headers.
    pub headers: Vec<(HeaderName, Expression)>,
    /// What is sent instead of the event as it is.
    pub body: Option<Expression>,
    /// How the event is sent as it is.
    pub format: Format,
    /// What it is signed with, as Standard Webhooks.
    pub signed_by: Option<SecretId>,
    /// How it proves who it is, and we do, if it says so.
    pub tls: Option<CalledTls>,
}

/// How CloudEvents go over HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// All of it is the body.
    #[default]
    Structured,
    /// Its attributes are headers, and its data is the body.
    Binary,
}

/// A file that events are added to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Where it is, relative to the configuration's folder.
    pub path: String,
    /// With how many bytes it is put aside and a new one begun.
    pub rotate: Option<u64>,
    /// How many of those that were put aside are kept.
    pub keep: usize,
}

impl Kind {
    /// The secret that it proves itself with, or signs with.
    #[must_use]
    pub fn secret(&self) -> Option<SecretId> {
        match self {
            Self::Stdout | Self::File(_) | Self::Exec(_) => None,
            Self::Http(http) => http.signed_by,
            #[cfg(feature = "redis")]
            Self::Redis(redis) => redis.server.password,
            #[cfg(feature = "postgres")]
            Self::Postgres(postgres) => postgres.server.password,
        }
    }

    /// What it says about TLS of its own.
    #[must_use]
    pub fn tls(&self) -> Option<&CalledTls> {
        match self {
            Self::Http(http) => http.tls.as_ref(),
            _ => None,
        }
    }
}

impl Reader<'_> {
    pub(super) fn kind(&mut self, fields: &mut Fields) -> Option<Kind> {
        if let Some((place, node)) = fields.take("stdout") {
            self.fields(&keys::STDOUT, place.span, node)?.end();
            return Some(Kind::Stdout);
        }
        if let Some((place, node)) = fields.take("file") {
            return self.file(&place, node).map(Kind::File);
        }
        if let Some((place, node)) = fields.take("http") {
            return self.http(&place, node).map(|http| Kind::Http(Box::new(http)));
        }
        #[cfg(feature = "redis")]
        if let Some((place, node)) = fields.take("redis") {
            return self.redis(&place, node).map(|redis| Kind::Redis(Box::new(redis)));
        }
        #[cfg(feature = "postgres")]
        if let Some((place, node)) = fields.take("postgres") {
            return self.postgres(&place, node).map(|table| Kind::Postgres(Box::new(table)));
        }
        let (place, node) = fields.take("exec")?;
        let mut fields = self.fields(&keys::EXEC, place.span, node)?;
        let command = fields.require(self, "command");
        let command = command.map_or_else(Vec::new, |command| {
            self.some("command", command, |reader, _, node| reader.text(&node))
        });
        fields.end();
        self.programs.push(place.span);
        Some(Kind::Exec(command))
    }

    fn http(&mut self, key: &Key, node: Node) -> Option<Http> {
        let mut fields = self.fields(&keys::HTTP, key.span, node)?;
        let url = fields.require(self, "url").and_then(|(_, node)| self.url(&node));
        let method = fields.take("method").and_then(|(_, node)| self.method(&node));
        let mut said = Response::default();
        if let Some((_, node)) = fields.take("headers") {
            self.response_headers(Place::Delivery, node, &mut said);
        }
        let body = fields.take("body").and_then(|(_, node)| self.mapping(Place::Delivery, node));
        let format = fields.take("format");
        let format = format.and_then(|(_, node)| self.choice(&node, &["structured", "binary"]));
        let signed_by = fields.take("sign").and_then(|(key, node)| {
            let mut fields = self.fields(&keys::SIGN, key.span, node)?;
            let secret = fields.require(self, "standard_webhooks");
            let secret = secret.and_then(|(_, node)| self.secret_name(&node));
            fields.end();
            secret
        });
        let tls = fields.take("tls").and_then(|(key, node)| self.called_tls(&key, node));
        fields.end();
        let is_binary = format == Some("binary");
        Some(Http {
            url: url?,
            method: method.unwrap_or(Method::POST),
            headers: said.headers,
            body,
            format: if is_binary { Format::Binary } else { Format::Structured },
            signed_by,
            tls,
        })
    }

    fn file(&mut self, key: &Key, node: Node) -> Option<File> {
        let mut fields = self.fields(&keys::FILE_DESTINATION, key.span, node)?;
        let path = fields.require(self, "path").and_then(|(_, node)| self.text(&node));
        let rotate = fields.take("rotate").and_then(|(_, node)| self.size(&node));
        let keep = fields.take("keep").and_then(|(_, node)| self.count(&node));
        fields.end();
        Some(File { path: path?, rotate, keep: keep.unwrap_or(5) })
    }
}
