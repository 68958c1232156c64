//! Presets: whether each is without mistakes, and takes exactly what its provider sends.
//!
//! ```text
//! presets/<preset>/requests.py     what the provider sends, signed with Python's own library
//! presets/<preset>/requests.json   the same as `presets/sign.py` wrote it
//! ```
//!
//! Of every request that has to be accepted, those are made here that have to be refused: with another
//! body, without its signature, with an empty one, a truncated one, one of another secret, an old
//! one, a doubled one, and one in another encoding.
//!
//! Published examples are no part of the repository: they are read from `shared/vectors.json` beside
//! it, where that is present.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use form_urlencoded::byte_serialize;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Uri;
use http::Version;
use serde_json::Value;
use tympan_core::config::Config;
use tympan_core::config::Loaded;
use tympan_core::config::preset;
use tympan_core::diagnostic;
use tympan_core::fetched::Fetched;
use tympan_core::fetched::Known;
use tympan_core::fetched::Source;
use tympan_core::keys::Secrets;
use tympan_core::outcome::Outcome;
use tympan_core::pipeline::Answer;
use tympan_core::pipeline::Ask;
use tympan_core::pipeline::Captured;
use tympan_core::pipeline::EventRecord;
use tympan_core::pipeline::Exchange;
use tympan_core::pipeline::Generation;
use tympan_core::pipeline::Head;
use tympan_core::pipeline::Input;
use tympan_core::pipeline::Kept;
use tympan_core::pipeline::Live;
use tympan_core::pipeline::RequestId;
use tympan_core::secret::Secret;
use tympan_core::simulate::Case;
use tympan_core::simulate::Simulation;
use tympan_core::simulate::Unsimulable;
use tympan_core::span::Sources;

use crate::answered::wrong_answer;
use crate::answered::wrong_events;
use crate::answered::wrong_seal;
use crate::process::Folder;
use crate::wire::openssl;

/// How much later a request is old, in seconds.
const LATER: f64 = 100.0 * 24.0 * 3600.0;

#[test]
fn requests() {
    let mut wrong = String::new();
    let mut n_requests = 0;
    for name in preset::built_in() {
        let Some(case) = TestCase::read(name) else {
            let _ = writeln!(wrong, "{name}: nothing in tests/presets/{name} shows what it sends");
            continue;
        };
        if let Some(mistakes) = case.mistakes() {
            let _ = writeln!(wrong, "{name} does not load:\n{mistakes}");
            continue;
        }
        let requests = case.said["requests"].as_array().unwrap();
        let n_accepted = requests.iter().filter(|it| it["answer"].is_null()).count();
        if n_accepted == 0 {
            let _ = writeln!(wrong, "{name}: no request has to be accepted");
        }
        let has_challenge = !case.load(&BTreeMap::new()).0.listeners[0].challenges.is_empty();
        if has_challenge == (n_accepted == requests.len()) {
            let _ = writeln!(wrong, "{name}: what sets it up is not shown, or is not there");
        }
        for request in requests {
            n_requests += 1;
            for told in case.judge(request) {
                let request = request["name"].as_str().unwrap();
                let _ = writeln!(wrong, "{name}: {request}: {told}");
            }
        }
    }
    assert!(n_requests > 0, "no requests found");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Presets that are not named cost nothing, and one that is costs its own lines.
#[test]
fn one_preset_is_read_at_once() {
    let quickest = |text: &str| {
        let load = || {
            let began = Instant::now();
            let (Loaded { diagnostics, .. }, _) = tympan_core::load("x", text.into());
            assert!(!diagnostics.refuse(false));
            began.elapsed()
        };
        (0..50).map(|_| load()).min().unwrap()
    };
    let with = "version: 1\nsecrets: {s: {env: S}}\nlisteners: {a: {preset: PRESET, secret: s, deliver: []}}\n";
    let without = "version: 1\nsecrets: {s: {env: S}}\nlisteners:\n  a:\n    deliver: []\n    \
                   verification: {token: {secret: s, received_token: 'headers[\"X-Token\"]'}}\n";
    let name = preset::built_in().find(|name| {
        let text = preset::text(name).unwrap();
        text.contains("prefix:") && text.contains("secret: secret")
    });
    let costs = quickest(&with.replace("PRESET", name.unwrap())).saturating_sub(quickest(without));
    // Without optimisation everything takes ten times as long.
    let most = if cfg!(debug_assertions) { 10 } else { 1 };
    assert!(costs < Duration::from_millis(most), "{costs:?}");
}

/// A folder without a preset shows nothing.
#[test]
fn every_folder_belongs_to_a_preset() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let is_folder = path.is_dir() && name != "__pycache__";
        assert!(!is_folder || preset::text(&name).is_some(), "there is no preset {name}");
    }
}

