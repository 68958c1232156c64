//! What is kept of a verified request that no event can be made of.

use tympan_expr::Value;

use super::Exchange;
use crate::config::Ack;
use crate::outcome::Outcome;
use crate::outcome::Stop;
use crate::pipeline::Answer;
use crate::pipeline::Ask;
use crate::pipeline::DeadLetter;
use crate::pipeline::EventRecord;
use crate::pipeline::Pipeline;
use crate::pipeline::Watch;
use crate::pipeline::body::Unreadable;
use crate::pipeline::next::Next;
use crate::pipeline::saved::Purpose;
use crate::pipeline::saved::saved;
use crate::pipeline::sealed::Verified;
use crate::pipeline::step::Pending;

impl Exchange {
    /// What no event can be made of is kept as a dead letter.
    pub(super) fn make_or_bury<'a>(
        &'a self,
        pipeline: &'a Pipeline,
        verified: &Verified<'a>,
        parsed: Option<Result<Value<'a>, Unreadable>>,
        watch: Option<&dyn Watch>,
    ) -> Result<Next, Stop> {
        match self.make_events(pipeline, verified, parsed, watch) {
            Err(stop) if stop.outcome() == Outcome::Invalid => {
                Ok(self.bury(pipeline, verified, stop))
            }
            made => made,
        }
    }

    /// Keeps a request that no event could be made of: its provider would send the same again.
    fn bury(&self, pipeline: &Pipeline, verified: &Verified<'_>, stop: Stop) -> Next {
        let reason = stop.reason().clone();
        let body = Some(verified.bytes());
        let comment = format!("{}: {reason}", Outcome::Invalid);
        let request =
            saved(&self.head, &self.path_params, pipeline, body, Purpose::Replay, &comment);
        let dead = Some(DeadLetter { request, reason });
        let Answer { reply, outcome, reason, .. } = self.stopped(stop);
        // Nothing else of it is left to be done, so it is kept for good whatever `ack` says.
        let (ack, within) = (Ack::Durable, pipeline.patience);
        let record = Box::new(EventRecord { events: Vec::new(), dead, claim: None, ack, within });
        let pending = Some(Box::new(Pending { reply, outcome, reason }));
        Next { ask: Ask::Append(record), pending, refusal: None }
    }
}
