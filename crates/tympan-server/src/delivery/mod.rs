//! Where events go: one file a kind, one match here.

pub(crate) mod stdout;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tympan_core::config;
use tympan_core::config::DestinationId;
use tympan_core::pipeline::Event;
use tympan_core::pipeline::EventRecord;
use tympan_core::pipeline::Kept;

use crate::delivery::stdout::Sink;
use crate::delivery::stdout::Stdout;
use crate::meters::DestinationMeter;
use crate::meters::Meters;

/// What outlives every generation: a reload must neither cut a connection nor lose an event.
#[derive(Debug)]
pub(crate) struct Destinations {
    stdout: Arc<Stdout>,
}

/// A destination of one generation, ready to take events.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    name: String,
    kind: Kind,
    meter: Arc<DestinationMeter>,
}

#[derive(Clone, Debug)]
enum Kind {
    Stdout(Arc<Stdout>),
}

impl Destinations {
    pub(crate) fn start(stdout: Sink) -> Self {
        Self { stdout: Arc::new(Stdout::start(stdout)) }
    }

    /// The destinations of a configuration, by [`DestinationId`].
    pub(crate) fn ready(
        &self,
        destinations: &[config::Destination],
        meters: &Meters,
    ) -> Vec<Destination> {
        let ready = destinations.iter().zip(&meters.destinations).map(|(it, meter)| Destination {
            name: it.name.clone(),
            kind: match it.kind {
                config::Kind::Stdout => Kind::Stdout(Arc::clone(&self.stdout)),
            },
            meter: Arc::clone(meter),
        });
        ready.collect()
    }
}

impl Destination {
    /// Hands events over; ends once they are durably taken, in the destination's own sense.
    ///
    /// # Errors
    ///
    /// Why they may not have been taken. They may arrive all the same: delivery is at least once.
    async fn deliver(&self, events: &[Event]) -> Result<(), String> {
        match &self.kind {
            Kind::Stdout(stdout) => stdout.deliver(events).await,
        }
    }
}

/// Hands the events of a request to all of its destinations.
pub(crate) async fn keep(record: EventRecord, destinations: &[Destination]) -> Kept {
    let EventRecord { events, deliver, within } = record;
    for DestinationId(id) in deliver {
        let Some(destination) = destinations.get(id) else { continue };
        let n_events = events.len() as u64;
        let why = match tokio::time::timeout(within, destination.deliver(&events)).await {
            Ok(Ok(())) => {
                destination.meter.delivered.fetch_add(n_events, Ordering::Relaxed);
                continue;
            }
            Ok(Err(why)) => why,
            Err(_) => format!("no answer within {}", seconds(within)),
        };
        destination.meter.failed.fetch_add(n_events, Ordering::Relaxed);
        return Kept::Late { destination: destination.name.clone(), why };
    }
    Kept::Stored
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
