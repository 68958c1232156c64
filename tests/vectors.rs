//! Published examples of how senders sign are verified as they stand, each by a listener that is
//! written by hand.
//!
//! ```text
//! vectors/examples.json   the examples, each with the page or file that publishes it
//! vectors/listeners.txt   which listener verifies which example, and what its secret is
//! vectors/pending.txt     examples that no listener agrees with yet, and why
//! vectors/*.yaml          the listeners; ORIGIN and PATH stand for what the example's sender called
//! ```
//!
//! More of them are read from `shared/vectors.json` beside the repository, where that is present:
//! those that are long, or whose page nobody has at hand. Each has to be accepted as it is, and
//! refused with another signature; a challenge has to be answered as it says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::Uri;
use http::Version;
use serde_json::Value;
use serde_json::json;
use tympan_core::config::Loaded;
use tympan_core::diagnostic;
use tympan_core::fetched::Fetched;
use tympan_core::fetched::Known;
use tympan_core::fetched::Source;
use tympan_core::outcome::Outcome;
use tympan_core::pipeline::Answer;
use tympan_core::pipeline::Ask;
use tympan_core::pipeline::Captured;
use tympan_core::pipeline::Exchange;
use tympan_core::pipeline::Generation;
use tympan_core::pipeline::Head;
use tympan_core::pipeline::Input;
use tympan_core::pipeline::Kept;
use tympan_core::pipeline::Live;
use tympan_core::pipeline::RequestId;
use tympan_core::secret::Secret;

use crate::jwt::hs256;

/// The clock of an example that names none: its signature covers no time.
const NOW: f64 = 1_700_000_000.0;

#[test]
#[expect(clippy::print_stderr, reason = "how many there are is no matter of pass or fail")]
fn published_examples() {
    let examples = examples();
    let listeners = rows("listeners.txt");
    let pending = rows("pending.txt");
    let mut wrong = Vec::new();
    let mut agreed = 0;
    for example in &examples {
        let id = example["id"].as_str().unwrap();
        match (listeners.get(id), pending.get(id)) {
            (Some(row), None) => {
                let (listener, secret) = row.split_once(' ').unwrap();
                match judge(example, listener, secret) {
                    Ok(()) => agreed += 1,
                    Err(why) => wrong.push(format!("{id}: {why}")),
                }
            }
            (None, Some(_)) => {}
            _ => wrong.push(format!("{id} has to stand in exactly one of both files")),
        }
    }
    // The rest has to be beside the repository.
    let is_known = |id: &String| examples.iter().any(|example| example["id"] == **id);
    let unknown = listeners.keys().chain(pending.keys()).filter(|id| !is_known(id));
    if more().is_some() {
        wrong.extend(unknown.map(|id| format!("{id} is no example")));
    }
    eprintln!("{agreed} of {} published examples agree", examples.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every listener loads, whether or not there are examples for it.
#[test]
fn every_listener_loads() {
    let names = rows("listeners.txt");
    let used: Vec<_> = names.values().map(|row| row.split(' ').next().unwrap()).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "yaml") {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(used.contains(&name.as_str()), "nothing uses {name}.yaml");
            listener(&name, "https://hooks.example.com", "/in", b"0123456789abcdef");
        }
    }
}

fn judge(example: &Value, listener: &str, secret: &str) -> Result<(), String> {
    let expected = example["expected"].as_str().unwrap();
    if example["expected_in"] == "response body" {
        let Answer { outcome, reply, .. } = run(example, listener, secret, str::to_owned);
        let body = str::from_utf8(&reply.body).unwrap();
        let is_it = outcome == Outcome::Challenged && body == expected;
        return if is_it { Ok(()) } else { Err(format!("{outcome} with {body}")) };
    }
    let good = run(example, listener, secret, str::to_owned);
    if good.outcome != Outcome::Accepted {
        return Err(format!("{}: {:?}", good.outcome, good.reason));
    }
    let other = changed(expected);
    let bad = run(example, listener, secret, |text| text.replace(expected, &other));
    match bad.outcome {
        Outcome::Unauthorized => Ok(()),
        outcome => Err(format!("{outcome} with another signature")),
    }
}

/// Another signature of the same form.
fn changed(signature: &str) -> String {
    let middle = signature.len() - 12;
    let other = if &signature[middle..=middle] == "a" { "b" } else { "a" };
    format!("{}{other}{}", &signature[..middle], &signature[middle + 1..])
}

