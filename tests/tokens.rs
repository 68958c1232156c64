//! Access tokens of one process that makes many calls: asked for once, ahead of their end, and once more
//! when they are refused.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use tokio::runtime;
use tokio::task::JoinSet;
use tympan_core::config::Config;
use tympan_core::keys::Secrets;
use tympan_core::secret::Secret;
use tympan_server::CallFault;
use tympan_server::Caller;

use crate::stub::Asked;
use crate::stub::Reply;
use crate::stub::Stub;

/// A system whose tokens are `token-1`, `token-2`, ...: each is good until the next is given, unless
/// something else is said.
#[derive(Clone, Default)]
struct System {
    n_given: Arc<AtomicUsize>,
    /// How many of the next requests for a token fail.
    n_failing: Arc<AtomicUsize>,
    /// Whether the token that counts has ended before its time.
    has_ended: Arc<AtomicBool>,
    n_refused: Arc<AtomicUsize>,
    /// Whether it takes none of its own tokens.
    is_deaf: bool,
    lasts: Value,
}

impl System {
    fn lasting(lasts: impl Into<Value>) -> Self {
        Self { lasts: lasts.into(), ..Self::default() }
    }

    fn start(&self) -> Stub {
        let system = self.clone();
        Stub::start(move |asked| system.answer(asked))
    }

    fn answer(&self, asked: &Asked) -> Reply {
        if asked.line.starts_with("POST /token ") {
            let fails = |left: usize| left.checked_sub(1);
            if self.n_failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok() {
                return Reply::json(503, &json!({"error": "temporarily_unavailable"}));
            }
            let n_given = self.n_given.fetch_add(1, Ordering::SeqCst) + 1;
            self.has_ended.store(false, Ordering::SeqCst);
            let token = format!("token-{n_given}");
            let lasts = &self.lasts;
            return Reply::json(200, &json!({"access_token": token, "expires_in": lasts}));
        }
        let n_given = self.n_given.load(Ordering::SeqCst);
        let is_good = asked.header("authorization") == format!("Bearer token-{n_given}");
        if !is_good || self.is_deaf || self.has_ended.load(Ordering::SeqCst) {
            self.n_refused.fetch_add(1, Ordering::SeqCst);
            return Reply::json(401, &json!({"error": "invalid_token"}));
        }
        Reply::json(200, &json!({}))
    }
}

fn config(stub: &Stub) -> Config {
    let address = stub.address;
    let text = format!(
        "version: 1\nsecrets: {{client: {{env: CLIENT}}}}\nconnectors:\n  api:\n    base_url: \
         http://{address}\n    auth: {{oauth: {{token_url: 'http://{address}/token', client_id: us, \
         client_secret: client}}}}\nactions:\n  read: {{connector: api, path: /me}}\n  write: {{connector: \
         api, method: POST, path: /me}}\nlisteners: {{}}\n"
    );
    let (loaded, _) = tympan_core::load("test", text.into_bytes());
    assert!(!loaded.diagnostics.refuse(false), "{:?}", loaded.diagnostics);
    loaded.config
}

fn secrets() -> Secrets {
    vec![Ok(vec![Secret::new(b"the client's secret".to_vec(), "a test").unwrap()])]
}

async fn call(caller: &Caller<'_>, config: &Config, name: &str) -> Result<(), CallFault> {
    let action = config.actions.iter().find(|it| it.name == name).unwrap();
    let rendered = action.render(&json!({}), &Value::Null).unwrap();
    caller.call(action, &rendered).await.map(|_| ())
}

/// Makes many calls at once; says how many failed.
fn at_once(caller: &Arc<Caller<'static>>, config: &'static Config, count: usize) -> usize {
    let runtime = runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut calls = JoinSet::new();
        for _ in 0..count {
            let caller = Arc::clone(caller);
            calls.spawn(async move { call(&caller, config, "write").await });
        }
        calls.join_all().await.into_iter().filter(Result::is_err).count()
    })
}

