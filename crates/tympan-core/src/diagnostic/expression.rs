//! The words about mistakes in expressions, whose facts come from the language's own crate.

use tympan_expr::Dialect;
use tympan_expr::ErrorKind;
use tympan_expr::Expected;
use tympan_expr::WarningKind;
use tympan_expr::functions;
use tympan_expr::functions::Kind;

use super::problem::quoted_list;

/// See [`super::Problem::code`].
pub(super) fn code(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::UnexpectedToken { .. } => "E101",
        ErrorKind::UnexpectedCharacter { .. } => "E102",
        ErrorKind::UnclosedText { .. } => "E103",
        ErrorKind::UnclosedBracket { .. } => "E104",
        ErrorKind::BadNumber { .. } => "E105",
        ErrorKind::Empty => "E106",
        ErrorKind::IfWithoutElse => "E107",
        ErrorKind::UnknownName { .. } => "E108",
        ErrorKind::UnknownFunction { .. } => "E109",
        ErrorKind::ArgumentCount { .. } => "E110",
        ErrorKind::ArgumentKind { .. } => "E111",
        ErrorKind::BadPattern { .. } => "E112",
        ErrorKind::PatternNotConstant { .. } => "E113",
        ErrorKind::TooLong { .. } => "E114",
        ErrorKind::TooDeep { .. } => "E115",
        ErrorKind::TooManyOperators { .. } => "E116",
        ErrorKind::Jmespath { .. } => "E117",
        ErrorKind::NoBody => "E118",
        ErrorKind::ZeroStep => "E119",
        ErrorKind::UnknownField { .. } => "E121",
        ErrorKind::UnclosedTag { .. } => "E130",
        ErrorKind::UnclosedSection { .. } => "E131",
        ErrorKind::SectionNotOpen { .. } => "E132",
        ErrorKind::UnknownTag { .. } => "E133",
        ErrorKind::TagName { .. } => "E134",
        ErrorKind::OtherDialect { .. } => "E120",
    }
}

/// See [`super::Problem::message`].
pub(super) fn message(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::UnexpectedToken { found: Some(found), expected } => {
            format!("expected {}, found `{found}`", expected_words(*expected))
        }
        ErrorKind::UnexpectedToken { found: None, expected } => {
            format!("expected {}, found the end of the expression", expected_words(*expected))
        }
        ErrorKind::UnexpectedCharacter { found, .. } => {
            format!("`{found}` means nothing in an expression")
        }
        ErrorKind::UnclosedText { quote } => format!("this text lacks its closing `{quote}`"),
        ErrorKind::UnclosedBracket { bracket } => format!("nothing closes this `{bracket}`"),
        ErrorKind::BadNumber { text } => format!("`{text}` is no number that can be held"),
        ErrorKind::Empty => "the expression is empty".to_owned(),
        ErrorKind::IfWithoutElse => "`IF` needs a value for both cases".to_owned(),
        ErrorKind::UnknownName { name, elsewhere: true, .. } => {
            format!("`{name}` does not exist at this place")
        }
        ErrorKind::UnknownName { name, .. } => format!("`{name}` stands for nothing here"),
        ErrorKind::UnknownField { of, field, .. } => format!("`{of}` has no field `{field}`"),
        ErrorKind::UnknownFunction { name, .. } => format!("there is no function `{name}`"),
        ErrorKind::ArgumentCount { function, least, most, found } => {
            format!("`{function}` takes {}, found {found}", count_words(*least, *most))
        }
        ErrorKind::ArgumentKind { function, parameter, expected, found } => {
            format!(
                "`{parameter}` of `{function}` takes {}, found {}",
                kind_words(*expected),
                article(found)
            )
        }
        ErrorKind::BadPattern { reason } => {
            let reason = reason.lines().last().unwrap_or(reason).trim_start_matches("error: ");
            format!("this regular expression does not compile: {reason}")
        }
        ErrorKind::PatternNotConstant { function, parameter } => {
            format!("`{parameter}` of `{function}` has to be a literal text, such as `\"^a+$\"`")
        }
        ErrorKind::TooLong { found, limit } => {
            format!("the expression has {found} bytes; at most {limit} are read")
        }
        ErrorKind::TooDeep { limit } => format!("the expression is nested deeper than {limit}"),
        ErrorKind::TooManyOperators { limit } => {
            format!("the expression has more than {limit} operators")
        }
        ErrorKind::Jmespath { reason } if reason.contains("Eof") => {
            "this JMESPath expression ends too early".to_owned()
        }
        ErrorKind::Jmespath { reason } => format!("this is no JMESPath: {reason}"),
        ErrorKind::NoBody => "there is no request body to read at this place".to_owned(),
        ErrorKind::ZeroStep => "a slice cannot advance by zero".to_owned(),
        ErrorKind::UnclosedTag { .. } => "this tag of the template is never closed".to_owned(),
        ErrorKind::UnclosedSection { name } => format!("nothing ends the section `{name}`"),
        ErrorKind::SectionNotOpen { name, open: Some(open) } => {
            format!("this ends the section `{name}`, but `{open}` is the one that is open")
        }
        ErrorKind::SectionNotOpen { name, open: None } => {
            format!("this ends the section `{name}`, but none is open")
        }
        ErrorKind::UnknownTag { .. } => "there are no tags of this kind here".to_owned(),
        ErrorKind::TagName { name } if name.is_empty() => "this tag names nothing".to_owned(),
        ErrorKind::TagName { name } => format!("a tag holds a name, and `{name}` is none"),
        ErrorKind::OtherDialect { written: Dialect::Jmespath } => {
            "this is JMESPath, and the Moveworks DSL is read here".to_owned()
        }
        ErrorKind::OtherDialect { written: Dialect::Moveworks } => {
            "this is the Moveworks DSL, and JMESPath is read here".to_owned()
        }
    }
}

