//! What every route answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::HeaderMap;
use http::HeaderValue;
use http::Response;
use http::StatusCode;
use http::header;
use serde_json::Value;
use serde_json::json;
use tokio::sync::oneshot;
use tympan_core::outcome::Outcome;
use tympan_core::pipeline::ListenerState;
use tympan_journal::Stats;

use super::Context;
use super::exposition::Format;
use super::metrics;
use super::openapi;
use super::problem::Problem;
use super::routes::Action;
use super::routes::Route;
use super::secrets;
use super::secrets::Members;
use crate::again::Now;
use crate::clock;
use crate::events;
use crate::events::Ask;
use crate::events::Refusal;
use crate::receipt::Receipt;
use crate::receipt::Refused;
use crate::reload::Command;

/// The answer of a route.
pub(super) async fn answer(
    route: &Route,
    parameters: &str,
    headers: &HeaderMap,
    body: Members,
    context: Arc<Context>,
) -> Response<String> {
    let format = {
        let accept = headers.get_all(header::ACCEPT).iter();
        Format::negotiate(accept.filter_map(|value| value.to_str().ok()))
    };
    match route.action {
        Action::Health => found(&json!({"alive": true})),
        Action::Events(ask) => events(ask, parameters, &context).await,
        Action::Ready => ready(&context),
        Action::Reload => reload(&context).await,
        Action::Configuration => apart(move || found(&configuration(&context))).await,
        Action::Listeners => apart(move || found(&listeners(&context))).await,
        Action::Metrics => {
            apart(move || {
                let page = metrics::page(&context.shared, format);
                with_type(StatusCode::OK, format.media_type(), page)
            })
            .await
        }
        Action::Secrets => apart(move || secrets::list(&context)).await,
        Action::Secret(order) => secrets::order(order, body, context).await,
        Action::OpenApi => found(&openapi::document()),
    }
}

/// Away from the threads that serve: there may be thousands of listeners.
async fn apart(answer: impl FnOnce() -> Response<String> + Send + 'static) -> Response<String> {
    let answer = tokio::task::spawn_blocking(answer).await;
    answer.unwrap_or_else(|error| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).answer()
    })
}

fn ready(context: &Context) -> Response<String> {
    let shared = &context.shared;
    let keeps = shared.serving.load().keeps;
    let reason = if shared.is_stopping.load(Ordering::Relaxed) {
        Some("the process is ending".to_owned())
    } else {
        shared
            .journals
            .stats()
            .fault
            .filter(|_| keeps)
            .map(|why| format!("no event can be kept: {why}"))
    };
    let Stats { damaged, lost, .. } = shared.journals.stats();
    let is_ready = reason.is_none();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let live = Arc::clone(&context.shared.serving.load().live);
    let n_serving = live.listeners().filter(|it| *it.state == ListenerState::Serving).count();
    let reloads = context.shared.reloads.story();
    let readiness = json!({
        "ready": is_ready,
        "reason": reason,
        "generation": live.generation().number,
        "fingerprint": live.generation().fingerprint,
        "journal": {"damaged": damaged, "lost": lost},
        "listeners": {"serving": n_serving, "not_ready": live.listeners().count() - n_serving},
        "last_reload": {
            "at": clock::written(reloads.at),
            "successful": reloads.refused.is_none(),
            "reason": reloads.refused,
        },
    });
    as_json(status, &readiness)
}

async fn reload(context: &Context) -> Response<String> {
    if context.shared.is_stopping.load(Ordering::Relaxed) {
        return Problem::refused(&Refused::Stopped).answer();
    }
    let (reply, told) = oneshot::channel();
    let sent = context.commands.send(Command::Reload { reply }).await;
    let result = match sent {
        Ok(()) => told.await.unwrap_or(Err(Refused::Stopped)),
        Err(_) => Err(Refused::Stopped),
    };
    match result {
        Ok(receipt) => found(&as_object(&receipt)),
        Err(refused) => Problem::refused(&refused).answer(),
    }
}

