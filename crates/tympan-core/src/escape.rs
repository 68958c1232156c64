//! Showing what strangers wrote.

use std::fmt::Write;

use tympan_expr::Value;

/// What a stranger wrote: escaped, so that it cannot pass for a line or a command to a terminal,
/// and cut after `most` characters.
#[must_use]
pub fn escaped(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for (index, character) in text.chars().enumerate() {
        if index == most {
            shown.push('…');
            break;
        }
        if character.is_control() || is_bidi(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A value as JSON on one line, without any character that a terminal would obey.
#[must_use]
pub fn json(value: &Value<'_>) -> String {
    let mut shown = String::new();
    for character in serde_json::to_string(value).unwrap_or_default().chars() {
        if character.is_control() || is_bidi(character) {
            // All of these have four digits, and stand within texts.
            let _ = write!(shown, "\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Characters that change the order in which a line is shown.
fn is_bidi(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_strangers_write() {
        let found = escaped("/a\x1b]0;x\x07\r\nb\u{202e}", 256);
        assert_eq!(found, r"/a\u{1b}]0;x\u{7}\u{d}\u{a}b\u{202e}");
        assert_eq!(escaped(&"x".repeat(300), 256).chars().count(), 257);
    }
}
