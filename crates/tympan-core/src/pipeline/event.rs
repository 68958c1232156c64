//! Which events a verified request makes.

use bytes::Bytes;
use serde::Serialize;
use tympan_expr::Expression;
use tympan_expr::Value;

use super::Scope;
use crate::config;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::roots;

/// An event as it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// The whole event as CloudEvents 1.0 JSON, on one line.
    pub json: Bytes,
}

/// How a listener makes events.
#[derive(Debug)]
pub(crate) struct MakeEvents {
    each: Option<Expression>,
    id: Option<Expression>,
    kind: Option<Expression>,
    subject: Option<Expression>,
    data: Option<Expression>,
}

/// CloudEvents 1.0, JSON format: <https://cloudevents.io>
#[derive(Serialize)]
struct CloudEvent<'e> {
    specversion: &'static str,
    id: &'e str,
    source: &'e str,
    #[serde(rename = "type")]
    kind: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'e str>,
    time: String,
    tympanlistener: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    datacontenttype: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
}

impl MakeEvents {
    pub(crate) fn compile(events: &config::Events) -> Self {
        Self {
            each: events.each.clone(),
            id: events.id.clone(),
            kind: events.kind.clone(),
            subject: events.subject.clone(),
            data: events.data.clone(),
        }
    }

    /// Everything that it reads.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.each.iter().chain(&self.id).chain(&self.kind).chain(&self.subject).chain(&self.data)
    }

    /// Whether events carry the parsed body as it is.
    pub(crate) fn defaults_to_body(&self) -> bool {
        self.data.is_none() && self.each.is_none()
    }

    /// The events, in order.
    pub(crate) fn run(
        &self,
        scope: &Scope<'_, '_>,
        listener: &str,
        source: &str,
    ) -> Result<Vec<Event>, Stop> {
        let Some(each) = &self.each else {
            return Ok(vec![self.one(scope, listener, source, scope.head.id.to_string())?]);
        };
        match eval(each, scope, "each")? {
            // A heartbeat.
            Value::Null => Ok(Vec::new()),
            Value::List(items) => {
                let make = |(index, item): (usize, &Value<'_>)| {
                    let scope = Scope { item: Some(item.clone()), ..scope.clone() };
                    self.one(&scope, listener, source, format!("{}-{index}", scope.head.id))
                };
                items.iter().enumerate().map(make).collect()
            }
            other => Err(invalid(Reason::NoList { found: other.type_name() })),
        }
    }

    fn one(
        &self,
        scope: &Scope<'_, '_>,
        listener: &str,
        source: &str,
        usual_id: String,
    ) -> Result<Event, Stop> {
        let id = attribute(self.id.as_ref(), scope, "id")?.unwrap_or(usual_id);
        let kind = attribute(self.kind.as_ref(), scope, "type")?;
        let subject = attribute(self.subject.as_ref(), scope, "subject")?;
        let data = match (&self.data, &scope.item) {
            (Some(data), _) => eval(data, scope, "data")?,
            (None, Some(item)) => item.clone(),
            (None, None) => scope.parsed.clone().unwrap_or(Value::Null),
        };
        let mut event = CloudEvent {
            specversion: "1.0",
            id: &id,
            source,
            kind: kind.as_deref().unwrap_or(listener),
            subject: subject.as_deref(),
            time: time(scope.head.now),
            tympanlistener: listener,
            datacontenttype: None,
            data: None,
            data_base64: None,
        };
        match data {
            Value::Null => {}
            Value::Bytes(bytes) => {
                event.datacontenttype = Some("application/octet-stream");
                event.data_base64 = Some(crate::scheme::Encoding::Base64.encode(&bytes));
            }
            data => {
                event.datacontenttype = Some("application/json");
                event.data = Some(data.to_json());
            }
        }
        let json = serde_json::to_vec(&event).map_err(|_| {
            invalid(Reason::EventMisfit { what: "data", found: "value that JSON cannot hold" })
        })?;
        Ok(Event { id, json: Bytes::from(json) })
    }
}

/// An attribute is a text that is not empty; null leaves it to its default.
fn attribute(
    expression: Option<&Expression>,
    scope: &Scope<'_, '_>,
    what: &'static str,
) -> Result<Option<String>, Stop> {
    let Some(expression) = expression else { return Ok(None) };
    match eval(expression, scope, what)? {
        Value::Null => Ok(None),
        value @ (Value::Text(_) | Value::Number(_) | Value::Bool(_)) => {
            Ok(value.to_text().filter(|text| !text.is_empty()).map(|text| text.to_string()))
        }
        other => Err(invalid(Reason::EventMisfit { what, found: other.type_name() })),
    }
}

fn eval<'a>(
    expression: &'a Expression,
    scope: &Scope<'a, '_>,
    what: &'static str,
) -> Result<Value<'a>, Stop> {
    expression.eval(scope).map_err(|bound| invalid(Reason::Exhausted { what, bound }))
}

fn invalid(reason: Reason) -> Stop {
    Stop { outcome: Outcome::Invalid, reason }
}

/// Whether an expression's value is only known with the parsed body.
pub(crate) fn reads_parsed_body(expression: &Expression) -> bool {
    expression.needs().reads(roots::PARSED_BODY)
}

/// RFC 3339, in UTC with thousandths.
fn time(now: f64) -> String {
    let milliseconds = std::time::Duration::try_from_secs_f64(now).unwrap_or_default().as_millis();
    let timestamp = i64::try_from(milliseconds).map(jiff::Timestamp::from_millisecond);
    match timestamp {
        Ok(Ok(timestamp)) => timestamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        _ => "1970-01-01T00:00:00.000Z".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times() {
        assert_eq!(super::time(1_700_000_000.25), "2023-11-14T22:13:20.250Z");
        assert_eq!(super::time(-1.0), "1970-01-01T00:00:00.000Z");
    }
}
