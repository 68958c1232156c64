//! Who sent it.

use http::HeaderName;
use ipnet::IpNet;
use regex::Regex;
use smallvec::SmallVec;
use tympan_expr::Expression;
use tympan_expr::Text;
use tympan_expr::Value;

use super::Fact;
use super::Head;
use super::Scope;
use super::SignatureFact;
use super::lookup::Lookup;
use crate::config::SignatureCheck;
use crate::config::TokenCheck;
use crate::config::Verification;
use crate::keys::KeyForm;
use crate::keys::KeyId;
use crate::keys::KeyUse;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::scheme::Signature;
use crate::scheme::Timestamp;
use crate::scheme::Unproven;

/// How a listener checks its senders.
#[derive(Debug)]
pub(crate) enum Verify {
    Signature(Box<SignatureVerify>),
    Token(TokenVerify),
    IpAllowlist(usize, Vec<IpNet>),
    ClientCertificate(usize, Vec<String>),
    Any(Vec<Verify>),
    All(Vec<Verify>),
    /// Anyone may send: the operator has said why.
    Anyone,
}

/// Stands for a sender that has proved itself. Only [`Verify::run`] makes one.
#[derive(Debug)]
pub(crate) struct Proof(());

#[derive(Debug)]
pub(crate) struct SignatureVerify {
    /// Which of the listener's proofs it is, counted as they are written.
    number: usize,
    key: KeyId,
    /// What challenges sign with the same secret: no event may be one of these.
    challenged: Vec<Regex>,
    scheme: Signature,
    payloads: Vec<Expression>,
    received: Received,
    timestamp: Option<(Option<Expression>, Timestamp)>,
}

#[derive(Debug)]
pub(crate) struct TokenVerify {
    /// Which of the listener's proofs it is, counted as they are written.
    number: usize,
    key: KeyId,
    received: Received,
}

/// Where a part of the proof is.
#[derive(Debug)]
struct Received {
    expression: Expression,
    /// The header that the expression reads, if it reads nothing else.
    header: Option<HeaderName>,
    /// Whether it may hold several values, so that the header may stand several times.
    is_list: bool,
}

impl Verify {
    /// `count` is the number of proofs that stand before this one, and then of those up to it.
    pub(crate) fn compile(
        verification: &Verification,
        keys: &mut KeyUses,
        count: &mut usize,
    ) -> Self {
        let mut all = |list: &[Verification]| {
            list.iter().map(|verification| Self::compile(verification, keys, count)).collect()
        };
        match verification {
            Verification::Any(list) => return Self::Any(all(list)),
            Verification::All(list) => return Self::All(all(list)),
            _ => {}
        }
        let number = *count;
        *count += 1;
        match verification {
            Verification::Signature(check) => {
                Self::Signature(Box::new(SignatureVerify::compile(check, keys, number)))
            }
            Verification::Token(check) => Self::Token(TokenVerify::compile(check, keys, number)),
            Verification::IpAllowlist(networks) => Self::IpAllowlist(number, networks.clone()),
            Verification::ClientCertificate(check) => {
                Self::ClientCertificate(number, check.subjects.clone())
            }
            Verification::Any(_) | Verification::All(_) | Verification::None(_) => Self::Anyone,
        }
    }

