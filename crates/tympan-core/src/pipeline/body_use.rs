//! What of a body has to be parsed, and for what: known before any request.

use tympan_expr::Expression;
use tympan_expr::Needs;
use tympan_expr::Paths;

use crate::roots;

/// What of a body has to be parsed, and for what.
#[derive(Debug)]
pub(crate) struct BodyUse {
    pub(crate) for_challenge: bool,
    pub(crate) for_proof: bool,
    pub(crate) for_events: bool,
    /// The parts that anything reads: a body is parsed once, whoever asks first.
    pub(crate) wanted: Paths,
}

impl BodyUse {
    /// What the expressions of each stage read. Events that carry the body, and schemas that judge
    /// it, read the `whole`.
    pub(crate) fn compile(
        challenge: &[&Expression],
        proof: &[&Expression],
        events: &[&Expression],
        whole: bool,
    ) -> Self {
        let needs = |expressions: &[&Expression]| {
            let mut needs = Needs::default();
            for expression in expressions {
                needs.merge(&expression.needs());
            }
            needs
        };
        let [challenge, proof, events] = [challenge, proof, events].map(needs);
        let mut wanted = if whole { Paths::Whole } else { Paths::Keys(Vec::new()) };
        let stages = [&challenge, &proof, &events];
        for paths in stages.into_iter().filter_map(|needs| needs.paths(roots::PARSED_BODY)) {
            wanted.merge(paths);
        }
        Self {
            for_challenge: challenge.reads(roots::PARSED_BODY),
            for_proof: proof.reads(roots::PARSED_BODY),
            for_events: events.reads(roots::PARSED_BODY) || whole,
            wanted,
        }
    }
}
