//! The language of Tympan: text in, value out.
//!
//! It knows no YAML, no HTTP, no files and no clock: the host names the roots an expression may
//! read ([`Vocabulary`]) and answers for them at run time ([`Source`]).
//!
//! ```
//! use tympan_expr::{Dialect, Expression, Root, RootId, Shape, Source, Value, Vocabulary};
//!
//! struct Request;
//!
//! impl<'a> Source<'a> for Request {
//!     fn root(&self, _: RootId) -> Value<'a> {
//!         Value::Null
//!     }
//!     fn entry(&self, _: RootId, key: &str) -> Value<'a> {
//!         if key.eq_ignore_ascii_case("x-event") { Value::from("PUSH") } else { Value::Null }
//!     }
//!     fn now(&self) -> f64 {
//!         0.0
//!     }
//! }
//!
//! let headers = Root {
//!     id: RootId(0),
//!     name: "headers".into(),
//!     shape: Shape::Headers,
//! };
//! let vocabulary = Vocabulary { roots: vec![headers], ..Vocabulary::default() };
//! let text = r#"headers["X-Event"].$LOWERCASE() IN ["push", "ping"]"#;
//! let compiled = Expression::compile(Dialect::Moveworks, text, &vocabulary).unwrap();
//! assert_eq!(compiled.expression.eval(&Request), Ok(Value::Bool(true)));
//! ```
//!
//! Both dialects are compiled to one inner form (`form.rs`), which one evaluator runs (`eval`)
//! over values that are lent, not copied.

mod bounds;
mod demands;
mod error;
mod eval;
mod expression;
mod form;
pub mod functions;
mod html;
mod jmespath;
mod joined;
mod literal;
mod mapper;
pub mod moveworks;
mod mustache;
mod needs;
mod number;
mod other_dialect;
mod parts;
mod types;
mod value;
mod vocabulary;

pub use bounds::DEPTH;
pub use bounds::EVALUATION_DEPTH;
pub use bounds::Exhausted;
pub use bounds::OPERATORS;
pub use bounds::OUTPUT;
pub use bounds::SOURCE_LENGTH;
pub use bounds::STEPS;
pub use bounds::TEMPLATE_LENGTH;
pub use demands::Demand;
pub use error::Error;
pub use error::ErrorKind;
pub use error::Expected;
pub use error::Warning;
pub use error::WarningKind;
pub use expression::Compiled;
pub use expression::Dialect;
pub use expression::Expression;
pub use form::Makes;
pub use joined::Piece;
pub use needs::Needs;
pub use needs::Paths;
pub use number::Number;
pub use parts::Part;
pub use parts::parts;
pub use types::Types;
pub use value::Bytes;
pub use value::JSON_DEPTH;
pub use value::List;
pub use value::Map;
pub use value::Record;
pub use value::Text;
pub use value::Value;
pub use value::read_json;
pub use vocabulary::COUNTER;
pub use vocabulary::Local;
pub use vocabulary::Root;
pub use vocabulary::RootId;
pub use vocabulary::Shape;
pub use vocabulary::Source;
pub use vocabulary::Vocabulary;
