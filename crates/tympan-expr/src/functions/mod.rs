//! Every function of both dialects, with all there is to say about it.

use crate::Dialect;
use crate::bounds::Exhausted;
use crate::error::nearest;
use crate::value::Value;

mod bind;
mod call;
mod code;
mod jmespath;
mod list;
mod number;
mod text;
mod time;

pub(crate) use bind::Given;
pub(crate) use call::Call;

/// A function of the language.
///
/// Both compilers, the evaluator, the reference page and the tests read this and nothing else.
#[derive(Debug)]
pub struct Function {
    /// As written in an expression.
    pub name: &'static str,
    /// Its parameters; `x.$NAME(a)` passes `x` as the first.
    pub parameters: &'static [Parameter],
    /// Whether the last parameter may be repeated.
    pub variadic: bool,
    /// Whether this is an addition to the dialect.
    pub extension: bool,
    /// What it does, in a sentence or two.
    pub doc: &'static str,
    /// Expressions without input and their results as JSON; each is a test.
    pub examples: &'static [(&'static str, &'static str)],
    /// What it yields when an argument is not what it takes: null, or false for a question.
    otherwise: Otherwise,
    /// What it does with arguments that are what it takes.
    call: Run,
}

/// A parameter of a function.
#[derive(Debug)]
pub struct Parameter {
    /// Its name, for the reference.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it may be left out.
    pub optional: bool,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any value, null included.
    Any,
    /// True or false.
    Boolean,
    /// Text or bytes.
    Data,
    /// A lambda, or `&expression` in JMESPath.
    Lambda,
    /// A list.
    List,
    /// A list or a map.
    Many,
    /// A map.
    Map,
    /// A number.
    Number,
    /// A regular expression, known when the expression is compiled.
    Pattern,
    /// A text, bytes, a list or a map.
    Sized,
    /// Any value but null.
    Some,
    /// Text; bytes that are UTF-8 count as text.
    Text,
}

/// What a function yields when an argument is not what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Otherwise {
    False,
    Null,
}

static MOVEWORKS: [&[Function]; 5] =
    [text::FUNCTIONS, list::FUNCTIONS, number::FUNCTIONS, time::FUNCTIONS, code::FUNCTIONS];

static JMESPATH: [&[Function]; 1] = [jmespath::FUNCTIONS];

type Run = for<'a> fn(&mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted>;

/// Every function of a dialect.
pub fn all(dialect: Dialect) -> impl Iterator<Item = &'static Function> {
    let groups: &[&'static [Function]] = match dialect {
        Dialect::Moveworks => &MOVEWORKS,
        Dialect::Jmespath => &JMESPATH,
    };
    groups.iter().copied().flatten()
}

/// The function called `name`: in any case in the Moveworks DSL.
#[must_use]
pub fn find(dialect: Dialect, name: &str) -> Option<&'static Function> {
    all(dialect).find(|function| match dialect {
        Dialect::Moveworks => function.name.eq_ignore_ascii_case(name),
        Dialect::Jmespath => function.name == name,
    })
}

/// The function that may have been meant by `name`.
pub(crate) fn near(dialect: Dialect, name: &str) -> Option<String> {
    nearest(name, all(dialect).map(|function| function.name)).map(str::to_owned)
}

impl Function {
    /// The fewest arguments it takes.
    #[must_use]
    pub fn least(&self) -> usize {
        self.parameters.iter().filter(|parameter| !parameter.optional).count()
    }

    /// The most arguments it takes; `None` for any number.
    #[must_use]
    pub fn most(&self) -> Option<usize> {
        (!self.variadic).then_some(self.parameters.len())
    }

    /// The parameter that takes the argument at `index`.
    #[must_use]
    pub fn parameter(&self, index: usize) -> Option<&'static Parameter> {
        let last = self.parameters.last().filter(|_| self.variadic);
        self.parameters.get(index).or(last)
    }

    /// Calls it, if its arguments are what it takes.
    pub(crate) fn run<'a>(&self, mut call: Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
        if call.admit(self)? {
            return (self.call)(&mut call);
        }
        Ok(match self.otherwise {
            Otherwise::False => Value::Bool(false),
            Otherwise::Null => Value::Null,
        })
    }

    /// Whether the same arguments always give the same value.
    pub(crate) fn is_pure(&self) -> bool {
        self.name != time::NOW
    }
}

impl Kind {
    /// Whether `value` can be taken; lambdas and patterns are no values.
    pub(crate) fn admits(self, value: &Value<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::Some => !value.is_null(),
            Self::Boolean => matches!(value, Value::Bool(_)),
            Self::Data => value.as_bytes().is_some(),
            Self::List => matches!(value, Value::List(_)),
            Self::Many => matches!(value, Value::List(_) | Value::Map(_)),
            Self::Map => matches!(value, Value::Map(_)),
            Self::Number => matches!(value, Value::Number(_)),
            Self::Sized => value.as_bytes().is_some() || Self::Many.admits(value),
            Self::Text => value.as_bytes().is_some_and(|bytes| str::from_utf8(bytes).is_ok()),
            Self::Lambda | Self::Pattern => false,
        }
    }
}

/// A parameter that must be given.
const fn required(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, optional: false }
}

/// A parameter that may be left out.
const fn optional(name: &'static str, kind: Kind) -> Parameter {
    Parameter { name, kind, optional: true }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;
    use super::find;
    use crate::Dialect;
    use crate::Expression;
    use crate::RootId;
    use crate::Source;
    use crate::Value;
    use crate::Vocabulary;

    const DIALECTS: [Dialect; 2] = [Dialect::Moveworks, Dialect::Jmespath];

    struct Clock;

    impl<'a> Source<'a> for Clock {
        fn root(&self, _: RootId) -> Value<'a> {
            Value::Null
        }

        fn entry(&self, _: RootId, _: &str) -> Value<'a> {
            Value::Null
        }

        fn now(&self) -> f64 {
            1_732_000_000.0
        }
    }

    #[test]
    fn names_are_unique_and_found() {
        for dialect in DIALECTS {
            let names = all(dialect).map(|function| function.name).collect::<BTreeSet<_>>();
            assert_eq!(names.len(), all(dialect).count());
        }
        assert!(find(Dialect::Moveworks, "$lowercase").is_some());
        assert!(find(Dialect::Jmespath, "LENGTH").is_none());
        assert_eq!(all(Dialect::Jmespath).count(), 26);
    }

    #[test]
    fn every_function_is_documented_and_its_examples_hold() {
        for dialect in DIALECTS {
            for function in all(dialect) {
                assert!(function.doc.ends_with('.'), "{}", function.name);
                assert!(!function.examples.is_empty(), "{}", function.name);
                for (text, result) in function.examples {
                    let compiled =
                        Expression::compile(dialect, text, &Vocabulary::default()).unwrap();
                    let expected: Value<'_> = serde_json::from_str(result).unwrap();
                    assert_eq!(compiled.expression.eval(&Clock), Ok(expected), "{text}");
                }
            }
        }
    }

    #[test]
    fn optional_parameters_stand_last() {
        for function in DIALECTS.into_iter().flat_map(all) {
            let optional = function.parameters.iter().map(|parameter| parameter.optional);
            assert!(optional.is_sorted(), "{}", function.name);
        }
    }
}
