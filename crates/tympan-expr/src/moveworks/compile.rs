//! The written form to the inner form: what the names stand for, and what is wrong with the calls.

use std::ops::Range;

use crate::bounds;
use crate::error::Error;
use crate::error::ErrorKind;
use crate::error::Warning;
use crate::error::WarningKind;
use crate::expression::Dialect;
use crate::form::Arithmetic;
use crate::form::Node;
use crate::form::Relation;
use crate::form::Step;
use crate::functions;
use crate::functions::Given;
use crate::moveworks::ast;
use crate::moveworks::ast::Expr;
use crate::moveworks::ast::ExprKind;
use crate::moveworks::ast::Operator;
use crate::moveworks::ast::StepKind;
use crate::types::Types;
use crate::value::Value;
use crate::vocabulary::Vocabulary;

/// Compiles `expr` for a place where the names of `vocabulary` exist.
pub(super) fn compile(
    expr: &Expr,
    vocabulary: &Vocabulary,
) -> Result<(Node, Vec<Warning>), Vec<Error>> {
    let mut compiler = Compiler {
        vocabulary,
        locals: vocabulary.locals.iter().map(|local| local.name.as_str()).collect(),
        depth: 0,
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    let node = compiler.expr(expr);
    if compiler.errors.is_empty() { Ok((node, compiler.warnings)) } else { Err(compiler.errors) }
}

struct Compiler<'c> {
    vocabulary: &'c Vocabulary,
    /// The names of the place's locals and of lambda parameters, the outermost first.
    locals: Vec<&'c str>,
    /// How deep the node that is being made will stand.
    depth: usize,
    errors: Vec<Error>,
    warnings: Vec<Warning>,
}

impl<'c> Compiler<'c> {
    /// The node of `expr`; null where an error was noted.
    fn expr(&mut self, expr: &'c Expr) -> Node {
        if self.depth >= bounds::NODE_DEPTH {
            return self.error(&expr.range, ErrorKind::TooDeep { limit: bounds::DEPTH });
        }
        self.depth += 1;
        let node = self.node(expr);
        self.depth -= 1;
        node
    }

    fn node(&mut self, expr: &'c Expr) -> Node {
        match &expr.kind {
            ExprKind::Null => Node::Constant(Value::Null),
            ExprKind::Bool(bool) => Node::Constant(Value::Bool(*bool)),
            ExprKind::Number(number) => Node::Constant(Value::Number(*number)),
            ExprKind::Text(text) => Node::Constant(Value::from(text.clone())),
            ExprKind::Name(name) => self.name(name, &expr.range),
            ExprKind::List(items) => Node::List(self.all(items)).fold(),
            ExprKind::Map(entries) => self.map(entries),
            ExprKind::Negate(operand) => Node::Negate(Box::new(self.expr(operand))).fold(),
            ExprKind::Not(operand) => {
                let node = self.expr(operand);
                if let Some(value) = node.as_constant().map(Value::is_truthy) {
                    self.warn(&operand.range, WarningKind::ConstantCondition { value });
                }
                Node::Not(Box::new(node)).fold()
            }
            ExprKind::Chain(first, rest) => self.chain(first, rest),
            ExprKind::If(branches, otherwise) => self.conditional(branches, otherwise),
            ExprKind::Call(call) => self.call(None, call),
            ExprKind::Path(base, steps) => self.path(base, steps),
        }
    }

    fn all(&mut self, exprs: &'c [Expr]) -> Vec<Node> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    /// A lambda's parameter, else what the place knows.
    fn name(&mut self, name: &'c str, range: &Range<usize>) -> Node {
        if let Some(slot) = self.locals.iter().rposition(|local| *local == name) {
            return Node::Local(slot);
        }
        match self.vocabulary.resolve(name) {
            Ok((node, warning)) => {
                if let Some(warning) = warning {
                    self.warn(range, warning);
                }
                node
            }
            Err(kind) => self.error(range, kind),
        }
    }

    fn map(&mut self, entries: &'c [(Expr, Expr)]) -> Node {
        let mut nodes = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if let ExprKind::Name(name) = &key.kind
                && !self.locals.contains(&name.as_str())
            {
                self.warn(&key.range, WarningKind::BareKey { name: name.clone() });
            }
            nodes.push((self.expr(key), self.expr(value)));
        }
        Node::Map(nodes).fold()
    }

