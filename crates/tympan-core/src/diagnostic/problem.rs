//! Every mistake that a configuration can hold: the facts, their codes, and all words about them.

use tympan_expr::ErrorKind;
use tympan_expr::WarningKind;

use super::Challenge;
use super::Credential;
use super::Misform;
use super::Outward;
use super::Preset;
use super::Proving;
use super::Severity;
use super::expression;
use super::yaml;
use crate::span::Span;

/// What is wrong, as facts; [`Problem::message`] and [`Problem::help`] hold all the prose.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields of a fact say in one word what they hold")]
pub enum Problem {
    /// An admin address that anyone on the network could use.
    AdminOpen { address: String },
    /// An admin address whose token goes over the network in the clear.
    AdminPlain { address: String },
    /// A name that may not be used for this kind of thing.
    BadName { kind: &'static str, name: String },
    /// A path that cannot be routed.
    BadPath { path: String, why: String },
    /// A literal that cannot be read as what its key holds.
    BadValue { what: &'static str, found: String, example: &'static str, why: Option<String> },
    /// See [`Challenge`].
    Challenge(Challenge),
    /// A value that can never be what its place needs.
    ConstantMisfit { found: &'static str, expected: &'static str },
    /// Something that is wrong with a client, or with the key of a token.
    Credential(Credential),
    /// A key stands twice in one map.
    DuplicateKey { key: String },
    /// A text that cannot be compiled as an expression.
    Expression(ErrorKind),
    /// A text that compiles, but hardly to what was meant.
    ExpressionWarning(WarningKind),
    /// A file without anything in it.
    EmptyFile,
    /// A key holds an empty list, which could never do anything.
    EmptyList { key: &'static str },
    /// A destination starts a program, and `server` does not allow that.
    ProgramsForbidden,
    /// A header that is set by the server itself, or is none.
    HeaderName { name: String, is_framing: bool },
    /// One of two keys that say the same thing.
    KeyConflict { key: &'static str, with: &'static str },
    /// A key that has to stand before another.
    KeyOrder { key: &'static str, before: &'static str },
    /// A name of `let` that is taken by a root, or cannot be written in an expression.
    LetName { name: String },
    /// Two listeners have one name.
    ListenerTaken { name: String, first: Span },
    /// A response that would tell the provider not to try again, though the event is lost.
    LostByStatus { outcome: &'static str },
    /// A form of the Data Mapper that is none.
    Misform(Misform),
    /// A key that has to be there.
    MissingKey { key: &'static str, section: &'static str, example: &'static str },
    /// The file is meant for another version.
    NewerVersion { found: i128 },
    /// A listener sends its events nowhere.
    NoDestination { listener: String },
    /// A listener that does not say how its senders prove themselves.
    NoVerification { listener: String },
    /// A pattern of `include` that no file matches.
    NothingIncluded { pattern: String },
    /// The text is no YAML.
    NotYaml { message: String },
    /// The file is no UTF-8.
    NotText { valid_up_to: usize },
    /// Something that is wrong with what requests may make us do.
    Outward(Outward),
    /// A section that takes exactly one of its keys has none or several.
    OneOf { section: &'static str, found: usize, keys: Vec<&'static str> },
    /// The file is larger, or expands to more, than is read.
    OverBudget { what: &'static str, most: usize },
    /// Two listeners would answer the same requests.
    PathTaken { path: String, by: String, first: Span },
    /// A JSON Schema that cannot be compiled, or refers to what would have to be fetched.
    PayloadSchema { why: String },
    /// See [`Preset`].
    Preset(Preset),
    /// Something that no expression of `redact` can be.
    Redact,
    /// A way for senders to prove themselves.
    Proving(Proving),
    /// The PROXY protocol, without anybody who may speak it.
    ProxyWithoutTrust,
    /// A listener that wants a certificate, where no client is asked for one.
    CertificateNeverAsked,
    /// A file of TLS that cannot be used.
    TlsFile { file: String, why: String },
    /// A regular expression that cannot be compiled.
    Regex { why: String },
    /// A section that all files share, in one that is included.
    RootOnly { key: String },
    /// A save would take the secret of a serving listener away.
    SecretLost { secret: String, listener: String, why: String },
    /// A secret that stands in the file itself.
    SecretWritten,
    /// More than one document in a file.
    SeveralDocuments,
    /// A word that is not among those that a key takes.
    UnknownChoice { found: String, choices: Vec<&'static str> },
    /// A key that its section does not know.
    UnknownKey { key: String, section: &'static str, known: Vec<&'static str> },
    /// A file that is included and cannot be read.
    Unreadable { why: String },
    /// A name that nothing is defined under.
    UnknownName { kind: &'static str, name: String, known: Vec<String> },
    /// Something is defined and never used.
    Unused { kind: &'static str, name: String },
    /// Another kind of value than the key holds.
    WrongType { expected: &'static str, found: &'static str },
}

impl Problem {
    /// Stands here for good: a code that was released is never given to another problem.
    ///
    /// `Y` is YAML itself, `C` keys and values, `E` expressions, `L` lints.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotYaml { .. } => "Y101",
            Self::DuplicateKey { .. } => "Y102",
            Self::OverBudget { .. } => "Y103",
            Self::EmptyFile => "Y104",
            Self::SeveralDocuments => "Y105",
            Self::NotText { .. } => "Y106",
            Self::UnknownKey { .. } => "C101",
            Self::MissingKey { .. } => "C102",
            Self::WrongType { .. } => "C103",
            Self::BadValue { .. } => "C104",
            Self::UnknownChoice { .. } => "C105",
            Self::UnknownName { .. } => "C106",
            Self::BadName { .. } => "C107",
            Self::BadPath { .. } => "C108",
            Self::PathTaken { .. } => "C109",
            Self::OneOf { .. } => "C110",
            Self::KeyConflict { .. } => "C111",
            Self::EmptyList { .. } => "C113",
            Self::HeaderName { .. } => "C114",
            Self::Regex { .. } => "C115",
            Self::NewerVersion { .. } => "C116",
            Self::ConstantMisfit { .. } => "C117",
            Self::SecretLost { .. } => "C118",
            Self::KeyOrder { .. } => "C119",
            Self::LetName { .. } => "C120",
            Self::LostByStatus { .. } => "C121",
            Self::ListenerTaken { .. } => "C122",
            Self::RootOnly { .. } => "C123",
            Self::Unreadable { .. } => "C124",
            Self::Redact => "C125",
            Self::PayloadSchema { .. } => "C126",
            Self::ProxyWithoutTrust => "C130",
            Self::CertificateNeverAsked => "C131",
            Self::TlsFile { .. } => "C132",
            Self::ProgramsForbidden => "C156",
            Self::Expression(kind) => expression::code(kind),
            Self::Challenge(problem) => problem.code(),
            Self::Credential(problem) => problem.code(),
            Self::Proving(problem) => problem.code(),
            Self::Misform(misform) => misform.code(),
            Self::Outward(problem) => problem.code(),
            Self::Preset(problem) => problem.code(),
            Self::ExpressionWarning(kind) => expression::warning_code(kind),
            Self::NoVerification { .. } => "L07",
            Self::AdminOpen { .. } | Self::AdminPlain { .. } => "L33",
            Self::SecretWritten => "L31",
            Self::NoDestination { .. } => "L41",
            Self::Unused { .. } => "L42",
            Self::NothingIncluded { .. } => "L45",
        }
    }

    /// Whether it keeps the configuration from being served.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Challenge(problem) => problem.severity(),
            Self::Credential(problem) => problem.severity(),
            Self::Outward(problem) => problem.severity(),
            Self::Proving(problem) => problem.severity(),
            Self::Misform(misform) => misform.severity(),
            Self::Preset(problem) => problem.severity(),
            Self::ExpressionWarning(_)
            | Self::AdminPlain { .. }
            | Self::NoDestination { .. }
            | Self::NothingIncluded { .. }
            | Self::Unused { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Whether it is a weakness of how a sender proves itself, which only the sender could mend.
    #[must_use]
    pub(crate) fn is_of_scheme(&self) -> bool {
        matches!(self.code(), "L11" | "L16" | "L44" | "L47")
    }

    /// One line in lower case without a full stop: what was found, and what was expected.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::AdminOpen { address } => {
                format!("anyone who reaches {address} could give orders: it needs a `token`")
            }
            Self::AdminPlain { address } => {
                format!("the token for {address} can be read by anyone on the way")
            }
            Self::BadName { kind, name } => {
                let article = if kind.starts_with('a') { "an" } else { "a" };
                format!("`{name}` cannot be the name of {article} {kind}")
            }
            Self::BadPath { path, why } => format!("`{path}` cannot be routed: {why}"),
            Self::BadValue { what, found, why: None, .. } => {
                format!("expected {what}, found `{found}`")
            }
            Self::BadValue { what, found, why: Some(why), .. } => {
                format!("expected {what}, found `{found}`: {why}")
            }
            Self::ConstantMisfit { found, expected } => {
                let found = expression::article(found);
                format!("this place needs {expected}, and this is always {found}")
            }
            Self::DuplicateKey { key } => format!("`{key}` stands twice in this map"),
            Self::Expression(kind) => expression::message(kind),
            Self::Challenge(problem) => problem.message(),
            Self::Credential(problem) => problem.message(),
            Self::Proving(problem) => problem.message(),
            Self::Misform(misform) => misform.message(),
            Self::Outward(problem) => problem.message(),
            Self::Preset(problem) => problem.message(),
            Self::ExpressionWarning(kind) => expression::warning_message(kind),
            Self::EmptyFile => "the file says nothing".to_owned(),
            Self::EmptyList { key } => format!("`{key}` holds an empty list"),
            Self::HeaderName { name, is_framing: true } => {
                format!("the server sets the header `{name}` itself")
            }
            Self::HeaderName { name, .. } => format!("no header can be called `{name}`"),
            Self::ProgramsForbidden => "no destination may start programs".to_owned(),
            Self::KeyConflict { key, with } => {
                format!("`{key}` and `{with}` cannot stand together")
            }
            Self::KeyOrder { key, before } => format!("`{key}` has to stand before `{before}`"),
            Self::LetName { name } => format!("`{name}` cannot be a name of `let`"),
            Self::ListenerTaken { name, .. } => format!("there is a listener `{name}` already"),
            Self::LostByStatus { outcome } => {
                format!(
                    "`{outcome}` needs a status from 500 on, or the provider gives the event up"
                )
            }
            Self::MissingKey { key, section, .. } => format!("{section} needs the key `{key}`"),
            Self::NewerVersion { found } => {
                format!("the file is written for version {found}; this tympan reads version 1")
            }
            Self::NoDestination { listener } => {
                format!("the events of listener `{listener}` are delivered nowhere")
            }
            Self::NoVerification { listener } => {
                format!("listener `{listener}` does not say how its senders are verified")
            }
            Self::NothingIncluded { pattern } => format!("no file matches `{pattern}`"),
            Self::NotYaml { message } => yaml::words(message),
            Self::NotText { .. } => "the file is not UTF-8".to_owned(),
            Self::OneOf { section, found: 0, .. } => {
                format!("{section} needs exactly one of its keys, found none")
            }
            Self::OneOf { section, found, .. } => {
                format!("{section} takes exactly one of its keys, found {found}")
            }
            Self::OverBudget { what, most } => {
                format!("the file holds more {what} than are read (at most {most})")
            }
            Self::PathTaken { path, by, .. } => {
                format!("listener `{by}` already answers requests for `{path}`")
            }
            Self::PayloadSchema { why } => format!("this is no schema: {why}"),
            Self::Redact => "this names no part of a request".to_owned(),
            Self::RootOnly { key } => format!("`{key}` cannot stand in a file that is included"),
            Self::ProxyWithoutTrust => {
                "`proxy_protocol` without `trusted_proxies` would never be spoken".to_owned()
            }
            Self::CertificateNeverAsked => {
                "no client is asked for a certificate, so nobody could ever have one".to_owned()
            }
            Self::TlsFile { file, why } => format!("`{file}` cannot be used: {why}"),
            Self::Regex { why } => format!("this regular expression does not compile: {why}"),
            Self::SecretLost { secret, listener, why } => format!(
                "listener `{listener}` is serving, and this save would take its secret \
                 `{secret}` away: {why}"
            ),
            Self::SecretWritten => "a secret is never written into this file".to_owned(),
            Self::SeveralDocuments => "the file holds more than one YAML document".to_owned(),
            Self::UnknownChoice { found, .. } => format!("`{found}` is none of the possible words"),
            Self::UnknownKey { key, section, .. } => format!("{section} has no key `{key}`"),
            Self::Unreadable { why } => format!("the file cannot be read: {why}"),
            Self::UnknownName { kind, name, .. } => format!("there is no {kind} `{name}`"),
            Self::Unused { kind, name } => format!("{kind} `{name}` is never used"),
            Self::WrongType { expected, found } => format!("expected {expected}, found {found}"),
        }
    }

    /// What to do about it, as an order that can be followed, when we can tell.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a list")]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::AdminOpen { .. } => {
                "add `token: NAME` with a name from `secrets:`, or listen at \
                                       `unix:PATH`, which only its owner can open"
                    .to_owned()
            }
            Self::AdminPlain { .. } => "listen at 127.0.0.1, behind a proxy that speaks TLS; or \
                                        stay within a network that you trust"
                .to_owned(),
            Self::BadName { .. } => {
                "use a lower-case letter or digit, then up to 62 more of them, \
                                     `_` or `-`"
                    .to_owned()
            }
            Self::BadPath { .. } => "write it like `/in/orders` or `/in/{customer}`".to_owned(),
            Self::BadValue { example, .. } => format!("write it like `{example}`"),
            Self::KeyConflict { key: "public_key", with: "algorithm" } => {
                "write the `algorithm` that the public key is for, such as `Ed25519`; or give a \
                 `secret` instead of the key"
                    .to_owned()
            }
            Self::KeyConflict { key: "hash_mode", with: "algorithm" } => {
                "remove `hash_mode`: this algorithm brings its own".to_owned()
            }
            Self::KeyConflict { key: "secret_at", with: "algorithm" } => {
                "write `algorithm: digest`, or remove `secret_at`".to_owned()
            }
            Self::DuplicateKey { .. } | Self::KeyConflict { .. } => "remove one of them".to_owned(),
            Self::Expression(kind) => return expression::help(kind),
            Self::Challenge(problem) => problem.help().to_owned(),
            Self::Credential(problem) => problem.help(),
            Self::Proving(problem) => problem.help(),
            Self::Misform(misform) => misform.help(),
            Self::Outward(problem) => problem.help(),
            Self::Preset(problem) => problem.help(),
            Self::ExpressionWarning(kind) => expression::warning_help(kind),
            Self::EmptyFile => {
                "write at least `version: 1`; to serve nothing, say `listeners: {}`".to_owned()
            }
            Self::EmptyList { .. } => "remove the key, or say what it should hold".to_owned(),
            Self::ProgramsForbidden => "allow it with `server: {exec: true}`: whoever can change \
                                        this file can then start anything"
                .to_owned(),
            Self::HeaderName { is_framing: true, .. } => "remove it".to_owned(),
            Self::HeaderName { .. } => "use letters, digits and `-`".to_owned(),
            Self::KeyOrder { before, .. } => format!("move it above `{before}:`"),
            Self::LetName { .. } => "use letters, digits and `_`, and none of the names that \
                                     requests bring along"
                .to_owned(),
            Self::ListenerTaken { .. } => "give one of the two another name".to_owned(),
            Self::LostByStatus { .. } => "use 503, or leave `status` out".to_owned(),
            Self::MissingKey { example, .. } => format!("add it, for example `{example}`"),
            Self::NewerVersion { .. } => "install a newer tympan, or write `version: 1`".to_owned(),
            Self::NoDestination { .. } => {
                "add `deliver: [NAME]` with a name from `destinations:`; \
                                           `deliver: []` says that this is meant"
                    .to_owned()
            }
            Self::NoVerification { .. } => "add `verification:`, for example with a `signature`; \
                                            for a sender that cannot sign, give the reason: \
                                            `verification: {none: \"why\"}`"
                .to_owned(),
            Self::NotYaml { message } => return yaml::help(message),
            Self::NothingIncluded { .. } => {
                "patterns are relative to the folder of this file, and `*` ends at `/`; remove it \
                 if there are no files yet"
                    .to_owned()
            }
            Self::NotText { .. } => "save the file as UTF-8".to_owned(),
            Self::OneOf { keys, found: 0, .. } => match keys[..] {
                [key] => format!("add `{key}`"),
                _ => format!("add one of {}", quoted_list(keys)),
            },
            Self::OneOf { .. } => "keep one of them".to_owned(),
            Self::OverBudget { .. } => "make the file smaller; aliases may repeat what is written \
                                        tenfold at most"
                .to_owned(),
            Self::PathTaken { .. } => "give one of the two another `path`".to_owned(),
            Self::Regex { why } if why.contains("look") || why.contains("backref") => {
                "write it without: only what runs in linear time is known".to_owned()
            }
            Self::ProxyWithoutTrust => {
                "name the proxies: `trusted_proxies: [10.0.0.0/8]`".to_owned()
            }
            Self::CertificateNeverAsked => {
                "say whose certificates count: `server: {tls: {..., client_ca: FILE}}`".to_owned()
            }
            Self::TlsFile { .. } => "put PEM files there that belong together".to_owned(),
            Self::SecretLost { .. } => "make the secret resolvable again, or remove the listener \
                                        in the same save"
                .to_owned(),
            Self::SecretWritten => {
                "say where it is found: `{file: secrets/NAME}` or `{env: NAME}`; \
                                    and replace the one that was written here"
                    .to_owned()
            }
            Self::SeveralDocuments => "remove the `---` and what follows it".to_owned(),
            Self::UnknownChoice { found, choices } => match nearest(found, choices) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("use one of {}", quoted_list(choices)),
            },
            Self::UnknownKey { key, known, .. } => match nearest(key, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its keys are {}", quoted_list(known)),
            },
            Self::UnknownName { kind, name, .. } if name.contains('$') => format!(
                "nothing is substituted in this file: name it under `{kind}s:`, where its value \
                 can come from the environment"
            ),
            Self::UnknownName { kind, name, known } => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                match nearest(name, &known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if known.is_empty() => format!("define it under `{kind}s:`"),
                    None => format!("define it under `{kind}s:`, or use {}", quoted_list(&known)),
                }
            }
            Self::Unused { .. } => "remove it, or use it".to_owned(),
            Self::ConstantMisfit { expected: "a text", found: "bytes" } => {
                "write bytes as text with `$HEX_ENCODE` or `$BASE64_ENCODE`".to_owned()
            }
            Self::ConstantMisfit { expected: "a list", .. } => {
                "brackets make a list of one value: `[x]`; `$VALUES` makes one of a map".to_owned()
            }
            Self::ConstantMisfit { expected: "a text", .. } => {
                "join it to a text with `$CONCAT`".to_owned()
            }
            Self::ConstantMisfit { .. } => "read a part of the request, such as `raw_body` or \
                                            `headers[\"X-Name\"]`"
                .to_owned(),
            Self::WrongType { expected: "true or false", .. } => {
                "write `true` or `false`, without quotes".to_owned()
            }
            Self::WrongType { expected: "an expression", .. } => {
                "write a text, or `{jmespath: \"...\"}`".to_owned()
            }
            Self::PayloadSchema { .. } => {
                "write a JSON Schema whose every `$ref` stays within it, \
                                           or only the fields with their types"
                    .to_owned()
            }
            Self::Redact => "write a path, such as `parsed_body.sender.email` or \
                             `headers[\"Authorization\"]`"
                .to_owned(),
            Self::RootOnly { .. } => "move it to the file with `include`: all files share it; an \
                                      included one holds `listeners`"
                .to_owned(),
            Self::Unreadable { .. } => {
                "let the user that runs tympan read it, or take it out of `include`".to_owned()
            }
            Self::Regex { .. } | Self::WrongType { .. } => return None,
        })
    }

    /// A second place that the reader has to see, and why.
    #[must_use]
    pub fn related(&self) -> Option<(Span, &'static str)> {
        match self {
            Self::PathTaken { first, .. } | Self::ListenerTaken { first, .. } => {
                Some((*first, "taken here"))
            }
            Self::Credential(problem) => problem.related(),
            _ => None,
        }
    }
}

