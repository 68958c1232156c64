//! Whether a sender signed what it sent.

use regex::Regex;
use smallvec::SmallVec;
use tympan_expr::Expression;
use tympan_expr::Text;
use tympan_expr::Value;

use super::beside_body::BesideBody;
use super::certificate::CertificateKey;
use super::missing;
use super::received::Received;
use super::received::text;
use super::refused;
use super::signed_for_anyone;
use super::unauthorized;
use crate::config::Accept;
use crate::config::SignatureCheck;
use crate::fetched;
use crate::keys::KeyForm;
use crate::keys::KeyId;
use crate::keys::KeyUse;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::pipeline::Fact;
use crate::pipeline::KeyRequest;
use crate::pipeline::Scope;
use crate::pipeline::SignatureFact;
use crate::scheme;
use crate::scheme::Algorithm;
use crate::scheme::Format;
use crate::scheme::PublicKey;
use crate::scheme::SecretAt;
use crate::scheme::Signature;
use crate::scheme::Timestamp;
use crate::scheme::Unproven;

/// How many items of one request are verified.
const MOST_ITEMS: usize = 1_000;

#[derive(Debug)]
pub(crate) struct SignatureVerify {
    /// Which of the listener's proofs it is, counted as they are written.
    number: usize,
    key: Key,
    /// What challenges sign with the same secret: no event may be one of these.
    challenged: Box<[Regex]>,
    scheme: Signature,
    /// A list whose every item is signed.
    each: Option<Expression>,
    payloads: Box<[Expression]>,
    received: Received,
    timestamp: Option<(Option<Expression>, Timestamp)>,
    beside_body: BesideBody,
}

/// What a signature is verified with.
#[derive(Debug)]
enum Key {
    /// A secret.
    Secret(KeyId),
    /// A secret for each hash function that a value may name, in that order.
    Named(Vec<KeyId>),
    /// What is no secret.
    Public(Vec<PublicKey>),
    /// What is fetched.
    Certificate(Box<CertificateKey>),
}

/// The parts of a payload.
type Parts<'a> = Vec<Value<'a>>;

impl SignatureVerify {
    pub(super) fn compile(
        check: &SignatureCheck,
        accept: Accept,
        keys: &mut KeyUses,
        number: usize,
    ) -> Self {
        let timestamp = check.timestamp.as_ref().map(|it| (it.value.clone(), it.scheme));
        let key = match (check.secret, &check.certificate) {
            (None, None) => Key::Public(check.public_keys.clone()),
            (None, Some(it)) => Key::Certificate(Box::new(CertificateKey::compile(it))),
            (Some(secret), _) => {
                let forms = KeyForm::of_signature(check).into_iter();
                let ids: Vec<_> = forms.map(|form| keys.id(KeyUse { secret, form })).collect();
                match ids[..] {
                    [id] => Key::Secret(id),
                    _ => Key::Named(ids),
                }
            }
        };
        Self {
            number,
            key,
            challenged: check
                .secret
                .map_or_else(Box::default, |secret| keys.challenged(secret).into()),
            scheme: check.scheme.clone(),
            each: check.each.clone(),
            payloads: check.payloads.as_slice().into(),
            received: Received::compile(&check.received, check.scheme.format.is_list()),
            timestamp,
            beside_body: BesideBody::compile(check, accept),
        }
    }

