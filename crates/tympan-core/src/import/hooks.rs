//! Hooks of adnanh/webhook (`hooks.yaml`, `hooks.json`), its versions up to 2.8.

use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Imported;
use super::Importing;
use super::slug;
use crate::config;
use crate::config::preset::quoted;
use crate::span::FileId;
use crate::yaml;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Sections;

/// What senders encode in a part of a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A list of hooks, as YAML or JSON.
///
/// # Errors
///
/// Why it is no such thing.
pub fn hooks(text: &str) -> Result<Imported, String> {
    struct Whole(Option<Json>);

    impl Sections for Whole {
        fn is_streamed(&self, _: &str) -> bool {
            false
        }

        fn section(&mut self, _: Key, node: Node) {
            self.0 = Some(config::json(&node));
        }

        fn entry(&mut self, _: &Key, _: Key, _: Node) {}
    }

    // A list by itself is no map of sections.
    let read = if let Ok(json) = serde_json::from_str::<Json>(text) {
        Some(json)
    } else {
        let mut whole = Whole(None);
        yaml::read(FileId::default(), &format!("hooks:\n{text}"), &mut whole)
            .map_err(|found| found.problem.message())?;
        whole.0
    };
    let Some(Json::Array(hooks)) = read else {
        return Err("it is no list of hooks".to_owned());
    };
    let mut importing = Importing::default();
    for hook in &hooks {
        let Json::Object(fields) = hook else { return Err("a hook is a map".to_owned()) };
        importing.hook(fields);
    }
    if importing.listeners.is_empty() {
        return Err("it holds no hook".to_owned());
    }
    Ok(importing.end())
}

/// What of a rule is a proof, and what a condition.
#[derive(Default)]
struct Rules {
    proofs: Vec<Json>,
    conditions: Vec<String>,
}

impl Importing {
    fn hook(&mut self, fields: &Map<String, Json>) {
        let id = fields.get("id").and_then(Json::as_str).unwrap_or("imported");
        let name = slug(id);
        let mut listener = Map::new();
        listener
            .insert("path".to_owned(), format!("/hooks/{}", utf8_percent_encode(id, PATH)).into());
        let methods = fields.get("http-methods").cloned().unwrap_or(json!(["POST", "GET"]));
        listener.insert("methods".to_owned(), methods);
        listener.insert("accept".to_owned(), "any".into());
        let mut rules = Rules::default();
        let mut accepted = Map::new();
        for (field, value) in fields {
            let at = format!("{name}: {field}");
            match field.as_str() {
                "id" | "http-methods" => self.keep(at),
                "trigger-rule" => rules = self.rule(&name, &at, value),
                "response-message" => {
                    self.keep(at);
                    let text = value.as_str().unwrap_or_default();
                    accepted.insert("body".to_owned(), quoted(text).into());
                }
                "success-http-response-code" => {
                    self.keep(at);
                    accepted.insert("status".to_owned(), value.clone());
                }
                "response-headers" => {
                    self.keep(at);
                    let headers = value.as_array().into_iter().flatten().filter_map(|header| {
                        let text = |key| header.get(key).and_then(Json::as_str);
                        Some((text("name")?.to_owned(), quoted(text("value")?).into()))
                    });
                    accepted.insert("headers".to_owned(), Json::Object(headers.collect()));
                }
                "trigger-rule-mismatch-http-response-code" => {
                    self.keep(at);
                    listener.insert("responses".to_owned(), json!({"filtered": {"status": value}}));
                }
                "incoming-payload-content-type" => self.lose(format!(
                    "{at}: `accept` says how bodies are read, whatever they call themselves"
                )),
                "execute-command" | "command-working-directory" => self.lose(format!(
                    "{at}: nothing is executed here; the event goes to a destination"
                )),
                _ => self.lose(format!("{at}: it has nothing like it here")),
            }
        }
        if !accepted.is_empty() {
            let responses = listener.entry("responses").or_insert(json!({}));
            responses["accepted"] = accepted.into();
        }
        if !rules.conditions.is_empty() {
            listener.insert("filter".to_owned(), rules.conditions.join(" AND ").into());
        }
        self.add(name, listener, rules.proofs);
    }

