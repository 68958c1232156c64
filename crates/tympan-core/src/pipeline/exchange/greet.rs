//! How a challenge is answered: whether its sender may ask, and what is called before.

use super::Exchange;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::pipeline::Answer;
use crate::pipeline::Ask;
use crate::pipeline::Pipeline;
use crate::pipeline::Scope;
use crate::pipeline::challenge::Challenge;
use crate::pipeline::decrypt::Plain;
use crate::pipeline::next::Next;
use crate::pipeline::next::challenged;

impl Exchange {
    /// Answers the first encrypted challenge that a request is: one of those whose sender has proved
    /// what the listener wants of everyone, or one of the others.
    pub(super) fn greet_encrypted(
        &self,
        pipeline: &Pipeline,
        is_proved: bool,
        scope: &Scope<'_, '_>,
    ) -> Result<Option<Next>, Stop> {
        let Some(decrypt) = &pipeline.decrypt else { return Ok(None) };
        for (index, challenge) in pipeline.challenges_by(&self.head.method).iter().enumerate() {
            let is_meant = challenge.is_proven_as_events() == is_proved;
            let Some(ciphertext) = challenge.ciphertext().filter(|_| is_meant) else { continue };
            let plain = decrypt.open(ciphertext, scope, &self.live.keys);
            let said = plain.as_ref().and_then(|plain| decrypt.parse(plain, &self.head));
            let body = plain.as_ref().map(Plain::bytes);
            let scope = Scope { body, parsed: said, ..scope.clone() };
            if scope.parsed.is_none() || !challenge.detects(index, &scope) {
                continue;
            }
            if is_proved {
                return self.welcome(index, challenge, &scope).map(Some);
            }
            return self.greet(index, challenge, &scope).map(Some);
        }
        Ok(None)
    }

    /// Answers a challenge, if its sender proves what the challenge itself wants.
    pub(super) fn greet(
        &self,
        index: usize,
        challenge: &Challenge,
        scope: &Scope<'_, '_>,
    ) -> Result<Next, Stop> {
        let keys = &self.live.keys;
        if let Some(key) = challenge.unready(keys) {
            let secret = self.live.generation.secret_of(key).to_owned();
            return Err(Stop::new(Outcome::NotReady, Reason::Secret { secret }));
        }
        match challenge.prove(index, scope, keys, &self.asked) {
            Ok(Ok(())) => self.welcome(index, challenge, scope),
            Ok(Err(request)) => Ok(Ask::Fetch(request).into()),
            Err(stop) => Ok(self.refuse(challenge, stop, scope)?.into()),
        }
    }

    /// Answers a challenge whose sender has proved what it has to, once what it names is
    /// called, or the secrets are stored that it brings.
    pub(super) fn welcome(
        &self,
        index: usize,
        challenge: &Challenge,
        scope: &Scope<'_, '_>,
    ) -> Result<Next, Stop> {
        let reply = challenge.run(scope, &self.live.keys)?;
        if let Some(url) = challenge.calls(index, scope)? {
            return Ok(Next::once(Ask::Call(url), reply));
        }
        let captures = challenge.captures(scope)?;
        if captures.is_empty() {
            return Ok(challenged(reply).into());
        }
        let refusal = challenge.otherwise(scope).map(Box::new);
        Ok(Next { refusal, ..Next::once(Ask::Capture(captures), reply) })
    }

    /// The end of a challenge whose sender did not prove itself.
    pub(super) fn refuse(
        &self,
        challenge: &Challenge,
        stop: Stop,
        scope: &Scope<'_, '_>,
    ) -> Result<Ask, Stop> {
        let refused = stop.clone();
        let (reply, stop) = challenge.refuse(stop, scope)?;
        let (outcome, reason) = stop.into_parts();
        let usual = self.stopped(refused);
        Ok(Ask::Answer(Answer {
            reply: reply.unwrap_or(usual.reply),
            outcome,
            reason: Some(Box::new(reason)),
            close: usual.close,
        }))
    }
}
