//! `tympan new`

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;

use tympan_core::catalogue;
use tympan_core::config::Config;
use tympan_core::config::Loaded;
use tympan_core::config::Preset;
use tympan_core::config::preset::Parameter;
use tympan_core::config::preset::ParameterKind;
use tympan_core::diagnostic;
use tympan_server::Files;

use crate::args::New;
use crate::commands::presets;
use crate::edit;
use crate::edit::Entry;
use crate::exit::Exit;
use crate::terminal;

/// A file that has nothing in it yet.
const EMPTY: &str = "\
version: 1
destinations:
  console: {stdout: {}}
defaults: {deliver: [console]}
";

pub(crate) fn run(options: &New) -> Exit {
    match add(options) {
        Ok(()) => Exit::Done,
        Err((why, exit)) => {
            terminal::say(&why);
            exit
        }
    }
}

fn add(options: &New) -> Result<(), (String, Exit)> {
    let file = &options.config;
    let name = &options.name;
    let entry = presets::find(&options.preset)?;
    let before = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => EMPTY.to_owned(),
        Err(error) => {
            let why = format!("error: {} cannot be read: {error}", file.display());
            return Err((why, Exit::Usage));
        }
    };
    let known = load(file, &before)?;
    let listener = Listener::new(options, &entry, &known)?;
    let mut text = before;
    for (section, following, added) in listener.entries(&known) {
        text = edit::add(&text, section, following, &added).ok_or_else(|| {
            let lines = added.lines.join("\n  ");
            let why = format!(
                "error: {} has `{section}` in a form that is not edited here; add\n\n  {lines}",
                file.display()
            );
            (why, Exit::Problems)
        })?;
    }
    let config = load(file, &text)?;
    fs::write(file, &text).map_err(|error| {
        (format!("error: {} cannot be written: {error}", file.display()), Exit::Problems)
    })?;
    let added = config.listeners.iter().find(|it| it.name == *name);
    let path = added.map_or("", |listener| &listener.path);
    let origin = config.server.public_url.as_deref().unwrap_or("https://YOUR-HOST");
    terminal::say(&format!("{}: listener {name} is added", file.display()));
    terminal::say(&format!("its address, for the provider: {origin}{path}"));
    for (parameter, secret) in &listener.secrets {
        if parameter.required || listener.secrets.len() == 1 {
            terminal::say(&format!("secret {secret}: {}", parameter.doc));
        }
    }
    Ok(())
}

/// What is about to be added.
struct Listener<'l> {
    name: &'l str,
    preset: &'l Preset,
    proof: &'l str,
    /// The parameters that are secrets, each with what it is called in the file.
    secrets: Vec<(&'l Parameter, String)>,
    /// Those that are not, each with its value.
    set: Vec<(&'l Parameter, Option<&'l str>)>,
    deliver: Option<&'l str>,
}

