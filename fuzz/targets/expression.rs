//! Any text as an expression of either language and as a template, over the text itself as a body;
//! and as HTML.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tympan_expr::Dialect;
use tympan_expr::Expression;
use tympan_expr::Root;
use tympan_expr::RootId;
use tympan_expr::Shape;
use tympan_expr::Source;
use tympan_expr::Text;
use tympan_expr::Value;
use tympan_expr::Vocabulary;

const BODY: RootId = RootId(0);
const RECORD: Shape = Shape::Record { ignore_case: true };
const HEADERS: RootId = RootId(1);

struct Host<'t>(&'t str);

impl<'t> Source<'t> for Host<'t> {
    fn root(&self, root: RootId) -> Value<'t> {
        if root == BODY { Value::Text(Text::from(self.0)) } else { Value::Null }
    }

    fn entry(&self, _: RootId, _: &str) -> Value<'t> {
        Value::Text(Text::from(self.0))
    }

    fn now(&self) -> f64 {
        1_700_000_000.0
    }
}

fuzz_target!(|text: &str| {
    let root = |name: &str, id, shape| Root { name: name.to_owned(), id, shape };
    let vocabulary = Vocabulary {
        roots: vec![root("body", BODY, Shape::Value), root("headers", HEADERS, RECORD)],
        body: Some(BODY),
        ..Vocabulary::default()
    };
    for dialect in [Dialect::Moveworks, Dialect::Jmespath] {
        if let Ok(compiled) = Expression::compile(dialect, text, &vocabulary) {
            let _ = compiled.expression.eval(&Host(text)).map(|value| value.to_json());
        }
    }
    if let Ok(compiled) = Expression::template(text, &vocabulary) {
        let _ = compiled.expression.eval(&Host(text)).map(|value| value.to_json());
    }
    let _ = Expression::strip_html(Expression::constant(Value::from(text.to_owned())));
});
