//! An Asana to register webhooks at, as its documentation describes it, and a small token server.
//!
//! <https://developers.asana.com/docs/webhooks-guide>: the handshake comes before the answer to the
//! creation, with `X-Hook-Secret`, which has to be echoed with 200 or 204; the answer (201) names the
//! same secret in `X-Hook-Secret`; deliveries are signed with HMAC-SHA256 of the body in
//! `X-Hook-Signature`; an empty list of events is a heartbeat, and the first comes at once.
//! <https://developers.asana.com/docs/errors>: `{"errors": [{"message": ..., "help": ...}]}`.
//! <https://www.rfc-editor.org/rfc/rfc6749>: sections 4.4.2, 5.1 and 5.2.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

use serde_json::Value;
use serde_json::json;

use crate::process::Client;
use crate::process::request;
use crate::process::sign;
use crate::process::wait_until;

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
    Redirect,
    Huge,
    NoJson,
    /// It says what it was sent, and that nobody may.
    Echo,
    /// Its access tokens cannot be sent.
    BrokenToken,
}

/// A running stub: what it was asked, a line each.
pub(crate) struct Asana {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

struct Asked {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Asana {
    pub(crate) fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            let mut n_tokens = 0;
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let asked = read(&stream);
                log.lock().unwrap().push(asked.line.clone());
                let (answer, after) = answer(&asked, mood, &mut n_tokens);
                // Whoever was told too much already may have gone.
                let _ = stream.write_all(answer.as_bytes());
                drop(stream);
                if let Some(target) = after {
                    let heartbeat = r#"{"events":[]}"#;
                    let signature = sign(SECRET, heartbeat);
                    // It is tried again while it is refused, as every delivery is.
                    wait_until("the heartbeat is taken", || {
                        let headers = [("X-Hook-Signature", signature.as_str())];
                        let (status, _) = post(&target, &headers, heartbeat);
                        (status == 200).then_some(())
                    });
                }
            }
        });
        Self { address, asked }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The answer, and where a heartbeat goes after it.
fn answer(asked: &Asked, mood: Mood, n_tokens: &mut usize) -> (String, Option<String>) {
    let header = |name: &str| {
        let mut headers = asked.headers.iter();
        headers.find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    };
    if asked.line.starts_with("POST /token ") {
        let is_ours = header("authorization") == "Basic dXM6dGhlIGNsaWVudCdzIHNlY3JldA==";
        if !is_ours || asked.body != "grant_type=client_credentials&scope=read" {
            let said = if mood == Mood::Echo { &asked.body } else { "Who are you?" };
            let error = json!({"error": "invalid_client", "error_description": said});
            return (reply(401, &error.to_string()), None);
        }
        *n_tokens += 1;
        let mut token = format!("token-{n_tokens}");
        if mood == Mood::BrokenToken {
            token.push('\n');
        }
        let token = json!({"access_token": token, "token_type": "bearer", "expires_in": 3600});
        return (reply(200, &token.to_string()), None);
    }
    let errors = |status, message: &str| {
        let help = "For more information on API status codes and how to handle them, read the docs";
        (reply(status, &json!({"errors": [{"message": message, "help": help}]}).to_string()), None)
    };
    let authorization = header("authorization");
    // The first access token has ended before its time.
    if authorization != format!("Bearer {TOKEN}") && authorization != "Bearer token-2" {
        return errors(401, "Not Authorized");
    }
    match mood {
        Mood::Echo => return errors(403, &format!("{}{authorization}", "x".repeat(285))),
        Mood::Redirect => {
            let location = "Location: http://169.254.169.254/\r\n";
            let moved = format!("HTTP/1.1 307 Moved\r\n{location}Content-Length: 0\r\n\r\n");
            return (moved, None);
        }
        Mood::Huge => return (reply(200, &"x".repeat(2 << 20)), None),
        Mood::NoJson => return (reply(200, &format!("<p>{TOKEN}</p>")), None),
        _ => {}
    }
    if asked.line.starts_with("GET /api/1.0/users/me ") {
        let me =
            json!({"data": {"gid": "1200311869439617", "name": "Ada", "email": "a@b.example"}});
        return (reply(200, &me.to_string()), None);
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
    let secret = match mood {
        Mood::OtherSecret => json!("another secret of thirty-two byte"),
        Mood::NoSecret => Value::Null,
        _ => json!(SECRET),
    };
    let created = json!({
        "data": {"gid": "12345", "resource_type": "webhook", "active": true, "target": target},
        "X-Hook-Secret": secret,
    });
    let goes_on = matches!(mood, Mood::Well | Mood::Strangers);
    (reply(201, &created.to_string()), goes_on.then(|| target.to_owned()))
}

/// Whether a target answers the handshake as it has to.
fn greet(target: &str, secret: &str) -> bool {
    let (status, echoed) = post(target, &[("X-Hook-Secret", secret)], "");
    matches!(status, 200 | 204) && echoed.as_deref() == Some(secret)
}

fn post(target: &str, headers: &[(&str, &str)], body: &str) -> (u16, Option<String>) {
    let (address, path) = target.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut client = Client::connect(address.parse().unwrap());
    let response = client.ask(&request("POST", &format!("/{path}"), headers, body));
    (response.status, response.header("x-hook-secret").map(str::to_owned))
}

fn reply(status: u16, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn read(stream: &TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Asked { line: line.trim_end().to_owned(), headers, body: String::from_utf8(body).unwrap() }
}
