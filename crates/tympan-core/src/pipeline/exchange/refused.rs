//! What is kept of a request that was refused.

use bytes::Bytes;

use super::Exchange;
use crate::outcome::Outcome;
use crate::pipeline::Answer;
use crate::pipeline::saved::Purpose;
use crate::pipeline::saved::saved;
use crate::pipeline::sealed::Sealed;

/// The largest body that is kept, in bytes: strangers say how many there are.
const MOST_BODY: usize = 64 << 10;

/// In how many bytes one of the request is written at most: in a form, what is no UTF-8 becomes a sign of three
/// bytes, each of which is written as three.
const MOST_WRITTEN: usize = 9;

/// As how many bytes of the request counts what is written around a header.
const AROUND: usize = 4;

impl Exchange {
    /// Whether the request was refused, and is kept all the same if there is room for it.
    #[must_use]
    pub fn keeps_refused(&self, answer: &Answer) -> bool {
        let is_refused = !answer.outcome.is_ordinary() && answer.outcome != Outcome::Invalid;
        is_refused && self.pipeline().is_some_and(|pipeline| pipeline.keeps_refused)
    }

    /// How many bytes what is kept of it may take.
    #[must_use]
    pub fn most_refused(&self) -> usize {
        let headers = self.head.headers.iter();
        let headers: usize =
            headers.map(|(name, value)| name.as_str().len() + value.len() + AROUND).sum();
        let target = self.head.uri.path_and_query().map_or(0, |target| target.as_str().len());
        let body = self.sealed.as_ref().map_or(0, |sealed| sealed.for_keeping().len());
        MOST_WRITTEN * (headers + target + if body <= MOST_BODY { body } else { 0 })
    }

    /// What is kept of it.
    #[must_use]
    pub fn refused(&self, answer: &Answer) -> Bytes {
        let Some(pipeline) = self.pipeline() else { return Bytes::new() };
        let body = self.sealed.as_ref().map(Sealed::for_keeping);
        let of_body = match body {
            Some(body) if body.len() > MOST_BODY => {
                format!("; its body of {} bytes was too large to be kept", body.len())
            }
            None => "; its body was not read".to_owned(),
            Some(_) => String::new(),
        };
        let why = answer.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let comment = format!("it was refused as {}{why}{of_body}", answer.outcome);
        let body = body.filter(|body| body.len() <= MOST_BODY);
        saved(&self.head, &self.path_params, pipeline, body, Purpose::Explain, &comment)
    }
}
