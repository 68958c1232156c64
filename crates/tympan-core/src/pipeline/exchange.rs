//! The life of one request, as a machine without I/O: it asks for one thing at a time.
//!
//! ```text
//! head    route -> method -> challenge on the head? -> can we verify at all? -> proofs of the head
//! body    read, bounded -> challenge on the unverified body?
//! proof   verify what can be -> keys that are not known yet? -> verify the rest, then freshness
//!         -> challenge that wants it? -> decrypt
//! event   media type -> decode -> reject? -> schema -> filter -> events
//! keep    the journal has them -> answer
//! ```

mod again;
mod bury;
mod greet;
mod refused;
mod shown;

pub use again::Again;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::StatusCode;
use http::header;
use http::uri::PathAndQuery;
use tympan_expr::Paths;
use tympan_expr::Value;

use super::Answer;
use super::Ask;
use super::BodyFault;
use super::Captured;
use super::EventRecord;
use super::Fact;
use super::Head;
use super::Input;
use super::Kept;
use super::ListenerState;
use super::Live;
use super::Pipeline;
use super::Reply;
use super::Scope;
use super::Watch;
use super::body;
use super::challenge::Challenge;
use super::claim;
use super::client::client;
use super::decide::decide;
use super::event::Made;
use super::event::Origin;
use super::head::Survey;
use super::lets::lets;
use super::next::Next;
use super::next::answer;
use super::next::challenged;
use super::next::decided;
use super::next::limited;
use super::scope::PathParams;
use super::sealed::Sealed;
use super::sealed::Verified;
use super::step::Pending;
use super::token_endpoint;
use super::token_endpoint::TokenEndpoint;
use super::verify::Judged;
use crate::config::Ack;
use crate::config::Mismatch;
use crate::config::Redact;
use crate::fetched::Fetched;
use crate::fetched::Source;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;

/// One request on its way from its head to its answer.
pub struct Exchange {
    live: Arc<Live>,
    head: Head,
    survey: Survey,
    /// The listener, once it is known.
    listener: Option<usize>,
    path_params: PathParams,
    /// How large the body was, once it was read.
    body_bytes: Option<u64>,
    /// What is answered once the events are kept, or the secrets of a handshake are stored.
    pending: Option<Box<Pending>>,
    /// What is answered if its secret is not expected, where the challenge says so itself.
    refusal: Option<Box<Reply>>,
    /// The proofs that were judged before the body was there, or while keys were fetched.
    judged: Judged,
    /// The body, while keys are fetched, or as long as it may be kept although it was refused.
    sealed: Option<Sealed>,
    /// The keys that were fetched so far, and where the rest was asked for.
    fetched: Option<Arc<Fetched>>,
    asked: Vec<Source>,
}

impl Exchange {
    /// A request that has just arrived.
    #[must_use]
    pub fn new(live: Arc<Live>, head: Head) -> Self {
        let survey = head.survey();
        let client = client(head.client, &head.headers, &survey, &live.generation.proxies);
        Self {
            live,
            head: Head { client, ..head },
            survey,
            listener: None,
            path_params: PathParams::new(),
            body_bytes: None,
            pending: None,
            refusal: None,
            judged: Judged::default(),
            sealed: None,
            fetched: None,
            asked: Vec::new(),
        }
    }

    /// The same with the keys that were fetched before it arrived.
    #[must_use]
    pub fn with_fetched(self, fetched: Arc<Fetched>) -> Self {
        Self { fetched: Some(fetched), ..self }
    }

    /// The request's head.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The room that the request's headers took, to be used again once it is answered.
    pub fn take_headers(&mut self) -> HeaderMap {
        let mut headers = std::mem::take(&mut self.head.headers);
        headers.clear();
        headers
    }

    /// The name of the listener that the request came to, if any.
    #[must_use]
    pub fn listener(&self) -> Option<&str> {
        self.pipeline().map(|pipeline| pipeline.name.as_str())
    }

    /// What may not be shown of the request; nothing is known to be secret of one that came to no
    /// listener.
    #[must_use]
    pub fn redact(&self) -> Option<&Redact> {
        self.pipeline().map(|pipeline| &pipeline.redact)
    }

