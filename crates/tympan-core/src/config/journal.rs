//! Reading `journal:`.

use std::time::Duration;

use crate::config::Reader;
use crate::config::keys;
use crate::yaml::Key;
use crate::yaml::Node;

const DAY: Duration = Duration::from_hours(24);

/// How accepted events are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Journal {
    /// How long what was delivered stays.
    pub age: Duration,
    /// How much all of it may take until what was delivered goes, in bytes.
    pub size: u64,
    /// How long dead letters stay.
    pub dead: Duration,
    /// How much may wait for delivery until nothing more is taken, in bytes.
    pub backlog: u64,
    /// How long refused requests stay.
    pub refused_age: Duration,
    /// How much all of them may take until the oldest go, in bytes.
    pub refused_size: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            age: 7 * DAY,
            size: 10 << 30,
            dead: 30 * DAY,
            backlog: 10 << 30,
            refused_age: 7 * DAY,
            refused_size: 64 << 20,
        }
    }
}

impl Reader<'_> {
    pub(super) fn journal(&mut self, key: &Key, node: Node) -> Option<Journal> {
        let mut fields = self.fields(&keys::JOURNAL, key.span, node)?;
        let mut journal = Journal::default();
        if let Some((key, node)) = fields.take("retain")
            && let Some(mut retain) = self.fields(&keys::RETAIN, key.span, node)
        {
            if let Some(age) = retain.take("age").and_then(|(_, node)| self.timeout(&node)) {
                journal.age = age;
            }
            if let Some(size) = retain.take("size").and_then(|(_, node)| self.size(&node)) {
                journal.size = size;
            }
            if let Some(dead) = retain.take("dead").and_then(|(_, node)| self.timeout(&node)) {
                journal.dead = dead;
            }
            retain.end();
        }
        if let Some(backlog) = fields.take("backlog").and_then(|(_, node)| self.size(&node)) {
            journal.backlog = backlog;
        }
        if let Some((key, node)) = fields.take("refused")
            && let Some(mut refused) = self.fields(&keys::REFUSED, key.span, node)
        {
            if let Some(age) = refused.take("age").and_then(|(_, node)| self.timeout(&node)) {
                journal.refused_age = age;
            }
            if let Some(size) = refused.take("size").and_then(|(_, node)| self.size(&node)) {
                journal.refused_size = size;
            }
            refused.end();
        }
        fields.end();
        Some(journal)
    }
}
