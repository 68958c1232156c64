//! Who sent it, by a token that somebody has signed.

use serde_json::Map;
use serde_json::Value as Json;
use tympan_expr::Expression;
use tympan_expr::Value;

use super::Fact;
use super::KeyRequest;
use super::Scope;
use super::fetch;
use super::verify::Received;
use super::verify::is_in_head;
use super::verify::missing;
use super::verify::unauthorized;
use crate::config::JwtCheck;
use crate::config::JwtKeys;
use crate::fetched::Found;
use crate::fetched::Source;
use crate::jwt::Algorithm;
use crate::jwt::Fault;
use crate::jwt::Token;
use crate::jwt::TokenKey;
use crate::keys::KeyForm;
use crate::keys::KeyId;
use crate::keys::KeyUse;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::scheme::equal;

/// What the operator is told about those that are fetched.
const KEYS: &str = "keys";

/// How many tokens of a list are judged.
const MOST_TOKENS: usize = 20;

type Claims = Map<String, Json>;

/// A token that somebody has signed.
#[derive(Debug)]
pub(crate) struct JwtVerify {
    /// Which of the listener's proofs it is, counted as they are written.
    number: usize,
    received: Received,
    /// Whether the token stands in the head, and whether nothing else is needed to judge it.
    is_in_head: bool,
    needs_only_head: bool,
    algorithms: Vec<Algorithm>,
    signers: Signers,
    issuers: Vec<String>,
    audiences: Vec<String>,
    claims: Vec<(String, Expression)>,
    leeway: f64,
    max_age: Option<f64>,
    ends: bool,
}

/// Whose signature counts.
#[derive(Debug)]
enum Signers {
    /// Both sides, with a key for each hash function.
    Both(Vec<(Algorithm, KeyId)>),
    Public(Vec<TokenKey>),
    Fetched(Source),
}

impl JwtVerify {
    pub(super) fn compile(check: &JwtCheck, keys: &mut KeyUses, number: usize) -> Self {
        let signers = match &check.keys {
            JwtKeys::Secret(secret) => {
                let key = |algorithm: &Algorithm| {
                    let form = KeyForm::Mac(algorithm.hmac()?, None);
                    Some((*algorithm, keys.id(KeyUse { secret: *secret, form })))
                };
                Signers::Both(check.algorithms.iter().filter_map(key).collect())
            }
            JwtKeys::Public(keys) => Signers::Public(keys.clone()),
            JwtKeys::Fetched(source) => Signers::Fetched(source.clone()),
        };
        let is_token_in_head = is_in_head(&check.token);
        let are_claims_in_head = check.claims.iter().all(|(_, value)| is_in_head(value));
        let is_fetched = matches!(signers, Signers::Fetched(_));
        Self {
            number,
            received: Received::compile(&check.token, false),
            is_in_head: is_token_in_head,
            needs_only_head: is_token_in_head && are_claims_in_head && !is_fetched,
            algorithms: check.algorithms.clone(),
            signers,
            issuers: check.issuers.clone(),
            audiences: check.audiences.clone(),
            claims: check.claims.clone(),
            leeway: check.leeway.as_secs_f64(),
            max_age: check.max_age.map(|it| it.as_secs_f64()),
            ends: check.ends,
        }
    }

