//! What a request asks for next, and how one ends.

use super::Answer;
use super::Ask;
use super::Pipeline;
use super::Reply;
use super::Scope;
use super::step::Pending;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;

/// What is asked for next, and what is answered once that is done.
pub(super) struct Next {
    pub(super) ask: Ask,
    pub(super) pending: Option<Box<Pending>>,
    /// What is answered if it cannot be done, where that is not the usual.
    pub(super) refusal: Option<Box<Reply>>,
}

impl Next {
    /// Something that has to be done before a challenge is answered.
    pub(super) fn once(ask: Ask, reply: Reply) -> Self {
        let pending = Pending { reply, outcome: Outcome::Challenged, reason: None };
        Self { ask, pending: Some(Box::new(pending)), refusal: None }
    }
}

impl From<Ask> for Next {
    fn from(ask: Ask) -> Self {
        Self { ask, pending: None, refusal: None }
    }
}

pub(super) fn answer(reply: Reply, outcome: Outcome, reason: Option<Box<Reason>>) -> Ask {
    Ask::Answer(Answer { reply, outcome, reason, close: false })
}

pub(super) fn challenged(reply: Reply) -> Ask {
    answer(reply, Outcome::Challenged, None)
}

/// The end of a request that was left out on purpose.
pub(super) fn decided(
    outcome: Outcome,
    pipeline: &Pipeline,
    scope: &Scope<'_, '_>,
) -> Result<Next, Stop> {
    let reply = pipeline.reply(outcome, scope)?;
    Ok(answer(reply, outcome, Some(Box::new(Reason::Decided))).into())
}

/// The end of a request for which there is room only after a while, in seconds.
pub(super) fn limited(wait: f64) -> Stop {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a wait is short")]
    let seconds = wait.ceil().max(1.0) as u64;
    Stop::new(Outcome::RateLimited, Reason::RateLimited { seconds })
}
