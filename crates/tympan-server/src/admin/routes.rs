//! Everything that can be asked: one row a route, which is served, documented and tested.

use http::Method;
use http::StatusCode;
use http::header;

use super::exposition;
use super::problem;
use super::problem::Problem;
use crate::events::Ask;
use crate::secrets::Order;

/// A row of the table.
#[derive(Debug)]
pub(super) struct Route {
    /// Where `GET` is answered, `HEAD` is too.
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// A name for programs that call it.
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) doc: &'static str,
    /// What the body of an order holds, if it holds anything.
    pub(super) takes: Option<&'static Takes>,
    pub(super) answers: &'static [Answer],
    pub(super) action: Action,
}

/// One way in which a route answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) doc: &'static str,
    /// What it holds, by media type.
    pub(super) content: &'static [(&'static str, Content)],
}

/// What the body of an order holds.
#[derive(Debug)]
pub(super) struct Takes {
    /// Its members: their names, JSON types, and what they mean.
    pub(super) members: &'static [(&'static str, &'static str, &'static str)],
    /// Those that have to be there.
    pub(super) required: &'static [&'static str],
    /// A body that could be sent.
    pub(super) example: &'static str,
}

impl Takes {
    /// Whether a member is one of them.
    pub(super) fn names(&self, name: &str) -> bool {
        self.members.iter().any(|(known, ..)| *known == name)
    }
}

/// What an answer holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content {
    /// Something of this name in the schemas.
    Schema(&'static str),
    /// Any text.
    Text,
    /// Any JSON object.
    Object,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Configuration,
    Events(Ask),
    Health,
    Listeners,
    Metrics,
    OpenApi,
    Ready,
    Reload,
    Secrets,
    /// Something that is done with one secret.
    Secret(Order),
}

const JSON: &str = "application/json";

const fn json(
    status: StatusCode,
    doc: &'static str,
    content: &'static [(&str, Content)],
) -> Answer {
    Answer { status, doc, content }
}

const PROBLEM: &[(&str, Content)] = &[(problem::MEDIA_TYPE, Content::Schema("Problem"))];

const SECRET: &[Answer] = &[
    json(StatusCode::OK, "The secret as it is now.", &[(JSON, Content::Schema("Secret"))]),
    json(StatusCode::NOT_FOUND, "There is no such secret.", PROBLEM),
    json(
        StatusCode::CONFLICT,
        "It is not a captured one, or it has as many values as it may have.",
        PROBLEM,
    ),
];

