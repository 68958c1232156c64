//! What a challenge has called before it is answered.

use tympan_expr::Expression;

use super::Fact;
use super::Scope;
use super::challenge::malformed;
use super::challenge::text_of;
use crate::anchor::Anchor;
use crate::anchor::Anchored;
use crate::config::NamedUrl;
use crate::outcome::Reason;
use crate::outcome::Stop;

/// What the operator is told about it.
const WHAT: &str = "call";

/// A URL that is called once, with GET, before a challenge is answered.
#[derive(Debug)]
pub(super) struct Call {
    url: Expression,
    anchor: Anchor,
}

impl Call {
    pub(super) fn compile(call: &NamedUrl) -> Self {
        Self { url: call.url.clone(), anchor: call.anchor.clone() }
    }

    pub(super) fn expression(&self) -> &Expression {
        &self.url
    }

    /// The URL that the challenge at this index names, if it may be called.
    pub(super) fn run(&self, index: usize, scope: &Scope<'_, '_>) -> Result<Anchored, Stop> {
        let result = self.url_of(scope);
        scope.tell(|| Fact::ChallengeCall { index, result: result.as_ref() });
        result
    }

    fn url_of(&self, scope: &Scope<'_, '_>) -> Result<Anchored, Stop> {
        let url = text_of(&self.url, scope, "URL of the call")?;
        let url = self.anchor.admit(&url);
        url.map_err(|why| malformed(Reason::ForeignUrl { what: WHAT, why }))
    }
}
