//! Diagnostics as people and as programs read them.

use std::borrow::Cow;

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
use crate::span::Sources;

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
    text
}

/// Every diagnostic as JSON: `[{code, severity, file, line, column, end_line, end_column, message,
/// help}]`, lines and columns from 1, columns in characters.
#[must_use]
pub fn json(diagnostics: &Diagnostics, sources: &Sources) -> serde_json::Value {
    let all = diagnostics.sorted().into_iter().map(|Diagnostic { at, problem }| {
        let start = sources.line_column(*at);
        let end = sources.line_column(crate::span::Span { start: at.end, ..*at });
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
    let file = sources.file(at.file);
    let level = match problem.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = visible(&problem.message());
    let title = level.primary_title(message).id(problem.code());
    let range = within(&file.text, at.range());
    let mut snippet = Snippet::source(file.text.as_str())
        .path(file.name.as_str())
        .annotation(AnnotationKind::Primary.span(range));
    let mut other = None;
    if let Some((place, label)) = problem.related() {
        let second = sources.file(place.file);
        let annotation =
            AnnotationKind::Context.span(within(&second.text, place.range())).label(label);
        if place.file == at.file {
            snippet = snippet.annotation(annotation);
        } else {
            other = Some(
                Snippet::source(second.text.as_str())
                    .path(second.name.as_str())
                    .annotation(annotation),
            );
        }
    }
    let mut group = Group::with_title(title).element(snippet);
    if let Some(other) = other {
        group = group.element(other);
    }
    if let Some(help) = problem.help() {
        group = group.element(Level::HELP.message(visible(&help)));
    }
    renderer.render(&[group])
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
fn within(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
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