/// What lives as long as the tests do.
fn caller(stub: &Stub) -> (Arc<Caller<'static>>, &'static Config) {
    let config: &'static Config = Box::leak(Box::new(config(stub)));
    let secrets: &'static Secrets = Box::leak(Box::new(secrets()));
    (Arc::new(Caller::new(Path::new(""), config, secrets)), config)
}

fn one(
    caller: &Arc<Caller<'static>>,
    config: &'static Config,
    name: &str,
) -> Result<(), CallFault> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(call(caller, config, name))
}

#[test]
fn many_calls_at_once_ask_for_one_token() {
    let system = System::lasting(3600);
    let stub = system.start();
    let (caller, config) = caller(&stub);
    assert_eq!(at_once(&caller, config, 40), 0);
    assert_eq!((stub.count("POST /token"), stub.count("POST /me")), (1, 40));
    // What has ended before its time is asked for once more, by one of all that are refused.
    system.has_ended.store(true, Ordering::SeqCst);
    assert_eq!(at_once(&caller, config, 40), 0);
    assert_eq!(stub.count("POST /token"), 2);
}

#[test]
fn a_token_is_asked_for_ahead_of_its_end() {
    // Half of its time ahead, as it is a short one; some systems write the number as a text.
    let system = System::lasting("10");
    let stub = system.start();
    let (caller, config) = caller(&stub);
    let begun = Instant::now();
    while stub.count("POST /token") < 2 {
        assert!(begun.elapsed() < Duration::from_secs(10), "it is asked for once it has ended");
        one(&caller, config, "write").unwrap();
    }
    assert!(begun.elapsed() >= Duration::from_secs(5), "it is asked for too often");
    assert_eq!(system.n_refused.load(Ordering::SeqCst), 0);
}

#[test]
fn a_token_server_that_fails_is_asked_again_but_not_by_everybody() {
    let system = System::lasting(3600);
    let stub = system.start();
    let (caller, config) = self::caller(&stub);
    system.n_failing.store(2, Ordering::SeqCst);
    one(&caller, config, "write").unwrap();
    assert_eq!((stub.count("POST /token"), stub.count("POST /me")), (3, 1));

    let system = System::lasting(3600);
    let stub = system.start();
    let (caller, config) = self::caller(&stub);
    system.n_failing.store(usize::MAX, Ordering::SeqCst);
    let fault = one(&caller, config, "write").unwrap_err();
    assert_eq!(fault.to_string(), "no access token: 503 temporarily_unavailable");
    let n_asked = stub.count("POST /token");
    assert_eq!(at_once(&caller, config, 40), 40);
    // Three tries, of which those who wait for the first share each.
    assert!(stub.count("POST /token") <= n_asked + 12, "{}", stub.count("POST /token"));
    assert_eq!(stub.count("POST /me"), 0);
}

#[test]
fn a_token_that_still_counts_outlives_a_failure() {
    let system = System::lasting(6);
    let stub = system.start();
    let (caller, config) = caller(&stub);
    one(&caller, config, "write").unwrap();
    system.n_failing.store(usize::MAX, Ordering::SeqCst);
    let begun = Instant::now();
    while stub.count("POST /token") < 2 {
        assert!(begun.elapsed() < Duration::from_secs(6));
        one(&caller, config, "write").unwrap();
    }
    assert_eq!(system.n_given.load(Ordering::SeqCst), 1);
}

#[test]
fn a_token_that_is_refused_again_is_not_asked_for_for_ever() {
    let system = System { is_deaf: true, ..System::lasting(3600) };
    let stub = system.start();
    let (caller, config) = caller(&stub);
    let fault = one(&caller, config, "read").unwrap_err();
    assert_eq!(fault.to_string(), "it answers 401 Unauthorized: invalid_token");
    assert_eq!((stub.count("POST /token"), stub.count("GET /me")), (2, 2));
}
