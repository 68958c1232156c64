//! Whether a text is flat and short enough for the parser, which would overflow the stack.

use std::iter::Peekable;
use std::str::CharIndices;

use crate::bounds;
use crate::error::Error;
use crate::error::ErrorKind;

/// Looks at the signs of `text` outside of its literals and quoted names.
pub(super) fn look(text: &str) -> Result<(), Error> {
    let mut brackets = 0_usize;
    let mut prefixes = 0_usize;
    let mut operators = 0_usize;
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        // One sign of two characters is one operator.
        let double = match char {
            '&' | '|' | '=' => chars.next_if(|(_, next)| *next == char).is_some(),
            '!' | '<' | '>' => chars.next_if(|(_, next)| *next == '=').is_some(),
            '"' | '\'' | '`' => {
                skip_quoted(&mut chars, char);
                false
            }
            _ => false,
        };
        match char {
            '(' | '[' | '{' => brackets += 1,
            '!' | '&' if !double => prefixes += 1,
            _ if char.is_whitespace() => {}
            _ => prefixes = 0,
        }
        if matches!(char, ')' | ']' | '}') {
            brackets = brackets.saturating_sub(1);
        }
        operators += match char {
            // Projections take the parser deeper than the other operators do.
            '[' | '*' => 2,
            '(' | '{' | '!' | '&' | '|' | '=' | '<' | '>' | '.' => 1,
            _ => 0,
        };
        let error = |kind| Err(Error { range: at..at + char.len_utf8(), kind });
        if brackets + prefixes > bounds::DEPTH {
            return error(ErrorKind::TooDeep { limit: bounds::DEPTH });
        }
        if operators > bounds::OPERATORS {
            return error(ErrorKind::TooManyOperators { limit: bounds::OPERATORS });
        }
    }
    Ok(())
}

fn skip_quoted(chars: &mut Peekable<CharIndices<'_>>, quote: char) {
    while let Some((_, inner)) = chars.next() {
        match inner {
            '\\' => drop(chars.next()),
            _ if inner == quote => break,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::look;

    #[test]
    fn what_the_parser_may_see() {
        let chain = |part: &str, count: usize| vec![part; count].join("||");
        for text in [
            chain("a", 250),
            chain("'(((((((((((((((((((((((((((((((((((((((('", 30),
            chain("(!a)", 60),
            format!("{}a{}", "(".repeat(32), ")".repeat(32)),
            "!".repeat(32) + "a",
            "a != b && c".to_owned(),
        ] {
            assert_eq!(look(&text), Ok(()), "{text}");
        }
        for text in [
            chain("a", 258),
            "[".repeat(33),
            "!".repeat(33),
            "!(".repeat(17),
            "a".to_owned() + &".a".repeat(257),
            "a".to_owned() + &"[]".repeat(129),
        ] {
            assert!(look(&text).is_err(), "{text}");
        }
    }
}
