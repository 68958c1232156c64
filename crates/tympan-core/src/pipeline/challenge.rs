//! Whether a request is a provider's set-up request, and what is answered.

use std::sync::Arc;

use http::HeaderName;
use http::HeaderValue;
use http::header;
use regex::Regex;
use tympan_expr::Expression;
use tympan_expr::Needs;
use tympan_expr::Text;
use tympan_expr::Value;

use super::Capture;
use super::Fact;
use super::KeyRequest;
use super::Scope;
use super::call::Call;
use super::encrypt::Encrypt;
use super::respond::Computed;
use super::respond::Reply;
use super::respond::Respond;
use super::signing::Signing;
use super::verify::Judged;
use super::verify::Verify;
use crate::anchor::Anchored;
use crate::config;
use crate::config::Accept;
use crate::config::ChallengeProof;
use crate::config::Config;
use crate::fetched::Source;
use crate::keys::KeyId;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::roots;
use crate::scheme::Algorithm;
use crate::secret::Secret;

/// A challenge that can be recognised and answered.
#[derive(Debug)]
pub(crate) struct Challenge {
    detection: Expression,
    tokens: Vec<Token>,
    allow: Regex,
    written: Vec<String>,
    response: Computed,
    proof: Proven,
    otherwise: Option<Respond>,
    probes: bool,
    captures: Vec<Brings>,
    call: Option<Call>,
    /// Where it lies encrypted, if it does.
    ciphertext: Option<Expression>,
    /// Whether detection has to look into the body, and whether what comes behind it has to.
    is_in_body: bool,
    answers_from_body: bool,
}

/// The longest secret that a handshake may bring, in bytes.
const MOST_CAPTURED: usize = 1024;

/// What has to be proved before it is answered.
#[derive(Debug)]
enum Proven {
    Nothing,
    /// What the listener wants of everyone.
    Listener,
    Own(Verify),
}

/// A secret that it brings.
#[derive(Debug)]
struct Brings {
    secret: String,
    most: usize,
    value: Expression,
}

#[derive(Debug)]
struct Token {
    name: String,
    signing: Signing,
    /// The name of the key's secret.
    secret: String,
    allow: Regex,
    /// Which parts of a digest are ours, and not the request's.
    ours: Vec<bool>,
}

/// What a browser must not do with an answer that echoes what a stranger sent.
const SAFETY: [(HeaderName, HeaderValue); 2] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'")),
];

impl Challenge {
    pub(crate) fn compile(
        challenge: &config::Challenge,
        accept: Accept,
        decrypt: Option<&config::Decrypt>,
        config: &Config,
        keys: &mut KeyUses,
    ) -> Self {
        let tokens = challenge.tokens.iter().map(|token| Token::compile(token, config, keys));
        let tokens = tokens.collect();
        let compiled = Self {
            detection: challenge.detection.clone(),
            tokens,
            allow: challenge.allow.clone(),
            written: challenge.response.written.clone(),
            response: Computed::challenge(
                &challenge.response,
                Encrypt::of(&challenge.response, decrypt, keys),
            ),
            proof: match &challenge.proof {
                None => Proven::Nothing,
                Some(ChallengeProof::Listener) => Proven::Listener,
                Some(ChallengeProof::Own(verification)) => {
                    Proven::Own(Verify::compile(verification, accept, config, keys, &mut 0))
                }
            },
            otherwise: challenge
                .otherwise
                .as_ref()
                .map(|response| Respond::compile(response, Outcome::Unauthorized, None)),
            probes: challenge.probes,
            captures: challenge
                .captures
                .iter()
                .map(|capture| {
                    let secret = &config.secrets[capture.secret.0];
                    Brings {
                        secret: secret.name.clone(),
                        most: secret.captures().unwrap_or_default(),
                        value: capture.value.clone(),
                    }
                })
                .collect(),
            call: challenge.call.as_ref().map(Call::compile),
            ciphertext: challenge.ciphertext.clone(),
            is_in_body: challenge.ciphertext.is_some() || reads_body(&challenge.detection),
            answers_from_body: false,
        };
        Self { answers_from_body: compiled.is_answered_from_body(), ..compiled }
    }

    /// Whether detection has to look into the body.
    pub(crate) fn is_in_body(&self) -> bool {
        self.is_in_body
    }

    /// Where it lies encrypted, if it does.
    pub(super) fn ciphertext(&self) -> Option<&Expression> {
        self.ciphertext.as_ref()
    }

    /// Whether the answer, or the proof that comes before it, has to look into the body.
    pub(crate) fn answers_from_body(&self) -> bool {
        self.answers_from_body
    }

