//! An explanation as text, and as JSON.

use std::fmt::Write;

use serde_json::Value;
use serde_json::json;

use super::Came;
use super::Detail;
use super::End;
use super::Explanation;
use super::Stage;
use super::shown;
use crate::escape::escaped;
use crate::span::Sources;
use crate::span::Span;

/// Where places begin, in characters.
const PLACES: usize = 64;

/// For people: a line for each stage, with its place at the end, and what was looked at below.
#[must_use]
pub fn text(explanation: &Explanation, sources: &Sources) -> String {
    let mut text = String::new();
    let Came { method, target, bytes, at, notes } = &explanation.request;
    let target = escaped(target, 200);
    let size = shown::count(*bytes, "byte");
    line(&mut text, "request", &format!("{method} {target}, {size}, at {}", time(*at)), None);
    for note in notes {
        let _ = writeln!(text, "          note: {}", escaped(note, 200));
    }
    let mut is_assumed = false;
    for stage in &explanation.stages {
        if stage.assumed && !is_assumed {
            text.push_str("if it verifies:\n");
            is_assumed = true;
        }
        let place = stage.at.map(|at| place(sources, at));
        line(&mut text, stage.kind.name(), &stage.decision, place.as_deref());
        for detail in &stage.details {
            let _ = match detail {
                Detail::Fact(what, is) => writeln!(text, "          {what:<9} {is}"),
                Detail::Value(written, value) => writeln!(text, "          {written} -> {value}"),
            };
        }
    }
    if let Some(supposed) = &explanation.if_verified {
        end(&mut text, supposed);
        text.push_str("as long as it cannot be checked:\n");
    }
    end(&mut text, &explanation.end);
    for (index, cause) in explanation.causes.iter().enumerate() {
        let what = if index == 0 { "likeliest cause" } else { "or" };
        let _ = writeln!(text, "{what}: {cause}");
    }
    text
}

/// For programs: one object.
#[must_use]
pub fn json(explanation: &Explanation, sources: &Sources) -> Value {
    let Came { method, target, bytes, at, notes } = &explanation.request;
    let stages = explanation.stages.iter().map(|stage: &Stage| {
        let place = stage.at.map(|at| {
            let found = sources.line_column(at);
            let file = &sources.file(at.file).name;
            json!({"file": file, "line": found.line, "column": found.column})
        });
        let details = stage.details.iter().map(|detail| match detail {
            Detail::Fact(what, is) => json!({"what": what, "is": is}),
            Detail::Value(written, value) => json!({"what": written, "is": value}),
        });
        json!({
            "stage": stage.kind.name(),
            "decision": stage.decision,
            "place": place,
            "details": details.collect::<Vec<_>>(),
            "if_verified": stage.assumed,
        })
    });
    let ended = |end: &End| {
        json!({
            "outcome": end.outcome.name(),
            "status": end.reply.status.as_u16(),
            "reason": end.reason.as_ref().map(crate::outcome::Reason::name),
        })
    };
    let mut object = ended(&explanation.end);
    object["request"] = json!({
        "method": method,
        "target": target,
        "bytes": bytes,
        "at": time(*at),
        "notes": notes,
    });
    object["stages"] = stages.collect();
    object["if_verified"] = explanation.if_verified.as_ref().map_or(Value::Null, ended);
    object["causes"] = json!(explanation.causes);
    object
}

fn line(text: &mut String, name: &str, decision: &str, place: Option<&str>) {
    let line = format!("{name:<9} {decision}");
    let _ = match place {
        Some(place) => writeln!(text, "{line:<PLACES$}  {place}"),
        None => writeln!(text, "{line}"),
    };
}

fn end(text: &mut String, end: &End) {
    let status = end.reply.status.as_u16();
    let reason = match &end.reason {
        Some(reason) => format!(", {}: {reason}", reason.name()),
        None => String::new(),
    };
    line(text, "outcome", &format!("{} ({status}){reason}", end.outcome.name()), None);
    let mut answer = status.to_string();
    for (name, value) in &*end.reply.headers {
        let _ = write!(answer, " {name}: {};", String::from_utf8_lossy(value.as_bytes()));
    }
    let body = String::from_utf8_lossy(&end.reply.body);
    let _ = write!(answer, " {}", if body.is_empty() { "no body" } else { &body });
    line(text, "answer", &escaped(&answer, 200), None);
}

fn place(sources: &Sources, at: Span) -> String {
    let line = sources.line_column(at).line;
    format!("{}:{line}", sources.file(at.file).name)
}

/// An instant in UTC, to the second.
pub(super) fn time(at: f64) -> String {
    let seconds = std::time::Duration::try_from_secs_f64(at).unwrap_or_default().as_secs();
    let timestamp = i64::try_from(seconds).map(jiff::Timestamp::from_second);
    match timestamp {
        Ok(Ok(timestamp)) => timestamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        _ => "1970-01-01T00:00:00Z".to_owned(),
    }
}

/// A distance in time, in whole seconds.
pub(super) fn seconds(distance: f64) -> String {
    format!("{distance:.0} s")
}
