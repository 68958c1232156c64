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
    let drawn = sorted.iter().map(|found| draw(found, sources, &renderer));
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
    let text = masked(&file.text, diagnostic);
    let level = match problem.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = visible(&problem.message());
    let title = level.primary_title(message).id(problem.code());
    let range = within(&text, at.range());
    let mut snippet = Snippet::source(&*text)
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

/// The text to draw, in which a secret does not show: drawings end up in logs.
fn masked<'t>(text: &'t str, Diagnostic { at, problem }: &Diagnostic) -> Cow<'t, str> {
    let range = at.range();
    match (problem, text.get(range.clone())) {
        (Problem::SecretWritten, Some(secret)) => {
            let mask = |byte: u8| if byte == b'\n' { '\n' } else { '*' };
            let mask: String = secret.bytes().map(mask).collect();
            Cow::Owned(format!("{}{mask}{}", &text[..range.start], &text[range.end..]))
        }
        _ => Cow::Borrowed(text),
    }
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
