//! What is most likely wrong where a signature proves nothing.

use super::alternatives;
use super::cause;
use super::cause::Part;
use super::cause::Reading;
use super::cause::Tried;
use super::proof;
use crate::config::SecretId;
use crate::escape::escaped;
use crate::outcome::Reason;
use crate::pipeline::Scope;
use crate::pipeline::SignatureFact;
use crate::scheme::Algorithm;
use crate::scheme::Format;
use crate::scheme::Signature;
use crate::scheme::Unit;

/// Parts of names of headers that are likely to hold a signature.
const TELLING: [&str; 4] = ["signature", "hmac", "sign", "digest"];

/// What is most likely wrong, the likeliest first.
pub(super) fn of_signature(
    tried: Tried<'_>,
    secret: SecretId,
    fact: &SignatureFact<'_>,
    reason: &Reason,
    scope: &Scope<'_, '_>,
) -> Vec<String> {
    // What a private key has signed cannot be tried.
    let is_tried = fact.scheme.algorithm == Algorithm::Hmac;
    match reason {
        Reason::Stale { .. } => return of_time(fact, scope.head.now),
        Reason::BadTimestamp => {
            let found = escaped(fact.timestamp.map_or("", |text| text), 40);
            return vec![format!("the timestamp \"{found}\" is not written as `unit` says")];
        }
        Reason::SignedForAnyone => {
            return vec![
                "a challenge with the same secret signs texts of this form for anyone, so that no \
                 event can be one: its body has to be more than a word or number"
                    .to_owned(),
            ];
        }
        Reason::Repeated { .. } => {
            return vec!["the sender, or a proxy, wrote the header a second time".to_owned()];
        }
        Reason::Missing { what: "timestamp" } => {
            let found = timestamps(fact, scope).into_iter();
            return found.map(|(name, _)| format!("{name} may be the timestamp")).collect();
        }
        _ if !is_tried => return Vec::new(),
        _ => {}
    }
    let mut causes = Vec::new();
    let keys = alternatives::keys(tried, secret);
    let times = timestamps(fact, scope);
    let payloads = alternatives::payloads(fact.payloads, scope, &times);
    let mut is_explained = false;
    if let Some(value) = fact.received {
        let readings = read(fact.scheme, value);
        if let Some(differs) = cause::first_match(&readings, &keys, &payloads) {
            causes.push(matches_if(&differs));
            is_explained = true;
        } else {
            causes.extend(of_form(fact.scheme, value));
        }
    }
    if !is_explained {
        causes.extend(elsewhere(fact, scope, &keys, &payloads));
    }
    if fact.received.is_none() && causes.is_empty() {
        causes.push("no header of the request looks like a signature".to_owned());
    }
    if fact.received.is_some() && causes.is_empty() && proof::is_compared(reason) {
        let n_tried = keys.len() * payloads.len();
        causes.push(format!(
            "none of {n_tried} alternatives matches: the sender has another secret, or the body \
             was changed on its way"
        ));
    }
    causes
}

/// Which value of a secret a signature is made with that holds, of several.
pub(super) fn value_of(
    tried: Tried<'_>,
    secret: SecretId,
    fact: &SignatureFact<'_>,
    scope: &Scope<'_, '_>,
) -> Option<usize> {
    let values = tried.values(secret);
    let readings = read(fact.scheme, fact.received.filter(|_| values.len() > 1)?);
    let payloads = alternatives::payloads(fact.payloads, scope, &[]);
    values.iter().position(|value| {
        let keys = alternatives::of_value(value.expose(), tried.name(secret));
        cause::first_match(&readings, &keys, &payloads).is_some()
    })
}

fn matches_if(differs: &[String]) -> String {
    // A secret of a rotation may be the only difference that there is.
    if differs.is_empty() {
        return "it matches as it is configured".to_owned();
    }
    format!("it matches if {}", differs.join(" and "))
}

/// Ways to read the value, and in what each differs from the one that is configured.
fn read<'t>(scheme: &Signature, value: &'t str) -> Vec<Part<Reading<'t>>> {
    let configured = scheme.read(value).map(|it| it.signatures).unwrap_or_default();
    let readings = cause::readings(value).into_iter().map(|reading| {
        let mut differs = Vec::new();
        let is_prefixed = scheme.format == Format::Plain && value.ends_with(reading.text);
        if !configured.contains(&reading.text) && !is_prefixed {
            differs.push(format_of(value, &reading));
        }
        let is_same_encoding = scheme.encoding.is_none_or(|it| it == reading.encoding);
        if !is_same_encoding {
            differs.push(format!("`encoding` is {}", reading.encoding.name()));
        }
        if let Some(mode) = reading.mode().filter(|mode| *mode != scheme.mode) {
            differs.push(format!("`hash_mode` is {}", mode.name()));
        }
        // One difference that shows in the value itself is as good as none: the value is there.
        if differs.len() > 1 {
            differs = vec![differs.join(" and ")];
        }
        Part { what: reading, differs }
    });
    readings.collect()
}

/// How a value is written of which this is the signature.
fn format_of(value: &str, reading: &Reading<'_>) -> String {
    let before = value.find(reading.text).map_or("", |at| &value[..at]);
    let is_last = value.ends_with(reading.text);
    match before {
        "" if is_last => "`format` is left out: the signature stands alone".to_owned(),
        _ if is_last && !before.contains([',', ';', ' ']) => {
            format!("`format` is {{prefix: \"{}\"}}", escaped(before, 40))
        }
        _ => {
            let begin = before.rfind([',', ';', ' ']).map_or(0, |at| at + 1);
            let key = before[begin..].trim_end_matches(['=', ':', '"']);
            format!("the signature is the one behind \"{}\"", escaped(key, 40))
        }
    }
}

