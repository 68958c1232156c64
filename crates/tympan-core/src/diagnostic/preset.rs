//! What can be wrong with the use of presets, and all words about it.

use std::time::Duration;

use super::Severity;
use super::problem::nearest;
use super::problem::quoted_list;

/// What is wrong with the use of a preset, as facts.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields of a fact say in one word what they hold")]
pub enum Preset {
    /// There is no such preset.
    Unknown { name: String, known: Vec<String> },
    /// A preset has no such parameter.
    UnknownParameter { preset: String, name: String, known: Vec<String> },
    /// A parameter that has to be given. `doc` says where it is found.
    MissingParameter { preset: String, name: String, doc: String, is_secret: bool, is_alone: bool },
    /// `secret` with a preset that has none, or several.
    NotOneSecret { preset: String, secrets: Vec<String> },
    /// What a preset says was checked on another day than the listener holds it to.
    Pinned { preset: String, pinned: String, checked: String },
    /// A key that only goes with a preset.
    Without { key: &'static str },
    /// The listener may take longer than its provider waits.
    Impatient { preset: String, ack: Duration, patience: Duration },
}

impl Preset {
    /// See [`super::Problem::code`].
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "C170",
            Self::UnknownParameter { .. } => "C171",
            Self::MissingParameter { .. } => "C172",
            Self::NotOneSecret { .. } => "C173",
            Self::Pinned { .. } => "C174",
            Self::Without { .. } => "C175",
            Self::Impatient { .. } => "L51",
        }
    }

    /// See [`super::Problem::severity`].
    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::Impatient { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// See [`super::Problem::message`].
    pub(super) fn message(&self) -> String {
        match self {
            Self::Unknown { name, .. } => format!("there is no preset `{name}`"),
            Self::UnknownParameter { preset, name, .. } => {
                format!("preset `{preset}` has no parameter `{name}`")
            }
            Self::MissingParameter { preset, name, .. } => {
                format!("preset `{preset}` needs its parameter `{name}`")
            }
            Self::NotOneSecret { preset, secrets } if secrets.is_empty() => {
                format!("preset `{preset}` has no secret")
            }
            Self::NotOneSecret { preset, secrets } => {
                format!("preset `{preset}` has {} secrets", secrets.len())
            }
            Self::Pinned { preset, pinned, checked } => format!(
                "preset `{preset}` is held fast as of {pinned}, and the one at hand is of {checked}"
            ),
            Self::Without { key } => format!("`{key}` says nothing without a `preset`"),
            Self::Impatient { preset, ack, patience } => format!(
                "keeping an event may take {ack:?}, and the provider of preset `{preset}` waits \
                 {patience:?} in all"
            ),
        }
    }

    /// See [`super::Problem::help`].
    pub(super) fn help(&self) -> String {
        match self {
            Self::Unknown { name, known } => match nearest(name, &refs(known)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`tympan presets list` names them; a sender without one is described by \
                         `verification`"
                    .to_owned(),
            },
            Self::UnknownParameter { name, known, .. } => match nearest(name, &refs(known)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "remove it".to_owned(),
                None => format!("its parameters are {}", quoted_list(&refs(known))),
            },
            Self::MissingParameter { name, doc, is_secret, is_alone, .. } => {
                let line = match (is_secret, is_alone) {
                    (true, true) => "`secret: NAME`, a name from `secrets:`".to_owned(),
                    (true, false) => format!("`with: {{{name}: NAME}}`, a name from `secrets:`"),
                    (false, _) => format!("`with: {{{name}: ...}}`"),
                };
                format!("add {line}; where it is found: {doc}")
            }
            Self::NotOneSecret { secrets, .. } if secrets.is_empty() => "remove it".to_owned(),
            Self::NotOneSecret { secrets, .. } => {
                let names = secrets.iter().map(|name| format!("{name}: NAME")).collect::<Vec<_>>();
                format!("say which is which: `with: {{{}}}`", names.join(", "))
            }
            Self::Pinned { preset, pinned, .. } => format!(
                "read what it says now (`tympan presets show {preset}`) and take its date, or put \
                 what it said into a folder of `presets:` as `{preset}@{pinned}.yaml`"
            ),
            Self::Without { .. } => "add `preset: NAME`, or remove it".to_owned(),
            Self::Impatient { .. } => "make `limits: {ack: ...}` shorter: an event that is kept \
                                       too late is sent again"
                .to_owned(),
        }
    }
}

fn refs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}
