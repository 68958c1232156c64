//! Whether the body is the one whose digest a sender sent along.

use tympan_expr::Expression;

use super::received::Received;
use super::told;
use super::unauthorized;
use crate::config::DigestCheck;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::pipeline::Scope;
use crate::scheme::Encoding;
use crate::scheme::HashMode;

#[derive(Debug)]
pub(crate) struct DigestVerify {
    /// Which of the listener's proofs it is, counted as they are written.
    number: usize,
    mode: HashMode,
    received: Received,
    encoding: Option<Encoding>,
    prefix: String,
}

impl DigestVerify {
    pub(super) fn compile(check: &DigestCheck, number: usize) -> Self {
        Self {
            number,
            mode: check.mode,
            received: Received::compile(&check.received, false),
            encoding: check.encoding,
            prefix: check.prefix.clone(),
        }
    }

    /// Which of the listener's proofs it is, counted as they are written.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn expressions<'v>(&'v self, found: &mut Vec<&'v Expression>) {
        found.push(self.received.expression());
    }

    pub(super) fn run(&self, scope: &Scope<'_, '_>) -> Result<(), Stop> {
        told(self.number, "body_digest", self.judge(scope), scope)
    }

    fn judge(&self, scope: &Scope<'_, '_>) -> Result<(), Stop> {
        let received = self.received.text(scope, "digest")?;
        let text = received.strip_prefix(self.prefix.as_str());
        let length = self.mode.length();
        let digest = text.and_then(|text| match self.encoding {
            Some(encoding) => encoding.decode(text, length),
            None => Encoding::ALL.iter().find_map(|encoding| encoding.decode(text, length)),
        });
        let Some(digest) = digest else { return Err(unauthorized(Reason::Undecodable)) };
        let own = self.mode.digest([scope.body.unwrap_or_default()]);
        if crate::scheme::equal(&own, &digest) {
            Ok(())
        } else {
            Err(unauthorized(Reason::WrongDigest))
        }
    }
}
