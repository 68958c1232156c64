//! What can be wrong with the forms of the Data Mapper, beside their keys, and all words about it.

use super::Severity;
use super::problem::nearest;
use super::problem::quoted_list;

/// What is wrong with a form, as facts.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields of a fact say in one word what they hold")]
pub enum Misform {
    /// A key that ends like the name of a form, and is none.
    Unknown { name: String, known: Vec<&'static str> },
    /// A key alone in its map that is the name of a form but for its parentheses.
    Bare { form: &'static str },
    /// A form beside other keys.
    NotAlone { form: &'static str },
    /// The name of an argument that nothing could read.
    Argument { name: String },
}

impl Misform {
    /// See [`super::Problem::code`].
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "C140",
            Self::NotAlone { .. } => "C141",
            Self::Argument { .. } => "C142",
            Self::Bare { .. } => "L49",
        }
    }

    /// See [`super::Problem::severity`].
    pub(super) fn severity(&self) -> Severity {
        match self {
            Self::Bare { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// See [`super::Problem::message`].
    pub(super) fn message(&self) -> String {
        match self {
            Self::Unknown { name, .. } => format!("there is no form `{name}` of the Data Mapper"),
            Self::NotAlone { form } => format!("`{form}` is a whole value, but has keys beside it"),
            Self::Bare { form } => {
                format!("this is a map with one key, which reads like the form `{form}`")
            }
            Self::Argument { name } => format!("nothing could read an argument called `{name}`"),
        }
    }

    /// See [`super::Problem::help`].
    pub(super) fn help(&self) -> String {
        match self {
            Self::Unknown { name, known } => match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "the forms are {}; a key of this name takes quotes: `'\"{name}\"'`",
                    quoted_list(known)
                ),
            },
            Self::Bare { form } => format!(
                "write `{form}`; a key of this name takes quotes: `'\"{}\"'`",
                form.trim_end_matches("()")
            ),
            Self::NotAlone { .. } => {
                "put it into a map of its own; `MERGE()` puts a map and more keys together"
                    .to_owned()
            }
            Self::Argument { .. } => {
                "use letters, digits and `_`, and begin with a letter".to_owned()
            }
        }
    }
}
