//! What else may have been signed, and with which key.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tympan_expr::Expression;
use tympan_expr::Text;

use super::cause;
use super::cause::Part;
use super::cause::Tried;
use crate::config::SecretId;
use crate::pipeline::Scope;
use crate::roots;

/// The largest body that is tried in other forms.
const MOST_REWRITTEN: usize = 1 << 20;

/// The keys that may have signed: this secret, forms of it, and the other secrets.
pub(super) fn keys(tried: Tried<'_>, secret: SecretId) -> Vec<Part<Vec<u8>>> {
    let name = tried.name(secret);
    let mut keys: Vec<_> =
        tried.values(secret).iter().flat_map(|value| of_value(value.expose(), name)).collect();
    for other in (0..tried.secrets.len()).map(SecretId).filter(|other| *other != secret) {
        for value in tried.values(other) {
            let how = format!("it is signed with the secret {}", tried.name(other));
            keys.push(Part::differing(value.expose().to_vec(), how));
        }
    }
    keys
}

/// The keys that one value of a secret may be.
pub(super) fn of_value(value: &[u8], name: &str) -> Vec<Part<Vec<u8>>> {
    let forms = forms(value).into_iter().map(|(form, how)| {
        let how = how.replace("{}", &format!("the secret {name}"));
        Part::differing(form, format!("the key is {how}"))
    });
    std::iter::once(Part::same(value.to_vec())).chain(forms).collect()
}

/// Keys that providers make of what they show; `{}` stands for what they show.
fn forms(value: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let mut forms = Vec::new();
    let text = std::str::from_utf8(value).unwrap_or_default();
    let trimmed = text.trim();
    if trimmed.len() != value.len() && !trimmed.is_empty() {
        forms.push((trimmed.as_bytes().to_vec(), "{} without the blanks around it"));
    }
    forms.push(([value, b"\n"].concat(), "{} with a line break at its end"));
    let mut decoded = |text: &str, base64, hex| {
        let standard = STANDARD.decode(text).ok();
        let found = standard.or_else(|| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok());
        forms.extend(found.filter(|it| !it.is_empty()).map(|it| (it, base64)));
        let found = const_hex::decode(text).ok().filter(|it| !it.is_empty());
        forms.extend(found.map(|it| (it, hex)));
    };
    decoded(trimmed, "{}, decoded as base64", "{}, decoded as hex");
    if let Some((_, rest)) = trimmed.split_once('_') {
        decoded(
            rest,
            "what stands behind the first `_` of {}, decoded as base64",
            "what stands behind the first `_` of {}, decoded as hex",
        );
        if !rest.is_empty() {
            forms.push((rest.as_bytes().to_vec(), "what stands behind the first `_` of {}"));
        }
    }
    forms
}

/// The payloads that may have been signed: as configured, of another body, or composed in the
/// ways that providers compose them.
pub(super) fn payloads(
    payloads: &[Expression],
    scope: &Scope<'_, '_>,
    timestamps: &[(String, String)],
) -> Vec<Part<Vec<u8>>> {
    let mut found = Vec::new();
    let all = |scope: &Scope<'_, '_>| {
        let values = payloads.iter().filter_map(|payload| payload.eval(scope).ok());
        values.filter_map(cause::bytes).collect::<Vec<_>>()
    };
    found.extend(all(scope).into_iter().map(Part::same));
    let body = scope.body.unwrap_or_default();
    if body.len() > MOST_REWRITTEN {
        return found;
    }
    for (other, how) in bodies(body) {
        let parsed = serde_json::from_slice(&other).ok();
        let scope = Scope { body: Some(&other), parsed, ..scope.clone() };
        found.extend(all(&scope).into_iter().map(|it| Part::differing(it, how)));
    }
    for (name, timestamp) in timestamps {
        let text = Some(Text::from(timestamp.as_str()));
        let scope = Scope { timestamp: text, ..scope.clone() };
        let how = format!("the timestamp in the payload is {name}");
        found.extend(all(&scope).into_iter().map(|it| Part::differing(it, how.clone())));
    }
    if payloads.iter().any(|payload| payload.needs().reads(roots::REQUEST_URL)) {
        for origin in origins(scope) {
            let scope = Scope { public_url: Some(&origin), ..scope.clone() };
            let how = format!("`server.public_url` is {origin}");
            found.extend(all(&scope).into_iter().map(|it| Part::differing(it, how.clone())));
        }
    }
    found.extend(compositions(body, scope, timestamps));
    found
}

