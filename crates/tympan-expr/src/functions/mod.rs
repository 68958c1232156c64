//! Every function of both dialects, with all there is to say about it.

use std::borrow::Cow;

use crate::Dialect;
use crate::bounds::Exhausted;
use crate::error::nearest;
use crate::types::Types;
use crate::value::Value;

mod bind;
mod call;
mod code;
mod digest;
mod encoding;
mod jmespath;
mod list;
mod number;
mod pairs;
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
    /// What it yields where its arguments are what it takes; null besides.
    pub result: Types,
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

/// Those of the Moveworks DSL, by what they are about.
static MOVEWORKS: [(&str, &[Function]); 8] = [
    ("Texts", text::FUNCTIONS),
    ("Lists and maps", list::FUNCTIONS),
    ("Numbers, and any value", number::FUNCTIONS),
    ("Times", time::FUNCTIONS),
    ("JSON", code::FUNCTIONS),
    ("Encodings", encoding::FUNCTIONS),
    ("Digests", digest::FUNCTIONS),
    ("Keys and values in texts", pairs::FUNCTIONS),
];

type Run = for<'a> fn(&mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted>;

/// Every function of a dialect: in JMESPath those of its standard, and those of the Moveworks DSL
/// whose names it has not taken.
pub fn all(dialect: Dialect) -> impl Iterator<Item = &'static Function> {
    let standard: &[Function] = match dialect {
        Dialect::Moveworks => &[],
        Dialect::Jmespath => jmespath::FUNCTIONS,
    };
    let own = MOVEWORKS.iter().flat_map(|(_, functions)| *functions);
    standard.iter().chain(own.filter(move |function| {
        !standard.iter().any(|taken| taken.is_called(dialect, &function.name_in(dialect)))
    }))
}

/// The standard functions of JMESPath.
#[must_use]
pub fn standard() -> &'static [Function] {
    jmespath::FUNCTIONS
}

/// The functions of the Moveworks DSL, by what they are about.
pub fn groups() -> impl Iterator<Item = (&'static str, &'static [Function])> {
    MOVEWORKS.iter().copied()
}

/// The function called `name`: in any case in the Moveworks DSL; in JMESPath without the `$` and in
/// lower case.
#[must_use]
pub fn find(dialect: Dialect, name: &str) -> Option<&'static Function> {
    let standard = match dialect {
        Dialect::Moveworks => None,
        Dialect::Jmespath => jmespath::FUNCTIONS.iter().find(|it| it.name == name),
    };
    let own = || MOVEWORKS.iter().flat_map(|(_, functions)| *functions);
    standard.or_else(|| own().find(|function| function.is_called(dialect, name)))
}

/// Whether a function makes a digest, which says nothing of the length of what it is made of.
pub(crate) fn is_digest(function: &Function) -> bool {
    digest::FUNCTIONS.iter().any(|digest| digest.name == function.name)
}

/// Whether a function writes or reads bytes in another way.
pub(crate) fn is_encoding(function: &Function) -> bool {
    encoding::FUNCTIONS.iter().any(|encoding| encoding.name == function.name)
}

/// The function that may have been meant by `name`.
pub(crate) fn near(dialect: Dialect, name: &str) -> Option<String> {
    let names = all(dialect).map(|function| function.name_in(dialect)).collect::<Vec<_>>();
    nearest(name, names.iter().map(|known| &**known)).map(str::to_owned)
}

