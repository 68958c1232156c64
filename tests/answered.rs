//! Answers and events: what is wrong with them, by what a case says about them.

use std::fs;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tympan_core::outcome::Outcome;
use tympan_core::pipeline::Answer;
use tympan_core::pipeline::EventRecord;

use crate::process::Folder;
use crate::wire::openssl;

/// What is wrong with an answer.
pub(crate) fn wrong_answer(expected: &Value, answer: &Answer) -> Vec<String> {
    let mut told = Vec::new();
    if answer.outcome != Outcome::Challenged {
        told.push(format!("ends {}: {:?}", answer.outcome, answer.reason));
    }
    let status = answer.reply.status.as_u16();
    if expected["status"] != status {
        told.push(format!("is answered with {status}"));
    }
    let body = String::from_utf8_lossy(&answer.reply.body);
    let is_same = match &expected["body"] {
        _ if expected["sealed"].is_object() => true,
        Value::String(text) => *text == body,
        json => serde_json::from_str::<Value>(&body).is_ok_and(|body| body == *json),
    };
    if !is_same {
        told.push(format!("is answered {body}"));
    }
    told.extend(wrong_seal(&expected["sealed"], &answer.reply.body));
    for (name, value) in expected["headers"].as_object().unwrap() {
        let found = answer.reply.headers.get(name).and_then(|value| value.to_str().ok());
        if found != value.as_str() {
            told.push(format!("is answered with {name}: {found:?}"));
        }
    }
    told
}

/// What is wrong with the events of a request.
pub(crate) fn wrong_events(expected: &Value, record: Option<&EventRecord>) -> Vec<String> {
    let Some(expected) = expected.as_array() else { return Vec::new() };
    let events = record.map_or(&[][..], |record| &record.events);
    if events.len() != expected.len() {
        return vec![format!("makes {} events", events.len())];
    }
    let mut told = Vec::new();
    for (expected, event) in expected.iter().zip(events) {
        let event: Value = serde_json::from_slice(&event.json).unwrap();
        for (key, value) in expected.as_object().unwrap() {
            if event[key] != *value {
                told.push(format!("makes an event whose {key} is {}", event[key]));
            }
        }
    }
    told
}

/// What is wrong with an answer that has to be encrypted and signed, which `openssl` opens: by what key
/// (in hexadecimal digits), what is within and for whom, and where what is signed stands.
pub(crate) fn wrong_seal(expected: &Value, body: &[u8]) -> Option<String> {
    let text = |key: &str| expected[key].as_str().unwrap();
    expected.as_object()?;
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let at = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let folder = Folder::new("");
    folder.write("ciphertext", STANDARD.decode(at(text("ciphertext"))).unwrap_or_default());
    let (key, iv) = (text("key"), &text("key")[..32]);
    let options = format!("-d -aes-256-cbc -nopad -K {key} -iv {iv} -in ciphertext -out plain");
    openssl(&folder, &format!("enc {options}"));
    let plain = fs::read(folder.path("plain")).unwrap();
    let message = text("message").as_bytes();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    let framed = [&length[..], message, text("receiver").as_bytes()].concat();
    let padding = 32 - (16 + framed.len()) % 32;
    let padded = [framed, vec![u8::try_from(padding).unwrap(); padding]].concat();
    if plain.get(16..) != Some(&padded[..]) {
        return Some(format!("says {}", String::from_utf8_lossy(&plain)));
    }
    let parts = expected["parts"].as_array().unwrap();
    let mut parts: Vec<_> = parts.iter().map(|part| at(part.as_str().unwrap())).collect();
    parts.push(text("token"));
    parts.sort_unstable();
    folder.write("signed", parts.concat());
    let signed = Command::new("openssl")
        .args(["dgst", "-sha1", "-r", "signed"])
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    let signed = String::from_utf8(signed.stdout).unwrap();
    let signature = at(text("signature"));
    (signature.len() != 40 || !signed.starts_with(signature))
        .then(|| "is signed wrongly".to_owned())
}
