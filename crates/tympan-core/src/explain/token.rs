//! What a token proves.

use tympan_expr::Value;

use super::Detail;
use super::Kind;
use super::cause::Tried;
use super::look::Look;
use super::proof;
use super::shown;
use super::written::entry;
use crate::config::SecretId;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::pipeline::Scope;

/// Notes what became of a token. The token itself is never shown: a right one is the secret.
pub(super) fn token(
    look: &Look<'_>,
    number: usize,
    received: &Value<'_>,
    result: Result<(), &Stop>,
    scope: &Scope<'_, '_>,
) {
    let decision = match result {
        Ok(()) => "token: it is the secret".to_owned(),
        Err(stop) => format!("token: {}", stop.reason()),
    };
    let proofs = look.written.proofs();
    let written = proofs.get(number).copied();
    let text = written.and_then(|written| entry(&written.node, "received_token"));
    let text = text.and_then(|text| look.written.text(&text.node));
    let name = text.map_or_else(String::new, |text| shown::source(text.text));
    let found = match received.as_bytes() {
        Some(bytes) => format!("{name} = {}, not shown", shown::count(bytes.len(), "byte")),
        None => format!("{name} = {}", received.type_name()),
    };
    let mut details = vec![Detail::Fact("received", found)];
    let mut causes = Vec::new();
    if let Some(secret) = proof::secret(look, number) {
        details.push(Detail::Fact("secret", look.tried().about(secret)));
        if let Err(stop) = result {
            causes = suspects(look.tried(), secret, received, stop.reason(), scope);
        }
    }
    let at = written.map(|written| written.key.span);
    look.note(Kind::Verify, number, decision, at, details);
    look.suspect(number, causes);
}

fn suspects(
    tried: Tried<'_>,
    secret: SecretId,
    received: &Value<'_>,
    reason: &Reason,
    scope: &Scope<'_, '_>,
) -> Vec<String> {
    let mut causes = Vec::new();
    if let Some(bytes) = received.as_bytes() {
        for (what, form) in forms(bytes) {
            if let Some((whose, is_own)) = tried.whose(secret, form)
                && !(is_own && what.is_empty())
            {
                let whose = if is_own {
                    "this secret".to_owned()
                } else {
                    format!("that of the secret {whose}")
                };
                causes.push(format!("the token{what} is {whose}"));
            }
        }
    }
    for (header, value) in &scope.head.headers {
        for (what, form) in forms(value.as_bytes()) {
            if let Some((_, true)) = tried.whose(secret, form)
                && matches!(reason, Reason::Missing { .. })
            {
                causes.push(format!(
                    "the token stands in another place: headers[\"{header}\"]{what}"
                ));
            }
        }
    }
    causes.dedup();
    causes
}

/// A token as it is, and without what may stand around it.
fn forms(bytes: &[u8]) -> Vec<(&'static str, &[u8])> {
    let trimmed = bytes.trim_ascii();
    let mut forms = vec![("", bytes)];
    if trimmed != bytes {
        forms.push((" without the blanks around it", trimmed));
    }
    if let Some(at) = trimmed.iter().position(|byte| *byte == b' ') {
        forms.push((" without its first word", trimmed[at..].trim_ascii()));
    }
    if let [b'"', inner @ .., b'"'] = trimmed {
        forms.push((" without its quotes", inner));
    }
    forms
}
