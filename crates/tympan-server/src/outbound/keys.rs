//! Keys that are fetched: once at a time, not too often, and kept when a fetch fails.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::StatusCode;
use http::header;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
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
    /// Held by the task that asks.
    turn: Arc<tokio::sync::Mutex<()>>,
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
        let KeyRequest { source, kid } = request;
        let asking = self.asking(&source);
        let turn = Arc::clone(&asking.turn);
        if !known.must_ask(&source, kid.as_deref(), now) {
            // They are only old: who has a good token need not wait, and one task is enough.
            if let Ok(turn) = turn.try_lock_owned()
                && asking.rate.admit(OFTEN, now).is_ok()
            {
                self.refresh(source, now, turn);
            }
            return known;
        }
        let turn = turn.lock_owned().await;
        let latest = self.known();
        let is_done = latest.asked(&source) != known.asked(&source);
        let is_wanted = latest.wants(&source, kid.as_deref(), now);
        if is_done || !is_wanted || asking.rate.admit(OFTEN, now).is_err() {
            return latest;
        }
        // It logs for itself how it ends.
        let _ = self.refresh(source, now, turn).await;
        self.known()
    }

    /// Asks, in a task of its own: who hangs up must neither end what others wait for, nor use up how
    /// often it may be asked.
    fn refresh(
        self: &Arc<Self>,
        source: Source,
        now: f64,
        turn: OwnedMutexGuard<()>,
    ) -> JoinHandle<()> {
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let fetched = this.fetch(&source).await;
            let last = this.known().get(&source).cloned().unwrap_or_default();
            let url = source.url();
            let known = match fetched {
                Ok(keys) => {
                    tracing::info!(url, "keys are fetched");
                    Known { keys: Arc::new(keys), at: now, asked: now, fault: None }
                }
                Err(why) => {
                    if last.counts(now) {
                        tracing::warn!(url, why, "keys cannot be fetched; the last ones go on");
                    } else {
                        tracing::warn!(url, why, "keys cannot be fetched");
                    }
                    Known { asked: now, fault: Some(why), ..last }
                }
            };
            this.known.rcu(|all| all.with(source.clone(), known.clone()));
            drop(turn);
        })
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::net::TcpStream;
    use tokio::runtime::Handle;
    use tympan_core::jwt::KeySet;
    use tympan_core::jwt::Known;
    use tympan_core::jwt::Source;
    use tympan_core::pipeline::KeyRequest;

    use super::FetchedKeys;

    /// A host of keys that answers when it is told to.
    struct Keeper {
        listener: TcpListener,
        source: Source,
    }

    impl Keeper {
        async fn start() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/keys", listener.local_addr().unwrap());
            Self { listener, source: Source::read(&url).unwrap() }
        }

        fn request(&self) -> KeyRequest {
            KeyRequest { source: self.source.clone(), kid: Some("new".to_owned()) }
        }

        /// A fetch that waits for its answer.
        async fn asked(&self) -> TcpStream {
            let (mut stream, _) = self.listener.accept().await.unwrap();
            let mut head = [0; 4096];
            assert_ne!(stream.read(&mut head).await.unwrap(), 0);
            stream
        }
    }

    fn set(kid: &str) -> String {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{x}"}}]}}"#)
    }

    async fn answer(mut stream: TcpStream, kid: &str) {
        let body = set(kid);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    }

    /// Keys that came at second 1000.
    fn known(source: &Source) -> Arc<FetchedKeys> {
        let keys = Arc::<FetchedKeys>::default();
        let set = KeySet::read(set("new").as_bytes()).unwrap();
        let known = Known { keys: Arc::new(set), at: 1000.0, ..Known::default() };
        keys.known.rcu(|all| all.with(source.clone(), known.clone()));
        keys
    }

    fn at(keys: &FetchedKeys, source: &Source) -> f64 {
        keys.known().get(source).unwrap().at
    }

    #[tokio::test]
    async fn who_hangs_up_ends_no_fetch() {
        let keeper = Keeper::start().await;
        let keys = Arc::<FetchedKeys>::default();
        let waiting = tokio::select! {
            _ = keys.get(keeper.request(), 1000.0) => panic!("nobody has answered"),
            stream = keeper.asked() => stream,
        };
        answer(waiting, "new").await;
        let known = keys.get(keeper.request(), 1000.0).await;
        assert!(known.get(&keeper.source).unwrap().keys.may_know(Some("new")));
    }

    #[tokio::test]
    async fn keys_that_are_only_old_keep_nobody_waiting_and_are_asked_for_once() {
        let keeper = Keeper::start().await;
        let keys = known(&keeper.source);
        for _ in 0..100 {
            keys.get(keeper.request(), 2000.0).await;
        }
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 1);
        answer(keeper.asked().await, "new").await;
        while at(&keys, &keeper.source) < 2000.0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn keys_that_are_far_too_old_are_asked_for_first() {
        let keeper = Keeper::start().await;
        let keys = known(&keeper.source);
        let waiting = tokio::select! {
            _ = keys.get(keeper.request(), 5000.0) => panic!("nobody has answered"),
            stream = keeper.asked() => stream,
        };
        let known = tokio::join!(keys.get(keeper.request(), 5000.0), answer(waiting, "other")).0;
        assert!(!known.get(&keeper.source).unwrap().keys.may_know(Some("new")));
    }

    #[tokio::test]
    async fn keys_that_cannot_be_had_again_go_on_without_waiting_each_time() {
        let keeper = Keeper::start().await;
        let keys = known(&keeper.source);
        let refuse = async {
            drop(keeper.asked().await);
        };
        let known = tokio::join!(keys.get(keeper.request(), 5000.0), refuse).0;
        assert!(known.get(&keeper.source).unwrap().fault.is_some());
        assert!(!known.wants(&keeper.source, Some("new"), 5029.0));
        assert!(known.wants(&keeper.source, Some("new"), 5031.0));
        keys.get(keeper.request(), 5031.0).await;
    }
}
