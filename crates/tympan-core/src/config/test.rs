//! Reading `tests:`.

use http::Method;
use http::StatusCode;
use serde_json::Value as Json;

use crate::config::Reader;
use crate::config::fields::Fields;
use crate::config::keys;
use crate::config::keys::Section;
use crate::config::simulate::body;
use crate::config::simulate::json;
use crate::diagnostic::Problem;
use crate::outcome::Outcome;
use crate::request;
use crate::span::Span;
use crate::yaml::Key;
use crate::yaml::Node;

/// When a test's request arrives unless it says so, in seconds since 1970.
const USUAL: f64 = 1_700_000_000.0;

/// A request, and what has to become of it.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it shows.
    pub name: String,
    /// Where it is written.
    pub at: Span,
    /// What arrives.
    pub request: TestRequest,
    /// What has to become of it.
    pub expect: Expect,
}

/// What arrives.
#[derive(Clone, Debug)]
pub struct TestRequest {
    /// What it is made of.
    pub parts: Changed,
    /// Whether it is proved as the provider would.
    pub sign: bool,
    /// When it is signed, in seconds since 1970.
    pub now: f64,
    /// What is changed after that.
    pub then: Changed,
}

/// Parts of a request that are not as usual; null stands for what is taken out.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// The method.
    pub method: Option<Method>,
    /// The path.
    pub path: Option<String>,
    /// Parameters of the query.
    pub query: Vec<(String, Option<String>)>,
    /// Headers.
    pub headers: Vec<(String, Option<String>)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// The file that is the body, relative to the one that names it.
    pub body_file: Option<String>,
    /// When it arrives, in seconds since 1970.
    pub now: Option<f64>,
}

/// What has to become of a request; what is not there may be anything.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// The outcome.
    pub outcome: Option<Outcome>,
    /// The status.
    pub status: Option<StatusCode>,
    /// Headers of the answer, among others; null is one that is not there.
    pub headers: Vec<(String, Option<String>)>,
    /// The body of the answer: a text, or what its JSON is.
    pub body: Option<Json>,
    /// What each event holds, among other things.
    pub events: Option<Vec<Json>>,
    /// Where they go.
    pub delivered: Option<Vec<super::DestinationId>>,
}

impl Reader<'_> {
    pub(super) fn tests(&mut self, fields: &mut Fields) -> Vec<Test> {
        fields.take("tests").map_or_else(Vec::new, |(key, node)| self.each(&key, node, Self::test))
    }

    fn test(&mut self, at: Span, node: Node) -> Option<Test> {
        let mut fields = self.fields(&keys::TEST, at, node)?;
        let name = fields.require(self, "name").and_then(|(_, node)| self.text(&node));
        let request = fields.require(self, "request");
        let request = request.and_then(|(key, node)| self.test_request(&key, node));
        let expect = fields.require(self, "expect");
        let expect = expect.and_then(|(key, node)| self.expect(&key, node));
        fields.end();
        Some(Test { name: name?, at, request: request?, expect: expect? })
    }

    fn test_request(&mut self, key: &Key, node: Node) -> Option<TestRequest> {
        let mut fields = self.fields(&keys::TEST_REQUEST, key.span, node)?;
        let parts = self.parts(&mut fields);
        let sign = fields.take("sign").map_or(Some(false), |(_, node)| self.boolean(&node));
        let then = fields.take("then").map(|(key, node)| self.then(&keys::THEN, &key, node));
        fields.end();
        let now = parts.now.unwrap_or(USUAL);
        let then = match then {
            Some(then) => then?,
            None => Changed::default(),
        };
        Some(TestRequest { parts, sign: sign?, now, then })
    }

    fn then(&mut self, section: &'static Section, key: &Key, node: Node) -> Option<Changed> {
        let mut fields = self.fields(section, key.span, node)?;
        let parts = self.parts(&mut fields);
        fields.end();
        Some(parts)
    }

    fn parts(&mut self, fields: &mut Fields) -> Changed {
        let body_at = fields.place("body");
        let parts = Changed {
            method: fields.take("method").and_then(|(_, node)| self.method(&node)),
            path: fields.take("path").and_then(|(_, node)| self.text(&node)),
            query: self.texts(fields, "query"),
            headers: self.header_texts(fields),
            body: fields.take("body").map(|(_, node)| body(&node)),
            body_file: fields.take("body_file").and_then(|(_, node)| self.text(&node)),
            now: fields.take("at").and_then(|(_, node)| self.instant(&node)),
        };
        if let Some(at) = body_at.filter(|_| parts.body_file.is_some()) {
            self.report(at, Problem::KeyConflict { key: "body", with: "body_file" });
        }
        parts
    }

    fn instant(&mut self, node: &Node) -> Option<f64> {
        let found = self.text(node)?;
        let at = request::instant(&found);
        if at.is_none() {
            let what = "a time";
            let example = "2026-01-31T12:00:00Z";
            self.report(node.span, Problem::BadValue { what, found, example, why: None });
        }
        at
    }

    fn expect(&mut self, key: &Key, node: Node) -> Option<Expect> {
        let mut fields = self.fields(&keys::EXPECT, key.span, node)?;
        let event_at = fields.place("event");
        let event = fields.take("event").map(|(_, node)| vec![json(&node)]);
        let events = fields.take("events").and_then(|(_, node)| match json(&node) {
            Json::Array(events) => Some(events),
            _ => self.wrong_type(&node, "a list"),
        });
        if let Some(at) = event_at.filter(|_| events.is_some()) {
            self.report(at, Problem::KeyConflict { key: "event", with: "events" });
        }
        let delivered = fields.take("delivered");
        let expect = Expect {
            outcome: fields.take("outcome").and_then(|(_, node)| self.outcome(&node)),
            status: fields.take("status").and_then(|(_, node)| self.status(&node)),
            headers: self.header_texts(&mut fields),
            body: fields.take("body").map(|(_, node)| json(&node)),
            events: event.or(events),
            delivered: delivered.map(|(key, node)| self.delivered(&key, node)),
        };
        fields.end();
        Some(expect)
    }

    fn outcome(&mut self, node: &Node) -> Option<Outcome> {
        let found = self.text(node)?;
        let outcome = Outcome::read(&found);
        if outcome.is_none() {
            let choices = Outcome::ALL.map(Outcome::name).to_vec();
            self.report(node.span, Problem::UnknownChoice { found, choices });
        }
        outcome
    }
}
