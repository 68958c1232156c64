//! Whether arguments fit a function, as far as can be told before it is called.

use std::ops::Range;

use regex::Regex;
use regex::RegexBuilder;

use crate::Dialect;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::form::Argument;
use crate::form::Node;
use crate::functions::Function;
use crate::functions::Kind;
use crate::functions::Parameter;
use crate::types::Types;
use crate::value::Value;

/// Bytes that a compiled regular expression may take.
const PATTERN_SIZE: usize = 1024 * 1024;

/// How deep a regular expression may nest.
const PATTERN_DEPTH: u32 = 32;

/// An argument as it was written.
pub(crate) enum Given {
    /// With this many parameters.
    Lambda(usize, Node),
    Value(Node),
}

impl Function {
    /// The arguments as the function takes them, or everything that is wrong with them.
    ///
    /// `range` is where the function's name stands.
    pub(crate) fn bind(
        &'static self,
        dialect: Dialect,
        range: &Range<usize>,
        arguments: Vec<(Range<usize>, Given)>,
    ) -> Result<Vec<Argument>, Vec<Error>> {
        let found = arguments.len();
        let name = self.name_in(dialect);
        let (least, most) = (self.least(), self.most());
        if found < least || most.is_some_and(|most| found > most) {
            let kind = ErrorKind::ArgumentCount { function: name.into_owned(), least, most, found };
            return Err(vec![Error { range: range.clone(), kind }]);
        }
        let mut bound = Vec::with_capacity(found);
        let mut errors = Vec::new();
        for (index, (range, given)) in arguments.into_iter().enumerate() {
            let Some(parameter) = self.parameter(index) else { continue };
            match take(&name, parameter, given) {
                Ok(argument) => bound.push(argument),
                Err(kind) => errors.push(Error { range, kind }),
            }
        }
        if errors.is_empty() { Ok(bound) } else { Err(errors) }
    }
}

fn take(function: &str, parameter: &Parameter, given: Given) -> Result<Argument, ErrorKind> {
    let mismatch = |found| ErrorKind::ArgumentKind {
        function: function.to_owned(),
        parameter: parameter.name,
        expected: parameter.kind,
        found,
    };
    let node = match (parameter.kind, given) {
        (Kind::Lambda, Given::Lambda(parameters, body)) => {
            return Ok(Argument::Lambda(parameters, body));
        }
        (Kind::Lambda, Given::Value(_)) => return Err(mismatch("value")),
        (_, Given::Lambda(..)) => return Err(mismatch("lambda")),
        (_, Given::Value(node)) => node,
    };
    match (parameter.kind, node.as_constant()) {
        (Kind::Pattern, Some(Value::Text(text))) => pattern(text),
        (Kind::Pattern, Some(other)) => Err(mismatch(other.type_name())),
        (Kind::Pattern, None) => Err(ErrorKind::PatternNotConstant {
            function: function.to_owned(),
            parameter: parameter.name,
        }),
        // Null is everywhere, and functions have an answer to it.
        (kind, Some(value)) if !value.is_null() && !kind.admits(value) => {
            Err(mismatch(value.type_name()))
        }
        (kind, None) if can_never_be(node.yields(), kind.types()) => {
            Err(mismatch(node.yields().name()))
        }
        _ => Ok(Argument::Value(node)),
    }
}

/// Whether every value of these types is either null or of none of those.
fn can_never_be(found: Types, expected: Types) -> bool {
    let some = found.without(Types::NULL);
    some != Types::NONE && !some.meets(expected)
}

fn pattern(text: &str) -> Result<Argument, ErrorKind> {
    let pattern: Result<Regex, _> = RegexBuilder::new(text)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE)
        .nest_limit(PATTERN_DEPTH)
        .build();
    match pattern {
        Ok(pattern) => Ok(Argument::Pattern(Box::new(pattern))),
        Err(error) => Err(ErrorKind::BadPattern { reason: error.to_string() }),
    }
}