/// See [`super::Problem::help`].
pub(super) fn help(kind: &ErrorKind) -> Option<String> {
    Some(match kind {
        ErrorKind::UnknownName { name, near: Some(near), looks_like_literal: true, .. } => {
            format!("did you mean `{near}`? A literal text takes quotes, such as `'\"{name}\"'`")
        }
        ErrorKind::UnknownName { near: Some(near), .. }
        | ErrorKind::UnknownFunction { near: Some(near), .. } => format!("did you mean `{near}`?"),
        ErrorKind::UnknownName { name, elsewhere: true, .. } => home(name).to_owned(),
        ErrorKind::UnknownName { name, looks_like_literal: true, .. } => {
            format!("a literal text takes quotes inside the YAML text: `'\"{name}\"'`")
        }
        ErrorKind::UnknownName { name, .. } => {
            format!("if a literal text is meant, it takes quotes: `'\"{name}\"'`")
        }
        ErrorKind::UnknownField { known, .. } => format!("its fields are {}", quoted_list(known)),
        ErrorKind::UnknownFunction { .. } => "docs/REFERENCE.md lists them all".to_owned(),
        ErrorKind::ArgumentCount { function, .. } | ErrorKind::ArgumentKind { function, .. } => {
            format!("it is called like `{}`", signature(function)?)
        }
        ErrorKind::UnclosedBracket { bracket } => {
            let closing = match bracket {
                '[' => ']',
                '{' => '}',
                _ => ')',
            };
            format!("add `{closing}`")
        }
        ErrorKind::UnexpectedToken { found: None, .. } => {
            "something is missing at its end".to_owned()
        }
        ErrorKind::UnexpectedToken { found: Some(found), expected: Expected::End }
            if found == "(" =>
        {
            "functions begin with `$`, such as `$LENGTH(x)`".to_owned()
        }
        ErrorKind::UnexpectedCharacter { near: Some(near), .. } => {
            format!("did you mean `{near}`?")
        }
        ErrorKind::UnexpectedToken { found: Some(found), .. } if found == "=" => {
            "compare with `==`".to_owned()
        }
        ErrorKind::IfWithoutElse => "write `IF condition THEN value ELSE value`".to_owned(),
        ErrorKind::Empty => "write `null` if there is to be no value".to_owned(),
        ErrorKind::PatternNotConstant { .. } => {
            "regular expressions are compiled once, when the file is read".to_owned()
        }
        ErrorKind::TooLong { .. }
        | ErrorKind::TooDeep { .. }
        | ErrorKind::TooManyOperators { .. } => {
            "make it shorter; what is read after verification can be split with `let:`".to_owned()
        }
        ErrorKind::UnclosedTag { closing } => format!("add `{closing}`"),
        ErrorKind::UnclosedSection { name } => format!("add `{{{{/{name}}}}}`"),
        ErrorKind::SectionNotOpen { open: Some(open), .. } => {
            format!("write `{{{{/{open}}}}}` first")
        }
        ErrorKind::SectionNotOpen { name, open: None } => {
            format!("remove it, or begin with `{{{{#{name}}}}}`")
        }
        ErrorKind::UnknownTag { sign: '>' } => {
            "write the text here: a template cannot include another".to_owned()
        }
        ErrorKind::UnknownTag { .. } => "use `{{` and `}}` throughout".to_owned(),
        ErrorKind::TagName { name } if name.is_empty() => {
            "name a value, such as `{{ order.id }}`".to_owned()
        }
        ErrorKind::TagName { name } if name.contains('[') && !name.contains('$') => {
            "an index stands behind a dot: `{{ list.0 }}`".to_owned()
        }
        ErrorKind::TagName { .. } => {
            "compute it under `args`, and name it here, such as `{{ name }}`".to_owned()
        }
        ErrorKind::OtherDialect { written: Dialect::Jmespath } => {
            "write `{jmespath: '...'}` around it, or `expressions: jmespath` for the whole file"
                .to_owned()
        }
        ErrorKind::OtherDialect { written: Dialect::Moveworks } => {
            "write it without `{jmespath: }`; where the file says `expressions: jmespath`, say it \
             in JMESPath: texts in single quotes, numbers in backticks, `&&` for `AND`"
                .to_owned()
        }
        ErrorKind::UnclosedText { .. } => {
            "close it, or put the other kind of quotes around the YAML text".to_owned()
        }
        _ => return None,
    })
}

