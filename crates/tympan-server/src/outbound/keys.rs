//! Keys that are fetched: once at a time, not too often, and kept when a fetch fails.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::StatusCode;
use http::header;
use tympan_core::config::RateLimit;
use tympan_core::jwt::Fetched;
use tympan_core::jwt::KeySet;
use tympan_core::jwt::Known;
use tympan_core::jwt::Source;
use tympan_core::pipeline::KeyRequest;
use tympan_core::rate::Rate;

use super::Bounds;
use super::Host;
use super::Outbound;

/// What an answer with keys may take: requests wait for it.
const BOUNDS: Bounds = Bounds { within: Duration::from_secs(5), most_bytes: 256 << 10 };

/// How often one source is asked at most, whatever tokens name.
const OFTEN: RateLimit = RateLimit { requests: 5, per: Duration::from_mins(1) };

/// Every key that was fetched: it lives longer than a generation, and has a swap of its own.
#[derive(Debug, Default)]
pub(crate) struct FetchedKeys {
    known: ArcSwap<Fetched>,
    outbound: Outbound,
    asking: Mutex<HashMap<Source, Arc<Asking>>>,
}

/// How one source is asked.
#[derive(Debug, Default)]
struct Asking {
    /// Held by who asks.
    turn: tokio::sync::Mutex<()>,
    /// How often it was asked.
    count: AtomicU64,
    rate: Rate,
}

impl FetchedKeys {
    /// What is known now.
    pub(crate) fn known(&self) -> Arc<Fetched> {
        self.known.load_full()
    }

    /// What is known once a request's keys were asked for, if they had to be.
    pub(crate) async fn get(self: &Arc<Self>, request: KeyRequest, now: f64) -> Arc<Fetched> {
        let known = self.known();
        let KeyRequest { source, kid } = &request;
        let has_it = known.get(source).is_some_and(|known| known.keys.may_know(kid.as_deref()));
        if has_it {
            // It is only old: who has a good token need not wait.
            let this = Arc::clone(self);
            tokio::spawn(async move { this.refresh(&request, now).await });
            return known;
        }
        self.refresh(&request, now).await;
        self.known()
    }

    /// Asks, unless somebody else has just done so, or it was too often.
    async fn refresh(&self, KeyRequest { source, kid }: &KeyRequest, now: f64) {
        let asking = self.asking(source);
        let count = asking.count.load(Ordering::Relaxed);
        let _turn = asking.turn.lock().await;
        let is_done = asking.count.load(Ordering::Relaxed) != count;
        let is_wanted = self.known.load().wants(source, kid.as_deref(), now);
        if is_done || !is_wanted || asking.rate.admit(OFTEN, now).is_err() {
            return;
        }
        let last = self.known.load().get(source).cloned().unwrap_or_default();
        let fetched = self.fetch(source).await;
        let known = match fetched {
            Ok(keys) => {
                tracing::info!(url = source.url(), "keys are fetched");
                Known { keys: Arc::new(keys), at: now, fault: None }
            }
            Err(why) if last.keys.is_empty() => {
                tracing::warn!(url = source.url(), why, "keys cannot be fetched");
                Known { fault: Some(why), ..last }
            }
            Err(why) => {
                let url = source.url();
                tracing::warn!(url, why, "keys cannot be fetched; the last ones go on");
                Known { fault: Some(why), ..last }
            }
        };
        self.known.rcu(|all| all.with(source.clone(), known.clone()));
        asking.count.fetch_add(1, Ordering::Relaxed);
    }

    async fn fetch(&self, source: &Source) -> Result<KeySet, String> {
        let accept = HeaderValue::from_static("application/jwk-set+json, application/json");
        let request = Request::get(source.url()).header(header::ACCEPT, accept);
        let request = request.body(Bytes::new()).map_err(|error| error.to_string())?;
        let answer = self.outbound.send(request, Host::Written, BOUNDS).await;
        let answer = answer.map_err(|fault| fault.to_string())?;
        match answer.status() {
            StatusCode::OK => KeySet::read(answer.body()),
            status if status.is_redirection() => {
                Err(format!("it answers {}, and redirects are not followed", status.as_u16()))
            }
            status => Err(format!("it answers {}", status.as_u16())),
        }
    }

    fn asking(&self, source: &Source) -> Arc<Asking> {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asking.entry(source.clone()).or_default())
    }
}
