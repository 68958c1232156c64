//! `tympan register`

use std::path::Path;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use http::Method;
use serde_json::Value;
use serde_json::json;
use tympan_core::action;
use tympan_core::config::Config;
use tympan_core::config::Listener;
use tympan_server::Caller;
use tympan_server::keys;
use tympan_server::secrets::Order;

use crate::args::Register;
use crate::client::Server;
use crate::commands::call;
use crate::exit::Exit;
use crate::input;
use crate::terminal;

const PATIENCE: Duration = Duration::from_secs(15);

/// For how many seconds a secret is expected: longer than any call takes.
const EXPECTED: u64 = 120;

/// How long between two looks for the first delivery.
const LOOK: Duration = Duration::from_millis(100);

type Failed = (String, Exit);

pub(crate) fn run(options: &Register) -> Exit {
    match register(options) {
        Ok(()) => Exit::Done,
        Err((why, exit)) => {
            terminal::say(&why);
            exit
        }
    }
}

fn register(options: &Register) -> Result<(), Failed> {
    let usage = |why| (why, Exit::Usage);
    let (config, _) = input::configuration(&options.asked.file)?;
    let listener = input::listener(&config, &options.listener).map_err(usage)?;
    let listener = &config.listeners[listener];
    let name = &listener.name;
    let Some(registration) = &listener.registration else {
        return Err(usage(format!("error: listener {name} has no `registration`")));
    };
    let action = call::find(&config, &registration.action)?;
    let server = Server::find(&options.asked).map_err(|why| usage(format!("error: {why}")))?;
    let serving = known(&server, name)?;
    let url = serving["url"].as_str().unwrap_or_default();
    let before = serving["verified"].as_u64().unwrap_or_default();
    let facts = json!({"name": name, "path": listener.path, "url": url});
    let (inputs, rendered) = call::prepare(action, &options.set, &facts)?;

    let folder = options.asked.file.parent().unwrap_or(Path::new(""));
    let values = keys::Lookup::new(folder, &config).secrets(&config);
    let caller = Caller::new(folder, &config, &values);
    let mut armed = Armed { server: &server, secrets: captured(&config, listener) };
    let hold = registration.secret.is_some();
    for secret in &armed.secrets {
        ordered(
            &server,
            Order::Arm,
            &json!({"name": secret, "for": EXPECTED, "count": 1, "hold": hold}),
        )?;
        step("expect", &format!("the secret {secret}, at {url}"));
    }
    let answer = call::made(&caller, action, &rendered)?;
    step("call", &format!("{} answers {}", action.name, answer.status));
    if let Some(secret) = &registration.secret {
        let told = action::evaluate(secret, &inputs, &answer.headers, &answer.body);
        let told = told.ok().and_then(|value| value.as_str().map(str::to_owned));
        let undone = format!("the webhook that {} has made has to be deleted there", action.name);
        let Some(told) = told else {
            let why = format!("error: the answer of {} holds no secret; {undone}", action.name);
            return Err((why, Exit::Problems));
        };
        for secret in &armed.secrets {
            let settled = ordered(&server, Order::Settle, &json!({"name": secret, "value": told}))?;
            if settled["matched"] != true {
                let why = format!(
                    "error: no handshake has brought the secret that the answer of {} names: does \
                     the provider reach {url}? Nothing is kept; {undone}",
                    action.name
                );
                return Err((why, Exit::Problems));
            }
            step("keep", &format!("the secret {secret}, which the answer names as well"));
        }
        // What is settled is expected no longer.
        armed.secrets.clear();
    }
    await_delivery(&server, name, before, Duration::from_secs(options.wait))
}

/// Waits until a delivery has verified.
fn await_delivery(server: &Server, name: &str, before: u64, most: Duration) -> Result<(), Failed> {
    let started = Instant::now();
    loop {
        let verified = known(server, name)?["verified"].as_u64().unwrap_or_default();
        if verified > before {
            step("verify", "the first delivery has verified");
            return Ok(());
        }
        if started.elapsed() >= most {
            step("verify", "no delivery yet: it will verify when it comes");
            return Ok(());
        }
        thread::sleep(LOOK);
    }
}

/// Secrets that are expected until this goes away, whatever fails.
struct Armed<'s> {
    server: &'s Server,
    secrets: Vec<String>,
}

impl Drop for Armed<'_> {
    fn drop(&mut self) {
        for secret in &self.secrets {
            if let Err((why, _)) = ordered(self.server, Order::Disarm, &json!({"name": secret})) {
                terminal::say(&format!("{why}\n`tympan secrets disarm {secret}` tries again"));
            }
        }
    }
}

/// The secrets that handshakes of a listener bring.
fn captured(config: &Config, listener: &Listener) -> Vec<String> {
    let captures = listener.challenges.iter().flat_map(|challenge| &challenge.captures);
    let mut names: Vec<_> =
        captures.map(|capture| config.secrets[capture.secret.0].name.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// What the server knows of a listener.
fn known(server: &Server, name: &str) -> Result<Value, Failed> {
    let failed = |why: String| (format!("error: {why}"), Exit::Problems);
    let answer = server.ask(Method::GET, "/v1/listeners", PATIENCE);
    let answer = answer.map_err(|silent| failed(format!("{silent}; start `tympan run` first")))?;
    let items = answer.body["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let found = items.iter().find(|item| item["name"] == *name);
    found.cloned().ok_or_else(|| failed(format!("the server serves no listener {name}")))
}

fn ordered(server: &Server, order: Order, body: &Value) -> Result<Value, Failed> {
    let failed = |why: String| (format!("error: {why}"), Exit::Problems);
    match server.order(order.path(), body, PATIENCE) {
        Ok(answer) if answer.status.is_success() => Ok(answer.body),
        Ok(answer) => Err(failed(answer.detail())),
        Err(silent) => Err(failed(silent.to_string())),
    }
}

/// Tells what was done.
fn step(what: &str, how: &str) {
    terminal::say(&format!("{what:<7} {how}"));
}
