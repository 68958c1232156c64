//! Looks on while a request is decided, and notes each stage.

use std::sync::Mutex;
use std::sync::PoisonError;

use super::Detail;
use super::End;
use super::Kind;
use super::Question;
use super::Stage;
use super::cause::Tried;
use super::challenge;
use super::expression;
use super::proof;
use super::shown;
use super::shown::Shown;
use super::token;
use super::written::Written;
use super::written::entry;
use crate::config::Accept;
use crate::config::Config;
use crate::config::Listener;
use crate::escape::escaped;
use crate::keys::Secrets;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::pipeline::EventRecord;
use crate::pipeline::Fact;
use crate::pipeline::Scope;
use crate::pipeline::Watch;
use crate::roots::Place;
use crate::span::Span;

/// How many wrong characters still make a path look like another.
const MOST_SLIPS: usize = 2;

/// How many events are shown.
const MOST_EVENTS: usize = 3;

/// What is said about one event.
const EVENT: [&str; 4] = ["id", "type", "subject", "data"];

/// How many values of what one event is made of are shown.
const MOST_VALUES: usize = 60;

/// What looks on while one listener decides.
pub(super) struct Look<'q> {
    question: &'q Question<'q>,
    pub(super) listener: &'q Listener,
    pub(super) written: Written,
    shown: Shown,
    /// The names of `let`.
    lets: Vec<String>,
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    stages: Vec<Stage>,
    /// What items are made of, and then what each event is.
    events: Vec<Vec<Detail>>,
    /// The likeliest causes by proof: those of the last look at it count.
    causes: Vec<(usize, Vec<String>)>,
    /// Those of everything else.
    other_causes: Vec<String>,
}

impl<'q> Look<'q> {
    pub(super) fn new(question: &'q Question<'q>, listener: usize) -> Self {
        let listener = &question.config.listeners[listener];
        let look = Self {
            question,
            listener,
            written: Written::read(question.sources, question.config, listener),
            shown: Shown::new(question.secrets, &question.head),
            lets: listener.lets.iter().map(|it| it.name.clone()).collect(),
            noted: Mutex::default(),
        };
        let by = if question.listener.is_some() { ", as you say" } else { "" };
        let route = format!("listener {}, path {}{by}", listener.name, listener.path);
        let preset = listener.preset.as_ref().and_then(|name| question.config.presets.get(name));
        let details = preset.map_or_else(Vec::new, |preset| {
            let told = format!("{} ({}), checked {}", preset.name, preset.title, preset.checked);
            vec![Detail::Fact("preset", told)]
        });
        look.note(Kind::Route, 0, route, look.written.route(), details);
        look
    }

    pub(super) fn shown(&self) -> &Shown {
        &self.shown
    }

