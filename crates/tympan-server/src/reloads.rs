//! How the reloads of a process went, for whoever asks later.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::SystemTime;

use crate::receipt::Receipt;
use crate::receipt::Refused;

/// Every reload so far, the start included.
#[derive(Debug)]
pub(crate) struct Reloads(Mutex<Story>);

/// What is known of them.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// When the last one ended.
    pub(crate) at: SystemTime,
    /// Why it was refused, if it was.
    pub(crate) refused: Option<String>,
    /// When the last one ended that was not.
    pub(crate) succeeded_at: SystemTime,
    pub(crate) n_applied: u64,
    pub(crate) n_unchanged: u64,
    pub(crate) n_refused: u64,
}

impl Reloads {
    /// The start was the first.
    pub(crate) fn started() -> Self {
        let now = SystemTime::now();
        Self(Mutex::new(Story {
            at: now,
            refused: None,
            succeeded_at: now,
            n_applied: 1,
            n_unchanged: 0,
            n_refused: 0,
        }))
    }

    /// Remembers how one went.
    pub(crate) fn note(&self, result: &Result<Receipt, Refused>) {
        let mut story = self.lock();
        story.at = SystemTime::now();
        match result {
            Ok(receipt) => {
                let count =
                    if receipt.is_new { &mut story.n_applied } else { &mut story.n_unchanged };
                *count += 1;
                story.refused = None;
                story.succeeded_at = story.at;
            }
            Err(refused) => {
                story.n_refused += 1;
                story.refused = Some(refused.summary());
            }
        }
    }

    /// What is known now.
    pub(crate) fn story(&self) -> Story {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Story> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
