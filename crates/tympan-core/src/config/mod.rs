//! What is meant: a configuration whose every name, literal and expression was checked.
//!
//! Reading goes on after a mistake, so that one run finds them all: whatever cannot be read is
//! reported at its place and left out.

mod action;
mod address;
mod admin;
mod anchor;
mod assertion;
mod called_tls;
mod challenge;
mod clients;
mod connector;
mod credential;
mod decrypt;
mod defaults;
mod deliver;
mod destination;
mod egress;
mod event;
mod expression;
mod fetched_key;
mod fields;
pub mod forms;
mod granted;
mod include;
mod journal;
mod jwt;
pub mod keys;
mod kind;
mod listener;
mod literal;
mod mapper;
mod names;
mod oracle;
mod payload_schema;
pub mod preset;
mod public_key;
mod redact;
mod registration;
#[cfg(feature = "remote")]
mod remote;
mod response;
mod secret;
mod server;
mod simulate;
mod test;
mod verification;
mod written;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use tympan_expr::Dialect;
use tympan_expr::Expression;
use tympan_expr::Local;
use tympan_expr::Vocabulary;

pub use action::Action;
pub use action::Body;
pub use action::Input;
pub use action::InputKind;
pub use action::PathPart;
pub use address::Address;
pub use admin::Admin;
pub use anchor::FetchedCertificate;
pub use anchor::NamedUrl;
pub use assertion::Assertion;
pub use called_tls::CalledTls;
pub use challenge::Capture;
pub use challenge::Challenge;
pub use challenge::ChallengeProof;
pub use challenge::ChallengeToken;
pub use clients::Client;
pub use clients::ClientProof;
pub use clients::TOKEN_PATH;
pub use connector::Auth;
pub use connector::Connector;
pub use connector::Proxy;
pub use credential::BasicCheck;
pub use credential::CredentialCheck;
pub use decrypt::Decrypt;
pub use decrypt::Encrypt;
pub use deliver::Ack;
pub use deliver::Deduplicate;
pub use deliver::Keep;
pub use deliver::Route;
pub use destination::Destination;
pub use destination::Retry;
pub use egress::Egress;
pub use event::Events;
pub use fetched_key::FetchedKey;
pub use fetched_key::Field;
pub use granted::Grant;
pub use granted::OAuth;
pub use include::Named;
pub use include::named;
pub use journal::Journal;
pub use jwt::JwtCheck;
pub use jwt::JwtKeys;
pub use kind::File;
pub use kind::Format;
pub use kind::Http;
pub use kind::Kind;
pub use listener::Accept;
pub use listener::Let;
pub use listener::Listener;
pub(crate) use literal::whole_match;
pub use names::ClientId;
pub use names::ConnectorId;
pub use names::DestinationId;
pub use names::SecretId;
pub use payload_schema::Mismatch;
pub use payload_schema::PayloadSchema;
pub use preset::Preset;
pub use redact::HIDDEN;
pub use redact::Redact;
pub use registration::Registration;
pub use registration::Step;
#[cfg(feature = "amqp")]
pub use remote::Amqp;
#[cfg(feature = "kafka")]
pub use remote::Kafka;
#[cfg(feature = "nats")]
pub use remote::Nats;
#[cfg(feature = "postgres")]
pub use remote::Postgres;
#[cfg(feature = "redis")]
pub use remote::Redis;
#[cfg(feature = "remote")]
pub use remote::Remote;
#[cfg(feature = "kafka")]
pub use remote::Sasl;
pub use response::Response;
pub use secret::Reference;
pub use secret::SecretRefs;
pub use server::Limits;
pub use server::Log;
pub use server::LogLevel;
pub use server::Proxies;
pub use server::RateLimit;
pub use server::Server;
pub use server::Tls;
pub use simulate::Simulate;
pub(crate) use simulate::json;
pub use test::Changed;
pub use test::Expect;
pub use test::Test;
pub use test::TestRequest;
pub use verification::CertificateCheck;
pub use verification::DigestCheck;
pub use verification::Match;
pub use verification::SignatureCheck;
pub use verification::Signing;
pub use verification::TokenCheck;
pub use verification::Verification;
pub use written::Written;
pub use written::WrittenKeys;

use crate::config::defaults::Defaults;
use crate::config::fields::Fields;
use crate::config::names::Names;
use crate::diagnostic::Diagnostics;
use crate::diagnostic::Problem;
use crate::roots::Place;
use crate::span::FileId;
use crate::span::Sources;
use crate::span::Span;
use crate::yaml;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Sections;
use crate::yaml::Value;