/// See [`super::Problem::code`].
pub(super) fn warning_code(kind: &WarningKind) -> &'static str {
    match kind {
        WarningKind::NearRoot { .. } => "E201",
        WarningKind::ConstantCondition { .. } => "E202",
        WarningKind::BareKey { .. } => "E203",
        WarningKind::ElsewhereRoot { .. } => "E204",
        WarningKind::ShadowsRoot { .. } => "E205",
        WarningKind::Unlike { .. } => "E206",
        WarningKind::NoArithmetic { .. } => "E207",
        WarningKind::QuotedField { .. } => "E208",
        WarningKind::KeywordField { .. } => "E209",
        WarningKind::LoneConstant { .. } => "E210",
    }
}

/// See [`super::Problem::message`].
pub(super) fn warning_message(kind: &WarningKind) -> String {
    match kind {
        WarningKind::NearRoot { name, .. } => format!("`{name}` reads a field of the body"),
        WarningKind::ConstantCondition { value } => format!("this condition is always {value}"),
        WarningKind::BareKey { name } => {
            format!("the key is what the field `{name}` holds, not the text `{name}`")
        }
        WarningKind::ElsewhereRoot { name } => {
            format!("`{name}` does not exist at this place, so it reads a field of the body")
        }
        WarningKind::ShadowsRoot { name } => format!("the parameter `{name}` hides a root"),
        WarningKind::Unlike { left, right, value } => {
            let (left, right) = (article(left), article(right));
            format!("this is always {value}: it compares {left} with {right}")
        }
        WarningKind::NoArithmetic { operator, left, right } => {
            let (left, right) = (article(left), article(right));
            format!("this is always null: there is no `{operator}` for {left} and {right}")
        }
        WarningKind::QuotedField { name } => {
            format!("this reads the field `{name}`, and is no text")
        }
        WarningKind::KeywordField { name } => {
            format!("this reads a field that is called `{name}`")
        }
        WarningKind::LoneConstant { found, value } => {
            format!("{} alone is a condition of its own, and always {value}", article(found))
        }
    }
}

