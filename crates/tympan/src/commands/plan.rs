//! `tympan plan`

use std::time::Duration;

use http::Method;
use serde_json::json;
use tympan_core::diagnostic;
use tympan_core::diagnostic::Severity;
use tympan_core::diff;
use tympan_core::diff::Change;
use tympan_core::diff::Differs;
use tympan_core::pipeline::ListenerState;
use tympan_server::Files;
use tympan_server::Frozen;
use tympan_server::Plan;
use tympan_server::last_good;

use crate::args::Asked;
use crate::args::Format;
use crate::args::PlanOptions;
use crate::client::Server;
use crate::exit::Exit;
use crate::terminal;

/// Where a server tells what it serves, and how long it may take.
const CONFIGURATION: &str = "/v1/configuration";
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn run(options: &PlanOptions) -> Exit {
    let name = options.file.display().to_string();
    let next = match Files::read(&options.file) {
        Ok(files) => files,
        Err(error) => {
            terminal::say(&format!("error: {name} cannot be read: {error}"));
            return Exit::Problems;
        }
    };
    let base = running(options).or_else(|| {
        last_good::read(&options.file, &next.state()).unwrap_or_else(|error| {
            terminal::say(&format!("note: the last good configuration cannot be read: {error}"));
            None
        })
    });
    let plan = tympan_server::plan(&options.file, base.as_ref(), &next);
    match options.format {
        Format::Text => text(&name, base.is_some(), &plan),
        Format::Json => as_json(base.as_ref(), &next, &plan),
    }
    if plan.diagnostics.refuse(false) || !plan.frozen.is_empty() {
        Exit::Problems
    } else if plan.changes.is_empty() && plan.states.is_empty() {
        Exit::Done
    } else {
        Exit::Changes
    }
}

/// The files of the server that runs, if it can be asked.
fn running(options: &PlanOptions) -> Option<Files> {
    let asked = Asked { file: options.file.clone(), admin: options.admin.clone() };
    let answer = match Server::find(&asked).map(|it| it.ask(Method::GET, CONFIGURATION, PATIENCE)) {
        Ok(Ok(answer)) if answer.status.is_success() => answer,
        silent => {
            // Nobody has to run; but whoever is named has to answer.
            if options.admin.is_some() {
                let why = match silent {
                    Ok(Ok(answer)) => answer.detail(),
                    Ok(Err(silent)) => silent.to_string(),
                    Err(why) => why,
                };
                terminal::say(&format!("note: {why}; compared with the last good configuration"));
            }
            return None;
        }
    };
    let texts = answer.body["files"].as_array()?.iter().map(|file| {
        let part = |name: &str| file[name].as_str().map(ToOwned::to_owned);
        Some((part("name")?, part("text")?))
    });
    Some(Files::of_texts(&options.file, texts.collect::<Option<Vec<_>>>()?))
}

/// What would change is data; everything about it is talk.
fn text(name: &str, has_base: bool, plan: &Plan) {
    let Plan { changes, states, frozen, diagnostics, sources } = plan;
    for Frozen { diagnostics, sources, .. } in frozen {
        terminal::say(&diagnostic::text(diagnostics, sources, terminal::colour()));
    }
    if !diagnostics.is_empty() {
        terminal::say(&diagnostic::text(diagnostics, sources, terminal::colour()));
    }
    let n_errors = diagnostics.count(Severity::Error);
    if n_errors > 0 {
        let s = if n_errors == 1 { "" } else { "s" };
        terminal::say(&format!("{name}: {n_errors} mistake{s}: a save would change nothing"));
        return;
    }
    for change in changes {
        terminal::data(&format!("{change}\n"));
    }
    for (listener, state) in states {
        terminal::data(&format!("! {listener} would be {state}\n"));
    }
    for Frozen { file, is_last_good, .. } in frozen {
        terminal::say(&if *is_last_good {
            format!("{file} has mistakes: its listeners would go on as they were")
        } else {
            format!("{file} has mistakes: none of its listeners would be served")
        });
    }
    if !has_base {
        terminal::say("note: nothing was served from here yet, so everything is new");
    }
    let warnings = match diagnostics.count(Severity::Warning) {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        count => format!(", {count} warnings"),
    };
    terminal::say(&format!("{name}: {}{warnings}", diff::summary(changes)));
}

fn as_json(base: Option<&Files>, next: &Files, plan: &Plan) {
    let Plan { changes, states, frozen, diagnostics, sources } = plan;
    let all = frozen.iter().map(|it| (&it.diagnostics, &*it.sources));
    let all = all.chain([(diagnostics, sources)]);
    let count = |severity| all.clone().map(|(found, _)| found.count(severity)).sum::<usize>();
    let told = all
        .clone()
        .filter_map(|(found, sources)| diagnostic::json(found, sources).as_array().cloned());
    let states: Vec<_> = states
        .iter()
        .map(|(listener, state)| match state {
            ListenerState::Serving => json!({"listener": listener, "state": "serving"}),
            ListenerState::NotReady { secret, why } => {
                json!({"listener": listener, "state": "not_ready", "secret": secret, "why": why})
            }
        })
        .collect();
    let report = json!({
        "base": base.map(Files::fingerprint),
        "fingerprint": next.fingerprint(),
        "changes": changes.iter().map(change).collect::<Vec<_>>(),
        "states": states,
        "frozen": frozen.iter().map(|it| it.file.as_str()).collect::<Vec<_>>(),
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "diagnostics": told.flatten().collect::<Vec<_>>(),
    });
    terminal::data(&format!("{report:#}\n"));
}

fn change(change: &Change) -> serde_json::Value {
    match change {
        Change::Added { listener } => json!({"change": "added", "listener": listener}),
        Change::Changed { listener, keys, values } => json!({
            "change": "changed",
            "listener": listener,
            "keys": keys,
            "values": values.iter().map(differs).collect::<Vec<_>>(),
        }),
        Change::Removed { listener } => json!({"change": "removed", "listener": listener}),
        Change::Section { name, values } => json!({
            "change": "changed",
            "section": name,
            "values": values.iter().map(differs).collect::<Vec<_>>(),
        }),
    }
}

fn differs(Differs { path, old, new }: &Differs) -> serde_json::Value {
    json!({"path": path, "old": old, "new": new})
}
