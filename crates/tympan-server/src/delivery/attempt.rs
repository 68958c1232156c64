//! One try to deliver events, and what becomes of each of them by it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;
use tympan_journal::Delivery;
use tympan_journal::Leased;
use tympan_journal::Settled;
use tympan_journal::Verdict;

use super::Blame;
use super::Destination;
use super::Failure;
use super::backoff;
use crate::clock;

/// What became of one try.
pub(super) struct Landed {
    pub(super) settled: Vec<Settled>,
    /// Whether nothing more is to be sent until somebody has seen to it.
    pub(super) pauses: bool,
}

/// One try, and what becomes of each event by it.
pub(super) async fn attempt(destination: Destination, events: Vec<Leased>) -> Landed {
    let mut taken = Vec::new();
    let each = match hand_over(&destination, &events, end(&destination), &mut taken).await {
        Ok(()) => vec![Some(Ok(())); events.len()],
        Err(failure) if failure.blame == Blame::One && events.len() > 1 => {
            one_by_one(&destination, &events, &taken).await
        }
        Err(failure) => {
            let is_taken = |place| taken.contains(&place);
            let tried = |place| if is_taken(place) { Ok(()) } else { Err(failure.clone()) };
            (0..events.len()).map(|place| Some(tried(place))).collect()
        }
    };
    let at = clock::steady();
    let pauses = each.iter().flatten().any(|tried| tried.as_ref().is_err_and(|it| it.pauses));
    let settled = events.into_iter().zip(each).map(|(event, tried)| {
        let verdict = match tried {
            Some(Ok(())) => Verdict::Delivered,
            Some(Err(failure)) => verdict(&destination, &event, &failure, at),
            None => {
                let why = "others took all of the time".to_owned();
                Verdict::Again { due: at, why, counts: false }
            }
        };
        let meter = &destination.meter;
        let count = match &verdict {
            Verdict::Delivered => &meter.delivered,
            Verdict::Again { .. } => &meter.failed,
            Verdict::Dead { .. } | Verdict::Damaged => &meter.dead,
        };
        count.fetch_add(1, Ordering::Relaxed);
        tell(&destination, &event, &verdict);
        let name = Arc::clone(&destination.name);
        let delivery = Delivery { number: event.number, destination: name };
        Settled { delivery, at, verdict }
    });
    Landed { settled: settled.collect(), pauses }
}

/// Each of several events but those that were taken, all of them within the time of one delivery; `None` for
/// those that none was left for.
async fn one_by_one(
    destination: &Destination,
    events: &[Leased],
    taken: &[usize],
) -> Vec<Option<Result<(), Failure>>> {
    let end = end(destination);
    let mut each = Vec::with_capacity(events.len());
    for (place, event) in events.iter().enumerate() {
        let event = std::slice::from_ref(event);
        each.push(if taken.contains(&place) {
            Some(Ok(()))
        } else if end <= Instant::now() {
            None
        } else {
            let mut is_taken = Vec::new();
            let tried = hand_over(destination, event, end, &mut is_taken).await;
            Some(if is_taken.is_empty() { tried } else { Ok(()) })
        });
    }
    each
}

/// When a delivery that begins now has taken as long as it may.
fn end(destination: &Destination) -> Instant {
    Instant::now() + destination.timeout
}

/// Hands events over, until then. What was taken by then stays taken.
async fn hand_over(
    destination: &Destination,
    events: &[Leased],
    end: Instant,
    taken: &mut Vec<usize>,
) -> Result<(), Failure> {
    let tried = tokio::time::timeout_at(end, destination.to.deliver(events, taken)).await;
    tried.unwrap_or_else(|_| {
        let seconds = destination.timeout.as_secs_f64();
        Err(Failure::passing(format!("no answer within {seconds} s")))
    })
}

/// What comes after a failure.
fn verdict(destination: &Destination, event: &Leased, failure: &Failure, now: u64) -> Verdict {
    let why = failure.why.clone();
    let tries = event.attempts + 1;
    if failure.is_final {
        return Verdict::Dead { why };
    }
    if failure.pauses || failure.blame == Blame::Another {
        return Verdict::Again { due: now, why, counts: false };
    }
    if destination.retry.attempts.is_some_and(|most| tries >= most) {
        return Verdict::Dead { why: format!("{why} (tried {tries} times)") };
    }
    let wait = backoff::wait(destination.retry, tries).max(failure.retry_after.unwrap_or_default());
    let due = now.saturating_add(clock::milliseconds(wait));
    let horizon = clock::milliseconds(destination.retry.horizon);
    if due.saturating_sub(event.since) > horizon {
        let hours = destination.retry.horizon.as_secs_f64() / 3600.0;
        return Verdict::Dead { why: format!("{why} (tried {tries} times in {hours} h)") };
    }
    Verdict::Again { due, why, counts: true }
}

