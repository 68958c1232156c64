//! Putting a value where an expression reads it.

use http::HeaderName;
use http::HeaderValue;
use http::Method;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;
use serde_json::Map;
use serde_json::Value as Json;
use tympan_expr::RootId;

use super::Draft;
use crate::config::Accept;
use crate::roots;

/// Puts a value at a path below a root, or says why it cannot stand there.
pub(super) fn put(
    draft: &mut Draft,
    accept: Accept,
    (root, keys): (RootId, &[&str]),
    value: &Json,
) -> Result<(), &'static str> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match (root, keys) {
        (roots::HTTP_METHOD, []) => {
            draft.method = text.parse::<Method>().map_err(|_| "it is no method")?;
        }
        (roots::HEADERS, [name]) => {
            let name = name.parse::<HeaderName>().map_err(|_| "no header is called so")?;
            let value = HeaderValue::from_str(&text).map_err(|_| "no header can hold it")?;
            draft.headers.insert(name, value);
        }
        (roots::QUERY_PARAMS, [name]) => draft.set_query(name, Some(&text)),
        (roots::RAW_BODY | roots::PARSED_BODY, [])
            if matches!(accept, Accept::Text | Accept::Any) =>
        {
            draft.body = text.into_bytes();
        }
        (roots::PATH_PARAMS, [name]) => {
            let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
            draft.path = draft.path.replace(&format!("{{{name}}}"), &encoded);
        }
        (roots::PARSED_BODY, [key]) if accept == Accept::Form => {
            let known = form_urlencoded::parse(&draft.body).into_owned();
            let others: Vec<(String, String)> = known.filter(|(known, _)| known != key).collect();
            let mut form = form_urlencoded::Serializer::new(String::new());
            draft.body = form.extend_pairs(others).append_pair(key, &text).finish().into_bytes();
        }
        (roots::PARSED_BODY, [_, ..]) if matches!(accept, Accept::Json | Accept::Any) => {
            let whole = if draft.body.is_empty() { b"{}" } else { &draft.body[..] };
            let mut whole: Json =
                serde_json::from_slice(whole).map_err(|_| "the body is no JSON")?;
            let mut part = &mut whole;
            for key in keys {
                if part.is_null() {
                    *part = Json::Object(Map::new());
                }
                part = match part {
                    Json::Object(map) => map.entry(*key).or_insert(Json::Null),
                    Json::Array(items) => {
                        let index = key.parse::<usize>().ok();
                        index
                            .and_then(|index| items.get_mut(index))
                            .ok_or("no item stands there")?
                    }
                    _ => return Err("it lies in what is no map"),
                };
            }
            *part = value.clone();
            draft.body = whole.to_string().into_bytes();
        }
        _ => return Err("no single part of a request stands there"),
    }
    Ok(())
}

/// Whether something stands at a path already.
pub(super) fn has(draft: &Draft, accept: Accept, root: RootId, keys: &[&str]) -> bool {
    match (root, keys) {
        (roots::HEADERS, [name]) => draft.headers.contains_key(*name),
        (roots::QUERY_PARAMS, [name]) => draft.query.iter().any(|(known, _)| known == name),
        (roots::PARSED_BODY, [key]) if accept == Accept::Form => {
            form_urlencoded::parse(&draft.body).any(|(known, _)| known == *key)
        }
        (roots::PARSED_BODY, keys) => {
            let whole: Json = serde_json::from_slice(&draft.body).unwrap_or_default();
            let part = keys.iter().try_fold(&whole, |part, key| part.get(key));
            part.is_some_and(|part| !part.is_null())
        }
        _ => true,
    }
}