    fn is_answered_from_body(&self) -> bool {
        self.is_proven_as_events()
            || self.response.expressions().any(reads_body)
            || self.tokens.iter().any(|token| reads_body(token.signing.payload()))
            || self.captures.iter().any(|capture| reads_body(&capture.value))
            || self.call.as_ref().is_some_and(|call| reads_body(call.expression()))
            || self.own_proof().is_some_and(|verify| {
                verify.fetches() || read_by(verify).into_iter().any(reads_body)
            })
    }

    /// Whether more than the usual refusal is for those who prove nothing of what the listener wants.
    pub(crate) fn is_open(&self) -> bool {
        !self.is_proven_as_events() || self.otherwise.is_some() || self.probes
    }

    /// Whether its own proof needs keys that are fetched.
    pub(crate) fn fetches(&self) -> bool {
        self.own_proof().is_some_and(Verify::fetches)
    }

    /// Whether its sender has to prove what the listener wants of everyone.
    pub(crate) fn is_proven_as_events(&self) -> bool {
        matches!(self.proof, Proven::Listener)
    }

    /// What its sender has to prove in place of what the listener wants.
    fn own_proof(&self) -> Option<&Verify> {
        match &self.proof {
            Proven::Own(verify) => Some(verify),
            Proven::Nothing | Proven::Listener => None,
        }
    }

    /// Everything that it reads.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let payloads = self.tokens.iter().map(|token| token.signing.payload());
        let asked = std::iter::once(&self.detection).chain(payloads);
        let proof = self.own_proof().map(read_by).unwrap_or_default();
        let captured = self.captures.iter().map(|capture| &capture.value);
        let call = self.call.as_ref().map(Call::expression);
        let asked = asked.chain(self.response.expressions()).chain(proof);
        asked.chain(captured).chain(call).chain(&self.ciphertext)
    }

    /// Where what proves it stands, and the secrets that it brings.
    pub(crate) fn tokens<'c>(&'c self, found: &mut Vec<&'c Expression>) {
        found.extend(self.captures.iter().map(|capture| &capture.value));
        if let Some(proof) = self.own_proof() {
            proof.tokens(found, false);
        }
    }

    /// Whether a request is this challenge. One whose detection runs out of its bounds is not.
    pub(crate) fn detects(&self, index: usize, scope: &Scope<'_, '_>) -> bool {
        let detected = self.detection.eval(scope).is_ok_and(|value| value.is_truthy());
        scope.tell(|| Fact::Challenge { index, detected });
        detected
    }

    /// The first key without a value that its own proof or its answer cannot do without.
    pub(crate) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        let proof = self.own_proof().and_then(|proof| proof.unready(keys));
        proof.or_else(|| self.response.unready(keys))
    }

    /// Judges the sender of the challenge at this index by what the challenge itself wants, or says which
    /// keys are needed first.
    pub(crate) fn prove(
        &self,
        index: usize,
        scope: &Scope<'_, '_>,
        keys: &Keys,
        asked: &[Source],
    ) -> Result<Result<(), Box<KeyRequest>>, Stop> {
        let Some(verify) = self.own_proof() else { return Ok(Ok(())) };
        // Proofs are told with their places among those of the listener, where this is none of.
        let unseen = Scope { watch: None, ..scope.clone() };
        let verdict = verify.judge_whole(&unseen, keys, asked, &mut Judged::default());
        let result = match verdict {
            Ok(Err(request)) => return Ok(Err(request)),
            verdict => verdict.map(drop),
        };
        scope.tell(|| Fact::ChallengeProof { index, result: result.as_ref().copied() });
        result.map(Ok)
    }

    /// How one ends that was not proved, with the answer if it is the challenge's own.
    pub(crate) fn refuse(
        &self,
        stop: Stop,
        scope: &Scope<'_, '_>,
    ) -> Result<(Option<Reply>, Stop), Stop> {
        if !matches!(stop.outcome(), Outcome::Unauthorized | Outcome::Stale) {
            return Err(stop);
        }
        let reply = self.otherwise(scope);
        let outcome = if self.probes { Outcome::Challenged } else { stop.outcome() };
        Ok((reply, Stop::new(outcome, stop.into_parts().1)))
    }

    /// The secrets that it brings. They are read once the answer is known to be one that can be sent.
    pub(crate) fn captures(&self, scope: &Scope<'_, '_>) -> Result<Vec<Capture>, Stop> {
        let captured = self.captures.iter().map(|capture| {
            let value = capture.run(scope)?;
            scope.tell(|| Fact::Captured { secret: &capture.secret });
            Ok(Capture { secret: capture.secret.clone(), most: capture.most, value })
        });
        captured.collect()
    }

    /// What is answered to one whose secret nobody expects, if it is the challenge's own answer.
    pub(crate) fn otherwise(&self, scope: &Scope<'_, '_>) -> Option<Reply> {
        self.otherwise.as_ref().and_then(|respond| respond.run(scope).ok())
    }

    /// What is called before the challenge at this index is answered.
    pub(crate) fn calls(
        &self,
        index: usize,
        scope: &Scope<'_, '_>,
    ) -> Result<Option<Anchored>, Stop> {
        self.call.as_ref().map(|call| call.run(index, scope)).transpose()
    }

    /// The answer.
    pub(crate) fn run(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<Reply, Stop> {
        let mut tokens = Vec::with_capacity(self.tokens.len());
        for token in &self.tokens {
            let value = token.run(scope, keys)?;
            scope.tell(|| Fact::ChallengeToken { name: &token.name, value: &value });
            tokens.push((token.name.as_str(), value));
        }
        let scope = Scope { tokens: &tokens, ..scope.clone() };
        let may_say = |text: &str| {
            self.allow.is_match(text)
                || self.written.iter().any(|known| known == text)
                || tokens.iter().any(|(_, token)| token == text)
        };
        let mut reply = self.response.run(&scope, may_say).map_err(malformed)?;
        let headers = Arc::make_mut(&mut reply.headers);
        for (name, value) in SAFETY {
            headers.entry(name).or_insert(value);
        }
        Ok(reply)
    }
}

