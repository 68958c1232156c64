//! What can be wrong in an expression, as facts with ranges.

use std::ops::Range;

use crate::expression::Dialect;
use crate::functions::Kind;

/// Something that keeps an expression from being compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// Where it stands, in bytes of the text, on character boundaries.
    pub range: Range<usize>,
    /// What it is.
    pub kind: ErrorKind,
}

/// What is wrong. No variant holds prose of ours: the words are another crate's.
#[derive(Clone, Debug, PartialEq)]
pub enum ErrorKind {
    /// A function got too few or too many arguments.
    ArgumentCount {
        /// As the dialect writes it.
        function: String,
        /// The fewest it takes.
        least: usize,
        /// The most it takes; `None` for any number.
        most: Option<usize>,
        /// How many stand there, the value before the dot included.
        found: usize,
    },
    /// An argument can never be what the function takes.
    ArgumentKind {
        /// As the dialect writes it.
        function: String,
        /// The name of the parameter.
        parameter: &'static str,
        /// What it takes.
        expected: Kind,
        /// What stands there: a type of values, or `lambda`.
        found: &'static str,
    },
    /// Digits that make no number.
    BadNumber {
        /// As written.
        text: String,
    },
    /// A regular expression that does not compile.
    BadPattern {
        /// What the regular expression library says.
        reason: String,
    },
    /// There is nothing but blanks.
    Empty,
    /// A conditional lacks its other branch.
    IfWithoutElse,
    /// A JMESPath expression that its parser refuses.
    Jmespath {
        /// What the parser says.
        reason: String,
    },
    /// The current value is named where there is no request body.
    NoBody,
    /// The text is no expression of the dialect that is read here, but one of the other.
    OtherDialect {
        /// The dialect in which it is one.
        written: Dialect,
    },
    /// A regular expression that is known only at run time.
    PatternNotConstant {
        /// As the dialect writes it.
        function: String,
        /// The name of the parameter.
        parameter: &'static str,
    },
    /// The end of a section of a template that is not open there.
    SectionNotOpen {
        /// As the end names it.
        name: String,
        /// The innermost section that is open.
        open: Option<String>,
    },
    /// What a tag of a template names is no name.
    TagName {
        /// As written.
        name: String,
    },
    /// Nested too deep.
    TooDeep {
        /// The deepest that is accepted.
        limit: usize,
    },
    /// Longer than an expression may be.
    TooLong {
        /// Bytes that stand there.
        found: usize,
        /// Bytes that are accepted.
        limit: usize,
    },
    /// More operators than a JMESPath expression may have.
    TooManyOperators {
        /// How many are accepted.
        limit: usize,
    },
    /// A bracket that nothing closes.
    UnclosedBracket {
        /// The opening bracket.
        bracket: char,
    },
    /// A section of a template that nothing ends.
    UnclosedSection {
        /// Its name.
        name: String,
    },
    /// A tag of a template that nothing closes.
    UnclosedTag {
        /// What would close it.
        closing: &'static str,
    },
    /// A text that lacks its closing quote.
    UnclosedText {
        /// The opening quote.
        quote: char,
    },
    /// A character that begins nothing.
    UnexpectedCharacter {
        /// As written.
        found: char,
        /// What may have been meant.
        near: Option<&'static str>,
    },
    /// A word or sign at a place where it cannot stand.
    UnexpectedToken {
        /// As written; `None` at the end of the text.
        found: Option<String>,
        /// What can stand there.
        expected: Expected,
    },
    /// A field that a name has not.
    UnknownField {
        /// The name.
        of: String,
        /// The field.
        field: String,
        /// Those that there are.
        known: &'static [&'static str],
    },
    /// A function that does not exist.
    UnknownFunction {
        /// As written.
        name: String,
        /// The function that may have been meant.
        near: Option<String>,
    },
    /// A name that stands for nothing here.
    UnknownName {
        /// As written; the whole text when it looks like a literal.
        name: String,
        /// The root that may have been meant.
        near: Option<String>,
        /// Whether it is a root at other places.
        elsewhere: bool,
        /// Whether the whole text reads like a literal that lacks its quotes.
        looks_like_literal: bool,
    },
    /// A tag of a template that is of a kind that there is not here.
    UnknownTag {
        /// The sign that begins it.
        sign: char,
    },
    /// A slice that would never advance.
    ZeroStep,
}

/// What could have stood at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The end of the text, or an operator.
    End,
    /// A value.
    Expression,
    /// The name of a field or a function.
    Field,
    /// The name of a lambda's parameter.
    Parameter,
    /// One of these signs or words.
    Tokens(&'static [&'static str]),
}

/// Something that compiles but is likely a mistake.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// Where it stands, in bytes of the text, on character boundaries.
    pub range: Range<usize>,
    /// What it is.
    pub kind: WarningKind,
}

/// What is likely a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WarningKind {
    /// The key of a map is a bare name, which reads a value instead of being the key.
    BareKey {
        /// The name.
        name: String,
    },
    /// A condition whose outcome is known.
    ConstantCondition {
        /// The outcome.
        value: bool,
    },
    /// A bare name reads a body field, but is a root at other places.
    ElsewhereRoot {
        /// The name.
        name: String,
    },
    /// A word that is a value in most languages, but reads a field in JMESPath.
    KeywordField {
        /// `null`, `true` or `false`.
        name: String,
    },
    /// A condition that holds, or does not, whatever stands beside it.
    LoneConstant {
        /// The type of the value that is the whole condition.
        found: &'static str,
        /// Whether it holds.
        value: bool,
    },
    /// A bare name reads a body field, but is one slip away from a root.
    NearRoot {
        /// The name.
        name: String,
        /// The root.
        root: String,
    },
    /// An operator for which one side is never what it takes, so that it always yields null.
    NoArithmetic {
        /// The operator as written.
        operator: &'static str,
        /// The type of the left side.
        left: &'static str,
        /// The type of the right side.
        right: &'static str,
    },
    /// A quoted name reads a field in JMESPath, where a text was likely meant.
    QuotedField {
        /// Without its quotes.
        name: String,
    },
    /// A lambda's parameter hides a root.
    ShadowsRoot {
        /// The name.
        name: String,
    },
    /// Two values are compared that are never of one type.
    Unlike {
        /// The type of the left side.
        left: &'static str,
        /// The type of the right side.
        right: &'static str,
        /// What the comparison always yields.
        value: bool,
    },
}

/// The known name that `name` is one slip away from: one wrong, missing, extra or swapped
/// character, or another case.
pub(crate) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    known
        .filter(|candidate| *candidate != name && candidate.len() > 2)
        .map(|candidate| (slips(name, candidate), candidate))
        .filter(|(slips, candidate)| *slips <= if candidate.len() > 8 { 2 } else { 1 })
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

fn slips(name: &str, candidate: &str) -> usize {
    strsim::osa_distance(&name.to_lowercase(), &candidate.to_lowercase())
}
