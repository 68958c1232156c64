//! The parts of a written expression, each compiled on its own.

use std::ops::Range;

use crate::expression::Expression;
use crate::moveworks::ast::Argument;
use crate::moveworks::ast::Call;
use crate::moveworks::ast::Expr;
use crate::moveworks::ast::ExprKind;
use crate::moveworks::ast::Step;
use crate::moveworks::ast::StepKind;
use crate::moveworks::compile;
use crate::parts::Part;
use crate::vocabulary::Vocabulary;

/// Every part of `expr` that has a value of its own, and `expr` itself.
pub(super) fn parts(expr: &Expr, vocabulary: &Vocabulary) -> Vec<Part> {
    let mut walk = Walk { vocabulary, parts: Vec::new() };
    walk.expr(expr);
    walk.parts
}

struct Walk<'v> {
    vocabulary: &'v Vocabulary,
    parts: Vec<Part>,
}

impl Walk<'_> {
    fn expr(&mut self, expr: &Expr) {
        self.note(expr);
        match &expr.kind {
            ExprKind::Bool(_)
            | ExprKind::Name(_)
            | ExprKind::Null
            | ExprKind::Number(_)
            | ExprKind::Text(_) => {}
            ExprKind::Call(call) => self.call(call),
            ExprKind::Chain(first, rest) => {
                self.expr(first);
                for (_, operand) in rest {
                    self.expr(operand);
                }
            }
            ExprKind::If(branches, otherwise) => {
                for (condition, then) in branches {
                    self.expr(condition);
                    self.expr(then);
                }
                self.expr(otherwise);
            }
            ExprKind::List(items) => items.iter().for_each(|item| self.expr(item)),
            ExprKind::Map(entries) => entries.iter().for_each(|(_, value)| self.expr(value)),
            ExprKind::Negate(operand) | ExprKind::Not(operand) => self.expr(operand),
            ExprKind::Path(base, steps) => self.path(base, steps),
        }
    }

    /// A path is one part, but what stands before a method is one, too.
    fn path(&mut self, base: &Expr, steps: &[Step]) {
        if !matches!(base.kind, ExprKind::Name(_)) {
            self.expr(base);
        }
        let mut end = base.range.end;
        for (index, step) in steps.iter().enumerate() {
            match &step.kind {
                StepKind::Field(_) => {}
                StepKind::Item(item) => self.expr(item),
                StepKind::Slice(from, to) => {
                    from.iter().chain(to).for_each(|bound| self.expr(bound));
                }
                StepKind::Method(call) => {
                    self.receiver(base, &steps[..index], base.range.start..end);
                    self.call(call);
                }
            }
            end = step.range.end;
        }
    }

    fn receiver(&mut self, base: &Expr, steps: &[Step], range: Range<usize>) {
        let kind = match steps {
            [] => base.kind.clone(),
            _ => ExprKind::Path(Box::new(base.clone()), steps.to_vec()),
        };
        self.note(&Expr { kind, range });
    }

    fn call(&mut self, call: &Call) {
        for argument in &call.arguments {
            if let Argument::Value(expr) = argument {
                self.expr(expr);
            }
        }
    }

    fn note(&mut self, expr: &Expr) {
        if let Ok((node, _)) = compile::compile(expr, self.vocabulary) {
            let expression = Expression::ready(node, self.vocabulary.locals.len());
            self.parts.push(Part { range: expr.range.clone(), expression });
        }
    }
}
