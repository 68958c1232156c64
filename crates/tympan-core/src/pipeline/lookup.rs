//! An expression that may be nothing but a header.

use http::HeaderName;
use tympan_expr::Exhausted;
use tympan_expr::Expression;
use tympan_expr::Value;

use super::Scope;
use super::scope::header;
use crate::roots;

/// An expression; most attributes and proofs are one header, whose name is made ready here instead
/// of being read for each request.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    pub(crate) expression: Expression,
    /// The header that the expression reads, if it reads nothing else.
    pub(crate) header: Option<HeaderName>,
}

impl Lookup {
    pub(crate) fn compile(expression: &Expression) -> Self {
        let header = match expression.root_entry() {
            Some((roots::HEADERS, name)) => name.parse().ok(),
            _ => None,
        };
        Self { expression: expression.clone(), header }
    }

    /// Whether it is a header that is not there, or is text at first sight: more than need be said of it
    /// where nobody wants the value.
    pub(crate) fn is_plainly_text(&self, scope: &Scope<'_, '_>) -> bool {
        let is_text = |name| scope.head.values(name).all(<[u8]>::is_ascii);
        self.header.as_ref().is_some_and(is_text)
    }

    /// Its value.
    pub(crate) fn eval<'a>(&'a self, scope: &Scope<'a, '_>) -> Result<Value<'a>, Exhausted> {
        match &self.header {
            Some(name) => Ok(header(scope.head, name)),
            None => self.expression.eval(scope),
        }
    }
}
