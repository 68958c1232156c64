//! What must not be shown of what others say, as they may say again what they were told.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tympan_core::encode;
use zeroize::Zeroizing;

/// Everything that was sent to prove something, in every way in which it was written.
#[derive(Default)]
pub(super) struct Hidden(Mutex<Vec<Zeroizing<String>>>);

impl Hidden {
    /// Hides a text from now on.
    pub(super) fn add(&self, text: &str) {
        let mut texts = self.texts();
        for written in encode::ways(text) {
            if texts.iter().all(|known| **known != written) {
                texts.push(Zeroizing::new(written));
            }
        }
        // What is part of another goes after it.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    }

    /// A text without any of them.
    pub(super) fn masked(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for hidden in self.texts().iter() {
            text = text.replace(hidden.as_str(), "***");
        }
        text
    }

    fn texts(&self) -> MutexGuard<'_, Vec<Zeroizing<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Hidden;

    #[test]
    fn however_it_is_written() {
        let hidden = Hidden::default();
        hidden.add("a\"+b");
        hidden.add("a\"+b c");
        let echo = "/a%22+b?secret=a%22%2Bb+c {\"secret\":\"a\\\"+b\"} a\"+b c.";
        assert_eq!(hidden.masked(echo), "/***?secret=*** {\"secret\":\"***\"} ***.");
        let urls = "https://example.com/?token=a%22%2Bb%20c url=https%3A%2F%2F%3Ftoken%3Da%2522%252Bb%2520c";
        assert_eq!(
            hidden.masked(urls),
            "https://example.com/?token=*** url=https%3A%2F%2F%3Ftoken%3D***"
        );
    }
}
