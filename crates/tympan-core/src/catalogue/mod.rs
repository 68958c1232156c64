//! Presets by themselves: what each verifies and asks for, as a list, as a page, and tried.

mod page;
mod proof;
mod trial;

use std::fmt::Write;
use std::sync::Arc;

use crate::config::Config;
use crate::config::Loaded;
use crate::config::Preset;
use crate::config::preset;
use crate::config::preset::ParameterKind;
use crate::diagnostic::Diagnostics;
use crate::span::Sources;

pub use page::page;
pub use trial::Tried;
pub use trial::try_out;

/// What the listener is called that says nothing but a preset.
const LISTENER: &str = "preset";

/// A preset, and a listener that says nothing else.
#[derive(Debug)]
pub struct Entry {
    /// The preset.
    pub preset: Arc<Preset>,
    /// How senders prove themselves, in words.
    pub proof: String,
    /// What is wrong with it.
    pub diagnostics: Diagnostics,
    /// The texts that these point into.
    pub sources: Sources,
    /// The listener, as the only one of a configuration that has every parameter.
    config: Config,
}

impl Entry {
    /// A preset that comes with the program.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        preset::text(name)?;
        Self::read(name, None).ok()
    }

    /// One in a file of a user's own.
    ///
    /// # Errors
    ///
    /// What is wrong with it, if it is no preset at all.
    pub fn own(name: &str, file: String, bytes: Vec<u8>) -> Result<Self, (Diagnostics, Sources)> {
        let kind = crate::FileKind::Preset(name.to_owned());
        Self::read(name, Some(crate::File { name: file, kind, bytes: Ok(bytes) }))
    }

    /// Whether its provider sends something to set the listener up.
    #[must_use]
    pub fn has_challenge(&self) -> bool {
        self.config.listeners.iter().any(|listener| !listener.challenges.is_empty())
    }

    fn read(name: &str, file: Option<crate::File>) -> Result<Self, (Diagnostics, Sources)> {
        // Which parameters it has is known when it was read.
        let (Loaded { config, diagnostics }, sources) = load(name, "", "", file.clone());
        let Some(preset) = config.presets.get(name).cloned() else {
            return Err((diagnostics, sources));
        };
        let (mut secrets, mut with) = (String::new(), String::new());
        for parameter in &preset.parameters {
            let name = &parameter.name;
            let _ = match parameter.kind {
                ParameterKind::Secret => {
                    let _ = write!(secrets, "{name}: {{env: X}}, ");
                    write!(with, "{name}: {name}, ")
                }
                ParameterKind::Text => write!(with, "{name}: example, "),
                ParameterKind::Url => write!(with, "{name}: https://example.com/, "),
            };
        }
        let (Loaded { config, diagnostics }, sources) = load(name, &secrets, &with, file);
        let listener = config.listeners.first();
        let proof = listener.map_or_else(String::new, |it| proof::words(&it.verification));
        Ok(Self { preset, proof, diagnostics, sources, config })
    }
}

/// Every preset that comes with the program, by name.
pub fn all() -> impl Iterator<Item = Entry> {
    preset::built_in().filter_map(Entry::built_in)
}

/// A configuration with one listener that says nothing but a preset.
fn load(name: &str, secrets: &str, with: &str, file: Option<crate::File>) -> (Loaded, Sources) {
    let text = format!(
        "version: 1\nserver: {{public_url: https://hooks.example.com}}\n\
         destinations: {{out: {{stdout: {{}}}}}}\nsecrets: {{{secrets}}}\n\
         listeners:\n  {LISTENER}: {{preset: {name:?}, with: {{{with}}}, deliver: out}}\n"
    );
    let kind = crate::FileKind::Listeners;
    let root =
        crate::File { name: "listeners.yaml".to_owned(), kind, bytes: Ok(text.into_bytes()) };
    crate::load_files(std::iter::once(root).chain(file))
}
