//! The Moveworks DSL: text to tokens to the written form to the inner form.

use crate::bounds;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Warning;
use crate::form::Node;
use crate::parts::Part;
use crate::vocabulary::Vocabulary;

pub mod ast;
mod compile;
mod lex;
mod parse;
mod parts;

/// Reads `text` into its written form, whatever its names stand for.
///
/// # Errors
///
/// The first mistake in its grammar.
pub fn parse(text: &str) -> Result<ast::Expr, Error> {
    if text.len() > bounds::SOURCE_LENGTH {
        let kind = ErrorKind::TooLong { found: text.len(), limit: bounds::SOURCE_LENGTH };
        return Err(Error { range: 0..text.len(), kind });
    }
    if text.trim().is_empty() {
        return Err(Error { range: 0..text.len(), kind: ErrorKind::Empty });
    }
    parse::parse(text, lex::lex(text)?)
}

/// Compiles `text` for a place where the names of `vocabulary` exist.
pub(crate) fn compile(
    text: &str,
    vocabulary: &Vocabulary,
) -> Result<(Node, Vec<Warning>), Vec<Error>> {
    let expr = parse(text).map_err(|error| vec![error])?;
    compile::compile(&expr, vocabulary)
}

/// The parts of `text` and the whole, each compiled for the same place; none of what is no
/// expression.
pub(crate) fn parts(text: &str, vocabulary: &Vocabulary) -> Vec<Part> {
    parse(text).map(|expr| parts::parts(&expr, vocabulary)).unwrap_or_default()
}
