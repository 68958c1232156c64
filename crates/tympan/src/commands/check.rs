//! `tympan check`

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use tympan_core::config::Config;
use tympan_core::config::Loaded;
use tympan_core::config::Preset;
use tympan_core::config::preset::Sureness;
use tympan_core::diagnostic;
use tympan_core::diagnostic::Diagnostics;
use tympan_core::diagnostic::Severity;
use tympan_core::keys::Secrets;
use tympan_core::pipeline::Generation;
use tympan_core::span::Sources;
use tympan_server::Files;
use tympan_server::certificates;
use tympan_server::certificates::Missing;
use tympan_server::keys;

use crate::args::Check;
use crate::args::Format;
use crate::exit::Exit;
use crate::terminal;

/// What was found of secrets and certificates here: that is a fact about this machine, not about the file.
struct Found {
    /// Those that have no value.
    unset: Vec<Secret>,
    /// Those with a value of which no key can be made.
    unusable: Vec<Secret>,
    /// Files of TLS that are not here.
    missing: Vec<Missing>,
}

/// A secret, and what is wrong with it.
struct Secret {
    name: String,
    why: String,
}

pub(crate) fn run(options: &Check) -> Exit {
    let name = options.file.display().to_string();
    let files = match Files::read(&options.file) {
        Ok(files) => files,
        Err(error) => {
            terminal::say(&format!("error: {name} cannot be read: {error}"));
            return Exit::Usage;
        }
    };
    let (Loaded { config, mut diagnostics }, sources) = files.load();
    let folder = options.file.parent().unwrap_or(Path::new(""));
    let secrets = keys::Lookup::new(folder, &config).secrets(&config);
    let missing = certificates::check(folder, &config, &mut diagnostics);
    let found = Found {
        missing,
        unset: unset(&config, &secrets),
        // What holds mistakes is not compiled.
        unusable: if diagnostics.refuse(false) {
            Vec::new()
        } else {
            unusable(&config, &secrets, &mut diagnostics)
        },
    };
    match options.format {
        Format::Text => text(&name, &config, &diagnostics, &sources, &found),
        Format::Json => as_json(&config, &diagnostics, &sources, &found),
    }
    if diagnostics.refuse(options.strict) { Exit::Problems } else { Exit::Done }
}

fn unset(config: &Config, secrets: &Secrets) -> Vec<Secret> {
    let unset = config.secrets.iter().zip(secrets).filter_map(|(secret, found)| {
        let why = found.as_ref().err()?.to_string();
        Some(Secret { name: secret.name.clone(), why })
    });
    unset.collect()
}

fn unusable(config: &Config, secrets: &Secrets, diagnostics: &mut Diagnostics) -> Vec<Secret> {
    let generation = Generation::compile(config, 0, "");
    generation.tell_unusable(config, secrets, diagnostics);
    let unusable = generation.unusable(secrets);
    unusable.map(|(name, why)| Secret { name: name.to_owned(), why: why.to_string() }).collect()
}

fn text(name: &str, config: &Config, diagnostics: &Diagnostics, sources: &Sources, found: &Found) {
    if !diagnostics.is_empty() {
        terminal::say(&diagnostic::text(diagnostics, sources, terminal::colour()));
    }
    for Secret { name, why } in &found.unset {
        terminal::say(&format!("note: secret {name} is not set here: {why}"));
    }
    for Missing { file, why } in &found.missing {
        terminal::say(&format!("note: {file} is not here: {why}"));
    }
    for preset in config.presets.values().filter(|it| it.sureness() == Sureness::Known) {
        let Preset { name, source, .. } = &**preset;
        let source = source.first().map_or("", String::as_str);
        terminal::say(&format!(
            "note: what preset {name} says of proofs is only known, not read from the provider: \
             compare it with {source}"
        ));
    }
    let n_errors = diagnostics.count(Severity::Error);
    let n_warnings = diagnostics.count(Severity::Warning);
    let summary = if n_errors == 0 {
        format!("{name}: {}", count(config.listeners.len(), "listener"))
    } else {
        format!("{name}: {}", count(n_errors, "mistake"))
    };
    match n_warnings {
        0 => terminal::say(&summary),
        _ => terminal::say(&format!("{summary}, {}", count(n_warnings, "warning"))),
    }
}

fn as_json(config: &Config, diagnostics: &Diagnostics, sources: &Sources, found: &Found) {
    let list = |secrets: &[Secret]| -> Vec<_> {
        secrets.iter().map(|Secret { name, why }| json!({"secret": name, "why": why})).collect()
    };
    let preset = |preset: &Arc<Preset>| {
        json!({
            "name": preset.name,
            "checked": preset.checked,
            "sure": preset.sureness().word(),
        })
    };
    let missing = |Missing { file, why }: &Missing| json!({"file": file, "why": why});
    let report = json!({
        "errors": diagnostics.count(Severity::Error),
        "warnings": diagnostics.count(Severity::Warning),
        "diagnostics": diagnostic::json(diagnostics, sources),
        "unset_secrets": list(&found.unset),
        "unusable_secrets": list(&found.unusable),
        "missing_files": found.missing.iter().map(missing).collect::<Vec<_>>(),
        "presets": config.presets.values().map(preset).collect::<Vec<_>>(),
    });
    terminal::data(&format!("{report:#}\n"));
}

fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
