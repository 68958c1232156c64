//! Keys and certificates that are fetched: once at a time, not too often, and kept when a fetch fails.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::StatusCode;
use http::header;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use tympan_core::asked_key;
use tympan_core::asked_key::AskedToken;
use tympan_core::config::RateLimit;
use tympan_core::fetched::Fetched;
use tympan_core::fetched::Found;
use tympan_core::fetched::Holds;
use tympan_core::fetched::Known;
use tympan_core::fetched::Source;
use tympan_core::pipeline::KeyRequest;
use tympan_core::rate::Rate;
use tympan_core::secret::Secret;

use super::Asker;
use super::Bounds;
use super::Host;
use super::granted::Client;
use super::hidden::Hidden;
use super::rates::Rates;
use super::token;
use crate::outbound;

/// How long an answer may take: requests wait for it.
const WITHIN: Duration = Duration::from_secs(5);

/// How large it may be, in bytes.
const MOST_OF_KEYS: usize = 256 << 10;
const MOST_OF_ONE: usize = 64 << 10;

/// How often one source is asked at most, whatever tokens name.
const OFTEN: RateLimit = RateLimit { requests: 5, per: Duration::from_mins(1) };

/// How often one listener has certificates and keys fetched at most, whatever its requests name.
const NAMED: RateLimit = RateLimit { requests: 10, per: Duration::from_mins(1) };

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
    pub(crate) async fn get(self: &Arc<Self>, request: KeyRequest, asker: Asker) -> Arc<Fetched> {
        let known = self.known();
        let KeyRequest { source, kid, secrets } = request;
        let now = asker.now;
        let asking = self.asking(&source);
        let turn = Arc::clone(&asking.turn);
        if !known.must_ask(&source, kid.as_deref(), now) {
            // It is only old: who has a good proof need not wait, and one task is enough.
            if let Ok(turn) = turn.try_lock_owned()
                && asking.rate.admit(OFTEN, now).is_ok()
            {
                self.refresh(source, secrets, asker, turn);
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
        let _ = self.refresh(source, secrets, asker, turn).await;
        self.known()
    }

    /// Asks, in a task of its own: who hangs up must neither end what others wait for, nor use up how
    /// often it may be asked.
    fn refresh(
        self: &Arc<Self>,
        source: Source,
        secrets: Vec<Secret>,
        asker: Asker,
        turn: OwnedMutexGuard<()>,
    ) -> JoinHandle<()> {
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let last = this.known().get(&source).cloned().unwrap_or_default();
            let known = match this.admit(&source, &last, &asker) {
                // Floods of names are told by how their requests end.
                Err(why) if last.found.is_none() => Some(Known { fault: Some(why), ..last }),
                Err(_) => None,
                Ok(()) => Some(fetch_after(last, &source, &secrets, &asker).await),
            };
            if let Some(known) = known {
                this.known.rcu(|all| all.with(source.clone(), known.clone()));
            }
            drop(turn);
        })
    }

    /// What requests name is fetched for each listener now and then only. A key that was there is renewed
    /// all the same: whoever names many that are not must not end it.
    fn admit(&self, source: &Source, last: &Known, asker: &Asker) -> Result<(), String> {
        let is_counted = source.is_named() && !last.holds_key();
        if is_counted { self.rates.admit(asker, NAMED) } else { Ok(()) }
    }

    fn asking(&self, source: &Source) -> Arc<Asking> {
        let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        if asking.len() >= MOST_ASKED {
            asking.retain(|known, it| !known.is_named() || Arc::strong_count(it) > 1);
        }
        Arc::clone(asking.entry(source.clone()).or_default())
    }
}