/// Sends an example whose every text is `rewritten` before.
fn run(example: &Value, name: &str, secret: &str, rewritten: impl Fn(&str) -> String) -> Answer {
    let url = example["url"].as_str().unwrap_or("https://hooks.example.com/in");
    let url = rewritten(url);
    let begin = url.find("://").unwrap() + 3;
    let end = url[begin..].find('/').map_or(url.len(), |at| begin + at);
    let (origin, target) = url.split_at(end);
    let uri: Uri = target.parse().unwrap();
    let secret = example.pointer(secret).and_then(Value::as_str).expect("the secret is there");
    let live = listener(name, origin, uri.path(), secret.as_bytes());
    let now = example["now"].as_f64().unwrap_or(NOW);

    let mut headers = HeaderMap::new();
    headers.insert("host", origin[begin..].parse().unwrap());
    for (name, value) in example["headers"].as_object().into_iter().flatten() {
        let value = rewritten(value.as_str().unwrap());
        headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    if let Some(token) = issued(example, secret, &rewritten) {
        headers.insert("authorization", token.parse().unwrap());
    }
    headers.entry("content-type").or_insert("application/json".parse().unwrap());
    let head = Head {
        method: example["method"].as_str().unwrap().parse().unwrap(),
        uri,
        headers,
        version: Version::HTTP_11,
        client: None,
        certificate: None,
        now,
        id: RequestId(0),
    };
    let body = Bytes::from(rewritten(example["body"].as_str().unwrap()));
    let mut exchange = Exchange::new(live, head);
    let mut input = Input::Head;
    loop {
        input = match exchange.step(input) {
            Ask::Body { .. } => Input::Body(body.clone()),
            Ask::Capture(_) => Input::Captured(Captured::Stored),
            Ask::Fetch(request) => Input::Fetched(fetched(request.source, secret, now)),
            Ask::Call(_) => Input::Called(Ok(())),
            Ask::Append(_) => Input::Kept(Kept::Stored),
            Ask::Answer(answer) => return answer,
        };
    }
}

/// What the example holds stands at the URL that it names.
fn fetched(source: Source, text: &str, now: f64) -> Arc<Fetched> {
    let found = source.read(text.as_bytes(), now).expect("it is what stands there");
    let known = Known { found: Some(found), at: now, asked: now, fault: None };
    Arc::new(Fetched::default().with(source, known))
}

/// The token of an example that shows one claim of it, and leaves out the token itself.
fn issued(example: &Value, secret: &str, rewritten: impl Fn(&str) -> String) -> Option<String> {
    let claim = example["expected_in"].as_str()?.strip_prefix("JWT claim ")?;
    let mut claims = json!({"iss": example["api_key"], "exp": NOW + 60.0});
    claims[claim] = Value::from(rewritten(example["expected"].as_str().unwrap()));
    Some(hs256(&json!({"alg": "HS256"}), &claims, secret))
}

fn listener(name: &str, origin: &str, path: &str, secret: &[u8]) -> Arc<Live> {
    let text = fs::read_to_string(folder().join(format!("{name}.yaml"))).unwrap();
    let text = text.replace("ORIGIN", origin).replace("PATH", path);
    let (Loaded { config, diagnostics }, sources) =
        tympan_core::load("listeners.yaml", text.into());
    let drawn = diagnostic::text(&diagnostics, &sources, false);
    assert!(!diagnostics.refuse(false), "{name}\n{drawn}");
    let value = Secret::new(secret.to_vec(), "the example").unwrap();
    let secrets = config.secrets.iter().map(|_| Ok(vec![value.clone()])).collect();
    let generation = Arc::new(Generation::compile(&config, 1, "test"));
    Arc::new(Live::new(generation, &secrets, &Arc::default()))
}

/// Those of the repository, and those beside it.
pub(crate) fn examples() -> Vec<Value> {
    let own = fs::read(folder().join("examples.json")).unwrap();
    let mut examples: Vec<Value> = serde_json::from_slice(&own).unwrap();
    for other in more().into_iter().flatten() {
        match examples.iter().find(|example| example["id"] == other["id"]) {
            None => examples.push(other),
            Some(example) => {
                for (key, value) in example.as_object().unwrap() {
                    assert!(other[key] == *value, "{} has another {key} there", example["id"]);
                }
            }
        }
    }
    examples
}

fn more() -> Option<Vec<Value>> {
    let text = fs::read(folder().join("../../../shared/vectors.json")).ok()?;
    Some(serde_json::from_slice(&text).unwrap())
}

/// The lines of a table: what stands first, and the rest.
fn rows(file: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder().join(file)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| line.split_once(' ').unwrap());
    rows.map(|(first, rest)| (first.to_owned(), rest.to_owned())).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}
