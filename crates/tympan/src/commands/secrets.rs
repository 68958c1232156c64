//! `tympan secrets`

use std::io;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use http::Method;
use http::StatusCode;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use tympan_core::config::Config;
use tympan_core::config::Reference;
use tympan_server::captured::Store;
use tympan_server::secrets;
use tympan_server::secrets::Order;
use tympan_server::secrets::Refused;

use crate::args::Asked;
use crate::args::Format;
use crate::args::Secrets;
use crate::args::What;
use crate::client::Server;
use crate::exit::Exit;
use crate::input;
use crate::terminal;

const PATIENCE: Duration = Duration::from_secs(15);

/// The largest secret that is read, in bytes.
const MOST_BYTES: u64 = 32 << 10;

pub(crate) fn run(options: &Secrets) -> Exit {
    match done(&options.what) {
        Ok(()) => Exit::Done,
        Err((why, exit)) => {
            terminal::say(&why);
            exit
        }
    }
}

fn done(what: &What) -> Result<(), (String, Exit)> {
    match what {
        What::List { asked, format } => {
            let list = list(asked)?;
            terminal::data(&match format {
                Format::Json => format!("{list:#}\n"),
                Format::Text => table(&list),
            });
        }
        What::Arm { name, most, count, asked } => {
            let body = json!({"name": name, "for": most.as_secs(), "count": count});
            let secret = order(asked, Order::Arm, &body)?;
            let until = secret["armed"]["until"].as_str().unwrap_or_default();
            terminal::say(&format!("{name} is expected until {until}, {count} at most"));
        }
        What::Disarm { name, asked } => {
            order(asked, Order::Disarm, &json!({"name": name}))?;
            terminal::say(&format!("{name} is not expected"));
        }
        What::Set { name, asked } => set(name, asked)?,
        What::Rotate { name, asked } => {
            let secret = order(asked, Order::Rotate, &json!({"name": name, "value": value()?}))?;
            terminal::say(&values(&secret));
        }
        What::Forget { name, id, asked } => {
            let mut body = json!({"name": name});
            if let Some(id) = id {
                body["id"] = (*id).into();
            }
            terminal::say(&values(&order(asked, Order::Forget, &body)?));
        }
    }
    Ok(())
}

/// A secret of a file is written there, where a running server finds it by itself; any other is
/// captured.
fn set(name: &str, asked: &Asked) -> Result<(), (String, Exit)> {
    if let Ok((config, _)) = input::configuration(&asked.file)
        && let Some(secret) = config.secrets.iter().find(|secret| secret.name == name)
        && let Some(Reference::File(file)) = secret.references.first()
    {
        let path = asked.file.parent().unwrap_or(Path::new("")).join(file);
        let written = secrets::write(&path, value()?.as_bytes());
        written.map_err(|error| {
            (format!("error: {} cannot be written: {error}", path.display()), Exit::Problems)
        })?;
        terminal::say(&format!("{name} is set in {}", path.display()));
        return Ok(());
    }
    let secret = order(asked, Order::Set, &json!({"name": name, "value": value()?}))?;
    terminal::say(&values(&secret));
    Ok(())
}

/// Every secret, as a running server knows it, or else as the file and its state folder say.
fn list(asked: &Asked) -> Result<Value, (String, Exit)> {
    let server = Server::find(asked).map_err(usage)?;
    match server.ask(Method::GET, "/v1/secrets", PATIENCE) {
        Ok(answer) if answer.status.is_success() => Ok(answer.body),
        Ok(answer) => Err((format!("error: {}", answer.detail()), Exit::Problems)),
        Err(silent) if asked.admin.is_some() => Err((format!("error: {silent}"), Exit::Problems)),
        Err(_) => alone(asked, |secrets| secrets.list().map_err(Refused::from)),
    }
}

/// The same for what is ordered.
pub(crate) fn order(asked: &Asked, order: Order, body: &Value) -> Result<Value, (String, Exit)> {
    let server = Server::find(asked).map_err(usage)?;
    match server.order(order.path(), body, PATIENCE) {
        Ok(answer) if answer.status.is_success() => Ok(answer.body),
        Ok(answer) if answer.status == StatusCode::NOT_FOUND => {
            Err((format!("error: {}", answer.detail()), Exit::Usage))
        }
        Ok(answer) => Err((format!("error: {}", answer.detail()), Exit::Problems)),
        Err(silent) if asked.admin.is_some() => Err((format!("error: {silent}"), Exit::Problems)),
        Err(_) => {
            let body = body.as_object().cloned().unwrap_or_else(Map::new);
            alone(asked, |secrets| secrets.obey(order, &body))
        }
    }
}

/// Asks the state folder, as nobody serves.
fn alone(
    asked: &Asked,
    ask: impl FnOnce(secrets::Secrets<'_>) -> Result<Value, Refused>,
) -> Result<Value, (String, Exit)> {
    let (config, _) = input::configuration(&asked.file)?;
    let secrets = secrets::Secrets {
        written: &config.secrets,
        store: &store(asked, &config),
        refused: &|_| 0,
    };
    ask(secrets).map_err(|refused| {
        let exit =
            if matches!(refused, Refused::Unknown(_)) { Exit::Usage } else { Exit::Problems };
        (format!("error: {refused}"), exit)
    })
}

fn store(asked: &Asked, config: &Config) -> Store {
    Store::new(&asked.file.parent().unwrap_or(Path::new("")).join(&config.state.0))
}

fn usage(why: impl std::fmt::Display) -> (String, Exit) {
    (format!("error: {why}"), Exit::Usage)
}

/// What standard input holds, without a line break at its end.
fn value() -> Result<String, (String, Exit)> {
    let mut text = String::new();
    let read = io::stdin().take(MOST_BYTES + 1).read_to_string(&mut text);
    let why = match read {
        Ok(_) if text.len() as u64 > MOST_BYTES => format!("more than {MOST_BYTES} bytes"),
        Ok(_) if text.trim().is_empty() => "nothing".to_owned(),
        Ok(_) => {
            let line = text.strip_suffix('\n').unwrap_or(&text);
            return Ok(line.strip_suffix('\r').unwrap_or(line).to_owned());
        }
        Err(error) => format!("no text: {error}"),
    };
    Err((format!("error: standard input holds {why}; it has to hold the secret"), Exit::Usage))
}

fn values(secret: &Value) -> String {
    let name = secret["name"].as_str().unwrap_or_default();
    match secret["values"].as_array().map_or(0, Vec::len) {
        0 => format!("{name} has no value"),
        1 => format!("{name} has 1 value"),
        count => format!("{name} has {count} values, and any of them verifies"),
    }
}

fn table(list: &Value) -> String {
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = items.iter().map(|secret| {
        let places = secret["places"].as_array().map(Vec::as_slice).unwrap_or_default();
        let places: Vec<_> = places.iter().map(text).collect();
        let values = secret["values"].as_array().map(Vec::as_slice).unwrap_or_default();
        let values = values.iter().map(|kept| format!("{} of {}", kept["id"], text(&kept["at"])));
        let armed = &secret["armed"];
        let armed = match armed["until"].as_str() {
            Some(until) => format!("{} until {until}", armed["count"]),
            None => "-".to_owned(),
        };
        let values = match values.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => "-".to_owned(),
            values => values,
        };
        [text(&secret["name"]), places.join(", "), values, armed, secret["refused"].to_string()]
    });
    terminal::table(["SECRET", "FOUND IN", "CAPTURED", "EXPECTED", "REFUSED"], rows) + "\n"
}
