//! Reading what is answered.

use http::HeaderName;
use http::StatusCode;
use http::header;
use tympan_expr::Expression;
use tympan_expr::Types;

use crate::config::Encrypt;
use crate::config::Reader;
use crate::config::keys;
use crate::config::mapper;
use crate::diagnostic::Challenge;
use crate::diagnostic::Problem;
use crate::roots::Place;
use crate::span::Span;
use crate::yaml::Entry;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// What is answered.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status; without it, that of the outcome.
    pub status: Option<StatusCode>,
    /// The headers.
    pub headers: Vec<(HeaderName, Expression)>,
    /// The body; without it, that of the outcome.
    pub body: Option<Expression>,
    /// What is encrypted of it.
    pub encrypt: Option<Encrypt>,
    /// Every text in it that the operator wrote out: no request can have put those there.
    pub written: Vec<String>,
}

/// Headers that frame a response: the server sets them, or nobody does.
const FRAMING: [HeaderName; 7] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::DATE,
];

/// Headers that a browser obeys.
const OBEYED: [HeaderName; 7] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::CONTENT_SECURITY_POLICY,
    header::CONTENT_TYPE,
    header::LOCATION,
    header::REFRESH,
    header::SET_COOKIE,
    header::X_CONTENT_TYPE_OPTIONS,
];

/// Parts of content types that a browser would run.
const MARKUP: [&str; 3] = ["html", "xml", "svg"];

impl Reader<'_> {
    /// A response whose headers and body stand at these places.
    pub(super) fn response(
        &mut self,
        at: Span,
        node: Node,
        header_place: Place,
        body_place: Place,
    ) -> Option<Response> {
        let mut fields = self.fields(&keys::RESPONSE, at, node)?;
        let mut response = Response::default();
        if let Some((_, node)) = fields.take("status") {
            response.status = self.status(&node);
        }
        if let Some((_, node)) = fields.take("headers") {
            self.response_headers(header_place, node, &mut response);
        }
        if let Some((_, node)) = fields.take("body") {
            response.written = written(&node);
            response.body = self.mapping(body_place, node);
            let constant = response.body.as_ref().and_then(Expression::as_constant);
            let constant = constant.and_then(|it| it.as_text()).map(str::to_owned);
            response.written.extend(constant);
        }
        if let Some((key, node)) = fields.take("encrypt") {
            response.encrypt = self.encrypt(&key, node, body_place);
        }
        fields.end();
        Some(response)
    }

    fn response_headers(&mut self, place: Place, node: Node, response: &mut Response) {
        let Value::Map(entries) = node.value else {
            self.wrong_type::<()>(&node, "a map");
            return;
        };
        for Entry { key, node } in entries {
            let at = node.span;
            let Some(expression) = self.computed(place, node) else { continue };
            // A list or map can never be a header.
            self.check_type(at, &expression, Types::SCALAR, "a text");
            let Ok(name) = key.name.parse::<HeaderName>() else {
                let problem = Problem::HeaderName { name: key.name.clone(), is_framing: false };
                self.report(key.span, problem);
                continue;
            };
            if FRAMING.contains(&name) {
                let problem = Problem::HeaderName { name: key.name.clone(), is_framing: true };
                self.report(key.span, problem);
            } else if response.headers.iter().any(|(known, _)| *known == name) {
                // The map has told them apart by case, and no receiver does.
                self.report(key.span, Problem::DuplicateKey { key: key.name.clone() });
            } else {
                if place == Place::ChallengeHeader {
                    self.challenge_header(&key, at, &name, &expression);
                }
                response.headers.push((name, expression));
            }
        }
    }

    /// Whoever can make us echo text must not choose what a browser does with it.
    fn challenge_header(&mut self, key: &Key, at: Span, name: &HeaderName, value: &Expression) {
        let constant = value.as_constant().and_then(|value| value.as_text());
        match constant {
            None if OBEYED.contains(name) => {
                self.report(at, Problem::Challenge(Challenge::Header { header: key.name.clone() }));
            }
            Some(text) if *name == header::CONTENT_TYPE => {
                let content_type = text.to_ascii_lowercase();
                if MARKUP.iter().any(|markup| content_type.contains(markup)) {
                    self.report(at, Problem::Challenge(Challenge::Markup { content_type }));
                }
            }
            _ => {}
        }
    }
}

/// The keys of a body, and the constants that stand alone in it.
fn written(node: &Node) -> Vec<String> {
    let mut texts = Vec::new();
    let mut nodes = vec![node];
    while let Some(node) = nodes.pop() {
        match &node.value {
            Value::Map(entries) => {
                for Entry { key, node } in entries {
                    texts.extend(mapper::key_names(&key.name).map(str::to_owned));
                    nodes.push(node);
                }
            }
            Value::List(items) => nodes.extend(items),
            // A quoted text is the simplest expression: itself.
            Value::Text(text) => {
                let text = mapper::unquoted(text.trim()).filter(|text| !text.contains('\\'));
                texts.extend(text.map(str::to_owned));
            }
            _ => {}
        }
    }
    texts
}