/// What is known of a source once it has been asked.
async fn fetch_after(last: Known, source: &Source, secrets: &[Secret], asker: &Asker) -> Known {
    let fetched = tokio::time::timeout(WITHIN, fetch(source, secrets, asker)).await;
    let fetched = fetched.unwrap_or_else(|_| Err(format!("no whole answer within {WITHIN:?}")));
    let (what, url, now) = (what(source), source.url(), asker.now);
    match fetched {
        Ok(found) => {
            tracing::info!(what, url, "fetched");
            Known { found: Some(found), at: now, asked: now, fault: None }
        }
        Err(why) => {
            if last.counts(now) {
                tracing::warn!(what, url, why, "cannot be fetched; what came last goes on");
            } else {
                tracing::warn!(what, url, why, "cannot be fetched");
            }
            Known { asked: now, fault: Some(why), ..last }
        }
    }
}

async fn fetch(source: &Source, secrets: &[Secret], asker: &Asker) -> Result<Found, String> {
    let (accept, most_bytes) = match source.holds() {
        Holds::Keys => ("application/jwk-set+json, application/json", MOST_OF_KEYS),
        Holds::Certificate(_) => {
            ("application/x-pem-file, application/pkix-cert, */*", MOST_OF_ONE)
        }
        Holds::Key(_) => ("application/json, application/x-pem-file, */*", MOST_OF_ONE),
    };
    let mut request = Request::get(source.url());
    let mut body = Bytes::new();
    if let Holds::Key(asked) = source.holds() {
        if let Some(fields) = asked.body(secrets)? {
            body = fields.into();
            request = request.method(Method::POST).header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &asked.how.token {
            let token = token_for_key(token, secrets.last(), asker).await?;
            request = request.header(header::AUTHORIZATION, token);
        }
    }
    let request = request.header(header::ACCEPT, HeaderValue::from_static(accept));
    let request = request.body(body).map_err(|error| error.to_string())?;
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

/// An access token as it is sent. It is asked for anew for each key: that is seldom, and nothing has to
/// be remembered.
async fn token_for_key(
    how: &AskedToken,
    secret: Option<&Secret>,
    asker: &Asker,
) -> Result<HeaderValue, String> {
    let secret = asked_key::text(secret)?;
    let hidden = Hidden::default();
    hidden.add(secret);
    hidden.add(token::basic(&how.client_id, secret).trim_start_matches("Basic "));
    let mut parts = vec![("grant_type", "client_credentials".to_owned())];
    parts.extend(how.scope.clone().map(|scope| ("scope", scope)));
    let client = Client { id: Some(&how.client_id), secret: Some(secret), in_body: how.in_body };
    let masked = |text: &str| hidden.masked(text);
    let given = client.ask(&asker.egress, &how.url, parts, Duration::ZERO, masked).await;
    let token = given.and_then(|given| given.token()).map_err(|fault| fault.to_string())?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.value()))
        .map_err(|error| error.to_string())?;
    value.set_sensitive(true);
    Ok(value)
}

