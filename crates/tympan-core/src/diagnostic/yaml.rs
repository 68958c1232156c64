//! What the YAML library met, in words of ours.

/// The library says what it met; most of it can stay.
pub(super) fn words(message: &str) -> String {
    let words = match message {
        "expected mapping start" => "the file has to be a map of sections, such as `listeners:`",
        "expected string scalar" => "a key has to be a text",
        _ if message.contains("cannot deserialize null") => "a key cannot be empty",
        _ if message.contains("recursive") => "an alias stands inside of what it repeats",
        _ if message.contains("non-finite") => "expected a finite number",
        _ => return format!("this is no YAML: {message}"),
    };
    words.to_owned()
}

/// What people usually did when the library met that.
pub(super) fn help(message: &str) -> Option<String> {
    let has = |part: &str| message.contains(part);
    let help = if has("tab") {
        "indent with spaces: YAML does not allow tabs"
    } else if has("unclosed quote") {
        "close the quote; an expression with quotes inside takes the other kind around it"
    } else if has("trailing content") {
        "put the other kind of quotes around the whole expression: `'\"a\" == b'`"
    } else if has("bracket") || has("flow") {
        "close what is still open; inside `{...}` a text with brackets takes quotes: \
         `'headers[\"X-Name\"]'`"
    } else if has("':'") || has("mapping values") {
        "close the bracket or brace above, or put quotes around a text that holds `: `"
    } else if has("anchor") || has("unexpected character") {
        "a text that begins with `*`, `&`, `@` or a backtick takes quotes; a name after `*` has to \
         be defined with `&` above"
    } else if has("expected key") || has("indent") {
        "indent it as far as the keys above it"
    } else if has("tag") {
        "remove the tag that begins with `!`"
    } else {
        return None;
    };
    Some(help.to_owned())
}
