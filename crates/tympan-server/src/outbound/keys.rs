//! Keys and certificates that are fetched: once at a time, not too often, and kept when a fetch fails.

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
use tympan_core::fetched::Fetched;
use tympan_core::fetched::Found;
use tympan_core::fetched::Holds;
use tympan_core::fetched::Known;
use tympan_core::fetched::Source;
use tympan_core::pipeline::KeyRequest;
use tympan_core::rate::Rate;

use super::Asker;
use super::Bounds;
use super::Host;
use super::rates::Rates;
use crate::outbound;

/// How long an answer may take: requests wait for it.
const WITHIN: Duration = Duration::from_secs(5);

/// How large it may be, in bytes.
const MOST_OF_KEYS: usize = 256 << 10;
const MOST_OF_CERTIFICATE: usize = 64 << 10;

/// How often one source is asked at most, whatever tokens name.
const OFTEN: RateLimit = RateLimit { requests: 5, per: Duration::from_mins(1) };

/// How often one listener has certificates fetched at most, whatever its requests name.
const CERTIFICATES: RateLimit = RateLimit { requests: 10, per: Duration::from_mins(1) };

/// From how many sources on those are forgotten that requests named and nobody waits for.
const MOST_ASKED: usize = 1000;

/// Everything that was fetched: it lives longer than a generation, and has a swap of its own.
#[derive(Debug, Default)]
pub(crate) struct FetchedKeys {
    known: ArcSwap<Fetched>,
    asking: Mutex<HashMap<Source, Arc<Asking>>>,
    /// How often listeners had certificates fetched.
    rates: Rates,
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
    pub(crate) async fn get(self: &Arc<Self>, request: KeyRequest, asker: Asker) -> Arc<Fetched> {
        let known = self.known();
        let KeyRequest { source, kid } = &request;
        let serves = |known: &Known| known.serves(kid.as_deref(), asker.now);
        if known.get(source).is_some_and(serves) {
            // It is only old: who has a good proof need not wait.
            let this = Arc::clone(self);
            tokio::spawn(async move { this.refresh(&request, &asker).await });
            return known;
        }
        self.refresh(&request, &asker).await;
        self.known()
    }

    /// Asks, unless somebody else has just done so, or it was too often.
    async fn refresh(&self, KeyRequest { source, kid }: &KeyRequest, asker: &Asker) {
        let asking = self.asking(source);
        let count = asking.count.load(Ordering::Relaxed);
        let _turn = asking.turn.lock().await;
        let is_done = asking.count.load(Ordering::Relaxed) != count;
        let is_wanted = self.known.load().wants(source, kid.as_deref(), asker.now);
        if is_done || !is_wanted || asking.rate.admit(OFTEN, asker.now).is_err() {
            return;
        }
        let last = self.known.load().get(source).cloned().unwrap_or_default();
        if let Err(why) = self.admit(source, asker) {
            if last.found.is_none() {
                let known = Known { fault: Some(why), ..last };
                self.known.rcu(|all| all.with(source.clone(), known.clone()));
            }
            return;
        }
        let fetched = fetch(source, asker).await;
        let (what, url) = (what(source), source.url());
        let known = match fetched {
            Ok(found) => {
                tracing::info!(what, url, "fetched");
                Known { found: Some(found), at: asker.now, fault: None }
            }
            Err(why) if last.found.is_none() => {
                tracing::warn!(what, url, why, "cannot be fetched");
                Known { fault: Some(why), ..last }
            }
            Err(why) => {
                tracing::warn!(what, url, why, "cannot be fetched; what came last goes on");
                Known { fault: Some(why), ..last }
            }
        };
        self.known.rcu(|all| all.with(source.clone(), known.clone()));
        asking.count.fetch_add(1, Ordering::Relaxed);
    }

    /// What requests name is fetched for each listener now and then only.
    fn admit(&self, source: &Source, asker: &Asker) -> Result<(), String> {
        match source.holds() {
            Holds::Keys => Ok(()),
            Holds::Certificate(_) => self.rates.admit(asker, CERTIFICATES),
        }
    }

    fn asking(&self, source: &Source) -> Arc<Asking> {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if asking.len() >= MOST_ASKED {
            asking.retain(|known, it| *known.holds() == Holds::Keys || Arc::strong_count(it) > 1);
        }
        Arc::clone(asking.entry(source.clone()).or_default())
    }
}

async fn fetch(source: &Source, asker: &Asker) -> Result<Found, String> {
    let (accept, most_bytes) = match source.holds() {
        Holds::Keys => ("application/jwk-set+json, application/json", MOST_OF_KEYS),
        Holds::Certificate(_) => {
            ("application/x-pem-file, application/pkix-cert, */*", MOST_OF_CERTIFICATE)
        }
    };
    let accept = HeaderValue::from_static(accept);
    let request = Request::get(source.url()).header(header::ACCEPT, accept);
    let request = request.body(Bytes::new()).map_err(|error| error.to_string())?;
    let host = Host::of(source.is_written());
    let bounds = Bounds { within: WITHIN, most_bytes };
    let answer = outbound::send(request, host, bounds, &asker.egress).await;
    let answer = answer.map_err(|fault| fault.to_string())?;
    match answer.status() {
        StatusCode::OK => source.read(answer.body(), asker.now),
        status if status.is_redirection() => {
            Err(format!("it answers {}, and redirects are not followed", status.as_u16()))
        }
        status => Err(format!("it answers {}", status.as_u16())),
    }
}

/// What logs call it.
fn what(source: &Source) -> &'static str {
    match source.holds() {
        Holds::Keys => "keys",
        Holds::Certificate(_) => "certificate",
    }
}
