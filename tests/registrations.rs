//! Registrations of presets, at systems that do what `presets/NAME/registration.json` says of the
//! provider's documentation, and nothing else.
//!
//! ```text
//! source      the page that it follows
//! auth        how a connector proves itself there, with the secret `token`
//! captured    whether the listener's secret is one that is captured
//! listener    what the listener says beside its preset
//! with        the secrets that the preset wants beside `secret`
//! set, list, delete   what is told to register, list and delete
//! calls       what is asked, in this order: `line`, `headers`, and `json` or `form`; what is the `target`
//!             there; how the provider `greets` before it answers with `status` and `answer`, and what it
//!             sends then (`simulates`)
//! id          what it calls the webhook
//! ```
//!
//! `TARGET` is where the listener is called, `SECRET` its secret.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;
use std::sync::Arc;
use std::sync::Mutex;

use serde_json::Value;
use serde_json::json;
use tympan_core::config::preset;

use crate::process::Client;
use crate::process::Folder;
use crate::process::Tympan;
use crate::process::repository;
use crate::process::request;
use crate::process::tympan;
use crate::stub::Asked;
use crate::stub::Reply;
use crate::stub::Stub;

const SECRET: &str = "a \"secret\" that is long enough: %41+";

/// What a provider is asked, and what has not been as it should.
struct Script {
    said: Value,
    folder: PathBuf,
    /// The place of the next call.
    next: usize,
    wrong: Vec<String>,
}

impl Script {
    fn answer(&mut self, asked: &Asked) -> Reply {
        let call = self.said["calls"][self.next].clone();
        self.next += 1;
        if let Err(why) = check(&call, asked) {
            self.wrong.push(format!("{}: {why}", asked.line));
            return Reply::json(400, &json!({"error": {"message": why}}));
        }
        let target = target(asked).unwrap_or_default();
        if let Err(why) = greet(&call["greets"], &target) {
            self.wrong.push(why.clone());
            return Reply::json(400, &json!({"error": {"message": why}}));
        }
        let status = u16::try_from(call["status"].as_u64().unwrap()).unwrap();
        let body = match &call["answer"] {
            Value::Null => String::new(),
            answer => answer.to_string().replace("TARGET", &target),
        };
        let reply = Reply::new(status, body);
        let Some(case) = call["simulates"].as_str().map(str::to_owned) else { return reply };
        let folder = self.folder.clone();
        // What stands in its query is put there by who plays the provider, too.
        let to = target.split('?').next().unwrap_or_default().to_owned();
        reply.then(move || simulate(&folder, &to, &case))
    }
}

/// Whether what is asked is what the documentation says.
fn check(call: &Value, asked: &Asked) -> Result<(), String> {
    let target = target(asked).unwrap_or_default();
    let in_query = form_urlencoded::byte_serialize(target.as_bytes()).collect::<String>();
    let line = call["line"].as_str().unwrap_or_default().replace("TARGET", &in_query);
    if asked.line != format!("{line} HTTP/1.1") {
        return Err(format!("{line} is expected"));
    }
    for (name, value) in call["headers"].as_object().into_iter().flatten() {
        let found = asked.header(&name.to_lowercase());
        if Some(found) != value.as_str() {
            return Err(format!("{name} is {found}"));
        }
    }
    if let Some(path) = call["target"].as_str()
        && !target.ends_with(path)
    {
        return Err(format!("the target is {target}, and {path} expected"));
    }
    let filled = |value: &Value| match value {
        Value::String(word) if word == "TARGET" => json!(target),
        Value::String(word) if word == "SECRET" => json!(SECRET),
        other => other.clone(),
    };
    let found: Value = if call["form"].is_null() {
        serde_json::from_str(&asked.body).unwrap_or_default()
    } else {
        let pairs = form_urlencoded::parse(asked.body.as_bytes());
        pairs.map(|(name, value)| json!([name, value])).collect()
    };
    let expected = each(&call[if call["form"].is_null() { "json" } else { "form" }], &filled);
    let is_same = found == expected;
    is_same.then_some(()).ok_or_else(|| format!("{found} is sent, and {expected} expected"))
}

/// A value with each of its texts changed.
fn each(value: &Value, change: &dyn Fn(&Value) -> Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| each(item, change)).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), each(value, change))).collect()
        }
        text => change(text),
    }
}

/// Where a request says that it is called.
fn target(asked: &Asked) -> Option<String> {
    let line = asked.line.split(' ').nth(1)?;
    let query = line.split_once('?').map_or("", |(_, query)| query);
    let texts = form_urlencoded::parse(query.as_bytes())
        .chain(form_urlencoded::parse(asked.body.as_bytes()))
        .map(|(_, value)| value.into_owned());
    let in_form = texts.into_iter().find(|text| text.starts_with("http://127.0.0.1:"));
    let from = asked.body.find("http://127.0.0.1:");
    let in_json = from.and_then(|from| asked.body[from..].split('"').next());
    in_json.filter(|_| asked.body.starts_with('{')).map(str::to_owned).or(in_form)
}

