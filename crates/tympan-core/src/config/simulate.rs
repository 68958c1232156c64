//! Reading `simulate:`.

use http::HeaderName;
use http::HeaderValue;
use serde_json::Value as Json;
use tympan_expr::Expression;

use crate::config::Reader;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::roots::Place;
use crate::yaml::Node;
use crate::yaml::Value;

/// How a provider sends, as far as that does not follow from how it is verified.
#[derive(Clone, Debug, Default)]
pub struct Simulate {
    /// Where the signature is put.
    pub signature: Option<Expression>,
    /// Where the timestamp is put.
    pub timestamp: Option<Expression>,
    /// Where the token is put.
    pub token: Option<Expression>,
    /// What stands before signature or token.
    pub prefix: String,
    /// What stands around the signature, with `%s` for it; all of that is sent in base64.
    pub envelope: Option<String>,
    /// Headers of every delivery.
    pub headers: Vec<(String, Option<String>)>,
    /// Parameters of the query of every delivery.
    pub query: Vec<(String, Option<String>)>,
    /// The body of a delivery.
    pub body: Option<Vec<u8>>,
}

impl Reader<'_> {
    pub(super) fn simulate(&mut self, fields: &mut Fields) -> Simulate {
        let Some((key, node)) = fields.take("simulate") else { return Simulate::default() };
        let Some(mut fields) = self.fields(&keys::SIMULATE, key.span, node) else {
            return Simulate::default();
        };
        let mut place = |reader: &mut Self, name| {
            let (_, node) = fields.take(name)?;
            reader.expression(Place::Proof, &node)
        };
        let signature = place(self, "signature");
        let timestamp = place(self, "timestamp");
        let token = place(self, "token");
        let prefix = fields.take("prefix").and_then(|(_, node)| self.text(&node));
        let envelope = fields.take("envelope").and_then(|(_, node)| self.sent_pattern(&node));
        let headers = self.header_texts(&mut fields);
        let query = self.texts(&mut fields, "query");
        let body = fields.take("body").map(|(_, node)| body(&node));
        fields.end();
        let prefix = prefix.unwrap_or_default();
        Simulate { signature, timestamp, token, prefix, envelope, headers, query, body }
    }

    /// `headers:` as they are sent; null stands for one that is taken out.
    pub(super) fn header_texts(&mut self, fields: &mut Fields) -> Vec<(String, Option<String>)> {
        let at = fields.place("headers").unwrap_or(fields.at());
        let mut headers = self.texts(fields, "headers");
        headers.retain(|(name, value)| {
            if name.parse::<HeaderName>().is_err() {
                let problem = Problem::HeaderName { name: name.clone(), is_framing: false };
                self.report(at, problem);
                return false;
            }
            let unsendable = value.as_ref().filter(|it| HeaderValue::from_str(it).is_err());
            if let Some(found) = unsendable {
                let what = "the value of a header";
                let found = found.escape_default().to_string();
                self.report(at, Problem::BadValue { what, found, example: "order", why: None });
            }
            unsendable.is_none()
        });
        headers
    }

    /// A map of names to texts; null stands for what is taken out.
    pub(super) fn texts(
        &mut self,
        fields: &mut Fields,
        name: &'static str,
    ) -> Vec<(String, Option<String>)> {
        let Some((_, node)) = fields.take(name) else { return Vec::new() };
        let Value::Map(entries) = node.value else {
            self.wrong_type::<()>(&node, "a map");
            return Vec::new();
        };
        let texts = entries.into_iter().filter_map(|entry| {
            let text = match &entry.node.value {
                Value::Null => None,
                Value::Text(text) => Some(text.clone()),
                _ => Some(self.text(&entry.node)?),
            };
            Some((entry.key.name, text))
        });
        texts.collect()
    }
}

/// A text as it stands, anything else as JSON, null as nothing.
pub(super) fn body(node: &Node) -> Vec<u8> {
    match &node.value {
        Value::Null => Vec::new(),
        Value::Text(text) => text.clone().into_bytes(),
        _ => json(node).to_string().into_bytes(),
    }
}

/// A value as it stands.
pub(crate) fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::from(*value),
        Value::Integer(number) => i64::try_from(*number).map_or_else(
            |_| u64::try_from(*number).map_or_else(|_| Json::from(number.to_string()), Json::from),
            Json::from,
        ),
        Value::Float(number) => Json::from(*number),
        Value::Text(text) => Json::from(text.as_str()),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            let entries = entries.iter().map(|entry| (entry.key.name.clone(), json(&entry.node)));
            Json::Object(entries.collect())
        }
    }
}