/// What logs call it.
fn what(source: &Source) -> &'static str {
    match source.holds() {
        Holds::Keys => "keys",
        Holds::Certificate(_) => "certificate",
        Holds::Key(_) => "key",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use regex::Regex;
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;
    use tokio::net::TcpStream;
    use tokio::runtime::Handle;
    use tympan_core::anchor::Anchor;
    use tympan_core::fetched::Fetched;
    use tympan_core::fetched::Found;
    use tympan_core::fetched::Known;
    use tympan_core::fetched::Source;
    use tympan_core::jwt::KeySet;
    use tympan_core::pipeline::KeyRequest;

    use super::Asker;
    use super::FetchedKeys;
    use super::NAMED;

    /// A host of keys that answers when it is told to.
    struct Keeper {
        listener: TcpListener,
        source: Source,
    }

    impl Keeper {
        async fn start() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/keys", listener.local_addr().unwrap());
            Self { listener, source: Source::of_keys(&url).unwrap() }
        }

        fn request(&self) -> KeyRequest {
            let (source, kid) = (self.source.clone(), Some("new".to_owned()));
            KeyRequest { source, kid, secrets: Vec::new() }
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
        let known =
            Known { found: Some(Found::Keys(Arc::new(set))), at: 1000.0, ..Known::default() };
        keys.known.rcu(|all| all.with(source.clone(), known.clone()));
        keys
    }

    fn at_second(now: f64) -> Asker {
        Asker { listener: String::new(), egress: Arc::default(), now }
    }

    fn knows(fetched: &Fetched, source: &Source, kid: &str) -> bool {
        match &fetched.get(source).unwrap().found {
            Some(Found::Keys(keys)) => keys.may_know(Some(kid)),
            _ => false,
        }
    }

    fn at(keys: &FetchedKeys, source: &Source) -> f64 {
        keys.known().get(source).unwrap().at
    }

    #[tokio::test]
    async fn who_hangs_up_ends_no_fetch() {
        let keeper = Keeper::start().await;
        let keys = Arc::<FetchedKeys>::default();
        let waiting = tokio::select! {
            _ = keys.get(keeper.request(), at_second(1000.0)) => panic!("nobody has answered"),
            stream = keeper.asked() => stream,
        };
        answer(waiting, "new").await;
        let known = keys.get(keeper.request(), at_second(1000.0)).await;
        assert!(knows(&known, &keeper.source, "new"));
    }

    #[tokio::test]
    async fn keys_that_are_only_old_keep_nobody_waiting_and_are_asked_for_once() {
        let keeper = Keeper::start().await;
        let keys = known(&keeper.source);
        for _ in 0..100 {
            keys.get(keeper.request(), at_second(2000.0)).await;
        }
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 1);
        answer(keeper.asked().await, "new").await;
        while at(&keys, &keeper.source) < 2000.0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_key_that_was_there_is_renewed_whatever_else_is_named() {
        let keeper = Keeper::start().await;
        let host = keeper.listener.local_addr().unwrap().to_string();
        drop(keeper.listener);
        let path = Regex::new("/[a-z]+").unwrap();
        let anchor = Anchor { hosts: vec![host.clone()], pattern: None, path };
        let named = |name: &str| {
            Source::of_certificate(&anchor.admit(&format!("https://{host}/{name}")).unwrap(), None)
        };
        let [good, other] = ["good", "other"].map(named);
        let keys = known(&good);
        while keys.rates.admit(&at_second(5000.0), NAMED).is_ok() {}
        for source in [&good, &other] {
            let request = KeyRequest { source: source.clone(), kid: None, secrets: Vec::new() };
            keys.get(request, at_second(5000.0)).await;
        }
        let asked = |source| keys.known().get(source).unwrap().asked;
        assert_eq!((asked(&good), asked(&other)), (5000.0, 0.0));
    }

    #[tokio::test]
    async fn keys_that_are_far_too_old_are_asked_for_first() {
        let keeper = Keeper::start().await;
        let keys = known(&keeper.source);
        let waiting = tokio::select! {
            _ = keys.get(keeper.request(), at_second(5000.0)) => panic!("nobody has answered"),
            stream = keeper.asked() => stream,
        };
        let known =
            tokio::join!(keys.get(keeper.request(), at_second(5000.0)), answer(waiting, "other")).0;
        assert!(!knows(&known, &keeper.source, "new"));
    }

    #[tokio::test]
    async fn keys_that_cannot_be_had_again_go_on_without_waiting_each_time() {
        let keeper = Keeper::start().await;
        let keys = known(&keeper.source);
        let refuse = async {
            drop(keeper.asked().await);
        };
        let known = tokio::join!(keys.get(keeper.request(), at_second(5000.0)), refuse).0;
        assert!(known.get(&keeper.source).unwrap().fault.is_some());
        assert!(!known.wants(&keeper.source, Some("new"), 5029.0));
        assert!(known.wants(&keeper.source, Some("new"), 5031.0));
        keys.get(keeper.request(), at_second(5031.0)).await;
    }
}
