//! The evaluator of the `jmespath` crate, as it is meant to be used: on a `Variable` that is read once.

use jmespath::Expression;
use jmespath::Variable;

/// Three conditions; JMESPath has no function for lower case.
pub(crate) struct Filter(Expression<'static>);

/// Eight fields, as JSON.
pub(crate) struct Mapping(Expression<'static>);

impl Filter {
    pub(crate) fn new() -> Self {
        Self(compile(
            "action == 'opened' && repository.full_name == 'octo/hello' \
             && contains(issue.title, 'Spelling')",
        ))
    }

    pub(crate) fn run(&self, body: &str) -> bool {
        search(&self.0, body).is_some_and(|value| value.is_truthy())
    }
}

impl Mapping {
    pub(crate) fn new() -> Self {
        Self(compile(
            "{action: action, number: issue.number, title: issue.title, url: issue.html_url, \
             by: issue.user.login, repository: repository.full_name, created: issue.created_at, \
             sender: sender.login}",
        ))
    }

    /// The crate's objects are sorted; so the fields are put in the order of the others.
    pub(crate) fn run(&self, body: &str) -> String {
        let Some(found) = search(&self.0, body) else { return String::new() };
        let Some(fields) = found.as_object() else { return String::new() };
        let names = ["action", "number", "title", "url", "by", "repository", "created", "sender"];
        let fields = names.map(|name| {
            let value = fields.get(name).map(ToString::to_string).unwrap_or_default();
            format!("\"{name}\":{value}")
        });
        format!("{{{}}}", fields.join(","))
    }
}

fn compile(text: &str) -> Expression<'static> {
    jmespath::compile(text).expect("it is JMESPath")
}

fn search(expression: &Expression<'_>, body: &str) -> Option<jmespath::Rcvar> {
    let body = Variable::from_json(body).ok()?;
    let mut context = jmespath::Context::new(expression.as_str(), &jmespath::DEFAULT_RUNTIME);
    jmespath::interpret(&jmespath::Rcvar::new(body), expression.as_ast(), &mut context).ok()
}
