//! A command line in the words that a shell makes of it.

use std::iter::Peekable;
use std::str::Chars;

use super::Fault;

/// How many words are read.
const MOST_WORDS: usize = 4_096;

/// The words of the first command of `text`, quotes and escapes resolved as bash does. What only a
/// running shell knows, such as a variable, is a fault.
pub(super) fn words(text: &str) -> Result<Vec<String>, Fault> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\'' => quoted(&mut chars, word.get_or_insert_default())?,
            '"' => double_quoted(&mut chars, word.get_or_insert_default())?,
            '$' if chars.next_if_eq(&'\'').is_some() => {
                escaped(&mut chars, word.get_or_insert_default())?;
            }
            '$' if chars.next_if_eq(&'"').is_some() => {
                double_quoted(&mut chars, word.get_or_insert_default())?;
            }
            '$' => dollar(&mut chars, word.get_or_insert_default())?,
            '`' => return Err(unknown("a command in backquotes")),
            '\\' => match chars.next() {
                // The line goes on.
                Some('\n') | None => {}
                Some('\r') => drop(chars.next_if_eq(&'\n')),
                Some(char) => word.get_or_insert_default().push(char),
            },
            '\n' | ';' | '|' | '&' | '<' | '>' => break,
            '#' if word.is_none() => break,
            ' ' | '\t' | '\r' => {
                words.extend(word.take());
                if words.len() > MOST_WORDS {
                    return Err(Fault::new(format!("it has more than {MOST_WORDS} words")));
                }
            }
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Ok(words)
}

fn unclosed(quote: &str) -> Fault {
    Fault::new(format!("nothing closes the quote {quote}"))
}

fn unknown(what: &str) -> Fault {
    Fault::new(format!("it holds {what}, which only the shell knows: put its value in its place"))
}

fn quoted(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), Fault> {
    loop {
        match chars.next() {
            None => return Err(unclosed("'")),
            Some('\'') => return Ok(()),
            Some(char) => word.push(char),
        }
    }
}

fn double_quoted(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), Fault> {
    loop {
        match chars.next() {
            None => return Err(unclosed("\"")),
            Some('"') => return Ok(()),
            Some('`') => return Err(unknown("a command in backquotes")),
            Some('$') => dollar(chars, word)?,
            Some('\\') => match chars.next() {
                Some('\n') => {}
                Some(char @ ('"' | '\\' | '$' | '`')) => word.push(char),
                Some(char) => word.extend(['\\', char]),
                None => return Err(unclosed("\"")),
            },
            Some(char) => word.push(char),
        }
    }
}

/// A dollar is one, unless a name or a bracket follows.
fn dollar(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), Fault> {
    match chars.peek() {
        Some('(') => Err(unknown("a command in $( )")),
        Some(next) if next.is_ascii_alphanumeric() || "_{".contains(*next) => {
            let name: String =
                chars.clone().take(40).take_while(|it| !it.is_whitespace()).collect();
            Err(unknown(&format!("the variable ${name}")))
        }
        _ => {
            word.push('$');
            Ok(())
        }
    }
}

/// `$'...'`, with the escapes of C.
fn escaped(chars: &mut Peekable<Chars<'_>>, word: &mut String) -> Result<(), Fault> {
    loop {
        let char = match chars.next() {
            None => return Err(unclosed("$'")),
            Some('\'') => return Ok(()),
            Some('\\') => match chars.next() {
                None => return Err(unclosed("$'")),
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('a') => '\u{7}',
                Some('b') => '\u{8}',
                Some('e' | 'E') => '\u{1b}',
                Some('f') => '\u{c}',
                Some('v') => '\u{b}',
                Some('x') => code(chars, 16, 2)?,
                Some('u') => {
                    let high = code_unit(chars, 16, 4);
                    surrogates(chars, high)?
                }
                Some('U') => code(chars, 16, 8)?,
                Some(digit) if digit.is_digit(8) => {
                    let first = digit.to_digit(8).unwrap_or_default();
                    let rest = code_digits(chars, 8, 2);
                    let value = rest.iter().fold(first, |value, digit| value * 8 + digit);
                    character(value)?
                }
                Some(char @ ('\\' | '\'' | '"' | '?')) => char,
                Some(char) => {
                    word.push('\\');
                    char
                }
            },
            Some(char) => char,
        };
        word.push(char);
    }
}

fn code(chars: &mut Peekable<Chars<'_>>, radix: u32, most: usize) -> Result<char, Fault> {
    character(code_unit(chars, radix, most))
}

fn code_unit(chars: &mut Peekable<Chars<'_>>, radix: u32, most: usize) -> u32 {
    let digits = code_digits(chars, radix, most);
    digits.iter().fold(0_u32, |value, digit| value.wrapping_mul(radix).wrapping_add(*digit))
}

fn code_digits(chars: &mut Peekable<Chars<'_>>, radix: u32, most: usize) -> Vec<u32> {
    let mut digits = Vec::new();
    while digits.len() < most
        && let Some(digit) = chars.peek().and_then(|char| char.to_digit(radix))
    {
        digits.push(digit);
        chars.next();
    }
    digits
}

/// Browsers write characters beyond the first plane as two escapes.
fn surrogates(chars: &mut Peekable<Chars<'_>>, high: u32) -> Result<char, Fault> {
    if !(0xd800..0xdc00).contains(&high) {
        return character(high);
    }
    let is_second = chars.next_if_eq(&'\\').is_some() && chars.next_if_eq(&'u').is_some();
    let low = if is_second { code_unit(chars, 16, 4) } else { 0 };
    match low.checked_sub(0xdc00) {
        Some(low) if low < 0x400 => character(0x10000 + ((high - 0xd800) << 10) + low),
        _ => Err(Fault::new("an escape in $'' is no character")),
    }
}

fn character(code: u32) -> Result<char, Fault> {
    char::from_u32(code)
        .filter(|char| *char != '\0')
        .ok_or_else(|| Fault::new("an escape in $'' is no character"))
}
