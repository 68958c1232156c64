//! Which promises hold for a listener as it is configured, and why others do not.

use std::time::Duration;

use crate::config::Ack;
use crate::config::Config;
use crate::config::Destination;
use crate::config::Kind;
use crate::config::Listener;
use crate::config::Verification;

/// The horizon of retries that is promised.
const HORIZON: Duration = Duration::from_hours(72);

/// How long the least patient providers wait for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Something that may be promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// What.
    pub what: &'static str,
    /// Why it does not hold; it does if there is no reason.
    pub broken: Option<String>,
}

/// Everything that may be promised of a listener.
#[must_use]
pub fn promises(config: &Config, listener: &Listener) -> Vec<Promise> {
    let to = listener.deliver.iter().filter_map(|route| config.destinations.get(route.to.0));
    let to: Vec<_> = to.collect();
    let promise = |what, broken| Promise { what, broken };
    vec![
        promise("only who proves itself makes events", proven(listener)),
        promise("what is acknowledged is on the disk", durable(listener)),
        promise("what cannot be kept is answered with 503, and never with success", None),
        promise("every event reaches a destination, or is a dead letter with a reason", heard(&to)),
        promise("delivered means that the destination has it durably", taken(&to)),
        promise("what fails is tried again for 72 hours", lasting(&to)),
        promise("what comes again is kept once", once(listener)),
        promise("events of one key arrive in order", ordered(&to)),
        promise("the answer comes within the patience of any provider", prompt(listener)),
    ]
}

fn proven(listener: &Listener) -> Option<String> {
    let why = anyone(&listener.verification)?;
    Some(format!("`verification: {{none: ...}}` lets anybody in: {why}"))
}

/// Why anyone may send, if so. That stands beside nothing else.
fn anyone(verification: &Verification) -> Option<&str> {
    match verification {
        Verification::None(why) => Some(why),
        Verification::All(all) | Verification::Any(all) => all.iter().find_map(anyone),
        _ => None,
    }
}

fn durable(listener: &Listener) -> Option<String> {
    let is_memory = listener.ack == Ack::Memory;
    is_memory.then(|| "`ack: memory` answers before that: a crash may lose it".to_owned())
}

fn heard(to: &[&Destination]) -> Option<String> {
    to.is_empty().then(|| "`deliver` names no destination".to_owned())
}

fn taken(to: &[&Destination]) -> Option<String> {
    let weak = |it: &&Destination| match &it.kind {
        Kind::Stdout => Some(format!("{} is standard output, whose reader may lose it", it.name)),
        #[cfg(feature = "nats")]
        Kind::Nats(nats) if !nats.jetstream => {
            Some(format!("{} is NATS without JetStream, which keeps nothing", it.name))
        }
        #[cfg(feature = "redis")]
        Kind::Redis(_) => {
            Some(format!("{} is Redis, which keeps as much as its `appendfsync` makes it", it.name))
        }
        _ => None,
    };
    to.iter().find_map(weak)
}

fn lasting(to: &[&Destination]) -> Option<String> {
    to.iter().find_map(|it| match (it.retry.horizon < HORIZON, it.retry.attempts) {
        (true, _) => Some(format!("{} has `retry: {{for: ...}}` below that", it.name)),
        (false, Some(attempts)) => Some(format!("{} is tried {attempts} times at most", it.name)),
        (false, None) => None,
    })
}

fn once(listener: &Listener) -> Option<String> {
    let is_unknown = listener.deduplicate.is_none();
    is_unknown.then(|| "`deduplicate` names no key, so nothing is known to come again".to_owned())
}

fn ordered(to: &[&Destination]) -> Option<String> {
    let loose = to.iter().find(|it| it.order_by.is_none())?;
    Some(format!("{} has no `order_by`: one that is tried again comes later", loose.name))
}

fn prompt(listener: &Listener) -> Option<String> {
    let is_slow = listener.patience > PATIENCE;
    let seconds = listener.patience.as_secs_f64();
    is_slow.then(|| format!("`limits: {{ack: ...}}` lets it take {seconds} s"))
}
