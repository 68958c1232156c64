//! The configuration that says what was found.

use std::fmt::Write;

use super::Found;
use super::place;
use crate::config::Accept;
use crate::scheme::Encoding;
use crate::scheme::HashMode;

/// A whole configuration with one listener.
pub(super) fn write(found: &Found<'_>) -> String {
    let request = found.captured.request;
    let mut yaml = String::from("version: 1\n");
    if let Some(origin) = &found.payload.origin {
        let _ = writeln!(yaml, "server: {{public_url: {}}}", text(origin));
    }
    let _ = writeln!(yaml, "secrets: {{inferred: {{file: {}}}}}", text(found.captured.secret_file));
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
    yaml.push_str("    verification:\n      - signature:\n");
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(yaml, "          {key}: {value}");
    };
    line("secret", "inferred");
    if let Some(key) = &found.key.written {
        line("key", key);
    }
    line("hash_mode", mode(found.mode));
    line("encoding", encoding(found.encoding));
    line("payload", &text(&found.payload.read));
    line("received_signature", &text(&found.place.read));
    if let Some(format) = &found.place.format {
        line("format", format);
    }
    if let Some(timestamp) = &found.timestamp {
        let unit = if timestamp.is_in_milliseconds() { "milliseconds" } else { "seconds" };
        let value = timestamp.read.as_ref().map(|read| format!("value: {}, ", text(read)));
        let value = value.unwrap_or_default();
        line("timestamp", &format!("{{{value}unit: {unit}, tolerance: 5m}}"));
    }
    yaml.push_str("    deliver: []\n");
    yaml
}

/// A text in single quotes, in which nothing but the quote itself means anything.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn mode(mode: HashMode) -> &'static str {
    match mode {
        HashMode::Md5 => "INSECURE-MD5",
        HashMode::Sha1 => "SHA-1",
        HashMode::Sha256 => "SHA-256",
        HashMode::Sha384 => "SHA-384",
        HashMode::Sha512 => "SHA-512",
    }
}

fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Hex => "hex",
        Encoding::Base64 => "base64",
        Encoding::Base64Url => "base64url",
    }
}
