//! Where something was written.

use std::ops::Range;

/// One of the files that a configuration was read from.
///
/// Places carry their file from the start, so that a configuration of many files needs no other
/// kind of place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u16);

/// A range of bytes in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

/// A place as people count: from one, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// As the user named it.
    pub name: String,
    /// Its whole text.
    pub text: String,
}

/// Every file that a configuration was read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Span {
    /// The bytes that it covers.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// A span of one file from byte offsets; offsets past 4 GiB cannot occur (files are capped).
    #[must_use]
    pub fn new(file: FileId, range: &Range<usize>) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, start: clamp(range.start), end: clamp(range.end) }
    }
}

impl Sources {
    /// Adds a file and gives its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u16::try_from(self.files.len()).unwrap_or(u16::MAX));
        self.files.push(SourceFile { name: name.into(), text: text.into() });
        id
    }

    /// Puts stars in the place of what a span covers; every other place stays what it was.
    pub(crate) fn mask(&mut self, span: Span) {
        let text = &mut self.files[usize::from(span.file.0)].text;
        if let Some(covered) = text.get(span.range()) {
            let star = |byte: u8| if byte == b'\n' { '\n' } else { '*' };
            let stars: String = covered.bytes().map(star).collect();
            text.replace_range(span.range(), &stars);
        }
    }

    /// The file behind an id that [`Sources::add`] gave.
    #[must_use]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[usize::from(id.0)]
    }

    /// The line and column where a span begins.
    #[must_use]
    pub fn line_column(&self, span: Span) -> LineColumn {
        let text = &self.file(span.file).text;
        let before = &text[..text.floor_char_boundary(span.start as usize)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        LineColumn {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    /// `file:line:column`, as editors and terminals make links of.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let LineColumn { line, column } = self.line_column(span);
        format!("{}:{line}:{column}", self.file(span.file).name)
    }
}

#[cfg(test)]
mod tests {
    use super::FileId;
    use super::Sources;
    use super::Span;

    #[test]
    fn columns_count_characters() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "x: 1\né: ü\n");
        assert_eq!(sources.place(Span::new(file, &(9..11))), "a.yaml:2:4");
        assert_eq!(sources.place(Span::new(FileId(0), &(0..1))), "a.yaml:1:1");
    }
}
