//! Reading expressions.

use std::ops::Range;
use std::sync::Arc;

use tympan_expr::Compiled;
use tympan_expr::Dialect;
use tympan_expr::Error;
use tympan_expr::Expression;
use tympan_expr::Types;
use tympan_expr::Vocabulary;
use tympan_expr::WarningKind;

use crate::config::Reader;
use crate::diagnostic::Problem;
use crate::roots;
use crate::roots::Place;
use crate::span::Span;
use crate::yaml;
use crate::yaml::Entry;
use crate::yaml::Node;
use crate::yaml::Value;

/// Words of the language, which no name can be.
const KEYWORDS: [&str; 10] =
    ["AND", "ELSE", "FALSE", "IF", "IN", "NOT", "NULL", "OR", "THEN", "TRUE"];

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
        at: Span,
        value: &Expression,
        needed: Types,
        expected: &'static str,
    ) {
        let found = value.yields().without(Types::NULL);
        if let Some(name) = found.names().next().filter(|_| !found.meets(needed)) {
            self.report(at, Problem::ConstantMisfit { found: name, expected });
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

    fn scalar(&mut self, place: Place, node: &Node) -> Option<Expression> {
        use tympan_expr::Number;
        use tympan_expr::Value as Constant;
        Some(Expression::constant(match &node.value {
            Value::Text(_) => {
                // A preset is written in one language, whoever names it.
                let is_of_preset = self.sources.is_of_preset(node.span.file);
                let dialect = if is_of_preset { Dialect::Moveworks } else { self.dialect };
                return self.compile(dialect, place, node);
            }
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
        let is_alone = self.lets.is_empty() && self.locals.is_empty();
        let said = is_alone.then(|| (place, dialect, text.clone()));
        if let Some(known) = said.as_ref().and_then(|said| self.compiled.get(said)) {
            return Some(known.clone());
        }
        let is_sure = |compiled: &Compiled| compiled.warnings.is_empty();
        let mut is_known = false;
        let expression = self.compile_with(place, node, |vocabulary| {
            let compiled = Expression::compile(dialect, text, vocabulary);
            is_known = compiled.as_ref().is_ok_and(is_sure);
            compiled
        })?;
        if let Some(said) = said.filter(|_| is_known) {
            self.compiled.insert(said, expression.clone());
        }
        Some(expression)
    }

    /// What `compile` makes of the text of a node; tells of everything that is wrong with it.
    pub(super) fn compile_with(
        &mut self,
        place: Place,
        node: &Node,
        compile: impl FnOnce(&Vocabulary) -> Result<Compiled, Vec<Error>>,
    ) -> Option<Expression> {
        let vocabulary =
            self.vocabularies.entry(place).or_insert_with(|| roots::vocabulary(place, &self.lets));
        vocabulary.locals.clone_from(&self.locals);
        let compiled = compile(vocabulary);
        // What stands in `defaults` may stand in another file than the listener.
        let source = Arc::clone(&self.sources.file(node.span.file).text);
        let place_of = |range: &Range<usize>| yaml::inside(&source, node, range);
        match compiled {
            Ok(compiled) => {
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

/// Whether an expression can name something so.
pub(super) fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !KEYWORDS.contains(&name.to_ascii_uppercase().as_str())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
}
