//! What of a dead letter may be looked at: it holds all of its body, as its events are made of it.

use serde_json::Value;
use serde_json::json;

use super::Again;
use super::again::path_params;
use crate::pipeline::Head;
use crate::pipeline::Live;
use crate::pipeline::saved::Purpose;
use crate::pipeline::saved::saved;
use crate::request;
use crate::request::Kept;

impl Again<'_> {
    /// What was kept of it, without what its listener hides now and what proves a request there. Where
    /// nobody can tell what that is, nothing of its body is shown.
    #[must_use]
    pub fn shown(&self, live: &Live) -> Value {
        let Ok(kept) = serde_json::from_slice(self.request) else {
            return json!(format!("{} bytes that cannot be read", self.request.len()));
        };
        self.masked(&kept, live).unwrap_or_else(|why| self.without_body(kept, &why))
    }

    fn masked(&self, kept: &Value, live: &Live) -> Result<Value, String> {
        let (_, pipeline) = self.pipeline(live)?;
        let unreadable = |_| "it cannot be read".to_owned();
        let Kept { request, has_body } = request::kept(self.request).map_err(unreadable)?;
        let now = request.at.map_or(self.received, |(at, _)| at);
        let head = Head { now, ..self.head(&request)? };
        let path_params = path_params(pipeline, &request).unwrap_or_default();
        let body = has_body.then_some(&*request.body);
        let comment = kept.pointer("/log/entries/0/comment").and_then(Value::as_str);
        let comment = comment.unwrap_or_default();
        let shown = saved(&head, &path_params, pipeline, body, Purpose::Show, comment);
        serde_json::from_slice(&shown).map_err(|error| error.to_string())
    }

    fn without_body(&self, mut kept: Value, why: &str) -> Value {
        let length = request::kept(self.request).map(|kept| kept.request.body.len());
        let of_body = match length {
            Ok(length) => format!("its body of {length} bytes is not shown, as {why}"),
            Err(_) => format!("its body is not shown, as {why}"),
        };
        let Some(entry) = kept.pointer_mut("/log/entries/0") else { return json!(of_body) };
        if let Some(request) = entry["request"].as_object_mut() {
            request.remove("postData");
        }
        let comment = entry["comment"].as_str().unwrap_or_default();
        entry["comment"] = json!(format!("{comment}; {of_body}"));
        kept
    }
}