    pub(super) fn tried(&self) -> Tried<'_> {
        Tried { config: self.question.config, secrets: self.question.secrets }
    }

    pub(super) fn config(&self) -> &Config {
        self.question.config
    }

    pub(super) fn secrets(&self) -> &Secrets {
        self.question.secrets
    }

    pub(super) fn lets(&self) -> &[String] {
        &self.lets
    }

    /// The body is asked for.
    pub(super) fn body(&self, size: u64, limit: u64) {
        if size > limit {
            let decision = format!("{size} bytes are more than the limit of {limit}");
            let at = self.written.setting("limits", "body").map(|it| it.key.span);
            self.note(Kind::Body, 0, decision, at, Vec::new());
        }
    }

    /// Every stage in the order in which they were reached, and what is most likely wrong.
    pub(super) fn end(
        self,
        end: &End,
        record: Option<&EventRecord>,
        unchecked: Option<&[usize]>,
    ) -> (Vec<Stage>, Vec<String>) {
        let is_invalid = end.outcome == Outcome::Invalid;
        if let Some(record) = record.filter(|record| record.dead.is_none()) {
            self.events(record);
        } else if let Some(reason) = end.reason.as_ref().filter(|_| is_invalid) {
            self.stopped(reason);
        } else if end.outcome == Outcome::Accepted {
            let mut made = self.made().into_iter();
            let (items, events) = (made.next().unwrap_or_default(), made.flatten());
            let is_heard = !self.listener.deliver.is_empty();
            let decision = if is_heard { "no event" } else { "delivered nowhere" }.to_owned();
            let details = items.into_iter().chain(events).collect();
            self.note(Kind::Events, 0, decision, self.key("events"), details);
        }
        let unverified = unchecked.map(|numbers| proof::unchecked(&self, self.question, numbers));
        let noted = self.noted.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut stages = noted.stages;
        if let Some(unverified) = unverified {
            for stage in &mut stages {
                stage.assumed = stage.kind > Kind::Verify;
            }
            for proof in unverified {
                let order = |stage: &Stage| (stage.kind, stage.index);
                let is_later =
                    |stage: &Stage| stage.kind >= Kind::Verify && order(stage) > order(&proof);
                let at = stages.iter().position(is_later).unwrap_or(stages.len());
                stages.insert(at, proof);
            }
        }
        // Of several ways to prove oneself one may be enough.
        // A probe of the provider may be refused for another reason than it hopes for.
        let is_probe = end.outcome == Outcome::Challenged && end.reason.is_some();
        let is_refused = is_probe || matches!(end.outcome, Outcome::Unauthorized | Outcome::Stale);
        let mut causes = noted.other_causes;
        if is_refused {
            causes.extend(noted.causes.into_iter().flat_map(|(_, causes)| causes));
        }
        (stages, causes)
    }

    /// Notes a stage; what was noted before about the same is forgotten.
    pub(super) fn note(
        &self,
        kind: Kind,
        index: usize,
        decision: String,
        at: Option<Span>,
        details: Vec<Detail>,
    ) {
        let stage = Stage { kind, decision, at, details, assumed: false, index };
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            noted.stages.iter_mut().find(|known| (known.kind, known.index) == (kind, index));
        if let Some(known) = known {
            *known = stage;
        } else {
            // Proofs are shown as they are written, in whatever order they were judged.
            let is_later = |known: &Stage| known.kind == kind && known.index > index;
            let at = noted.stages.iter().position(is_later).unwrap_or(noted.stages.len());
            noted.stages.insert(at, stage);
        }
    }

    /// Notes what is most likely wrong with a proof.
    pub(super) fn suspect(&self, number: usize, causes: Vec<String>) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.causes.retain(|(known, _)| *known != number);
        noted.causes.push((number, causes));
    }

    pub(super) fn key(&self, name: &str) -> Option<Span> {
        self.written.key(name).map(|entry| entry.key.span)
    }

    fn events(&self, record: &EventRecord) {
        let deliver = record.deliver();
        let names = deliver.iter().map(|id| {
            self.question.config.destinations.get(id.0).map_or("", |it| it.name.as_str())
        });
        let to = names.collect::<Vec<_>>().join(", ");
        let n_events = shown::count(record.events.len(), "event");
        let mut made = self.made().into_iter();
        let mut details = made.next().unwrap_or_default();
        for event in record.events.iter().take(MOST_EVENTS) {
            let json = self.shown.wide(&String::from_utf8_lossy(&event.json));
            details.push(Detail::Fact("event", json));
            details.extend(made.next().unwrap_or_default());
        }
        let at = self.key("events").or_else(|| self.key("deliver"));
        let to = if to.is_empty() { ", delivered nowhere".to_owned() } else { format!(" to {to}") };
        self.note(Kind::Events, 0, format!("{n_events}{to}"), at, details);
    }

    /// What was seen while events were made.
    fn made(&self) -> Vec<Vec<Detail>> {
        std::mem::take(&mut self.noted.lock().unwrap_or_else(PoisonError::into_inner).events)
    }

    /// What the keys of `events` say while events are made.
    fn making(&self, fact: &Fact<'_>, scope: &Scope<'_, '_>) {
        let (keys, place): (&[&str], _) = match fact {
            Fact::Event { index: Some(MOST_EVENTS..) } => return,
            Fact::Event { index: Some(_) } => (&EVENT, Place::Event),
            Fact::Event { index: None } => (&EVENT, Place::Verified),
            _ => (&["each"], Place::Verified),
        };
        let Some(events) = self.written.key("events") else { return };
        let written = keys.iter().filter_map(|key| entry(&events.node, key));
        let details = written
            .flat_map(|it| expression::fields(self, &it.key.name, &it.node, place, scope))
            .take(MOST_VALUES)
            .collect();
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.events.push(details);
    }

    /// A stage that is only told by the end that it brought.
    fn stopped(&self, reason: &Reason) {
        let (kind, key) = match reason {
            Reason::Exhausted { what: "let", .. } => (Kind::Let, "let"),
            Reason::Exhausted { what: "reject", .. } => (Kind::Reject, "reject"),
            Reason::Exhausted { what: "filter", .. } => (Kind::Filter, "filter"),
            Reason::NoList { .. } | Reason::Misfit { .. } | Reason::Exhausted { .. } => {
                (Kind::Events, "events")
            }
            _ => return,
        };
        let each = self.written.key("events").and_then(|it| entry(&it.node, "each"));
        let each = each.filter(|_| matches!(reason, Reason::NoList { .. }));
        let at = each.map(|each| each.key.span).or_else(|| self.key(key));
        // Behind those names of `let` that could be computed.
        let index = if kind == Kind::Let { self.lets.len() } else { 0 };
        let details = self.made().into_iter().flatten().collect();
        self.note(kind, index, reason.to_string(), at, details);
    }

    fn media_type(&self, taken: bool, scope: &Scope<'_, '_>) {
        let found = scope.head.media_type().unwrap_or_else(|| "none".to_owned());
        let found = escaped(&found, 60);
        let decision = if taken {
            format!("{found} is taken")
        } else {
            let wanted = self.listener.content_types.join(", ");
            format!("{found} is not taken, but {wanted}")
        };
        self.note(Kind::MediaType, 0, decision, self.key("content_types"), Vec::new());
    }

    /// What the body's own type says that it is.
    fn other_parser(&self, scope: &Scope<'_, '_>) {
        let is_form =
            scope.head.media_type().as_deref() == Some("application/x-www-form-urlencoded");
        if is_form && self.listener.accept == Accept::Json {
            let cause = "the Content-Type says that the body is a form: `accept: form`";
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.other_causes.push(cause.to_owned());
        }
    }

    /// The whole body, also where the machine did not get as far as to read it.
    pub(super) fn whole_body(&self) -> &[u8] {
        &self.question.body
    }

    fn decision(&self, name: &str, scope: &Scope<'_, '_>) -> Vec<Detail> {
        let Some(entry) = self.written.key(name) else { return Vec::new() };
        let Some(text) = self.written.text(&entry.node) else { return Vec::new() };
        expression::details(self, text, Place::Verified, scope)
    }
}