    /// Whether it can be told who sent a request: the first key that is missing, if not.
    pub(crate) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        match self {
            Self::Signature(signature) => (!keys.is_ready(signature.key)).then_some(signature.key),
            Self::Token(token) => (!keys.is_ready(token.key)).then_some(token.key),
            Self::All(list) => list.iter().find_map(|verify| verify.unready(keys)),
            Self::Any(list) => {
                let mut unready = list.iter().map(|verify| verify.unready(keys));
                // One way that works is enough.
                let first = unready.next().flatten()?;
                unready.all(|key| key.is_some()).then_some(first)
            }
            Self::IpAllowlist(..) | Self::ClientCertificate(..) | Self::Anyone => None,
        }
    }

    /// Everything that it reads.
    pub(crate) fn expressions<'v>(&'v self, found: &mut Vec<&'v Expression>) {
        match self {
            Self::Signature(signature) => {
                found.extend(&signature.payloads);
                found.push(&signature.received.expression);
                found.extend(signature.timestamp.iter().filter_map(|(value, _)| value.as_ref()));
            }
            Self::Token(token) => found.push(&token.received.expression),
            Self::Any(list) | Self::All(list) => {
                for verify in list {
                    verify.expressions(found);
                }
            }
            Self::IpAllowlist(..) | Self::ClientCertificate(..) | Self::Anyone => {}
        }
    }

    /// Refuses what no body could prove any more, before a body is read.
    pub(crate) fn run_before_body(&self, scope: &Scope<'_, '_>) -> Result<(), Stop> {
        match self {
            Self::Signature(signature) => signature.run_before_body(scope),
            Self::All(list) => list.iter().try_for_each(|verify| verify.run_before_body(scope)),
            Self::IpAllowlist(number, networks) => {
                told(*number, "ip_allowlist", is_within(networks, scope.head), scope)
            }
            Self::ClientCertificate(number, subjects) => {
                told(*number, "client_certificate", is_named(subjects, scope.head), scope)
            }
            Self::Token(_) | Self::Any(_) | Self::Anyone => Ok(()),
        }
    }

    /// Judges the sender.
    pub(crate) fn run(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<Proof, Stop> {
        match self {
            Self::Signature(signature) => signature.run(scope, keys)?,
            Self::Token(token) => token.run(scope, keys)?,
            Self::IpAllowlist(number, networks) => {
                told(*number, "ip_allowlist", is_within(networks, scope.head), scope)?;
            }
            Self::ClientCertificate(number, subjects) => {
                told(*number, "client_certificate", is_named(subjects, scope.head), scope)?;
            }
            Self::All(list) => {
                for verify in list {
                    verify.run(scope, keys)?;
                }
            }
            Self::Any(list) => {
                let mut nearest = None;
                for verify in list.iter().filter(|verify| verify.unready(keys).is_none()) {
                    match verify.run(scope, keys) {
                        Ok(proof) => return Ok(proof),
                        Err(stop) => nearest = Some(nearer(nearest, stop)),
                    }
                }
                return Err(nearest.unwrap_or_else(|| missing("proof")));
            }
            Self::Anyone => scope.tell(|| Fact::Anyone),
        }
        Ok(Proof(()))
    }
}

impl SignatureVerify {
    fn compile(check: &SignatureCheck, keys: &mut KeyUses, number: usize) -> Self {
        let form = KeyForm::Mac(check.scheme.mode);
        let timestamp = check.timestamp.as_ref().map(|it| (it.value.clone(), it.scheme));
        Self {
            number,
            key: keys.id(KeyUse { secret: check.secret, form }),
            challenged: keys.challenged(check.secret),
            scheme: check.scheme.clone(),
            payloads: check.payloads.clone(),
            received: Received::compile(&check.received, check.scheme.format.is_list()),
            timestamp,
        }
    }

    fn run_before_body(&self, scope: &Scope<'_, '_>) -> Result<(), Stop> {
        let result = self.received.look(scope, "signature");
        if let Err(stop) = &result {
            self.tell(scope, None, None, Err(stop));
        }
        result
    }

    fn run(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<(), Stop> {
        let received = match self.received.text(scope, "signature") {
            Ok(received) => received,
            Err(stop) => {
                self.tell(scope, None, None, Err(&stop));
                return Err(stop);
            }
        };
        let mut timestamp = None;
        let result = self.judge(&received, &mut timestamp, scope, keys);
        self.tell(scope, Some(&received), timestamp.as_ref(), result.as_ref().copied());
        result
    }

    fn tell<'f>(
        &'f self,
        scope: &Scope<'_, '_>,
        received: Option<&'f str>,
        timestamp: Option<&'f Text<'f>>,
        result: Result<(), &'f Stop>,
    ) {
        scope.tell(|| {
            Fact::Signature(SignatureFact {
                number: self.number,
                scheme: &self.scheme,
                received,
                timestamp,
                judged: self.timestamp.as_ref().map(|(_, scheme)| *scheme),
                payloads: &self.payloads,
                result,
            })
        });
    }