impl Function {
    /// How it is written in a dialect: what is `$TRIM` in the Moveworks DSL is `trim` in JMESPath,
    /// where no name can begin with a sign.
    #[must_use]
    pub fn name_in(&self, dialect: Dialect) -> Cow<'static, str> {
        match (dialect, self.name.strip_prefix('$')) {
            (Dialect::Jmespath, Some(bare)) => Cow::Owned(bare.to_ascii_lowercase()),
            _ => Cow::Borrowed(self.name),
        }
    }

    /// How it is called: `$CONCAT(list, [separator])`.
    #[must_use]
    pub fn signature(&self, dialect: Dialect) -> String {
        let mut parameters = Vec::new();
        for Parameter { name, optional, .. } in self.parameters {
            parameters.push(if *optional { format!("[{name}]") } else { (*name).to_owned() });
        }
        if self.variadic {
            parameters.push("...".to_owned());
        }
        format!("{}({})", self.name_in(dialect), parameters.join(", "))
    }

    /// Everything that it can yield.
    #[must_use]
    pub fn yields(&self) -> Types {
        match self.otherwise {
            Otherwise::False => self.result,
            Otherwise::Null => self.result.or(Types::NULL),
        }
    }

    fn is_called(&self, dialect: Dialect, name: &str) -> bool {
        match (dialect, self.name.strip_prefix('$')) {
            (Dialect::Moveworks, _) => self.name.eq_ignore_ascii_case(name),
            (Dialect::Jmespath, Some(bare)) => {
                bare.eq_ignore_ascii_case(name) && !name.contains(|c: char| c.is_ascii_uppercase())
            }
            (Dialect::Jmespath, None) => self.name == name,
        }
    }

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
    /// The types of the values that can be taken.
    #[must_use]
    pub fn types(self) -> Types {
        match self {
            Self::Any => Types::ANY,
            Self::Boolean => Types::BOOLEAN,
            Self::Data | Self::Text => Types::DATA,
            Self::List => Types::LIST,
            Self::Many => Types::LIST.or(Types::MAP),
            Self::Map => Types::MAP,
            Self::Number => Types::NUMBER,
            Self::Sized => Types::DATA.or(Types::LIST).or(Types::MAP),
            Self::Some => Types::SOME,
            Self::Lambda | Self::Pattern => Types::NONE,
        }
    }

    /// Whether `value` can be taken; lambdas and patterns are no values.
    pub(crate) fn admits(self, value: &Value<'_>) -> bool {
        let is_text = || value.as_bytes().is_some_and(|bytes| str::from_utf8(bytes).is_ok());
        self.types().meets(Types::of(value)) && (self != Self::Text || is_text())
    }
}

/// An addition to the Moveworks DSL that yields null where an argument is not what it takes.
const fn extension(
    name: &'static str,
    parameters: &'static [Parameter],
    result: Types,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    call: Run,
) -> Function {
    Function {
        name,
        parameters,
        variadic: false,
        extension: true,
        result,
        doc,
        examples,
        otherwise: Otherwise::Null,
        call,
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
    use super::groups;
    use super::standard;
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
            let names =
                all(dialect).map(|function| function.name_in(dialect)).collect::<BTreeSet<_>>();
            assert_eq!(names.len(), all(dialect).count());
        }
        assert!(find(Dialect::Moveworks, "$lowercase").is_some());
        assert!(find(Dialect::Jmespath, "LENGTH").is_none());
        assert_eq!(standard().len(), 26);
        for (name, found) in [("sha256", Some("$SHA256")), ("sort", Some("sort")), ("Trim", None)] {
            assert_eq!(find(Dialect::Jmespath, name).map(|function| function.name), found);
        }
    }

    #[test]
    fn every_function_is_documented_and_its_examples_hold() {
        let own = groups().flat_map(|(_, functions)| functions);
        let own = own.map(|function| (Dialect::Moveworks, function));
        for (dialect, function) in standard().iter().map(|it| (Dialect::Jmespath, it)).chain(own) {
            assert!(function.doc.ends_with('.'), "{}", function.name);
            assert!(!function.examples.is_empty(), "{}", function.name);
            for (text, result) in function.examples {
                let compiled = Expression::compile(dialect, text, &Vocabulary::default()).unwrap();
                let expected: Value<'_> = serde_json::from_str(result).unwrap();
                assert_eq!(compiled.expression.eval(&Clock), Ok(expected), "{text}");
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
