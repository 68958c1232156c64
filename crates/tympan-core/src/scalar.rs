//! Which byte of a YAML token each byte of its text was written with.

/// The offset in `token` of every byte of `text`, and of its end; `None` if the two do not fit.
///
/// `token` is the scalar as it stands in the file: plain, quoted either way, or a block (literal
/// or folded) from its first content character on.
#[must_use]
pub(crate) fn offsets(token: &str, text: &str) -> Option<Vec<usize>> {
    let (style, start, end) = match token.as_bytes().first() {
        Some(b'"') => (Style::Double, 1, token.len().saturating_sub(1)),
        Some(b'\'') => (Style::Single, 1, token.len().saturating_sub(1)),
        _ => (Style::Plain, 0, token.len()),
    };
    let mut walk = Walk { token, text, style, at: start, offsets: Vec::with_capacity(text.len()) };
    while walk.offsets.len() < text.len() {
        walk.step()?;
    }
    walk.offsets.push(walk.at.min(end));
    Some(walk.offsets)
}

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Double,
    Plain,
    Single,
}

struct Walk<'t> {
    token: &'t str,
    text: &'t str,
    style: Style,
    /// The next byte of the token.
    at: usize,
    /// One for each byte of the text that was found so far.
    offsets: Vec<usize>,
}

impl Walk<'_> {
    /// Finds the next character of the text, or the next run of blanks.
    fn step(&mut self) -> Option<()> {
        let token = &self.token[self.at..];
        let wanted = self.text[self.offsets.len()..].chars().next()?;
        let found = token.chars().next()?;
        let blanks = token.len() - token.trim_start_matches([' ', '\t', '\r', '\n']).len();
        if token[..blanks].contains('\n') {
            return self.fold(blanks);
        }
        match (self.style, found) {
            (Style::Double, '\\') => self.escape(wanted),
            (Style::Single, '\'') if wanted == '\'' => self.take(wanted, 2),
            _ if found == wanted => self.take(wanted, found.len_utf8()),
            _ => None,
        }
    }

    fn take(&mut self, wanted: char, n_bytes: usize) -> Option<()> {
        self.offsets.extend(std::iter::repeat_n(self.at, wanted.len_utf8()));
        self.at += n_bytes;
        (self.at <= self.token.len()).then_some(())
    }

    /// A line break, with the blanks around it: the text has fewer of them, or none.
    ///
    /// Blanks at the end of the text's run stand at the end of the token's: in a literal block
    /// they are what is deeper than the block's own indentation.
    fn fold(&mut self, n_written: usize) -> Option<()> {
        let rest = &self.text[self.offsets.len()..];
        let n_meant = rest.len() - rest.trim_start_matches([' ', '\t', '\n']).len();
        let n_trailing = n_meant - rest[..n_meant].trim_end_matches([' ', '\t']).len();
        for idx in 0..n_meant {
            let offset = if idx >= n_meant - n_trailing && n_trailing < n_meant {
                n_written.checked_sub(n_meant - idx)?
            } else {
                idx.min(n_written - 1)
            };
            self.offsets.push(self.at + offset);
        }
        self.at += n_written;
        Some(())
    }

    fn escape(&mut self, wanted: char) -> Option<()> {
        let escaped = self.token[self.at + 1..].chars().next()?;
        match escaped {
            '\n' => {
                let rest = &self.token[self.at + 2..];
                self.at += 2 + rest.len() - rest.trim_start_matches([' ', '\t']).len();
                Some(())
            }
            'x' => self.take(wanted, 4),
            'u' if self.token[self.at + 2..].starts_with(['d', 'D']) && wanted > '\u{ffff}' => {
                self.take(wanted, 12)
            }
            'u' => self.take(wanted, 6),
            'U' => self.take(wanted, 10),
            _ => self.take(wanted, 1 + escaped.len_utf8()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::offsets;

    /// `needle` in the text must point at `written` in the token.
    #[track_caller]
    fn check(token: &str, text: &str, needle: &str, written: &str) {
        let offsets = offsets(token, text).expect("the two fit");
        let start = text.find(needle).unwrap();
        let range = offsets[start]..offsets[start + needle.len()];
        assert_eq!(&token[range], written);
    }

    #[test]
    fn plain() {
        check("a == b", "a == b", "b", "b");
    }

    #[test]
    fn plain_over_two_lines() {
        check("a AND\n    bad", "a AND bad", "bad", "bad");
    }

    #[test]
    fn single_quotes() {
        check("'it''s bad'", "it's bad", "'s", "''s");
        check("'it''s bad'", "it's bad", "bad", "bad");
    }

    #[test]
    fn double_quotes_with_escapes() {
        check(r#""\t\u00e9\x41\"bad\"""#, "\té\u{41}\"bad\"", "bad", "bad");
        check("\"a \\\n   bad\"", "a bad", "bad", "bad");
        check(r#""\ud83c\udfb5 bad""#, "🎵 bad", "bad", "bad");
    }

    #[test]
    fn literal_block() {
        check("one\n    two\n  bad\n", "one\n  two\nbad\n", "bad", "bad");
    }

    #[test]
    fn folded_block() {
        check("aaa\n    bbb\n\n    bad\n  ", "aaa bbb\nbad", "bad", "bad");
    }

    #[test]
    fn what_does_not_fit() {
        assert_eq!(offsets("abc", "abd"), None);
        assert_eq!(offsets("ab", "abd"), None);
        assert_eq!(offsets("\"\\", "x"), None);
    }
}