impl<'l> Listener<'l> {
    fn new(
        options: &'l New,
        entry: &'l catalogue::Entry,
        known: &'l Config,
    ) -> Result<Self, (String, Exit)> {
        let preset = &*entry.preset;
        let usage = |why: String| (format!("error: {why}"), Exit::Usage);
        for (name, _) in &options.set {
            let is_known = |it: &&Parameter| it.name == *name && it.kind != ParameterKind::Secret;
            if !preset.parameters.iter().any(|it| is_known(&it)) {
                let why = format!("preset {} has no text or URL {name}", preset.name);
                return Err(usage(why));
            }
        }
        let n_secrets = preset.secrets().count();
        let secret = |it: &'l Parameter| {
            let name = match n_secrets {
                1 => options.name.clone(),
                _ => format!("{}-{}", options.name, it.name.replace('_', "-")),
            };
            (it, name)
        };
        let set = preset.parameters.iter().filter(|it| it.kind != ParameterKind::Secret);
        let set = set.map(|it| {
            let value = options.set.iter().find(|(name, _)| *name == it.name);
            (it, value.map(|(_, value)| value.as_str()))
        });
        let set: Vec<_> = set.collect();
        if let Some((it, _)) = set.iter().find(|(it, value)| it.required && value.is_none()) {
            return Err(usage(format!("--set {}=... has to be given: {}", it.name, it.doc)));
        }
        let first = known.destinations.first().map(|it| it.name.as_str());
        let has_defaults = known.written.sections.contains_key("defaults");
        Ok(Self {
            name: &options.name,
            preset,
            proof: &entry.proof,
            secrets: preset.secrets().map(secret).collect(),
            set,
            deliver: first.filter(|_| !has_defaults),
        })
    }

    /// The sections that change, each with the one that it stands before and what is added.
    fn entries(&self, known: &Config) -> Vec<(&'static str, &'static str, Entry)> {
        let is_new = |name: &String| !known.secrets.iter().any(|it| it.name == *name);
        let wanted = self.secrets.iter().filter(|(it, _)| self.is_used(it));
        let wanted = wanted.map(|(_, name)| name).filter(|name| is_new(name));
        let mut entries: Vec<_> = wanted
            .map(|name| {
                let line = format!("{name}: {{file: secrets/{name}}}");
                ("secrets", "listeners", Entry { lines: vec![line.clone()], flow: line })
            })
            .collect();
        entries.push(("listeners", "", self.entry()));
        entries
    }

    /// Whether a secret is named. Of several that may be left out, the first is taken.
    fn is_used(&self, secret: &Parameter) -> bool {
        let is_choice = self.preset.parameters.iter().all(|it| !it.required);
        let first = self.secrets.first().map(|(first, _)| &first.name);
        secret.required || (is_choice && first == Some(&secret.name))
    }

    fn entry(&self) -> Entry {
        let Preset { name: preset, title, source, checked, notes, sure, .. } = self.preset;
        let mut lines = vec![
            format!("# {title}: {}", source.first().map_or("", String::as_str)),
            format!("# Proof: {}; {}, checked {checked}.", self.proof, sure.verification.word()),
        ];
        lines.extend(notes.iter().map(|note| format!("# {note}")));
        lines.push(format!("{}:", self.name));
        lines.push(format!("  preset: {preset}"));
        let mut flow = format!("{}: {{preset: {preset}", self.name);
        if let ([(secret, name)], []) = (&self.secrets[..], &self.set[..]) {
            lines.push(format!("  # {}", secret.doc));
            lines.push(format!("  secret: {name}"));
            let _ = write!(flow, ", secret: {name}");
        } else if !self.preset.parameters.is_empty() {
            lines.push("  with:".to_owned());
            let mut with = Vec::new();
            for (secret, name) in &self.secrets {
                let line = format!("{}: {name}", secret.name);
                lines.push(format!("    # {}", secret.doc));
                let mark = if self.is_used(secret) { "" } else { "# " };
                lines.push(format!("    {mark}{line}"));
                with.extend(self.is_used(secret).then_some(line));
            }
            for (it, value) in &self.set {
                lines.push(format!("    # {}", it.doc));
                let value = value.map(|value| serde_json::Value::from(value).to_string());
                lines.push(match &value {
                    Some(value) => format!("    {}: {value}", it.name),
                    None => format!("    # {}: ...", it.name),
                });
                with.extend(value.map(|value| format!("{}: {value}", it.name)));
            }
            let _ = write!(flow, ", with: {{{}}}", with.join(", "));
        }
        if let Some(destination) = self.deliver {
            lines.push(format!("  deliver: [{destination}]"));
            let _ = write!(flow, ", deliver: [{destination}]");
        }
        flow.push('}');
        Entry { lines, flow }
    }
}

/// What a text means in the place of a file, with everything that it includes.
fn load(file: &Path, text: &str) -> Result<Config, (String, Exit)> {
    let files = Files::with_root(file, text);
    let (Loaded { config, diagnostics }, sources) = files.load();
    if diagnostics.refuse(false) {
        let why = diagnostic::text(&diagnostics, &sources, terminal::colour());
        return Err((format!("{why}\nerror: {} is left as it is", file.display()), Exit::Problems));
    }
    Ok(config)
}
