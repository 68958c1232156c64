//! Where events go: one file a kind, one match here.

#[cfg(feature = "amqp")]
mod amqp;
mod attempt;
mod backoff;
mod exec;
mod file;
mod http;
#[cfg(feature = "kafka")]
mod kafka;
mod keep;
#[cfg(feature = "remote")]
mod link;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "remote")]
mod remote;
pub(crate) mod stdout;
#[cfg(any(feature = "amqp", feature = "nats"))]
mod wire;
mod worker;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use ::http::Uri;
use ::http::uri::Authority;
use tympan_core::config;
use tympan_core::config::Config;
use tympan_core::config::Retry;
use tympan_core::config::SecretId;
use tympan_core::keys::Secrets;
use tympan_core::outgoing;
use tympan_core::secret::Secret;
use tympan_expr::Expression;
use tympan_journal::Later;
use tympan_journal::Leased;

pub(crate) use keep::From;
pub(crate) use keep::as_record;
pub(crate) use keep::keep;

use crate::clock;
#[cfg(feature = "amqp")]
use crate::delivery::amqp::AmqpOut;
use crate::delivery::exec::ExecOut;
use crate::delivery::file::FileOut;
use crate::delivery::file::Opened;
use crate::delivery::http::HttpOut;
#[cfg(feature = "kafka")]
use crate::delivery::kafka::KafkaOut;
#[cfg(feature = "nats")]
use crate::delivery::nats::NatsOut;
#[cfg(feature = "postgres")]
use crate::delivery::postgres::PostgresOut;
#[cfg(feature = "redis")]
use crate::delivery::redis::RedisOut;
#[cfg(feature = "remote")]
use crate::delivery::remote::Remote;
use crate::delivery::stdout::Sink;
use crate::delivery::stdout::Stdout;
use crate::delivery::worker::Worker;
use crate::journal::Journals;
use crate::meters::DestinationMeter;
use crate::meters::Meters;
use crate::outbound::Egress;
use crate::outbound::pool::Pool;

/// Something that events can be delivered to.
pub(crate) trait Deliver: fmt::Debug + Send + Sync {
    /// Hands events over, of at most as many as [`Deliver::batch`] says; ends once they are durably
    /// taken, in the destination's own sense. The places of those that were may be added to `taken` before that:
    /// they come no second time, whatever becomes of the others, and even if nobody waits for these.
    fn deliver<'d>(
        &'d self,
        events: &'d [Leased],
        taken: &'d mut Vec<usize>,
    ) -> Later<'d, Result<(), Failure>>;

    /// How many events it takes at a time.
    fn batch(&self) -> usize {
        1
    }

    /// How many deliveries may usually be on their way at once.
    fn concurrency(&self) -> usize;
}

/// Why events may not have been taken. They may have arrived all the same: delivery is at least
/// once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) why: String,
    /// How long the destination wants to be left alone, if it says so.
    pub(crate) retry_after: Option<Duration>,
    /// Whether it would be the same every time.
    pub(crate) is_final: bool,
    /// Whether nothing more is to be sent until somebody has seen to it.
    pub(crate) pauses: bool,
    pub(crate) blame: Blame,
}

/// Which event a failure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// Every one that was handed over and not taken.
    All,
    /// One of several, it may be, so that each is to be tried by itself.
    One,
    /// One of another delivery, so that these are tried again as if nothing had been.
    Another,
}

/// What outlives every generation: a reload must neither cut a connection nor lose an event.
pub(crate) struct Destinations {
    stdout: Arc<Stdout>,
    journals: Journals,
    workers: Mutex<HashMap<Arc<str>, Worker>>,
    pools: Mutex<HashMap<Origin, Arc<Pool>>>,
    files: Mutex<HashMap<PathBuf, Opened>>,
}

/// Whether a host is called by HTTPS, and which.
type Origin = (bool, Option<Authority>);

/// A destination of one generation, ready to take events.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) name: Arc<str>,
    to: Arc<dyn Deliver>,
    meter: Arc<DestinationMeter>,
    retry: Retry,
    timeout: Duration,
    concurrency: usize,
    order_by: Option<Expression>,
    is_stdout: bool,
}

impl Destinations {
    pub(crate) fn start(stdout: Sink, journals: Journals) -> Self {
        let (workers, pools, files) = Default::default();
        Self { stdout: Arc::new(Stdout::start(stdout)), journals, workers, pools, files }
    }

