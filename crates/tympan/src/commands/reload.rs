//! `tympan reload`

use std::time::Duration;

use http::Method;
use serde_json::Value;

use crate::args::Reload;
use crate::client::Answer;
use crate::client::Server;
use crate::exit::Exit;
use crate::terminal;

/// A configuration of thousands of listeners takes a second.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn run(options: &Reload) -> Exit {
    let server = match Server::find(&options.asked) {
        Ok(server) => server,
        Err(why) => {
            terminal::say(&format!("error: {why}"));
            return Exit::Usage;
        }
    };
    match server.ask(Method::POST, "/-/reload", PATIENCE) {
        Ok(answer) if answer.status.is_success() => {
            terminal::data(&receipt(&answer.body));
            let frozen = list(&answer.body["frozen"]);
            for file in frozen.iter().map(word) {
                let why = "it has mistakes, and what it said last goes on; `tympan check` tells";
                terminal::say(&format!("error: {file} is not served as it stands: {why}"));
            }
            if frozen.is_empty() { Exit::Done } else { Exit::Problems }
        }
        Ok(answer) => {
            terminal::say(&refusal(&answer));
            Exit::Problems
        }
        Err(silent) => {
            terminal::say(&format!("error: {silent}"));
            Exit::Problems
        }
    }
}

/// What changed, a line each, and what serves now.
fn receipt(receipt: &Value) -> String {
    let changes = list(&receipt["changes"]).iter().map(word);
    let states = list(&receipt["states"]).iter().map(|state| {
        let (name, is) = (word(&state["name"]), word(&state["state"]));
        match &state["reason"] {
            Value::Null => format!("{name} is {is}"),
            reason => format!("{name} is {is}: {}", word(reason)),
        }
    });
    let (generation, fingerprint) = (&receipt["generation"], word(&receipt["fingerprint"]));
    let took = receipt["took"].as_f64().unwrap_or_default() * 1000.0;
    let warnings = match receipt["warnings"].as_u64() {
        None | Some(0) => String::new(),
        Some(1) => ", 1 warning".to_owned(),
        Some(count) => format!(", {count} warnings"),
    };
    let serves = if receipt["is_new"] == true {
        format!("generation {generation} serves ({fingerprint}{warnings}, {took:.0} ms)")
    } else {
        format!("nothing has changed: generation {generation} serves ({fingerprint})")
    };
    lines(changes.chain(states).chain([serves]))
}

/// Every mistake with its place, as editors and terminals make links of.
fn refusal(answer: &Answer) -> String {
    let diagnostics = list(&answer.body["diagnostics"]).iter().map(|found| {
        let (severity, code) = (word(&found["severity"]), word(&found["code"]));
        let (file, line, column) = (word(&found["file"]), &found["line"], &found["column"]);
        let message = word(&found["message"]);
        let help = match &found["help"] {
            Value::Null => String::new(),
            help => format!("  = help: {}\n", word(help)),
        };
        format!("{severity}[{code}]: {message}\n --> {file}:{line}:{column}\n{help}")
    });
    lines(diagnostics) + &format!("error: {}", answer.detail())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A text without anything that a terminal would obey: parts of it stood in a file.
fn word(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    let shown = text.chars().map(|character| match character {
        character if character.is_control() => character.escape_unicode().to_string(),
        character => character.to_string(),
    });
    shown.collect()
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| line + "\n").collect()
}
