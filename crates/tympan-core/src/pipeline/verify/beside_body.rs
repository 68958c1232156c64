//! What is signed beside a body: nothing of it may hold a part of one.
//!
//! Where both are signed as one text, the same bytes can be cut in another place: the beginning of a
//! body could be moved into what stands before it, and what is left pass for the body. So what stands
//! there may hold nothing that a body is made of.

use tympan_expr::Expression;
use tympan_expr::Paths;
use tympan_expr::RootId;
use tympan_expr::Source;
use tympan_expr::Value;

use crate::config::Accept;
use crate::config::SignatureCheck;
use crate::pipeline::Scope;
use crate::roots;

/// How long a value may be that is signed beside a body, in bytes.
const MOST_BYTES: usize = 1_024;

/// Everything that is signed beside a body, and is no timestamp, which has a form of its own.
#[derive(Debug)]
pub(super) struct BesideBody {
    parts: Box<[Part]>,
    /// What none of it may hold.
    forbidden: &'static [u8],
}

#[derive(Debug, PartialEq)]
enum Part {
    /// One entry of a root.
    Entry(RootId, String),
    /// Every entry of a root.
    Entries(RootId),
    /// The path and query that were called. What stands before them is ours to say.
    Target,
}

impl BesideBody {
    pub(super) fn compile(check: &SignatureCheck, accept: Accept) -> Self {
        let value = check.timestamp.as_ref().and_then(|timestamp| timestamp.value.as_ref());
        let timestamp = value.and_then(Expression::root_entry);
        let mut parts = Vec::new();
        for payload in &check.payloads {
            let needs = payload.needs();
            if !needs.reads(roots::RAW_BODY) && !needs.reads(roots::PARSED_BODY) {
                continue;
            }
            for root in [roots::HEADERS, roots::QUERY_PARAMS, roots::PATH_PARAMS] {
                match needs.paths(root) {
                    None => {}
                    Some(Paths::Whole) => parts.push(Part::Entries(root)),
                    Some(Paths::Keys(keys)) => {
                        let keys = keys.iter().map(|(key, _)| key);
                        let others = keys.filter(|key| timestamp != Some((root, &***key)));
                        parts.extend(others.map(|key| Part::Entry(root, key.to_string())));
                    }
                }
            }
            if needs.reads(roots::REQUEST_URL) {
                parts.push(Part::Target);
            }
        }
        // JSON and XML cannot do without the first ones, nor forms without the last.
        let forbidden = match accept {
            Accept::Json => b"\"&<>[]{}".as_slice(),
            Accept::Form | Accept::Text | Accept::Any => b"\"&<>[]{}=",
        };
        Self { parts: parts.into(), forbidden }
    }

    /// Whether nothing of a request's own values can hold a part of its body.
    pub(super) fn is_apart(&self, scope: &Scope<'_, '_>) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Entry(root, key) => self.may_stand(&scope.entry(*root, key)),
            Part::Entries(root) => match scope.root(*root) {
                Value::Map(entries) => entries.iter().all(|(_, value)| self.may_stand(value)),
                _ => false,
            },
            Part::Target => {
                // A query is a form itself, and has brackets.
                let target = scope.head.uri.path_and_query().map_or("", |it| it.as_str());
                !target.bytes().any(|byte| b"\"<>{}".contains(&byte))
            }
        })
    }

    /// Nothing that is missing holds anything.
    fn may_stand(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Text(text) => {
                let is_of_body =
                    |byte: u8| byte.is_ascii_control() || self.forbidden.contains(&byte);
                text.len() <= MOST_BYTES && !text.bytes().any(is_of_body)
            }
            Value::Bytes(_) => false,
            _ => true,
        }
    }
}
