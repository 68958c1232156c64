//! Reading `actions:`, calls to external systems.

use http::HeaderName;
use http::Method;
use http::StatusCode;
use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::Types;

use crate::config::ConnectorId;
use crate::config::Reader;
use crate::config::SecretId;
use crate::config::keys;
use crate::diagnostic::Problem;
use crate::roots;
use crate::roots::Place;
use crate::span::Span;
use crate::yaml::Entry;
use crate::yaml::Key;
use crate::yaml::Node;
use crate::yaml::Value;

/// One call.
#[derive(Clone, Debug)]
pub struct Action {
    /// What it is called.
    pub name: String,
    /// Where the name is defined.
    pub at: Span,
    /// Which system is called.
    pub connector: ConnectorId,
    /// The method.
    pub method: Method,
    /// The path behind that of the connector.
    pub path: Vec<PathPart>,
    /// The headers.
    pub headers: Vec<(HeaderName, Expression)>,
    /// The parameters of the query; one that is null is left out.
    pub query: Vec<(String, Expression)>,
    /// The body.
    pub body: Body,
    /// What it is told, by name.
    pub inputs: Vec<Input>,
    /// The statuses that say that it is done; without any, those of success.
    pub expect: Vec<StatusCode>,
    /// What is wanted of the answer.
    pub result: Option<Expression>,
}

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathPart {
    /// As it stands.
    Text(String),
    /// The value of an input.
    Input(String),
}

/// What is sent.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// JSON.
    Json(Expression),
    /// Names and values, as a form; one that is null is left out.
    Form(Vec<(String, Expression)>),
    /// A text.
    Text(Expression),
}

/// Something that an action is told.
#[derive(Clone, Debug)]
pub struct Input {
    /// What expressions call it.
    pub name: String,
    /// What it may be.
    pub kind: InputKind,
    /// Whether it has to be told.
    pub required: bool,
    /// What it is otherwise.
    pub default: Option<String>,
    /// The secret that it is: then nobody tells it.
    pub secret: Option<SecretId>,
}

/// What an input may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// JSON.
    Json,
}

impl Action {
    /// The secrets that it sends beside what proves who calls.
    pub fn secrets(&self) -> impl Iterator<Item = SecretId> {
        self.inputs.iter().filter_map(|input| input.secret)
    }
}

