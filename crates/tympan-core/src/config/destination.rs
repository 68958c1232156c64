//! Reading `destinations:`.

use std::time::Duration;

use http::HeaderName;
use http::Method;
use tympan_expr::Expression;

use crate::config::DestinationId;
use crate::config::Reader;
use crate::config::Response;
use crate::config::SecretId;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::config::names::slot;
use crate::roots::Place;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// Where events can be delivered.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    /// What listeners call it.
    pub name: String,
    /// Where the name is defined.
    pub at: Span,
    /// What it is.
    pub kind: Kind,
    /// What comes after a delivery that failed.
    pub retry: Retry,
    /// How long one delivery may take.
    pub timeout: Duration,
    /// How many deliveries may be on their way at once, if it says so.
    pub concurrency: Option<usize>,
    /// Events of one value of it arrive one after the other.
    pub order_by: Option<Expression>,
}

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

/// What comes after a delivery that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How often an event is tried in all; for as long as the horizon if nothing is said.
    pub attempts: Option<u32>,
    /// The wait after the first try; it doubles with each.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
    /// How long an event is tried until it is a dead letter.
    pub horizon: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: None,
            first: Duration::from_secs(5),
            most: Duration::from_hours(6),
            horizon: Duration::from_hours(72),
        }
    }
}

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

impl Reader<'_> {
    pub(super) fn destination(&mut self, key: Key, node: Node) {
        self.check_name("destination", &key);
        let id = DestinationId(self.destinations.define(key.name.clone(), key.span));
        let Some(mut fields) = self.fields(&keys::DESTINATION, key.span, node) else { return };
        let kind = self.kind(&mut fields);
        let retry = fields.take("retry").and_then(|(key, node)| self.retry(&key, node));
        let timeout = fields.take("timeout").and_then(|(_, node)| self.timeout(&node));
        let concurrency = fields.take("concurrency").and_then(|(_, node)| self.count(&node));
        let order_by = fields.take("order_by");
        let order_by = order_by.and_then(|(_, node)| self.expression(Place::Delivery, &node));
        fields.end();
        let slot = slot(&mut self.config.destinations, id.0);
        *slot = Destination {
            name: key.name,
            at: key.span,
            kind: kind.unwrap_or_default(),
            retry: retry.unwrap_or_default(),
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
            concurrency,
            order_by,
        };
    }

    fn kind(&mut self, fields: &mut Fields) -> Option<Kind> {
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
        fields.end();
        let is_binary = format == Some("binary");
        Some(Http {
            url: url?,
            method: method.unwrap_or(Method::POST),
            headers: said.headers,
            body,
            format: if is_binary { Format::Binary } else { Format::Structured },
            signed_by,
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

    fn retry(&mut self, key: &Key, node: Node) -> Option<Retry> {
        let mut fields = self.fields(&keys::RETRY, key.span, node)?;
        let usual = Retry::default();
        let attempts = fields.take("attempts").and_then(|(_, node)| self.count(&node));
        let mut wait = |key, usual| {
            let (_, node) = fields.take(key)?;
            Some(self.timeout(&node).unwrap_or(usual))
        };
        let first = wait("first", usual.first).unwrap_or(usual.first);
        let most = wait("most", usual.most).unwrap_or(usual.most).max(first);
        let horizon = wait("for", usual.horizon).unwrap_or(usual.horizon);
        fields.end();
        let attempts = attempts.map(|attempts| u32::try_from(attempts).unwrap_or(u32::MAX));
        Some(Retry { attempts, first, most, horizon })
    }

    /// The destination that a node names.
    pub(super) fn destination_name(&mut self, node: &Node) -> Option<DestinationId> {
        let name = self.text(node)?;
        let id = DestinationId(self.destinations.mention(name, node.span));
        slot(&mut self.config.destinations, id.0);
        Some(id)
    }
}
