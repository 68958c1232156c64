//! Which events a verified request makes.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use tympan_expr::Exhausted;
use tympan_expr::Expression;
use tympan_expr::Text;
use tympan_expr::Value;

use super::Scope;
use super::watch::Fact;
use crate::config;
use crate::config::DestinationId;
use crate::instant;
use crate::outcome::Outcome;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::room::Room;
use crate::room::Unwritten;
use crate::room::most_of_length;
use crate::room::most_of_text;
use crate::roots;

/// How many times its length a body can be as JSON: a byte of a text may need six, one between pairs of
/// a form some more.
const MOST_GROWTH: usize = 8;

/// More than everything in an event that is neither its data nor an attribute of its own.
const FRAME: usize = 512;

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

/// What a request makes.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// The events, in order, if anybody wants them.
    pub(crate) events: Vec<Event>,
    /// How many there are, or would be.
    pub(crate) count: usize,
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
    id: Option<Expression>,
    kind: Option<Expression>,
    subject: Option<Expression>,
    data: Option<Expression>,
    /// Whether the data of an event is all of the body, or a part of it, as it stands there.
    copies: bool,
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
            id: events.id.clone(),
            kind: events.kind.clone(),
            subject: events.subject.clone(),
            copies: events.each.is_none() && events.data.as_ref().is_none_or(is_of_body),
            data: events.data.clone(),
        }
    }

    /// Everything that it reads.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let attributes = [&self.id, &self.kind, &self.subject].into_iter().flatten();
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
    ) -> Result<Made, Stop> {
        let Some(routes) = routes else { return self.judge(scope, origin) };
        let mut events = Vec::new();
        let mut room = Room::new(scope.body.map_or(0, <[u8]>::len));
        let count = self.each(scope, |scope, index| {
            let draft = self.draft(scope)?;
            events.push(draft.render(scope, origin, index, routes.run(scope)?, &mut room)?);
            Ok(())
        })?;
        Ok(Made { events, count })
    }

    /// Whether the events can be made. They are written, one after the other, only where it is in doubt
    /// whether there is room for all of them.
    fn judge(&self, scope: &Scope<'_, '_>, origin: Origin<'_>) -> Result<Made, Stop> {
        let body = scope.body.map_or(0, <[u8]>::len);
        let (mut room, mut fits) = (Room::new(body), true);
        let copied = body.saturating_mul(MOST_GROWTH);
        let frame = [origin.listener, origin.listener, origin.source];
        let frame = frame.map(most_of_text).into_iter().fold(FRAME, usize::saturating_add);
        let count = self.each(scope, |scope, _| {
            fits &= room.take(frame) && room.take(self.most_of_attributes(scope)?);
            fits &= match (self.copies, &self.data) {
                (true, _) => room.take(copied),
                (false, Some(data)) => room.surely_holds(&eval(data, scope, DATA)?),
                (false, None) => scope.item.as_ref().is_none_or(|item| room.surely_holds(item)),
            };
            Ok(())
        })?;
        if !fits {
            let mut room = Room::new(body);
            self.each(&Scope { watch: None, ..scope.clone() }, |scope, index| {
                let draft = self.draft(scope)?;
                draft.render(scope, origin, index, Arc::default(), &mut room).map(drop)
            })?;
        }
        Ok(Made { events: Vec::new(), count })
    }

    /// The most bytes of JSON that the attributes can be. Nearly all are headers, whose values need not
    /// be made to be judged.
    fn most_of_attributes(&self, scope: &Scope<'_, '_>) -> Result<usize, Stop> {
        let attributes = [(&self.id, ID), (&self.kind, TYPE), (&self.subject, SUBJECT)];
        let mut most = 0_usize;
        for (expression, what) in attributes {
            let Some(expression) = expression else { continue };
            let length = match ascii_length(expression, scope) {
                Some(length) => length,
                None => attribute(Some(expression), scope, what)?.map_or(0, |text| text.len()),
            };
            most = most.saturating_add(most_of_length(length));
        }
        Ok(most)
    }

    /// Does something for each event, and tells how many there are.
    fn each<'a>(
        &'a self,
        scope: &Scope<'a, '_>,
        mut make: impl FnMut(&Scope<'a, '_>, Option<usize>) -> Result<(), Stop>,
    ) -> Result<usize, Stop> {
        scope.tell(|| Fact::Events);
        let mut make = |scope: &Scope<'a, '_>, index| {
            scope.tell(|| Fact::Event { index });
            make(scope, index)
        };
        let Some(each) = &self.each else {
            make(scope, None)?;
            return Ok(1);
        };
        match eval(each, scope, "each")? {
            // A heartbeat.
            Value::Null => Ok(0),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    make(&Scope { item: Some(item.clone()), ..scope.clone() }, Some(index))?;
                }
                Ok(items.len())
            }
            other => Err(invalid(Reason::NoList { found: other.type_name() })),
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
            time: instant::written(scope.head.now),
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
    expression: Option<&'a Expression>,
    scope: &Scope<'a, '_>,
    what: &'static str,
) -> Result<Option<Text<'a>>, Stop> {
    let Some(expression) = expression else { return Ok(None) };
    Ok(value_of(expression, scope, what)?.to_text().filter(|text| !text.is_empty()))
}

/// The length of what an expression reads, if it is a header of ASCII alone, or one that is not there.
fn ascii_length(expression: &Expression, scope: &Scope<'_, '_>) -> Option<usize> {
    let mut values = scope.head.values(expression.header()?);
    let Some(value) = values.next() else { return Some(0) };
    (values.next().is_none() && value.is_ascii()).then_some(value.len())
}

/// What an attribute is computed from: null, or something that can be written as a text.
fn value_of<'a>(
    expression: &'a Expression,
    scope: &Scope<'a, '_>,
    what: &'static str,
) -> Result<Value<'a>, Stop> {
    let value = eval(expression, scope, what)?;
    if matches!(value, Value::Null | Value::Text(_) | Value::Number(_) | Value::Bool(_)) {
        Ok(value)
    } else {
        Err(invalid(Reason::Misfit { what, found: value.type_name() }))
    }
}

/// Whether a value is the body, or a part of it, as it stands there.
fn is_of_body(data: &Expression) -> bool {
    let root = data.as_path().map(|(root, _)| root);
    root.is_some_and(|root| matches!(root, roots::PARSED_BODY | roots::RAW_BODY))
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
