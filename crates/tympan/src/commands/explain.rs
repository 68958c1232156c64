//! `tympan explain`

use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Component;
use std::path::Path;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use tympan_core::config::Config;
use tympan_core::config::Loaded;
use tympan_core::diagnostic;
use tympan_core::explain;
use tympan_core::explain::Explanation;
use tympan_core::explain::Question;
use tympan_core::pipeline::Head;
use tympan_core::pipeline::RequestId;
use tympan_core::request;
use tympan_core::request::Saved;
use tympan_core::span::Sources;
use tympan_server::Files;
use tympan_server::keys;

use crate::args::CheckFormat;
use crate::args::Explain;
use crate::exit::Exit;
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
    let Saved { method, uri, version, headers, body, at, mut notes } = saved;
    let now = match (options.at, at) {
        (Some(at), _) => at,
        (None, Some((at, what))) => {
            notes.push(format!("it is judged at the time that {what} tells"));
            at
        }
        (None, None) => now(),
    };
    let head = Head {
        method,
        uri,
        version,
        headers,
        client: Some(options.client),
        certificate: None,
        now,
        id: id(now),
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
        CheckFormat::Text => terminal::data(&explain::text(&explanation, &sources)),
        CheckFormat::Json => {
            terminal::data(&format!("{:#}\n", explain::json(&explanation, &sources)));
        }
    }
    Ok(met(options, &explanation))
}

fn load(file: &Path) -> Result<(Config, Sources), Unexplained> {
    let files = Files::read(file)
        .map_err(|error| usage(format!("error: {} cannot be read: {error}", file.display())))?;
    let (Loaded { config, diagnostics }, sources) = files.load();
    if diagnostics.refuse(false) {
        let why = diagnostic::text(&diagnostics, &sources, terminal::colour());
        return Err(Unexplained { why, exit: Exit::Problems });
    }
    Ok((config, sources))
}

/// The requests that the command line names.
fn saved(options: &Explain) -> Result<Vec<Saved>, Unexplained> {
    if let Some(url) = &options.url {
        let body = options.body.as_deref().map(read).transpose()?;
        let saved = request::build(options.method.as_deref(), url, &options.header, body);
        return saved
            .map(|saved| vec![saved])
            .map_err(|fault| usage(format!("error: the request cannot be built: {fault}")));
    }
    let file = options.request.as_deref().unwrap_or(Path::new("-"));
    let folder = if file == Path::new("-") { None } else { file.parent() };
    let beside = |name: &str| beside(folder.unwrap_or(Path::new("")), name);
    request::read(&read(file)?, &beside)
        .map_err(|fault| usage(format!("error: {} holds no request: {fault}", shown(file))))
}

/// A file that a saved command line names. Whoever wrote that may be a stranger: only what lies beside
/// it, or below, is read.
fn beside(folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    let is_below = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(name).components().all(is_below) || matches!(name, "" | "-") {
        return Err("it does not lie beside the command line; --url and --body give it".to_owned());
    }
    read(&folder.join(name)).map_err(|unread| unread.why)
}

/// A whole file, as far as it may be one.
fn read(file: &Path) -> Result<Vec<u8>, Unexplained> {
    let most = request::MOST_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    let done = if file == Path::new("-") {
        io::stdin().take(most).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|open| open.take(most).read_to_end(&mut bytes))
    };
    done.map_err(|error| usage(format!("error: {} cannot be read: {error}", shown(file))))?;
    if bytes.len() as u64 == most {
        let most = request::MOST_BYTES;
        return Err(usage(format!("error: {} is larger than {most} bytes", shown(file))));
    }
    Ok(bytes)
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
    let found = config.listeners.iter().position(|listener| listener.name == name);
    found.ok_or_else(|| {
        let known: Vec<_> = config.listeners.iter().map(|it| it.name.as_str()).take(20).collect();
        usage(format!("error: there is no listener {name}, but {}", known.join(", ")))
    })
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

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// An id that tells the time, as those of the server do, and nothing else.
fn id(now: f64) -> RequestId {
    let since = std::time::Duration::try_from_secs_f64(now).unwrap_or_default();
    RequestId((since.as_millis() & 0xFFFF_FFFF_FFFF) << 80)
}
