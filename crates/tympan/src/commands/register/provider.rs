//! What is asked of a provider: a new webhook, which there are, and that one ends.

use std::fmt::Display;
use std::path::Path;

use serde_json::Value;
use serde_json::json;
use tympan_core::action;
use tympan_core::action::Rendered;
use tympan_core::config::Action;
use tympan_core::config::Config;
use tympan_core::config::Listener;
use tympan_core::config::Registration;
use tympan_core::config::Step;
use tympan_core::keys::Secrets;
use tympan_server::Called;
use tympan_server::Caller;

use super::Failed;
use crate::commands::call;
use crate::exit::Exit;
use crate::terminal;

/// The provider of a listener.
pub(super) struct Provider<'c> {
    caller: Caller<'c>,
    config: &'c Config,
    listener: &'c Listener,
    pub(super) registration: &'c Registration,
    /// What makes a webhook.
    pub(super) action: &'c Action,
    /// What the command line tells, for whichever of the actions wants it.
    pub(super) told: &'c [(String, String)],
}

impl<'c> Provider<'c> {
    pub(super) fn new(
        folder: &Path,
        config: &'c Config,
        secrets: &'c Secrets,
        listener: &'c Listener,
        told: &'c [(String, String)],
    ) -> Result<Self, Failed> {
        let name = &listener.name;
        let registration = listener.registration.as_ref().ok_or_else(|| {
            (format!("error: listener {name} has no `registration`"), Exit::Usage)
        })?;
        let action = registration.action.action(config).ok_or_else(|| {
            (format!("error: the registration of {name} names no action"), Exit::Usage)
        })?;
        let caller = Caller::new(folder, config, secrets);
        Ok(Self { caller, config, listener, registration, action, told })
    }

    /// Has a webhook made.
    pub(super) fn made(&self, rendered: &Rendered) -> Result<Called, Failed> {
        let made = call::made(&self.caller, self.action, rendered);
        made.map_err(|(why, exit)| match exit {
            // Whoever says no has made none; of others nobody knows.
            Exit::Silent | Exit::Unwanted if self.registration.list.is_some() => {
                let name = &self.listener.name;
                (format!("{why}\n`tympan register {name} --list` tells whether one was made"), exit)
            }
            exit => (why, exit),
        })
    }

    /// What the provider calls the webhook that it has made, if the registration says where it tells.
    pub(super) fn id(&self, inputs: &Value, answer: &Called) -> Result<Option<String>, Failed> {
        let Some(id) = &self.registration.id else { return Ok(None) };
        let id = action::evaluate(id, inputs, &answer.headers, &answer.body);
        match id.map_err(|fault| self.unwanted(&fault, answer))? {
            Value::String(id) if !id.is_empty() => Ok(Some(id)),
            Value::Number(id) => Ok(Some(id.to_string())),
            _ => Err(self.unwanted(&"it names no webhook", answer)),
        }
    }

    /// An answer that does not say what is wanted of it. One that brings a secret is not shown: nobody
    /// knows where in it the secret is, if it is not where it should be.
    pub(super) fn unwanted(&self, why: &dyn Display, answer: &Called) -> Failed {
        if self.registration.secret_at.is_none() {
            return call::unwanted(&self.caller, self.action, why, answer);
        }
        let why = format!("it answers {}, but {why}; what it says is not shown", answer.status);
        (call::failed(self.action, &why), Exit::Unwanted)
    }

    /// Prints which webhooks there are.
    pub(super) fn list(&self) -> Result<(), Failed> {
        let action = self.step(self.registration.list.as_ref(), "list")?;
        let (inputs, rendered) = call::prepare(action, &self.told_to(action, None), &self.facts())?;
        let answer = call::made(&self.caller, action, &rendered)?;
        let result = call::wanted(&self.caller, action, &inputs, &answer)?;
        terminal::data(&call::written(&result));
        Ok(())
    }

    /// Ends a webhook.
    pub(super) fn delete(&self, id: Option<&str>) -> Result<(), Failed> {
        let action = self.step(self.registration.delete.as_ref(), "delete")?;
        let told = self.told_to(action, id);
        let (inputs, rendered) = call::prepare(action, &told, &self.facts())?;
        let answer = call::made(&self.caller, action, &rendered)?;
        // Some systems answer everything with 200, and say in the body whether it is done.
        if action.result.is_some()
            && call::wanted(&self.caller, action, &inputs, &answer)?.is_null()
        {
            let why = "it does not say that it is done";
            return Err(call::unwanted(&self.caller, action, &why, &answer));
        }
        Ok(())
    }

    /// Ends the webhook of a registration that failed, and says what became of it.
    pub(super) fn undo(&self, id: Option<&str>) -> String {
        let name = &self.listener.name;
        let delete = self.registration.delete.as_ref().and_then(|it| it.action(self.config));
        // Some providers have one webhook, which needs no name.
        let needs_id =
            |action: &Action| action.inputs.iter().any(|it| it.name == "id" && it.required);
        if delete.is_none_or(|action| id.is_none() && needs_id(action)) {
            let list = match self.registration.list {
                Some(_) => format!("; `tympan register {name} --list` tells which there are"),
                None => String::new(),
            };
            let id = id.unwrap_or("that was made");
            let id = terminal::plain(id);
            return format!(
                "the webhook {id} may still be there: it has to be deleted there{list}"
            );
        }
        let shown = id.map(terminal::plain);
        let said = shown.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
        match self.delete(id) {
            Ok(()) => format!("the webhook{said} is deleted again"),
            Err((why, _)) => format!(
                "the webhook{said} is still there: `tympan register {name} --delete {}` tries again\n{why}",
                shown.as_deref().unwrap_or("it")
            ),
        }
    }

    /// What the command line tells that concerns an action, beside the webhook that it is about.
    fn told_to(&self, action: &Action, id: Option<&str>) -> Vec<(String, String)> {
        let concerns = |(name, _): &&(String, String)| {
            // Whatever no action of the registration has is told, so that it is found to be unknown.
            action.inputs.iter().any(|input| input.name == *name)
                || self.action.inputs.iter().all(|input| input.name != *name)
        };
        let told = self.told.iter().filter(concerns).cloned();
        told.chain(id.map(|id| ("id".to_owned(), id.to_owned()))).collect()
    }

    fn step(&self, step: Option<&'c Step>, key: &str) -> Result<&'c Action, Failed> {
        let name = &self.listener.name;
        step.and_then(|step| step.action(self.config)).ok_or_else(|| {
            (format!("error: the registration of {name} has no `{key}`"), Exit::Usage)
        })
    }

    /// The listener, as far as the file tells without a server.
    fn facts(&self) -> Value {
        let Listener { name, path, .. } = self.listener;
        let origin = self.config.server.public_url.as_ref();
        let url = origin.map(|origin| format!("{origin}{path}"));
        json!({"name": name, "path": path, "url": url})
    }
}
