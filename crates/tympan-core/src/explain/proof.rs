//! What a signature proves, and of what.

use tympan_expr::Value;

use super::Detail;
use super::Kind;
use super::Question;
use super::Stage;
use super::cause;
use super::expression;
use super::leaves;
use super::look::Look;
use super::shown;
use super::suspects;
use super::written::entry;
use super::written::items;
use crate::config::SecretId;
use crate::config::Verification;
use crate::escape::escaped;
use crate::keys::KeyForm;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::pipeline::Scope;
use crate::pipeline::SignatureFact;
use crate::roots::Place;
use crate::scheme::Timestamp;
use crate::scheme::Unit;
use crate::scheme::Unusable;

/// Notes what became of a signature.
pub(super) fn signature(look: &Look<'_>, fact: &SignatureFact<'_>, scope: &Scope<'_, '_>) {
    let decision = match &fact.result {
        Ok(()) => "signature: it is that of this request".to_owned(),
        Err(stop) => format!("signature: {}", stop.reason()),
    };
    let proofs = look.written.proofs();
    let written = proofs.get(fact.number).copied();
    let mut details = Vec::new();

    let header = written.and_then(|written| entry(&written.node, "received_signature"));
    let header = header.and_then(|header| look.written.text(&header.node));
    let name = header.map_or_else(String::new, |header| shown::source(header.text));
    details.push(Detail::Fact("received", received(&name, fact)));
    if let Some(text) = fact.timestamp {
        details.push(Detail::Fact("signed at", signed_at(text, fact.judged, scope.head.now)));
    }
    let texts = written.and_then(|written| entry(&written.node, "payload"));
    let texts: Vec<_> = texts.map_or(&[][..], |payload| items(&payload.node)).iter().collect();
    let scope = Scope { timestamp: fact.timestamp.cloned(), ..scope.clone() };
    // What is composed does not matter before there is a signature to compare.
    let is_composed = fact.received.is_some();
    for (index, payload) in fact.payloads.iter().enumerate().filter(|_| is_composed) {
        let text = texts.get(index).and_then(|node| look.written.text(node));
        let name = text.map_or_else(|| "raw_body".to_owned(), |text| shown::source(text.text));
        let value = payload.eval(&scope).unwrap_or(Value::Null);
        let bytes = cause::bytes(value);
        match (bytes, text) {
            (Some(bytes), _) => {
                let (shown, print) = (look.shown().bytes(&bytes), shown::fingerprint(&bytes));
                details.push(Detail::Fact("payload", format!("{name} = {shown}")));
                details.push(Detail::Fact("SHA-256", format!("{print}… of the payload")));
            }
            (None, Some(text)) => {
                details.push(Detail::Fact("payload", format!("{name} = null")));
                let parts = expression::details(look, text, Place::Payload, &scope);
                details.extend(parts.into_iter().skip(1).filter(is_null));
            }
            (None, None) => {}
        }
    }
    if let Some(secret) = secret(look, fact.number) {
        details.push(Detail::Fact("secret", look.tried().about(secret)));
    }
    let at = written.map(|written| written.key.span);
    look.note(Kind::Verify, fact.number, decision, at, details);

    let mut causes = Vec::new();
    if let (Err(stop), Some(secret)) = (fact.result, secret(look, fact.number)) {
        // A proof that is not there is refused before the body is read.
        let body = look.whole_body();
        let parsed = scope.parsed.clone().or_else(|| serde_json::from_slice(body).ok());
        let scope = Scope { body: Some(body), parsed, ..scope };
        causes = suspects::of_signature(look.tried(), secret, fact, stop.reason(), &scope);
    }
    look.suspect(fact.number, causes);
}

/// Notes what became of a proof of another kind, of which there is no more to tell.
pub(super) fn other(look: &Look<'_>, number: usize, what: &str, result: Result<(), &Stop>) {
    let whose = match client(look, number) {
        Some(client) => format!("{what} {client}"),
        None => what.to_owned(),
    };
    let decision = match result {
        Ok(()) if matches!(what, "basic" | "credential" | "jwt") => {
            format!("{whose}: it is the one that is wanted")
        }
        Ok(()) => format!("{whose}: it is one of them"),
        Err(stop) => format!("{whose}: {}", stop.reason()),
    };
    let at = look.written.proofs().get(number).map(|proof| proof.key.span);
    look.note(Kind::Verify, number, decision, at, Vec::new());
}

