//! The tree of the `jmespath` crate to the inner form.

use jmespath::Variable;
use jmespath::ast::Ast;
use jmespath::ast::Comparator;

use crate::bounds;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Expected;
use crate::error::Warning;
use crate::error::WarningKind;
use crate::expression::Dialect;
use crate::form::Jmespath;
use crate::form::Node;
use crate::form::Relation;
use crate::form::Step;
use crate::functions;
use crate::functions::Given;
use crate::jmespath::place;
use crate::value::Text;
use crate::value::Value;
use crate::vocabulary::Vocabulary;

/// Compiles `tree`, which `text` was parsed to.
pub(super) fn compile(
    tree: &Ast,
    text: &str,
    vocabulary: &Vocabulary,
) -> Result<(Node, Vec<Warning>), Vec<Error>> {
    let mut compiler = Compiler {
        text,
        vocabulary,
        locals: vocabulary.locals.len(),
        depth: 0,
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    let node = compiler.tree(tree, Current::Top);
    if compiler.errors.is_empty() { Ok((node, compiler.warnings)) } else { Err(compiler.errors) }
}

/// What `@` and bare names mean.
#[derive(Clone, Copy)]
enum Current {
    /// Names are roots or fields of the body, and `@` is the body.
    Top,
    /// The value of a local.
    Local(usize),
}

struct Compiler<'c> {
    text: &'c str,
    vocabulary: &'c Vocabulary,
    /// How many locals are in scope.
    locals: usize,
    /// How deep the node that is being made will stand.
    depth: usize,
    errors: Vec<Error>,
    warnings: Vec<Warning>,
}

