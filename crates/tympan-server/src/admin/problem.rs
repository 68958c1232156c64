//! What went wrong, as programs read it (RFC 9457).

use http::HeaderName;
use http::HeaderValue;
use http::Response;
use http::StatusCode;
use http::header;
use serde_json::Value;
use serde_json::json;
use tympan_core::diagnostic;

use crate::receipt::Refused;

/// The media type of a [`Problem`].
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    /// Everything that is wrong with a file.
    diagnostics: Option<Value>,
    header: Option<(HeaderName, &'static str)>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), diagnostics: None, header: None }
    }

    /// A header that the status asks for.
    pub(super) fn with(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    /// Why the old configuration goes on, with every diagnostic.
    pub(super) fn refused(refused: &Refused) -> Self {
        let status = match refused {
            Refused::Mistakes { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Refused::Stopped => StatusCode::SERVICE_UNAVAILABLE,
            Refused::Unreadable { .. } | Refused::Unbound { .. } | Refused::AdminUnbound { .. } => {
                StatusCode::CONFLICT
            }
        };
        let summary = refused.summary();
        let mut problem = Self::new(status, format!("{summary}; the old configuration goes on"));
        if let Refused::Mistakes { diagnostics, sources } = refused {
            problem.diagnostics = Some(diagnostic::json(diagnostics, sources));
        }
        problem
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    pub(super) fn answer(self) -> Response<String> {
        let mut body = json!({
            // The status says what kind of problem it is.
            "type": "about:blank",
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(diagnostics) = self.diagnostics {
            body["diagnostics"] = diagnostics;
        }
        let mut answer = Response::new(format!("{body:#}\n"));
        *answer.status_mut() = self.status;
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some((name, value)) = self.header {
            headers.insert(name, HeaderValue::from_static(value));
        }
        answer
    }
}
