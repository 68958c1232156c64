//! An Asana to register webhooks at, as its documentation describes it, and a small token server.
//!
//! <https://developers.asana.com/docs/webhooks-guide>: the handshake comes before the answer to the
//! creation, with `X-Hook-Secret`, which has to be echoed with 200 or 204; the answer (201) names the
//! same secret in `X-Hook-Secret`; deliveries are signed with HMAC-SHA256 of the body in
//! `X-Hook-Signature`, several events in one; an empty list of events is a heartbeat, and the first comes
//! at once. Whatever is not answered with 200 or 204 within 10 s is tried again, later and later, and
//! counted (`delivery_retry_count`); after 24 h the webhook is deleted, and at once with 410.
//! <https://developers.asana.com/reference/deletewebhook> and <https://developers.asana.com/reference/getwebhooks>:
//! 200 with `{"data": {}}`, and the webhooks of a workspace.
//! <https://developers.asana.com/docs/errors>: `{"errors": [{"message": ..., "help": ...}]}`.
//! <https://www.rfc-editor.org/rfc/rfc6749>: sections 4.4.2, 5.1 and 5.2.

use std::net::SocketAddr;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::process::Client;
use crate::process::request;
use crate::process::sign;
use crate::process::wait_until;
use crate::stub::Asked;
use crate::stub::Reply;
use crate::stub::Stub;

pub(crate) const TOKEN: &str = "1/1200311869439617:an-example-token";
pub(crate) const SECRET: &str = "b537207f20cbfa02357cf448134da559";

/// What goes wrong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// Somebody else greets first, with a secret of their own.
    Strangers,
    /// It creates webhooks without a handshake.
    NoHandshake,
    /// Its answer names another secret than its handshake.
    OtherSecret,
    NoSecret,
    /// It greets, and creates nothing.
    Refuses,
    Redirect,
    Huge,
    NoJson,
    /// It creates webhooks, and says something else about it than it should.
    Babble,
    /// It creates webhooks with another secret, and deletes none.
    Stubborn,
    /// It says what it was sent, and that nobody may.
    Echo,
    /// Its access tokens cannot be sent.
    BrokenToken,
}

/// A running stub.
pub(crate) struct Asana {
    pub(crate) address: SocketAddr,
    stub: Stub,
    world: Arc<Mutex<World>>,
}

/// How long an answer is waited for.
const PATIENT: Duration = Duration::from_secs(10);

/// How often a delivery fails within 24 hours.
const MOST_FAILURES: usize = 10;

/// What is known there.
#[derive(Default)]
struct World {
    n_tokens: usize,
    webhooks: Vec<Webhook>,
}

/// A webhook, with what has become of its last deliveries.
#[derive(Clone)]
struct Webhook {
    gid: String,
    target: String,
    n_failed: usize,
    last_failure: Option<String>,
}

impl Webhook {
    fn told(&self) -> Value {
        json!({
            "gid": self.gid, "resource_type": "webhook", "active": true, "target": self.target,
            "delivery_retry_count": self.n_failed, "last_failure_content": self.last_failure,
        })
    }
}

impl Asana {
    pub(crate) fn start(mood: Mood) -> Self {
        let world = Arc::<Mutex<World>>::default();
        let known = Arc::clone(&world);
        let stub = Stub::start(move |asked| answer(asked, mood, &mut known.lock().unwrap()));
        Self { address: stub.address, stub, world }
    }

    /// The ids of its webhooks.
    pub(crate) fn webhooks(&self) -> Vec<String> {
        self.world.lock().unwrap().webhooks.iter().map(|it| it.gid.clone()).collect()
    }

    /// Tries to deliver a batch to its webhook; says with which status that ended, if it is answered.
    pub(crate) fn deliver(&self, events: &Value) -> Option<u16> {
        let webhook = self.world.lock().unwrap().webhooks[0].clone();
        let body = json!({"events": events}).to_string();
        let signature = sign(SECRET, &body);
        let headers = [("X-Hook-Signature", signature.as_str())];
        let status = post(&webhook.target, &headers, &body).map(|(status, _)| status);
        let webhooks = &mut self.world.lock().unwrap().webhooks;
        let known = &mut webhooks[0];
        if matches!(status, Some(200 | 204)) {
            known.n_failed = 0;
        } else {
            known.n_failed += 1;
            known.last_failure = Some(format!("{status:?}"));
        }
        let is_over = known.n_failed > MOST_FAILURES || status == Some(410);
        webhooks.retain(|_| !is_over);
        status
    }

    /// What it was asked, a line each.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.stub.asked().into_iter().map(|asked| asked.line).collect()
    }
}

/// A heartbeat, which is tried again while it is refused, as every delivery is.
fn beat(target: &str) {
    let heartbeat = r#"{"events":[]}"#;
    let signature = sign(SECRET, heartbeat);
    wait_until("the heartbeat is taken", || {
        let headers = [("X-Hook-Signature", signature.as_str())];
        let (status, _) = post(target, &headers, heartbeat)?;
        (status == 200).then_some(())
    });
}

