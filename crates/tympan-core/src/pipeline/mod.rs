//! What is ready: listeners compiled to pipelines, and the machine that takes a request through.
//!
//! Everything here is made once per generation and then only read. Nothing opens a socket, reads a
//! clock or waits: [`Exchange`] says what it needs, and the server gets it.

mod access_token;
mod body;
mod body_use;
mod call;
mod challenge;
mod claim;
mod client;
mod credential;
mod decide;
mod decrypt;
mod encrypt;
mod event;
mod exchange;
mod facts;
mod fetch;
mod generation;
mod head;
mod jwt;
mod lets;
mod next;
mod preview;
mod respond;
mod route;
mod saved;
mod scope;
mod sealed;
mod signing;
mod step;
mod target;
mod token_endpoint;
mod verify;
mod watch;

use std::time::Duration;

use http::HeaderValue;
use http::Method;
use tympan_expr::Expression;

pub(crate) use body::parse;
pub use event::Event;
pub use exchange::Again;
pub use exchange::Exchange;
pub use fetch::KeyRequest;
pub use generation::Generation;
pub use generation::ListenerFacts;
pub use generation::ListenerState;
pub use generation::Live;
pub use head::CertificateNames;
pub use head::Head;
pub use head::RequestId;
pub use respond::Reply;
pub(crate) use scope::Scope;
pub use step::Answer;
pub use step::Ask;
pub use step::BodyFault;
pub use step::Capture;
pub use step::Captured;
pub use step::Claim;
pub use step::DeadLetter;
pub use step::EventRecord;
pub use step::Input;
pub use step::Kept;
pub(crate) use watch::Fact;
pub(crate) use watch::SignatureFact;
pub(crate) use watch::Watch;

use crate::config;
use crate::config::Accept;
use crate::config::Ack;
use crate::config::Config;
use crate::config::Deduplicate;
use crate::config::Keep;
use crate::config::PayloadSchema;
use crate::config::RateLimit;
use crate::config::Redact;
use crate::keys::KeyId;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::pipeline::body_use::BodyUse;
use crate::pipeline::challenge::Challenge;
use crate::pipeline::decrypt::Decrypt;
use crate::pipeline::encrypt::Encrypt;
use crate::pipeline::event::MakeEvents;
use crate::pipeline::event::Routes;
use crate::pipeline::respond::Respond;
use crate::pipeline::verify::Verify;
use crate::roots;

/// A listener, ready to run: its stages in the order of [`Exchange`].
#[derive(Debug)]
pub(crate) struct Pipeline {
    name: String,
    /// The path as it is written.
    path: String,
    /// The path as a URI-reference, where that is another text: the source of its events.
    source: Option<Box<str>>,
    methods: Vec<Method>,
    allow: HeaderValue,
    body_limit: u64,
    ack: Ack,
    /// Whether requests that were refused are kept, too.
    keeps_refused: bool,
    /// How long keeping events may take.
    patience: Duration,
    rate_limit: Option<RateLimit>,
    challenges: Vec<Challenge>,
    verify: Verify,
    decrypt: Option<Box<Decrypt>>,
    /// How a client is asked for its credential that shows none, or another.
    asks_for: Option<HeaderValue>,
    reject: Option<Expression>,
    content_types: Vec<String>,
    accept: Accept,
    payload_schema: Option<PayloadSchema>,
    filter: Option<Expression>,
    /// Only those that something reads.
    lets: Vec<Option<Expression>>,
    events: MakeEvents,
    routes: Routes,
    deduplicate: Option<Deduplicate>,
    responses: Vec<(Outcome, Respond)>,
    body_use: BodyUse,
    /// What is never shown of its requests. Whoever shows one asks this first: logs do, through
    /// [`Exchange::redact`]; captures and explanations have to.
    redact: Redact,
}

