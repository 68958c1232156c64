//! JMESPath: text to the tree of the `jmespath` crate to the inner form.

use jmespath::ast::Ast;

use crate::bounds;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Warning;
use crate::form::Node;
use crate::parts::Part;
use crate::vocabulary::Vocabulary;

mod compile;
mod guard;
mod parts;
mod place;

/// Compiles `text` for a place where the names of `vocabulary` exist.
pub(crate) fn compile(
    text: &str,
    vocabulary: &Vocabulary,
) -> Result<(Node, Vec<Warning>), Vec<Error>> {
    let tree = parse(text)?;
    compile::compile(&tree, text, vocabulary)
}

/// The parts of `text` and the whole, each compiled for the same place; none of what is no
/// expression.
pub(crate) fn parts(text: &str, vocabulary: &Vocabulary) -> Vec<Part> {
    parse(text).map(|tree| parts::parts(&tree, text, vocabulary)).unwrap_or_default()
}

fn parse(text: &str) -> Result<Ast, Vec<Error>> {
    if text.len() > bounds::SOURCE_LENGTH {
        let kind = ErrorKind::TooLong { found: text.len(), limit: bounds::SOURCE_LENGTH };
        return Err(vec![Error { range: 0..text.len(), kind }]);
    }
    if text.trim().is_empty() {
        return Err(vec![Error { range: 0..text.len(), kind: ErrorKind::Empty }]);
    }
    // The parser goes as deep as the text says, and so does dropping what it makes.
    guard::look(text).map_err(|error| vec![error])?;
    jmespath::parse(text).map_err(|error| {
        let kind = ErrorKind::Jmespath { reason: error.reason.to_string() };
        vec![Error { range: place::token(text, error.offset), kind }]
    })
}
