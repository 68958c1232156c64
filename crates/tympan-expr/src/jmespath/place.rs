//! Where in the text a part of the tree stands.

use std::ops::Range;

use jmespath::ast::Ast;

/// The token at `offset`, as far as its first character tells.
pub(super) fn token(text: &str, offset: usize) -> Range<usize> {
    let mut start = offset.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let rest = &text[start..];
    let word = |char: char| char.is_ascii_alphanumeric() || char == '_';
    let length = match rest.chars().next() {
        None => 0,
        Some(quote @ ('"' | '\'' | '`')) => rest[1..].find(quote).map_or(rest.len(), |at| at + 2),
        Some(first) if word(first) => rest.find(|char| !word(char)).unwrap_or(rest.len()),
        Some(first) => first.len_utf8(),
    };
    start..start + length
}

/// What a part of the tree begins with, about.
pub(super) fn start(text: &str, tree: &Ast) -> Range<usize> {
    match tree {
        Ast::Function { offset, name, .. } => function(text, *offset, name),
        other => token(text, offset(other)),
    }
}

/// The name of a function, whose part of the tree has the place of the parenthesis after it.
pub(super) fn function(text: &str, parenthesis: usize, name: &str) -> Range<usize> {
    let end = text.get(..parenthesis).map_or(0, |before| before.trim_end().len());
    match end.checked_sub(name.len()) {
        Some(start) if text.get(start..end) == Some(name) => start..end,
        _ => token(text, parenthesis),
    }
}

/// Where a part of the tree stands, about.
pub(super) fn offset(tree: &Ast) -> usize {
    match tree {
        Ast::Comparison { lhs, .. }
        | Ast::And { lhs, .. }
        | Ast::Or { lhs, .. }
        | Ast::Projection { lhs, .. }
        | Ast::Subexpr { lhs, .. } => offset(lhs),
        Ast::Flatten { node, .. } | Ast::ObjectValues { node, .. } => offset(node),
        Ast::Condition { offset, .. }
        | Ast::Expref { offset, .. }
        | Ast::Field { offset, .. }
        | Ast::Function { offset, .. }
        | Ast::Identity { offset }
        | Ast::Index { offset, .. }
        | Ast::Literal { offset, .. }
        | Ast::MultiHash { offset, .. }
        | Ast::MultiList { offset, .. }
        | Ast::Not { offset, .. }
        | Ast::Slice { offset, .. } => *offset,
    }
}
