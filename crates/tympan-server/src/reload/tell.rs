//! What the operator is told about a reload.

use super::Reloader;
use crate::receipt::Frozen;
use crate::receipt::Receipt;
use crate::receipt::Refused;
use crate::systemd;

impl Reloader {
    /// Tells the operator what a reload did. A refusal that was told is not told again, unless
    /// somebody asked.
    pub(super) fn tell(&mut self, result: &Result<Receipt, Refused>, asked: bool) {
        self.shared.reloads.note(result);
        systemd::reloaded(&self.shared.serving.load().live, result.is_err());
        match result {
            Ok(receipt) => {
                // Whoever was told of a mistake is told that it is over.
                let is_over = receipt.frozen.is_empty() && self.told.is_some();
                receipt.log(asked || is_over);
                self.tell_frozen(&receipt.frozen, asked);
            }
            Err(refused) => {
                let story = refused.to_string();
                if !asked && self.told.as_ref() == Some(&story) {
                    return;
                }
                if let Refused::Mistakes { diagnostics, sources } = refused {
                    (self.on_diagnostics)(diagnostics, sources);
                }
                let generation = self.shared.serving.load().live.generation().number;
                let why = refused.summary();
                tracing::error!(
                    generation,
                    why,
                    "the new configuration is refused; the old goes on"
                );
                self.told = Some(story);
            }
        }
    }

    /// Tells which included files are not served as they stand.
    pub(super) fn tell_frozen(&mut self, frozen: &[Frozen], asked: bool) {
        if frozen.is_empty() {
            // After a start with the last good configuration there is something to be told yet.
            self.told = self.told.take().filter(|_| self.seen == 0);
            return;
        }
        let stories = frozen.iter().map(|Frozen { file, diagnostics, sources, .. }| {
            format!("{file}\n{}", tympan_core::diagnostic::text(diagnostics, sources, false))
        });
        let story = stories.collect::<String>();
        if !asked && self.told.as_ref() == Some(&story) {
            return;
        }
        for frozen in frozen {
            (self.on_diagnostics)(&frozen.diagnostics, &frozen.sources);
            frozen.log();
        }
        self.told = Some(story);
    }

    /// Tells, at a start, that it is not the file on the disk that is served.
    pub(super) fn tell_restored(&mut self, refused: &Refused) {
        if let Refused::Mistakes { diagnostics, sources } = refused {
            (self.on_diagnostics)(diagnostics, sources);
        }
        let (file, why) = (self.file.display().to_string(), refused.summary());
        let fingerprint = self.served.fingerprint();
        tracing::error!(
            file,
            why,
            fingerprint,
            "the file is broken: what it said last without mistakes is served"
        );
        self.told = Some(refused.to_string());
    }
}
