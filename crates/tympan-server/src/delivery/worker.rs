//! The task of a destination: takes what is due from the journal, and tells it what became of it.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::Id;
use tokio::task::JoinError;
use tokio::task::JoinHandle;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tympan_journal::Delivery;
use tympan_journal::Journal;
use tympan_journal::Leased;
use tympan_journal::Settled;
use tympan_journal::Verdict;

use super::Destination;
use super::Failure;
use super::backoff;
use crate::clock;
use crate::journal::Journals;

/// How many bytes of events are taken from the journal at once.
const MOST_BYTES: u64 = 4 << 20;

/// How many events are taken ahead at most, as long as they are gone so soon: to ask for each would cost
/// as much as to deliver it, and what is in hand for long may be dropped meanwhile.
const AHEAD: usize = 256;
const SOON: Duration = Duration::from_millis(250);

/// How long the journal is left alone that says nothing.
const POLL: Duration = Duration::from_secs(5);

/// After so many failures in a row a destination is left alone for a while, whatever is due: each
/// further event would only fail like those before.
const TROUBLE: u32 = 8;
const MOST_REST: Duration = Duration::from_secs(30);

/// The task of a destination, which ends with this.
#[derive(Debug)]
pub(super) struct Worker {
    destination: watch::Sender<Destination>,
    /// When to end at the latest, once it is to end.
    end: watch::Sender<Option<Instant>>,
    task: JoinHandle<()>,
}

struct Running {
    journal: Arc<dyn Journal>,
    destination: watch::Receiver<Destination>,
    end: watch::Receiver<Option<Instant>>,
    /// What was taken from the journal and is next; when that was, and how many are taken ahead.
    ready: VecDeque<Leased>,
    taken: Instant,
    ahead: usize,
    /// Whether that was all that is due, and when more is.
    is_all: bool,
    next: Option<Instant>,
    flying: JoinSet<Landed>,
    /// What each of them carries.
    cargo: HashMap<Id, Vec<u64>>,
    /// How many failed since one succeeded.
    trouble: u32,
    rests_until: Instant,
    /// Whether it has said that it is gone.
    is_paused: bool,
}

/// What became of one flight.
struct Landed {
    settled: Vec<Settled>,
    pauses: bool,
}

impl Worker {
    pub(super) fn start(destination: Destination, journals: Journals) -> Self {
        let (destination, wanted) = watch::channel(destination);
        let (end, ends) = watch::channel(None);
        let task = tokio::spawn(async move {
            let mut is_ended = ends.clone();
            let journal = tokio::select! {
                journal = journals.opened() => journal,
                _ = is_ended.wait_for(Option::is_some) => return,
            };
            let running = Running {
                journal,
                destination: wanted,
                end: ends,
                ready: VecDeque::new(),
                taken: Instant::now(),
                ahead: 1,
                is_all: true,
                next: None,
                flying: JoinSet::new(),
                cargo: HashMap::new(),
                trouble: 0,
                rests_until: Instant::now(),
                is_paused: false,
            };
            running.run().await;
        });
        Self { destination, end, task }
    }

    pub(super) fn change(&self, destination: Destination) {
        self.destination.send_replace(destination);
    }

    /// Lets what is due and on its way arrive, for at most so long.
    pub(super) async fn stop(self, patience: Duration) {
        self.end.send_replace(Some(Instant::now() + patience));
        // A panic was told where it happened.
        let _ = self.task.await;
    }
}

impl Running {
    async fn run(mut self) {
        self.deliver().await;
        // What has not arrived by now comes once more.
        self.flying.abort_all();
        let numbers = self.cargo.drain().flat_map(|(_, numbers)| numbers);
        let numbers = numbers.chain(self.ready.drain(..).map(|event| event.number)).collect();
        self.give_back(numbers, "the end of the process", false).await;
    }

    async fn deliver(&mut self) {
        let name = Arc::clone(&self.destination.borrow().name);
        let arrivals = self.journal.arrivals(&name);
        loop {
            let end = *self.end.borrow_and_update();
            let (is_all, next) = self.take_off(&name).await;
            if end.is_some() && is_all && self.flying.is_empty() {
                return;
            }
            let wake = next.unwrap_or_else(|| Instant::now() + POLL);
            let wake = if self.is_resting() { self.rests_until } else { wake };
            tokio::select! {
                Some(landed) = self.flying.join_next_with_id() => self.land(landed).await,
                () = arrivals.notified(), if is_all && !self.is_resting() => {}
                () = tokio::time::sleep_until(wake) => {}
                // Whoever changes the destination has a reason to think that it is better now.
                Ok(()) = self.destination.changed() => self.resume(),
                Ok(()) = self.end.changed() => {}
                () = at(end) => return,
            }
        }
    }

