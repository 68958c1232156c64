//! `tympan presets`

use std::fs;
use std::path::Path;

use tympan_core::catalogue;
use tympan_core::catalogue::Entry;
use tympan_core::catalogue::Tried;
use tympan_core::config::preset;
use tympan_core::diagnostic;

use crate::args::Presets;
use crate::args::PresetsWhat;
use crate::exit::Exit;
use crate::terminal;

pub(crate) fn run(options: &Presets) -> Exit {
    let done = match &options.what {
        PresetsWhat::List { words } => list(words),
        PresetsWhat::Show { name } => show(name),
        PresetsWhat::Verify { name } => verify(name.as_deref()),
    };
    done.unwrap_or_else(|(why, exit)| {
        terminal::say(&why);
        exit
    })
}

/// One that comes with the program, or a file.
pub(crate) fn find(name: &str) -> Result<Entry, (String, Exit)> {
    if let Some(entry) = Entry::built_in(name) {
        return Ok(entry);
    }
    let file = Path::new(name);
    if file.extension().is_none_or(|extension| extension != "yaml") {
        let near = preset::nearest(name).map(|near| format!("; did you mean {near}?"));
        let near = near.unwrap_or_default();
        return Err((format!("error: there is no preset {name}{near}"), Exit::Usage));
    }
    let bytes = fs::read(file)
        .map_err(|error| (format!("error: {name} cannot be read: {error}"), Exit::Usage))?;
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    Entry::own(&stem, name.to_owned(), bytes).map_err(|(diagnostics, sources)| {
        (diagnostic::text(&diagnostics, &sources, terminal::colour()), Exit::Problems)
    })
}

fn list(words: &[String]) -> Result<Exit, (String, Exit)> {
    let words: Vec<_> = words.iter().map(|word| word.to_lowercase()).collect();
    let row = |entry: Entry| {
        let preset = &entry.preset;
        let row = [
            preset.category.clone(),
            preset.name.clone(),
            preset.title.clone(),
            entry.proof.clone(),
            preset.sureness().word().to_owned(),
        ];
        let all = row.join(" ").to_lowercase();
        words.iter().all(|word| all.contains(word)).then_some(row)
    };
    let mut rows: Vec<_> = catalogue::all().filter_map(row).collect();
    rows.sort();
    if rows.is_empty() {
        let why = format!("error: no preset has {}", words.join(" and "));
        return Err((why, Exit::Problems));
    }
    let head = ["CATEGORY", "PRESET", "PROVIDER", "PROOF", "SURE"];
    terminal::data(&format!("{}\n", terminal::table(head, rows)));
    Ok(Exit::Done)
}

fn show(name: &str) -> Result<Exit, (String, Exit)> {
    if let Some(text) = preset::text(name) {
        terminal::data(text);
        return Ok(Exit::Done);
    }
    let entry = find(name)?;
    let written = entry.sources.files().find(|file| file.name == name);
    terminal::data(written.map_or("", |file| file.text.as_str()));
    Ok(Exit::Done)
}

fn verify(name: Option<&str>) -> Result<Exit, (String, Exit)> {
    let entries: Vec<_> = match name {
        Some(name) => vec![find(name)?],
        None => catalogue::all().collect(),
    };
    let mut n_failed = 0;
    for entry in &entries {
        let name = &entry.preset.name;
        if entry.diagnostics.refuse(false) {
            n_failed += 1;
            terminal::say(&diagnostic::text(
                &entry.diagnostics,
                &entry.sources,
                terminal::colour(),
            ));
            continue;
        }
        let Tried { held, failed } = catalogue::try_out(entry);
        for why in &failed {
            terminal::data(&format!("FAIL  {name}: {why}\n"));
        }
        n_failed += usize::from(!failed.is_empty());
        if failed.is_empty() {
            terminal::data(&format!("ok    {name}: {}\n", held.join(", ")));
        }
    }
    let n_good = entries.len() - n_failed;
    terminal::say(&format!("{n_good} hold, {n_failed} fail"));
    Ok(if n_failed > 0 { Exit::Problems } else { Exit::Done })
}
