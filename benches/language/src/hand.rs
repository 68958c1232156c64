//! A `serde_json::Value`, walked by hand.

use serde::Serialize;
use serde_json::Value;

/// Three conditions.
pub(crate) fn filter(body: &str) -> bool {
    let Ok(body) = serde_json::from_str::<Value>(body) else { return false };
    body["action"] == "opened"
        && body["repository"]["full_name"] == "octo/hello"
        && body["issue"]["title"]
            .as_str()
            .is_some_and(|title| title.to_lowercase().contains("spelling"))
}

#[derive(Serialize)]
struct Mapped<'b> {
    action: &'b Value,
    number: &'b Value,
    title: &'b Value,
    url: &'b Value,
    by: &'b Value,
    repository: &'b Value,
    created: &'b Value,
    sender: &'b Value,
}

/// Eight fields, as JSON.
pub(crate) fn mapping(body: &str) -> String {
    let Ok(body) = serde_json::from_str::<Value>(body) else { return String::new() };
    let issue = &body["issue"];
    let mapped = Mapped {
        action: &body["action"],
        number: &issue["number"],
        title: &issue["title"],
        url: &issue["html_url"],
        by: &issue["user"]["login"],
        repository: &body["repository"]["full_name"],
        created: &issue["created_at"],
        sender: &body["sender"]["login"],
    };
    serde_json::to_string(&mapped).unwrap_or_default()
}
