//! What is kept of a verified request that no event can be made of.

use super::Exchange;
use crate::config::Ack;
use crate::outcome::Stop;
use crate::pipeline::Answer;
use crate::pipeline::Ask;
use crate::pipeline::DeadLetter;
use crate::pipeline::EventRecord;
use crate::pipeline::Pipeline;
use crate::pipeline::dead_letter;
use crate::pipeline::next::Next;
use crate::pipeline::sealed::Verified;
use crate::pipeline::step::Pending;

impl Exchange {
    /// Keeps a request that no event could be made of: its provider would send the same again.
    pub(super) fn bury(&self, pipeline: &Pipeline, verified: &Verified<'_>, stop: Stop) -> Next {
        let reason = stop.reason().clone();
        let path = pipeline.redact.shown_path(&pipeline.path, self.head.uri.path());
        let request = dead_letter::request(&self.head, &path, verified.bytes());
        let dead = Some(DeadLetter { request, reason });
        let Answer { reply, outcome, reason, .. } = self.stopped(stop);
        // Nothing else of it is left to be done, so it is kept for good whatever `ack` says.
        let (ack, within) = (Ack::Durable, pipeline.patience);
        let record = Box::new(EventRecord { events: Vec::new(), dead, claim: None, ack, within });
        let pending = Some(Box::new(Pending { reply, outcome, reason }));
        Next { ask: Ask::Append(record), pending, refusal: None }
    }
}
