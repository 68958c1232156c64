//! Reading one listener.

use std::time::Duration;

use http::Method;
use tympan_expr::Expression;

use crate::config::Ack;
use crate::config::Challenge;
use crate::config::ChallengeProof;
use crate::config::Decrypt;
use crate::config::Deduplicate;
use crate::config::Events;
use crate::config::Keep;
use crate::config::PayloadSchema;
use crate::config::RateLimit;
use crate::config::Reader;
use crate::config::Redact;
use crate::config::Registration;
use crate::config::Response;
use crate::config::Route;
use crate::config::Simulate;
use crate::config::Test;
use crate::config::Verification;
use crate::config::expression::is_variable;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic;
use crate::diagnostic::Problem;
use crate::outcome::Outcome;
use crate::roots;
use crate::roots::Place;
use crate::span::Span;
use crate::yaml;
use crate::yaml::Key;
use crate::yaml::Node;

/// How long keeping an event may take unless the listener says otherwise: within the patience of
/// the least patient providers.
const DEFAULT_ACK: Duration = Duration::from_millis(2_500);

/// What one external system sends, and what becomes of it.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Its name.
    pub name: String,
    /// Where it is written.
    pub at: Span,
    /// What it is, for people.
    pub description: Option<String>,
    /// The preset that it is made of, as it names it.
    pub preset: Option<String>,
    /// Where it is called, with `{parameters}`.
    pub path: String,
    /// The methods of its events.
    pub methods: Vec<Method>,
    /// The parser of its bodies.
    pub accept: Accept,
    /// The media types that are taken; any if there are none.
    pub content_types: Vec<String>,
    /// The largest body, if not the server's, in bytes.
    pub body_limit: Option<u64>,
    /// How long keeping an event may take.
    pub patience: Duration,
    /// When it is answered.
    pub ack: Ack,
    /// What is kept of its requests.
    pub keep: Keep,
    /// What its deliveries are known by.
    pub deduplicate: Option<Deduplicate>,
    /// How many verified requests are taken.
    pub rate_limit: Option<RateLimit>,
    /// Its challenges.
    pub challenges: Vec<Challenge>,
    /// How its senders prove themselves.
    pub verification: Verification,
    /// How its bodies are encrypted, if they are.
    pub decrypt: Option<Decrypt>,
    /// The kill switch.
    pub reject: Option<Expression>,
    /// What its bodies have to look like.
    pub payload_schema: Option<PayloadSchema>,
    /// What a request has to be to make events.
    pub filter: Option<Expression>,
    /// Named values, each of which may read those before it.
    pub lets: Vec<Let>,
    /// Its events.
    pub events: Events,
    /// Where they go.
    pub deliver: Vec<Route>,
    /// Answers of its own, by outcome.
    pub responses: Vec<(Outcome, Response)>,
    /// What is never shown.
    pub redact: Redact,
    /// How its provider sends.
    pub simulate: Simulate,
    /// How it is made known to its provider.
    pub registration: Option<Registration>,
    /// What is tried with it.
    pub tests: Vec<Test>,
}

impl Listener {
    /// Whether anything that it gets has to be kept before it is answered.
    #[must_use]
    pub fn keeps(&self) -> bool {
        !self.deliver.is_empty() || self.ack != Ack::Memory
    }
}

/// A named value.
#[derive(Clone, Debug)]
pub struct Let {
    /// What expressions call it.
    pub name: String,
    /// What it is.
    pub value: Expression,
}

/// The parser of a listener's bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accept {
    /// JSON.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// UTF-8.
    Text,
    /// Whatever the Content-Type says, and anything else as bytes.
    Any,
}

impl Accept {
    /// Every word that can be written.
    pub const WORDS: &[&str] = &["json", "form", "text", "any"];
}

