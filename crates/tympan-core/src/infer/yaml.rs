//! The configuration that says what was found.

use std::fmt::Write;

use serde_json::Value as Json;

use super::Captured;
use super::Issued;
use super::Scheme;
use super::Signed;
use super::place;
use crate::config::Accept;
use crate::scheme::Algorithm;

/// A whole configuration with one listener.
pub(super) fn write(captured: Captured<'_>, found: &Scheme) -> String {
    let request = captured.request;
    let mut yaml = String::from("version: 1\n");
    if let Scheme::Signature(signed) = found
        && let Some(origin) = &signed.payload.origin
    {
        let _ = writeln!(yaml, "server: {{public_url: {}}}", text(origin));
    }
    // A public key that is written out needs no file.
    if !matches!(found, Scheme::Jwt(Issued { public: Some(_), .. })) {
        let file = text(captured.secret_file);
        let _ = writeln!(yaml, "secrets: {{inferred: {{file: {file}}}}}");
    }
    yaml.push_str("listeners:\n  inferred:\n");
    let _ = writeln!(yaml, "    path: {}", text(request.uri.path()));
    if request.method != http::Method::POST {
        let _ = writeln!(yaml, "    methods: [{}]", request.method);
    }
    match place::accept(request) {
        Accept::Form => yaml.push_str("    accept: form\n"),
        Accept::Any => yaml.push_str("    accept: any\n"),
        _ => {}
    }
    let (kind, lines) = match found {
        Scheme::Signature(signed) => ("signature", signature(signed)),
        Scheme::Token { read, prefix } => ("token", token(read, prefix)),
        Scheme::Basic { username } => {
            ("basic", vec![("username", text(username)), ("secret", SECRET.to_owned())])
        }
        Scheme::Jwt(issued) => ("jwt", jwt(issued)),
    };
    let _ = writeln!(yaml, "    verification:\n      - {kind}:");
    for (key, value) in lines {
        let _ = writeln!(yaml, "          {key}: {value}");
    }
    yaml.push_str("    deliver: []\n");
    yaml
}

/// Keys and what they hold.
type Lines = Vec<(&'static str, String)>;

/// What the secret is called.
const SECRET: &str = "inferred";

fn signature(signed: &Signed) -> Lines {
    let mut lines = vec![("secret", SECRET.to_owned())];
    lines.extend(signed.key.iter().map(|key| ("key", key.clone())));
    if signed.algorithm != Algorithm::Hmac {
        lines.push(("algorithm", signed.algorithm.name().to_owned()));
    }
    if !signed.algorithm.modes().is_empty() {
        lines.push(("hash_mode", signed.mode.name().to_owned()));
    }
    lines.push(("encoding", signed.encoding.name().to_owned()));
    lines.push(("payload", text(&signed.payload.read)));
    lines.push(("received_signature", text(&signed.place.read)));
    lines.extend(signed.place.format.iter().map(|format| ("format", format.clone())));
    if let Some(timestamp) = &signed.timestamp {
        let unit = if timestamp.is_in_milliseconds() { "milliseconds" } else { "seconds" };
        let value = timestamp.read.as_ref().map(|read| format!("value: {}, ", text(read)));
        let value = value.unwrap_or_default();
        lines.push(("timestamp", format!("{{{value}unit: {unit}, tolerance: 5m}}")));
    }
    lines
}

fn token(read: &str, prefix: &str) -> Lines {
    let mut lines = vec![("secret", SECRET.to_owned()), ("received_token", text(read))];
    if !prefix.is_empty() {
        lines.push(("prefix", text(prefix)));
    }
    lines
}

fn jwt(issued: &Issued) -> Lines {
    let mut lines = vec![
        ("token", text(&issued.read)),
        ("algorithms", issued.algorithm.name().to_owned()),
        match &issued.public {
            None => ("secret", SECRET.to_owned()),
            Some(pem) => ("public_key", format!("{{pem: {}}}", Json::from(pem.as_str()))),
        },
    ];
    // Who it is by and for is what it says itself.
    for (claim, key) in [("iss", "issuer"), ("aud", "audience")] {
        let said = issued.claims.get(claim);
        let said = said.and_then(|said| said.as_array().map_or(Some(said), |list| list.first()));
        let said = said.and_then(Json::as_str).filter(|said| !said.is_empty());
        lines.extend(said.map(|said| (key, text(said))));
    }
    if !issued.claims.contains_key("exp") {
        lines.push(("expiry", "optional".to_owned()));
    }
    lines
}

/// A text in single quotes, in which nothing but the quote itself means anything.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
