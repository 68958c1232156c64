//! Any text as an expression of either language and as a template, over the text itself as a body, and
//! as HTML: the value of an expression is of a type that was known.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tympan_expr::Dialect;
use tympan_expr::Expression;
use tympan_expr::Root;
use tympan_expr::RootId;
use tympan_expr::Shape;
use tympan_expr::Source;
use tympan_expr::Text;
use tympan_expr::Types;
use tympan_expr::Value;
use tympan_expr::Vocabulary;
use tympan_expr::moveworks;

const BODY: RootId = RootId(0);
const HEADERS: RootId = RootId(1);

/// What is read, wherever it is looked for.
struct Host<'t>(Value<'t>);

impl<'t> Source<'t> for Host<'t> {
    fn root(&self, root: RootId) -> Value<'t> {
        self.lent(root).cloned().unwrap_or(Value::Null)
    }

    fn lent(&self, root: RootId) -> Option<&Value<'t>> {
        (root == BODY).then_some(&self.0)
    }

    fn entry(&self, _: RootId, _: &str) -> Value<'t> {
        self.0.clone()
    }

    fn now(&self) -> f64 {
        1_700_000_000.0
    }
}

fuzz_target!(|text: &str| {
    if let Ok(written) = moveworks::parse(text) {
        let printed = written.to_string();
        // It may have brackets that were not needed, and be too long or too deep for them.
        if let Ok(read) = moveworks::parse(&printed) {
            assert_eq!(read, written, "{printed}");
        }
    }
    let root = |name: &str, id, shape| Root { name: name.to_owned(), id, shape };
    let vocabulary = Vocabulary {
        roots: vec![root("body", BODY, Shape::Value), root("headers", HEADERS, Shape::Headers)],
        body: Some(BODY),
        ..Vocabulary::default()
    };
    let host = Host(Value::Text(Text::from(text)));
    for dialect in [Dialect::Moveworks, Dialect::Jmespath] {
        if let Ok(compiled) = Expression::compile(dialect, text, &vocabulary) {
            let Ok(value) = compiled.expression.eval(&host) else { continue };
            assert!(Types::of(&value).is_within(compiled.expression.yields()));
            let _ = value.to_json();
        }
    }
    if let Ok(compiled) = Expression::template(text, &vocabulary) {
        let _ = compiled.expression.eval(&host).map(|value| value.to_json());
    }
    let _ = Expression::strip_html(Expression::constant(Value::from(text.to_owned())));
});
