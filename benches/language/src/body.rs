//! Bodies as a code host sends them.

use serde_json::json;

/// A body of exactly so many bytes.
pub(crate) fn github(bytes: usize) -> String {
    let user = json!({
        "login": "octocat", "id": 583_231, "type": "User", "site_admin": false,
        "html_url": "https://example.com/octocat",
    });
    let mut labels = vec![json!({"id": 208_045_946, "name": "bug", "color": "f29513"})];
    let mut body = String::new();
    // Large bodies have more of everything, not only longer texts.
    loop {
        let text = json!({
            "action": "opened",
            "issue": {
                "html_url": "https://example.com/octo/hello/issues/1347",
                "id": 1_934_567_890, "number": 1347,
                "title": "Spelling error in the README file",
                "user": user, "labels": labels, "state": "open", "locked": false,
                "assignee": null, "comments": 0, "created_at": "2026-10-05T12:01:02Z",
                "body": body,
            },
            "repository": {
                "id": 1_296_269, "name": "hello", "full_name": "octo/hello", "private": false,
                "default_branch": "main",
            },
            "sender": user,
        });
        let text = text.to_string();
        match bytes.checked_sub(text.len()).expect("the smallest body is smaller than that") {
            0 => return text,
            missing @ 1..200 => body.push_str(&"x".repeat(missing)),
            _ if body.len() < labels.len() * 60 => {
                body.push_str("It looks like you accidentally spelled 'commit' with two 't's. ");
            }
            _ => labels.push(json!({"id": labels.len(), "name": "more", "color": "a2eeef"})),
        }
    }
}