/// A whole configuration, as meant.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Where and how requests are received.
    pub server: Server,
    /// Where the operator is answered.
    pub admin: Admin,
    /// What is logged.
    pub log: Log,
    /// Whom we may call.
    pub egress: Egress,
    /// The patterns of the files that are read as well, relative to the configuration's folder.
    pub include: Vec<(String, Span)>,
    /// The folder of what outlives the process, relative to the configuration's folder.
    pub state: State,
    /// The file of stand-ins for environment variables, relative to the configuration's folder.
    pub env_file: Option<String>,
    /// How accepted events are kept.
    pub journal: Journal,
    /// Every secret that has a name, by [`SecretId`].
    pub secrets: Vec<SecretRefs>,
    /// Every client that has a name, by [`ClientId`].
    pub clients: Vec<Client>,
    /// What access tokens are signed with, if any client gets some.
    pub token_key: Option<SecretId>,
    /// Every connector that has a name, by [`ConnectorId`].
    pub connectors: Vec<Connector>,
    /// The calls that can be made, in the order of the file.
    pub actions: Vec<Action>,
    /// Every destination that has a name, by [`DestinationId`].
    pub destinations: Vec<Destination>,
    /// The listeners, in the order of the files.
    pub listeners: Vec<Listener>,
    /// The presets that they name, as they name them.
    pub presets: BTreeMap<String, Arc<Preset>>,
    /// What was written, so that two configurations can be compared key by key.
    pub written: Written,
}

impl Config {
    /// What is left to be known once the listeners are compiled.
    #[must_use]
    pub fn without_listeners(mut self) -> Self {
        self.secrets.shrink_to_fit();
        Self { listeners: Vec::new(), ..self }
    }
}

/// The folder of what outlives the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State(pub String);

impl Default for State {
    fn default() -> Self {
        Self("data".to_owned())
    }
}

/// What one reading gave.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The configuration; not to be served if the diagnostics refuse it.
    pub config: Config,
    /// Everything that was found wrong.
    pub diagnostics: Diagnostics,
}

/// Reads the configuration in a file of `sources`.
#[must_use]
pub fn read(sources: &mut Sources, file: FileId) -> Loaded {
    read_all(sources, &[file], Diagnostics::default())
}

/// Reads the configuration in files of `sources`: the root, and then those that it includes. What
/// was found wrong with files that cannot be read at all comes in `found`.
#[must_use]
pub fn read_all(sources: &mut Sources, files: &[FileId], mut found: Diagnostics) -> Loaded {
    let mut reader = Reader::new(sources, &mut found);
    for (index, file) in files.iter().enumerate() {
        reader.is_root = index == 0;
        reader.read(*file);
    }
    let config = reader.end();
    Loaded { config, diagnostics: found }
}

/// Reads files, section by section.
pub(crate) struct Reader<'s> {
    sources: &'s mut Sources,
    /// Whether it is the root that is being read, not a file that it includes.
    is_root: bool,
    found: &'s mut Diagnostics,
    /// The language of expressions that do not say theirs: that of the root, and that of the file
    /// that is being read.
    root_dialect: Dialect,
    dialect: Dialect,
    config: Config,
    secrets: Names,
    clients: Names,
    connectors: Names,
    destinations: Names,
    /// What listeners say that do not say it themselves.
    defaults: Defaults,
    /// Presets that cannot be used, which was told.
    broken: BTreeSet<String>,
    /// The files of presets that come with the program.
    built_in: BTreeSet<FileId>,
    /// What was told about those that are read.
    told: BTreeSet<(Span, &'static str)>,
    /// Where each listener stands.
    listeners: HashMap<String, Span>,
    /// The names of `let` of the listener that is being read.
    lets: Vec<String>,
    /// The names that the forms around the value bring along which is being read.
    locals: Vec<Local>,
    vocabularies: HashMap<Place, Vocabulary>,
    /// Expressions that were compiled where there are no names of `let`.
    compiled: HashMap<(Place, Dialect, String), Expression>,
    has_version: bool,
    /// Whether the file that is being read has listeners already.
    has_listeners: bool,
    /// The section whose entries come, if it is one that may not be there.
    last_section: Option<Span>,
    /// The root, once it was read to its end.
    whole_root: Option<FileId>,
    /// Where certificates of clients are wanted.
    certificates: Vec<Span>,
    /// Where programs are to be started.
    programs: Vec<Span>,
    /// The places of the listeners' paths, to tell of two that clash.
    routes: names::Routes,
}

