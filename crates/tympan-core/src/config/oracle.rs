//! What challenges may sign and echo, by their patterns.

use std::collections::HashMap;

use regex::Regex;
use regex_syntax::hir::Class;
use regex_syntax::hir::Hir;
use regex_syntax::hir::HirKind;

use crate::config::ChallengeProof;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::Verification;
use crate::diagnostic::Challenge;
use crate::diagnostic::Problem;
use crate::span::Span;
use crate::yaml::Node;

/// The longest token that is certainly no event, in bytes.
const MOST_SIGNED: usize = 128;

/// The longest text that is echoed without a warning, in bytes.
const MOST_ECHOED: usize = 1024;

impl Reader<'_> {
    /// Warns of a pattern that lets nearly everything through (L04).
    pub(super) fn check_echo(&mut self, node: &Node, allow: Option<&Regex>) {
        let Some(hir) = allow.and_then(parse) else { return };
        let is_bounded = hir.properties().maximum_len().is_some_and(|most| most <= MOST_ECHOED);
        let what = if !is_bounded {
            "texts of any length"
        } else if !consists_of(&hir, |byte| (b' '..=b'~').contains(&byte)) {
            "more than the printable characters of ASCII"
        } else {
            return;
        };
        self.report(node.span, Problem::Challenge(Challenge::Echo { what }));
    }

    /// Tells of challenges that sign more than opaque tokens with a secret that also verifies
    /// events (L01). Whatever a pattern lets through, the pipeline takes no event of that shape;
    /// this keeps patterns from turning real ones away.
    pub(super) fn check_challenges(&mut self) {
        let challenges = self.config.listeners.iter().flat_map(|listener| &listener.challenges);
        let tokens = challenges.flat_map(|challenge| &challenge.tokens);
        let wide: Vec<(SecretId, Span)> = tokens
            .filter(|token| !is_opaque(&token.allow))
            .map(|token| (token.secret, token.at))
            .collect();
        if wide.is_empty() {
            return;
        }
        let mut verifiers: HashMap<SecretId, &str> = HashMap::new();
        for listener in &self.config.listeners {
            let own = listener.challenges.iter().filter_map(|challenge| match &challenge.proof {
                Some(ChallengeProof::Own(verification)) => Some(verification),
                Some(ChallengeProof::Listener) | None => None,
            });
            for secret in std::iter::once(&listener.verification).chain(own).flat_map(signers) {
                verifiers.entry(secret).or_insert(&listener.name);
            }
        }
        let found: Vec<_> = wide
            .into_iter()
            .filter_map(|(secret, at)| Some((at, (*verifiers.get(&secret)?).to_owned())))
            .collect();
        for (at, listener) in found {
            self.report(at, Problem::Challenge(Challenge::Signs { listener }));
        }
    }
}

/// The secrets of the signatures that a sender may prove itself with.
fn signers(verification: &Verification) -> Vec<SecretId> {
    match verification {
        Verification::Signature(check) => check.secret.into_iter().collect(),
        // No opaque token has the dots of these.
        Verification::Jwt(check) => check.secret().into_iter().collect(),
        Verification::Any(list) | Verification::All(list) => {
            list.iter().flat_map(signers).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether everything that a pattern matches is a short token without any structure.
fn is_opaque(allow: &Regex) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    parse(allow).is_some_and(|hir| {
        let most = hir.properties().maximum_len();
        most.is_some_and(|most| most <= MOST_SIGNED) && consists_of(&hir, is_plain)
    })
}

fn parse(pattern: &Regex) -> Option<Hir> {
    regex_syntax::parse(pattern.as_str()).ok()
}

/// Whether every character that a pattern can match is one of these.
fn consists_of(hir: &Hir, is_one: impl Fn(u8) -> bool + Copy) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => literal.0.iter().all(|byte| is_one(*byte)),
        HirKind::Class(Class::Unicode(class)) => class.iter().all(|range| {
            let ends = u8::try_from(range.start()).ok().zip(u8::try_from(range.end()).ok());
            ends.is_some_and(|(start, end)| (start..=end).all(is_one))
        }),
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().all(|range| (range.start()..=range.end()).all(is_one))
        }
        HirKind::Repetition(repetition) => consists_of(&repetition.sub, is_one),
        HirKind::Capture(capture) => consists_of(&capture.sub, is_one),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().all(|part| consists_of(part, is_one))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_opaque;
    use crate::config::whole_match;

    #[test]
    fn opaque_tokens() {
        for (pattern, expected) in [
            ("[A-Za-z0-9_-]{1,128}", true),
            ("^[a-f0-9]{20,32}$", true),
            ("(abc|[0-9])", true),
            ("[A-Za-z0-9_-]{1,129}", false),
            ("[A-Za-z0-9_-]+", false),
            ("[^:]{1,9}", false),
            (".{1,20}", false),
            ("\\w{1,20}", false),
            ("a:b", false),
            ("(?i)k", false),
        ] {
            assert_eq!(is_opaque(&whole_match(pattern).unwrap()), expected, "{pattern}");
        }
    }
}
