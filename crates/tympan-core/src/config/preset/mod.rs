//! Presets: what a provider is known to do, in the grammar of listeners.
//!
//! A preset that is named is put beneath what its listener says before that is read (`expand.rs`),
//! so that everything behind it knows listeners only.

mod catalogue;
mod expand;
mod read;

use std::time::Duration;

pub use catalogue::built_in;
pub use catalogue::nearest;
pub use catalogue::text;

pub(crate) use expand::Presets;
pub(crate) use expand::expand;
pub(crate) use expand::quoted;

use crate::span::FileId;
use crate::yaml::Entry;

/// What one provider does.
#[derive(Clone, Debug)]
pub struct Preset {
    /// What listeners call it, without the date that they may hold it to.
    pub name: String,
    /// What the provider calls itself.
    pub title: String,
    /// What it is about.
    pub category: String,
    /// The pages that are relied on.
    pub source: Vec<String>,
    /// The day on which they were compared with the preset.
    pub checked: String,
    /// How well the facts are known.
    pub sure: Sure,
    /// What its user has to say.
    pub parameters: Vec<Parameter>,
    /// How long the provider waits for an answer.
    pub ack_within: Option<Duration>,
    /// How often it tries again.
    pub retries: Option<String>,
    /// What else its user should know.
    pub notes: Vec<String>,
    /// What it says in the place of a listener.
    pub(crate) listener: Vec<Entry>,
    /// Where it is written.
    pub(crate) file: FileId,
}

/// How well the facts of a preset are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sure {
    /// How senders prove themselves.
    pub verification: Sureness,
    /// How the provider sets up.
    pub challenge: Option<Sureness>,
    /// Where events say what they are.
    pub events: Option<Sureness>,
    /// How long it waits, and how often it tries again.
    pub delivery: Option<Sureness>,
    /// How webhooks are made there.
    pub registration: Option<Sureness>,
}

/// How well a fact is known, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sureness {
    /// The provider, or a library of its own, says so.
    Documented,
    /// Code of others does so, and has to agree with the provider to work.
    Code,
    /// It is said to be so.
    Known,
}

/// What the user of a preset has to say.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: ParameterKind,
    /// Where it is found.
    pub doc: String,
    /// Whether it has to be given.
    pub required: bool,
}

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// The name of a secret.
    Secret,
    /// A text.
    Text,
    /// A URL.
    Url,
}

impl Preset {
    /// The parameters that are secrets.
    pub fn secrets(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|it| it.kind == ParameterKind::Secret)
    }

    /// The least certain of what its listeners are safe by.
    #[must_use]
    pub fn sureness(&self) -> Sureness {
        self.sure.challenge.map_or(self.sure.verification, |it| it.max(self.sure.verification))
    }
}

impl Sureness {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Code => "code",
            Self::Known => "known",
        }
    }

    fn read(word: &str) -> Self {
        match word {
            "documented" => Self::Documented,
            "code" => Self::Code,
            _ => Self::Known,
        }
    }
}