    fn conditional(&mut self, branches: &'c [(Expr, Expr)], otherwise: &'c Expr) -> Node {
        let mut nodes = Vec::with_capacity(branches.len());
        for (condition, then) in branches {
            let node = self.expr(condition);
            if let Some(value) = node.as_constant().map(Value::is_truthy) {
                self.warn(&condition.range, WarningKind::ConstantCondition { value });
            }
            nodes.push((node, self.expr(then)));
        }
        Node::If(nodes, Box::new(self.expr(otherwise))).fold()
    }

    fn chain(&mut self, first: &'c Expr, rest: &'c [(Operator, Expr)]) -> Node {
        let operands = std::iter::once(first).chain(rest.iter().map(|(_, operand)| operand));
        let places = operands.clone().map(|operand| operand.range.clone()).collect::<Vec<_>>();
        let mut nodes = operands.map(|operand| self.expr(operand)).collect::<Vec<_>>();
        let operators = rest.iter().map(|(operator, _)| Meaning::of(*operator));
        match operators.clone().next() {
            Some(Meaning::And) => {
                self.lone_constants(&nodes, &places);
                Node::And(nodes)
            }
            Some(Meaning::Or) => {
                self.lone_constants(&nodes, &places);
                Node::Or(nodes)
            }
            Some(Meaning::Arithmetic(_)) => {
                let operators = operators.filter_map(|meaning| match meaning {
                    Meaning::Arithmetic(arithmetic) => Some(arithmetic),
                    _ => None,
                });
                let rest = operators.zip(nodes.split_off(1)).collect::<Vec<_>>();
                let Some(first) = nodes.pop() else { return Node::Constant(Value::Null) };
                self.arithmetic(&first, &rest, &places);
                Node::Arithmetic(Box::new(first), rest)
            }
            Some(Meaning::Relation(_)) => {
                let operators = operators.filter_map(|meaning| match meaning {
                    Meaning::Relation(relation) => Some(relation),
                    _ => None,
                });
                let rest = operators.zip(nodes.split_off(1)).collect::<Vec<_>>();
                let Some(first) = nodes.pop() else { return Node::Constant(Value::Null) };
                self.unlike(&first, &rest, &places);
                self.relation(first, rest)
            }
            None => return nodes.pop().unwrap_or(Node::Constant(Value::Null)),
        }
        .fold()
    }

    fn relation(&self, first: Node, mut rest: Vec<(Relation, Node)>) -> Node {
        if let [(Relation::In, Node::Root(_))] = &*rest
            && let Some((_, root)) = rest.pop()
        {
            // Whether an entry is there can be asked without building the map.
            return root.has_key(first, self.vocabulary);
        }
        Node::Relation(Box::new(first), rest)
    }

    /// `a == "x" OR "y"`: an operand that is known decides for itself. Nothing is said where all of
    /// them are known, as that is hardly a slip.
    fn lone_constants(&mut self, nodes: &[Node], places: &[Range<usize>]) {
        if nodes.iter().all(|node| node.as_constant().is_some()) {
            return;
        }
        for (node, place) in nodes.iter().zip(places) {
            if let Some(constant) = node.as_constant() {
                let (found, value) = (constant.type_name(), constant.is_truthy());
                self.warn(place, WarningKind::LoneConstant { found, value });
            }
        }
    }

    fn unlike(&mut self, first: &Node, rest: &[(Relation, Node)], places: &[Range<usize>]) {
        let mut left = first.yields();
        for (index, (relation, node)) in rest.iter().enumerate() {
            let right = node.yields();
            let is_known = rest.len() == 1 && first.as_constant().and(node.as_constant()).is_some();
            if let Some(value) = relation.says(left, right).filter(|_| !is_known) {
                let (left, right) = (left.name(), right.name());
                let place = places[0].start..places[index + 1].end;
                self.warn(&place, WarningKind::Unlike { left, right, value });
            }
            left = Types::BOOLEAN;
        }
    }

    fn arithmetic(&mut self, first: &Node, rest: &[(Arithmetic, Node)], places: &[Range<usize>]) {
        let mut left = first.yields();
        for (index, (operator, node)) in rest.iter().enumerate() {
            let right = node.yields();
            let made = operator.yields(left, right);
            if made == Types::NULL {
                let (left, right) = (left.name(), right.name());
                let place = places[0].start..places[index + 1].end;
                let operator = operator.written();
                self.warn(&place, WarningKind::NoArithmetic { operator, left, right });
                return;
            }
            left = made;
        }
    }