    /// Which of the listener's proofs it is, counted as they are written.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// The first key that is missing.
    pub(super) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        match &self.key {
            Key::Secret(key) => (!keys.is_ready(*key)).then_some(*key),
            Key::Named(all) => all.iter().copied().find(|key| !keys.is_ready(*key)),
            Key::Public(_) | Key::Certificate(_) => None,
        }
    }

    /// Whether its key is fetched.
    pub(super) fn fetches(&self) -> bool {
        matches!(self.key, Key::Certificate(_))
    }

    /// The certificate that has to be fetched before it can judge a request: none for one that
    /// cannot be proved anyway.
    pub(super) fn wants(
        &self,
        scope: &Scope<'_, '_>,
        asked: &[fetched::Source],
    ) -> Option<Box<KeyRequest>> {
        let Key::Certificate(certificate) = &self.key else { return None };
        if self.each.is_none() {
            let received = self.received.texts(scope, "signature").ok()?;
            received.iter().find(|value| self.scheme.read(value).is_ok())?;
        }
        certificate.wants(scope, asked)
    }

    pub(super) fn expressions<'v>(&'v self, found: &mut Vec<&'v Expression>) {
        found.extend(&self.each);
        found.extend(&self.payloads);
        found.push(self.received.expression());
        found.extend(self.timestamp.iter().filter_map(|(value, _)| value.as_ref()));
        if let Key::Certificate(certificate) = &self.key {
            found.push(certificate.expression());
        }
    }

    /// Where the signature is.
    pub(super) fn received(&self) -> &Expression {
        self.received.expression()
    }

    pub(super) fn run_before_body(&self, scope: &Scope<'_, '_>) -> Result<(), Stop> {
        let result = self.received.look(scope, "signature");
        if let Err(stop) = &result {
            self.tell(scope, None, None, Err(stop));
        }
        result
    }

    pub(super) fn run(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<(), Stop> {
        let Some(each) = &self.each else { return self.run_one(scope, keys) };
        let what = "the signed items";
        let items = each
            .eval(scope)
            .map_err(|bound| unauthorized(Reason::Exhausted { what, bound }))
            .and_then(|items| match items {
                Value::List(items) if (1..=MOST_ITEMS).contains(&items.len()) => Ok(items),
                _ => Err(missing("list of signed items")),
            });
        let items = match items {
            Ok(items) => items,
            Err(stop) => {
                self.tell(scope, None, None, Err(&stop));
                return Err(stop);
            }
        };
        items.iter().try_for_each(|item| {
            let scope = Scope { item: Some(item.clone()), ..scope.clone() };
            self.run_one(&scope, keys)
        })
    }

    /// Judges the one signature that there is, or that of one item.
    fn run_one(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<(), Stop> {
        let received = match self.received.texts(scope, "signature") {
            Ok(received) => received,
            Err(stop) => {
                self.tell(scope, None, None, Err(&stop));
                return Err(stop);
            }
        };
        let mut timestamp = None;
        let result = self.judge(&received, &mut timestamp, scope, keys);
        let first = received.first().map(|text| &**text);
        self.tell(scope, first, timestamp.as_ref(), result.as_ref().copied());
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
        received: &'a [Text<'a>],
        found: &mut Option<Text<'a>>,
        scope: &Scope<'a, '_>,
        keys: &Keys,
    ) -> Result<(), Stop> {
        let received = match received {
            [one] => self.scheme.read(one).map_err(refused)?,
            several => self.read_all(several).ok_or_else(|| refused(Unproven::Undecodable))?,
        };
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
        if let (Some(text), Some((_, scheme))) = (timestamp.as_deref(), &self.timestamp)
            && !scheme.unit.is_well_formed(text)
        {
            return Err(unauthorized(Reason::BadTimestamp));
        }
        if !self.beside_body.is_apart(scope) {
            return Err(unauthorized(Reason::BadPart));
        }

        let stamped;
        let scope = if timestamp.is_some() {
            stamped = Scope { timestamp: timestamp.clone(), ..scope.clone() };
            &stamped
        } else {
            scope
        };
        match self.scheme.algorithm {
            Algorithm::Hmac => {
                let payloads = self.payloads(scope)?;
                let bytes = payloads.iter().filter_map(Value::as_bytes);
                if bytes.clone().any(|payload| signed_for_anyone(&self.challenged, payload)) {
                    return Err(unauthorized(Reason::SignedForAnyone));
                }
                self.scheme.verify(&received, bytes, keys.macs(self.secret(&received)?))
            }
            Algorithm::Digest(at) => self.verify_digest(&received, at, scope, keys)?,
            _ => {
                let payloads = self.payloads(scope)?;
                let bytes = payloads.iter().filter_map(Value::as_bytes);
                let own;
                let publics = match &self.key {
                    Key::Public(publics) => publics,
                    Key::Certificate(certificate) => {
                        own = [certificate.key(scope, &self.scheme)?];
                        &own[..]
                    }
                    _ => keys.publics(self.secret(&received)?),
                };
                self.scheme.verify_public(&received, bytes, publics)
            }
        }
        .map_err(refused)?;

        // The time is trusted only now: it is part of what was signed.
        if let (Some(text), Some((_, scheme))) = (timestamp.as_deref(), &self.timestamp)
            && let Some(seconds) = scheme.too_far(text, scope.head.now)
        {
            return Err(Stop::new(Outcome::Stale, Reason::Stale { seconds }));
        }
        Ok(())
    }

    /// The signatures of several values; those that are not of the format count for nothing.
    fn read_all<'t>(&self, values: &'t [Text<'t>]) -> Option<scheme::Received<'t>> {
        let mut read = values.iter().filter_map(|value| self.scheme.read(value).ok());
        let first = read.next()?;
        read.try_fold(first, scheme::Received::with)
    }

    /// The key of the hash function that a value names, or else the one that there is.
    fn secret(&self, received: &scheme::Received<'_>) -> Result<KeyId, Stop> {
        let found = match &self.key {
            Key::Secret(key) => Some(*key),
            Key::Named(keys) => match (&self.scheme.format, received.mode) {
                (Format::Named(_, modes), Some(mode)) => {
                    let index = modes.iter().position(|known| *known == mode);
                    index.and_then(|index| keys.get(index)).copied()
                }
                _ => None,
            },
            Key::Public(_) | Key::Certificate(_) => None,
        };
        found.ok_or_else(|| refused(Unproven::Undecodable))
    }

    /// What may have been signed.
    fn payloads<'a>(&'a self, scope: &Scope<'a, '_>) -> Result<SmallVec<[Value<'a>; 1]>, Stop> {
        let mut payloads = SmallVec::new();
        for payload in &self.payloads {
            payloads.extend(as_signed(eval(payload, scope)?));
        }
        if payloads.is_empty() { Err(missing("signed payload")) } else { Ok(payloads) }
    }

    /// The same in parts, with the secret among them.
    fn verify_digest(
        &self,
        received: &scheme::Received<'_>,
        at: SecretAt,
        scope: &Scope<'_, '_>,
        keys: &Keys,
    ) -> Result<Result<(), Unproven>, Stop> {
        let mut payloads: Vec<Parts<'_>> = Vec::with_capacity(self.payloads.len());
        for payload in &self.payloads {
            let parts: Option<Parts<'_>> = match eval(payload, scope)? {
                Value::List(items) => items.iter().map(|it| as_signed(it.clone())).collect(),
                value => as_signed(value).map(|value| vec![value]),
            };
            payloads.extend(parts);
        }
        if payloads.is_empty() {
            return Err(missing("signed payload"));
        }
        let bytes: Vec<Vec<&[u8]>> = payloads
            .iter()
            .map(|parts| parts.iter().filter_map(Value::as_bytes).collect())
            .collect();
        let digests = keys.digests(self.secret(received)?);
        Ok(self.scheme.verify_digest(received, bytes.iter().map(Vec::as_slice), at, digests))
    }
}

fn eval<'a>(payload: &'a Expression, scope: &Scope<'a, '_>) -> Result<Value<'a>, Stop> {
    let what = "the payload";
    payload.eval(scope).map_err(|bound| unauthorized(Reason::Exhausted { what, bound }))
}

/// A value as it is signed, as text or bytes; a part that is missing makes the whole nothing.
fn as_signed(value: Value<'_>) -> Option<Value<'_>> {
    match value {
        Value::Null => None,
        Value::Text(_) | Value::Bytes(_) => Some(value),
        other => other.to_text().map(|text| Value::Text(text).into_owned()),
    }
}
