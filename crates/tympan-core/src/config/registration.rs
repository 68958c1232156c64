//! Reading `registration:`, how a listener is made known to its provider.

use tympan_expr::Expression;

use crate::config::Reader;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::roots::Place;
use crate::span::Span;

/// How a listener is made known to its provider.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The action that does it: the provider greets while it is being called.
    pub action: String,
    /// Where the action is named.
    pub at: Span,
    /// Where the answer tells the secret that the handshake brought.
    pub secret: Option<Expression>,
}

impl Reader<'_> {
    pub(super) fn registration(&mut self, fields: &mut Fields) -> Option<Registration> {
        let (key, node) = fields.take("registration")?;
        let mut fields = self.fields(&keys::REGISTRATION, key.span, node)?;
        let action = fields.require(self, "action");
        let action = action.and_then(|(_, node)| Some((node.span, self.text(&node)?)));
        let secret = fields.take("secret").map(|(_, node)| {
            let secret = self.expression(Place::Result, &node)?;
            self.check_varies(&node, &secret);
            Some(secret)
        });
        fields.end();
        let (at, action) = action?;
        let secret = match secret {
            Some(secret) => Some(secret?),
            None => None,
        };
        Some(Registration { action, at, secret })
    }

    /// Actions have names of their own, which may be given after the listeners.
    pub(super) fn check_registrations(&mut self) {
        let known: Vec<_> = self.config.actions.iter().map(|it| it.name.clone()).collect();
        let registrations = self.config.listeners.iter().filter_map(|it| it.registration.as_ref());
        let unknown = registrations.filter(|it| !known.contains(&it.action));
        let unknown: Vec<_> = unknown.map(|it| (it.at, it.action.clone())).collect();
        for (at, name) in unknown {
            let (kind, known) = ("action", known.clone());
            self.report(at, Problem::UnknownName { kind, name, known });
        }
    }
}
