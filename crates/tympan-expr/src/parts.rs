//! What an expression is made of, each part ready to run on its own: for whoever explains a value.

use std::ops::Range;

use crate::expression::Dialect;
use crate::expression::Expression;
use crate::jmespath;
use crate::moveworks;
use crate::vocabulary::Vocabulary;

/// Parts that are told apart; an expression that has more of them is not explained by more lines.
const MOST_PARTS: usize = 64;

/// A part of an expression.
#[derive(Clone, Debug)]
pub struct Part {
    /// Where it stands, in bytes of the text.
    pub range: Range<usize>,
    /// What it yields, by the same evaluator as the whole.
    pub expression: Expression,
}

/// The parts of `text` whose values depend on the input, in the order in which they stand there,
/// a larger one before those within it. What depends on a lambda's parameter is left out, as it
/// has no value of its own; so is the whole. Nothing is told about a text that does not compile.
#[must_use]
pub fn parts(dialect: Dialect, text: &str, vocabulary: &Vocabulary) -> Vec<Part> {
    let mut parts = match dialect {
        Dialect::Moveworks => moveworks::parts(text, vocabulary),
        Dialect::Jmespath => jmespath::parts(text, vocabulary),
    };
    let whole = bare(text, 0..text.len());
    for part in &mut parts {
        part.range = bare(text, part.range.clone());
    }
    parts.retain(|part| {
        let is_within = text.get(part.range.clone()).is_some() && part.range != whole;
        is_within && part.expression.as_constant().is_none()
    });
    parts.sort_by_key(|part| (part.range.start, std::cmp::Reverse(part.range.end)));
    let mut seen: Vec<&str> = Vec::new();
    parts.retain(|part| {
        let written = &text[part.range.clone()];
        let is_new = !seen.contains(&written);
        if is_new {
            seen.push(written);
        }
        is_new
    });
    parts.truncate(MOST_PARTS);
    parts
}

/// Without blanks, and without parentheses around all of it.
pub(crate) fn bare(text: &str, mut range: Range<usize>) -> Range<usize> {
    loop {
        let Some(part) = text.get(range.clone()) else { return range };
        let start = range.start + (part.len() - part.trim_start().len());
        range = start..start + part.trim().len();
        let inner = text[range.clone()].strip_prefix('(').and_then(|it| it.strip_suffix(')'));
        match inner {
            Some(inner) if is_balanced(inner) => range = range.start + 1..range.end - 1,
            _ => return range,
        }
    }
}

/// Whether no parenthesis closes one that stands before.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_usize;
    for char in text.chars() {
        match char {
            '(' => depth += 1,
            ')' if depth == 0 => return false,
            ')' => depth -= 1,
            _ => {}
        }
    }
    depth == 0
}
