//! What is asked and ordered of secrets at an admin address.

use std::sync::Arc;

use http::Response;
use http::StatusCode;
use serde_json::Map;
use serde_json::Value;

use super::Context;
use super::answers::found;
use super::problem::Problem;
use crate::secrets::Order;
use crate::secrets::Refused;
use crate::secrets::Secrets;

/// The members of an order's body.
pub(super) type Members = Map<String, Value>;

/// Every secret, in the order of the file.
pub(super) fn list(context: &Context) -> Response<String> {
    match with(context, |secrets| secrets.list()) {
        Ok(list) => found(&list),
        Err(error) => broken(&error),
    }
}

/// Does what is ordered, and describes the secret as it is then.
pub(super) async fn order(order: Order, body: Members, context: Arc<Context>) -> Response<String> {
    let done = {
        let context = Arc::clone(&context);
        let obey = move || with(&context, |secrets| secrets.obey(order, &body));
        tokio::task::spawn_blocking(obey).await
    };
    let (status, refused) = match done {
        Ok(Ok(answer)) => {
            if !matches!(order, Order::Arm | Order::Disarm) {
                context.shared.captures.renew().await;
            }
            return found(&answer);
        }
        Err(error) => return broken(&error),
        Ok(Err(refused)) => (
            match refused {
                Refused::Bad(_) => StatusCode::BAD_REQUEST,
                Refused::Unknown(_) => StatusCode::NOT_FOUND,
                Refused::Conflict(_) => StatusCode::CONFLICT,
                Refused::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
            refused,
        ),
    };
    Problem::new(status, refused.to_string()).answer()
}

/// The secrets of what serves now.
fn with<T>(context: &Context, ask: impl FnOnce(Secrets<'_>) -> T) -> T {
    let serving = context.shared.serving.load_full();
    ask(Secrets {
        written: &serving.secrets,
        store: &serving.captured,
        refused: &|secret| context.shared.captures.refused(secret),
    })
}

fn broken(why: &dyn std::fmt::Display) -> Response<String> {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).answer()
}
