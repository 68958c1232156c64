//! What has to be fetched before a sender can be verified, and what is known of it.

use super::Scope;
use crate::fetched::Found;
use crate::fetched::Source;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;

/// Keys that are needed to judge a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequest {
    /// Where they are.
    pub source: Source,
    /// The key that is meant, if it is named.
    pub kid: Option<String>,
}

/// The request for a key, unless it is known or was asked for.
pub(super) fn unless_known(
    source: &Source,
    kid: Option<String>,
    scope: &Scope<'_, '_>,
    asked: &[Source],
) -> Option<KeyRequest> {
    let wants = || {
        let now = scope.head.now;
        scope.fetched.is_none_or(|fetched| fetched.wants(source, kid.as_deref(), now))
    };
    let is_wanted = !asked.contains(source) && wants();
    is_wanted.then(|| KeyRequest { source: source.clone(), kid })
}

/// What is known of a source. Where nothing is, the sender may have to come again.
pub(super) fn known<'k>(
    source: &Source,
    scope: &Scope<'k, '_>,
    what: &'static str,
) -> Result<&'k Found, Stop> {
    let known = scope.fetched.and_then(|fetched| fetched.get(source));
    if let Some(found) = known.and_then(|known| known.found.as_ref()) {
        return Ok(found);
    }
    let fault = known.and_then(|known| known.fault.clone());
    Err(Stop {
        outcome: Outcome::NotReady,
        reason: Reason::NotFetched {
            what,
            url: source.to_string(),
            why: fault.unwrap_or_else(|| "nobody has asked for it".to_owned()),
        },
    })
}
