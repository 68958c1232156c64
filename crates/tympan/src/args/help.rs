//! What `--help` says at its end.

use crate::exit;

pub(super) const PLAN: &str = "\
Lines:
  + NAME            a listener is new
  ~ NAME (KEYS)     these keys of a listener differ
  - NAME            a listener is gone
  ~ SECTION:        a part of the file outside of the listeners differs
  ! NAME would be   serving or not ready, with the secrets that can be found here";

pub(super) fn plan_help() -> String {
    format!("{PLAN}\n\n{}", exit::HELP)
}

pub(super) const EXAMPLES: &str = "\
Examples:
  tympan run                 serve listeners.yaml of this folder
  tympan check --strict      is it good, warnings included?
  tympan explain saved.http  why is this request answered as it is?
  tympan eval action         what does an expression yield?
  tympan simulate orders     send what the provider would
  tympan test                do the listeners do what their tests say?
  tympan plan                what would a save change?
  tympan call orders.me      make a call that the file describes
  tympan register orders     make a listener known to its provider
  tympan help run            what a command does";

pub(super) fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", exit::HELP)
}

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  tympan explain saved.http                        a raw message: head, empty line, body
  pbpaste | tympan explain -                       a curl command line
  tympan explain seen.har --entry 3 --at 1700000000
  tympan explain --url /hooks/a -H 'X-Key: 1' --body body.json --expect accepted";

pub(super) fn explain_long_help() -> String {
    format!("{EXPLAIN_EXAMPLES}\n\n{EXPLAIN_JSON}\n\n{}", exit::HELP)
}

pub(super) const EVAL_EXAMPLES: &str = "\
Examples:
  tympan eval '$LENGTH(items) > 1' --body body.json --trace
  tympan eval 'headers[\"X-Event\"]' -H 'X-Event: push'
  tympan eval --jmespath 'items[?open].id' --request saved.http
  tympan eval --request saved.http      a prompt";

pub(super) fn eval_long_help() -> String {
    format!("{EVAL_EXAMPLES}\n\n{}", exit::HELP)
}

pub(super) const SIMULATE_EXAMPLES: &str = "\
Examples:
  tympan simulate orders                           a delivery to the running server
  tympan simulate orders --case handshake
  tympan simulate orders --body order.json -H 'X-Event: paid' --to http://localhost:9000
  tympan simulate orders --print                   a command line of curl";

pub(super) fn simulate_long_help() -> String {
    format!("{SIMULATE_EXAMPLES}\n\n{}", exit::HELP)
}

pub(super) const EXPLAIN_JSON: &str = "\
--format json gives one object:
  request      method, target, bytes, at, notes
  stages       each: stage, decision, place {file, line, column} or null,
               details [{what, is}], if_verified (whether it is only reached then)
  outcome, status, reason
  if_verified  outcome, status, reason if a secret is missing, otherwise null
  causes       what is most likely wrong, the likeliest first";