impl<'s> Reader<'s> {
    fn new(sources: &'s mut Sources, found: &'s mut Diagnostics) -> Self {
        Self {
            sources,
            is_root: true,
            found,
            root_dialect: Dialect::Moveworks,
            dialect: Dialect::Moveworks,
            config: Config::default(),
            secrets: Names::new("secret"),
            clients: Names::new("client"),
            connectors: Names::new("connector"),
            destinations: Names::new("destination"),
            defaults: Defaults::default(),
            broken: BTreeSet::new(),
            built_in: BTreeSet::new(),
            told: BTreeSet::new(),
            listeners: HashMap::new(),
            lets: Vec::new(),
            locals: Vec::new(),
            vocabularies: HashMap::new(),
            compiled: HashMap::new(),
            has_version: false,
            has_listeners: false,
            last_section: None,
            whole_root: None,
            certificates: Vec::new(),
            programs: Vec::new(),
            routes: names::Routes::default(),
        }
    }

    /// Reads one file.
    fn read(&mut self, file: FileId) {
        (self.has_version, self.has_listeners) = (false, false);
        self.dialect = self.root_dialect;
        let text = Arc::clone(&self.sources.file(file).text);
        let whole = yaml::read(file, &text, self);
        let is_whole = whole.is_ok();
        if let Err(diagnostic) = whole {
            self.found.push(diagnostic);
        }
        if !self.is_root {
            return;
        }
        (self.root_dialect, self.whole_root) = (self.dialect, is_whole.then_some(file));
        if is_whole && !self.has_version {
            let at = Span { file, start: 0, end: 0 };
            let example = keys::FILE.key("version").map_or("", |key| key.example);
            let section = keys::FILE.name;
            self.report(at, Problem::MissingKey { key: "version", section, example });
        }
    }

    fn report(&mut self, at: Span, problem: Problem) {
        // Whatever is wrong with `defaults` or a preset is told once, not once a listener.
        let is_of_preset = self.config.presets.values().any(|preset| preset.file == at.file);
        let is_told = is_of_preset && !self.told.insert((at, problem.code()));
        // What a provider does is known, and nobody here can mend it.
        let is_told = is_told || (self.built_in.contains(&at.file) && problem.is_of_scheme());
        if !is_told && !self.defaults.were_read(at) {
            self.found.report(at, problem);
        }
    }

    fn wrong_type<T>(&mut self, node: &Node, expected: &'static str) -> Option<T> {
        let found = node.kind();
        self.report(node.span, Problem::WrongType { expected, found });
        None
    }

    /// One, or a list of them: `read` gets each with its place.
    fn each<T>(
        &mut self,
        key: &Key,
        node: Node,
        mut read: impl FnMut(&mut Self, Span, Node) -> Option<T>,
    ) -> Vec<T> {
        match node.value {
            Value::List(items) => {
                items.into_iter().filter_map(|item| read(self, item.span, item)).collect()
            }
            value => read(self, key.span, Node { value, ..node }).into_iter().collect(),
        }
    }

    /// As [`Reader::each`], but an empty list is a mistake.
    fn some<T>(
        &mut self,
        key: &'static str,
        (place, node): (Key, Node),
        read: impl FnMut(&mut Self, Span, Node) -> Option<T>,
    ) -> Vec<T> {
        if matches!(&node.value, Value::List(items) if items.is_empty()) {
            self.report(node.span, Problem::EmptyList { key });
        }
        self.each(&place, node, read)
    }

    /// Resolves names and ends the reading. Nothing is said about names of a root that could not
    /// be read to its end: what is missing may stand there.
    fn end(mut self) -> Config {
        if self.whole_root.is_some() {
            if self.config.server.tls.as_ref().is_none_or(|tls| tls.client_ca.is_none()) {
                for at in std::mem::take(&mut self.certificates) {
                    self.report(at, Problem::CertificateNeverAsked);
                }
            }
            if !self.config.server.exec {
                for at in std::mem::take(&mut self.programs) {
                    self.report(at, Problem::ProgramsForbidden);
                }
            }
            self.check_challenges();
            self.check_captures();
            self.check_registrations();
            self.secrets.end(self.found);
            self.clients.end(self.found);
            self.connectors.end(self.found);
            self.destinations.end(self.found);
        }
        self.token_endpoint();
        self.config
    }

