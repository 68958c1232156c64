//! What challenges may sign and echo, by their patterns.

use std::collections::HashMap;

use regex::Regex;
use regex_syntax::hir::Class;
use regex_syntax::hir::Hir;
use regex_syntax::hir::HirKind;

use crate::config::Action;
use crate::config::ChallengeProof;
use crate::config::ChallengeToken;
use crate::config::ClientProof;
use crate::config::Config;
use crate::config::Listener;
use crate::config::Reader;
use crate::config::Reference;
use crate::config::Registration;
use crate::config::SecretId;
use crate::config::Verification;
use crate::diagnostic::Challenge;
use crate::diagnostic::Problem;
use crate::scheme::Algorithm;
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

    /// Tells of challenges that sign what the same secret signs for events (L01).
    ///
    /// An HMAC may do so for opaque tokens: whatever a pattern lets through, the pipeline takes no
    /// event of that shape; this keeps patterns from turning real ones away. A digest may not at all:
    /// who has one can make others, and one of the secret alone may be the key of something else.
    pub(super) fn check_challenges(&mut self) {
        let challenges = self.config.listeners.iter().flat_map(|listener| &listener.challenges);
        let tokens = challenges.flat_map(|challenge| &challenge.tokens);
        let (digests, macs): (Vec<_>, Vec<_>) = tokens.partition(|token| is_digest(token));
        let wide: Vec<_> = macs.into_iter().filter(|token| !is_opaque(&token.allow)).collect();
        let mut found = Vec::new();
        if !wide.is_empty() {
            let signers = Users::of(&self.config, signers(&self.config));
            for token in wide {
                let listener = signers.of_same(token.signing.secret).map(str::to_owned);
                found.extend(listener.map(|listener| (token.at, Challenge::Signs { listener })));
            }
        }
        if !digests.is_empty() {
            let provers = Users::of(&self.config, provers(&self.config));
            for token in digests {
                let user = provers.of_same(token.signing.secret).map(str::to_owned);
                found.extend(user.map(|user| (token.signing.at, Challenge::Mixes { user })));
            }
        }
        for (at, challenge) in found {
            self.report(at, Problem::Challenge(challenge));
        }
    }
}

/// Who uses which secrets, known by what they refer to, whatever their names are.
struct Users<'c> {
    config: &'c Config,
    users: HashMap<&'c Reference, String>,
}

impl<'c> Users<'c> {
    fn of(config: &'c Config, found: impl IntoIterator<Item = (SecretId, String)>) -> Self {
        let mut all = Self { config, users: HashMap::new() };
        for (secret, user) in found {
            for reference in all.references(secret) {
                all.users.entry(reference).or_insert_with(|| user.clone());
            }
        }
        all
    }

    /// Who uses the same secret.
    fn of_same(&self, secret: SecretId) -> Option<&str> {
        let mut references = self.references(secret).iter();
        references.find_map(|reference| self.users.get(reference)).map(String::as_str)
    }

    fn references(&self, secret: SecretId) -> &'c [Reference] {
        self.config.secrets.get(secret.0).map_or(&[], |it| &it.references)
    }
}

/// The secrets of the signatures that senders of events may prove themselves with, with their listeners.
fn signers(config: &Config) -> Vec<(SecretId, String)> {
    let listeners = config.listeners.iter().flat_map(|listener| {
        // No opaque token has the dots of a JWT.
        let proofs = proofs(listener).into_iter();
        let signed =
            proofs.filter(|it| matches!(it, Verification::Signature(_) | Verification::Jwt(_)));
        let secrets = signed.filter_map(|it| secret_of(config, it));
        secrets.map(|secret| (secret, listener.name.clone()))
    });
    listeners.collect()
}

/// Every secret that somebody proves itself with, here or elsewhere, or that something is encrypted with,
/// and who uses it so.
fn provers(config: &Config) -> Vec<(SecretId, String)> {
    let mut found: Vec<(SecretId, String)> = Vec::new();
    let mut add = |secrets: Vec<SecretId>, user: &dyn Fn() -> String| {
        found.extend(secrets.into_iter().map(|secret| (secret, user())));
    };
    for listener in &config.listeners {
        let name = &listener.name;
        add(of_listener(config, listener), &|| format!("listener `{name}`"));
        let registration = listener.registration.iter().flat_map(Registration::actions);
        let sent = registration.flat_map(Action::secrets).collect();
        add(sent, &|| format!("the registration of listener `{name}`"));
    }
    for client in &config.clients {
        let secret = client.proof.iter().map(ClientProof::secret).collect();
        add(secret, &|| format!("client `{}`", client.name));
    }
    for connector in &config.connectors {
        add(connector.secrets(), &|| format!("connector `{}`", connector.name));
    }
    for action in &config.actions {
        add(action.secrets().collect(), &|| format!("action `{}`", action.name));
    }
    for destination in &config.destinations {
        let secrets = destination.kind.secret().into_iter().collect();
        add(secrets, &|| format!("destination `{}`", destination.name));
    }
    add(config.admin.token.into_iter().collect(), &|| "`admin`".to_owned());
    found
}

/// What proves something to a listener, or of its answers.
fn of_listener(config: &Config, listener: &Listener) -> Vec<SecretId> {
    let proofs = proofs(listener).into_iter().filter_map(|it| secret_of(config, it));
    let tokens = listener.challenges.iter().flat_map(|challenge| &challenge.tokens);
    let macs = tokens.filter(|token| !is_digest(token)).map(|token| token.signing.secret);
    let greetings = listener.challenges.iter().map(|challenge| &challenge.response);
    let answers = greetings.chain(listener.responses.iter().map(|(_, response)| response));
    let replies = answers.filter_map(|it| it.encrypt.as_ref()?.signature.as_ref());
    let decrypt = listener.decrypt.iter().map(|decrypt| decrypt.secret);
    let replies = replies.map(|signature| signature.secret);
    proofs.chain(macs).chain(replies).chain(decrypt).collect()
}

/// Everything by itself that senders of events and of challenges may have to prove.
fn proofs(listener: &Listener) -> Vec<&Verification> {
    let own = listener.challenges.iter().filter_map(|challenge| match &challenge.proof {
        Some(ChallengeProof::Own(verification)) => Some(verification),
        Some(ChallengeProof::Listener) | None => None,
    });
    let mut all: Vec<_> = std::iter::once(&listener.verification).chain(own).collect();
    let mut single = Vec::new();
    while let Some(it) = all.pop() {
        match it {
            Verification::Any(list) | Verification::All(list) => all.extend(list),
            it => single.push(it),
        }
    }
    single
}

fn secret_of(config: &Config, verification: &Verification) -> Option<SecretId> {
    match verification {
        Verification::Signature(check) => check.secret,
        Verification::Jwt(check) => check.secret(),
        Verification::Token(check) => Some(check.secret),
        Verification::Basic(check) => Some(check.secret),
        Verification::Credential(check) => config.secret_of(check.client),
        Verification::BodyDigest(_)
        | Verification::Rule(_)
        | Verification::IpAllowlist(_)
        | Verification::ClientCertificate(_)
        | Verification::Any(_)
        | Verification::All(_)
        | Verification::None(_) => None,
    }
}

fn is_digest(token: &ChallengeToken) -> bool {
    matches!(token.signing.algorithm, Algorithm::Digest(_))
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
