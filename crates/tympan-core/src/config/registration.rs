//! Reading `registration:`, how a listener is made known to its provider.

use tympan_expr::Expression;

use crate::config::Action;
use crate::config::Config;
use crate::config::ConnectorId;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic;
use crate::diagnostic::Problem;
use crate::roots::Place;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// How a listener is made known to its provider.
#[derive(Clone, Debug)]
pub struct Registration {
    /// What does it: the provider greets while it is being called.
    pub action: Step,
    /// What ends it.
    pub delete: Option<Step>,
    /// What tells which there are.
    pub list: Option<Step>,
    /// Where the answer tells what the provider calls the webhook.
    pub id: Option<Expression>,
    /// Where the answer tells the secret that the handshake brought, or that it brings itself.
    pub secret_at: Option<Expression>,
    /// The secret that the answer brings itself, with the place that says so.
    pub secret: Option<(SecretId, Span)>,
}

/// One call of a registration.
#[derive(Clone, Debug)]
pub enum Step {
    /// An action of `actions`.
    Named {
        /// Its name.
        name: String,
        /// Where it is named.
        at: Span,
    },
    /// One of its own.
    Own(Box<Action>),
}

impl Step {
    /// What is called.
    #[must_use]
    pub fn action<'c>(&'c self, config: &'c Config) -> Option<&'c Action> {
        match self {
            Self::Named { name, .. } => config.actions.iter().find(|it| it.name == *name),
            Self::Own(action) => Some(action),
        }
    }

    /// Where it is said.
    fn at(&self) -> Span {
        match self {
            Self::Named { at, .. } => *at,
            Self::Own(action) => action.at,
        }
    }
}

impl Registration {
    /// The calls that are written out here.
    pub(super) fn actions(&self) -> impl Iterator<Item = &Action> {
        let steps = [Some(&self.action), self.delete.as_ref(), self.list.as_ref()];
        steps.into_iter().flatten().filter_map(|step| match step {
            Step::Named { .. } => None,
            Step::Own(action) => Some(&**action),
        })
    }
}

impl Reader<'_> {
    pub(super) fn registration(&mut self, fields: &mut Fields) -> Option<Registration> {
        let (key, node) = fields.take("registration")?;
        let mut fields = self.fields(&keys::REGISTRATION, key.span, node)?;
        let connector = fields.take("connector").map(|(_, node)| self.connector_name(&node));
        let connector = connector.flatten();
        let action = fields.require(self, "action");
        let action = action.and_then(|(key, node)| self.step(&key, node, connector));
        let mut other = |reader: &mut Self, name| match fields.take(name) {
            Some((key, node)) => reader.step(&key, node, connector).map(Some),
            None => Some(None),
        };
        let delete = other(self, "delete");
        let list = other(self, "list");
        let mut told = |reader: &mut Self, name| match fields.take(name) {
            Some((_, node)) => {
                let told = reader.expression(Place::Result, &node)?;
                reader.check_varies(&node, &told);
                Some(Some(told))
            }
            None => Some(None),
        };
        let secret_at = told(self, "secret_at");
        let id = told(self, "id");
        let secret = fields.take("secret").map(|(key, node)| (key.span, self.secret_name(&node)));
        fields.end();
        if let (Some((at, _)), Some(None)) = (&secret, &secret_at) {
            let (section, example) =
                ("a registration with `secret`", "secret_at: parsed_body.secret");
            self.report(*at, Problem::MissingKey { key: "secret_at", section, example });
        }
        let secret = match secret {
            Some((at, secret)) => Some((secret?, at)),
            None => None,
        };
        Some(Registration {
            action: action?,
            delete: delete?,
            list: list?,
            id: id?,
            secret_at: secret_at?,
            secret,
        })
    }

    /// A call that is named, or written out.
    fn step(&mut self, key: &Key, node: Node, connector: Option<ConnectorId>) -> Option<Step> {
        if let Value::Map(_) = node.value {
            let key = Key { name: format!("registration.{}", key.name), span: key.span };
            return self.action(key, node, connector).map(|action| Step::Own(Box::new(action)));
        }
        Some(Step::Named { at: node.span, name: self.text(&node)? })
    }

    /// Actions have names of their own, which may be given after the listeners.
    pub(super) fn check_registrations(&mut self) {
        let mut found = Vec::new();
        let config = &self.config;
        for registration in config.listeners.iter().filter_map(|it| it.registration.as_ref()) {
            let Registration { action, delete, list, secret, .. } = registration;
            for step in [Some(action), delete.as_ref(), list.as_ref()].into_iter().flatten() {
                if let (Step::Named { name, at }, None) = (step, step.action(config)) {
                    let known = config.actions.iter().map(|it| it.name.clone()).collect();
                    let (kind, name) = ("action", name.clone());
                    found.push((*at, Problem::UnknownName { kind, name, known }));
                }
            }
            // Whoever deletes says which.
            if let Some((step, action)) =
                delete.as_ref().and_then(|step| Some((step, step.action(config)?)))
                && action.inputs.iter().all(|input| input.name != "id")
            {
                let known = action.inputs.iter().map(|input| input.name.clone()).collect();
                let (kind, name) = ("input", "id".to_owned());
                found.push((step.at(), Problem::UnknownName { kind, name, known }));
            }
            let secret = secret.and_then(|(id, at)| Some((config.secrets.get(id.0)?, at)));
            if let Some((secret, at)) = secret
                && !secret.references.is_empty()
                && secret.captures().is_none()
            {
                let secret = secret.name.clone();
                found.push((at, Problem::Challenge(diagnostic::Challenge::Captures { secret })));
            }
        }
        for (at, problem) in found {
            self.report(at, problem);
        }
    }
}
