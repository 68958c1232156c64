//! What can be written in the Moveworks DSL; every part has a range.

use std::fmt;
use std::fmt::Write;
use std::ops::Range;

use crate::number::Number;

/// An expression as written. Two are equal if they say the same, wherever they stand.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// Where it stands, in bytes of the text.
    pub range: Range<usize>,
}

/// What an expression says.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `true` or `false`
    Bool(bool),
    /// `$NAME(a, b)`
    Call(Call),
    /// Operands with operators of one level of [`LEVELS`] between them, from left to right.
    Chain(Box<Expr>, Vec<(Operator, Expr)>),
    /// `IF a THEN b ELSE IF c THEN d ELSE e`
    If(Vec<(Expr, Expr)>, Box<Expr>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{a: b, c: d}`
    Map(Vec<(Expr, Expr)>),
    /// `name`
    Name(String),
    /// `-a`
    Negate(Box<Expr>),
    /// `NOT a`
    Not(Box<Expr>),
    /// `null`
    Null,
    /// `1`, `-1.5`
    Number(Number),
    /// `a.b["c"][1:].$NAME()`
    Path(Box<Expr>, Vec<Step>),
    /// `"text"`
    Text(String),
}

/// One step of a path.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it goes.
    pub kind: StepKind,
    /// Where it stands, without the dot.
    pub range: Range<usize>,
}

/// Where a step goes.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// `.name`
    Field(String),
    /// `[a]`
    Item(Expr),
    /// `.$NAME(a)`
    Method(Call),
    /// `[a:b]`
    Slice(Option<Expr>, Option<Expr>),
}

/// A function and its arguments.
#[derive(Clone, Debug)]
pub struct Call {
    /// With its `$`, as written.
    pub name: String,
    /// Where the name stands.
    pub range: Range<usize>,
    /// What stands between the parentheses.
    pub arguments: Vec<Argument>,
}

/// An argument of a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// `a => b`, `(a, b) => c`
    Lambda(Lambda),
    /// `a`
    Value(Expr),
}

/// A lambda.
#[derive(Clone, Debug)]
pub struct Lambda {
    /// One or two names.
    pub parameters: Vec<String>,
    /// What it yields.
    pub body: Box<Expr>,
    /// Where it stands.
    pub range: Range<usize>,
}

/// What stands between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table of levels shows how each is written")]
pub enum Operator {
    Add,
    And,
    Divide,
    Equal,
    Greater,
    GreaterOrEqual,
    In,
    Less,
    LessOrEqual,
    Multiply,
    NotEqual,
    Or,
    Subtract,
}

/// The operators as written, from those that bind loosest to those that bind tightest.
///
/// `NOT` stands between [`NOT_LEVEL`] and the level below it; `IF` below all.
pub const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("OR", Operator::Or)],
    &[("AND", Operator::And)],
    &[
        (">=", Operator::GreaterOrEqual),
        (">", Operator::Greater),
        ("<=", Operator::LessOrEqual),
        ("<", Operator::Less),
    ],
    &[("==", Operator::Equal), ("!=", Operator::NotEqual), ("IN", Operator::In)],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

/// The tightest level whose operands may begin with `NOT`.
pub const NOT_LEVEL: usize = 1;

impl Operator {
    fn level(self) -> usize {
        let holds = |level: &&[(&str, Operator)]| level.iter().any(|(_, known)| *known == self);
        LEVELS.iter().position(holds).expect("every operator has a level")
    }

    fn written(self) -> &'static str {
        let mut all = LEVELS.iter().copied().flatten();
        all.find(|(_, known)| *known == self).expect("every operator has a level").0
    }
}

impl Expr {
    fn begins_with_number(&self) -> bool {
        match &self.kind {
            ExprKind::Number(_) => true,
            ExprKind::Path(base, _) => base.begins_with_number(),
            _ => false,
        }
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.arguments == other.arguments
    }
}

impl PartialEq for Lambda {
    fn eq(&self, other: &Self) -> bool {
        self.parameters == other.parameters && self.body == other.body
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for ExprKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(bool) => write!(f, "{bool}"),
            Self::Call(call) => call.fmt(f),
            Self::Chain(first, rest) => {
                let level = rest.first().map_or(0, |(operator, _)| operator.level());
                print_operand(first, level + 1, f)?;
                rest.iter().try_for_each(|(operator, operand)| {
                    write!(f, " {} ", operator.written())?;
                    print_operand(operand, level + 1, f)
                })
            }
            Self::If(branches, otherwise) => {
                for (condition, then) in branches {
                    write!(f, "IF {condition} THEN {then} ELSE ")?;
                }
                match otherwise.kind {
                    // Without parentheses it would be read as one more branch.
                    Self::If(..) => write!(f, "({otherwise})"),
                    _ => otherwise.fmt(f),
                }
            }
            Self::List(items) => {
                f.write_char('[')?;
                print_separated(items, f)?;
                f.write_char(']')
            }
            Self::Map(entries) => {
                f.write_char('{')?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_char('}')
            }
            Self::Name(name) => f.write_str(name),
            // Without parentheses it would be read as a negative number.
            Self::Negate(operand) if operand.begins_with_number() => write!(f, "-({operand})"),
            Self::Negate(operand) => {
                f.write_char('-')?;
                print_operand(operand, LEVELS.len(), f)
            }
            Self::Not(operand) => {
                f.write_str("NOT ")?;
                print_operand(operand, NOT_LEVEL + 1, f)
            }
            Self::Null => f.write_str("null"),
            Self::Number(number) => number.fmt(f),
            Self::Path(base, steps) => {
                match base.kind {
                    Self::Path(..) => write!(f, "({base})")?,
                    _ => print_operand(base, LEVELS.len() + 1, f)?,
                }
                steps.iter().try_for_each(|step| step.kind.fmt(f))
            }
            Self::Text(text) => print_text(text, f),
        }
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Item(index) => write!(f, "[{index}]"),
            Self::Method(call) => write!(f, ".{call}"),
            Self::Slice(start, end) => {
                f.write_char('[')?;
                start.iter().try_for_each(|start| start.fmt(f))?;
                f.write_char(':')?;
                end.iter().try_for_each(|end| end.fmt(f))?;
                f.write_char(']')
            }
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        print_separated(&self.arguments, f)?;
        f.write_char(')')
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lambda(lambda) => match &*lambda.parameters {
                [parameter] => write!(f, "{parameter} => {}", lambda.body),
                parameters => write!(f, "({}) => {}", parameters.join(", "), lambda.body),
            },
            Self::Value(value) => value.fmt(f),
        }
    }
}

/// Prints an operand, in parentheses if it binds looser than `level`.
fn print_operand(operand: &Expr, level: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let own = match &operand.kind {
        ExprKind::Chain(_, rest) => rest.first().map_or(0, |(operator, _)| operator.level()),
        ExprKind::If(..) => return write!(f, "({operand})"),
        // What follows `NOT` binds tighter than `AND`, and `NOT` may follow `NOT`.
        ExprKind::Not(_) => NOT_LEVEL + 1,
        ExprKind::Negate(_) => LEVELS.len(),
        _ => usize::MAX,
    };
    if own < level || (matches!(operand.kind, ExprKind::Not(_)) && level > NOT_LEVEL + 1) {
        write!(f, "({operand})")
    } else {
        fmt::Display::fmt(operand, f)
    }
}

fn print_separated(items: &[impl fmt::Display], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    items
        .iter()
        .enumerate()
        .try_for_each(|(index, item)| write!(f, "{}{item}", if index > 0 { ", " } else { "" }))
}

fn print_text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for char in text.chars() {
        match char {
            '"' | '\\' => write!(f, "\\{char}")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            _ => f.write_char(char)?,
        }
    }
    f.write_char('"')
}
