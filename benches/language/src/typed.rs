//! A struct that borrows just what is read: the floor. It takes bodies that the others refuse, as it
//! only skims what it leaves out.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Serialize;

#[derive(Deserialize)]
struct Filtered<'b> {
    #[serde(borrow)]
    action: Cow<'b, str>,
    #[serde(borrow)]
    repository: Repository<'b>,
    #[serde(borrow)]
    issue: Titled<'b>,
}

#[derive(Deserialize)]
struct Titled<'b> {
    #[serde(borrow)]
    title: Cow<'b, str>,
}

#[derive(Deserialize)]
struct Body<'b> {
    #[serde(borrow)]
    action: Cow<'b, str>,
    #[serde(borrow)]
    issue: Issue<'b>,
    #[serde(borrow)]
    repository: Repository<'b>,
    #[serde(borrow)]
    sender: User<'b>,
}

#[derive(Deserialize)]
struct Issue<'b> {
    number: u64,
    #[serde(borrow)]
    title: Cow<'b, str>,
    #[serde(borrow)]
    html_url: Cow<'b, str>,
    #[serde(borrow)]
    user: User<'b>,
    #[serde(borrow)]
    created_at: Cow<'b, str>,
}

#[derive(Deserialize)]
struct Repository<'b> {
    #[serde(borrow)]
    full_name: Cow<'b, str>,
}

#[derive(Deserialize)]
struct User<'b> {
    #[serde(borrow)]
    login: Cow<'b, str>,
}

#[derive(Serialize)]
struct Mapped<'m> {
    action: &'m str,
    number: u64,
    title: &'m str,
    url: &'m str,
    by: &'m str,
    repository: &'m str,
    created: &'m str,
    sender: &'m str,
}

/// Three conditions.
pub(crate) fn filter(body: &str) -> bool {
    let Ok(body) = serde_json::from_str::<Filtered<'_>>(body) else { return false };
    body.action == "opened"
        && body.repository.full_name == "octo/hello"
        && body.issue.title.to_lowercase().contains("spelling")
}

/// Eight fields, as JSON.
pub(crate) fn mapping(body: &str) -> String {
    let Ok(body) = serde_json::from_str::<Body<'_>>(body) else { return String::new() };
    let mapped = Mapped {
        action: &body.action,
        number: body.issue.number,
        title: &body.issue.title,
        url: &body.issue.html_url,
        by: &body.issue.user.login,
        repository: &body.repository.full_name,
        created: &body.issue.created_at,
        sender: &body.sender.login,
    };
    serde_json::to_string(&mapped).unwrap_or_default()
}
