//! Where something was written.

use std::ops::Range;
use std::sync::Arc;

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
    /// Its whole text, shared with who reads it.
    pub text: Arc<String>,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
    /// The preset that it is, if it is one.
    preset: Option<String>,
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
        let text = text.into();
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        let text = Arc::new(text);
        self.files.push(SourceFile { name: name.into(), text, lines, preset: None });
        id
    }

    /// Says that a file is the preset of a name.
    pub(crate) fn is_preset(&mut self, preset: &str, file: FileId) {
        self.files[usize::from(file.0)].preset = Some(preset.to_owned());
    }

    /// The file that is the preset of a name, if one was added.
    pub(crate) fn preset(&self, preset: &str) -> Option<FileId> {
        let index = self.files.iter().position(|file| file.preset.as_deref() == Some(preset))?;
        Some(FileId(u16::try_from(index).unwrap_or(u16::MAX)))
    }

    /// Whether a file is a preset.
    pub(crate) fn is_of_preset(&self, file: FileId) -> bool {
        self.file(file).preset.is_some()
    }

    /// The names of all presets that were added.
    pub(crate) fn presets(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter_map(|file| file.preset.as_deref())
    }

    /// Puts stars in the place of what a span covers; every other place stays what it was.
    pub(crate) fn mask(&mut self, span: Span) {
        let text = Arc::make_mut(&mut self.files[usize::from(span.file.0)].text);
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

    /// All of them, in the order in which they were added.
    pub fn files(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter()
    }

    /// The line and column where a span begins.
    #[must_use]
    pub fn line_column(&self, span: Span) -> LineColumn {
        let file = self.file(span.file);
        let start = file.text.floor_char_boundary(span.start as usize);
        let line = file.line(start);
        let column = file.text[file.lines[line]..start].chars().count() + 1;
        LineColumn { line: line + 1, column }
    }

    /// `file:line:column`, as editors and terminals make links of.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let LineColumn { line, column } = self.line_column(span);
        format!("{}:{line}:{column}", self.file(span.file).name)
    }
}

impl SourceFile {
    /// The lines that a range touches: the number of the first, from 1, and their bytes.
    #[must_use]
    pub fn lines(&self, range: &Range<usize>) -> (usize, Range<usize>) {
        let (first, last) = (self.line(range.start), self.line(range.end));
        let end = self.lines.get(last + 1).copied().unwrap_or(self.text.len());
        (first + 1, self.lines[first]..end)
    }

    /// The line of a byte, from 0.
    fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset).saturating_sub(1)
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