/// What verifies also signs; where that takes a private key, which only its provider has, with another.
#[test]
fn every_provider_can_be_played() {
    let keys = private_keys();
    let mut wrong = String::new();
    for name in preset::built_in() {
        let case = TestCase::read(name).filter(|case| case.mistakes().is_none());
        let Some(case) = case else { continue };
        let (config, secrets) = case.load(&BTreeMap::new());
        let listener = &config.listeners[0];
        let simulation = Simulation::new(&config, &secrets);
        let draft = simulation.draft(listener, 1_700_000_000.0);
        let mut cases = vec![(Case::Event, Outcome::Accepted)];
        if !listener.challenges.is_empty() {
            cases.push((Case::Handshake, Outcome::Challenged));
        }
        for (case, expected) in cases {
            match simulation.requests(listener, case, &draft) {
                Ok(drafts) => {
                    for draft in drafts {
                        let (answer, _) = simulation.answer(&draft);
                        if answer.outcome != expected {
                            let (outcome, why) = (answer.outcome, answer.reason);
                            let _ = writeln!(wrong, "{name}: {case:?} ends {outcome}: {why:?}");
                        }
                    }
                }
                Err(Unsimulable::PublicOnly | Unsimulable::CertificateOnly) => {
                    let simulation = |key: &Secret| {
                        Simulation::new(&config, &secrets).with_private_key(key.clone())
                    };
                    let is_played = |key| simulation(key).requests(listener, case, &draft).is_ok();
                    if !keys.iter().any(is_played) {
                        let _ =
                            writeln!(wrong, "{name}: {case:?} takes a key of none of the kinds");
                    }
                }
                Err(why) => {
                    let _ = writeln!(wrong, "{name}: {case:?}: {why}");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
#[expect(clippy::print_stderr, reason = "how many there are is no matter of pass or fail")]
fn published_examples() {
    let file = folder().join("../../../shared/vectors.json");
    let Ok(text) = fs::read(&file) else {
        eprintln!("published examples are not checked: there is no shared/vectors.json");
        return;
    };
    let examples: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let mut wrong = Vec::new();
    let mut agreed = 0;
    for example in &examples {
        let id = example["id"].as_str().unwrap();
        let name = example["provider"].as_str().unwrap();
        let case = TestCase::read(name).filter(|case| case.mistakes().is_none());
        let Some(case) = case else { continue };
        if case.said["unpublished"][id].is_string() {
            continue;
        }
        let example = case.of_example(example);
        let told = example.judge_one();
        agreed += usize::from(told.is_empty());
        wrong.extend(told.into_iter().map(|told| format!("{id}: {told}")));
    }
    eprintln!("{agreed} published examples agree with presets");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A file for each preset, with a listener that says nothing else.
pub(crate) fn texts() -> Vec<(String, String)> {
    let cases = preset::built_in().filter_map(TestCase::read);
    cases.map(|case| (format!("preset {}", case.name), case.text())).collect()
}

/// What one provider sends.
struct TestCase {
    name: String,
    said: Value,
}

impl TestCase {
    fn read(name: &str) -> Option<Self> {
        let text = fs::read(folder().join(name).join("requests.json")).ok()?;
        Some(Self { name: name.to_owned(), said: serde_json::from_slice(&text).unwrap() })
    }

    /// A published example in the place of the requests.
    fn of_example(&self, example: &Value) -> Self {
        let url = example["url"].as_str().unwrap_or("https://hooks.example.com/in");
        let begin = url.find("://").unwrap() + 3;
        let end = url[begin..].find('/').map_or(url.len(), |at| begin + at);
        let (origin, target) = url.split_at(end);
        let uri: Uri = target.parse().unwrap();
        let mut said = self.said.clone();
        let mut put = |parameter: &str, value: &Value| {
            let kind = if self.said["with"][parameter].is_null() { "secrets" } else { "with" };
            said[kind][parameter] = value.clone();
        };
        for (parameter, at) in self.said["published"].as_object().into_iter().flatten() {
            let value = example.pointer(at.as_str().unwrap()).expect("the example holds it");
            // Of several secrets, an example needs some.
            if !value.is_null() {
                put(parameter, value);
            }
        }
        if self.said["published"].is_null() {
            for (parameter, _) in self.said["secrets"].as_object().into_iter().flatten() {
                put(parameter, &example["secret"]);
            }
        }
        if let Some(certificate) = example["certificate"].as_str() {
            said["fetched"] = certificate.into();
        }
        if let (Some(there), Some(key)) = (said["fetched"].as_str(), example["public_key"].as_str())
        {
            // Where a key is asked for, it is the answer, or a member of it.
            let answer = match serde_json::from_str::<Value>(there) {
                Ok(mut answer) => {
                    answer["key"] = key.into();
                    answer.to_string()
                }
                Err(_) => key.to_owned(),
            };
            said["fetched"] = answer.into();
        }
        said["origin"] = origin.into();
        said["path"] = uri.path().into();
        said["now"] = example["now"].as_f64().map_or(said["now"].clone(), Value::from);
        let mut headers = example["headers"].as_object().unwrap().clone();
        if !headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
            headers.insert("Content-Type".to_owned(), "application/json".into());
        }
        // Of a challenge, what is expected is the answer.
        let body = example["expected"].as_str().unwrap();
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        let answer = (example["kind"] == "challenge")
            .then(|| serde_json::json!({"status": 200, "body": body, "headers": {}}));
        said["requests"] = serde_json::json!([{
            "name": example["id"],
            "method": example["method"],
            "target": target,
            "headers": headers,
            "body": example["body"],
            "signature": example["expected"],
            "answer": answer,
        }]);
        Self { name: self.name.clone(), said }
    }

    /// What is wrong with how the only request ends, as it is and with another signature.
    fn judge_one(&self) -> Vec<String> {
        let request = Request::of(&self.said["requests"][0]);
        let serving = self.serving(&BTreeMap::new());
        let now = self.now();
        let mut told = Vec::new();
        let (good, _) = run(&serving, &request, now);
        if self.said["requests"][0]["answer"].is_object() {
            return wrong_answer(&self.said["requests"][0]["answer"], &good);
        }
        if !matches!(good.outcome, Outcome::Accepted | Outcome::Challenged) {
            told.push(format!("ends {}: {:?}", good.outcome, good.reason));
        }
        let (bad, _) = run(&serving, &request.with_signature(&changed(&request.signature)), now);
        if bad.outcome != Outcome::Unauthorized && good.outcome != Outcome::Challenged {
            told.push(format!("ends {} with another signature", bad.outcome));
        }
        told
    }

    fn now(&self) -> f64 {
        self.said["now"].as_f64().unwrap()
    }

    /// What is wrong with a listener that says nothing but the preset.
    fn mistakes(&self) -> Option<String> {
        let (Loaded { diagnostics, .. }, sources) = self.listener();
        (!diagnostics.is_empty()).then(|| diagnostic::text(&diagnostics, &sources, false))
    }

    /// A listener that says nothing but the preset.
    fn listener(&self) -> (Loaded, Sources) {
        tympan_core::load("listeners.yaml", self.text().into())
    }

    /// The same as it is written.
    fn text(&self) -> String {
        let secrets = self.said["secrets"].as_object().into_iter().flatten();
        let names: Vec<_> = secrets.map(|(name, _)| name.as_str()).collect();
        let texts = self.said["with"].as_object().into_iter().flatten();
        let with = names.iter().map(|name| format!("{name}: {name}"));
        let with = with.chain(texts.map(|(name, value)| format!("{name}: {value}")));
        let with = with.collect::<Vec<_>>().join(", ");
        let secrets = names.iter().map(|name| format!("{name}: {{env: {name}}}"));
        let secrets = secrets.collect::<Vec<_>>().join(", ");
        let Self { name, said } = self;
        let (origin, path) = (said["origin"].as_str().unwrap(), said["path"].as_str().unwrap());
        format!(
            "version: 1\n\
             server: {{public_url: {origin}}}\n\
             destinations: {{out: {{stdout: {{}}}}}}\n\
             secrets: {{{secrets}}}\n\
             listeners:\n  {name}: {{preset: {name}, with: {{{with}}}, path: {path}, deliver: out}}\n"
        )
    }

    /// The same, and its secrets: those that were given, or others.
    fn load(&self, others: &BTreeMap<String, String>) -> (Config, Secrets) {
        let (Loaded { config, .. }, _) = self.listener();
        let value = |name: &str| {
            let value = others.get(name).map(String::as_str);
            let value = value.or_else(|| self.said["secrets"][name].as_str());
            Secret::new(value.expect("it has a value").as_bytes().to_vec(), "the case").unwrap()
        };
        let secrets = config.secrets.iter().map(|it| Ok(vec![value(&it.name)])).collect();
        (config, secrets)
    }

    fn serving(&self, others: &BTreeMap<String, String>) -> Serving {
        let (config, secrets) = self.load(others);
        let generation = Arc::new(Generation::compile(&config, 1, "test"));
        let live = Arc::new(Live::new(generation, &secrets, &Arc::default()));
        let there = self.said["fetched"].as_str().map(str::to_owned);
        Serving { live, there }
    }

    /// Another value of every secret.
    fn others(&self) -> BTreeMap<String, String> {
        let secrets = self.said["secrets"].as_object();
        let other = |(name, value): (&String, &Value)| {
            let other = self.said["others"][name].as_str();
            let other = other.map_or_else(|| changed(value.as_str().unwrap()), str::to_owned);
            (name.clone(), other)
        };
        secrets.into_iter().flatten().map(other).collect()
    }

    /// What is wrong with how a request ends, and those that are made of it.
    fn judge(&self, said: &Value) -> Vec<String> {
        let request = Request::of(said);
        let serving = self.serving(&BTreeMap::new());
        let now = self.now();
        let mut told = Vec::new();
        let (answer, record) = run(&serving, &request, now);
        if said["answer"].is_object() {
            told.extend(wrong_answer(&said["answer"], &answer));
            if !request.signature.is_empty() {
                let forged = request.with_signature(&changed(&request.signature));
                let (forged, _) = run(&serving, &forged, now);
                if forged.reply.body == answer.reply.body {
                    told.push("is answered with another signature as well".to_owned());
                }
            }
            return told;
        }
        if answer.outcome != Outcome::Accepted {
            told.push(format!("ends {}: {:?}", answer.outcome, answer.reason));
            return told;
        }
        told.extend(wrong_events(&said["events"], record.as_ref()));
        told.extend(wrong_seal(&said["sealed"], &answer.reply.body));
        let mut refuse = |what: &str, serving: &Serving, request: &Request, now: f64| {
            let (answer, _) = run(serving, request, now);
            let is_refused = matches!(answer.outcome, Outcome::Unauthorized | Outcome::Stale)
                || (request.has_signature_in_body && answer.outcome == Outcome::Malformed);
            if !is_refused {
                told.push(format!("with {what}, ends {}", answer.outcome));
            }
        };
        let signature = request.signature.as_str();
        if said["covers_body"] == true {
            refuse("another body", &serving, &request.with_other_body(), now);
        }
        refuse("no signature", &serving, &request.without_signature(), now);
        refuse("an empty signature", &serving, &request.with_signature(""), now);
        let truncated = &signature[..signature.len() / 2];
        refuse("half a signature", &serving, &request.with_signature(truncated), now);
        refuse("another signature", &serving, &request.with_signature(&changed(signature)), now);
        refuse("another encoding", &serving, &request.with_signature(&encoded(signature)), now);
        if !self.others().is_empty() && said["proves_by_secret"] != false {
            refuse("another secret", &self.serving(&self.others()), &request, now);
        }
        if said["timed"] == true {
            refuse("much delay", &serving, &request, now + LATER);
        }
        if said["repeats"] == false && request.header_of_signature().is_some() {
            refuse("a doubled signature", &serving, &request.with_doubled_signature(), now);
        }
        told
    }
}

/// A listener that is ready, and what is found where it fetches something.
struct Serving {
    live: Arc<Live>,
    there: Option<String>,
}

impl Serving {
    fn fetched(&self, source: &Source, now: f64) -> Arc<Fetched> {
        let Some(there) = &self.there else { return Arc::default() };
        let found = Some(source.read(there.as_bytes(), now).unwrap());
        let known = Known { found, at: now, ..Known::default() };
        Arc::new(Fetched::default().with(source.clone(), known))
    }
}

/// A request as it is sent.
#[derive(Clone)]
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// The text in it that proves it.
    signature: String,
    has_signature_in_body: bool,
}

impl Request {
    fn of(said: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let header = |(name, value): (&String, &Value)| (name.clone(), text(value));
        let body = match said["body_base64"].as_str() {
            Some(body) => STANDARD.decode(body).unwrap(),
            None => text(&said["body"]).into_bytes(),
        };
        let mut request = Self {
            method: text(&said["method"]),
            target: text(&said["target"]),
            headers: said["headers"].as_object().unwrap().iter().map(header).collect(),
            body,
            signature: said["signature"].as_str().unwrap_or_default().to_owned(),
            has_signature_in_body: false,
        };
        request.has_signature_in_body = !request.signature.is_empty()
            && String::from_utf8_lossy(&request.body).contains(&*request.signature);
        request
    }

    fn header_of_signature(&self) -> Option<usize> {
        let holds = |(_, value): &(String, String)| value.contains(&self.signature);
        self.headers.iter().position(holds)
    }

    /// With another text where its signature is.
    fn with_signature(&self, other: &str) -> Self {
        let mut request = self.clone();
        let put = |text: &str| text.replace(&self.signature, other);
        let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        request.target = put(&self.target).replace(&encode(&self.signature), &encode(other));
        for (_, value) in &mut request.headers {
            *value = put(value);
        }
        if let Ok(text) = std::str::from_utf8(&self.body) {
            let text = put(text).replace(&encode(&self.signature), &encode(other));
            request.body = text.into_bytes();
        }
        request
    }

    fn without_signature(&self) -> Self {
        let mut request = self.with_signature("");
        if let Some(index) = self.header_of_signature() {
            request.headers.remove(index);
        }
        request
    }

    fn with_doubled_signature(&self) -> Self {
        let mut request = self.clone();
        let index = self.header_of_signature().unwrap();
        request.headers.push(request.headers[index].clone());
        request
    }

    /// With another letter or digit in a value of its body, so that it is read as before.
    fn with_other_body(&self) -> Self {
        let mut request = self.clone();
        let is_part = |at: usize| {
            let signature = self.signature.as_bytes();
            let from = at.saturating_sub(signature.len());
            let around = &self.body[from..(at + signature.len()).min(self.body.len())];
            !signature.is_empty() && around.windows(signature.len()).any(|it| it == signature)
        };
        // The digits behind a percent sign mean the same in either case.
        let is_escape = |at: usize| self.body[at.saturating_sub(2)..at].contains(&b'%');
        let mut places = (0..self.body.len()).rev();
        let at = places
            .find(|at| self.body[*at].is_ascii_alphanumeric() && !is_part(*at) && !is_escape(*at));
        let byte = &mut request.body[at.unwrap()];
        *byte = if byte.is_ascii_digit() { b'0' + (*byte - b'0' + 1) % 10 } else { *byte ^ 0x20 };
        request
    }
}

fn run(serving: &Serving, request: &Request, now: f64) -> (Answer, Option<EventRecord>) {
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_static("hooks.example.com"));
    for (name, value) in &request.headers {
        headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    let head = Head {
        method: request.method.parse().unwrap(),
        uri: request.target.parse().unwrap(),
        headers,
        version: Version::HTTP_11,
        client: None,
        certificate: None,
        now,
        id: RequestId(0),
    };
    let mut exchange = Exchange::new(Arc::clone(&serving.live), head);
    let mut record = None;
    let mut input = Input::Head;
    loop {
        input = match exchange.step(input) {
            Ask::Body { .. } => Input::Body(Bytes::from(request.body.clone())),
            Ask::Capture(_) => Input::Captured(Captured::Stored),
            Ask::Fetch(asked) => Input::Fetched(serving.fetched(&asked.source, now)),
            Ask::Call(_) => Input::Called(Ok(())),
            Ask::Append(events) => {
                record = Some(*events);
                Input::Kept(Kept::Stored)
            }
            Ask::Answer(answer) => return (answer, record),
        };
    }
}

/// The same length and alphabet, but for one character in the middle.
fn changed(text: &str) -> String {
    let at = text.len() / 2;
    let at = (at..text.len()).find(|at| text.as_bytes()[*at].is_ascii_alphanumeric());
    let at = at.unwrap_or(0);
    let other = if &text[at..=at] == "a" { "b" } else { "a" };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

/// The same bytes in hexadecimal digits instead of base64, or the reverse; anything else as base64.
fn encoded(text: &str) -> String {
    if let Ok(bytes) = const_hex::decode(text) {
        return STANDARD.encode(bytes);
    }
    match STANDARD.decode(text) {
        Ok(bytes) => const_hex::encode(bytes),
        Err(_) => STANDARD.encode(text),
    }
}

/// A private key of every kind that providers sign with.
fn private_keys() -> Vec<Secret> {
    let folder = Folder::new("");
    let kinds =
        ["RSA -pkeyopt rsa_keygen_bits:2048", "ED25519", "EC -pkeyopt ec_paramgen_curve:P-256"];
    let key = |kind| {
        openssl(&folder, &format!("genpkey -algorithm {kind} -out key.pem"));
        Secret::new(fs::read(folder.path("key.pem")).unwrap(), "a test").unwrap()
    };
    kinds.map(key).into()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("presets")
}