/// What a provider does before it takes a target for good.
fn greet(greets: &Value, target: &str) -> Result<(), String> {
    let Some(method) = greets["method"].as_str() else { return Ok(()) };
    let (address, path) = target.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let sign = if path.contains('?') { '&' } else { '?' };
    let query = greets["query"].as_str().map(|query| format!("{sign}{query}")).unwrap_or_default();
    let texts = |what: &str| -> Vec<(String, String)> {
        let map = greets[what].as_object().into_iter().flatten();
        map.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
    };
    let headers = texts("headers");
    let mut headers: Vec<_> = headers.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let mut client = Client::connect(address.parse().unwrap());
    let sent = Some(&greets["json"]).filter(|json| !json.is_null()).map(Value::to_string);
    headers.extend(sent.iter().map(|_| ("Content-Type", "application/json")));
    let request = request(method, &format!("/{path}{query}"), &headers, sent.unwrap_or_default());
    client.send(&request);
    let is_head = method == "HEAD";
    let response = if is_head { client.response_without_body() } else { client.response() };
    let is_echoed = texts("echo")
        .iter()
        .all(|(name, value)| response.header(&name.to_lowercase()) == Some(value.as_str()));
    let is_body = greets["body"].as_str().is_none_or(|body| response.text() == body);
    if u64::from(response.status) == greets["status"] && is_echoed && is_body {
        return Ok(());
    }
    Err(format!("the target answers {response:?}"))
}

/// Sends what the provider of the listener would.
fn simulate(folder: &Path, target: &str, case: &str) {
    let mut command = tympan();
    command.args(["simulate", "hook", "--case", case, "--to", target]).current_dir(folder);
    let Output { status, stderr, .. } = command.output().unwrap();
    assert!(status.success(), "{case}: {}", String::from_utf8_lossy(&stderr));
}

/// A file with one listener of the preset.
fn folder(name: &str, said: &Value, stub: &Stub) -> Folder {
    let mut listener = json!({
        "preset": name, "secret": "secret", "path": "/hook", "deliver": ["out"],
        "registration": {"connector": "api"},
    });
    if let Some(with) = said["with"].as_object() {
        listener.as_object_mut().unwrap().remove("secret");
        listener["with"] = with.clone().into();
        listener["with"]["secret"] = "secret".into();
    }
    for (key, value) in said["listener"].as_object().into_iter().flatten() {
        listener[key] = value.clone();
    }
    let is_captured = said["captured"] == true;
    let mut api = json!({"base_url": format!("http://{}", stub.address)});
    if !said["auth"].is_null() {
        api["auth"] = said["auth"].clone();
    }
    let file = json!({
        "version": 1,
        "server": {"listen": ["127.0.0.1:0"]},
        "secrets": {
            "secret": if is_captured { json!({"captured": true}) } else { json!({"file": "secret"}) },
            "token": {"file": "token"},
            "client": {"file": "client"},
        },
        "connectors": {"api": api},
        "destinations": {"out": {"stdout": {}}},
        "listeners": {"hook": listener},
    });
    // JSON is YAML.
    let folder = Folder::new(&file.to_string());
    folder.write("secret", SECRET);
    folder.write("token", said["token"].as_str().unwrap_or("the-token"));
    folder.write("client", "7b2946535949ae70f015d696d8ac602830ece412 &=%");
    folder
}

fn register(folder: &Folder, options: &[&str], set: &Value) -> (i32, String, String) {
    let mut command = tympan();
    command.args(["register", "hook", "--wait", "0"]).args(options).current_dir(folder.path("."));
    for pair in set.as_array().into_iter().flatten() {
        command.args(["--set", pair.as_str().unwrap()]);
    }
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn each_makes_lists_and_deletes_as_its_provider_describes_it() {
    let mut n_tried = 0;
    for name in preset::built_in() {
        let path = repository().join(format!("tests/presets/{name}/registration.json"));
        let says = preset::text(name).unwrap().contains("\nregistration:\n");
        assert_eq!(says, path.exists(), "{name}: what is registered is tried");
        if !says {
            continue;
        }
        n_tried += 1;
        let said: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let script =
            Script { said: said.clone(), folder: PathBuf::new(), next: 0, wrong: Vec::new() };
        let script = Arc::new(Mutex::new(script));
        let at = Arc::clone(&script);
        let stub = Stub::start(move |asked| at.lock().unwrap().answer(asked));
        let folder = folder(name, &said, &stub);
        script.lock().unwrap().folder = folder.path(".");
        let server = Tympan::start_in(&folder);

        let (code, _, err) = register(&folder, &[], &said["set"]);
        assert_eq!(code, 0, "{name}: {err}{:?}", script.lock().unwrap().wrong);
        assert!(!err.contains("secret\\\" that"), "{err}");
        // What it was told there is what verifies.
        let to = format!("http://{}/hook", server.address());
        simulate(&folder.path("."), &to, "event");
        assert_eq!(server.wait_for_event()["tympanlistener"], "hook", "{name}");
        if !said["list"].is_null() {
            let (code, out, err) = register(&folder, &["--list"], &said["list"]);
            assert_eq!(code, 0, "{name}: {err}");
            assert!(serde_json::from_str::<Value>(&out).is_ok(), "{name}: {out}");
        }
        let id = said["id"].as_str().unwrap();
        let (code, _, err) = register(&folder, &["--delete", id], &said["delete"]);
        assert_eq!(code, 0, "{name}: {err}");
        let script = script.lock().unwrap();
        let n_calls = said["calls"].as_array().unwrap().len();
        assert_eq!((script.next, &script.wrong), (n_calls, &Vec::new()), "{name}");
    }
    assert!(n_tried >= 10, "{n_tried}");
}
