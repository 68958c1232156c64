//! What has to be fetched before a sender can be verified, and what is known of it.

use super::Scope;
use crate::fetched::Known;
use crate::fetched::Source;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::secret::Secret;

/// Keys that are needed to judge a request.
#[derive(Clone, Debug)]
pub struct KeyRequest {
    /// Where they are.
    pub source: Source,
    /// The key that is meant, if it is named.
    pub kid: Option<String>,
    /// What proves who asks.
    pub secrets: Vec<Secret>,
}

/// The request for a key, unless it is known or was asked for.
pub(super) fn unless_known(
    source: &Source,
    kid: Option<String>,
    scope: &Scope<'_, '_>,
    asked: &[Source],
) -> Option<Box<KeyRequest>> {
    let wants = || {
        let now = scope.head.now;
        scope.fetched.is_none_or(|fetched| fetched.wants(source, kid.as_deref(), now))
    };
    let is_wanted = !asked.contains(source) && wants();
    is_wanted.then(|| Box::new(KeyRequest { source: source.clone(), kid, secrets: Vec::new() }))
}

/// What is known of a source. Where nothing is that counts, the sender may have to come again.
pub(super) fn known<'k>(
    source: &Source,
    scope: &Scope<'k, '_>,
    what: &'static str,
) -> Result<&'k Known, Stop> {
    let known = scope.fetched.and_then(|fetched| fetched.get(source));
    match known.filter(|known| known.counts(scope.head.now)) {
        Some(known) => Ok(known),
        None => Err(not_fetched(source, what, known.and_then(|known| known.fault.as_deref()))),
    }
}

/// The end of a request that cannot be judged by what is known.
pub(super) fn not_fetched(source: &Source, what: &'static str, fault: Option<&str>) -> Stop {
    let why = fault.unwrap_or("nobody has asked for it").to_owned();
    let reason = Reason::NotFetched { what, url: source.to_string(), why };
    Stop::new(Outcome::NotReady, reason)
}