async fn events(ask: Ask, parameters: &str, context: &Context) -> Response<String> {
    let shared = &context.shared;
    let is_about_refused = events::is_about_refused(parameters);
    let journal = if is_about_refused { shared.refused.journal() } else { shared.journals.get() };
    let journal = match journal {
        Ok(journal) => journal,
        Err(why) => return Problem::new(StatusCode::SERVICE_UNAVAILABLE, &*why).answer(),
    };
    let now = Now::served(&shared.serving.load());
    let answer = events::answer(&*journal, &now, ask, parameters).await;
    if matches!(ask, Ask::Replay | Ask::Drop) {
        let count = answer.as_ref().ok().map(|answer| answer["count"].to_string());
        tracing::info!(order = ?ask, parameters, count, "somebody gave an order about events");
    }
    match answer {
        Ok(answer) => found(&answer),
        Err(Refusal::Question(why)) => Problem::new(StatusCode::BAD_REQUEST, why).answer(),
        Err(Refusal::Nothing) => {
            Problem::new(StatusCode::NOT_FOUND, "there is no such event").answer()
        }
        Err(Refusal::Journal(why)) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, why).answer(),
    }
}

fn as_object(receipt: &Receipt) -> Value {
    let states = receipt.states.iter().map(|(listener, state)| {
        let (state, reason) = words(state);
        json!({"name": listener, "state": state, "reason": reason})
    });
    json!({
        "generation": receipt.generation,
        "is_new": receipt.is_new,
        "fingerprint": receipt.fingerprint,
        "changes": receipt.changes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "warnings": receipt.warnings,
        "states": states.collect::<Vec<_>>(),
        "frozen": receipt.frozen.iter().map(|frozen| frozen.file.as_str()).collect::<Vec<_>>(),
        "took": receipt.took.as_secs_f64(),
    })
}

fn listeners(context: &Context) -> Value {
    let facts = crate::facts(&context.shared, context.public.addresses(), false);
    let live = Arc::clone(&context.shared.serving.load().live);
    let meters = context.shared.serving.load().meters.clone();
    let verified: HashMap<_, u64> = meters
        .listeners
        .iter()
        .map(|meter| {
            let outcomes = Outcome::ALL.into_iter().filter(|outcome| outcome.is_verified());
            (meter.name.as_str(), outcomes.map(|outcome| meter.count(outcome)).sum())
        })
        .collect();
    let items = facts.listeners.iter().zip(live.listeners()).map(|(facts, listener)| {
        let (state, reason) = words(&facts.state);
        json!({
            "name": facts.name,
            "path": listener.path,
            "url": facts.url,
            "state": state,
            "reason": reason,
            "verified": verified.get(listener.name).copied().unwrap_or_default(),
        })
    });
    json!({"items": items.collect::<Vec<_>>()})
}

fn configuration(context: &Context) -> Value {
    let serving = context.shared.serving.load();
    let files = serving.files.texts().map(|(name, text)| json!({"name": name, "text": text}));
    let generation = serving.live.generation();
    json!({
        "generation": generation.number,
        "fingerprint": generation.fingerprint,
        "files": files.collect::<Vec<_>>(),
    })
}

/// A state, and why it is no better.
fn words(state: &ListenerState) -> (&'static str, Option<String>) {
    match state {
        ListenerState::Serving => ("serving", None),
        ListenerState::NotReady { secret, why } => {
            ("not_ready", Some(format!("its secret {secret} gives no key: {why}")))
        }
    }
}

pub(super) fn found(value: &Value) -> Response<String> {
    as_json(StatusCode::OK, value)
}

fn as_json(status: StatusCode, value: &Value) -> Response<String> {
    with_type(status, "application/json", format!("{value:#}\n"))
}

fn with_type(status: StatusCode, media_type: &'static str, body: String) -> Response<String> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}
