//! Signing a request as the provider would.

use std::borrow::Cow;

use serde_json::Value as Json;
use tympan_expr::Expression;
use tympan_expr::RootId;
use tympan_expr::Text;
use tympan_expr::Value;

use super::Draft;
use super::Simulation;
use super::Unsimulable;
use super::pairs;
use super::place;
use super::proof::How;
use super::proof::STALE;
use super::proof::signatures;
use crate::config::Listener;
use crate::config::SignatureCheck;
use crate::encode;
use crate::pipeline::Scope;
use crate::roots;
use crate::scheme::Algorithm;
use crate::scheme::DigestKey;
use crate::scheme::MacKey;
use crate::scheme::SigningKey;
use crate::secret::Secret;

/// An item that is signed by itself.
struct Item<'c> {
    /// The list that it stands in.
    list: (RootId, Vec<&'c str>),
    index: usize,
    value: Value<'static>,
}

impl Simulation<'_> {
    /// Everything that is signed of a delivery, by each of the listener's signatures.
    #[must_use]
    pub fn payloads(&self, listener: &Listener, draft: &Draft) -> Vec<Vec<u8>> {
        let mut checks = Vec::new();
        signatures(&listener.verification, &mut checks);
        let payloads = |check: &SignatureCheck| {
            let timestamp = check.timestamp.as_ref().map(|it| it.scheme.write(draft.now));
            let items = self.items(listener, check, draft).unwrap_or_default();
            let payload = |item: &Option<Item<'_>>| {
                self.payload(listener, check, draft, timestamp.as_deref(), item.as_ref())
            };
            items.iter().filter_map(payload).map(|parts| parts.concat()).collect::<Vec<_>>()
        };
        checks.into_iter().flat_map(payloads).collect()
    }

    pub(super) fn sign_with(
        &self,
        listener: &Listener,
        check: &SignatureCheck,
        draft: &mut Draft,
        how: How,
    ) -> Result<(), Unsimulable> {
        // Who has nothing to sign with is not asked for what else is missing.
        if check.scheme.algorithm.is_asymmetric() {
            self.private_key(check)?;
        }
        for item in self.items(listener, check, draft)? {
            self.sign_one(listener, check, draft, how, item.as_ref())?;
        }
        Ok(())
    }

    /// What is signed by itself: every item of `each`, or the request as a whole.
    fn items<'c>(
        &self,
        listener: &Listener,
        check: &'c SignatureCheck,
        draft: &Draft,
    ) -> Result<Vec<Option<Item<'c>>>, Unsimulable> {
        let Some(each) = &check.each else { return Ok(vec![None]) };
        let computed = Unsimulable::Computed { key: "each", simulate: "signature" };
        let (root, keys) = each.as_path().ok_or(computed)?;
        let items = self.preview(listener, draft, |scope| match each.eval(scope).ok()? {
            Value::List(items) if !items.is_empty() => {
                Some(items.iter().map(|item| item.clone().into_owned()).collect::<Vec<_>>())
            }
            _ => None,
        });
        let items = items.flatten().ok_or(Unsimulable::NoPayload)?.into_iter().enumerate();
        let item = |(index, value)| Some(Item { list: (root, keys.clone()), index, value });
        Ok(items.map(item).collect())
    }

    fn sign_one(
        &self,
        listener: &Listener,
        check: &SignatureCheck,
        draft: &mut Draft,
        how: How,
        item: Option<&Item<'_>>,
    ) -> Result<(), Unsimulable> {
        let timestamp = match &check.timestamp {
            None if how == How::Stale => return Err(Unsimulable::NoTimestamp),
            None => None,
            Some(signed_at) => {
                let age = match how {
                    How::Stale => signed_at.scheme.tolerance.as_secs_f64() + STALE,
                    How::Right | How::Wrong => 0.0,
                };
                let text = signed_at.scheme.write(draft.now - age);
                if let Some(value) = &signed_at.value {
                    let at = listener.simulate.timestamp.as_ref().unwrap_or(value);
                    let names = ("timestamp.value", "timestamp");
                    put(draft, listener, at, text.clone(), names, item)?;
                }
                Some(text)
            }
        };
        let mut payload = self
            .payload(listener, check, draft, timestamp.as_deref(), item)
            .ok_or(Unsimulable::NoPayload)?;
        if how == How::Wrong {
            payload.push(b"!".to_vec());
        }
        let signature = self.signature(check, &payload)?;
        let signature = check.scheme.write(&signature, timestamp.as_deref());
        let signature = match &listener.simulate.envelope {
            Some(around) => encode::base64(around.replace("%s", &signature).as_bytes()),
            None => signature,
        };
        let signature = format!("{}{signature}", listener.simulate.prefix);
        let at = listener.simulate.signature.as_ref().unwrap_or(&check.received);
        match self.stand_in(listener, draft, at) {
            Some(text) => {
                let body = String::from_utf8_lossy(&draft.body).replacen(&text, &signature, 1);
                draft.body = body.into_bytes();
                Ok(())
            }
            None => put(draft, listener, at, signature, ("received_signature", "signature"), item),
        }
    }

    /// What the body holds in the place of the signature, where that place is computed.
    fn stand_in(&self, listener: &Listener, draft: &Draft, at: &Expression) -> Option<String> {
        let text = at.as_path().is_none().then(|| self.text_at(listener, at, draft)).flatten()?;
        String::from_utf8_lossy(&draft.body).contains(&text).then_some(text)
    }

    fn signature(&self, check: &SignatureCheck, parts: &[Vec<u8>]) -> Result<Vec<u8>, Unsimulable> {
        let (algorithm, mode) = (check.scheme.algorithm, check.scheme.mode);
        if algorithm.is_asymmetric() {
            let (found, name) = self.private_key(check)?;
            let unusable = |why| Unsimulable::NoKey { secret: name.clone(), why };
            let key = SigningKey::read(algorithm, mode, found.expose()).map_err(unusable)?;
            return key.sign(&parts.concat()).map_err(unusable);
        }
        let secret = check.secret.ok_or(Unsimulable::PublicOnly)?;
        let found = self.secret(secret)?.expose();
        let derived = check.derivation.as_ref().map(|how| how.key(found)).transpose();
        let unusable = |why| Unsimulable::NoKey { secret: self.secret_name(secret), why };
        let derived = derived.map_err(unusable)?;
        let key = derived.as_ref().map_or(found, |key| key);
        Ok(match algorithm {
            Algorithm::Digest(at) => {
                let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
                DigestKey::new(mode, key).sign(&parts, at).to_vec()
            }
            _ => MacKey::new(mode, key).sign(&parts.concat()),
        })
    }

    /// The private key that the provider has, and what it is called.
    fn private_key(
        &self,
        check: &SignatureCheck,
    ) -> Result<(Cow<'_, Secret>, String), Unsimulable> {
        if let Some(key) = &self.private_key {
            return Ok((Cow::Borrowed(key), "--key".to_owned()));
        }
        if self.has_pairs
            && check.signing_key.is_none()
            && let Some(key) = pairs::private(check.scheme.algorithm)
        {
            return Ok((Cow::Owned(key), "a pair".to_owned()));
        }
        let fault = match &check.certificate {
            Some(_) => Unsimulable::CertificateOnly,
            None => Unsimulable::PublicOnly,
        };
        let secret = check.signing_key.ok_or(fault)?;
        Ok((Cow::Borrowed(self.secret(secret)?), self.secret_name(secret)))
    }

    /// What is signed, in parts: of several candidates the first that this request has.
    fn payload(
        &self,
        listener: &Listener,
        check: &SignatureCheck,
        draft: &Draft,
        timestamp: Option<&str>,
        item: Option<&Item<'_>>,
    ) -> Option<Vec<Vec<u8>>> {
        let in_parts = matches!(check.scheme.algorithm, Algorithm::Digest(_));
        let of = |scope: &Scope<'_, '_>| {
            let scope = Scope {
                timestamp: timestamp.map(|text| Text::from(text.to_owned())),
                item: item.map(|item| item.value.clone()),
                ..scope.clone()
            };
            check.payloads.iter().find_map(|payload| match payload.eval(&scope).ok()? {
                Value::List(items) if in_parts => items.iter().map(as_signed).collect(),
                value => as_signed(&value).map(|part| vec![part]),
            })
        };
        self.preview(listener, draft, of)?
    }
}

fn as_signed(value: &Value<'_>) -> Option<Vec<u8>> {
    match value {
        Value::Null => None,
        Value::Bytes(bytes) => Some(bytes.to_vec()),
        other => other.to_text().map(|text| text.as_bytes().to_vec()),
    }
}

/// Puts a part of a signature where it is read, maybe in the item that is signed.
fn put(
    draft: &mut Draft,
    listener: &Listener,
    at: &Expression,
    value: String,
    names: (&'static str, &'static str),
    item: Option<&Item<'_>>,
) -> Result<(), Unsimulable> {
    let (Some(item), Some((roots::ITEM, below))) = (item, at.as_path()) else {
        return super::proof::put(draft, listener, at, value, names);
    };
    let (root, above) = &item.list;
    let index = item.index.to_string();
    let keys: Vec<&str> =
        above.iter().copied().chain([index.as_str()]).chain(below.iter().copied()).collect();
    place::put(draft, listener.accept, (*root, &keys), &Json::from(value))
        .map_err(|why| Unsimulable::Unplaced { what: names.1, why })
}
