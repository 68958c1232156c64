//! `tympan eval`

use std::io;
use std::io::BufRead;
use std::path::Path;

use tympan_core::diagnostic;
use tympan_core::pipeline::Head;
use tympan_core::request;
use tympan_core::trial::Trial;
use tympan_expr::Dialect;

use crate::args::Eval;
use crate::exit::Exit;
use crate::input;
use crate::prompt;
use crate::terminal;

pub(crate) fn run(options: &Eval) -> Exit {
    let trial = match trial(options) {
        Ok(trial) => trial,
        Err(why) => {
            terminal::say(&why);
            return Exit::Usage;
        }
    };
    let dialect = if options.jmespath { Dialect::Jmespath } else { Dialect::Moveworks };
    let tell = |text: &str| tell(&trial, dialect, text, options.trace);
    match &options.expression {
        Some(text) => tell(text),
        None if terminal::is_typed() => {
            prompt::run(&trial, dialect, tell);
            Exit::Done
        }
        None => lines(tell),
    }
}

/// The request that the command line tells of: one without a body, if it tells of none.
fn trial(options: &Eval) -> Result<Trial, String> {
    let saved = if let Some(file) = &options.request {
        let mut saved = input::requests(file)?;
        let index = options.entry.unwrap_or(1).checked_sub(1);
        let index = index.filter(|index| *index < saved.len());
        saved.swap_remove(index.ok_or_else(|| format!("error: there are {} entries", saved.len()))?)
    } else {
        let body = options.body.as_deref().map(input::read).transpose()?;
        request::build(None, "/", &options.header, body)
            .map_err(|fault| format!("error: the request cannot be built: {fault}"))?
    };
    let now = options.at.or(saved.at.map(|(at, _)| at)).unwrap_or_else(input::now);
    let head = Head {
        method: saved.method,
        uri: saved.uri,
        version: saved.version,
        headers: saved.headers,
        client: Some(input::sender(options.client, saved.client)),
        certificate: None,
        now,
        id: input::id(now),
    };
    Ok(Trial::new(head, saved.body))
}

/// Tells the value of one expression; what is wrong with it goes to standard error.
fn tell(trial: &Trial, dialect: Dialect, text: &str, trace: bool) -> Exit {
    let tried = trial.run(dialect, text, trace);
    let found = diagnostic::text(&tried.diagnostics, &tried.sources, terminal::colour());
    if !found.is_empty() {
        terminal::say(found.trim_end());
    }
    for (part, value) in tried.parts {
        terminal::data(&format!("{part} -> {value}\n"));
    }
    match tried.value {
        Some(Ok(value)) => {
            terminal::data(&format!("{value}\n"));
            Exit::Done
        }
        Some(Err(bound)) => {
            terminal::say(&format!("error: the expression ran out of its bound of {bound}"));
            Exit::Problems
        }
        None => Exit::Problems,
    }
}

/// Every line of standard input that is not blank is one expression.
fn lines(tell: impl Fn(&str) -> Exit) -> Exit {
    let mut exit = Exit::Done;
    for line in io::stdin().lock().lines() {
        match line {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) if tell(&line) == Exit::Done => {}
            Ok(_) => exit = Exit::Problems,
            Err(error) => {
                terminal::say(&input::unreadable(Path::new("-"), &error));
                return Exit::Usage;
            }
        }
    }
    exit
}