    /// Which of the listener's proofs it is, counted as they are written.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// The first key that is missing.
    pub(super) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        match &self.signers {
            Signers::Both(both) => {
                both.iter().map(|(_, key)| *key).find(|key| !keys.is_ready(*key))
            }
            Signers::Public(_) | Signers::Fetched(_) => None,
        }
    }

    /// Everything that it reads.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let claims = self.claims.iter().map(|(_, expected)| expected);
        std::iter::once(self.received.expression()).chain(claims)
    }

    /// Where the token is.
    pub(super) fn received(&self) -> &Expression {
        self.received.expression()
    }

    /// Whether its keys are fetched.
    pub(super) fn fetches(&self) -> bool {
        matches!(self.signers, Signers::Fetched(_))
    }

    /// The keys that have to be fetched before it can judge a request.
    pub(super) fn wants(&self, scope: &Scope<'_, '_>, asked: &[Source]) -> Option<Box<KeyRequest>> {
        let Signers::Fetched(source) = &self.signers else { return None };
        if asked.contains(source) {
            return None;
        }
        let value = self.received.expression().eval(scope).ok()?;
        let tokens = tokens(&value).ok()?;
        tokens.into_iter().find_map(|token| {
            let Token { kid, .. } = Token::read(token, &self.algorithms).ok()?;
            fetch::unless_known(source, kid, scope, asked)
        })
    }

    /// What can be said without a body: all of it, unless its keys are fetched or it reads the body.
    pub(super) fn run_before_body(
        &self,
        scope: &Scope<'_, '_>,
        keys: &Keys,
    ) -> Option<Result<(), Stop>> {
        if self.needs_only_head {
            return Some(self.run(scope, keys));
        }
        if !self.is_in_head {
            return None;
        }
        let result = self.read_all(scope);
        if let Err(stop) = &result {
            self.tell(scope, Err(stop));
        }
        result.err().map(Err)
    }

    pub(super) fn run(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<(), Stop> {
        let result = self.judge_all(scope, keys);
        self.tell(scope, result.as_ref().copied());
        result
    }

    fn tell(&self, scope: &Scope<'_, '_>, result: Result<(), &Stop>) {
        scope.tell(|| Fact::Other { number: self.number, what: "jwt", result });
    }

    /// Whether there are tokens that can be judged at all.
    fn read_all(&self, scope: &Scope<'_, '_>) -> Result<(), Stop> {
        self.received.look_once(scope)?;
        let value = eval(self.received.expression(), scope, "the token")?;
        tokens(&value)?
            .into_iter()
            .try_for_each(|token| Token::read(token, &self.algorithms).map(drop).map_err(bad))
    }

    fn judge_all(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<(), Stop> {
        self.received.look_once(scope)?;
        let value = eval(self.received.expression(), scope, "the token")?;
        tokens(&value)?.into_iter().try_for_each(|token| self.judge(token, scope, keys))
    }

    fn judge(&self, token: &str, scope: &Scope<'_, '_>, keys: &Keys) -> Result<(), Stop> {
        let token = Token::read(token, &self.algorithms).map_err(bad)?;
        let kid = token.kid.as_deref();
        let claims = match &self.signers {
            Signers::Both(both) => token.claims(|algorithm, message, tag| {
                let key = both.iter().find(|(known, _)| *known == algorithm);
                let macs = key.map(|(_, key)| keys.macs(*key)).unwrap_or_default().iter();
                macs.fold(false, |is_it, mac| is_it | equal(&mac.sign(message), tag))
            }),
            Signers::Public(public) => token.claims(|algorithm, message, tag| {
                public.iter().any(|key| key.has_signed(algorithm, message, tag))
            }),
            Signers::Fetched(source) => {
                let known = fetch::known(source, scope, KEYS)?;
                let Some(Found::Keys(set)) = &known.found else {
                    return Err(unauthorized(Reason::UnknownKey));
                };
                if !set.may_know(kid) {
                    // It may be new: whoever cannot ask does not know.
                    return Err(match &known.fault {
                        Some(why) => fetch::not_fetched(source, KEYS, Some(why.as_str())),
                        None => unauthorized(Reason::UnknownKey),
                    });
                }
                token.claims(|algorithm, message, tag| {
                    let mut candidates = set.candidates(kid, algorithm);
                    candidates.any(|key| key.has_signed(algorithm, message, tag))
                })
            }
        };
        let claims = claims.map_err(bad)?;
        self.judge_claims(&claims, scope)?;
        // The time is trusted only now, like everything else that is signed.
        self.judge_time(&claims, scope.head.now)
    }

    fn judge_claims(&self, claims: &Claims, scope: &Scope<'_, '_>) -> Result<(), Stop> {
        let wrong = |claim: &str| unauthorized(Reason::WrongClaim { claim: claim.to_owned() });
        let is_one_of = |known: &[String], found: &Json| {
            found.as_str().is_some_and(|found| known.iter().any(|known| known == found))
        };
        if !self.issuers.is_empty() && !is_one_of(&self.issuers, &claim(claims, "iss")) {
            return Err(wrong("iss"));
        }
        let audience = claim(claims, "aud");
        let is_for_us = match &audience {
            Json::Array(list) => list.iter().any(|one| is_one_of(&self.audiences, one)),
            one => is_one_of(&self.audiences, one),
        };
        if !self.audiences.is_empty() && !is_for_us {
            return Err(wrong("aud"));
        }
        for (name, expected) in &self.claims {
            let expected = eval(expected, scope, "a claim")?;
            if expected.is_null() {
                return Err(missing("value of a claim"));
            }
            if !says(&claim(claims, name), &expected) {
                return Err(wrong(name));
            }
        }
        Ok(())
    }

    /// RFC 7519, sections 4.1.4 to 4.1.6.
    fn judge_time(&self, claims: &Claims, now: f64) -> Result<(), Stop> {
        let instant = |name: &str| match claims.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(found) => {
                let seconds = found.as_f64().filter(|it| it.is_finite());
                let wrong = || unauthorized(Reason::WrongClaim { claim: name.to_owned() });
                seconds.map(Some).ok_or_else(wrong)
            }
        };
        let (ends, begins, issued) = (instant("exp")?, instant("nbf")?, instant("iat")?);
        if let Some(ends) = ends.filter(|ends| now >= ends + self.leeway) {
            return Err(late(now - ends));
        }
        if let Some(begins) = begins.filter(|begins| now < begins - self.leeway) {
            return Err(early(begins - now));
        }
        match (self.max_age, issued) {
            (Some(_), None) => Err(missing("iat of the token")),
            (Some(most), Some(issued)) if now > issued + most + self.leeway => {
                let (seconds, most) = (whole(now - issued), whole(most));
                Err(stale(Reason::TooOld { seconds, most }))
            }
            (Some(_), Some(issued)) if issued > now + self.leeway => Err(early(issued - now)),
            (None, _) if self.ends && ends.is_none() => Err(missing("exp of the token")),
            _ => Ok(()),
        }
    }
}