    /// `found` is for the timestamp, as far as it is found.
    fn judge<'a>(
        &'a self,
        received: &'a str,
        found: &mut Option<Text<'a>>,
        scope: &Scope<'a, '_>,
        keys: &Keys,
    ) -> Result<(), Stop> {
        let received = self.scheme.read(received).map_err(refused)?;
        let timestamp = match &self.timestamp {
            None => None,
            Some((Some(value), _)) => Some(text(value, scope, "timestamp")?),
            Some((None, _)) => {
                let found = received.timestamp.ok_or_else(|| missing("timestamp"))?;
                Some(Text::from(found.to_owned()))
            }
        };
        if scope.watch.is_some() {
            found.clone_from(&timestamp);
        }
        // Before anything is computed: a part of the payload must not pass for the timestamp.
        if timestamp.as_deref().is_some_and(|text| !Timestamp::is_well_formed(text)) {
            return Err(unauthorized(Reason::BadTimestamp));
        }

        let stamped;
        let scope = if timestamp.is_some() {
            stamped = Scope { timestamp: timestamp.clone(), ..scope.clone() };
            &stamped
        } else {
            scope
        };
        let mut payloads: SmallVec<[Value<'_>; 1]> = SmallVec::new();
        for payload in &self.payloads {
            let what = "the payload";
            let value = payload
                .eval(scope)
                .map_err(|bound| unauthorized(Reason::Exhausted { what, bound }))?;
            match value {
                // A part that is missing makes the whole payload null.
                Value::Null => {}
                Value::Text(_) | Value::Bytes(_) => payloads.push(value),
                other => {
                    let text = other.to_text();
                    payloads.extend(text.map(|text| Value::Text(text).into_owned()));
                }
            }
        }
        if payloads.is_empty() {
            return Err(unauthorized(Reason::Missing { what: "signed payload" }));
        }
        let bytes = payloads.iter().filter_map(Value::as_bytes);
        let is_challenge = |payload: &[u8]| {
            let text = std::str::from_utf8(payload);
            text.is_ok_and(|text| self.challenged.iter().any(|allow| allow.is_match(text)))
        };
        // Whoever has sent it as a challenge was given its signature.
        if bytes.clone().any(is_challenge) {
            return Err(unauthorized(Reason::SignedForAnyone));
        }
        self.scheme.verify(&received, bytes, keys.macs(self.key)).map_err(refused)?;

        // The time is trusted only now: it is part of what was signed.
        if let (Some(text), Some((_, scheme))) = (timestamp.as_deref(), &self.timestamp)
            && let Some(seconds) = scheme.too_far(text, scope.head.now)
        {
            return Err(Stop { outcome: Outcome::Stale, reason: Reason::Stale { seconds } });
        }
        Ok(())
    }
}

impl TokenVerify {
    fn compile(check: &TokenCheck, keys: &mut KeyUses, number: usize) -> Self {
        Self {
            number,
            key: keys.id(KeyUse { secret: check.secret, form: KeyForm::Token }),
            received: Received::compile(&check.received, false),
        }
    }

    fn run(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<(), Stop> {
        let mut received = Value::Null;
        let result = self.judge(&mut received, scope, keys);
        scope.tell(|| {
            let result = result.as_ref().copied();
            Fact::Token { number: self.number, received: &received, result }
        });
        result
    }

    /// `found` is for the token, as far as it is found.
    fn judge<'a>(
        &'a self,
        found: &mut Value<'a>,
        scope: &Scope<'a, '_>,
        keys: &Keys,
    ) -> Result<(), Stop> {
        self.received.look_once(scope)?;
        let what = "the token";
        let value = self
            .received
            .expression
            .eval(scope)
            .map_err(|bound| unauthorized(Reason::Exhausted { what, bound }))?;
        if scope.watch.is_some() {
            found.clone_from(&value);
        }
        let is_token =
            |value: &Value<'_>| value.as_bytes().map(|received| keys.is_token(self.key, received));
        match &value {
            // Of a list every item has to be the token, and there has to be one.
            Value::List(items) if !items.is_empty() => {
                let all =
                    items.iter().fold(true, |all, item| all & is_token(item).unwrap_or(false));
                if all { Ok(()) } else { Err(unauthorized(Reason::WrongToken)) }
            }
            value => match is_token(value) {
                Some(true) => Ok(()),
                Some(false) => Err(unauthorized(Reason::WrongToken)),
                None => Err(missing("token")),
            },
        }
    }
}