impl Brings {
    fn run(&self, scope: &Scope<'_, '_>) -> Result<Secret, Stop> {
        let what = "captured secret";
        let text = text_of(&self.value, scope, what)?;
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        let secret = Secret::new(text.as_bytes().to_vec(), what);
        match secret {
            Ok(secret) if is_plain && text.len() <= MOST_CAPTURED => Ok(secret),
            Ok(_) => Err(malformed(Reason::EchoRefused)),
            Err(_) => Err(malformed(Reason::Missing { what })),
        }
    }
}

impl Token {
    fn compile(token: &config::ChallengeToken, config: &Config, keys: &mut KeyUses) -> Self {
        let is_ours = |needs: &Needs| needs.roots().all(|root| root == roots::LISTENER);
        let parts = match token.signing.algorithm {
            Algorithm::Digest(_) => token.signing.payload.items().unwrap_or_default(),
            _ => Vec::new(),
        };
        Self {
            name: token.name.clone(),
            signing: Signing::compile(&token.signing, keys),
            secret: config.secrets[token.signing.secret.0].name.clone(),
            allow: token.allow.clone(),
            ours: parts.iter().map(is_ours).collect(),
        }
    }

    fn run(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<String, Stop> {
        let what = "payload of the challenge token";
        let payload = eval(self.signing.payload(), scope, what)?;
        let parts: Vec<Text<'_>> = match payload {
            // Nothing else has parts: of a text that is signed in one piece, the whole has to match.
            Value::List(items) if self.signing.takes_parts() => {
                items.iter().map(|part| as_text(part.clone(), what)).collect::<Result<_, _>>()?
            }
            one => vec![as_text(one, what)?],
        };
        // Before anything is signed: what passes cannot have the shape of a signed event.
        let is_ours = |index| self.ours.get(index).copied().unwrap_or_default();
        if parts.iter().enumerate().any(|(at, part)| !is_ours(at) && !self.allow.is_match(part)) {
            return Err(malformed(Reason::EchoRefused));
        }
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        let missing = || Reason::Secret { secret: self.secret.clone() };
        self.signing.sign(&parts, keys).ok_or_else(|| Stop::new(Outcome::NotReady, missing()))
    }
}

/// A text that a challenge has to hold.
pub(super) fn text_of<'a>(
    expression: &'a Expression,
    scope: &Scope<'a, '_>,
    what: &'static str,
) -> Result<Text<'a>, Stop> {
    as_text(eval(expression, scope, what)?, what)
}

fn eval<'a>(
    expression: &'a Expression,
    scope: &Scope<'a, '_>,
    what: &'static str,
) -> Result<Value<'a>, Stop> {
    expression.eval(scope).map_err(|bound| malformed(Reason::Exhausted { what, bound }))
}

fn as_text<'a>(value: Value<'a>, what: &'static str) -> Result<Text<'a>, Stop> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Null => Err(malformed(Reason::Missing { what })),
        other => Err(malformed(Reason::Misfit { what, found: other.type_name() })),
    }
}

pub(super) fn malformed(reason: Reason) -> Stop {
    Stop::new(Outcome::Malformed, reason)
}

/// Everything that a proof reads.
fn read_by(verify: &Verify) -> Vec<&Expression> {
    let mut found = Vec::new();
    verify.expressions(&mut found);
    found
}

fn reads_body(expression: &Expression) -> bool {
    let needs = expression.needs();
    needs.reads(roots::PARSED_BODY) || needs.reads(roots::RAW_BODY)
}
