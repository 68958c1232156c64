//! Reading what is answered.

use http::HeaderName;
use http::StatusCode;
use http::header;
use tympan_expr::Expression;

use crate::config::Reader;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::roots::Place;
use crate::span::Span;
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
            for (key, expression) in self.expressions(header_place, &node).unwrap_or_default() {
                self.check_header_value(key.span, &expression);
                match key.name.parse() {
                    Ok(name) if !FRAMING.contains(&name) => {
                        response.headers.push((name, expression));
                    }
                    _ => self.report(key.span, Problem::HeaderName { name: key.name }),
                }
            }
        }
        if let Some((_, node)) = fields.take("body") {
            response.body = self.mapping(body_place, &node);
            response.written = written(&node, response.body.as_ref());
        }
        fields.end();
        Some(response)
    }

    /// A header is a text: a list or map can never be one.
    fn check_header_value(&mut self, at: Span, expression: &Expression) {
        if let Some(constant) = expression.as_constant() {
            let found = constant.type_name();
            if matches!(found, "list" | "map") {
                self.report(at, Problem::ConstantMisfit { found, expected: "a text" });
            }
        }
    }
}

/// The keys of a body, and the constants that stand alone in it.
fn written(node: &Node, body: Option<&Expression>) -> Vec<String> {
    let mut texts = Vec::new();
    let mut nodes = vec![node];
    while let Some(node) = nodes.pop() {
        match &node.value {
            Value::Map(entries) => {
                texts.extend(entries.iter().map(|entry| entry.key.name.clone()));
                nodes.extend(entries.iter().map(|entry| &entry.node));
            }
            Value::List(items) => nodes.extend(items),
            // A quoted text is the simplest expression: itself.
            Value::Text(text) => texts.extend(unquoted(text).map(str::to_owned)),
            _ => {}
        }
    }
    let constant = body.and_then(Expression::as_constant).and_then(|it| it.as_text());
    texts.extend(constant.map(str::to_owned));
    texts
}

fn unquoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let quote = text.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains([quote, '\\'])).then_some(inner)
}