impl Watch for Look<'_> {
    fn saw(&self, fact: &Fact<'_>, scope: &Scope<'_, '_>) {
        match fact {
            Fact::Challenge { .. }
            | Fact::ChallengeProof { .. }
            | Fact::ChallengeCall { .. }
            | Fact::ChallengeToken { .. }
            | Fact::Captured { .. } => challenge::challenge(self, fact, scope),
            Fact::Method { taken } => {
                let taken_ones = &self.listener.methods;
                let taken_ones: Vec<_> = taken_ones.iter().map(http::Method::as_str).collect();
                let method = &scope.head.method;
                let decision = if *taken {
                    format!("{method} is taken")
                } else {
                    format!("{method} is not taken, but {}", taken_ones.join(", "))
                };
                self.note(Kind::Method, 0, decision, self.key("methods"), Vec::new());
            }
            Fact::Signature(signature) => proof::signature(self, signature, scope),
            Fact::Token { number, received, result } => {
                token::token(self, *number, received, *result, scope);
            }
            Fact::Other { number, what, result } => proof::other(self, *number, what, *result),
            Fact::Anyone => {
                let is_written = self.written.proofs().iter().any(|it| it.key.name == "none");
                if is_written {
                    let decision = "anyone may send".to_owned();
                    self.note(Kind::Verify, 0, decision, self.key("verification"), Vec::new());
                }
            }
            Fact::Reply { name, value } => self.shown.mask(value, &format!("<reply {name}>")),
            Fact::Decrypted { is_read } => {
                let decision = if *is_read {
                    "what is encrypted is read"
                } else {
                    "what is encrypted is missing, or cannot be read with the key"
                };
                self.note(Kind::Decrypt, 0, decision.to_owned(), self.key("decrypt"), Vec::new());
            }
            Fact::MediaType { taken } => self.media_type(*taken, scope),
            Fact::Decoded { fault } => {
                let parser = match self.listener.accept {
                    Accept::Json => "JSON",
                    Accept::Form => "a form",
                    Accept::Text => "text",
                    Accept::Any => "what its type says",
                };
                let decision = match fault {
                    None => format!("the body is {parser}"),
                    Some(why) => format!("the body is not {parser}: {why}"),
                };
                self.note(Kind::Decode, 0, decision, self.key("accept"), Vec::new());
                if fault.is_some() {
                    self.other_parser(scope);
                }
            }
            Fact::Let { index, value } => {
                let name = self.lets.get(*index).map_or("", String::as_str);
                let decision = format!("{name} = {}", self.shown.value(value));
                let at = self.written.key("let").and_then(|lets| entry(&lets.node, name));
                let at = at.map(|entry| entry.key.span);
                self.note(Kind::Let, *index, decision, at, Vec::new());
            }
            Fact::Reject { rejected } => {
                let decision = if *rejected { "true: it is rejected" } else { "false" };
                let details = self.decision("reject", scope);
                self.note(Kind::Reject, 0, decision.to_owned(), self.key("reject"), details);
            }
            Fact::Schema { fault } => {
                let decision = fault
                    .map_or_else(|| "the body is as it should be".to_owned(), Reason::to_string);
                self.note(Kind::Schema, 0, decision, self.key("payload_schema"), Vec::new());
            }
            Fact::Events | Fact::Event { .. } => self.making(fact, scope),
            Fact::Filter { passed } => {
                let decision = if *passed { "true" } else { "false: it is left out" };
                let details = self.decision("filter", scope);
                self.note(Kind::Filter, 0, decision.to_owned(), self.key("filter"), details);
            }
        }
    }
}