fn tell(destination: &Destination, event: &Leased, verdict: &Verdict) {
    let Leased { id, listener, .. } = event;
    let (destination, listener, id) = (&*destination.name, &**listener, id.as_str());
    match verdict {
        Verdict::Delivered | Verdict::Damaged => {}
        Verdict::Again { why, .. } => {
            tracing::warn!(destination, listener, id, why, "not delivered, to be tried again");
        }
        Verdict::Dead { why } => tracing::error!(destination, listener, id, why, "a dead letter"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;
    use std::time::Duration;

    use tokio::time::Instant;
    use tympan_core::config::Retry;
    use tympan_journal::Later;
    use tympan_journal::Leased;
    use tympan_journal::Verdict;

    use super::Landed;
    use super::attempt;
    use crate::clock;
    use crate::delivery::Blame;
    use crate::delivery::Deliver;
    use crate::delivery::Destination;
    use crate::delivery::Failure;
    use crate::meters::DestinationMeter;

    /// What takes one event at a time, but nothing that is called `slow`.
    #[derive(Debug)]
    struct Picky;

    impl Deliver for Picky {
        fn deliver<'d>(
            &'d self,
            events: &'d [Leased],
            _: &'d mut Vec<usize>,
        ) -> Later<'d, Result<(), Failure>> {
            Box::pin(async move {
                match events {
                    [event] if event.id == "slow" => std::future::pending().await,
                    [_] => Ok(()),
                    _ => Err(Failure { blame: Blame::One, ..Failure::passing("one of them") }),
                }
            })
        }

        fn batch(&self) -> usize {
            8
        }

        fn concurrency(&self) -> usize {
            1
        }
    }

    /// What takes the first of several events, and has something against the others, if it says a word.
    #[derive(Debug)]
    struct Once {
        against: Option<Failure>,
        /// The ids that it was handed.
        handed: Mutex<Vec<String>>,
    }

    impl Deliver for Once {
        fn deliver<'d>(
            &'d self,
            events: &'d [Leased],
            taken: &'d mut Vec<usize>,
        ) -> Later<'d, Result<(), Failure>> {
            self.handed.lock().unwrap().extend(events.iter().map(|event| event.id.clone()));
            Box::pin(async move {
                taken.push(0);
                match &self.against {
                    _ if events.len() == 1 => Ok(()),
                    Some(failure) => Err(failure.clone()),
                    None => std::future::pending().await,
                }
            })
        }

        fn batch(&self) -> usize {
            8
        }

        fn concurrency(&self) -> usize {
            1
        }
    }

    fn destination(to: Arc<dyn Deliver>) -> Destination {
        Destination {
            name: "a".into(),
            to,
            meter: Arc::new(DestinationMeter::new("a")),
            retry: Retry::default(),
            timeout: Duration::from_secs(15),
            concurrency: 1,
            order_by: None,
            is_stdout: false,
        }
    }

    fn leased(id: &str) -> Leased {
        Leased {
            number: 0,
            id: id.to_owned(),
            listener: "in".into(),
            received: 0,
            since: clock::steady(),
            attempts: 0,
            body: "{}".into(),
        }
    }

    /// What became of each, and whether it counts.
    fn told(landed: &Landed) -> Vec<(&str, bool)> {
        let told = landed.settled.iter().map(|settled| match &settled.verdict {
            Verdict::Again { why, counts, .. } => (why.as_str(), *counts),
            Verdict::Delivered => ("delivered", true),
            other => panic!("{other:?}"),
        });
        told.collect()
    }

    /// Nothing but the clock ends it.
    #[tokio::test(start_paused = true)]
    async fn of_a_batch_that_failed_all_have_the_time_of_one_delivery() {
        let begin = Instant::now();
        let events = ["1", "slow", "2", "3"].map(leased);
        let landed = attempt(destination(Arc::new(Picky)), events.into()).await;
        assert_eq!(begin.elapsed(), Duration::from_secs(15));
        let untried = ("others took all of the time", false);
        let slow = ("no answer within 15 s", true);
        assert_eq!(told(&landed), [("delivered", true), slow, untried, untried]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_taken_is_handed_over_no_second_time() {
        let failed = Failure::passing("no");
        let of_one = Failure { blame: Blame::One, ..failed.clone() };
        let of_another = Failure { blame: Blame::Another, ..failed.clone() };
        let taken = ("delivered", true);
        let silent = ("no answer within 15 s", true);
        for (against, expected, handed) in [
            (Some(of_one), [taken, taken], vec!["1", "2", "2"]),
            (Some(failed), [taken, ("no", true)], vec!["1", "2"]),
            (Some(of_another), [taken, ("no", false)], vec!["1", "2"]),
            (None, [taken, silent], vec!["1", "2"]),
        ] {
            let to = Arc::new(Once { against, handed: Mutex::default() });
            let landed = attempt(destination(to.clone()), ["1", "2"].map(leased).into()).await;
            assert_eq!(told(&landed), expected);
            assert_eq!(*to.handed.lock().unwrap(), handed);
        }
    }
}
