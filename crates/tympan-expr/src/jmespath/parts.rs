//! The operands of a JMESPath expression, each compiled on its own.
//!
//! The tree of the parser has places, but no ranges: what is between two operators is found in the
//! text, and only what compiles is a part.

use jmespath::ast::Ast;
use jmespath::ast::Comparator;

use crate::expression::Dialect;
use crate::expression::Expression;
use crate::jmespath::place;
use crate::parts::Part;
use crate::parts::bare;
use crate::vocabulary::Vocabulary;

/// The operands of `&&`, `||`, `!` and comparisons, which nest.
pub(super) fn parts(tree: &Ast, text: &str, vocabulary: &Vocabulary) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut pending = vec![(tree, 0..text.len())];
    while let Some((tree, range)) = pending.pop() {
        let range = bare(text, range);
        match tree {
            Ast::And { lhs, rhs, offset } | Ast::Or { lhs, rhs, offset } => {
                let (left, right) = (range.start..*offset, offset + 2..range.end);
                pending.extend([(&**lhs, left), (&**rhs, right)]);
            }
            Ast::Not { node, offset } => pending.push((node, offset + 1..range.end)),
            Ast::Comparison { comparator, lhs, rhs, .. } => {
                let sign = sign(comparator);
                let before = text.get(range.start..place::offset(rhs)).unwrap_or_default();
                if let Some(at) = before.rfind(sign).map(|at| range.start + at) {
                    let (left, right) = (range.start..at, at + sign.len()..range.end);
                    pending.extend([(&**lhs, left), (&**rhs, right)]);
                }
            }
            _ => {}
        }
        let Some(written) = text.get(range.clone()) else { continue };
        if let Ok(it) = Expression::compile(Dialect::Jmespath, written, vocabulary) {
            parts.push(Part { range, expression: it.expression });
        }
    }
    parts
}

fn sign(comparator: &Comparator) -> &'static str {
    match comparator {
        Comparator::Equal => "==",
        Comparator::NotEqual => "!=",
        Comparator::LessThan => "<",
        Comparator::LessThanEqual => "<=",
        Comparator::GreaterThan => ">",
        Comparator::GreaterThanEqual => ">=",
    }
}
