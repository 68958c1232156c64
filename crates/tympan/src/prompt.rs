//! A small prompt that completes names, and remembers what was asked.

use std::env;
use std::fs;
use std::path::PathBuf;

use rustyline::CompletionType;
use rustyline::Config;
use rustyline::Context;
use rustyline::Editor;
use rustyline::Helper;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use tympan_core::trial::Trial;
use tympan_expr::Dialect;

use crate::exit::Exit;
use crate::terminal;

/// How many lines are remembered.
const MOST_LINES: usize = 1000;

/// Hands every line that is typed to `tell`, until the end of input or Ctrl-C.
pub(crate) fn run(trial: &Trial, dialect: Dialect, tell: impl Fn(&str) -> Exit) {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .auto_add_history(true)
        .max_history_size(MOST_LINES)
        .map(rustyline::config::Builder::build);
    let editor = config.and_then(Editor::<Names<'_>, FileHistory>::with_config);
    let mut editor = match editor {
        Ok(editor) => editor,
        Err(error) => return terminal::say(&format!("error: there is no prompt: {error}")),
    };
    editor.set_helper(Some(Names { trial, dialect }));
    let history = history();
    // There is none the first time, and a prompt without a memory is one, too.
    let _ = history.as_ref().map(|file| editor.load_history(file));
    terminal::say("an expression a line; Tab completes, Ctrl-D ends");
    loop {
        match editor.readline("> ") {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => drop(tell(&line)),
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => break,
            Err(error) => {
                terminal::say(&format!("error: {error}"));
                break;
            }
        }
    }
    if let Some(file) = history
        && file.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok())
    {
        let _ = editor.save_history(&file);
    }
}

/// Where what was asked is remembered, by the rules of the XDG folders.
fn history() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").filter(|folder| folder.is_absolute());
    let state = state.or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("tympan/eval_history"))
}

/// Completes what a trial knows.
struct Names<'t> {
    trial: &'t Trial,
    dialect: Dialect,
}

impl Completer for Names<'_> {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.trial.completions(self.dialect, &line[..pos]))
    }
}

impl Hinter for Names<'_> {
    type Hint = String;
}

impl Helper for Names<'_> {}
impl Highlighter for Names<'_> {}
impl Validator for Names<'_> {}
