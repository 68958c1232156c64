//! What a text is joined of, in the order in which it stands there: for whoever judges its boundaries.

use crate::expression::Expression;
use crate::form::Argument;
use crate::form::Arithmetic;
use crate::form::Node;
use crate::functions;
use crate::needs::Needs;
use crate::value::Value;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it reads; nothing for a text that is known.
    pub needs: Needs,
    /// Whether its length says nothing of what is read: a digest.
    pub is_digest: bool,
}

impl Expression {
    /// What its value is joined of: by `$CONCAT`, JMESPath's `join`, `+`, or as the items of a list.
    /// Anything else is one piece, and pieces that are empty are left out.
    #[must_use]
    pub fn joined(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        join(self.node(), &mut pieces);
        pieces
    }

    /// What each item reads, if it is a list whose items are written out.
    #[must_use]
    pub fn items(&self) -> Option<Vec<Needs>> {
        items(self.node())
    }
}

fn items(node: &Node) -> Option<Vec<Needs>> {
    match node {
        Node::Nested(expression) => items(expression.node()),
        Node::List(items) => Some(items.iter().map(|item| piece(item).needs).collect()),
        _ => None,
    }
}

fn join(node: &Node, pieces: &mut Vec<Piece>) {
    match node {
        Node::Nested(expression) => join(expression.node(), pieces),
        Node::List(items) => between(items.iter(), None, pieces),
        Node::Arithmetic(first, rest) if rest.iter().all(|(it, _)| *it == Arithmetic::Add) => {
            let rest = rest.iter().map(|(_, node)| node);
            between(std::iter::once(&**first).chain(rest), None, pieces);
        }
        Node::Call(function, arguments) => match (function.name, &arguments[..]) {
            ("$CONCAT", [Argument::Value(Node::List(items))]) => {
                between(items.iter(), None, pieces);
            }
            ("$CONCAT", [Argument::Value(Node::List(items)), Argument::Value(separator)])
            | ("join", [Argument::Value(separator), Argument::Value(Node::List(items))]) => {
                between(items.iter(), Some(separator), pieces);
            }
            _ => pieces.push(piece(node)),
        },
        Node::Constant(value) if is_empty(value) => {}
        _ => pieces.push(piece(node)),
    }
}

fn between<'n>(
    items: impl Iterator<Item = &'n Node>,
    separator: Option<&Node>,
    pieces: &mut Vec<Piece>,
) {
    for (index, item) in items.enumerate() {
        if let Some(separator) = separator.filter(|_| index > 0) {
            join(separator, pieces);
        }
        join(item, pieces);
    }
}

fn piece(node: &Node) -> Piece {
    let mut needs = Needs::default();
    node.needs(&mut needs);
    Piece { needs, is_digest: is_digest(node) }
}

fn is_digest(node: &Node) -> bool {
    match node {
        Node::Nested(expression) => is_digest(expression.node()),
        Node::Call(function, arguments) => {
            let of_digest =
                || matches!(&arguments[..], [Argument::Value(first), ..] if is_digest(first));
            functions::is_digest(function) || functions::is_encoding(function) && of_digest()
        }
        _ => false,
    }
}

fn is_empty(value: &Value<'_>) -> bool {
    value.is_null() || value.as_bytes().is_some_and(<[u8]>::is_empty)
}

#[cfg(test)]
mod tests {
    use crate::Dialect;
    use crate::Expression;
    use crate::Root;
    use crate::RootId;
    use crate::Shape;
    use crate::Vocabulary;
    use crate::needs::Needs;

    fn compile(dialect: Dialect, text: &str) -> Expression {
        let roots = ["a", "b", "c"].iter().zip(0..);
        let root = |(name, id): (&&str, u16)| Root {
            id: RootId(id),
            name: (*name).to_owned(),
            shape: Shape::Value,
        };
        let vocabulary = Vocabulary { roots: roots.map(root).collect(), ..Vocabulary::default() };
        Expression::compile(dialect, text, &vocabulary).unwrap().expression
    }

    fn names(needs: &Needs) -> String {
        needs.roots().map(|root| ["a", "b", "c"][usize::from(root.0)]).collect()
    }

    /// Each piece as what it reads; `.` for a text that is known, `#` for a digest.
    fn joined(dialect: Dialect, text: &str) -> String {
        let shown = compile(dialect, text).joined().into_iter().map(|piece| {
            let names = names(&piece.needs);
            match (piece.is_digest, names.is_empty()) {
                (true, _) => format!("#{names}"),
                (false, true) => ".".to_owned(),
                (false, false) => names,
            }
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn pieces_stand_in_order() {
        let moveworks = |text| joined(Dialect::Moveworks, text);
        assert_eq!(moveworks("a"), "a");
        assert_eq!(moveworks("$CONCAT([a, b.x])"), "a b");
        assert_eq!(moveworks(r#"$CONCAT(["v0:", a, "", b])"#), ". a b");
        assert_eq!(moveworks(r#"$CONCAT([a, b], ".")"#), "a . b");
        assert_eq!(moveworks("$CONCAT([a, b], c)"), "a c b");
        assert_eq!(moveworks(r#"$CONCAT([$CONCAT([a, "|"]), b + c])"#), "a . b c");
        assert_eq!(moveworks("$CONCAT([a, b.$SHA256().$HEX_ENCODE()])"), "a #b");
        assert_eq!(moveworks("$CONCAT([a, b.$TRIM()])"), "a b");
        assert_eq!(moveworks("[a, b]"), "a b");
        assert_eq!(moveworks("$CONCAT(a)"), "a");
        let jmespath = |text| joined(Dialect::Jmespath, text);
        assert_eq!(jmespath("join('', [a, b])"), "a b");
        assert_eq!(jmespath("join('.', [a, b])"), "a . b");
    }

    #[test]
    fn items_are_those_that_are_written_out() {
        let items = |text| {
            let items = compile(Dialect::Moveworks, text).items()?;
            Some(items.iter().map(names).collect::<Vec<_>>())
        };
        let found = items(r#"[a.x, "text", $CONCAT([b, c])]"#);
        assert_eq!(found, Some(vec!["a".to_owned(), String::new(), "bc".to_owned()]));
        assert_eq!(items("([a])"), Some(vec!["a".to_owned()]));
        assert_eq!(
            (items("a"), items("[a].$MAP(x => x)"), items("IF true THEN [a] ELSE [b]")),
            (None, None, None)
        );
    }
}
