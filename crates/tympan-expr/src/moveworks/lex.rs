//! Text to tokens.

use std::ops::Range;

use crate::error::Error;
use crate::error::ErrorKind;
use crate::number::Number;

/// A word, sign or literal.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) range: Range<usize>,
}

/// What a token is; words and functions are as their range says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    Function,
    Number(Number),
    Sign(&'static str),
    Text(String),
    Word,
}

/// Every sign; where one begins another, the longer stands first.
const SIGNS: [&str; 20] = [
    "==", "!=", ">=", "<=", "=>", ">", "<", "+", "-", "*", "/", "(", ")", "[", "]", "{", "}", ",",
    ":", ".",
];

/// What is written for these in other languages, and how it is written here.
const FOREIGN: [(&str, &str); 5] =
    [("&", "AND"), ("|", "OR"), ("!", "NOT"), ("=", "=="), ("\u{201c}", "\"")];

/// The tokens of `text`.
pub(super) fn lex(text: &str) -> Result<Vec<Token>, Error> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(char) = text[at..].chars().next() {
        if char.is_whitespace() {
            at += char.len_utf8();
            continue;
        }
        let token = token(text, at, char)?;
        at = token.range.end;
        tokens.push(token);
    }
    Ok(tokens)
}

fn token(text: &str, start: usize, char: char) -> Result<Token, Error> {
    let rest = &text[start..];
    let (kind, length) = match char {
        '"' | '\'' => return quoted(text, start, char),
        '0'..='9' => return number(text, start),
        '$' if rest[1..].starts_with(begins_word) => {
            (TokenKind::Function, 1 + length_while(&rest[1..], continues_word))
        }
        _ if begins_word(char) => (TokenKind::Word, length_while(rest, continues_word)),
        _ => match SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            Some(sign) => (TokenKind::Sign(sign), sign.len()),
            None => return Err(unexpected(start, char)),
        },
    };
    Ok(Token { kind, range: start..start + length })
}

fn quoted(text: &str, start: usize, quote: char) -> Result<Token, Error> {
    let mut content = String::new();
    let mut chars = text[start + 1..].char_indices();
    while let Some((at, char)) = chars.next() {
        if char == quote {
            let range = start..start + 1 + at + 1;
            return Ok(Token { kind: TokenKind::Text(content), range });
        }
        if char != '\\' {
            content.push(char);
            continue;
        }
        match chars.next() {
            Some((_, escaped @ ('"' | '\'' | '\\'))) => content.push(escaped),
            Some((_, 'n')) => content.push('\n'),
            Some((_, 'r')) => content.push('\r'),
            Some((_, 't')) => content.push('\t'),
            // So that `"\d"` is the regular expression it looks like.
            Some((_, other)) => content.extend(['\\', other]),
            None => break,
        }
    }
    Err(Error { range: start..text.len(), kind: ErrorKind::UnclosedText { quote } })
}

fn number(text: &str, start: usize) -> Result<Token, Error> {
    let rest = &text[start..];
    let mut length = digits(rest);
    // A dot that no digit follows is a step of a path: `1.$TEXT()`.
    if rest[length..].starts_with('.') && digits(&rest[length + 1..]) > 0 {
        length += 1 + digits(&rest[length + 1..]);
    }
    if let Some(exponent) = rest[length..].strip_prefix(['e', 'E']) {
        let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits(unsigned) > 0 {
            length += 1 + (exponent.len() - unsigned.len()) + digits(unsigned);
        }
    }
    let range = start..start + length;
    let written = &rest[..length];
    match Number::parse(written) {
        Some(number) => Ok(Token { kind: TokenKind::Number(number), range }),
        None => Err(Error { range, kind: ErrorKind::BadNumber { text: written.to_owned() } }),
    }
}

fn unexpected(start: usize, found: char) -> Error {
    let mut buffer = [0; 4];
    let written = &*found.encode_utf8(&mut buffer);
    let near = FOREIGN.iter().find(|(foreign, _)| *foreign == written).map(|(_, ours)| *ours);
    Error {
        range: start..start + found.len_utf8(),
        kind: ErrorKind::UnexpectedCharacter { found, near },
    }
}

fn begins_word(char: char) -> bool {
    char.is_alphabetic() || char == '_'
}

fn continues_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

fn digits(text: &str) -> usize {
    length_while(text, |char| char.is_ascii_digit())
}

fn length_while(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|char| !belongs(char)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::TokenKind;
    use super::lex;
    use crate::ErrorKind;

    #[test]
    fn texts() {
        for (written, content) in [
            (r#""it's""#, "it's"),
            (r#"'say "hi"'"#, "say \"hi\""),
            (r#""a\"b""#, "a\"b"),
            (r#""[^a-z\\s]+\d""#, r"[^a-z\s]+\d"),
            (r#""a\nb""#, "a\nb"),
        ] {
            let tokens = lex(written).unwrap();
            assert_eq!(tokens[0].kind, TokenKind::Text(content.into()), "{written}");
            assert_eq!(tokens[0].range, 0..written.len());
        }
    }

    #[test]
    fn characters_that_begin_nothing() {
        for (text, found, near) in [
            ("a && b", '&', Some("AND")),
            ("a = b", '=', Some("==")),
            ("!a", '!', Some("NOT")),
            ("a # b", '#', None),
            ("$", '$', None),
        ] {
            let kind = ErrorKind::UnexpectedCharacter { found, near };
            assert_eq!(lex(text).unwrap_err().kind, kind, "{text}");
        }
    }
}