/// The word nearest to `found`, if one is near enough to have been meant.
#[must_use]
pub(crate) fn nearest<'w>(found: &str, words: &[&'w str]) -> Option<&'w str> {
    let found = found.to_lowercase();
    words
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&found, &word.to_lowercase()), *word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 5)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// At most a dozen words in backticks, as a sentence lists them.
pub(super) fn quoted_list(words: &[&str]) -> String {
    let shown = words.iter().take(12).map(|word| format!("`{word}`")).collect::<Vec<_>>();
    match words.len() - shown.len() {
        0 => match shown.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
            None => String::new(),
        },
        n_more => format!("{} and {n_more} more", shown.join(", ")),
    }
}

pub(super) fn time_words(seconds: u64) -> String {
    let (count, unit) = match seconds {
        86_400.. => (seconds / 86_400, "day"),
        3_600.. => (seconds / 3_600, "hour"),
        60.. => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::nearest;
    use super::quoted_list;

    #[test]
    fn nearest_word() {
        let words = ["path", "payload", "verification"];
        assert_eq!(nearest("pth", &words), Some("path"));
        assert_eq!(nearest("Verfication", &words), Some("verification"));
        assert_eq!(nearest("response", &words), None);
    }

    #[test]
    fn lists_of_words() {
        assert_eq!(quoted_list(&["a"]), "`a`");
        assert_eq!(quoted_list(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
