//! Which types of values a node can yield: what is known of a value before there is a request.

use crate::form::Argument;
use crate::form::Arithmetic;
use crate::form::Jmespath;
use crate::form::Makes;
use crate::form::Mapper;
use crate::form::Node;
use crate::form::Relation;
use crate::form::Step;
use crate::types::Types;

impl Node {
    /// The types of everything that this can yield; too many rather than too few.
    pub(crate) fn yields(&self) -> Types {
        match self {
            Self::Constant(value) => Types::of(value),
            Self::And(_) | Self::Or(_) | Self::Not(_) | Self::Relation(..) => Types::BOOLEAN,
            Self::Negate(_) => Types::NUMBER.or(Types::NULL),
            Self::Arithmetic(first, rest) => {
                rest.iter().fold(first.yields(), |left, (operator, right)| {
                    operator.yields(left, right.yields())
                })
            }
            Self::Call(function, arguments) => match function.name {
                "$DEFAULT" => either(arguments),
                "$FILTER" => function.yields().common(argument(arguments, 0)).or(Types::NULL),
                _ => function.yields(),
            },
            Self::If(branches, otherwise) => {
                branches.iter().fold(otherwise.yields(), |types, (_, then)| types.or(then.yields()))
            }
            Self::List(_) => Types::LIST,
            Self::Map(_) => Types::MAP,
            Self::Let(_, body) => body.yields(),
            Self::Nested(expression) => expression.node().yields(),
            Self::Path(_, steps) => match steps.last() {
                Some(Step::Slice(..)) => Types::DATA.or(Types::LIST).or(Types::NULL),
                _ => Types::ANY,
            },
            Self::Jmespath(node) => node.yields(),
            Self::Mapper(node) => node.yields(),
            Self::Entry(..) | Self::EntryOf(..) | Self::Local(_) | Self::Root(_) => Types::ANY,
        }
    }
}

impl Arithmetic {
    /// The types of what this makes of two values.
    pub(crate) fn yields(self, left: Types, right: Types) -> Types {
        let both = |types| left.meets(types) && right.meets(types);
        let mut made = Types::NULL;
        if both(Types::NUMBER) {
            made = made.or(Types::NUMBER);
        }
        if self == Self::Add && both(Types::TEXT) {
            made = made.or(Types::TEXT);
        }
        made
    }
}

impl Relation {
    /// What this always says of values of such types, if it always says the same.
    pub(crate) fn says(self, left: Types, right: Types) -> Option<bool> {
        // A text is the same as its bytes.
        let both = |types| left.meets(types) && right.meets(types);
        let can_be_same = left.meets(right) || both(Types::DATA);
        let can_hold = match self {
            Self::Equal => can_be_same,
            Self::NotEqual => return (!can_be_same).then_some(true),
            Self::In => {
                let in_map = left.meets(Types::TEXT) && right.meets(Types::MAP);
                right.meets(Types::LIST) || in_map || both(Types::DATA)
            }
            _ => both(Types::NUMBER) || both(Types::DATA),
        };
        (!can_hold).then_some(false)
    }
}

impl Jmespath {
    fn yields(&self) -> Types {
        match self {
            // Any of them, or the last.
            Self::And(nodes) | Self::Or(nodes) => {
                nodes.iter().fold(Types::NONE, |types, node| types.or(node.yields()))
            }
            Self::Not(_) => Types::BOOLEAN,
            Self::Order(..) => Types::BOOLEAN.or(Types::NULL),
            Self::Flatten(_) | Self::Project(..) | Self::Slice { .. } | Self::Values(_) => {
                Types::LIST.or(Types::NULL)
            }
            Self::Guard(_, body) | Self::If(_, body) => body.yields().or(Types::NULL),
        }
    }
}

impl Mapper {
    fn yields(&self) -> Types {
        match self {
            Self::Each(each) if each.makes == Makes::First => Types::ANY,
            Self::Each(_) => Types::LIST.or(Types::NULL),
            Self::Entry(..) | Self::Field(..) => Types::ANY,
            Self::Join(_) => Types::TEXT,
            Self::Lookup(_, mapping, otherwise) => {
                mapping.values().fold(otherwise.yields(), |types, node| types.or(node.yields()))
            }
            Self::Merge(_) => Types::MAP.or(Types::NULL),
            Self::Section(..) | Self::StripHtml(_) => Types::TEXT.or(Types::NULL),
        }
    }
}

fn argument(arguments: &[Argument], index: usize) -> Types {
    match arguments.get(index) {
        Some(Argument::Value(node)) => node.yields(),
        _ => Types::ANY,
    }
}

/// A value, or what stands in for it where it is null.
fn either(arguments: &[Argument]) -> Types {
    let value = argument(arguments, 0);
    let fallback = argument(arguments, 1);
    if value.meets(Types::NULL) { value.without(Types::NULL).or(fallback) } else { value }
}