    fn version(&mut self, node: &Node) {
        match node.value {
            Value::Integer(1) => {}
            Value::Integer(found) if found > 1 => {
                self.report(node.span, Problem::NewerVersion { found });
            }
            _ => {
                let found = self.text(node).unwrap_or_default();
                let what = "the version 1";
                self.report(node.span, Problem::BadValue { what, found, example: "1", why: None });
            }
        }
    }

    fn language(&mut self, key: &Key, node: &Node) {
        if self.has_listeners {
            let problem = Problem::KeyOrder { key: "expressions", before: "listeners" };
            self.report(key.span, problem);
        }
        self.dialect = match self.choice(node, &["moveworks", "jmespath"]) {
            Some("jmespath") => Dialect::Jmespath,
            _ => Dialect::Moveworks,
        };
    }
}

impl Sections for Reader<'_> {
    fn is_streamed(&self, name: &str) -> bool {
        matches!(name, "listeners" | "secrets" | "clients" | "destinations")
    }

    fn section(&mut self, key: Key, node: Node) {
        if !self.is_root && !self.may_be_included(&key) {
            return;
        }
        if self.is_root && keys::FILE.key(&key.name).is_some() {
            self.config.written.sections.insert(key.name.clone(), node.fingerprint());
        }
        match key.name.as_str() {
            "version" => {
                self.has_version = true;
                self.version(&node);
            }
            "expressions" => self.language(&key, &node),
            "server" => {
                if let Some(server) = self.server(&key, node) {
                    self.config.server = server;
                }
            }
            "admin" => {
                if let Some(admin) = self.admin(&key, node) {
                    self.config.admin = admin;
                }
            }
            "log" => {
                if let Some(log) = self.log(&key, node) {
                    self.config.log = log;
                }
            }
            "egress" => {
                if let Some(egress) = self.egress(&key, node) {
                    self.config.egress = egress;
                }
            }
            "include" => self.include(&key, node),
            // Whoever reads files has read it before (`include.rs`).
            "presets" => {
                self.each(&key, node, |reader, _, node| reader.text(&node));
            }
            "journal" => {
                if let Some(journal) = self.journal(&key, node) {
                    self.config.journal = journal;
                }
            }
            "defaults" => self.read_defaults(&key, node),
            "env_file" => self.config.env_file = self.text(&node),
            "state" => {
                if let Some(folder) = self.text(&node) {
                    self.config.state = State(folder);
                }
            }
            "connectors" => self.connectors(node),
            "actions" => self.actions(node),
            // A streamed section that is no map.
            "listeners" | "secrets" | "clients" | "destinations" => {
                if !matches!(node.value, Value::Null) {
                    self.wrong_type::<()>(&node, "a map of names");
                }
            }
            _ => {
                let known = keys::FILE.keys.iter().map(|key| key.name).collect();
                let section = keys::FILE.name;
                self.report(key.span, Problem::UnknownKey { key: key.name, section, known });
            }
        }
    }

    fn entry(&mut self, section: &Key, key: Key, node: Node) {
        if !self.is_root && section.name != "listeners" {
            // Told with its first entry.
            if self.last_section != Some(section.span) {
                self.last_section = Some(section.span);
                self.may_be_included(section);
            }
            return;
        }
        match section.name.as_str() {
            "secrets" => {
                self.written_entry(section, &key, &node);
                self.secret(key, node);
            }
            "clients" => {
                self.written_entry(section, &key, &node);
                self.client(key, node);
            }
            "destinations" => {
                self.written_entry(section, &key, &node);
                self.destination(key, node);
            }
            _ => {
                self.has_listeners = true;
                self.listener_entry(&key, node);
            }
        }
    }
}

impl Reader<'_> {
    fn listener_entry(&mut self, key: &Key, mut node: Node) {
        if let Some(first) = self.listeners.get(&key.name) {
            let problem = Problem::ListenerTaken { name: key.name.clone(), first: *first };
            self.report(key.span, problem);
            return;
        }
        self.listeners.insert(key.name.clone(), key.span);
        preset::expand(&mut node, self);
        self.config.written.listeners.insert(key.name.clone(), written::keys(&node));
        if let Some(listener) = self.listener(key, node) {
            self.config.listeners.push(listener);
        }
    }

    fn written_entry(&mut self, section: &Key, key: &Key, node: &Node) {
        let name = format!("{}.{}", section.name, key.name);
        self.config.written.sections.insert(name, node.fingerprint());
    }

    fn fields(&mut self, section: &'static keys::Section, at: Span, node: Node) -> Option<Fields> {
        Fields::read(self, section, at, node)
    }
}
