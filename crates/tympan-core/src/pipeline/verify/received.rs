//! Where a part of the proof is, and what stands there.

use http::HeaderName;
use smallvec::SmallVec;
use tympan_expr::Expression;
use tympan_expr::Text;
use tympan_expr::Value;

use super::missing;
use super::repeated;
use super::unauthorized;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::pipeline::Head;
use crate::pipeline::Scope;

/// Where a part of the proof is.
#[derive(Debug)]
pub(in crate::pipeline) struct Received {
    expression: Expression,
    /// Whether it may hold several values, so that the header may stand several times.
    is_list: bool,
}

/// The values of a part of the proof: nearly always one.
pub(super) type Texts<'a> = SmallVec<[Text<'a>; 1]>;

impl Received {
    pub(in crate::pipeline) fn compile(expression: &Expression, is_list: bool) -> Self {
        Self { expression: expression.clone(), is_list }
    }

    pub(in crate::pipeline) fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Whether it is there at all, where only the head is needed to tell.
    pub(in crate::pipeline) fn look(
        &self,
        scope: &Scope<'_, '_>,
        what: &'static str,
    ) -> Result<(), Stop> {
        let Some(header) = self.expression.header() else { return Ok(()) };
        if self.is_list {
            return self.text(scope, what).map(drop);
        }
        let value = only(header, scope.head, what)?;
        // It is read later on; that it can be is nearly always seen by less.
        if value.is_ascii() || std::str::from_utf8(value).is_ok() {
            Ok(())
        } else {
            Err(unauthorized(Reason::Undecodable))
        }
    }

    /// Of two headers of one name, a proxy may have judged the other one.
    pub(in crate::pipeline) fn look_once(&self, scope: &Scope<'_, '_>) -> Result<(), Stop> {
        match self.expression.header() {
            Some(header) if !self.is_list && scope.head.values(header).nth(1).is_some() => {
                Err(repeated(header))
            }
            _ => Ok(()),
        }
    }

    /// Its values: the items of a list, or else the one that [`text`](Self::text) finds.
    pub(super) fn texts<'a>(
        &'a self,
        scope: &Scope<'a, '_>,
        what: &'static str,
    ) -> Result<Texts<'a>, Stop> {
        if self.expression.header().is_some() {
            return self.text(scope, what).map(|text| Texts::from_buf([text]));
        }
        let value = self
            .expression
            .eval(scope)
            .map_err(|bound| unauthorized(Reason::Exhausted { what, bound }))?;
        let Value::List(items) = value else {
            return of_value(value, what).map(|text| Texts::from_buf([text]));
        };
        // Of those that may be there, some are not.
        let there = items.iter().filter(|item| !matches!(item, Value::Null));
        let texts: Result<Texts<'a>, Stop> =
            there.map(|item| of_value(item.clone(), what)).collect();
        match texts {
            Ok(texts) if texts.is_empty() => Err(missing(what)),
            texts => texts,
        }
    }

    /// Its value, found in one look where it is a header that may stand once.
    pub(super) fn text<'a>(
        &'a self,
        scope: &Scope<'a, '_>,
        what: &'static str,
    ) -> Result<Text<'a>, Stop> {
        let Some(header) = self.expression.header().filter(|_| !self.is_list) else {
            return text(&self.expression, scope, what);
        };
        let value = only(header, scope.head, what)?;
        let text = std::str::from_utf8(value).map_err(|_| unauthorized(Reason::Undecodable))?;
        Ok(Text::from(text))
    }
}

/// The value of a header that has to stand exactly once, and to say something.
pub(in crate::pipeline) fn only<'h>(
    header: &HeaderName,
    head: &'h Head,
    what: &'static str,
) -> Result<&'h [u8], Stop> {
    let mut values = head.values(header);
    match (values.next(), values.next()) {
        (None | Some([]), None) => Err(missing(what)),
        (Some(value), None) => Ok(value),
        (_, Some(_)) => Err(repeated(header)),
    }
}

/// The value of a part of the proof.
pub(super) fn text<'a>(
    expression: &'a Expression,
    scope: &Scope<'a, '_>,
    what: &'static str,
) -> Result<Text<'a>, Stop> {
    let value =
        expression.eval(scope).map_err(|bound| unauthorized(Reason::Exhausted { what, bound }))?;
    of_value(value, what)
}

fn of_value<'a>(value: Value<'a>, what: &'static str) -> Result<Text<'a>, Stop> {
    match value {
        Value::Text(text) if !text.is_empty() => Ok(text),
        Value::Number(_) => value.to_text().ok_or_else(|| missing(what)),
        Value::Bytes(_) => Err(unauthorized(Reason::Undecodable)),
        _ => Err(missing(what)),
    }
}