/// The body as it may have been before something on the way rewrote it.
fn bodies(body: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let mut bodies: Vec<(Vec<u8>, &'static str)> = Vec::new();
    let mut add = |other: Vec<u8>, how| {
        // Of two ways to the same bytes, the plainer one comes last and counts.
        bodies.retain(|(known, _)| *known != other);
        if other != body {
            bodies.push((other, how));
        }
    };
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    if let Ok(text) = std::str::from_utf8(body)
        && is_json
    {
        let compact = respaced(text, "", "");
        let spaced = respaced(text, " ", " ");
        let slashes = compact.replace('/', "\\/");
        let bare = compact.replace("\\/", "/");
        add(slashes.into_bytes(), "the body was JSON without blanks, with `\\/` for `/`");
        add(bare.into_bytes(), "the body was JSON without blanks, with `/` for `\\/`");
        add(escaped(&compact).into_bytes(), "the body was JSON without blanks, in ASCII");
        add(escaped(&spaced).into_bytes(), "the body was JSON with blanks, in ASCII");
        add(spaced.into_bytes(), "the body was JSON with a blank after `,` and `:`");
        add(compact.into_bytes(), "the body was JSON without blanks");
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let unmarked = text.trim_start_matches('\u{feff}').as_bytes().to_vec();
        add(unmarked, "the body had no byte order mark");
        let unix = text.replace("\r\n", "\n");
        let windows = unix.replace('\n', "\r\n");
        add(unix.into_bytes(), "the body had line breaks of LF, not CRLF");
        add(windows.into_bytes(), "the body had line breaks of CRLF, not LF");
    }
    add(body.trim_ascii().to_vec(), "the body had no blanks around it");
    let end = body.len() - body.iter().rev().take_while(|it| b"\r\n".contains(it)).count();
    add(body[..end].to_vec(), "the body had no line break at its end");
    add([&body[..end], b"\n"].concat(), "the body had a line break at its end");
    add([&body[..end], b"\r\n"].concat(), "the body had a line break (CRLF) at its end");
    bodies
}

/// JSON without blanks but these after every comma and colon; numbers and texts stay as they are.
fn respaced(json: &str, comma: &str, colon: &str) -> String {
    let mut spaced = String::with_capacity(json.len());
    let mut in_text = false;
    let mut is_escaped = false;
    for char in json.chars() {
        if in_text {
            in_text = is_escaped || char != '"';
            is_escaped = !is_escaped && char == '\\';
            spaced.push(char);
        } else if !char.is_ascii_whitespace() {
            in_text = char == '"';
            spaced.push(char);
            match char {
                ',' => spaced.push_str(comma),
                ':' => spaced.push_str(colon),
                _ => {}
            }
        }
    }
    spaced
}

/// JSON whose every character is ASCII.
fn escaped(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for char in json.chars() {
        if char.is_ascii() {
            ascii.push(char);
        } else {
            for unit in char.encode_utf16(&mut [0; 2]) {
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

/// The origins that the sender may have called.
fn origins(scope: &Scope<'_, '_>) -> Vec<String> {
    let header = |name: &str| {
        let value = scope.head.headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let hosts = [header("x-forwarded-host"), header("host")];
    let hosts = hosts.into_iter().flatten();
    hosts.flat_map(|host| [format!("https://{host}"), format!("http://{host}")]).collect()
}

/// Payloads as they are often composed.
fn compositions(
    body: &[u8],
    scope: &Scope<'_, '_>,
    timestamps: &[(String, String)],
) -> Vec<Part<Vec<u8>>> {
    let mut found = vec![Part::differing(body.to_vec(), "the payload is raw_body alone")];
    let ids = scope.head.headers.iter().filter(|(name, _)| name.as_str().ends_with("-id"));
    let ids: Vec<_> =
        ids.take(4).filter_map(|(name, id)| Some((name, id.to_str().ok()?))).collect();
    let header = |name: &str| format!("headers[{name:?}]");
    for (name, time) in timestamps {
        let mut add = |before: &[&str], how: String| {
            let before = before.concat();
            found.push(Part::differing([before.as_bytes(), body].concat(), how));
        };
        add(&[time, "."], format!("the payload is {name}, \".\", raw_body"));
        add(&[time, ":"], format!("the payload is {name}, \":\", raw_body"));
        add(&["v0:", time, ":"], format!("the payload is \"v0:\", {name}, \":\", raw_body"));
        add(&[time], format!("the payload is {name}, raw_body"));
        for (id, value) in &ids {
            let id = header(id.as_str());
            add(
                &[value, ".", time, "."],
                format!("the payload is {id}, \".\", {name}, \".\", raw_body"),
            );
            add(&[value, time], format!("the payload is {id}, {name}, raw_body"));
        }
        found.push(Part::differing(
            [body, time.as_bytes()].concat(),
            format!("the payload is raw_body, {name}"),
        ));
    }
    for origin in origins(scope) {
        let target = scope.head.uri.path_and_query().map_or("/", |target| target.as_str());
        let url = format!("{origin}{target}");
        let how = format!("the payload is the URL ({origin}…), raw_body");
        found.push(Part::differing([url.as_bytes(), body].concat(), how));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::escaped;
    use super::forms;
    use super::respaced;

    #[test]
    fn json_respaced() {
        let json = "{ \"a\" : [1,\n 2.50], \"b,: \\\" \":\"ü\" }";
        assert_eq!(respaced(json, "", ""), "{\"a\":[1,2.50],\"b,: \\\" \":\"ü\"}");
        assert_eq!(respaced(json, " ", " "), "{\"a\": [1, 2.50], \"b,: \\\" \": \"ü\"}");
        assert_eq!(escaped("ü😀/"), "\\u00fc\\ud83d\\ude00/");
    }

    #[test]
    fn forms_of_keys() {
        let found: Vec<_> = forms(b" whx_c2VjcmV0 ").into_iter().map(|(form, _)| form).collect();
        for form in [&b"whx_c2VjcmV0"[..], b"secret", b"c2VjcmV0"] {
            assert!(found.contains(&form.to_vec()), "{form:?}");
        }
        let found: Vec<_> = forms(b"736563726574").into_iter().map(|(form, _)| form).collect();
        assert!(found.contains(&b"secret".to_vec()));
    }
}
