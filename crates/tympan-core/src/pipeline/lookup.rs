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

    /// The length of its value, if it is a header of ASCII alone, or is not there.
    pub(crate) fn ascii_length(&self, scope: &Scope<'_, '_>) -> Option<usize> {
        let mut values = scope.head.values(self.header.as_ref()?);
        let Some(value) = values.next() else { return Some(0) };
        (values.next().is_none() && value.is_ascii()).then_some(value.len())
    }

    /// Its value.
    pub(crate) fn eval<'a>(&'a self, scope: &Scope<'a, '_>) -> Result<Value<'a>, Exhausted> {
        match &self.header {
            Some(name) => Ok(header(scope.head, name)),
            None => self.expression.eval(scope),
        }
    }
}
