//! What every request shares: one pointer to everything that a reload replaces.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use tympan_core::config::Log;
use tympan_core::config::SecretRefs;
use tympan_core::config::Server;
use tympan_core::pipeline::Live;
use tympan_core::rate::Rates;

use crate::capture::Captures;
use crate::captured::Store;
use crate::clock::Clock;
use crate::delivery::Destination;
use crate::files::Files;
use crate::gate::Gate;
use crate::journal::Journals;
use crate::log::Refusals;
use crate::memory::Memory;
use crate::meters::Meters;
use crate::outbound::Egress;
use crate::outbound::calls::Calls;
use crate::outbound::keys::FetchedKeys;
use crate::refused::KeptRefusals;
use crate::reloads::Reloads;
use crate::strays::Strays;
use crate::tls::Tls;
use crate::watchman::Watchman;

/// Everything that a request sees, replaced as a whole.
#[derive(Clone, Debug)]
pub(crate) struct Serving {
    /// The pipelines and their keys.
    pub(crate) live: Arc<Live>,
    /// The destinations, by the ids of the same configuration.
    pub(crate) destinations: Vec<Destination>,
    /// Whether any listener keeps what it gets.
    pub(crate) keeps: bool,
    /// Whether any listener keeps what is refused.
    pub(crate) keeps_refused: bool,
    /// What requests are counted with, by the same ids.
    pub(crate) meters: Meters,
    /// The text of the files.
    pub(crate) files: Arc<Files>,
    /// The settings of sockets.
    pub(crate) server: Server,
    /// What TLS connections are accepted with, if HTTP is not plain.
    pub(crate) tls: Option<Tls>,
    /// Where each secret is found.
    pub(crate) secrets: Arc<[SecretRefs]>,
    /// What handshakes have brought.
    pub(crate) captured: Store,
    /// Whom may be called.
    pub(crate) egress: Arc<Egress>,
    /// The settings of logs.
    pub(crate) log: Log,
}

/// What lives as long as the process.
#[derive(Debug)]
pub(crate) struct Shared {
    /// What is served now. The one swap of a reload is a store into this.
    pub(crate) serving: ArcSwap<Serving>,
    pub(crate) clock: Clock,
    /// The connections that are open.
    pub(crate) gate: Arc<Gate>,
    /// Who sees that none of them takes too long, and tells them to end.
    pub(crate) watchman: Watchman,
    /// Connections that came to nothing.
    pub(crate) strays: Arc<Strays>,
    /// Counts that a reload must not forget.
    pub(crate) refusals: Refusals,
    pub(crate) reloads: Reloads,
    /// Whether the end has begun.
    pub(crate) is_stopping: AtomicBool,
    /// What bodies take.
    pub(crate) memory: Memory,
    /// How much came from whom.
    pub(crate) rates: Arc<Rates>,
    /// What events are kept in.
    pub(crate) journals: Journals,
    /// What refused requests are kept in.
    pub(crate) refused: Arc<KeptRefusals>,
    /// Keys that were fetched.
    pub(crate) keys: Arc<FetchedKeys>,
    /// Secrets that come with handshakes.
    pub(crate) captures: Arc<Captures>,
    /// How often challenges had something called.
    pub(crate) calls: Calls,
}
