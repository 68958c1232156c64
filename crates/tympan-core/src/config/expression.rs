//! Reading expressions and the values that are built of them.

use tympan_expr::Dialect;
use tympan_expr::Expression;
use tympan_expr::Types;
use tympan_expr::WarningKind;

use crate::config::Reader;
use crate::diagnostic::Problem;
use crate::roots;
use crate::roots::Place;
use crate::yaml;
use crate::yaml::Entry;
use crate::yaml::Node;
use crate::yaml::Value;

/// How deep a structured value may be nested.
const MOST_DEPTH: usize = 32;

impl Reader<'_> {
    /// One expression: a text, `{jmespath: "..."}`, or a constant.
    pub(super) fn expression(&mut self, place: Place, node: &Node) -> Option<Expression> {
        match &node.value {
            Value::Map(entries) => match jmespath(entries) {
                Some(inner) => self.compile(Dialect::Jmespath, place, inner),
                None => self.wrong_type(node, "an expression"),
            },
            Value::List(_) => self.wrong_type(node, "an expression"),
            _ => self.scalar(place, node),
        }
    }

    /// A value built of expressions: maps and lists of them, nested at will.
    pub(super) fn mapping(&mut self, place: Place, node: &Node) -> Option<Expression> {
        self.nested(place, node, MOST_DEPTH)
    }

    /// Reports a constant where only a part of the request makes sense.
    pub(super) fn check_varies(&mut self, node: &Node, expression: &Expression) {
        if let Some(constant) = expression.as_constant() {
            let found = constant.type_name();
            let expected = "something that depends on the request";
            self.report(node.span, Problem::ConstantMisfit { found, expected });
        }
    }

    /// Reports a value that is never of the types that its place needs; null is left to run time.
    pub(super) fn check_type(
        &mut self,
        node: &Node,
        value: &Expression,
        needed: Types,
        expected: &'static str,
    ) {
        let found = value.yields().without(Types::NULL);
        if let Some(name) = found.names().next().filter(|_| !found.meets(needed)) {
            self.report(node.span, Problem::ConstantMisfit { found: name, expected });
        }
    }

    /// Warns of a condition whose outcome is known, unless that is all that is written: `true` is
    /// how a switch is turned.
    pub(super) fn check_condition(&mut self, node: &Node, condition: &Expression) {
        let Value::Text(text) = &node.value else { return };
        let is_switch = ["true", "false"].iter().any(|it| text.trim().eq_ignore_ascii_case(it));
        if let Some(constant) = condition.as_constant().filter(|_| !is_switch) {
            let kind = WarningKind::ConstantCondition { value: constant.is_truthy() };
            self.report(node.span, Problem::ExpressionWarning(kind));
        }
    }

    fn nested(&mut self, place: Place, node: &Node, depth: usize) -> Option<Expression> {
        if depth == 0 {
            let kind = tympan_expr::ErrorKind::TooDeep { limit: MOST_DEPTH };
            self.report(node.span, Problem::Expression(kind));
            return None;
        }
        match &node.value {
            Value::Map(entries) if jmespath(entries).is_some() => self.expression(place, node),
            Value::Map(entries) => {
                let fields = entries.iter().map(|Entry { key, node }| {
                    self.nested(place, node, depth - 1).map(|value| (key.name.clone(), value))
                });
                // Every field is read, so that every mistake is found.
                let fields = fields.collect::<Vec<_>>();
                Some(Expression::object(fields.into_iter().collect::<Option<_>>()?))
            }
            Value::List(items) => {
                let items = items.iter().map(|item| self.nested(place, item, depth - 1));
                let items = items.collect::<Vec<_>>();
                Some(Expression::list(items.into_iter().collect::<Option<_>>()?))
            }
            _ => self.scalar(place, node),
        }
    }

    fn scalar(&mut self, place: Place, node: &Node) -> Option<Expression> {
        use tympan_expr::Number;
        use tympan_expr::Value as Constant;
        Some(Expression::constant(match &node.value {
            Value::Text(_) => return self.compile(self.dialect, place, node),
            Value::Integer(number) => Constant::Number(Number::Int(*number)),
            Value::Float(number) => Constant::Number(Number::Float(*number)),
            Value::Bool(value) => Constant::Bool(*value),
            Value::Null | Value::List(_) | Value::Map(_) => Constant::Null,
        }))
    }

    fn compile(&mut self, dialect: Dialect, place: Place, node: &Node) -> Option<Expression> {
        let Value::Text(text) = &node.value else {
            return self.wrong_type(node, "a text");
        };
        // Many listeners are alike, and say the same at the same place.
        let said = self.lets.is_empty().then(|| (place, dialect, text.clone()));
        if let Some(known) = said.as_ref().and_then(|said| self.compiled.get(said)) {
            return Some(known.clone());
        }
        let vocabulary =
            self.vocabularies.entry(place).or_insert_with(|| roots::vocabulary(place, &self.lets));
        // What stands in `defaults` may stand in another file than the listener.
        let source = self.sources.file(node.span.file).text.as_str();
        let place_of = |range: &std::ops::Range<usize>| yaml::inside(source, node, range);
        match Expression::compile(dialect, text, vocabulary) {
            Ok(compiled) => {
                if let Some(said) = said.filter(|_| compiled.warnings.is_empty()) {
                    self.compiled.insert(said, compiled.expression.clone());
                }
                for warning in compiled.warnings {
                    let at = place_of(&warning.range);
                    self.report(at, Problem::ExpressionWarning(warning.kind));
                }
                Some(compiled.expression)
            }
            Err(errors) => {
                for error in errors {
                    let at = place_of(&error.range);
                    self.report(at, Problem::Expression(error.kind));
                }
                None
            }
        }
    }
}

/// The text of `{jmespath: "..."}`.
fn jmespath(entries: &[Entry]) -> Option<&Node> {
    match entries {
        [Entry { key, node }] if key.name == "jmespath" => Some(node),
        _ => None,
    }
}