/// What is told where no listener has the path.
pub(super) fn nowhere(config: &Config, target: &str) -> (Vec<Stage>, Vec<String>) {
    let path = target.split('?').next().unwrap_or_default();
    let decision = format!("no listener has the path {}", escaped(path, 80));
    let stage = Stage {
        kind: Kind::Route,
        decision,
        at: None,
        details: Vec::new(),
        assumed: false,
        index: 0,
    };
    let path = path.trim_end_matches('/');
    let distance = |known: &&Listener| {
        strsim::osa_distance(&known.path.trim_end_matches('/').to_lowercase(), &path.to_lowercase())
    };
    let begins = |known: &&Listener| {
        let literal = known.path.split('{').next().unwrap_or_default();
        literal.len() > 1
            && literal.len() < known.path.len()
            && literal.trim_end_matches('/') == path
    };
    let nearest = config.listeners.iter().find(begins).or_else(|| {
        let near = config.listeners.iter().filter(|known| distance(known) <= MOST_SLIPS);
        near.min_by_key(distance)
    });
    let named =
        config.listeners.iter().find(|known| path.split('/').any(|part| part == known.name));
    let causes = match (nearest, named) {
        (Some(known), _) => {
            vec![format!("the path is nearly that of listener {}: {}", known.name, known.path)]
        }
        (None, Some(known)) => {
            vec![format!(
                "a proxy may have changed the path: that of listener {} is {}",
                known.name, known.path
            )]
        }
        (None, None) => Vec::new(),
    };
    (vec![stage], causes)
}