/// See [`super::Problem::help`].
pub(super) fn warning_help(kind: &WarningKind) -> String {
    match kind {
        WarningKind::NearRoot { name, root } => {
            format!("did you mean `{root}`? if not, write `parsed_body.{name}`")
        }
        WarningKind::ElsewhereRoot { name } => {
            format!("if that is meant, write `parsed_body.{name}`")
        }
        WarningKind::BareKey { name } => format!("write `\"{name}\"` for the text"),
        WarningKind::ShadowsRoot { .. } => "give the parameter another name".to_owned(),
        WarningKind::Unlike { .. } => {
            "`$TEXT` makes a text of a number, `$INTEGER` and `$FLOAT` a number of a text; JMESPath \
             has them in lower case"
                .to_owned()
        }
        WarningKind::NoArithmetic { operator: "+", .. } => {
            "join texts with anything else with `$CONCAT([a, b])`".to_owned()
        }
        WarningKind::NoArithmetic { .. } => {
            "`$INTEGER` and `$FLOAT` make a number of a text".to_owned()
        }
        WarningKind::QuotedField { name } => {
            format!("texts take single quotes in JMESPath: `'{name}'`")
        }
        WarningKind::KeywordField { name } => format!("write `` `{name}` `` for the value"),
        WarningKind::LoneConstant { .. } => {
            "write `x IN [\"a\", \"b\"]` to compare with several values, `x.$DEFAULT(\"a\")` for a \
             value where there is none"
                .to_owned()
        }
        WarningKind::ConstantCondition { .. } => {
            "remove the condition, or compare with a part of the request".to_owned()
        }
    }
}

fn expected_words(expected: Expected) -> String {
    match expected {
        Expected::End => "an operator or the end of the expression".to_owned(),
        Expected::Expression => "a value".to_owned(),
        Expected::Field => "the name of a field or function".to_owned(),
        Expected::Parameter => "the name of a parameter".to_owned(),
        Expected::Tokens(tokens) => {
            tokens.iter().map(|token| format!("`{token}`")).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn count_words(least: usize, most: Option<usize>) -> String {
    let arguments = |count| if count == 1 { "argument" } else { "arguments" };
    match most {
        Some(most) if most == least => format!("{least} {}", arguments(least)),
        Some(most) => format!("{least} to {most} arguments"),
        None => format!("at least {least} {}", arguments(least)),
    }
}

fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Any => "anything",
        Kind::Boolean => "true or false",
        Kind::Data => "a text or bytes",
        Kind::Lambda => "a lambda such as `x => x.name`",
        Kind::List => "a list",
        Kind::Many => "a list or a map",
        Kind::Map => "a map",
        Kind::Number => "a number",
        Kind::Pattern => "a regular expression",
        Kind::Sized => "a text, bytes, a list or a map",
        Kind::Some => "anything but null",
        Kind::Text => "a text",
    }
}

/// Where a root exists that does not exist at some other place.
fn home(root: &str) -> &'static str {
    match root {
        "item" => {
            "`item` exists only under `events:` or `signature:` with `each:`, and in loops of the Data \
             Mapper"
        }
        "signature_timestamp" => "it exists only in the `payload` of a signature",
        "reply" => "it exists only in responses with `encrypt`",
        "challenge_token" => "it exists only in the `response` of a challenge",
        "inputs" => "it exists only in actions",
        "event" => "it exists only where an event is delivered",
        _ => {
            "it stands for a part of the request, which neither an answer to an unverified one nor a \
             delivery has"
        }
    }
}

/// How a function is called: `$CONCAT(list, [separator])`.
fn signature(name: &str) -> Option<String> {
    let dialect = if name.starts_with('$') { Dialect::Moveworks } else { Dialect::Jmespath };
    functions::find(dialect, name).map(|function| function.signature(dialect))
}

/// A type of values with its article.
pub(super) fn article(kind: &str) -> String {
    match kind {
        "null" | "bytes" => kind.to_owned(),
        _ => format!("a {kind}"),
    }
}