    /// The path of the request as it may be shown.
    #[must_use]
    pub fn shown_path(&self) -> Cow<'_, str> {
        let path = self.head.uri.path();
        match self.pipeline() {
            Some(pipeline) => Cow::Owned(pipeline.redact.shown_path(&pipeline.path, path)),
            None => Cow::Borrowed(path),
        }
    }

    /// The place of that listener among those of its generation.
    #[must_use]
    pub fn listener_index(&self) -> Option<usize> {
        self.listener
    }

    /// How large the body was, if it was read.
    #[must_use]
    pub fn body_bytes(&self) -> Option<u64> {
        self.body_bytes
    }

    /// Goes as far as can be gone with `input`.
    pub fn step(&mut self, input: Input) -> Ask {
        self.step_watched(input, None)
    }

    /// [`Exchange::step`] before the eyes of whoever explains it.
    pub(crate) fn step_watched(&mut self, input: Input, watch: Option<&dyn Watch>) -> Ask {
        let next = match input {
            Input::Head => self.on_head(watch),
            Input::Body(body) => self.on_body(body, watch),
            Input::Fetched(fetched) => {
                self.fetched = Some(fetched);
                self.on_sealed(watch)
            }
            Input::NoBody(fault) => Err(self.without_body(fault)),
            Input::Called(called) => self.on_called(called),
            Input::Kept(kept) => self.on_kept(kept),
            Input::Captured(captured) => return self.on_captured(captured),
        };
        match next {
            Ok(ask) => ask,
            Err(stop) => Ask::Answer(self.stopped(stop)),
        }
    }

    /// The answer when something of ours broke; the request ends with it.
    #[must_use]
    pub fn failed(&self) -> Answer {
        self.stopped(Stop::new(Outcome::Failed, Reason::Panic))
    }

    fn pipeline(&self) -> Option<&Pipeline> {
        self.listener.map(|listener| &self.live.generation.pipelines[listener])
    }

    fn on_head(&mut self, watch: Option<&dyn Watch>) -> Result<Ask, Stop> {
        let generation = &self.live.generation;
        if generation.token_endpoint(self.head.uri.path()).is_some() {
            self.within_limits()?;
            let refusal = TokenEndpoint::refuses(&self.head).map(Ask::Answer);
            return Ok(refusal.unwrap_or(Ask::Body { limit: token_endpoint::MOST_BYTES }));
        }
        if let Some((listener, params)) = generation.route(self.head.uri.path()) {
            (self.listener, self.path_params) = (Some(listener), params);
        }
        self.within_limits()?;
        let Some(listener) = self.listener else {
            return Err(Stop::new(Outcome::NotFound, Reason::NoListener));
        };
        let pipeline = &self.live.generation.pipelines[listener];
        let scope = Scope { watch, ..self.scope(pipeline) };

        let mut wants_body = false;
        // Whether more than a refusal is for those who have proved nothing.
        let mut is_open = false;
        for (index, challenge) in pipeline.challenges_by(&self.head.method).iter().enumerate() {
            if !challenge.is_in_body() {
                if !challenge.detects(index, &scope) {
                    continue;
                }
                if !challenge.answers_from_body() {
                    let next = self.greet(index, challenge, &scope)?;
                    return Ok(self.after(next));
                }
            }
            wants_body = true;
            is_open |= challenge.is_open();
        }
        let ask = Ask::Body { limit: pipeline.body_limit };
        if !wants_body {
            pipeline.take_method(&scope)?;
        }
        if !is_open {
            self.ready(listener)?;
            self.judged = pipeline.verify.judge_head(&scope, &self.live.keys)?;
        }
        Ok(ask)
    }

    /// What is refused whatever it is about.
    fn within_limits(&self) -> Result<(), Stop> {
        let limits = &self.live.generation.limits;
        if let Some(what) = self.survey.ambiguity {
            return Err(Stop::new(Outcome::Malformed, Reason::Ambiguous { what }));
        }
        let target = self.head.uri.path_and_query().map_or("", PathAndQuery::as_str);
        if target.len() as u64 > limits.uri {
            let reason = Reason::LongTarget { limit: limits.uri };
            return Err(Stop::new(Outcome::TooLarge, reason));
        }
        if self.head.headers.len() > limits.header_count {
            let reason = Reason::ManyHeaders { limit: limits.header_count };
            return Err(Stop::new(Outcome::TooLarge, reason));
        }
        // Who is on this machine is no stranger.
        match self.head.client {
            Some(client) if !client.is_loopback() => {
                let clients = &self.live.rates.clients;
                clients.admit(client, limits.per_ip, self.head.now).map_err(limited)
            }
            _ => Ok(()),
        }
    }

    fn on_body(&mut self, body: Bytes, watch: Option<&dyn Watch>) -> Result<Ask, Stop> {
        self.body_bytes = Some(body.len() as u64);
        if let Some(endpoint) = self.live.generation.token_endpoint(self.head.uri.path()) {
            return Ok(Ask::Answer(endpoint.answer(&self.head, &body, &self.live.keys)));
        }
        self.sealed = Some(Sealed::new(body));
        self.on_sealed(watch)
    }

    fn on_sealed(&mut self, watch: Option<&dyn Watch>) -> Result<Ask, Stop> {
        let broken = || Stop::new(Outcome::Malformed, Reason::BodyBroken);
        let sealed = self.sealed.take().ok_or_else(broken)?;
        let mut judged = std::mem::take(&mut self.judged);
        let next = self.judge(&sealed, &mut judged, watch);
        if self.pipeline().is_some_and(|pipeline| pipeline.keeps_refused) {
            self.sealed = Some(sealed.clone());
        }
        let next = next?;
        self.judged = judged;
        let ask = self.after(next);
        if let Ask::Fetch(request) = &ask {
            self.asked.push(request.source.clone());
            self.sealed = Some(sealed);
        }
        Ok(ask)
    }

    /// Remembers what is answered once what is asked for is done.
    fn after(&mut self, Next { ask, pending, refusal }: Next) -> Ask {
        (self.pending, self.refusal) = (pending, refusal);
        ask
    }

    /// Everything between the body and its keeping.
    fn judge(
        &self,
        sealed: &Sealed,
        judged: &mut Judged,
        watch: Option<&dyn Watch>,
    ) -> Result<Next, Stop> {
        let Some(listener) = self.listener else {
            return Err(Stop::new(Outcome::NotFound, Reason::NoListener));
        };
        let pipeline = &self.live.generation.pipelines[listener];
        let keys = &self.live.keys;
        let mut parsed = None;

        let challenges = pipeline.challenges_by(&self.head.method);
        let mut claimed = None;
        if !challenges.is_empty()
            && let Some(body) = sealed.for_challenge()
        {
            let mut scope = Scope { body: Some(body), watch, ..self.scope(pipeline) };
            if pipeline.body_use.for_challenge {
                // What cannot be read is no challenge; whether it is an event is told later.
                let read = self.parse(pipeline, body, watch);
                scope.parsed = read.as_ref().ok().cloned();
                parsed = Some(read);
            }
            let mut numbered =
                challenges.iter().enumerate().filter(|(_, it)| it.ciphertext().is_none());
            claimed = numbered.find(|(index, it)| it.detects(*index, &scope));
            if let Some((index, challenge)) = claimed.filter(|(_, it)| !it.is_proven_as_events()) {
                return self.greet(index, challenge, &scope);
            }
            if claimed.is_none()
                && let Some(answer) = self.greet_encrypted(pipeline, false, &scope)?
            {
                return Ok(answer);
            }
        }
        let body = sealed.for_proof();
        let mut scope = Scope { body: Some(body), watch, ..self.scope(pipeline) };
        // Whether it is one that is encrypted is only known once it is decrypted.
        let is_claimed = |it: &Challenge| it.ciphertext().is_some() && it.is_proven_as_events();
        let may_be_claimed = challenges.iter().any(is_claimed);
        if claimed.is_none() && !may_be_claimed {
            pipeline.take_method(&scope)?;
        }
        self.ready(listener)?;

        if pipeline.body_use.for_proof {
            let read = parsed.get_or_insert_with(|| self.parse(pipeline, body, watch));
            scope.parsed = read.as_ref().ok().cloned();
        }
        let verdict = pipeline.verify.judge_whole(&scope, keys, &self.asked, judged);
        let proof = match (verdict, claimed) {
            (Ok(Err(request)), _) => return Ok(Ask::Fetch(request).into()),
            (Ok(Ok(proof)), None) => proof,
            (Err(stop), None) => return Err(stop),
            (Ok(Ok(_)), Some((index, challenge))) => {
                scope.parsed = parsed.and_then(Result::ok);
                return self.welcome(index, challenge, &scope);
            }
            (Err(stop), Some((_, challenge))) => {
                return Ok(self.refuse(challenge, stop, &scope)?.into());
            }
        };
        if may_be_claimed {
            if let Some(answer) = self.greet_encrypted(pipeline, true, &scope)? {
                return Ok(answer);
            }
            pipeline.take_method(&scope)?;
        }
        if let Some((limit, rate)) = self.live.rate(listener) {
            rate.admit(limit, self.head.now).map_err(limited)?;
        }

        let Some(decrypt) = &pipeline.decrypt else {
            return self.make_or_bury(pipeline, &sealed.open(&proof), parsed, watch);
        };
        let plain = decrypt.run(&scope, keys)?;
        let said = decrypt.read(&plain, &scope)?;
        let verified = Verified::decrypted(&plain, &proof);
        self.make_or_bury(pipeline, &verified, Some(Ok(said)), watch)
    }

    /// Everything from here on may trust what it reads.
    fn make_events<'a>(
        &'a self,
        pipeline: &'a Pipeline,
        verified: &Verified<'a>,
        parsed: Option<Result<Value<'a>, body::Unreadable>>,
        watch: Option<&dyn Watch>,
    ) -> Result<Next, Stop> {
        let body = verified.bytes();
        let value;
        let mut scope = Scope { body: Some(body), watch, ..self.scope(pipeline) };

        if !pipeline.content_types.is_empty() {
            let media_type = self.head.media_type().unwrap_or_default();
            let taken = pipeline.content_types.contains(&media_type);
            scope.tell(|| Fact::MediaType { taken });
            if !taken {
                return Err(Stop::new(Outcome::Unsupported, Reason::MediaType));
            }
        }
        if self.survey.is_encoded
            && let Some(encoding) = self.head.content_encoding()
        {
            return Err(Stop::new(Outcome::Unsupported, Reason::Encoded { encoding }));
        }
        if pipeline.body_use.for_events {
            let read = parsed.unwrap_or_else(|| self.parse(pipeline, body, watch));
            scope.tell(|| Fact::Decoded { fault: read.as_ref().err().map(|it| it.why.as_str()) });
            value = read.map_err(|body::Unreadable { parser, why }| {
                Stop::new(Outcome::Malformed, Reason::Unreadable { parser, why })
            })?;
            // Lent, as each expression takes it anew.
            scope.parsed = Some(value.borrow());
        }
        let lets = lets(pipeline, &scope)?;
        let scope = Scope { lets: &lets, ..scope };

        if let Some(reject) = &pipeline.reject {
            let rejected = decide(reject, &scope, "reject")?;
            scope.tell(|| Fact::Reject { rejected });
            if rejected {
                return decided(Outcome::Rejected, pipeline, &scope);
            }
        }
        if let Some(schema) = &pipeline.payload_schema {
            let body = scope.parsed.as_ref().map(Value::to_json).unwrap_or_default();
            let judged = schema.check(&body).map_err(|Mismatch { pointer, why }| Reason::Schema {
                pointer: pipeline.redact.shown_pointer(&pointer),
                why,
            });
            scope.tell(|| Fact::Schema { fault: judged.as_ref().err() });
            judged.map_err(|reason| Stop::new(Outcome::Invalid, reason))?;
        }
        if let Some(filter) = &pipeline.filter {
            let wanted = decide(filter, &scope, "filter")?;
            scope.tell(|| Fact::Filter { passed: wanted });
            if !wanted {
                return decided(Outcome::Filtered, pipeline, &scope);
            }
        }
        let source = pipeline.source.as_deref().unwrap_or(&pipeline.path);
        let origin = Origin { listener: &pipeline.name, source };
        let is_wanted = !pipeline.routes.is_empty() || pipeline.ack != Ack::Memory;
        let routes = is_wanted.then_some(&pipeline.routes);
        let Made { events, count } = pipeline.events.run(&scope, origin, routes)?;
        let reply = pipeline.reply(Outcome::Accepted, &scope)?;
        // A key that is none is one for whoever keeps nothing, too.
        let claim = match &pipeline.deduplicate {
            Some(deduplicate) if count > 0 => claim::claim(deduplicate, &scope)?,
            _ => None,
        };
        if events.is_empty() {
            return Ok(answer(reply, Outcome::Accepted, None).into());
        }
        let (ack, within) = (pipeline.ack, pipeline.patience);
        let record = Box::new(EventRecord { events, dead: None, claim, ack, within });
        let pending = Box::new(Pending { reply, outcome: Outcome::Accepted, reason: None });
        Ok(Next { ask: Ask::Append(record), pending: Some(pending), refusal: None })
    }

    /// The body, as far as anything reads it; all of it for whoever looks on.
    fn parse<'b>(
        &self,
        pipeline: &Pipeline,
        body: &'b [u8],
        watch: Option<&dyn Watch>,
    ) -> Result<Value<'b>, body::Unreadable> {
        let wanted = if watch.is_some() { &Paths::Whole } else { &pipeline.body_use.wanted };
        body::parse(pipeline.accept, wanted, &self.head, body)
    }

    fn on_called(&mut self, called: Result<(), String>) -> Result<Ask, Stop> {
        let failed = |why| Stop::new(Outcome::NotReady, Reason::NotCalled { why });
        called.map_err(failed)?;
        let reply = self.pending.take().map(|pending| pending.reply);
        Ok(challenged(reply.unwrap_or_else(|| Reply::usual(Outcome::Challenged))))
    }

    fn on_kept(&mut self, kept: Kept) -> Result<Ask, Stop> {
        match kept {
            Kept::Stored | Kept::Duplicate => {
                let pending = self.pending.take().map(|pending| *pending);
                let Pending { reply, outcome, reason } = pending.unwrap_or_else(|| {
                    let outcome = Outcome::Accepted;
                    Pending { reply: Reply::usual(outcome), outcome, reason: None }
                });
                // A provider that asks again is answered as it was the first time.
                let outcome = if kept == Kept::Stored { outcome } else { Outcome::Duplicate };
                Ok(answer(reply, outcome, reason))
            }
            Kept::NotKept { why } => Err(Stop::new(Outcome::Overloaded, Reason::NotKept { why })),
        }
    }

    /// The end of a handshake that brought secrets.
    fn on_captured(&mut self, captured: Captured) -> Ask {
        let stop = match captured {
            Captured::Stored => {
                let reply = self.pending.take().map(|pending| pending.reply);
                return challenged(reply.unwrap_or_else(|| Reply::usual(Outcome::Challenged)));
            }
            Captured::NotArmed { secret } => {
                Stop::new(Outcome::Unauthorized, Reason::NotArmed { secret })
            }
            Captured::Failed { secret, why } => {
                Stop::new(Outcome::Failed, Reason::NotStored { secret, why })
            }
        };
        let refusal = self.refusal.take().filter(|_| stop.outcome() == Outcome::Unauthorized);
        let usual = self.stopped(stop);
        let reply = refusal.map_or(usual.reply, |reply| *reply);
        Ask::Answer(Answer { reply, ..usual })
    }

    fn without_body(&self, fault: BodyFault) -> Stop {
        let limit =
            self.pipeline().map_or(token_endpoint::MOST_BYTES, |pipeline| pipeline.body_limit);
        let (outcome, reason) = match fault {
            BodyFault::Broken => (Outcome::Malformed, Reason::BodyBroken),
            BodyFault::Slow => (Outcome::TimedOut, Reason::Slow),
            BodyFault::TooLarge => (Outcome::TooLarge, Reason::TooLarge { limit }),
            BodyFault::NoMemory => (Outcome::Overloaded, Reason::NoMemory),
        };
        Stop::new(outcome, reason)
    }

    /// Refuses what cannot be verified for lack of a secret.
    fn ready(&self, listener: usize) -> Result<(), Stop> {
        match self.live.state(listener) {
            ListenerState::Serving => Ok(()),
            ListenerState::NotReady { secret, .. } => {
                Err(Stop::new(Outcome::NotReady, Reason::Secret { secret: secret.clone() }))
            }
        }
    }

    fn scope<'a>(&'a self, pipeline: &'a Pipeline) -> Scope<'a, 'a> {
        Scope {
            head: &self.head,
            path_params: &self.path_params,
            listener: Some(pipeline),
            public_url: self.live.generation.public_url.as_deref(),
            body: None,
            parsed: None,
            tokens: &[],
            timestamp: None,
            item: None,
            lets: &[],
            reply: &[],
            keys: Some(&self.live.keys),
            fetched: self.fetched.as_deref(),
            watch: None,
        }
    }

    /// The answer to a request that makes no event. It says nothing that it was told.
    fn stopped(&self, stop: Stop) -> Answer {
        let (outcome, reason) = stop.into_parts();
        let own = |pipeline: &Pipeline| pipeline.reply(outcome, &self.scope(pipeline)).ok();
        let reply = self.pipeline().and_then(own);
        let mut reply = reply.unwrap_or_else(|| Reply::usual(outcome));
        if outcome == Outcome::MethodNotAllowed
            && let Some(pipeline) = self.pipeline()
        {
            Arc::make_mut(&mut reply.headers).insert(header::ALLOW, pipeline.allow.clone());
        }
        if reply.status == StatusCode::UNAUTHORIZED
            && let Some(scheme) = self.pipeline().and_then(|pipeline| pipeline.asks_for.clone())
        {
            let headers = Arc::make_mut(&mut reply.headers);
            headers.entry(header::WWW_AUTHENTICATE).or_insert(scheme);
        }
        if let Some(status) = reason.status() {
            reply.status = status;
        }
        if let Reason::RateLimited { seconds } = reason {
            Arc::make_mut(&mut reply.headers).insert(header::RETRY_AFTER, seconds.into());
        }
        let close = reason.ends_connection();
        Answer { reply, outcome, reason: Some(Box::new(reason)), close }
    }
}