impl Reader<'_> {
    pub(super) fn actions(&mut self, node: Node) {
        let Value::Map(entries) = node.value else {
            self.wrong_type::<()>(&node, "a map of names");
            return;
        };
        for Entry { key, node } in entries {
            let part = |name: &str| Key { name: name.to_owned(), ..key.clone() };
            if let Some(first) = key.name.split('.').find(|part| part.is_empty()) {
                self.check_name("action", &part(first));
            }
            for name in key.name.split('.').filter(|part| !part.is_empty()) {
                self.check_name("action", &part(name));
            }
            if let Some(action) = self.action(key, node, None) {
                self.config.actions.push(action);
            }
        }
    }

    /// An action, which calls the `usual` connector unless it says another.
    pub(super) fn action(
        &mut self,
        key: Key,
        node: Node,
        usual: Option<ConnectorId>,
    ) -> Option<Action> {
        let mut fields = self.fields(&keys::ACTION, key.span, node)?;
        let connector = match (fields.take("connector"), usual) {
            (Some((_, node)), _) => self.connector_name(&node),
            (None, None) => {
                let (section, example) = (keys::ACTION.name, "connector: orders");
                let problem = Problem::MissingKey { key: "connector", section, example };
                self.report(key.span, problem);
                None
            }
            (None, usual) => usual,
        };
        let method = match fields.take("method") {
            Some((_, node)) => self.method(&node),
            None => Some(Method::GET),
        };
        let inputs = fields.take("inputs").map_or_else(Vec::new, |(_, node)| self.inputs(node));
        let path = fields.require(self, "path");
        let path = path.and_then(|(_, node)| self.called_path(&node, &inputs));
        let headers = fields.take("headers").map(|(_, node)| self.sent_parts(node, &inputs));
        let headers = headers.unwrap_or_default().into_iter().filter_map(|(key, value)| {
            let name = key.name.parse::<HeaderName>();
            if name.is_err() {
                let problem = Problem::HeaderName { name: key.name.clone(), is_framing: false };
                self.report(key.span, problem);
            }
            Some((name.ok()?, value))
        });
        let headers = headers.collect();
        let query = fields.take("query").map(|(_, node)| self.sent_parts(node, &inputs));
        let bodies = ["body", "form", "text"].map(|key| fields.take(key));
        let expect = fields.take("expect").map_or_else(Vec::new, |(key, node)| {
            self.some("expect", (key, node), |reader, _, node| reader.status(&node))
        });
        let result = fields.take("result").map(|(_, node)| {
            let result = self.expression(Place::Result, &node);
            self.check_inputs(node.span, result.as_ref(), &inputs);
            result
        });
        fields.end();
        let body = self.sent_body(bodies, &inputs);
        let named = |(Key { name, .. }, value)| (name, value);
        Some(Action {
            name: key.name,
            at: key.span,
            connector: connector?,
            method: method?,
            path: path?,
            headers,
            query: query.unwrap_or_default().into_iter().map(named).collect(),
            body: body?,
            inputs,
            expect,
            result: match result {
                Some(result) => Some(result?),
                None => None,
            },
        })
    }

    fn sent_body(&mut self, bodies: [Option<(Key, Node)>; 3], inputs: &[Input]) -> Option<Body> {
        let given: Vec<_> = bodies.iter().flatten().map(|(key, _)| key.span).collect();
        if let Some(second) = given.get(1) {
            let keys = vec!["body", "form", "text"];
            let (section, found) = ("an action", given.len());
            self.report(*second, Problem::OneOf { section, found, keys });
            return None;
        }
        let [json, form, text] = bodies;
        if let Some((_, node)) = json {
            let at = node.span;
            let value = self.mapping(Place::Action, node);
            self.check_inputs(at, value.as_ref(), inputs);
            return value.map(Body::Json);
        }
        if let Some((_, node)) = form {
            let parts = self.sent_parts(node, inputs).into_iter();
            return Some(Body::Form(parts.map(|(key, value)| (key.name, value)).collect()));
        }
        let Some((_, node)) = text else { return Some(Body::None) };
        let at = node.span;
        let value = self.computed(Place::Action, node)?;
        self.check_type(at, &value, Types::SCALAR, "a text");
        self.check_inputs(at, Some(&value), inputs);
        Some(Body::Text(value))
    }

    /// A map of names to expressions that yield texts.
    fn sent_parts(&mut self, node: Node, inputs: &[Input]) -> Vec<(Key, Expression)> {
        let Value::Map(entries) = node.value else {
            self.wrong_type::<()>(&node, "a map");
            return Vec::new();
        };
        let read = entries.into_iter().filter_map(|Entry { key, node }| {
            let at = node.span;
            let value = self.computed(Place::Action, node)?;
            self.check_type(at, &value, Types::SCALAR, "a text");
            self.check_inputs(at, Some(&value), inputs);
            Some((key, value))
        });
        read.collect()
    }

    fn inputs(&mut self, node: Node) -> Vec<Input> {
        let Value::Map(entries) = node.value else {
            self.wrong_type::<()>(&node, "a map");
            return Vec::new();
        };
        let read = entries.into_iter().filter_map(|Entry { key, node }| {
            let mut fields = self.fields(&keys::INPUT, key.span, node)?;
            let kind = match fields.take("type") {
                Some((_, node)) => self.choice(&node, &["text", "number", "boolean", "json"]),
                None => Some("text"),
            };
            let required = match fields.take("required") {
                Some((_, node)) => self.boolean(&node),
                None => Some(false),
            };
            let default = fields.take("default").map(|(_, node)| self.text(&node));
            fields.take("description").map(|(_, node)| self.text(&node));
            let secret =
                fields.take("secret").map(|(key, node)| (key.span, self.secret_name(&node)));
            fields.end();
            if let (Some((at, _)), true) = (&secret, default.is_some()) {
                self.report(*at, Problem::KeyConflict { key: "secret", with: "default" });
            }
            Some(Input {
                name: key.name,
                kind: match kind? {
                    "number" => InputKind::Number,
                    "boolean" => InputKind::Boolean,
                    "json" => InputKind::Json,
                    _ => InputKind::Text,
                },
                required: required?,
                default: default.flatten(),
                secret: match secret {
                    Some((_, secret)) => Some(secret?),
                    None => None,
                },
            })
        });
        read.collect()
    }

    /// `/1.0/tasks/{{{task}}}`
    fn called_path(&mut self, node: &Node, inputs: &[Input]) -> Option<Vec<PathPart>> {
        let text = self.text(node)?;
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        let mut is_whole = rest.starts_with('/');
        while let Some((before, after)) = rest.split_once("{{{") {
            let Some((name, after)) = after.split_once("}}}") else {
                is_whole = false;
                break;
            };
            parts.push(PathPart::Text(before.to_owned()));
            let name = name.trim().to_owned();
            if inputs.iter().all(|input| input.name != name) {
                self.unknown_input(node.span, name.clone(), inputs);
            }
            parts.push(PathPart::Input(name));
            rest = after;
        }
        parts.push(PathPart::Text(rest.to_owned()));
        let is_plain = |part: &PathPart| match part {
            PathPart::Text(text) => {
                text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#{}".contains(&byte))
            }
            PathPart::Input(_) => true,
        };
        if is_whole && parts.iter().all(is_plain) {
            return Some(parts);
        }
        let (what, example) = ("a path that begins with `/`, without a query", "/1.0/users/me");
        self.report(node.span, Problem::BadValue { what, found: text, example, why: None });
        None
    }

    /// Every input that is read has to be one of the action.
    fn check_inputs(&mut self, at: Span, value: Option<&Expression>, inputs: &[Input]) {
        let needs = value.map(Expression::needs).unwrap_or_default();
        let Some(Paths::Keys(read)) = needs.paths(roots::INPUTS) else {
            return;
        };
        for (name, _) in read {
            if inputs.iter().all(|input| *input.name != **name) {
                self.unknown_input(at, name.to_string(), inputs);
            }
        }
    }

    fn unknown_input(&mut self, at: Span, name: String, inputs: &[Input]) {
        let known = inputs.iter().map(|input| input.name.clone()).collect();
        self.report(at, Problem::UnknownName { kind: "input", name, known });
    }
}
