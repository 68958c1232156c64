//! `tympan explain`

use std::path::Path;

use tympan_core::config::Config;
use tympan_core::explain;
use tympan_core::explain::Explanation;
use tympan_core::explain::Question;
use tympan_core::pipeline::Head;
use tympan_core::request;
use tympan_core::request::Saved;
use tympan_core::span::Sources;
use tympan_server::keys;

use crate::args::Explain;
use crate::args::Format;
use crate::exit::Exit;
use crate::input;
use crate::terminal;

/// Why nothing is explained, and how the command ends with it.
struct Unexplained {
    why: String,
    exit: Exit,
}

pub(crate) fn run(options: &Explain) -> Exit {
    match answer(options) {
        Ok(exit) => exit,
        Err(Unexplained { why, exit }) => {
            terminal::say(&why);
            exit
        }
    }
}

fn answer(options: &Explain) -> Result<Exit, Unexplained> {
    let (config, sources) = load(&options.config)?;
    let saved = saved(options)?;
    let listener = options.listener.as_deref().map(|name| listener(&config, name)).transpose()?;
    let saved = choose(options, &config, saved)?;

    let folder = options.config.parent().unwrap_or(Path::new(""));
    let secrets = keys::Lookup::new(folder, &config).secrets(&config);
    let Saved { method, uri, version, headers, body, at, client, mut notes, .. } = saved;
    let now = match (options.at, at) {
        (Some(at), _) => at,
        (None, Some((at, what))) => {
            notes.push(format!("it is judged at the time that {what} tells"));
            at
        }
        (None, None) => input::now(),
    };
    let head = Head {
        method,
        uri,
        version,
        headers,
        client: Some(input::sender(options.client, client)),
        certificate: None,
        now,
        id: input::id(now),
    };
    let question = Question {
        config: &config,
        sources: &sources,
        secrets: &secrets,
        head,
        body,
        listener,
        notes,
    };
    let explanation = explain::explain(&question);
    match options.format {
        Format::Text => terminal::data(&explain::text(&explanation, &sources)),
        Format::Json => {
            terminal::data(&format!("{:#}\n", explain::json(&explanation, &sources)));
        }
    }
    Ok(met(options, &explanation))
}

fn load(file: &Path) -> Result<(Config, Sources), Unexplained> {
    input::configuration(file).map_err(|(why, exit)| Unexplained { why, exit })
}

/// The requests that the command line names.
fn saved(options: &Explain) -> Result<Vec<Saved>, Unexplained> {
    if let Some(url) = &options.url {
        let body = options.body.as_deref().map(input::read).transpose().map_err(usage)?;
        let saved = request::build(options.method.as_deref(), url, &options.header, body);
        return saved
            .map(|saved| vec![saved])
            .map_err(|fault| usage(format!("error: the request cannot be built: {fault}")));
    }
    let file = options.request.as_deref().unwrap_or(Path::new("-"));
    input::requests(file).map_err(usage)
}

/// One of several requests: the one that is asked for, or the first that a listener gets.
fn choose(options: &Explain, config: &Config, mut saved: Vec<Saved>) -> Result<Saved, Unexplained> {
    let n_saved = saved.len();
    if let Some(entry) = options.entry {
        let index = entry.checked_sub(1).filter(|index| *index < n_saved);
        return match index {
            Some(index) => Ok(saved.swap_remove(index)),
            None => Err(usage(format!("error: there is no entry {entry}, but 1 to {n_saved}"))),
        };
    }
    if n_saved == 1 {
        return Ok(saved.swap_remove(0));
    }
    let found = explain::first(config, saved.iter().map(|saved| saved.uri.path()));
    let index = found.unwrap_or(0);
    let mut chosen = saved.swap_remove(index);
    let why = if found.is_some() {
        "the first that a listener gets"
    } else {
        "none that a listener gets"
    };
    let number = index + 1;
    chosen.notes.insert(0, format!("entry {number} of {n_saved}, {why}; --entry takes another"));
    Ok(chosen)
}

fn listener(config: &Config, name: &str) -> Result<usize, Unexplained> {
    input::listener(config, name).map_err(usage)
}

/// Whether the request ends as it is expected to.
fn met(options: &Explain, explanation: &Explanation) -> Exit {
    let Some(expected) = options.expect else { return Exit::Done };
    let found = explanation.end.outcome;
    let supposed = explanation.if_verified.as_ref().map(|end| end.outcome);
    if found == expected || supposed == Some(expected) {
        return Exit::Done;
    }
    let found = supposed.unwrap_or(found);
    terminal::say(&format!("error: the outcome is {found}, not {expected}"));
    Exit::Problems
}

fn usage(why: String) -> Unexplained {
    Unexplained { why, exit: Exit::Usage }
}
