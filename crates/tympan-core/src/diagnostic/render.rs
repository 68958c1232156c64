//! Diagnostics as people and as programs read them.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use annotate_snippets::Annotation;
use annotate_snippets::AnnotationKind;
use annotate_snippets::Group;
use annotate_snippets::Level;
use annotate_snippets::Renderer;
use annotate_snippets::Snippet;
use serde_json::json;

use super::Diagnostic;
use super::Diagnostics;
use super::Problem;
use super::Severity;
use crate::span::FileId;
use crate::span::Sources;
use crate::span::Span;

/// Every diagnostic with its lines and a caret, in the order of the files.
#[must_use]
pub fn text(diagnostics: &Diagnostics, sources: &Sources, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let sorted = diagnostics.sorted();
    let sources = masked(sources, &sorted);
    let drawn = sorted.iter().map(|found| draw(found, &sources, &renderer));
    let mut text = drawn.collect::<Vec<_>>().join("\n\n");
    if !text.is_empty() {
        text.push('\n');
    }
    if diagnostics.n_more() > 0 {
        let _ = writeln!(text, "\n... and {} more", diagnostics.n_more());
    }
    text
}

/// Every diagnostic as JSON: `[{code, severity, file, line, column, end_line, end_column, message,
/// help}]`, lines and columns from 1, columns in characters.
#[must_use]
pub fn json(diagnostics: &Diagnostics, sources: &Sources) -> serde_json::Value {
    let all = diagnostics.sorted().into_iter().map(|Diagnostic { at, problem }| {
        let start = sources.line_column(*at);
        let end = sources.line_column(Span { start: at.end, ..*at });
        json!({
            "code": problem.code(),
            "severity": severity(problem.severity()),
            "file": sources.file(at.file).name,
            "line": start.line,
            "column": start.column,
            "end_line": end.line,
            "end_column": end.column,
            "message": problem.message(),
            "help": problem.help(),
        })
    });
    all.collect()
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn draw(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let Diagnostic { at, problem } = diagnostic;
    let level = match problem.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = visible(&problem.message());
    let mut group = Group::with_title(level.primary_title(message).id(problem.code()));
    let primary = AnnotationKind::Primary;
    match problem.related() {
        Some((other, label)) if is_near(*at, other, sources) => {
            let both =
                at.range().start.min(other.range().start)..at.range().end.max(other.range().end);
            let marks = [(primary, *at, None), (AnnotationKind::Context, other, Some(label))];
            group = group.element(snippet(sources, at.file, &both, &marks));
        }
        related => {
            let marks = [(primary, *at, None)];
            group = group.element(snippet(sources, at.file, &at.range(), &marks));
            if let Some((other, label)) = related {
                let marks = [(AnnotationKind::Context, other, Some(label))];
                group = group.element(snippet(sources, other.file, &other.range(), &marks));
            }
        }
    }
    if let Some(help) = problem.help() {
        group = group.element(Level::HELP.message(visible(&help)));
    }
    renderer.render(&[group])
}

/// The lines of a range, with marks in them. Only those are given to the drawing library, which
/// would look through the whole file for each diagnostic.
fn snippet<'s>(
    sources: &'s Sources,
    file: FileId,
    range: &Range<usize>,
    marks: &[(AnnotationKind, Span, Option<&'static str>)],
) -> Snippet<'s, Annotation<'s>> {
    let file = sources.file(file);
    let (line, bytes) = file.lines(range);
    let text = &file.text[bytes.clone()];
    let marks = marks.iter().map(|(kind, span, label)| {
        let range = span.range();
        let start = range.start.saturating_sub(bytes.start);
        let annotation = kind.span(within(text, start..range.end.saturating_sub(bytes.start)));
        match label {
            Some(label) => annotation.label(*label),
            None => annotation,
        }
    });
    Snippet::source(text).line_start(line).path(file.name.as_str()).annotations(marks)
}

/// Whether two places can be shown in one piece of text.
fn is_near(a: Span, b: Span, sources: &Sources) -> bool {
    a.file == b.file && sources.line_column(a).line.abs_diff(sources.line_column(b).line) < 40
}

/// The texts to draw, in which secrets do not show: drawings end up in logs.
fn masked<'s>(sources: &'s Sources, diagnostics: &[&Diagnostic]) -> Cow<'s, Sources> {
    let mut sources = Cow::Borrowed(sources);
    for Diagnostic { at, problem } in diagnostics {
        if *problem == Problem::SecretWritten {
            sources.to_mut().mask(*at);
        }
    }
    sources
}

/// A range that the drawing library can take: inside the text, on characters, one line long.
fn within(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(range.start.min(text.len()));
    let end = text.floor_char_boundary(range.end.clamp(start, text.len()));
    let line_end = text[start..end].find('\n').map_or(end, |newline| start + newline);
    start..line_end
}

/// What a stranger may have put into a file shows itself instead of acting on the terminal.
fn visible(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    for character in message.chars() {
        if character.is_control() && character != '\n' {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    shown
}
