//! Listeners and calls that are described for something else, in our words.

mod curl;
mod hooks;
mod moveworks;
mod write;

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use crate::config::Loaded;
use crate::diagnostic;

pub use curl::curl;
pub use hooks::hooks;
pub use moveworks::moveworks;

/// What became of a description.
#[derive(Debug)]
pub struct Imported {
    /// A whole configuration.
    pub yaml: String,
    /// What says the same as before, as the keys of the description.
    pub kept: Vec<String>,
    /// What does not, and what to do about it.
    pub lost: Vec<String>,
    /// What is wrong with the configuration, drawn.
    pub mistakes: Option<String>,
}

/// What is known so far.
#[derive(Debug, Default)]
struct Importing {
    secrets: Vec<String>,
    listeners: Vec<(String, Map<String, Json>)>,
    kept: Vec<String>,
    lost: Vec<String>,
    /// Whether a proof of the listener at hand is among what is lost.
    has_lost_proof: bool,
}

impl Importing {
    /// The name of a secret whose value goes into a file of its own.
    fn secret(&mut self, name: &str) -> String {
        let name = slug(name);
        if !self.secrets.contains(&name) {
            self.lost.push(format!(
                "the value of secret {name} is not written here: put it into secrets/{name}"
            ));
            self.secrets.push(name.clone());
        }
        name
    }

    fn keep(&mut self, what: impl Into<String>) {
        self.kept.push(what.into());
    }

    fn lose(&mut self, what: impl Into<String>) {
        self.lost.push(what.into());
    }

    /// A proof that cannot be said here.
    fn lose_proof(&mut self, what: impl Into<String>) {
        self.has_lost_proof = true;
        self.lose(what);
    }

    /// Adds a listener. Anyone may send to it only where that was so before.
    fn add(&mut self, name: String, mut listener: Map<String, Json>, mut proofs: Vec<Json>) {
        let has_lost = std::mem::take(&mut self.has_lost_proof);
        if proofs.is_empty() && !has_lost {
            self.lose(format!("{name}: nobody proves anything, so that anyone may send"));
            proofs.push(json!({"none": "nobody was verified where this was imported from"}));
        }
        // With less than all of them it would take what was refused before, and so it does not load.
        if !has_lost {
            listener.insert("verification".to_owned(), proofs.into());
        }
        self.listeners.push((name, listener));
    }

    fn end(self) -> Imported {
        let yaml = write::file(&self.secrets, &self.listeners);
        let (Loaded { diagnostics, .. }, sources) =
            crate::load("imported", yaml.clone().into_bytes());
        let mistakes =
            diagnostics.refuse(false).then(|| diagnostic::text(&diagnostics, &sources, false));
        Imported { yaml, kept: self.kept, lost: self.lost, mistakes }
    }
}

/// A name that a listener can have.
fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let slug: String = name.chars().map(plain).collect();
    let mut parts = slug.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>();
    if parts.is_empty() {
        parts.push("imported");
    }
    parts.join("-").chars().take(63).collect()
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn names() {
        assert_eq!(slug("Tasks from  Ours!"), "tasks-from-ours");
        assert_eq!(slug("§"), "imported");
    }
}
