//! A listener as the Configuration API of Moveworks gives it, as far as its shape is published.

use serde_json::Map;
use serde_json::Value as Json;
use serde_json::json;

use super::Imported;
use super::Importing;
use super::slug;

/// One listener, a list of them, or an object that holds a list.
///
/// # Errors
///
/// Why it is no such thing.
pub fn moveworks(json: &[u8]) -> Result<Imported, String> {
    let whole: Json = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let mut importing = Importing::default();
    let listeners = match &whole {
        Json::Array(items) => items.iter().collect(),
        Json::Object(map) => match map.values().find_map(Json::as_array) {
            Some(items) if !map.contains_key("display_name") => items.iter().collect(),
            _ => vec![&whole],
        },
        _ => Vec::new(),
    };
    for listener in listeners {
        let Json::Object(fields) = listener else {
            return Err("a listener is an object".to_owned());
        };
        importing.listener(fields);
    }
    if importing.listeners.is_empty() {
        return Err("it holds no listener".to_owned());
    }
    Ok(importing.end())
}

impl Importing {
    fn listener(&mut self, fields: &Map<String, Json>) {
        let shown = fields.get("display_name").and_then(Json::as_str).unwrap_or("imported");
        let name = slug(shown);
        let mut listener = Map::new();
        listener.insert("description".to_owned(), shown.into());
        let mut proofs = Vec::new();
        for (field, value) in fields {
            let at = format!("{name}: {field}");
            match (field.as_str(), value) {
                ("display_name", _) | ("log_redaction_enabled", Json::Bool(false)) => self.keep(at),
                ("id" | "version", _) | (_, Json::Null) => {}
                ("url_uuids", Json::Array(ids)) => self.path(&at, ids, &mut listener),
                ("reject_processing_dsl", Json::String(text)) => {
                    self.keep(at);
                    listener.insert("reject".to_owned(), text.as_str().into());
                }
                ("log_redaction_enabled", Json::Bool(true)) => {
                    self.lose(format!("{at}: name the parts that are hidden, under `redact`"));
                }
                ("security", Json::Object(security)) => self.security(&at, security, &mut proofs),
                ("verification", Json::Object(verification)) => {
                    self.verification(&name, verification, &mut listener, &mut proofs);
                }
                ("payload", Json::Object(payload)) => self.payload(&at, payload, &mut listener),
                ("debounce", Json::Object(debounce))
                    if debounce.get("window_seconds") == Some(&json!(0)) =>
                {
                    self.keep(at);
                }
                ("signature", Json::Object(_)) => {
                    self.lose(format!("{at}: it names the listener, which `description` does"));
                }
                _ => self.lose(format!("{at}: it is not understood, or has nothing like it here")),
            }
        }
        self.add(name, listener, proofs);
    }

    /// Its address stays what it is.
    fn path(&mut self, at: &str, ids: &[Json], listener: &mut Map<String, Json>) {
        let Some(first) = ids.first().and_then(Json::as_str) else { return };
        let path = format!("/webhooks/v1/listeners/{first}/notify");
        listener.insert("path".to_owned(), path.into());
        if ids.len() == 1 {
            self.keep(at);
        } else {
            self.lose(format!("{at}: a listener has one path; the first was taken"));
        }
    }

    fn security(&mut self, at: &str, security: &Map<String, Json>, proofs: &mut Vec<Json>) {
        for (field, value) in security {
            let at = format!("{at}.{field}");
            match (field.as_str(), value) {
                (_, Json::Null) => {}
                ("ip_allowlist", Json::Array(networks)) if networks.is_empty() => self.keep(at),
                ("ip_allowlist", Json::Array(_)) => {
                    self.keep(at);
                    proofs.push(json!({"ip_allowlist": value}));
                }
                ("credential_verification", Json::Object(it))
                    if it.get("enabled") == Some(&json!(false)) =>
                {
                    self.keep(at);
                }
                _ => self.lose_proof(format!(
                    "{at}: name who may send under `clients`, and add `{{credential: NAME}}`"
                )),
            }
        }
    }

    fn verification(
        &mut self,
        name: &str,
        verification: &Map<String, Json>,
        listener: &mut Map<String, Json>,
        proofs: &mut Vec<Json>,
    ) {
        for (field, value) in verification {
            match (field.as_str(), value) {
                ("validations", Json::Array(rules)) => {
                    for (index, rule) in rules.iter().enumerate() {
                        let at = format!("{name}: verification.validations[{index}]");
                        self.validation(name, &at, rule, proofs);
                    }
                }
                ("challenge", Json::Object(challenge)) => {
                    self.challenge(name, challenge, listener);
                }
                (_, Json::Null) => {}
                _ => self.lose_proof(format!("{name}: verification.{field}: it is not understood")),
            }
        }
    }

    fn validation(&mut self, name: &str, at: &str, rule: &Json, proofs: &mut Vec<Json>) {
        let text = |field: &str| rule.get(field).and_then(Json::as_str);
        if let Some(condition) = text("rule").or(text("rule_dsl")) {
            self.keep(at);
            proofs.push(json!({"rule": condition}));
            return;
        }
        let Some(received) = text("received_signature").or(text("received_signature_dsl")) else {
            self.lose_proof(format!("{at}: it is not understood"));
            return;
        };
        let payload = text("payload").or(text("payload_dsl")).unwrap_or("raw_body");
        let secret = self.secret(name);
        self.keep(at);
        proofs.push(json!({"signature": {
            "secret": secret,
            "hash_mode": text("hash_mode").unwrap_or("HMAC-SHA256"),
            "payload": payload,
            "received_signature": received,
        }}));
    }

    fn challenge(
        &mut self,
        name: &str,
        challenge: &Map<String, Json>,
        listener: &mut Map<String, Json>,
    ) {
        let detection = challenge.get("detection").or(challenge.get("detection_dsl"));
        let Some(detection) = detection else {
            self.lose(format!("{name}: verification.challenge: it is not understood"));
            return;
        };
        let response = challenge.get("response").cloned().unwrap_or(json!({}));
        let tokens = challenge.get("tokens");
        let mut challenge = json!({"detection": detection, "response": response});
        if let Some(Json::Array(tokens)) = tokens.filter(|it| **it != json!([])) {
            let secret = self.secret(name);
            let tokens = tokens.iter().filter_map(Json::as_object).map(|token| {
                let mut token = token.clone();
                token.insert("secret".to_owned(), secret.as_str().into());
                Json::Object(token)
            });
            challenge["tokens"] = tokens.collect();
        }
        self.keep(format!("{name}: verification.challenge"));
        listener.insert("challenge".to_owned(), challenge);
    }

    fn payload(&mut self, at: &str, payload: &Map<String, Json>, listener: &mut Map<String, Json>) {
        for (field, value) in payload {
            let at = format!("{at}.{field}");
            let (key, value) = match field.as_str() {
                _ if value.is_null() => continue,
                "schema" | "payload_schema" => ("payload_schema", value.clone()),
                "filter_dsl" | "filter" => ("filter", value.clone()),
                "publish_mapping" => ("events", json!({"data": value})),
                _ => {
                    self.lose(format!("{at}: it is not understood"));
                    continue;
                }
            };
            self.keep(at);
            listener.insert(key.to_owned(), value);
        }
    }
}
