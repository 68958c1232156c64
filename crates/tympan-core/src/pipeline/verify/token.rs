//! Whether a sender sent the secret itself along.

use tympan_expr::Expression;
use tympan_expr::Value;

use super::is_in_head;
use super::missing;
use super::received::Received;
use super::unauthorized;
use crate::config::Match;
use crate::config::TokenCheck;
use crate::keys::KeyForm;
use crate::keys::KeyId;
use crate::keys::KeyUse;
use crate::keys::KeyUses;
use crate::keys::Keys;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::pipeline::Fact;
use crate::pipeline::Scope;

#[derive(Debug)]
pub(crate) struct TokenVerify {
    /// Which of the listener's proofs it is, counted as they are written.
    number: usize,
    key: KeyId,
    received: Received,
    /// Whether nothing but the head is needed to judge it.
    is_in_head: bool,
    prefix: String,
    matching: Match,
}

impl TokenVerify {
    pub(super) fn compile(check: &TokenCheck, keys: &mut KeyUses, number: usize) -> Self {
        Self {
            number,
            key: keys.id(KeyUse { secret: check.secret, form: KeyForm::Token }),
            received: Received::compile(&check.received, false),
            is_in_head: is_in_head(&check.received),
            prefix: check.prefix.clone(),
            matching: check.matching,
        }
    }

    /// Which of the listener's proofs it is, counted as they are written.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Whether nothing but the head is needed to judge it.
    pub(super) fn is_in_head(&self) -> bool {
        self.is_in_head
    }

    pub(super) fn unready(&self, keys: &Keys) -> Option<KeyId> {
        (!keys.is_ready(self.key)).then_some(self.key)
    }

    pub(super) fn expressions<'v>(&'v self, found: &mut Vec<&'v Expression>) {
        found.push(self.received.expression());
    }

    pub(super) fn run(&self, scope: &Scope<'_, '_>, keys: &Keys) -> Result<(), Stop> {
        let mut received = Value::Null;
        let result = self.judge(&mut received, scope, keys);
        scope.tell(|| {
            let result = result.as_ref().copied();
            Fact::Token { number: self.number, received: &received, result }
        });
        result
    }

    /// `found` is for the token, as far as it is found.
    fn judge<'a>(
        &'a self,
        found: &mut Value<'a>,
        scope: &Scope<'a, '_>,
        keys: &Keys,
    ) -> Result<(), Stop> {
        self.received.look_once(scope)?;
        let what = "the token";
        let value = self
            .received
            .expression()
            .eval(scope)
            .map_err(|bound| unauthorized(Reason::Exhausted { what, bound }))?;
        if scope.watch.is_some() {
            found.clone_from(&value);
        }
        let is_token = |value: &Value<'_>| {
            let received = value.as_bytes()?;
            let token = received.strip_prefix(self.prefix.as_bytes());
            Some(token.is_some_and(|token| keys.is_token(self.key, token)))
        };
        match &value {
            Value::List(items) if !items.is_empty() => {
                let items = items.iter().map(|item| is_token(item).unwrap_or(false));
                // All are compared, whatever becomes of the first.
                let holds = match self.matching {
                    Match::Every => items.fold(true, |all, it| all & it),
                    Match::Any => items.fold(false, |any, it| any | it),
                };
                if holds { Ok(()) } else { Err(unauthorized(Reason::WrongToken)) }
            }
            value => match is_token(value) {
                Some(true) => Ok(()),
                Some(false) => Err(unauthorized(Reason::WrongToken)),
                None => Err(missing("token")),
            },
        }
    }
}