/// The proofs that cannot be checked for lack of a secret.
pub(super) fn unchecked(look: &Look<'_>, question: &Question<'_>, numbers: &[usize]) -> Vec<Stage> {
    let proofs = look.written.proofs();
    let stages = numbers.iter().map(|number| {
        let written = proofs.get(*number);
        let kind = written.map_or("proof", |written| written.key.name.as_str());
        let why = match secret(look, *number) {
            Some(secret) => {
                let name = question.config.secrets.get(secret.0).map_or("", |it| it.name.as_str());
                match (question.secrets.get(secret.0), unusable(look, *number)) {
                    (Some(Err(why)), _) => {
                        format!("the secret {name} cannot be resolved: {why}")
                    }
                    (_, Some(why)) => format!("the secret {name} is no key: {why}"),
                    _ => format!("the secret {name} cannot be resolved: it has no value"),
                }
            }
            None => "its keys are fetched by a server that runs".to_owned(),
        };
        Stage {
            kind: Kind::Verify,
            decision: format!("{kind}: not checked: {why}"),
            at: written.map(|written| written.key.span),
            details: Vec::new(),
            assumed: false,
            index: *number,
        }
    });
    stages.collect()
}

/// Why no key can be made of the secret of a proof that has a value.
fn unusable(look: &Look<'_>, number: usize) -> Option<Unusable> {
    let leaves = leaves(&look.listener.verification);
    let Verification::Signature(check) = leaves.get(number)? else { return None };
    let values = look.secrets().get(check.secret?.0)?.as_ref().ok()?;
    KeyForm::of_signature(check).iter().find_map(|form| form.unusable(values))
}

/// The name of the client whose credential a proof is.
fn client<'l>(look: &'l Look<'_>, number: usize) -> Option<&'l str> {
    let leaves = leaves(&look.listener.verification);
    let Verification::Credential(check) = leaves.get(number)? else { return None };
    look.config().clients.get(check.client.0).map(|client| client.name.as_str())
}

/// The secret of a proof.
pub(super) fn secret(look: &Look<'_>, number: usize) -> Option<SecretId> {
    match leaves(&look.listener.verification).get(number)? {
        Verification::Signature(check) => check.secret,
        Verification::Token(check) => Some(check.secret),
        Verification::Basic(check) => Some(check.secret),
        Verification::Jwt(check) => check.secret(),
        Verification::Credential(check) => look.config().secret_of(check.client),
        _ => None,
    }
}

/// Never the whole signature: a good one lets whoever reads it send the request again.
fn received(name: &str, fact: &SignatureFact<'_>) -> String {
    let Some(text) = fact.received else {
        return format!("{name} = nothing that can be read");
    };
    let length = fact.scheme.mode.length();
    let begin = escaped(text, 12);
    let n_characters = shown::count(text.chars().count(), "character");
    let found = cause::readings(text);
    let fits = found.iter().filter(|reading| reading.tag.len() == length).count();
    let decoded = match (fits, found.first()) {
        (0, None) => "nothing that decodes".to_owned(),
        (0, Some(reading)) => format!("{} after decoding", shown::count(reading.tag.len(), "byte")),
        (1, _) => format!("{length} bytes after decoding"),
        (many, _) => format!("{many} signatures of {length} bytes after decoding"),
    };
    format!("{name} = \"{begin}\" ({n_characters}; {decoded})")
}

fn signed_at(text: &str, judged: Option<Timestamp>, now: f64) -> String {
    let shown = escaped(text, 40);
    let seconds = text.parse::<u32>().ok().map(f64::from);
    let milliseconds = text.parse::<u64>().ok().and_then(|it| u32::try_from(it / 1_000).ok());
    let then = match judged.map(|judged| judged.unit) {
        Some(Unit::Milliseconds) => milliseconds.map(f64::from),
        _ => seconds,
    };
    let Some(then) = then else { return shown };
    let time = super::render::time(then);
    let distance = super::render::seconds((now - then).abs());
    let direction = if then > now { "after" } else { "before" };
    let tolerance = judged
        .map_or_else(String::new, |judged| format!("; tolerance {} s", judged.tolerance.as_secs()));
    format!("{shown}: {time}, {distance} {direction} now{tolerance}")
}

/// Whether a reason says that a signature is there and wrong.
pub(super) fn is_compared(reason: &Reason) -> bool {
    matches!(reason, Reason::Mismatch | Reason::Undecodable)
}

fn is_null(detail: &Detail) -> bool {
    matches!(detail, Detail::Value(_, value) if value == "null")
}