const NAME: (&str, &str, &str) = ("name", "string", "What the secret is called.");
const NAMED: Takes =
    Takes { members: &[NAME], required: &["name"], example: r#"{"name": "orders"}"# };
const VALUED: Takes = Takes {
    members: &[NAME, ("value", "string", "The value.")],
    required: &["name", "value"],
    example: r#"{"name": "orders", "value": "of sixteen bytes"}"#,
};
const ARMED: Takes = Takes {
    members: &[
        NAME,
        ("for", "integer", "For how many seconds; 600 if nothing is said."),
        ("count", "integer", "How many values may come; 1 if nothing is said."),
        ("hold", "boolean", "Whether they verify only once `settle` says which is good."),
    ],
    required: &["name"],
    example: r#"{"name": "orders", "for": 600, "count": 1}"#,
};
const FORGOTTEN: Takes = Takes {
    members: &[NAME, ("id", "integer", "The number of a value; all if nothing is said.")],
    required: &["name"],
    example: r#"{"name": "orders", "id": 1}"#,
};

/// The table.
pub(super) static ROUTES: [Route; 18] = [
    Route {
        method: Method::GET,
        path: "/healthz",
        name: "health",
        summary: "Whether the process answers",
        doc: "Looks at nothing else, so that nothing else ever gets the process restarted.",
        takes: None,
        answers: &[json(StatusCode::OK, "It does.", &[(JSON, Content::Schema("Health"))])],
        action: Action::Health,
    },
    Route {
        method: Method::GET,
        path: "/readyz",
        name: "ready",
        summary: "Whether requests should be sent here",
        doc: "They should while a generation serves at its addresses, and no longer once the \
              process has been told to end. A listener whose secret is missing is counted, and \
              keeps nobody else from serving.",
        takes: None,
        answers: &[
            json(StatusCode::OK, "They should.", &[(JSON, Content::Schema("Readiness"))]),
            json(
                StatusCode::SERVICE_UNAVAILABLE,
                "They should not; or nobody can be let in, as the token's secret has no value.",
                &[
                    (JSON, Content::Schema("Readiness")),
                    (problem::MEDIA_TYPE, Content::Schema("Problem")),
                ],
            ),
        ],
        action: Action::Ready,
    },
    Route {
        method: Method::GET,
        path: "/metrics",
        name: "metrics",
        summary: "What is counted and measured",
        doc: "In the text format 0.0.4 of Prometheus, or as OpenMetrics 1.0.0 where `Accept` asks \
              for it.",
        takes: None,
        answers: &[json(
            StatusCode::OK,
            "Everything.",
            &[
                (exposition::Format::Text.media_type(), Content::Text),
                (exposition::Format::OpenMetrics.media_type(), Content::Text),
            ],
        )],
        action: Action::Metrics,
    },
    Route {
        method: Method::POST,
        path: "/-/reload",
        name: "reload",
        summary: "Read the configuration again, now",
        doc: "Answers once the new configuration serves, or it is known why it does not. Either \
              way no request is lost.",
        takes: None,
        answers: &[
            json(StatusCode::OK, "What serves now.", &[(JSON, Content::Schema("Receipt"))]),
            json(
                StatusCode::CONFLICT,
                "The file cannot be read, or an address cannot be bound; the old one goes on.",
                PROBLEM,
            ),
            json(
                StatusCode::UNPROCESSABLE_ENTITY,
                "The file has mistakes, which are listed; the old one goes on.",
                &[(problem::MEDIA_TYPE, Content::Schema("Refusal"))],
            ),
            json(StatusCode::SERVICE_UNAVAILABLE, "The process is ending.", PROBLEM),
        ],
        action: Action::Reload,
    },
    Route {
        method: Method::GET,
        path: "/v1/listeners",
        name: "listeners",
        summary: "Every listener, and whether it serves",
        doc: "In the order of the file.",
        takes: None,
        answers: &[json(StatusCode::OK, "All of them.", &[(JSON, Content::Schema("Listeners"))])],
        action: Action::Listeners,
    },
    Route {
        method: Method::GET,
        path: "/v1/configuration",
        name: "configuration",
        summary: "The configuration that serves",
        doc: "As it was read. It names where secrets are found, and holds none.",
        takes: None,
        answers: &[json(
            StatusCode::OK,
            "The text of every file.",
            &[(JSON, Content::Schema("Configuration"))],
        )],
        action: Action::Configuration,
    },
    Route {
        method: Method::GET,
        path: "/v1/events",
        name: "events",
        summary: "What the journal holds",
        doc: "In the order in which it came, with all its deliveries; what does not fit goes on \
              behind the number of `next`. Parameters of the query say which: `listener`, \
              `destination`, `state` (`waiting`, `delivered`, `dead`), `id`, `number`, `since` and \
              `until` (RFC 3339), `after` (a number), `limit` (at most 1000, usually 100). With \
              `refused=true` it is about requests that were refused, of listeners that keep them.",
        takes: None,
        answers: &[
            json(StatusCode::OK, "Some of it.", &[(JSON, Content::Schema("Events"))]),
            json(StatusCode::BAD_REQUEST, "The parameters make no sense.", PROBLEM),
            json(StatusCode::SERVICE_UNAVAILABLE, "The journal cannot answer.", PROBLEM),
        ],
        action: Action::Events(Ask::List),
    },
    Route {
        method: Method::GET,
        path: "/v1/events/show",
        name: "event",
        summary: "An event with what it says",
        doc: "The one of `number` or `id`, as it is delivered; of a request that gave no event, what \
              was kept of it, without what its listener hides now and without what proves it there: \
              nothing of its body if that listener is gone. With `refused=true` a request that was \
              refused.",
        takes: None,
        answers: &[
            json(StatusCode::OK, "All of it.", &[(JSON, Content::Schema("EventWithBody"))]),
            json(StatusCode::BAD_REQUEST, "The parameters do not say which.", PROBLEM),
            json(StatusCode::NOT_FOUND, "There is no such event.", PROBLEM),
            json(StatusCode::SERVICE_UNAVAILABLE, "The journal cannot answer.", PROBLEM),
        ],
        action: Action::Events(Ask::Show),
    },
    Route {
        method: Method::POST,
        path: "/v1/events/replay",
        name: "replay",
        summary: "Deliver events once more",
        doc: "Those that the parameters of the query say, as for `/v1/events`, or all with \
              `all=true`: to `destination` if it is said, or to all of theirs. Each keeps its id, and \
              is tried as if for the first time. Requests that gave no event when they came make what \
              they make as things are configured now.",
        takes: None,
        answers: &[
            json(StatusCode::OK, "They are due.", &[(JSON, Content::Schema("Replayed"))]),
            json(StatusCode::BAD_REQUEST, "The parameters do not say which.", PROBLEM),
            json(StatusCode::SERVICE_UNAVAILABLE, "The journal cannot take it.", PROBLEM),
        ],
        action: Action::Events(Ask::Replay),
    },
    Route {
        method: Method::POST,
        path: "/v1/events/drop",
        name: "drop",
        summary: "Forget events",
        doc: "Those that the parameters of the query say, as for `/v1/events/replay`; with \
              `destination`, only what is known of their deliveries to it; with `refused=true`, \
              requests that were refused.",
        takes: None,
        answers: &[
            json(StatusCode::OK, "They are gone.", &[(JSON, Content::Schema("Count"))]),
            json(StatusCode::BAD_REQUEST, "The parameters do not say which.", PROBLEM),
            json(StatusCode::SERVICE_UNAVAILABLE, "The journal cannot take it.", PROBLEM),
        ],
        action: Action::Events(Ask::Drop),
    },
    Route {
        method: Method::GET,
        path: "/v1/secrets",
        name: "secrets",
        summary: "Every secret, and where its values are found",
        doc: "In the order of the file, and never with a value.",
        takes: None,
        answers: &[json(StatusCode::OK, "All of them.", &[(JSON, Content::Schema("Secrets"))])],
        action: Action::Secrets,
    },
    Route {
        method: Method::POST,
        path: "/v1/secrets/arm",
        name: "arm",
        summary: "Expect a secret that a handshake brings",
        doc: "For a while, and so many values; what was expected before is replaced. What comes in any \
              other time is refused.",
        takes: Some(&ARMED),
        answers: SECRET,
        action: Action::Secret(Order::Arm),
    },
    Route {
        method: Method::POST,
        path: "/v1/secrets/disarm",
        name: "disarm",
        summary: "Expect a secret no longer",
        doc: "Whatever is held is forgotten.",
        takes: Some(&NAMED),
        answers: SECRET,
        action: Action::Secret(Order::Disarm),
    },
    Route {
        method: Method::POST,
        path: "/v1/secrets/settle",
        name: "settle",
        summary: "Keep the value that is held and is this one",
        doc: "Everything else that is held is forgotten, and nothing more is expected. `matched` says \
              whether there was such a value.",
        takes: Some(&VALUED),
        answers: SECRET,
        action: Action::Secret(Order::Settle),
    },
    Route {
        method: Method::POST,
        path: "/v1/secrets/set",
        name: "set_secret",
        summary: "Set a captured secret by hand",
        doc: "In the place of all its values.",
        takes: Some(&VALUED),
        answers: SECRET,
        action: Action::Secret(Order::Set),
    },
    Route {
        method: Method::POST,
        path: "/v1/secrets/rotate",
        name: "rotate_secret",
        summary: "Add a value to a captured secret by hand",
        doc: "The others verify until they are forgotten.",
        takes: Some(&VALUED),
        answers: SECRET,
        action: Action::Secret(Order::Rotate),
    },
    Route {
        method: Method::POST,
        path: "/v1/secrets/forget",
        name: "forget_secret",
        summary: "Forget a value of a captured secret, or all of them",
        doc: "What was signed with it is refused from then on.",
        takes: Some(&FORGOTTEN),
        answers: SECRET,
        action: Action::Secret(Order::Forget),
    },
    Route {
        method: Method::GET,
        path: "/openapi.json",
        name: "openapi",
        summary: "This description",
        doc: "OpenAPI 3.1.",
        takes: None,
        answers: &[json(StatusCode::OK, "The description.", &[(JSON, Content::Object)])],
        action: Action::OpenApi,
    },
];

/// The row of a request.
pub(super) fn find(method: &Method, path: &str) -> Result<&'static Route, Problem> {
    let Some(route) = ROUTES.iter().find(|route| route.path == path) else {
        let detail = "there is no such route; /openapi.json lists them all";
        return Err(Problem::new(StatusCode::NOT_FOUND, detail));
    };
    let reads = route.method == Method::GET;
    if *method == route.method || (reads && *method == Method::HEAD) {
        return Ok(route);
    }
    let allow = if reads { "GET, HEAD" } else { route.method.as_str() };
    let detail = format!("this route takes {}", route.method);
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail).with(header::ALLOW, allow))
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::ROUTES;
    use super::find;

    #[test]
    fn every_row_is_found_and_nothing_else() {
        for route in &ROUTES {
            assert_eq!(find(&route.method, route.path).unwrap().name, route.name);
            assert_eq!(find(&Method::OPTIONS, route.path).unwrap_err().status(), 405);
            assert_eq!(find(&route.method, &format!("{}/", route.path)).unwrap_err().status(), 404);
        }
        assert_eq!(find(&Method::HEAD, "/healthz").unwrap().name, "health");
        assert_eq!(find(&Method::HEAD, "/-/reload").unwrap_err().status(), 405);
        assert_eq!(find(&Method::GET, "/-/reload").unwrap_err().status(), 405);
    }
}