impl Reader<'_> {
    pub(super) fn listener(&mut self, key: &Key, mut node: Node) -> Option<Listener> {
        self.check_name("listener", key);
        self.defaults.complete(&mut node);
        // The vocabulary of every place is that of this listener from here on.
        self.forget_lets();
        let mut fields = self.fields(&keys::LISTENER, key.span, node)?;
        let lets = self.lets(&mut fields);
        let verification = self.verification_of(&mut fields, key);
        let path = self.path(&mut fields, key);
        let (body_limit, patience) = self.listener_limits(&mut fields);
        let preset = self.preset_of(&mut fields, patience);
        let challenges = fields
            .take("challenge")
            .map_or_else(Vec::new, |it| self.some("challenge", it, Self::challenge));
        let listener = Listener {
            name: key.name.clone(),
            at: key.span,
            description: fields.take("description").and_then(|(_, node)| self.text(&node)),
            preset,
            path,
            methods: self.methods(&mut fields),
            accept: self.accept(&mut fields),
            content_types: self.content_types(&mut fields),
            body_limit,
            patience,
            ack: self.ack(&mut fields),
            keep: self.keep(&mut fields),
            deduplicate: self.deduplicate(&mut fields),
            rate_limit: fields.take("rate_limit").and_then(|(key, node)| self.rate(&key, node)),
            challenges,
            verification,
            decrypt: self.decrypt(&mut fields),
            reject: self.decision(&mut fields, "reject"),
            payload_schema: self.payload_schema(&mut fields),
            filter: self.decision(&mut fields, "filter"),
            lets,
            events: fields
                .take("events")
                .and_then(|(key, node)| self.events(&key, node))
                .unwrap_or_default(),
            deliver: self.destinations_of(&mut fields, key),
            responses: self.responses(&mut fields),
            redact: self.redact(&mut fields),
            simulate: self.simulate(&mut fields),
            registration: self.registration(&mut fields),
            tests: self.tests(&mut fields),
        };
        fields.end();
        self.check_boundaries(&listener.verification, listener.accept);
        for challenge in &listener.challenges {
            if let Some(ChallengeProof::Own(verification)) = &challenge.proof {
                self.check_boundaries(verification, listener.accept);
            }
        }
        self.check_encrypted(&listener);
        Some(listener)
    }

    /// Names that are part of file names, labels and paths are plain.
    pub(super) fn check_name(&mut self, kind: &'static str, key: &Key) {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let name = key.name.as_bytes();
        let good = name.first().is_some_and(|first| plain(*first))
            && name.len() <= 63
            && name.iter().all(|byte| plain(*byte) || b"_-".contains(byte));
        if !good {
            self.report(key.span, Problem::BadName { kind, name: key.name.clone() });
        }
    }

    /// Begins with the names of another listener. Where there were none before, what is known of
    /// each place stays as it is.
    pub(super) fn forget_lets(&mut self) {
        if !self.lets.is_empty() {
            self.lets.clear();
            self.vocabularies.clear();
        }
    }

    fn lets(&mut self, fields: &mut Fields) -> Vec<Let> {
        let Some((_, node)) = fields.take("let") else { return Vec::new() };
        let crate::yaml::Value::Map(entries) = node.value else {
            self.wrong_type::<()>(&node, "a map");
            return Vec::new();
        };
        let mut lets = Vec::with_capacity(entries.len());
        for entry in entries {
            let name = entry.key.name;
            if !is_variable(&name) || roots::ALL.iter().any(|(_, root, _)| *root == name) {
                self.report(entry.key.span, Problem::LetName { name: name.clone() });
                continue;
            }
            let value = self.expression(Place::Verified, &entry.node);
            let value = value.unwrap_or_else(|| Expression::constant(tympan_expr::Value::Null));
            lets.push(Let { name: name.clone(), value });
            // The next one may read this one.
            self.lets.push(name);
            self.vocabularies.clear();
        }
        lets
    }

    /// What a listener's preset is called. What it says stands in the listener by now.
    fn preset_of(&mut self, fields: &mut Fields, ack: Duration) -> Option<String> {
        let preset = fields.take("preset");
        let beside = [fields.take("secret"), fields.take("with")];
        let Some((_, node)) = preset else {
            for (key, name) in beside.iter().zip(["secret", "with"]) {
                if let Some((key, _)) = key {
                    let problem = diagnostic::Preset::Without { key: name };
                    self.report(key.span, Problem::Preset(problem));
                }
            }
            return None;
        };
        // What is no name was told where it was looked up.
        let yaml::Value::Text(name) = node.value else { return None };
        let patience = self.config.presets.get(&name).and_then(|preset| preset.ack_within);
        if let Some(patience) = patience.filter(|patience| ack >= *patience) {
            let problem = diagnostic::Preset::Impatient { preset: name.clone(), ack, patience };
            self.report(node.span, Problem::Preset(problem));
        }
        Some(name)
    }

    fn verification_of(&mut self, fields: &mut Fields, key: &Key) -> Verification {
        if let Some((place, node)) = fields.take("verification") {
            self.verifications(place, node)
        } else {
            // A preset brings one: if not, something was told already.
            if fields.place("preset").is_none() {
                let listener = key.name.clone();
                self.report(key.span, Problem::NoVerification { listener });
            }
            Verification::Any(Vec::new())
        }
    }

    fn path(&mut self, fields: &mut Fields, key: &Key) -> String {
        let (path, at) = match fields.take("path") {
            Some((_, node)) => {
                let Some(path) = self.text(&node) else { return String::new() };
                (path, node.span)
            }
            None => (format!("/webhooks/v1/listeners/{}/notify", key.name), key.span),
        };
        if let Some(why) = unroutable(&path) {
            self.report(at, Problem::BadPath { path: path.clone(), why: why.to_owned() });
        } else if let Err(problem) = self.routes.take(&path, &key.name, at) {
            self.report(at, problem);
        }
        path
    }

    pub(super) fn listener_limits(&mut self, fields: &mut Fields) -> (Option<u64>, Duration) {
        let limits = fields.take("limits").and_then(|(key, node)| {
            let mut fields = self.fields(&keys::LISTENER_LIMITS, key.span, node)?;
            let body = fields.take("body").and_then(|(_, node)| self.size(&node));
            let ack = fields.take("ack").and_then(|(_, node)| self.timeout(&node));
            fields.end();
            Some((body, ack.unwrap_or(DEFAULT_ACK)))
        });
        limits.unwrap_or((None, DEFAULT_ACK))
    }

    pub(super) fn methods(&mut self, fields: &mut Fields) -> Vec<Method> {
        match fields.take("methods") {
            Some(methods) => self.some("methods", methods, |reader, _, node| reader.method(&node)),
            None => vec![Method::POST],
        }
    }

    pub(super) fn accept(&mut self, fields: &mut Fields) -> Accept {
        let word = fields.take("accept").and_then(|(_, node)| self.choice(&node, Accept::WORDS));
        word.map_or(Accept::Json, accepted)
    }

    fn decision(&mut self, fields: &mut Fields, key: &'static str) -> Option<Expression> {
        let (_, node) = fields.take(key)?;
        let condition = self.expression(Place::Verified, &node)?;
        self.check_condition(&node, &condition);
        Some(condition)
    }

    pub(super) fn content_types(&mut self, fields: &mut Fields) -> Vec<String> {
        fields.take("content_types").map_or_else(Vec::new, |it| {
            self.some("content_types", it, |reader, _, node| reader.media_type(&node))
        })
    }

    /// An empty list says that nothing is to be delivered; no list is likely forgotten.
    fn destinations_of(&mut self, fields: &mut Fields, listener: &Key) -> Vec<Route> {
        if let Some((key, node)) = fields.take("deliver") {
            return self.deliver(&key, node);
        }
        let problem = Problem::NoDestination { listener: listener.name.clone() };
        self.report(listener.span, problem);
        Vec::new()
    }

    pub(super) fn responses(&mut self, fields: &mut Fields) -> Vec<(Outcome, Response)> {
        let Some((key, node)) = fields.take("responses") else { return Vec::new() };
        let Some(mut fields) = self.fields(&keys::RESPONSES, key.span, node) else {
            return Vec::new();
        };
        let mut responses = Vec::new();
        for outcome in Outcome::ALL.into_iter().filter(|outcome| outcome.is_overridable()) {
            let Some((key, node)) = fields.take(outcome.name()) else { continue };
            let (header_place, body_place) = if outcome.is_verified() {
                (Place::ResponseHeader, Place::ResponseBody)
            } else {
                (Place::Refusal, Place::Refusal)
            };
            let Some(response) = self.response(key.span, node, header_place, body_place) else {
                continue;
            };
            if outcome.must_be_retried()
                && response.status.is_some_and(|status| !status.is_server_error())
            {
                self.report(key.span, Problem::LostByStatus { outcome: outcome.name() });
            }
            responses.push((outcome, response));
        }
        fields.end();
        responses
    }
}

/// The parser that a word names.
pub(super) fn accepted(word: &str) -> Accept {
    match word {
        "form" => Accept::Form,
        "text" => Accept::Text,
        "any" => Accept::Any,
        _ => Accept::Json,
    }
}

/// Why a path cannot be routed, for reasons that the router does not know.
fn unroutable(path: &str) -> Option<&'static str> {
    if !path.starts_with('/') {
        return Some("it has to begin with `/`");
    }
    if path.contains(['?', '#']) {
        return Some("a path holds no query and no fragment");
    }
    if path.split('/').any(|part| part == "." || part == "..") {
        return Some("`.` and `..` are resolved before a request is sent");
    }
    if path.contains("{*") {
        return Some("a parameter cannot span several parts of a path");
    }
    if path.bytes().any(|byte| !(0x21..0x7f).contains(&byte)) {
        return Some("characters other than visible ASCII are percent-encoded in requests");
    }
    None
}
