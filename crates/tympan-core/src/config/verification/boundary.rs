//! Whether what is signed can be told apart: a body, and what stands right beside it.

use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::Piece;

use super::SignatureCheck;
use super::Verification;
use crate::config::Accept;
use crate::config::Reader;
use crate::diagnostic::Problem;
use crate::diagnostic::Proving;
use crate::roots;

impl Reader<'_> {
    /// Warns of signatures that cover a body and something beside it in one text with nothing between
    /// them, where bodies are accepted that can begin and end with anything.
    pub(in crate::config) fn check_boundaries(&mut self, it: &Verification, accept: Accept) {
        match it {
            Verification::Any(list) | Verification::All(list) => {
                for it in list {
                    self.check_boundaries(it, accept);
                }
            }
            Verification::Signature(check)
                if accept != Accept::Json
                    && check.payloads.iter().any(|it| has_bare_boundary(check, it)) =>
            {
                self.report(check.at, Problem::Proving(Proving::Unseparated));
            }
            _ => {}
        }
    }
}

fn has_bare_boundary(check: &SignatureCheck, payload: &Expression) -> bool {
    let value = check.timestamp.as_ref().and_then(|timestamp| timestamp.value.as_ref());
    let timestamp = value.and_then(Expression::root_entry);
    // A timestamp has a form of its own.
    let is_chosen = |piece: &Piece| {
        [roots::HEADERS, roots::QUERY_PARAMS, roots::PATH_PARAMS, roots::REQUEST_URL].iter().any(
            |root| match piece.needs.paths(*root) {
                None => false,
                Some(Paths::Whole) => true,
                Some(Paths::Keys(keys)) => {
                    keys.iter().any(|(key, _)| timestamp != Some((*root, &**key)))
                }
            },
        )
    };
    let is_body =
        |piece: &Piece| piece.needs.reads(roots::RAW_BODY) || piece.needs.reads(roots::PARSED_BODY);
    payload.joined().windows(2).any(|pair| {
        let [one, other] = pair else { return false };
        let are_open = !one.is_digest && !other.is_digest;
        are_open && (is_chosen(one) && is_body(other) || is_body(one) && is_chosen(other))
    })
}
