//! Printing a written form and reading it again gives the same form.

use proptest::prelude::*;
use tympan_expr::Number;
use tympan_expr::moveworks::ast::Argument;
use tympan_expr::moveworks::ast::Call;
use tympan_expr::moveworks::ast::Expr;
use tympan_expr::moveworks::ast::ExprKind;
use tympan_expr::moveworks::ast::LEVELS;
use tympan_expr::moveworks::ast::Lambda;
use tympan_expr::moveworks::ast::Step;
use tympan_expr::moveworks::ast::StepKind;
use tympan_expr::moveworks::parse;

fn expr(kind: ExprKind) -> Expr {
    Expr { kind, range: 0..0 }
}

fn name() -> impl Strategy<Value = String> {
    // No keyword begins with these letters.
    "[b-dg-hj-ku-zé_][a-zA-Z0-9_ñ]{0,6}"
}

fn leaf() -> impl Strategy<Value = Expr> {
    prop_oneof![
        Just(ExprKind::Null),
        any::<bool>().prop_map(ExprKind::Bool),
        any::<i128>().prop_map(|int| ExprKind::Number(Number::Int(int))),
        any::<f64>()
            .prop_filter("finite", |float| float.is_finite())
            .prop_map(|float| ExprKind::Number(Number::Float(float))),
        "\\PC{0,8}|[\"'\\\\\\n\\t\\r]{0,4}".prop_map(ExprKind::Text),
        name().prop_map(ExprKind::Name),
    ]
    .prop_map(expr)
}

fn call(inner: impl Strategy<Value = Expr> + Clone) -> impl Strategy<Value = Call> {
    let lambda =
        (prop::collection::vec(name(), 1..=2), inner.clone()).prop_map(|(parameters, body)| {
            Argument::Lambda(Lambda { parameters, body: Box::new(body), range: 0..0 })
        });
    let argument = prop_oneof![inner.prop_map(Argument::Value), lambda];
    ("\\$[A-Z_]{1,6}", prop::collection::vec(argument, 0..3)).prop_map(|(name, arguments)| Call {
        name,
        range: 0..0,
        arguments,
    })
}

fn step(inner: impl Strategy<Value = Expr> + Clone) -> impl Strategy<Value = Step> {
    prop_oneof![
        prop_oneof![name(), Just("IN".to_owned())].prop_map(StepKind::Field),
        inner.clone().prop_map(StepKind::Item),
        call(inner.clone()).prop_map(StepKind::Method),
        (prop::option::of(inner.clone()), prop::option::of(inner))
            .prop_map(|(start, end)| StepKind::Slice(start, end)),
    ]
    .prop_map(|kind| Step { kind, range: 0..0 })
}

fn any_expr() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        let some = || prop::collection::vec(inner.clone(), 0..3);
        let pairs = |range| prop::collection::vec((inner.clone(), inner.clone()), range);
        let chain = (0..LEVELS.len()).prop_flat_map({
            let inner = inner.clone();
            move |level| {
                let operator = (0..LEVELS[level].len()).prop_map(move |at| LEVELS[level][at].1);
                let rest = prop::collection::vec((operator, inner.clone()), 1..4);
                (inner.clone(), rest)
            }
        });
        prop_oneof![
            chain.prop_map(|(first, rest)| ExprKind::Chain(Box::new(first), rest)),
            (pairs(1..3), inner.clone())
                .prop_map(|(branches, otherwise)| ExprKind::If(branches, Box::new(otherwise))),
            some().prop_map(ExprKind::List),
            pairs(0..3).prop_map(ExprKind::Map),
            inner.clone().prop_map(|operand| ExprKind::Negate(Box::new(operand))),
            inner.clone().prop_map(|operand| ExprKind::Not(Box::new(operand))),
            call(inner.clone()).prop_map(ExprKind::Call),
            (inner.clone(), prop::collection::vec(step(inner.clone()), 1..3))
                .prop_map(|(base, steps)| ExprKind::Path(Box::new(base), steps)),
        ]
        .prop_map(expr)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn printing_and_reading_is_the_identity(written in any_expr()) {
        let text = written.to_string();
        // Longer ones are refused, however well they are printed.
        prop_assume!(text.len() <= tympan_expr::SOURCE_LENGTH);
        let read = parse(&text);
        prop_assert_eq!(read.as_ref(), Ok(&written), "{}", text);
    }
}

#[test]
fn ranges_cover_what_they_say() {
    let text = " a.b + $LENGTH( c[1:] ) ";
    let read = parse(text).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(&text[read.range.clone()], "a.b + $LENGTH( c[1:] )");
    let ExprKind::Chain(first, rest) = read.kind else { panic!("a chain") };
    assert_eq!(&text[first.range], "a.b");
    assert_eq!(&text[rest[0].1.range.clone()], "$LENGTH( c[1:] )");
}
