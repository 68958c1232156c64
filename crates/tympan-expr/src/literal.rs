//! Whether a text that does not compile is a literal that lacks its quotes.

use crate::error::Error;
use crate::error::ErrorKind;
use crate::vocabulary::Vocabulary;

/// One error instead of many, where the whole text reads like a literal that lacks its quotes:
/// `application/json` is no division.
pub(crate) fn as_literal(
    text: &str,
    vocabulary: &Vocabulary,
    mut errors: Vec<Error>,
) -> Vec<Error> {
    if vocabulary.body.is_some() || !looks_like_literal(text) {
        return errors;
    }
    let mut close = false;
    for error in &mut errors {
        match &mut error.kind {
            ErrorKind::UnknownName { near, elsewhere, looks_like_literal, .. } => {
                *looks_like_literal = true;
                close |= near.is_some() || *elsewhere;
            }
            ErrorKind::TooLong { .. } | ErrorKind::TooDeep { .. } => close = true,
            _ => {}
        }
    }
    if close {
        return errors;
    }
    let name = text.trim();
    let start = text.len() - text.trim_start().len();
    let kind = ErrorKind::UnknownName {
        name: name.to_owned(),
        near: None,
        elsewhere: false,
        looks_like_literal: true,
    };
    vec![Error { range: start..start + name.len(), kind }]
}

/// Whether a text has words, and nothing that only an expression has.
fn looks_like_literal(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == ' ' || "_-./+:;,=@%*?!~#&|".contains(c);
    let text = text.trim();
    text.chars().all(plain) && text.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use crate::Dialect;
    use crate::ErrorKind;
    use crate::Expression;
    use crate::Root;
    use crate::RootId;
    use crate::Shape;
    use crate::Vocabulary;

    #[test]
    fn a_literal_without_its_quotes() {
        let headers = Root { id: RootId(0), name: "headers".into(), shape: Shape::Value };
        let vocabulary = Vocabulary { roots: vec![headers], ..Vocabulary::default() };
        for (text, name, near, literal) in [
            ("ok", "ok", None, true),
            (" application/json ", "application/json", None, true),
            ("text/html; charset=utf-8", "text/html; charset=utf-8", None, true),
            ("no-store", "no-store", None, true),
            ("heders.x", "heders", Some("headers"), true),
            ("header", "header", Some("headers"), true),
            (r#"heders["x"]"#, "heders", Some("headers"), false),
        ] {
            let errors = Expression::compile(Dialect::Moveworks, text, &vocabulary).unwrap_err();
            assert_eq!(errors.len(), 1, "{text}: {errors:?}");
            let kind = ErrorKind::UnknownName {
                name: name.to_owned(),
                near: near.map(str::to_owned),
                elsewhere: false,
                looks_like_literal: literal,
            };
            assert_eq!(errors[0].kind, kind, "{text}");
            assert_eq!(&text[errors[0].range.clone()], name);
        }
    }
}
