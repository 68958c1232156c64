//! `tympan call`

use std::fmt::Display;
use std::path::Path;

use http::StatusCode;
use serde_json::Value;
use serde_json::json;
use tympan_core::action::Fault;
use tympan_core::action::Rendered;
use tympan_core::config::Action;
use tympan_core::config::Config;
use tympan_server::CallFault;
use tympan_server::Called;
use tympan_server::Caller;
use tympan_server::keys;

use crate::args::Call;
use crate::args::Format;
use crate::exit::Exit;
use crate::input;
use crate::terminal;

pub(crate) fn run(options: &Call) -> Exit {
    match call(options) {
        Ok(()) => Exit::Done,
        Err((why, exit)) => {
            terminal::say(&why);
            exit
        }
    }
}

fn call(options: &Call) -> Result<(), (String, Exit)> {
    let (config, _) = input::configuration(&options.file)?;
    let action = find(&config, &options.action)?;
    let (inputs, rendered) = prepare(action, &options.set, &Value::Null)?;
    let folder = options.file.parent().unwrap_or(Path::new(""));
    let secrets = keys::Lookup::new(folder, &config).secrets(&config);
    let caller = Caller::new(folder, &config, &secrets);
    if options.curl {
        terminal::data(&format!("{}\n", caller.curl(action, &rendered)));
        return Ok(());
    }
    let answer = made(&caller, action, &rendered)?;
    let result = wanted(&caller, action, &inputs, &answer)?;
    let took = answer.took.as_secs_f64();
    match options.format {
        Format::Json => {
            let status = answer.status.as_u16();
            let told = json!({
                "action": action.name, "status": status, "took": took,
                "body": masked(&caller, &answer), "result": result,
            });
            terminal::data(&format!("{told:#}\n"));
        }
        Format::Text => {
            terminal::say(&format!(
                "{}: {} in {:.0} ms",
                action.name,
                answer.status,
                took * 1000.0
            ));
            terminal::data(&written(&result));
        }
    }
    Ok(())
}

/// What is wanted of an answer: what the action says, or all of it.
pub(crate) fn wanted(
    caller: &Caller<'_>,
    action: &Action,
    inputs: &Value,
    answer: &Called,
) -> Result<Value, (String, Exit)> {
    match action.result(inputs, &answer.headers, &answer.body) {
        Ok(Some(result)) => {
            let text = caller.masked(&result.to_string());
            Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
        }
        Ok(None) => Ok(masked(caller, answer)),
        Err(fault) => Err(unwanted(caller, action, &fault, answer)),
    }
}

/// An answer that does not say what is wanted of it.
pub(crate) fn unwanted(
    caller: &Caller<'_>,
    action: &Action,
    why: &dyn Display,
    answer: &Called,
) -> (String, Exit) {
    let said = caller.said(&answer.body);
    let why = format!("it answers {}, but {why}: {said}", answer.status);
    (failed(action, &why), Exit::Unwanted)
}

/// A value for people.
pub(crate) fn written(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{}\n", terminal::plain_lines(text)),
        other => format!("{other:#}\n"),
    }
}

fn masked(caller: &Caller<'_>, answer: &Called) -> Value {
    let body = caller.masked(&String::from_utf8_lossy(&answer.body));
    serde_json::from_str(&body).unwrap_or(Value::String(body))
}

/// An action of a configuration.
pub(crate) fn find<'c>(config: &'c Config, name: &str) -> Result<&'c Action, (String, Exit)> {
    config.actions.iter().find(|action| action.name == name).ok_or_else(|| {
        let known: Vec<_> = config.actions.iter().map(|it| it.name.as_str()).collect();
        let why = match known.as_slice() {
            [] => format!("error: there is no action {name}, as there are none"),
            known => format!("error: there is no action {name}, but {}", known.join(", ")),
        };
        (why, Exit::Usage)
    })
}

/// The inputs of an action as they are meant, and its call.
pub(crate) fn prepare(
    action: &Action,
    told: &[(String, String)],
    listener: &Value,
) -> Result<(Value, Rendered), (String, Exit)> {
    let wrong = |fault: Fault| (format!("error: {}: {fault}", action.name), Exit::Usage);
    let inputs = action.inputs(told).map_err(wrong)?;
    let rendered = action.render(&inputs, listener).map_err(wrong)?;
    Ok((inputs, rendered))
}

/// What came back from a call.
pub(crate) fn made(
    caller: &Caller<'_>,
    action: &Action,
    rendered: &Rendered,
) -> Result<Called, (String, Exit)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| (format!("error: {error}"), Exit::Problems))?;
    let answer = runtime.block_on(caller.call(action, rendered));
    answer.map_err(|fault| (failed(action, &fault), exit(&fault)))
}

pub(crate) fn failed(action: &Action, why: &dyn Display) -> String {
    format!("error: {}: {}", action.name, terminal::plain_lines(&why.to_string()))
}

/// How a command ends whose call did not do what it should.
fn exit(fault: &CallFault) -> Exit {
    match fault {
        CallFault::Render(_)
        | CallFault::Secret { .. }
        | CallFault::Unsendable { .. }
        | CallFault::Connector { .. } => Exit::Problems,
        CallFault::Unanswered { .. } | CallFault::Token { status: None, .. } => Exit::Silent,
        CallFault::Token { status: Some(_), .. }
        | CallFault::Status { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, .. } => {
            Exit::Denied
        }
        CallFault::TooLarge { .. } | CallFault::Redirect { .. } | CallFault::Status { .. } => {
            Exit::Unwanted
        }
    }
}