/// What is wrong with a value that holds no signature of the right form.
fn of_form(scheme: &Signature, value: &str) -> Option<String> {
    let length = scheme.mode.length();
    let received = scheme.read(value);
    let found = cause::readings(value);
    if let Some(reading) = found.iter().find(|reading| reading.tag.len() != length)
        && found.iter().all(|reading| reading.tag.len() != length)
        && let Some(mode) = reading.mode()
    {
        return Some(format!(
            "the signature has {} bytes, as those of {} have; {} has {length}",
            reading.tag.len(),
            mode.name(),
            scheme.mode.name()
        ));
    }
    match (&received, &scheme.format) {
        (Err(_), Format::Prefix(prefix)) => {
            Some(format!("the value does not begin with {prefix:?}, as `format` says"))
        }
        (Ok(received), Format::Pairs { signature, .. }) if received.signatures.is_empty() => {
            Some(format!("the value has no pair {signature:?}, as `format` says"))
        }
        (Ok(received), Format::Versions(version)) if received.signatures.is_empty() => {
            Some(format!("the value has no version {version:?}, as `format` says"))
        }
        (Err(_), _) => Some("the value is not of the `format`".to_owned()),
        (Ok(received), _) => {
            let text = *received.signatures.first()?;
            let is_read = found.iter().any(|reading| reading.tag.len() == length);
            let n_digits = text.len();
            let is_hex = n_digits > 0 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            (!is_read && is_hex).then(|| {
                let short = if n_digits < 2 * length { "cut off" } else { "too long" };
                format!(
                    "the signature is {short}: {n_digits} hex digits, and {} are wanted",
                    2 * length
                )
            })
        }
    }
}

/// Whether another header holds the signature.
fn elsewhere(
    fact: &SignatureFact<'_>,
    scope: &Scope<'_, '_>,
    keys: &[Part<Vec<u8>>],
    payloads: &[Part<Vec<u8>>],
) -> Vec<String> {
    let mut causes = Vec::new();
    let mut likely = Vec::new();
    for (name, value) in &scope.head.headers {
        let Ok(value) = value.to_str() else { continue };
        if Some(value) == fact.received {
            continue;
        }
        let readings = read(fact.scheme, value);
        if let Some(differs) = cause::first_match(&readings, keys, payloads) {
            let mut ways = vec![format!("`received_signature` is headers[\"{name}\"]")];
            ways.extend(differs);
            causes.push(matches_if(&ways));
        } else if fact.received.is_none() && TELLING.iter().any(|part| name.as_str().contains(part))
        {
            likely.push(format!("headers[\"{name}\"] looks like a signature"));
        }
    }
    causes.extend(likely);
    causes
}

/// What is wrong with a timestamp that is too far from now.
fn of_time(fact: &SignatureFact<'_>, now: f64) -> Vec<String> {
    let (Some(text), Some(judged)) = (fact.timestamp, fact.judged) else { return Vec::new() };
    let mut causes = Vec::new();
    let other = match judged.unit {
        Unit::Milliseconds => (Unit::Seconds, "seconds"),
        _ => (Unit::Milliseconds, "milliseconds"),
    };
    let is_fresh = |unit| crate::scheme::Timestamp { unit, ..judged }.too_far(text, now).is_none();
    let looks_other = match judged.unit {
        Unit::Seconds => text.len() >= 12,
        Unit::Milliseconds => text.len() <= 11,
        Unit::Rfc3339 | Unit::HttpDate => false,
    };
    if is_fresh(other.0) || looks_other {
        causes.push(format!("the timestamp is in {0}: `unit: {0}`", other.1));
    } else {
        let seconds = match judged.unit {
            Unit::Seconds | Unit::Rfc3339 | Unit::HttpDate => text.to_string(),
            Unit::Milliseconds => {
                text.get(..text.len().saturating_sub(3)).unwrap_or("0").to_owned()
            }
        };
        causes.push(format!(
            "the signature is good, but of another time: with --at {seconds} it is judged at its own"
        ));
    }
    causes
}

/// Timestamps that may have been signed, each with what it is called.
fn timestamps(fact: &SignatureFact<'_>, scope: &Scope<'_, '_>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    if let Some(text) = fact.timestamp {
        found.push(("signature_timestamp".to_owned(), text.to_string()));
        let seconds = text.len().checked_sub(3).and_then(|end| text.get(..end));
        if let Some(seconds) = seconds.filter(|seconds| seconds.len() > 8) {
            found.push(("the timestamp in seconds".to_owned(), seconds.to_owned()));
        } else if Unit::Seconds.is_well_formed(text) {
            found.push(("the timestamp in milliseconds".to_owned(), format!("{}000", &**text)));
        }
    }
    for (name, value) in &scope.head.headers {
        let Ok(value) = value.to_str() else { continue };
        let is_time = |text: &str| {
            (9..=13).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if is_time(value) {
            found.push((format!("headers[\"{name}\"]"), value.to_owned()));
        }
        for (key, time) in value.split(',').filter_map(|pair| pair.trim().split_once('=')) {
            if is_time(time) {
                let key = escaped(key, 20);
                found.push((format!("{key} of headers[\"{name}\"]"), time.to_owned()));
            }
        }
    }
    found.truncate(6);
    found
}
