//! What the operator asks and orders: health, metrics, reload, and what is served.
//!
//! It has addresses, connections and limits of its own, so that no flood of requests to the
//! listeners locks the operator out. A request passes one `rule`, finds its `routes` row, and
//! gets its answer from `answers`.

mod answers;
mod exposition;
mod http;
mod listen;
mod metrics;
mod openapi;
mod problem;
mod process;
mod routes;
mod rule;
mod schemas;
mod secrets;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::mpsc;

pub(crate) use listen::Bound;
pub(crate) use listen::Listening;
pub use listen::addresses;

use crate::reload::Command;
use crate::serving::Shared;

/// What answers are made of.
pub(crate) struct Context {
    pub(crate) shared: Arc<Shared>,
    /// The addresses of the listeners.
    pub(crate) public: Arc<crate::listen::Listening>,
    /// The task that reloads.
    pub(crate) commands: mpsc::Sender<Command>,
    /// The second, since 1970, in which somebody was turned away who was told of.
    pub(crate) told: AtomicU64,
}