    /// Sends what is due, as far as there is room. Tells whether that is all, and when more is due.
    async fn take_off(&mut self, name: &Arc<str>) -> (bool, Option<Instant>) {
        let destination = self.destination.borrow_and_update().clone();
        let is_probing = self.trouble >= TROUBLE;
        if self.is_resting() || self.is_paused {
            return (true, None);
        }
        let most = if is_probing { 1 } else { destination.concurrency };
        let free = most.saturating_sub(self.flying.len());
        if free == 0 {
            return (false, None);
        }
        let batch = if is_probing { 1 } else { destination.to.batch() };
        if self.ready.len() < batch {
            let is_soon = self.taken.elapsed() < SOON;
            self.ahead = if is_soon { (self.ahead * 2).min(AHEAD) } else { 1 };
            self.take(name, if is_probing { 1 } else { self.ahead.max(free * batch) }).await;
        }
        for _ in 0..free {
            let events: Vec<_> = self.ready.drain(..batch.min(self.ready.len())).collect();
            if events.is_empty() {
                break;
            }
            let numbers = events.iter().map(|event| event.number).collect();
            let task = self.flying.spawn(attempt(destination.clone(), events));
            self.cargo.insert(task.id(), numbers);
        }
        (self.is_all && self.ready.is_empty(), self.next)
    }

    /// Takes what is due from the journal.
    async fn take(&mut self, name: &Arc<str>, most: usize) {
        let now = clock::steady();
        let lease = self.journal.lease(name, now, most, MOST_BYTES).await;
        self.taken = Instant::now();
        self.is_all = lease.leased.len() < most;
        self.next = lease.next.map(|due| {
            let wait = Duration::from_millis(due.saturating_sub(now));
            Instant::now() + wait.min(POLL)
        });
        self.ready.extend(lease.leased);
    }

    /// Tells the journal what became of one flight, and of all others that have landed by now.
    async fn land(&mut self, first: Result<(Id, Landed), JoinError>) {
        let mut all = Landed { settled: Vec::new(), pauses: false };
        let mut next = Some(first);
        while let Some(landed) = next {
            match landed {
                Ok((id, Landed { settled, pauses })) => {
                    self.cargo.remove(&id);
                    all.settled.extend(settled);
                    all.pauses |= pauses;
                }
                Err(error) => {
                    let numbers = self.cargo.remove(&error.id()).unwrap_or_default();
                    self.give_back(numbers, "a bug in tympan: please report it", true).await;
                }
            }
            next = self.flying.try_join_next_with_id();
        }
        let Landed { settled, pauses } = all;
        if pauses && !self.is_paused {
            let destination = self.destination.borrow();
            let name = &*destination.name;
            tracing::error!(destination = name, "it is gone: it gets nothing until a reload");
            destination.meter.is_paused.store(true, Ordering::Relaxed);
            self.is_paused = true;
        }
        let retry = self.destination.borrow().retry;
        for Settled { verdict, .. } in &settled {
            self.trouble = match verdict {
                Verdict::Again { .. } => self.trouble.saturating_add(1),
                Verdict::Delivered | Verdict::Dead { .. } | Verdict::Damaged => 0,
            };
        }
        if self.trouble >= TROUBLE {
            let rest = backoff::wait(retry, 1 + (self.trouble - TROUBLE).min(8));
            self.rests_until = Instant::now() + rest.min(MOST_REST);
        }
        self.journal.settle(settled).await;
        if self.is_paused || self.trouble >= TROUBLE {
            let numbers = self.ready.drain(..).map(|event| event.number).collect();
            self.give_back(numbers, "the destination is in trouble", false).await;
        }
    }

    /// Lets somebody try again what was not tried to the end.
    async fn give_back(&self, numbers: Vec<u64>, why: &str, counts: bool) {
        if numbers.is_empty() {
            return;
        }
        let destination = self.destination.borrow().clone();
        let at = clock::steady();
        let wait = if counts { clock::milliseconds(destination.retry.first) } else { 0 };
        let settled = numbers.into_iter().map(|number| Settled {
            delivery: Delivery { number, destination: Arc::clone(&destination.name) },
            at,
            verdict: Verdict::Again { due: at + wait, why: why.to_owned(), counts },
        });
        self.journal.settle(settled.collect()).await;
    }

    fn resume(&mut self) {
        (self.rests_until, self.is_paused) = (Instant::now(), false);
        self.destination.borrow().meter.is_paused.store(false, Ordering::Relaxed);
    }

    fn is_resting(&self) -> bool {
        self.trouble >= TROUBLE && Instant::now() < self.rests_until
    }
}

/// One try, and what becomes of each event by it.
async fn attempt(destination: Destination, events: Vec<Leased>) -> Landed {
    let tried = hand_over(&destination, &events).await;
    let is_of_one = tried.as_ref().is_err_and(|failure| failure.is_of_one);
    let mut each = vec![tried; events.len()];
    if is_of_one && events.len() > 1 {
        for (event, tried) in events.iter().zip(&mut each) {
            *tried = hand_over(&destination, std::slice::from_ref(event)).await;
        }
    }
    let at = clock::steady();
    let pauses = each.iter().any(|tried| tried.as_ref().is_err_and(|failure| failure.pauses));
    let settled = events.into_iter().zip(each).map(|(event, tried)| {
        let verdict = match tried {
            Ok(()) => Verdict::Delivered,
            Err(failure) => verdict(&destination, &event, &failure, at),
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

/// Hands events over, within the time that the destination gives itself.
async fn hand_over(destination: &Destination, events: &[Leased]) -> Result<(), Failure> {
    let tried = tokio::time::timeout(destination.timeout, destination.to.deliver(events)).await;
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
    if failure.pauses {
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

async fn at(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}