    /// The destinations of a configuration, by their ids.
    pub(crate) fn ready(
        &self,
        folder: &Path,
        config: &Config,
        secrets: &Secrets,
        egress: &Arc<Egress>,
        meters: &Meters,
    ) -> Vec<Destination> {
        #[cfg(feature = "remote")]
        let remote = |server: &config::Remote| {
            let password = server.password.map(|id| values(config, id, secrets));
            let password = password.transpose().map(|values| values?.into_iter().next());
            Remote::new(server, password, egress)
        };
        let ready = config.destinations.iter().zip(&meters.destinations).map(|(it, meter)| {
            let to: Arc<dyn Deliver> = match &it.kind {
                config::Kind::Stdout => self.stdout.clone(),
                config::Kind::File(file) => {
                    let path = folder.join(&file.path);
                    let open = self.file(&path);
                    Arc::new(FileOut::new(path, file, open))
                }
                config::Kind::Exec(command) => Arc::new(ExecOut::new(folder, command)),
                config::Kind::Http(http) => {
                    let signing = http.signed_by.map(|id| values(config, id, secrets));
                    let signing = signing.unwrap_or(Ok(Vec::new()));
                    Arc::new(HttpOut::new(
                        http,
                        signing,
                        self.pool(&http.url, &egress.of_destination(&it.name)),
                    ))
                }
                #[cfg(feature = "redis")]
                config::Kind::Redis(redis) => {
                    Arc::new(RedisOut::new(&it.name, redis, remote(&redis.server)))
                }
                #[cfg(feature = "nats")]
                config::Kind::Nats(nats) => {
                    Arc::new(NatsOut::new(&it.name, nats, remote(&nats.server)))
                }
                #[cfg(feature = "amqp")]
                config::Kind::Amqp(amqp) => {
                    Arc::new(AmqpOut::new(&it.name, amqp, remote(&amqp.server)))
                }
                #[cfg(feature = "kafka")]
                config::Kind::Kafka(kafka) => {
                    let remote = remote(&kafka.server);
                    Arc::new(KafkaOut::new(&it.name, kafka, remote, it.timeout))
                }
                #[cfg(feature = "postgres")]
                config::Kind::Postgres(table) => {
                    Arc::new(PostgresOut::new(&it.name, table, remote(&table.server)))
                }
            };
            Destination {
                name: it.name.as_str().into(),
                concurrency: it.concurrency.unwrap_or(to.concurrency()),
                to,
                meter: Arc::clone(meter),
                retry: it.retry,
                order_by: it.order_by.clone(),
                is_stdout: matches!(it.kind, config::Kind::Stdout),
                timeout: it.timeout,
            }
        });
        ready.collect()
    }

    /// A file that is added to: by what an earlier generation still writes, or by another
    /// destination, as well.
    fn file(&self, path: &Path) -> Opened {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody adds to the others any more.
        files.retain(|_, open| Arc::strong_count(open) > 1);
        Arc::clone(files.entry(path.to_owned()).or_default())
    }

    /// The connections to the host of a URL, which a reload leaves alone unless its rules are others.
    fn pool(&self, url: &str, egress: &Arc<Egress>) -> Arc<Pool> {
        let uri = url.parse::<Uri>().unwrap_or_default();
        let origin = (uri.scheme_str() == Some("https"), uri.authority().cloned());
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(&origin).filter(|pool| pool.obeys(egress)) {
            return Arc::clone(pool);
        }
        let pool = Arc::new(Pool::new(Arc::clone(egress)));
        pools.insert(origin, Arc::clone(&pool));
        pool
    }

    /// Goes over to the destinations of a generation. One that is called as one before takes over
    /// what waits there. One that is gone gets what was accepted for it, as it was: some of it may
    /// still come, from requests of before.
    pub(crate) fn go_over(&self, ready: &[Destination]) {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        for destination in ready {
            if let Some(worker) = workers.get(&destination.name) {
                worker.change(destination.clone());
            } else {
                let worker = Worker::start(destination.clone(), self.journals.clone());
                workers.insert(Arc::clone(&destination.name), worker);
            }
        }
    }

    /// Goes over to the same destinations with other secrets.
    pub(crate) fn renew(
        &self,
        folder: &Path,
        config: &Config,
        secrets: &Secrets,
        egress: &Arc<Egress>,
        meters: &Meters,
    ) -> Vec<Destination> {
        let ready = self.ready(folder, config, secrets, egress, meters);
        self.go_over(&ready);
        ready
    }

    /// Lets what is on its way arrive, for at most so long; the rest waits for the next start.
    pub(crate) async fn stop(&self, patience: Duration) {
        let workers: Vec<_> = {
            let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
            workers.drain().map(|(_, worker)| worker).collect()
        };
        let workers = workers.into_iter().map(|worker| tokio::spawn(worker.stop(patience)));
        for worker in workers.collect::<Vec<_>>() {
            // A panic of a worker was told where it happened.
            let _ = worker.await;
        }
    }
}

/// Hands events over one after the other, up to the first that is not taken.
fn each<'d, F: Future<Output = Result<(), Failure>> + Send>(
    events: &'d [Leased],
    taken: &'d mut Vec<usize>,
    one: impl Fn(&'d Leased) -> F + Send + 'd,
) -> Later<'d, Result<(), Failure>> {
    Box::pin(async move {
        for (place, event) in events.iter().enumerate() {
            one(event).await?;
            taken.push(place);
        }
        Ok(())
    })
}

/// An event as expressions see it, at this moment.
fn kept(event: &Leased) -> outgoing::Kept<'_> {
    outgoing::Kept {
        id: &event.id,
        listener: &event.listener,
        json: &event.body,
        now: clock::since_1970().as_secs_f64(),
    }
}

/// The values of a secret, or why there are none.
fn values(
    config: &Config,
    SecretId(id): SecretId,
    secrets: &Secrets,
) -> Result<Vec<Secret>, String> {
    let name = config.secrets.get(id).map_or("", |secret| secret.name.as_str());
    match secrets.get(id) {
        Some(Ok(values)) => Ok(values.clone()),
        Some(Err(why)) => Err(format!("the secret {name} cannot be resolved: {why}")),
        None => Err(format!("the secret {name} has no value")),
    }
}

impl Destination {
    /// What orders its events, if anything does.
    pub(crate) fn order_by(&self) -> Option<&Expression> {
        self.order_by.as_ref()
    }

    /// Whether it needs standard output.
    pub(crate) fn is_stdout(&self) -> bool {
        self.is_stdout
    }
}

impl Failure {
    /// One that would be the same every time.
    pub(crate) fn lasting(why: impl Into<String>) -> Self {
        Self { is_final: true, ..Self::passing(why) }
    }

    /// One that may pass.
    pub(crate) fn passing(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            retry_after: None,
            is_final: false,
            pauses: false,
            blame: Blame::All,
        }
    }
}

impl fmt::Debug for Destinations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destinations").finish_non_exhaustive()
    }
}