impl Pipeline {
    fn compile(listener: &config::Listener, config: &Config, keys: &mut KeyUses) -> Self {
        let server = &config.server;
        let accept = listener.accept;
        let verify = Verify::compile(&listener.verification, accept, config, keys, &mut 0);
        let sealed = listener.decrypt.as_ref();
        let challenges = listener.challenges.iter();
        let challenges: Vec<_> =
            challenges.map(|it| Challenge::compile(it, accept, sealed, config, keys)).collect();
        let decrypt = sealed.map(|it| Box::new(Decrypt::compile(it, accept, keys)));
        let events = MakeEvents::compile(&listener.events);
        let routes = Routes::compile(&listener.deliver);
        let responses: Vec<_> = listener
            .responses
            .iter()
            .map(|(outcome, response)| {
                let encrypt = Encrypt::of(response, sealed, keys);
                (*outcome, Respond::compile(response, *outcome, encrypt))
            })
            .collect();
        let computed = || {
            responses.iter().flat_map(|(_, respond)| match respond {
                Respond::Computed(computed) => computed.expressions().collect::<Vec<_>>(),
                Respond::Fixed(_) => Vec::new(),
            })
        };
        let deduplicate = listener.deduplicate.as_ref();
        let decisions = listener.reject.iter().chain(&listener.filter);
        let later: Vec<&Expression> =
            of_events(decisions, &events, &routes, deduplicate).chain(computed()).collect();
        let lets = used_lets(&listener.lets, &later);
        let mut proofs = Vec::new();
        verify.expressions(&mut proofs);
        proofs.extend(decrypt.iter().map(|decrypt| decrypt.ciphertext()));
        proofs.extend(challenges.iter().filter_map(Challenge::ciphertext));
        let body_use = BodyUse::compile(
            &challenges.iter().flat_map(Challenge::expressions).collect::<Vec<_>>(),
            &proofs,
            &later.into_iter().chain(lets.iter().flatten()).collect::<Vec<_>>(),
            events.defaults_to_body() || listener.payload_schema.is_some(),
        );
        let methods = listener.methods.iter().map(Method::as_str).collect::<Vec<_>>();
        Self {
            name: listener.name.clone(),
            source: listener
                .path
                .contains('{')
                .then(|| listener.path.replace('{', "%7B").replace('}', "%7D").into()),
            path: listener.path.clone(),
            allow: HeaderValue::from_str(&methods.join(", "))
                .unwrap_or(HeaderValue::from_static("POST")),
            methods: listener.methods.clone(),
            body_limit: listener.body_limit.unwrap_or(server.limits.body),
            ack: listener.ack,
            keeps_refused: listener.keep == Keep::Refused,
            patience: listener.patience,
            rate_limit: listener.rate_limit,
            challenges,
            asks_for: verify.asks_for().map(HeaderValue::from_static),
            verify,
            decrypt,
            reject: listener.reject.clone(),
            content_types: listener.content_types.clone(),
            accept: listener.accept,
            payload_schema: listener.payload_schema.clone(),
            filter: listener.filter.clone(),
            lets,
            events,
            routes,
            deduplicate: listener.deduplicate.clone(),
            responses,
            body_use,
            redact: listener.redact.clone(),
        }
    }

    /// The first key without a value that it cannot do without.
    fn unready(&self, keys: &Keys) -> Option<KeyId> {
        let decrypt = || self.decrypt.as_ref().and_then(|decrypt| decrypt.unready(keys));
        let respond = || self.responses.iter().find_map(|(_, respond)| respond.unready(keys));
        self.verify.unready(keys).or_else(decrypt).or_else(respond)
    }

    /// Everything that its events depend on.
    fn of_events(&self) -> impl Iterator<Item = &Expression> {
        let decisions = self.reject.iter().chain(&self.filter);
        of_events(decisions, &self.events, &self.routes, self.deduplicate.as_ref())
            .chain(self.lets.iter().flatten())
    }

    /// Whether it needs keys that are fetched.
    fn fetches(&self) -> bool {
        self.verify.fetches() || self.challenges.iter().any(Challenge::fetches)
    }

    /// The challenges that a request of this method may be: a provider asks with the methods of its
    /// events, or with one that changes nothing.
    fn challenges_by(&self, method: &Method) -> &[Challenge] {
        let asks = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        if asks || self.methods.contains(method) { &self.challenges } else { &[] }
    }

    /// Refuses what no event comes with.
    fn take_method(&self, scope: &Scope<'_, '_>) -> Result<(), Stop> {
        let taken = self.methods.contains(&scope.head.method);
        scope.tell(|| Fact::Method { taken });
        if taken { Ok(()) } else { Err(Stop::new(Outcome::MethodNotAllowed, Reason::Method)) }
    }

    /// What an outcome is answered with.
    fn reply(&self, outcome: Outcome, scope: &Scope<'_, '_>) -> Result<Reply, Stop> {
        match self.responses.iter().find(|(known, _)| *known == outcome) {
            Some((_, own)) => own.run(scope).map_err(|reason| Stop::new(Outcome::Invalid, reason)),
            None => Ok(Reply::usual(outcome)),
        }
    }
}

/// Everything that decides which events there are, and what is in them, but for `let`.
fn of_events<'p>(
    decisions: impl Iterator<Item = &'p Expression>,
    events: &'p MakeEvents,
    routes: &'p Routes,
    deduplicate: Option<&'p Deduplicate>,
) -> impl Iterator<Item = &'p Expression> {
    let key = deduplicate.map(|it| &it.key);
    decisions.chain(events.expressions()).chain(routes.expressions()).chain(key)
}

/// The names of `let` that something reads, directly or through another.
fn used_lets(lets: &[config::Let], readers: &[&Expression]) -> Vec<Option<Expression>> {
    let mut used = vec![None; lets.len()];
    // Each reads only those before it, so one pass from the end finds them all.
    for (index, it) in lets.iter().enumerate().rev() {
        let id = u16::try_from(index).map(|index| tympan_expr::RootId(roots::FIRST_LET + index));
        let Ok(id) = id else { continue };
        let is_read = readers.iter().any(|reader| reader.needs().reads(id))
            || used.iter().flatten().any(|later: &Expression| later.needs().reads(id));
        if is_read {
            used[index] = Some(it.value.clone());
        }
    }
    used
}