impl Compiler<'_> {
    /// The node of `tree`; null where an error was noted.
    fn tree(&mut self, tree: &Ast, current: Current) -> Node {
        if self.depth >= bounds::NODE_DEPTH {
            let kind = ErrorKind::TooDeep { limit: bounds::DEPTH };
            return self.error(place::offset(tree), kind);
        }
        self.depth += 1;
        let node = self.node(tree, current);
        self.depth -= 1;
        node
    }

    fn node(&mut self, tree: &Ast, current: Current) -> Node {
        match tree {
            Ast::Field { offset, name } => {
                let is_bare = place::token(self.text, *offset).len() == name.len();
                let is_step = self.text[..*offset].trim_end().ends_with('.');
                let is_keyword = matches!(name.as_str(), "null" | "true" | "false");
                if is_bare && !is_step && is_keyword {
                    self.warn(*offset, WarningKind::KeywordField { name: name.clone() });
                }
                self.field(name, *offset, current)
            }
            Ast::Identity { offset } => self.current(*offset, current),
            Ast::Literal { value, .. } => Node::Constant(literal(value)),
            Ast::Subexpr { .. } => self.chain(tree, current),
            Ast::Index { offset, idx } => {
                self.current(*offset, current).step(Step::Element(i64::from(*idx)))
            }
            Ast::Slice { offset, start, stop, step } => {
                let of = self.current(*offset, current);
                self.slice(of, (*start, *stop, *step), *offset)
            }
            Ast::And { .. } => Jmespath::And(self.operands(tree, current)).into(),
            Ast::Or { .. } => Jmespath::Or(self.operands(tree, current)).into(),
            Ast::Not { node, .. } => Jmespath::Not(Box::new(self.tree(node, current))).into(),
            Ast::Comparison { comparator, lhs, rhs, .. } => {
                // `'a' == "content-type"` compares with what has no name without quotes.
                let is_text = matches!(**lhs, Ast::Literal { .. });
                self.quoted_field(lhs, false);
                self.quoted_field(rhs, !is_text);
                let (left, right) = (self.tree(lhs, current), self.tree(rhs, current));
                self.compare(place::offset(rhs), comparator, left, right)
            }
            Ast::Condition { predicate, then, .. } => {
                let predicate = Box::new(self.tree(predicate, current));
                Jmespath::If(predicate, Box::new(self.tree(then, current))).into()
            }
            Ast::Flatten { node, .. } => {
                Jmespath::Flatten(Box::new(self.tree(node, current))).into()
            }
            Ast::ObjectValues { node, .. } => {
                Jmespath::Values(Box::new(self.tree(node, current))).into()
            }
            Ast::Projection { lhs, rhs, .. } => {
                let list = Box::new(self.tree(lhs, current));
                let body = self.with_local(|compiler, local| compiler.tree(rhs, local));
                Jmespath::Project(list, Box::new(body)).into()
            }
            Ast::MultiList { .. } | Ast::MultiHash { .. } => match current {
                Current::Top => self.select(tree, current),
                Current::Local(slot) => self.guarded(Node::Local(slot), tree),
            },
            Ast::Function { offset, name, args } => self.call(name, args, *offset, current),
            Ast::Expref { offset, .. } => {
                let found = Some("&".to_owned());
                let expected = Expected::Expression;
                self.error(*offset, ErrorKind::UnexpectedToken { found, expected })
            }
        }
    }

    /// What the place knows at the top; below, a field of the current value.
    fn field(&mut self, name: &str, offset: usize, current: Current) -> Node {
        if let Current::Local(slot) = current {
            return Node::Local(slot).key(name, self.vocabulary);
        }
        match self.vocabulary.resolve(name) {
            Ok((node, warning)) => {
                if let Some(warning) = warning {
                    self.warn(offset, warning);
                }
                node
            }
            Err(kind) => self.error(offset, kind),
        }
    }

    fn current(&mut self, offset: usize, current: Current) -> Node {
        match (current, self.vocabulary.body) {
            (Current::Local(slot), _) => Node::Local(slot),
            (Current::Top, Some(body)) => Node::Root(body),
            (Current::Top, None) => self.error(offset, ErrorKind::NoBody),
        }
    }

    /// `a.b[0].c` and `a | b | c`, which the tree nests to either side.
    fn chain(&mut self, tree: &Ast, current: Current) -> Node {
        let mut links = Vec::new();
        let mut pending = vec![tree];
        while let Some(next) = pending.pop() {
            match next {
                Ast::Subexpr { lhs, rhs, .. } => pending.extend([&**rhs, &**lhs]),
                link => links.push(link),
            }
        }
        let mut links = links.into_iter();
        let Some(first) = links.next() else { return Node::Constant(Value::Null) };
        // Links that are no steps nest; the last stands above all others.
        let nested = links.clone().filter(|link| !is_step(link)).count();
        self.depth += nested;
        let mut node = self.tree(first, current);
        for link in links {
            if !is_step(link) {
                self.depth -= 1;
            }
            node = self.link(node, link);
        }
        node
    }

    fn link(&mut self, left: Node, right: &Ast) -> Node {
        match right {
            Ast::Field { name, .. } => left.key(name, self.vocabulary),
            Ast::Index { idx, .. } => left.step(Step::Element(i64::from(*idx))),
            Ast::Identity { .. } => left,
            Ast::MultiList { .. } | Ast::MultiHash { .. } => self.guarded(left, right),
            _ => {
                let body = self.with_local(|compiler, local| compiler.tree(right, local));
                Node::Let(vec![left], Box::new(body))
            }
        }
    }

    /// Operands of `&&` or of `||`, which the tree nests to the left.
    fn operands(&mut self, tree: &Ast, current: Current) -> Vec<Node> {
        let mut operands = Vec::new();
        let mut first = tree;
        loop {
            first = match (tree, first) {
                (Ast::And { .. }, Ast::And { lhs, rhs, .. })
                | (Ast::Or { .. }, Ast::Or { lhs, rhs, .. }) => {
                    operands.push(&**rhs);
                    lhs
                }
                _ => break,
            };
        }
        operands.push(first);
        operands.into_iter().rev().map(|operand| self.tree(operand, current)).collect()
    }

    fn slice(
        &mut self,
        of: Node,
        (start, end, step): (Option<i32>, Option<i32>, i32),
        offset: usize,
    ) -> Node {
        if step == 0 {
            return self.error(offset, ErrorKind::ZeroStep);
        }
        Jmespath::Slice {
            of: Box::new(of),
            start: start.map(i64::from),
            end: end.map(i64::from),
            step: i64::from(step),
        }
        .into()
    }

    /// A list or map of parts of `value`; null when that is null.
    fn guarded(&mut self, value: Node, tree: &Ast) -> Node {
        let body = self.with_local(|compiler, local| compiler.select(tree, local));
        Jmespath::Guard(Box::new(value), Box::new(body)).into()
    }

    fn select(&mut self, tree: &Ast, current: Current) -> Node {
        match tree {
            Ast::MultiHash { elements, .. } => {
                let entry = |pair: &jmespath::ast::KeyValuePair| {
                    let key = Node::Constant(Value::from(pair.key.clone()));
                    (key, self.tree(&pair.value, current))
                };
                Node::Map(elements.iter().map(entry).collect())
            }
            Ast::MultiList { elements, .. } => {
                Node::List(elements.iter().map(|item| self.tree(item, current)).collect())
            }
            other => return self.tree(other, current),
        }
        .fold()
    }

    fn call(&mut self, name: &str, args: &[Ast], offset: usize, current: Current) -> Node {
        let mut arguments = Vec::with_capacity(args.len());
        for (index, argument) in args.iter().enumerate() {
            self.quoted_field(argument, index > 0);
            let range = place::start(self.text, argument);
            arguments.push((
                range,
                match argument {
                    Ast::Expref { ast, .. } => {
                        let body = self.with_local(|compiler, local| compiler.tree(ast, local));
                        Given::Lambda(1, body)
                    }
                    value => Given::Value(self.tree(value, current)),
                },
            ));
        }
        let range = place::function(self.text, offset, name);
        let Some(function) = functions::find(Dialect::Jmespath, name) else {
            let near = functions::near(Dialect::Jmespath, name);
            let kind = ErrorKind::UnknownFunction { name: name.to_owned(), near };
            self.errors.push(Error { range, kind });
            return Node::Constant(Value::Null);
        };
        match function.bind(Dialect::Jmespath, &range, arguments) {
            Ok(arguments) => Node::Call(function, arguments).fold(),
            Err(errors) => {
                self.errors.extend(errors);
                Node::Constant(Value::Null)
            }
        }
    }

    /// Double quotes are around names in JMESPath. One that would be a name without them is likely
    /// meant for a text, and so is any where a field is `unlikely`.
    fn quoted_field(&mut self, tree: &Ast, unlikely: bool) {
        let Ast::Field { offset, name } = tree else { return };
        let begins = |char: char| char.is_ascii_alphabetic() || char == '_';
        let is_name = name.starts_with(begins)
            && name.chars().all(|char| begins(char) || char.is_ascii_digit());
        if self.text[*offset..].starts_with('"') && (is_name || unlikely) {
            self.warn(*offset, WarningKind::QuotedField { name: name.clone() });
        }
    }

    /// `place` is where the right side stands.
    fn compare(&mut self, place: usize, comparator: &Comparator, left: Node, right: Node) -> Node {
        let relation = relation(comparator);
        let is_known = left.as_constant().and(right.as_constant()).is_some();
        if let Some(value) = relation.says(left.yields(), right.yields()).filter(|_| !is_known) {
            let (left, right) = (left.yields().name(), right.yields().name());
            self.warn(place, WarningKind::Unlike { left, right, value });
        }
        let (left, right) = (Box::new(left), Box::new(right));
        match relation {
            Relation::Equal | Relation::NotEqual => {
                Node::Relation(left, vec![(relation, *right)]).fold()
            }
            _ => Jmespath::Order(relation, left, right).into(),
        }
    }

    /// Does `inner` with one more local in scope.
    fn with_local(&mut self, inner: impl FnOnce(&mut Self, Current) -> Node) -> Node {
        let local = Current::Local(self.locals);
        self.locals += 1;
        let node = inner(self, local);
        self.locals -= 1;
        node
    }

    /// Notes an error, and stands in for what could not be made.
    fn error(&mut self, offset: usize, kind: ErrorKind) -> Node {
        self.errors.push(Error { range: place::token(self.text, offset), kind });
        Node::Constant(Value::Null)
    }

    fn warn(&mut self, offset: usize, kind: WarningKind) {
        self.warnings.push(Warning { range: place::token(self.text, offset), kind });
    }
}

/// Whether the right side of a dot only lengthens the path on its left.
fn is_step(link: &Ast) -> bool {
    matches!(link, Ast::Field { .. } | Ast::Index { .. } | Ast::Identity { .. })
}

fn relation(comparator: &Comparator) -> Relation {
    match comparator {
        Comparator::Equal => Relation::Equal,
        Comparator::GreaterThan => Relation::Greater,
        Comparator::GreaterThanEqual => Relation::GreaterOrEqual,
        Comparator::LessThan => Relation::Less,
        Comparator::LessThanEqual => Relation::LessOrEqual,
        Comparator::NotEqual => Relation::NotEqual,
    }
}

fn literal(value: &Variable) -> Value<'static> {
    match value {
        Variable::Null | Variable::Expref(_) => Value::Null,
        Variable::Bool(bool) => Value::Bool(*bool),
        Variable::Number(number) => Value::Number(number.clone().into()),
        Variable::String(text) => Value::from(text.clone()),
        Variable::Array(items) => items.iter().map(|item| literal(item)).collect(),
        Variable::Object(entries) => {
            entries.iter().map(|(key, value)| (Text::from(key.clone()), literal(value))).collect()
        }
    }
}
