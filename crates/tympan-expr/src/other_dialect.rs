//! Whether a text that does not compile is an expression of the other dialect.

use crate::error::Error;
use crate::error::ErrorKind;
use crate::expression::Dialect;
use crate::jmespath;
use crate::moveworks;
use crate::vocabulary::Vocabulary;

/// Signs that stand in JMESPath, and outside of texts in no expression of the Moveworks DSL.
const SIGNS: [&str; 9] = ["[?", "[*]", "[]", ".*", "`", "@", ".\"", "(&", ", &"];

/// One error instead of many, where `text` says something in the other dialect.
pub(crate) fn look(
    dialect: Dialect,
    text: &str,
    vocabulary: &Vocabulary,
    errors: Vec<Error>,
) -> Vec<Error> {
    // What is known to be wrong in particular is told in particular.
    let grammar = |error: &Error| {
        matches!(
            error.kind,
            ErrorKind::UnexpectedCharacter { .. }
                | ErrorKind::UnexpectedToken { .. }
                | ErrorKind::UnclosedText { .. }
                | ErrorKind::BadNumber { .. }
                | ErrorKind::Jmespath { .. }
        )
    };
    let Some(range) = errors.first().filter(|first| grammar(first)).map(|it| it.range.clone())
    else {
        return errors;
    };
    let (written, compiles) = match dialect {
        Dialect::Moveworks => {
            let looks = SIGNS.iter().any(|sign| text.contains(sign));
            (Dialect::Jmespath, looks && jmespath::compile(text, vocabulary).is_ok())
        }
        Dialect::Jmespath => (Dialect::Moveworks, moveworks::compile(text, vocabulary).is_ok()),
    };
    if compiles { vec![Error { range, kind: ErrorKind::OtherDialect { written } }] } else { errors }
}