/// The tokens that a value holds, each without the word before it.
fn tokens<'v>(value: &'v Value<'_>) -> Result<Vec<&'v str>, Stop> {
    let one = |value: &'v Value<'_>| {
        let bytes = value.as_bytes().ok_or_else(|| missing("token"))?;
        let text = str::from_utf8(bytes).map_err(|_| malformed())?.trim();
        if text.is_empty() {
            return Err(missing("token"));
        }
        match text.split_once(' ') {
            None => Ok(text),
            Some((word, token)) if is_word(word) => Ok(token.trim_start()),
            Some(_) => Err(malformed()),
        }
    };
    match value.as_list() {
        None => Ok(vec![one(value)?]),
        Some([]) => Err(missing("token")),
        Some(list) if list.len() > MOST_TOKENS => Err(malformed()),
        Some(list) => list.iter().map(one).collect(),
    }
}

/// Whether this may stand before a token: what is longer, or has dots, may be another one.
fn is_word(text: &str) -> bool {
    text.len() < 20
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn eval<'a>(
    expression: &'a Expression,
    scope: &Scope<'a, '_>,
    what: &'static str,
) -> Result<Value<'a>, Stop> {
    expression.eval(scope).map_err(|bound| unauthorized(Reason::Exhausted { what, bound }))
}

fn claim(claims: &Claims, name: &str) -> Json {
    claims.get(name).cloned().unwrap_or_default()
}

/// Whether a claim is what it should be, or one of several.
fn says(claim: &Json, expected: &Value<'_>) -> bool {
    match (expected.as_list(), claim.as_str(), expected.as_bytes()) {
        (Some(list), _, _) => list.iter().any(|one| says(claim, one)),
        (None, Some(text), Some(bytes)) => equal(text.as_bytes(), bytes),
        (None, _, _) => !claim.is_null() && Value::from_json(claim.clone()) == *expected,
    }
}

fn malformed() -> Stop {
    bad(Fault::Malformed)
}

fn bad(fault: Fault) -> Stop {
    unauthorized(Reason::BadToken { fault })
}

fn late(seconds: f64) -> Stop {
    stale(Reason::Expired { seconds: whole(seconds) })
}

fn early(seconds: f64) -> Stop {
    stale(Reason::NotYet { seconds: whole(seconds) })
}

fn stale(reason: Reason) -> Stop {
    Stop::new(Outcome::Stale, reason)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "told, not judged")]
fn whole(seconds: f64) -> u64 {
    seconds.ceil() as u64
}
