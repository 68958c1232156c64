//! The text of a template to its pieces.

use std::ops::Range;

use crate::bounds;
use crate::error::Error;
use crate::error::ErrorKind;

/// A piece of a template.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    /// Written as it stands.
    Text(String),
    /// `{{name}}`
    Value(Name),
    /// `{{#name}}...{{/name}}`, or with `^` instead of `#` the inverse.
    Section {
        /// What it is about.
        name: Name,
        /// Whether it is written only where there is no such value.
        is_inverted: bool,
        /// What is written.
        body: Vec<Piece>,
    },
}

/// What a tag names.
#[derive(Debug, PartialEq)]
pub(super) struct Name {
    /// Where it stands.
    pub(super) range: Range<usize>,
    /// As written; what lies between the dots, or nothing for `.`.
    pub(super) parts: Vec<String>,
}

/// The pieces of `text`, or its first mistake.
pub(super) fn parse(text: &str) -> Result<Vec<Piece>, Error> {
    if text.len() > bounds::TEMPLATE_LENGTH {
        let kind = ErrorKind::TooLong { found: text.len(), limit: bounds::TEMPLATE_LENGTH };
        return Err(Error { range: 0..text.len(), kind });
    }
    let mut parser = Parser { text, at: 0, pieces: Vec::new(), open: Vec::new() };
    while parser.next_tag()? {}
    match parser.open.pop() {
        Some(open) => {
            let name = text[open.name.range.clone()].to_owned();
            Err(Error { range: open.name.range, kind: ErrorKind::UnclosedSection { name } })
        }
        None => Ok(parser.pieces),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// What was read ends here.
    at: usize,
    /// The pieces of the innermost section.
    pieces: Vec<Piece>,
    /// The sections that are open, the innermost last.
    open: Vec<Open>,
}

/// A section that has not ended.
struct Open {
    name: Name,
    is_inverted: bool,
    /// The pieces before it.
    before: Vec<Piece>,
}

impl Parser<'_> {
    /// Reads up to the end of the next tag; false when there is none.
    fn next_tag(&mut self) -> Result<bool, Error> {
        let Some(start) = self.text[self.at..].find("{{").map(|at| self.at + at) else {
            self.push_text(self.text.len());
            return Ok(false);
        };
        let inner = start + 2;
        let sign = self.text[inner..].trim_start().chars().next();
        let closing = if self.text[inner..].starts_with('{') { "}}}" } else { "}}" };
        let Some(end) = self.text[inner..].find(closing).map(|at| inner + at) else {
            return Err(Error { range: start..inner, kind: ErrorKind::UnclosedTag { closing } });
        };
        let tag = start..end + closing.len();
        let name = |signs: usize| {
            let text = &self.text[inner..end];
            let first = inner + (text.len() - text.trim_start().len()) + signs;
            self.name(first.min(end)..end)
        };
        match sign {
            Some('!') => self.skip_to(self.alone(&tag)),
            Some('#' | '^') => {
                let open = name(1)?;
                self.open(open, sign == Some('^'), &tag)?;
            }
            Some('/') => {
                let name = name(1)?;
                self.close(&name, &tag)?;
            }
            Some(sign @ ('>' | '=')) => {
                return Err(Error { range: tag, kind: ErrorKind::UnknownTag { sign } });
            }
            _ => {
                let name = name(usize::from(matches!(sign, Some('&' | '{'))))?;
                self.push_text(start);
                self.at = tag.end;
                self.pieces.push(Piece::Value(name));
            }
        }
        Ok(true)
    }

    fn open(&mut self, name: Name, is_inverted: bool, tag: &Range<usize>) -> Result<(), Error> {
        if self.open.len() >= bounds::DEPTH {
            let kind = ErrorKind::TooDeep { limit: bounds::DEPTH };
            return Err(Error { range: name.range, kind });
        }
        self.skip_to(self.alone(tag));
        let before = std::mem::take(&mut self.pieces);
        self.open.push(Open { name, is_inverted, before });
        Ok(())
    }

    fn close(&mut self, name: &Name, tag: &Range<usize>) -> Result<(), Error> {
        self.skip_to(self.alone(tag));
        match self.open.pop() {
            Some(open) if open.name.parts == name.parts => {
                let body = std::mem::replace(&mut self.pieces, open.before);
                let Open { name, is_inverted, .. } = open;
                self.pieces.push(Piece::Section { name, is_inverted, body });
                Ok(())
            }
            other => {
                let open = other.map(|open| self.text[open.name.range].to_owned());
                let written = self.text[name.range.clone()].to_owned();
                let kind = ErrorKind::SectionNotOpen { name: written, open };
                Err(Error { range: name.range.clone(), kind })
            }
        }
    }

    /// What a tag takes away that writes nothing: its whole line if it stands there alone.
    fn alone(&self, tag: &Range<usize>) -> Range<usize> {
        let is_blank = |text: &str| text.chars().all(|char| matches!(char, ' ' | '\t' | '\r'));
        let line = self.text[..tag.start].rfind('\n').map_or(0, |at| at + 1);
        let (end, next) = match self.text[tag.end..].find('\n') {
            Some(at) => (tag.end + at, tag.end + at + 1),
            None => (self.text.len(), self.text.len()),
        };
        let is_alone = line >= self.at
            && is_blank(&self.text[line..tag.start])
            && is_blank(&self.text[tag.end..end]);
        if is_alone { line..next } else { tag.clone() }
    }

    /// Takes the text before `range` as a piece, and goes on behind it.
    fn skip_to(&mut self, range: Range<usize>) {
        self.push_text(range.start);
        self.at = range.end;
    }

    fn push_text(&mut self, end: usize) {
        if let Some(text) = self.text.get(self.at..end).filter(|text| !text.is_empty()) {
            self.pieces.push(Piece::Text(text.to_owned()));
        }
    }

    fn name(&self, range: Range<usize>) -> Result<Name, Error> {
        let written = &self.text[range.clone()];
        let start = range.start + (written.len() - written.trim_start().len());
        let written = written.trim();
        let range = start..start + written.len();
        let is_name = |part: &&str| {
            !part.is_empty()
                && !part.contains(|char: char| char.is_whitespace() || "[](){}\"'".contains(char))
        };
        let parts = match written {
            "." => Vec::new(),
            _ => written.split('.').collect::<Vec<_>>(),
        };
        if !parts.iter().all(is_name) {
            let kind = ErrorKind::TagName { name: written.to_owned() };
            return Err(Error { range, kind });
        }
        Ok(Name { range, parts: parts.into_iter().map(str::to_owned).collect() })
    }
}