fn answer(asked: &Asked, mood: Mood, world: &mut World) -> Reply {
    if asked.line.starts_with("POST /token ") {
        let is_ours = asked.header("authorization") == "Basic dXM6dGhlIGNsaWVudCdzIHNlY3JldA==";
        if !is_ours || asked.body != "grant_type=client_credentials&scope=read" {
            let said = if mood == Mood::Echo { &asked.body } else { "Who are you?" };
            let error = json!({"error": "invalid_client", "error_description": said});
            return Reply::json(401, &error);
        }
        world.n_tokens += 1;
        let mut token = format!("token-{}", world.n_tokens);
        if mood == Mood::BrokenToken {
            token.push('\n');
        }
        let token = json!({"access_token": token, "token_type": "bearer", "expires_in": 3600});
        return Reply::json(200, &token);
    }
    let errors = |status, message: &str| {
        let help = "For more information on API status codes and how to handle them, read the docs";
        Reply::json(status, &json!({"errors": [{"message": message, "help": help}]}))
    };
    let authorization = asked.header("authorization");
    // The first access token has ended before its time.
    if authorization != format!("Bearer {TOKEN}") && authorization != "Bearer token-2" {
        return errors(401, "Not Authorized");
    }
    match mood {
        Mood::Echo => return errors(403, &format!("{}{authorization}", "x".repeat(285))),
        Mood::Redirect => {
            return Reply::new(307, "").header("Location", "http://169.254.169.254/");
        }
        Mood::Huge => return Reply::new(200, "x".repeat(2 << 20)),
        Mood::NoJson => return Reply::new(200, format!("<p>{TOKEN}</p>")),
        _ => {}
    }
    if asked.line.starts_with("GET /api/1.0/users/me ") {
        let me =
            json!({"data": {"gid": "1200311869439617", "name": "Ada", "email": "a@b.example"}});
        return Reply::json(200, &me);
    }
    if asked.line.starts_with("GET /api/1.0/webhooks?workspace=7 ") {
        let items = world.webhooks.iter().map(Webhook::told);
        return Reply::json(200, &json!({"data": items.collect::<Vec<_>>()}));
    }
    if let Some(rest) = asked.line.strip_prefix("DELETE /api/1.0/webhooks/") {
        let gid = rest.split(' ').next().unwrap();
        if mood == Mood::Stubborn || !world.webhooks.iter().any(|known| known.gid == gid) {
            return errors(404, &format!("webhook: Unknown object: {gid}"));
        }
        world.webhooks.retain(|known| known.gid != gid);
        return Reply::json(200, &json!({"data": {}}));
    }
    let data = serde_json::from_str::<Value>(&asked.body).unwrap_or_default()["data"].clone();
    let target = data["target"].as_str().unwrap_or_default();
    match data["resource"].as_str() {
        None => return errors(400, "resource: Missing input"),
        Some("12345") => {}
        Some(unknown) => return errors(404, &format!("resource: Unknown object: {unknown}")),
    }
    if mood == Mood::Strangers {
        assert!(greet(target, "a stranger's secret"));
    }
    if mood != Mood::NoHandshake && !greet(target, SECRET) {
        let why = format!(
            "The remote server which is the target of the webhook ({target}) did not respond with the handshake secret."
        );
        return errors(400, &why);
    }
    if mood == Mood::Refuses {
        return errors(400, "it is not to be");
    }
    let secret = match mood {
        Mood::OtherSecret | Mood::Stubborn => json!("another secret of thirty-two byte"),
        Mood::NoSecret => Value::Null,
        _ => json!(SECRET),
    };
    let (gid, target) = ("4711".to_owned(), target.to_owned());
    let webhook = Webhook { gid, target, n_failed: 0, last_failure: None };
    let created = json!({"data": webhook.told(), "X-Hook-Secret": secret});
    let target = webhook.target.clone();
    world.webhooks.push(webhook);
    if mood == Mood::Babble {
        return Reply::new(201, format!("<p>Created with {TOKEN}</p>"));
    }
    let reply = Reply::json(201, &created);
    if !matches!(mood, Mood::Well | Mood::Strangers) {
        return reply;
    }
    reply.then(move || beat(&target))
}

/// Whether a target answers the handshake as it has to.
fn greet(target: &str, secret: &str) -> bool {
    post(target, &[("X-Hook-Secret", secret)], "").is_some_and(|(status, echoed)| {
        matches!(status, 200 | 204) && echoed.as_deref() == Some(secret)
    })
}

/// Status and secret of an answer; `None` if nobody answers in time.
fn post(target: &str, headers: &[(&str, &str)], body: &str) -> Option<(u16, Option<String>)> {
    let (address, path) = target.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let stream = TcpStream::connect_timeout(&address.parse().unwrap(), PATIENT).ok()?;
    stream.set_read_timeout(Some(PATIENT)).unwrap();
    let mut client = Client::over(stream);
    client.try_send(request("POST", &format!("/{path}"), headers, body)).ok()?;
    let response = client.try_response().ok()??;
    Some((response.status, response.header("x-hook-secret").map(str::to_owned)))
}
