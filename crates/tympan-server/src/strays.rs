//! Connections that were turned away or cut before a request was understood: how many, and why.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// What ended a connection before any listener was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stray {
    /// Its address had all the connections that it may have.
    Connections,
    /// What came was no request, or could be read in two ways.
    Malformed,
    /// Nothing came in time.
    FirstByteTimeout,
    /// Half a head came in time.
    HeaderTimeout,
    /// It did not agree on TLS, or not in time.
    Tls,
    /// What came belonged to no request that was worth an answer.
    Flood,
}

/// How many of each there were, for as long as the process runs.
#[derive(Debug, Default)]
pub(crate) struct Strays([AtomicU64; Stray::ALL.len()]);

impl Stray {
    pub(crate) const ALL: [Self; 6] = [
        Self::Connections,
        Self::Malformed,
        Self::FirstByteTimeout,
        Self::HeaderTimeout,
        Self::Tls,
        Self::Flood,
    ];

    /// What it is called where it is counted.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Malformed => "malformed",
            Self::FirstByteTimeout => "first_byte_timeout",
            Self::HeaderTimeout => "header_timeout",
            Self::Tls => "tls",
            Self::Flood => "flood",
        }
    }
}

impl Strays {
    pub(crate) fn count(&self, stray: Stray) {
        self.0[stray as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self, stray: Stray) -> u64 {
        self.0[stray as usize].load(Ordering::Relaxed)
    }
}
