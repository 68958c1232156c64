//! `tympan register`

mod armed;
mod provider;
mod serve;

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
use tympan_server::Called;
use tympan_server::keys;
use tympan_server::secrets::Order;

use self::armed::Armed;
use self::provider::Provider;
use crate::args::Register;
use crate::client::Server;
use crate::commands::call;
use crate::exit::Exit;
use crate::input;
use crate::interrupt;
use crate::terminal;

const PATIENCE: Duration = Duration::from_secs(15);

/// How long between two looks for a handshake or delivery.
const LOOK: Duration = Duration::from_millis(20);

/// Why it ends, and how.
type Failed = (String, Exit);

pub(crate) fn run(options: &Register) -> Exit {
    match done(options) {
        Ok(()) => Exit::Done,
        Err((why, exit)) => {
            terminal::say(&why);
            exit
        }
    }
}

fn done(options: &Register) -> Result<(), Failed> {
    let (config, _) = input::configuration(&options.asked.file)?;
    let usage = |why| (why, Exit::Usage);
    let listener = input::listener(&config, &options.listener).map_err(usage)?;
    let listener = &config.listeners[listener];
    let folder = options.asked.file.parent().unwrap_or(Path::new(""));
    let values = keys::Lookup::new(folder, &config).secrets(&config);
    let provider = Provider::new(folder, &config, &values, listener, &options.set)?;
    if options.list {
        return provider.list();
    }
    if let Some(id) = &options.delete {
        provider.delete(Some(id))?;
        step("delete", &format!("the webhook {id}"));
        return Ok(());
    }
    let unnoted = |error| (format!("error: signals cannot be received: {error}"), Exit::System);
    interrupt::note().map_err(unnoted)?;
    let register = || {
        let server = Server::find(&options.asked).map_err(|why| usage(format!("error: {why}")))?;
        let patience = Duration::from_secs(options.wait);
        Registration { config: &config, listener, provider: &provider, server, patience }.make()
    };
    if options.serve { serve::meanwhile(&options.asked.file, register) } else { register() }
}

/// A registration at a running server.
struct Registration<'r> {
    config: &'r Config,
    listener: &'r Listener,
    provider: &'r Provider<'r>,
    server: Server,
    /// How long what the provider sends is waited for.
    patience: Duration,
}

impl Registration<'_> {
    fn make(&self) -> Result<(), Failed> {
        let Self { listener, provider, server, .. } = self;
        let before = known(server, &listener.name)?;
        let url = before["url"].as_str().unwrap_or_default();
        let facts = json!({"name": listener.name, "path": listener.path, "url": url});
        let (inputs, rendered) = call::prepare(provider.action, provider.told, &facts)?;
        // Where the answer names the secret that the handshake brought, all are held until then.
        let holds = provider.registration.secret_at.is_some();
        let mut armed = Armed::new(server);
        for secret in self.captured() {
            armed.expect(&secret, holds)?;
            step("expect", &format!("the secret {secret}, at {url}"));
        }
        go_on()?;
        let answer = provider.made(&rendered)?;
        let status = answer.status;
        let id = provider.id(&inputs, &answer);
        let called = id
            .as_ref()
            .ok()
            .and_then(|id| Some(format!(": webhook {}", terminal::plain(id.as_ref()?))));
        let called = called.unwrap_or_default();
        step("call", &format!("{} answers {status}{called}", provider.action.name));
        let finished = id.clone().and_then(|_| self.finish(&mut armed, &inputs, &answer, &before));
        finished.map(|()| armed.done()).map_err(|(why, exit)| {
            (format!("{why}\n{}", provider.undo(id.ok().flatten().as_deref())), exit)
        })
    }

    /// Everything that comes once there is a webhook.
    fn finish(
        &self,
        armed: &mut Armed<'_>,
        inputs: &Value,
        answer: &Called,
        before: &Value,
    ) -> Result<(), Failed> {
        go_on()?;
        let provider = self.provider;
        if let Some(secret_at) = &provider.registration.secret_at {
            let told = action::evaluate(secret_at, inputs, &answer.headers, &answer.body);
            let told = told.map_err(|fault| provider.unwanted(&fault, answer))?;
            let told = told.as_str().filter(|told| !told.is_empty());
            let told = told.ok_or_else(|| provider.unwanted(&"it holds no secret", answer))?;
            self.keep(armed, told)?;
        } else if armed.names().next().is_some() {
            self.await_handshake(armed)?;
        }
        self.await_delivery(before)
    }

    /// Keeps the secret that an answer names.
    fn keep(&self, armed: &mut Armed<'_>, told: &str) -> Result<(), Failed> {
        if let Some((secret, _)) = self.provider.registration.secret {
            let secret = &self.config.secrets[secret.0].name;
            armed.watch(secret)?;
            ordered(&self.server, Order::Rotate, &json!({"name": secret, "value": told}))?;
            step("keep", &format!("the secret {secret}, which the answer brings"));
            return Ok(());
        }
        for secret in armed.names() {
            let settle = json!({"name": secret, "value": told});
            if ordered(&self.server, Order::Settle, &settle)?["matched"] != true {
                let why = format!(
                    "error: no handshake has brought the secret that the answer of {} names: does \
                     the provider reach the listener? Nothing is kept",
                    self.provider.action.name
                );
                return Err((why, Exit::Unwanted));
            }
            step("keep", &format!("the secret {secret}, which the answer names as well"));
        }
        Ok(())
    }

    /// Waits until handshakes have brought everything that is expected.
    fn await_handshake(&self, armed: &Armed<'_>) -> Result<(), Failed> {
        let started = Instant::now();
        loop {
            let expected = armed.still_expected()?;
            if expected.is_empty() {
                step("keep", "the secret of the handshake");
                return Ok(());
            }
            go_on()?;
            if started.elapsed() >= self.patience {
                let (names, most) = (expected.join(", "), self.patience.as_secs());
                let why = format!("error: no handshake has brought {names} within {most} s");
                return Err((why, Exit::Unwanted));
            }
            thread::sleep(LOOK);
        }
    }

    /// Waits until a delivery has verified.
    fn await_delivery(&self, before: &Value) -> Result<(), Failed> {
        let verified = |known: &Value| known["verified"].as_u64().unwrap_or_default();
        let started = Instant::now();
        loop {
            if verified(&known(&self.server, &self.listener.name)?) > verified(before) {
                step("verify", "the first delivery has verified");
                return Ok(());
            }
            if interrupt::is_wanted() || started.elapsed() >= self.patience {
                step("verify", "no delivery yet: it will verify when it comes");
                return Ok(());
            }
            thread::sleep(LOOK);
        }
    }

    /// The secrets that handshakes of the listener bring.
    fn captured(&self) -> Vec<String> {
        let captures = self.listener.challenges.iter().flat_map(|challenge| &challenge.captures);
        let names = captures.map(|capture| self.config.secrets[capture.secret.0].name.clone());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names.dedup();
        names
    }
}

/// Unless somebody wants it to end.
fn go_on() -> Result<(), Failed> {
    if interrupt::is_wanted() {
        return Err(("error: it was interrupted".to_owned(), Exit::Interrupted));
    }
    Ok(())
}

/// What the server knows of a listener.
fn known(server: &Server, name: &str) -> Result<Value, Failed> {
    let failed = |why: String| (format!("error: {why}"), Exit::Problems);
    let answer = server.ask(Method::GET, "/v1/listeners", PATIENCE);
    let answer = answer
        .map_err(|silent| failed(format!("{silent}; start `tympan run` first, or say --serve")))?;
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
