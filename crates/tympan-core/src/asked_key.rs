//! A key of a sender that is asked for by a request of its own: what is sent, and what of the answer is
//! the key.

use std::hash::Hash;
use std::hash::Hasher;
use std::sync::Arc;

use serde_json::Map;
use serde_json::Value as Json;
use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::RootId;
use tympan_expr::Source;
use tympan_expr::Value;
use tympan_expr::read_json;

use crate::roots;
use crate::scheme::FoundKey;
use crate::secret::Secret;

/// What is sent to ask for one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AskedKey {
    /// The fields of a JSON body; without any, nothing is sent.
    pub fields: Vec<(String, SentField)>,
    /// What is the same for every key.
    pub how: Arc<HowAsked>,
}

/// What stands in a field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SentField {
    /// A text.
    Text(String),
    /// The secret at this place among those that prove who asks.
    Secret(usize),
}

/// How keys are asked for, by whoever is asked.
#[derive(Clone, Debug)]
pub struct HowAsked {
    /// The lines of the file: they tell one from another, whatever else is saved around them.
    pub written: String,
    /// How an access token is asked for first.
    pub token: Option<AskedToken>,
    /// What of an answer is the key; all of it, if nothing says so.
    pub key: Option<Expression>,
}

/// How an access token is asked for with a client's own credentials (RFC 6749, section 4.4), of which the
/// secret is the last of those that prove who asks.
#[derive(Clone, Debug)]
pub struct AskedToken {
    /// Where.
    pub url: String,
    /// Who we are there.
    pub client_id: String,
    /// What the token is to be good for.
    pub scope: Option<String>,
    /// Whether id and secret are sent in the body, not in HTTP Basic.
    pub in_body: bool,
}

/// What an expression sees of an answer.
struct Answered<'a> {
    raw: &'a [u8],
    parsed: Value<'a>,
}

impl<'a> Source<'a> for Answered<'a> {
    fn root(&self, root: RootId) -> Value<'a> {
        match root {
            roots::PARSED_BODY => self.parsed.clone(),
            roots::RAW_BODY => Value::Bytes(self.raw.into()),
            _ => Value::Null,
        }
    }

    fn entry(&self, root: RootId, key: &str) -> Value<'a> {
        self.root(root).as_map().and_then(|map| map.get(key).cloned()).unwrap_or(Value::Null)
    }

    fn now(&self) -> f64 {
        0.0
    }
}

impl PartialEq for HowAsked {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for HowAsked {}

impl Hash for HowAsked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.written.hash(state);
    }
}

impl AskedKey {
    /// The body, with the first value of each secret; `None` if nothing is sent.
    ///
    /// # Errors
    ///
    /// A secret that is no text, or has no value.
    pub fn body(&self, secrets: &[Secret]) -> Result<Option<String>, &'static str> {
        if self.fields.is_empty() {
            return Ok(None);
        }
        let mut body = Map::new();
        for (name, field) in &self.fields {
            let value = match field {
                SentField::Text(text) => text.as_str(),
                SentField::Secret(index) => text(secrets.get(*index))?,
            };
            body.insert(name.clone(), value.into());
        }
        Ok(Some(Json::Object(body).to_string()))
    }

    /// The key that an answer holds; `None` if it says that there is none.
    ///
    /// # Errors
    ///
    /// What it is instead.
    pub fn read(&self, answer: &[u8]) -> Result<Option<FoundKey>, String> {
        let unusable = |why| format!("it is no public key: {why}");
        let Some(key) = &self.how.key else {
            return FoundKey::read(answer).map(Some).map_err(unusable);
        };
        let parsed = read_json(answer, &Paths::Whole);
        let parsed = parsed.map_err(|_| "the answer is no JSON".to_owned())?;
        let found = key.eval(&Answered { raw: answer, parsed });
        let found = found.map_err(|_| "it is too much to read".to_owned())?;
        match found.to_json() {
            Json::Null => Ok(None),
            Json::String(text) => FoundKey::read(text.as_bytes()).map(Some).map_err(unusable),
            jwk => FoundKey::from_jwk(&jwk).map(Some).map_err(unusable),
        }
    }
}

/// A secret as a text.
///
/// # Errors
///
/// Why it is none.
pub fn text(secret: Option<&Secret>) -> Result<&str, &'static str> {
    let secret = secret.ok_or("a secret has no value")?;
    str::from_utf8(secret.expose()).map_err(|_| "a secret is no text")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value as Json;
    use serde_json::json;
    use tympan_expr::Dialect;
    use tympan_expr::Expression;

    use super::AskedKey;
    use super::HowAsked;
    use super::SentField;
    use crate::roots;
    use crate::roots::Place;
    use crate::scheme::FoundKey;
    use crate::secret::Secret;

    /// What asks for a key that stands at a place of the answer.
    fn asked(key: &str) -> AskedKey {
        let vocabulary = roots::vocabulary(Place::Result, &[]);
        let compile = |key| Expression::compile(Dialect::Moveworks, key, &vocabulary).unwrap();
        let key = (!key.is_empty()).then(|| compile(key).expression);
        let text = |text: &str| SentField::Text(text.to_owned());
        let fields = vec![
            ("id".to_owned(), text("us")),
            ("secret".to_owned(), SentField::Secret(0)),
            ("key_id".to_owned(), text("a\"b")),
        ];
        let how = Arc::new(HowAsked { written: String::new(), token: None, key });
        AskedKey { fields, how }
    }

    #[test]
    fn what_is_sent() {
        let secret = Secret::new(b"a \"secret\"".to_vec(), "a test").unwrap();
        let body = asked("").body(&[secret]).unwrap().unwrap();
        let body: Json = serde_json::from_str(&body).unwrap();
        assert_eq!(body, json!({"id": "us", "secret": "a \"secret\"", "key_id": "a\"b"}));
        assert!(asked("").body(&[]).is_err());
        assert_eq!(AskedKey { fields: Vec::new(), ..asked("") }.body(&[]), Ok(None));
    }

    #[test]
    fn what_of_an_answer_is_the_key() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
        let pem = "-----BEGIN PUBLIC KEY-----MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=-----END PUBLIC KEY-----";
        let good = FoundKey::read(jwk.as_bytes()).unwrap();
        for (key, answer) in [
            ("", jwk.clone()),
            ("", pem.to_owned()),
            ("parsed_body.key", format!(r#"{{"key":{jwk}}}"#)),
            ("parsed_body.key", format!(r#"{{"key":"{pem}"}}"#)),
        ] {
            assert_eq!(asked(key).read(answer.as_bytes()).as_ref(), Ok(&Some(good.clone())));
        }
        assert_eq!(asked("parsed_body.key").read(b"{}"), Ok(None));
        for (key, answer) in [
            ("", "<html>"),
            ("parsed_body.key", "<html>"),
            ("parsed_body.key", r#"{"key":"x"}"#),
            ("parsed_body.key", r#"{"key":[]}"#),
            ("parsed_body.key", r#"{"key":7}"#),
        ] {
            assert!(asked(key).read(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
