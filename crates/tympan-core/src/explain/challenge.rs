//! What becomes of a challenge.

use super::Kind;
use super::expression;
use super::look::Look;
use super::written::entry;
use crate::pipeline::Fact;
use crate::pipeline::Scope;
use crate::roots::Place;

/// Notes what was found out about a challenge; whatever else was found out is told elsewhere.
pub(super) fn challenge(look: &Look<'_>, fact: &Fact<'_>, scope: &Scope<'_, '_>) {
    match fact {
        Fact::Challenge { index, detected } => {
            let detection = look
                .written
                .item("challenge", *index)
                .and_then(|challenge| entry(challenge, "detection"));
            let text = detection.and_then(|detection| look.written.text(&detection.node));
            let details = text.map_or_else(Vec::new, |text| {
                expression::details(look, text, Place::Challenge, scope)
            });
            let decision = if *detected { "yes" } else { "no" }.to_owned();
            let at = detection.map(|detection| detection.key.span);
            look.note(Kind::Challenge, *index, decision, at, details);
        }
        Fact::ChallengeProof { index, result } => {
            let decision = match result {
                Ok(()) => "yes, and its sender may ask".to_owned(),
                Err(stop) => format!("yes, but its sender may not ask: {}", stop.reason()),
            };
            let proof = look.written.item("challenge", *index);
            let at = proof.and_then(|it| entry(it, "verification")).map(|it| it.key.span);
            look.note(Kind::Challenge, *index, decision, at, Vec::new());
        }
        Fact::ChallengeCall { index, result } => {
            let decision = match result {
                Ok(url) => format!("yes, and a server that runs calls {}", url.host()),
                Err(stop) => format!("yes, but {}", stop.reason()),
            };
            let call = look.written.item("challenge", *index);
            let at = call.and_then(|it| entry(it, "call")).map(|it| it.key.span);
            look.note(Kind::Challenge, *index, decision, at, Vec::new());
        }
        Fact::Captured { secret } => {
            let decision = format!(
                "brings the secret {secret}, which is stored while somebody expects it, and else \
                 refused"
            );
            look.note(Kind::Challenge, 0, decision, look.key("challenge"), Vec::new());
        }
        Fact::ChallengeToken { name, value } => {
            look.shown().mask(value, &format!("<token {name}>"));
        }
        _ => {}
    }
}
