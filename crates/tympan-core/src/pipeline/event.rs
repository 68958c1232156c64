//! Which events a verified request makes.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use tympan_expr::Exhausted;
use tympan_expr::Expression;
use tympan_expr::Text;
use tympan_expr::Value;

use super::Scope;
use super::lookup::Lookup;
use super::watch::Fact;
use crate::config;
use crate::config::DestinationId;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::room::Room;
use crate::room::Unwritten;

/// What is told of whatever does not fit.
const ID: &str = "event's id";
const TYPE: &str = "event's type";
const SUBJECT: &str = "event's subject";
const DATA: &str = "event's data";

/// An event as it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// The whole event as CloudEvents 1.0 JSON, on one line.
    pub json: Bytes,
    /// Where it goes, in the configuration of the request's generation.
    pub to: Arc<[DestinationId]>,
}

/// Where the events of a listener go.
#[derive(Debug)]
pub(crate) struct Routes {
    all: Vec<config::Route>,
    /// Where all go, unless that depends on the event.
    always: Option<Arc<[DestinationId]>>,
}

/// How a listener makes events.
#[derive(Debug)]
pub(crate) struct MakeEvents {
    each: Option<Expression>,
    id: Option<Lookup>,
    kind: Option<Lookup>,
    subject: Option<Lookup>,
    data: Option<Expression>,
}

/// Where an event comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'o> {
    /// The listener's name.
    pub(crate) listener: &'o str,
    /// The listener's path, as it is written.
    pub(crate) source: &'o str,
}

/// What the expressions say about one event.
struct Draft<'a> {
    id: Option<Text<'a>>,
    kind: Option<Text<'a>>,
    subject: Option<Text<'a>>,
    data: Value<'a>,
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
    data: Option<&'e Value<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
}

impl Routes {
    pub(crate) fn compile(routes: &[config::Route]) -> Self {
        let is_fixed = routes.iter().all(|route| route.when.is_none());
        let always = is_fixed.then(|| routes.iter().map(|route| route.to).collect());
        Self { all: routes.to_vec(), always }
    }

    /// Whether no event goes anywhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Everything that they read.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.all.iter().filter_map(|route| route.when.as_ref())
    }

    /// Where the event of a scope goes.
    fn run(&self, scope: &Scope<'_, '_>) -> Result<Arc<[DestinationId]>, Stop> {
        if let Some(always) = &self.always {
            return Ok(Arc::clone(always));
        }
        let mut to = Vec::with_capacity(self.all.len());
        for route in &self.all {
            let goes = match &route.when {
                Some(when) => eval(when, scope, "when")?.is_truthy(),
                None => true,
            };
            if goes && to.last() != Some(&route.to) {
                to.push(route.to);
            }
        }
        Ok(to.into())
    }
}

impl MakeEvents {
    pub(crate) fn compile(events: &config::Events) -> Self {
        Self {
            each: events.each.clone(),
            id: events.id.as_ref().map(Lookup::compile),
            kind: events.kind.as_ref().map(Lookup::compile),
            subject: events.subject.as_ref().map(Lookup::compile),
            data: events.data.clone(),
        }
    }

