//! Mustache templates, as mustache(5) has them: text to pieces to the inner form.
//!
//! Values, sections, inverted sections and comments; no partials, which would be files, and no
//! other delimiters. Nothing is escaped: what is written is a text, and no HTML.

use crate::error::Error;
use crate::error::Warning;
use crate::form::Node;
use crate::vocabulary::Vocabulary;

mod compile;
mod parse;

/// Compiles `text` for a place where the names of `vocabulary` exist.
pub(crate) fn compile(
    text: &str,
    vocabulary: &Vocabulary,
) -> Result<(Node, Vec<Warning>), Vec<Error>> {
    let pieces = parse::parse(text).map_err(|error| vec![error])?;
    compile::compile(&pieces, vocabulary)
}