    fn path(&mut self, base: &'c Expr, steps: &'c [ast::Step]) -> Node {
        // Every method is a node above all that stands before it.
        let methods = steps.iter().filter(|step| matches!(step.kind, StepKind::Method(_))).count();
        self.depth += methods;
        let mut node = self.expr(base);
        let mut end = base.range.end;
        for step in steps {
            node = match &step.kind {
                StepKind::Field(name) => node.key(name, self.vocabulary),
                StepKind::Item(index) => {
                    let index = self.expr(index);
                    node.at(index, self.vocabulary)
                }
                StepKind::Slice(start, end) => {
                    let start = start.as_ref().map(|start| Box::new(self.expr(start)));
                    let end = end.as_ref().map(|end| Box::new(self.expr(end)));
                    node.step(Step::Slice(start, end))
                }
                StepKind::Method(call) => {
                    self.depth -= 1;
                    self.call(Some((node, base.range.start..end)), call)
                }
            };
            end = step.range.end;
        }
        node
    }

    /// The call of a function; `receiver` is the value before the dot, and where it stands.
    fn call(&mut self, receiver: Option<(Node, Range<usize>)>, call: &'c ast::Call) -> Node {
        let mut arguments = Vec::with_capacity(call.arguments.len() + 1);
        if let Some((node, range)) = receiver {
            arguments.push((range, Given::Value(node)));
        }
        for argument in &call.arguments {
            arguments.push(match argument {
                ast::Argument::Value(expr) => (expr.range.clone(), Given::Value(self.expr(expr))),
                ast::Argument::Lambda(lambda) => (lambda.range.clone(), self.lambda(lambda)),
            });
        }
        let Some(function) = functions::find(Dialect::Moveworks, &call.name) else {
            let near = functions::near(Dialect::Moveworks, &call.name);
            let kind = ErrorKind::UnknownFunction { name: call.name.clone(), near };
            return self.error(&call.range, kind);
        };
        match function.bind(Dialect::Moveworks, &call.range, arguments) {
            Ok(arguments) => Node::Call(function, arguments).fold(),
            Err(errors) => {
                self.errors.extend(errors);
                Node::Constant(Value::Null)
            }
        }
    }

    fn lambda(&mut self, lambda: &'c ast::Lambda) -> Given {
        for name in &lambda.parameters {
            if self.vocabulary.root(name).is_some() {
                self.warn(&lambda.range, WarningKind::ShadowsRoot { name: name.clone() });
            }
        }
        let height = self.locals.len();
        self.locals.extend(lambda.parameters.iter().map(String::as_str));
        let body = self.expr(&lambda.body);
        self.locals.truncate(height);
        Given::Lambda(lambda.parameters.len(), body)
    }

    /// Notes an error, and stands in for what could not be made.
    fn error(&mut self, range: &Range<usize>, kind: ErrorKind) -> Node {
        self.errors.push(Error { range: range.clone(), kind });
        Node::Constant(Value::Null)
    }

    fn warn(&mut self, range: &Range<usize>, kind: WarningKind) {
        self.warnings.push(Warning { range: range.clone(), kind });
    }
}

/// What an operator does.
enum Meaning {
    And,
    Arithmetic(Arithmetic),
    Or,
    Relation(Relation),
}

impl Meaning {
    fn of(operator: Operator) -> Self {
        match operator {
            Operator::Add => Self::Arithmetic(Arithmetic::Add),
            Operator::And => Self::And,
            Operator::Divide => Self::Arithmetic(Arithmetic::Divide),
            Operator::Equal => Self::Relation(Relation::Equal),
            Operator::Greater => Self::Relation(Relation::Greater),
            Operator::GreaterOrEqual => Self::Relation(Relation::GreaterOrEqual),
            Operator::In => Self::Relation(Relation::In),
            Operator::Less => Self::Relation(Relation::Less),
            Operator::LessOrEqual => Self::Relation(Relation::LessOrEqual),
            Operator::Multiply => Self::Arithmetic(Arithmetic::Multiply),
            Operator::NotEqual => Self::Relation(Relation::NotEqual),
            Operator::Or => Self::Or,
            Operator::Subtract => Self::Arithmetic(Arithmetic::Subtract),
        }
    }
}
