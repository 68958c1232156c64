//! What an expression sees of a request.

use http::HeaderName;
use http::header::AsHeaderName;
use percent_encoding::percent_decode_str;
use tympan_expr::Bytes;
use tympan_expr::Map;
use tympan_expr::Record;
use tympan_expr::RootId;
use tympan_expr::Source;
use tympan_expr::Text;
use tympan_expr::Value;

use super::Head;
use super::Pipeline;
use super::body::cow;
use super::facts;
use super::watch::Fact;
use super::watch::Watch;
use crate::fetched::Fetched;
use crate::keys::Keys;
use crate::roots;

/// What stands in place of a path's `{parameters}`, decoded.
pub(crate) type PathParams = Vec<(String, String)>;

/// What an expression sees of a request. What does not exist at its place is null.
#[derive(Clone)]
pub(crate) struct Scope<'a, 's> {
    pub(crate) head: &'a Head,
    pub(crate) path_params: &'a PathParams,
    /// The listener, for its own facts; there is none where an expression is tried out.
    pub(crate) listener: Option<&'a Pipeline>,
    /// The origin that providers call.
    pub(crate) public_url: Option<&'a str>,
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) parsed: Option<Value<'a>>,
    pub(crate) tokens: &'s [(&'a str, String)],
    pub(crate) timestamp: Option<Text<'a>>,
    pub(crate) item: Option<Value<'a>>,
    /// The values of `let` that were computed so far.
    pub(crate) lets: &'s [Value<'a>],
    /// What was encrypted of the answer, and what goes with it.
    pub(crate) reply: &'s [(&'static str, String)],
    /// What answers are encrypted and signed with.
    pub(crate) keys: Option<&'a Keys>,
    /// The keys that were fetched so far.
    pub(crate) fetched: Option<&'a Fetched>,
    /// Who looks on.
    pub(crate) watch: Option<&'s dyn Watch>,
}

impl<'a> Source<'a> for Scope<'a, '_> {
    fn root(&self, root: RootId) -> Value<'a> {
        match root {
            roots::HEADERS => record(
                self.head
                    .headers
                    .keys()
                    .map(|name| (Text::from(name.as_str()), header(self.head, name.as_str()))),
            ),
            roots::RAW_BODY => {
                self.body.map_or(Value::Null, |body| Value::Bytes(Bytes::from(body)))
            }
            roots::QUERY_PARAMS => query(self.head.uri.query().unwrap_or_default()),
            roots::PATH_PARAMS => record(self.path_params.iter().map(|(name, value)| {
                (Text::from(name.as_str()), Value::Text(Text::from(value.as_str())))
            })),
            roots::HTTP_METHOD => Value::Text(Text::from(self.head.method.as_str())),
            roots::REQUEST_URL => self.request_url(),
            roots::CLIENT_IP => {
                let client = self.head.client.map(|client| Text::from(client.to_string()));
                client.map_or(Value::Null, Value::Text)
            }
            roots::LISTENER => record(facts::NAMES.iter().filter_map(|name| {
                let fact = self.listener?.fact(name, self.public_url)?;
                Some((Text::from(*name), fact))
            })),
            roots::CHALLENGE_TOKEN => {
                record(self.tokens.iter().map(|(name, token)| {
                    (Text::from(*name), Value::Text(Text::from(token.clone())))
                }))
            }
            roots::REPLY => record(
                self.reply
                    .iter()
                    .map(|(name, text)| (Text::from(*name), Value::Text(Text::from(text.clone())))),
            ),
            roots::SIGNATURE_TIMESTAMP => self.timestamp.clone().map_or(Value::Null, Value::Text),
            _ => self.lent(root).cloned().unwrap_or(Value::Null),
        }
    }

    fn lent(&self, root: RootId) -> Option<&Value<'a>> {
        match root {
            roots::PARSED_BODY => self.parsed.as_ref(),
            roots::ITEM => self.item.as_ref(),
            RootId(id) => {
                let index = id.checked_sub(roots::FIRST_LET).map(usize::from);
                self.lets.get(index?)
            }
        }
    }

    fn entry(&self, root: RootId, key: &str) -> Value<'a> {
        match root {
            roots::HEADERS => header(self.head, key),
            roots::QUERY_PARAMS => {
                let query = self.head.uri.query().unwrap_or_default();
                let last = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == key);
                last.last().map_or(Value::Null, |(_, value)| Value::Text(cow(value)))
            }
            roots::PATH_PARAMS => {
                let found = self.path_params.iter().find(|(name, _)| name == key);
                found.map_or(Value::Null, |(_, value)| Value::Text(Text::from(value.as_str())))
            }
            roots::LISTENER => {
                let fact = self.listener.and_then(|it| it.fact(key, self.public_url));
                fact.unwrap_or(Value::Null)
            }
            roots::CHALLENGE_TOKEN => {
                let found = self.tokens.iter().find(|(name, _)| *name == key);
                found.map_or(Value::Null, |(_, token)| Value::Text(Text::from(token.clone())))
            }
            roots::REPLY => {
                let found = self.reply.iter().find(|(name, _)| *name == key);
                found.map_or(Value::Null, |(_, text)| Value::Text(Text::from(text.clone())))
            }
            _ => Value::Null,
        }
    }

    fn header(&self, _: RootId, name: &HeaderName) -> Value<'a> {
        header(self.head, name)
    }

    fn now(&self) -> f64 {
        self.head.now
    }
}

impl<'a> Scope<'a, '_> {
    /// Tells whoever looks on; where nobody does, the fact is not even made.
    pub(crate) fn tell<'f>(&self, fact: impl FnOnce() -> Fact<'f>) {
        if let Some(watch) = self.watch {
            watch.saw(&fact(), self);
        }
    }

    /// The origin that providers call, and the path and query untouched. Behind a proxy only the
    /// operator knows the first half.
    fn request_url(&self) -> Value<'a> {
        let target = self.head.uri.path_and_query().map_or("/", |target| target.as_str());
        match self.public_url {
            Some(origin) => Value::Text(Text::from(format!("{origin}{target}"))),
            None => match header(self.head, "host") {
                Value::Text(host) => Value::Text(Text::from(format!("http://{}{target}", &*host))),
                _ => Value::Null,
            },
        }
    }
}

/// The parameters of a path as they were meant.
pub(crate) fn decode(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

/// A header; repeated ones joined with `, ` (RFC 9110, section 5.3).
pub(crate) fn header(head: &Head, name: impl AsHeaderName) -> Value<'_> {
    let mut values = head.values(name);
    let Some(first) = values.next() else { return Value::Null };
    let Some(second) = values.next() else { return text_or_bytes(first) };
    let mut joined = first.to_vec();
    for value in std::iter::once(second).chain(values) {
        joined.extend_from_slice(b", ");
        joined.extend_from_slice(value);
    }
    match String::from_utf8(joined) {
        Ok(text) => Value::Text(Text::from(text)),
        Err(error) => Value::Bytes(Bytes::from(error.into_bytes())),
    }
}

fn text_or_bytes(bytes: &[u8]) -> Value<'_> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::Text(Text::from(text)),
        Err(_) => Value::Bytes(Bytes::from(bytes)),
    }
}

fn query(query: &str) -> Value<'_> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    record(pairs.map(|(name, value)| (cow(name), Value::Text(cow(value)))))
}

fn record<'a>(entries: impl Iterator<Item = (Text<'a>, Value<'a>)>) -> Value<'a> {
    Value::Map(Map::from(entries.collect::<Record<'a>>()))
}