    fn rule(&mut self, name: &str, at: &str, rule: &Json) -> Rules {
        let mut rules = Rules::default();
        let Some((kind, inner)) = rule.as_object().and_then(|it| it.iter().next()) else {
            self.lose_proof(format!("{at}: it is not understood"));
            return rules;
        };
        let at = format!("{at}.{kind}");
        let each = |importing: &mut Self| -> Vec<Rules> {
            let inner = inner.as_array().into_iter().flatten().enumerate();
            inner
                .map(|(index, rule)| importing.rule(name, &format!("{at}[{index}]"), rule))
                .collect()
        };
        match kind.as_str() {
            "match" => self.matching(name, &at, inner, &mut rules),
            "and" => {
                for part in each(self) {
                    rules.proofs.extend(part.proofs);
                    rules.conditions.extend(part.conditions);
                }
            }
            "or" => {
                let parts = each(self);
                let is_open = |part: &Rules| part.proofs.is_empty() && part.conditions.is_empty();
                if parts.is_empty() || parts.iter().any(is_open) {
                    self.lose_proof(format!("{at}: one of its ways says nothing"));
                } else if parts.iter().all(|part| part.conditions.is_empty()) {
                    let ways = parts.into_iter().map(|mut part| match part.proofs.len() {
                        1 => part.proofs.remove(0),
                        _ => json!({"all": part.proofs}),
                    });
                    rules.proofs.push(json!({"any": ways.collect::<Vec<_>>()}));
                } else if parts.iter().all(|part| part.proofs.is_empty()) {
                    let ways = parts.iter().map(|part| part.conditions.join(" AND "));
                    let ways = ways.collect::<Vec<_>>().join(") OR (");
                    rules.conditions.push(format!("(({ways}))"));
                } else {
                    self.lose_proof(format!(
                        "{at}: proofs and conditions cannot stand for one another"
                    ));
                }
            }
            "not" => {
                let part = self.rule(name, &at, inner);
                if part.proofs.is_empty() && !part.conditions.is_empty() {
                    rules.conditions.push(format!("NOT ({})", part.conditions.join(" AND ")));
                } else {
                    self.lose_proof(format!("{at}: a proof cannot be wanted to fail"));
                }
            }
            _ => self.lose_proof(format!("{at}: it is not understood")),
        }
        rules
    }

    fn matching(&mut self, name: &str, at: &str, matching: &Json, rules: &mut Rules) {
        let text = |key: &str| matching.get(key).and_then(Json::as_str);
        let value = matching.get("parameter").and_then(read);
        let kind = text("type").unwrap_or_default();
        let hash = ["sha512", "sha256", "sha1"].into_iter().find(|hash| kind.ends_with(hash));
        match (kind, hash, value) {
            (_, Some(hash), Some(value)) if kind.starts_with("payload-h") => {
                let secret = self.secret(name);
                rules.proofs.push(json!({"signature": {
                    "secret": secret, "hash_mode": hash, "received_signature": value,
                }}));
            }
            ("ip-whitelist", ..) => {
                let networks: Vec<_> =
                    text("ip-range").unwrap_or_default().split_whitespace().collect();
                rules.proofs.push(json!({"ip_allowlist": networks}));
            }
            ("value", _, Some(value)) if is_secret(matching) => {
                let secret = self.secret(&format!("{name}-token"));
                rules.proofs.push(json!({"token": {"secret": secret, "received_token": value}}));
            }
            ("value", _, Some(value)) => {
                let wanted = quoted(text("value").unwrap_or_default());
                rules.conditions.push(format!("{value} == {wanted}"));
            }
            ("regex", _, Some(value)) => {
                let pattern = quoted(text("regex").unwrap_or_default());
                rules.conditions.push(format!("$MATCH({value}, {pattern}).$LENGTH() > 0"));
            }
            _ => {
                self.lose_proof(format!("{at}: `{kind}` has nothing like it here"));
                return;
            }
        }
        self.keep(at);
    }
}

/// Whether a text that is compared is one that only both sides should know.
fn is_secret(matching: &Json) -> bool {
    let name = matching.pointer("/parameter/name").and_then(Json::as_str).unwrap_or_default();
    let name = name.to_lowercase();
    ["token", "secret", "password", "key", "auth"].iter().any(|word| name.contains(word))
}

/// The expression that reads what a parameter names.
fn read(parameter: &Json) -> Option<String> {
    let name = parameter.get("name").and_then(Json::as_str).unwrap_or_default();
    Some(match parameter.get("source")?.as_str()? {
        "header" => format!("headers[{}]", quoted(name)),
        "url" | "query" => format!("query_params[{}]", quoted(name)),
        "payload" => {
            let part = |part: &str| match part.parse::<usize>() {
                Ok(index) => format!("[{index}]"),
                Err(_) => format!("[{}]", quoted(part)),
            };
            format!("parsed_body{}", name.split('.').map(part).collect::<String>())
        }
        "entire-payload" => "parsed_body".to_owned(),
        "entire-headers" => "headers".to_owned(),
        "raw-request-body" => "raw_body".to_owned(),
        "request" if name == "remote-addr" => "client_ip".to_owned(),
        "request" if name == "method" => "http_method".to_owned(),
        "string" => quoted(name),
        _ => return None,
    })
}