    /// Everything that it reads.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let attributes = [&self.id, &self.kind, &self.subject].into_iter().flatten();
        let attributes = attributes.map(|lookup| &lookup.expression);
        self.each.iter().chain(attributes).chain(&self.data)
    }

    /// Whether events carry the parsed body as it is.
    pub(crate) fn defaults_to_body(&self) -> bool {
        self.data.is_none() && self.each.is_none()
    }

    /// The events, in order. Without routes nobody wants them, and they are only judged: whether
    /// they could be made decides the outcome either way.
    pub(crate) fn run(
        &self,
        scope: &Scope<'_, '_>,
        origin: Origin<'_>,
        routes: Option<&Routes>,
    ) -> Result<Vec<Event>, Stop> {
        let mut events = Vec::new();
        let mut room = Room::new(scope.body.map_or(0, <[u8]>::len));
        scope.tell(|| Fact::Events);
        let mut make = |scope: &Scope<'_, '_>, index| -> Result<(), Stop> {
            scope.tell(|| Fact::Event { index });
            let Some(routes) = routes else { return self.judge(scope) };
            let draft = self.draft(scope)?;
            events.push(draft.render(scope, origin, index, routes.run(scope)?, &mut room)?);
            Ok(())
        };
        let Some(each) = &self.each else {
            make(scope, None)?;
            return Ok(events);
        };
        match eval(each, scope, "each")? {
            // A heartbeat.
            Value::Null => {}
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    make(&Scope { item: Some(item.clone()), ..scope.clone() }, Some(index))?;
                }
            }
            other => return Err(invalid(Reason::NoList { found: other.type_name() })),
        }
        Ok(events)
    }

    /// Whether an event can be made.
    fn judge<'a>(&'a self, scope: &Scope<'a, '_>) -> Result<(), Stop> {
        for (lookup, what) in [(&self.id, ID), (&self.kind, TYPE), (&self.subject, SUBJECT)] {
            if let Some(lookup) = lookup
                && !lookup.is_plainly_text(scope)
            {
                value_of(lookup, scope, what)?;
            }
        }
        match &self.data {
            Some(data) => eval(data, scope, DATA).map(drop),
            None => Ok(()),
        }
    }

    fn draft<'a>(&'a self, scope: &Scope<'a, '_>) -> Result<Draft<'a>, Stop> {
        Ok(Draft {
            id: attribute(self.id.as_ref(), scope, ID)?,
            kind: attribute(self.kind.as_ref(), scope, TYPE)?,
            subject: attribute(self.subject.as_ref(), scope, SUBJECT)?,
            data: match (&self.data, &scope.item) {
                (Some(data), _) => eval(data, scope, DATA)?,
                (None, Some(item)) => item.clone(),
                (None, None) => scope.parsed.clone().unwrap_or(Value::Null),
            },
        })
    }
}

impl Draft<'_> {
    fn render(
        self,
        scope: &Scope<'_, '_>,
        Origin { listener, source }: Origin<'_>,
        index: Option<usize>,
        to: Arc<[DestinationId]>,
        room: &mut Room,
    ) -> Result<Event, Stop> {
        let request = scope.head.id;
        let id = match (self.id, index) {
            (Some(id), _) => id.to_string(),
            (None, Some(index)) => format!("{request}-{index}"),
            (None, None) => request.to_string(),
        };
        let mut event = CloudEvent {
            specversion: "1.0",
            id: &id,
            source,
            kind: self.kind.as_deref().unwrap_or(listener),
            subject: self.subject.as_deref(),
            time: time(scope.head.now),
            tympanlistener: listener,
            datacontenttype: None,
            data: None,
            data_base64: None,
        };
        match &self.data {
            Value::Null => {}
            Value::Bytes(bytes) => {
                event.datacontenttype = Some("application/octet-stream");
                event.data_base64 = Some(crate::scheme::Encoding::Base64.encode(bytes));
            }
            data => {
                event.datacontenttype = Some("application/json");
                event.data = Some(data);
            }
        }
        let what = DATA;
        let json = room.json(&event).map_err(|why| match why {
            Unwritten::TooLong => invalid(Reason::Exhausted { what, bound: Exhausted::Output }),
            Unwritten::NoJson => {
                invalid(Reason::Misfit { what, found: "value that JSON cannot hold" })
            }
        })?;
        Ok(Event { id, json: Bytes::from(json), to })
    }
}

/// An attribute is a text that is not empty; null leaves it to its default.
fn attribute<'a>(
    lookup: Option<&'a Lookup>,
    scope: &Scope<'a, '_>,
    what: &'static str,
) -> Result<Option<Text<'a>>, Stop> {
    let Some(lookup) = lookup else { return Ok(None) };
    Ok(value_of(lookup, scope, what)?.to_text().filter(|text| !text.is_empty()))
}

/// What an attribute is computed from: null, or something that can be written as a text.
fn value_of<'a>(
    lookup: &'a Lookup,
    scope: &Scope<'a, '_>,
    what: &'static str,
) -> Result<Value<'a>, Stop> {
    let exhausted = |bound| invalid(Reason::Exhausted { what, bound });
    let value = lookup.eval(scope).map_err(exhausted)?;
    if matches!(value, Value::Null | Value::Text(_) | Value::Number(_) | Value::Bool(_)) {
        Ok(value)
    } else {
        Err(invalid(Reason::Misfit { what, found: value.type_name() }))
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
    Stop::new(Outcome::Invalid, reason)
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