/// The value of a part of the proof.
fn text<'a>(
    expression: &'a Expression,
    scope: &Scope<'a, '_>,
    what: &'static str,
) -> Result<Text<'a>, Stop> {
    let value =
        expression.eval(scope).map_err(|bound| unauthorized(Reason::Exhausted { what, bound }))?;
    match value {
        Value::Text(text) if !text.is_empty() => Ok(text),
        Value::Number(_) => value.to_text().ok_or_else(|| missing(what)),
        Value::Bytes(_) => Err(unauthorized(Reason::Undecodable)),
        _ => Err(missing(what)),
    }
}

impl Received {
    fn compile(expression: &Expression, is_list: bool) -> Self {
        let Lookup { expression, header } = Lookup::compile(expression);
        Self { expression, header, is_list }
    }

    /// Whether it is there at all, where only the head is needed to tell.
    fn look(&self, scope: &Scope<'_, '_>, what: &'static str) -> Result<(), Stop> {
        if self.header.is_some() { self.text(scope, what).map(drop) } else { Ok(()) }
    }

    /// Of two headers of one name, a proxy may have judged the other one.
    fn look_once(&self, scope: &Scope<'_, '_>) -> Result<(), Stop> {
        match &self.header {
            Some(header) if !self.is_list && scope.head.values(header).nth(1).is_some() => {
                Err(repeated(header))
            }
            _ => Ok(()),
        }
    }

    /// Its value, found in one look where it is a header that may stand once.
    fn text<'a>(&'a self, scope: &Scope<'a, '_>, what: &'static str) -> Result<Text<'a>, Stop> {
        let Some(header) = self.header.as_ref().filter(|_| !self.is_list) else {
            return text(&self.expression, scope, what);
        };
        let value = only(header, scope.head, what)?;
        let text = std::str::from_utf8(value).map_err(|_| unauthorized(Reason::Undecodable))?;
        Ok(Text::from(text))
    }
}

/// The value of a header that has to stand exactly once, and to say something.
fn only<'h>(header: &HeaderName, head: &'h Head, what: &'static str) -> Result<&'h [u8], Stop> {
    let mut values = head.values(header);
    match (values.next(), values.next()) {
        (None | Some([]), None) => Err(missing(what)),
        (Some(value), None) => Ok(value),
        (_, Some(_)) => Err(repeated(header)),
    }
}

/// Tells what a proof that holds no secret proves.
fn told(
    number: usize,
    what: &'static str,
    result: Result<(), Stop>,
    scope: &Scope<'_, '_>,
) -> Result<(), Stop> {
    scope.tell(|| Fact::Other { number, what, result: result.as_ref().copied() });
    result
}

fn is_within(networks: &[IpNet], head: &Head) -> Result<(), Stop> {
    let client = head.client.map(|client| client.to_canonical());
    let is_within = |client| networks.iter().any(|network| network.contains(&client));
    if client.is_some_and(is_within) { Ok(()) } else { Err(unauthorized(Reason::WrongAddress)) }
}

fn is_named(subjects: &[String], head: &Head) -> Result<(), Stop> {
    match &head.certificate {
        None => Err(missing("client certificate")),
        Some(names) if names.0.iter().any(|name| subjects.contains(name)) => Ok(()),
        Some(_) => Err(unauthorized(Reason::WrongCertificate)),
    }
}

fn unauthorized(reason: Reason) -> Stop {
    Stop { outcome: Outcome::Unauthorized, reason }
}

fn missing(what: &'static str) -> Stop {
    unauthorized(Reason::Missing { what })
}

fn repeated(header: &HeaderName) -> Stop {
    unauthorized(Reason::Repeated { header: header.to_string() })
}

fn refused(unproven: Unproven) -> Stop {
    unauthorized(match unproven {
        Unproven::Undecodable => Reason::Undecodable,
        Unproven::Mismatch => Reason::Mismatch,
    })
}

/// Of two refusals the one that came nearer to a proof: it is what the operator has to look at.
fn nearer(known: Option<Stop>, other: Stop) -> Stop {
    let distance = |stop: &Stop| match stop.reason {
        Reason::Stale { .. } => 0,
        Reason::Mismatch | Reason::WrongToken | Reason::WrongCertificate => 1,
        Reason::Missing { .. } => 3,
        _ => 2,
    };
    match known {
        Some(known) if distance(&known) <= distance(&other) => known,
        _ => other,
    }
}
