//! Keys that have to be fetched: where from, and what is known of them.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;

use super::KeySet;

/// How long keys count without being asked for again, in seconds: one that was taken back by who
/// signs is not believed for much longer.
const FRESH: f64 = 600.0;

/// How long it takes until they are asked for again if they could not be had, in seconds.
const AGAIN: f64 = 30.0;

/// Who needs keys that are older than this waits until they were asked for, in seconds: nobody may have
/// come for long, and whose keys were asked for in vain as lately has been waited for.
const WAITS: f64 = 3_600.0;

/// How long keys count that cannot be had again, in seconds. A host that fails ends nothing, and one
/// that nobody reaches for a day cannot take anything back.
const COUNTS: f64 = 86_400.0;

/// How many sources are remembered.
const MOST_SOURCES: usize = 1000;

/// Where keys are fetched from: a URL that the operator wrote.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source(String);

/// What is known of every source. It lives longer than a generation, and is replaced as a whole.
#[derive(Clone, Debug, Default)]
pub struct Fetched(HashMap<Source, Known>);

/// What is known of one source.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The keys that came last.
    pub keys: Arc<KeySet>,
    /// When they came, in seconds since 1970.
    pub at: f64,
    /// When they were asked for last, with or without success, in seconds since 1970.
    pub asked: f64,
    /// Why none have come since, if any were asked for.
    pub fault: Option<String>,
}

impl Source {
    /// A URL that keys may be fetched from: over TLS, or within this machine.
    ///
    /// # Errors
    ///
    /// Why not, as a sentence.
    pub fn read(url: &str) -> Result<Self, &'static str> {
        let uri: Uri = url.parse().map_err(|_| "it is no URL")?;
        let authority =
            uri.authority().filter(|it| !it.host().is_empty()).ok_or("it names no host")?;
        if authority.as_str().contains('@') {
            return Err("a URL here names no user");
        }
        if url.contains('#') {
            return Err("a fragment is never sent");
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_loopback(authority.host()) => {}
            Some("http") => return Err("without TLS anyone on the way could put in a key"),
            _ => return Err("it begins with `https://`"),
        }
        Ok(Self(url.to_owned()))
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Fetched {
    /// What is known of a source.
    #[must_use]
    pub fn get(&self, source: &Source) -> Option<&Known> {
        self.0.get(source)
    }

    /// Whether a source has to be asked, for a key that is named, at an instant.
    #[must_use]
    pub fn wants(&self, source: &Source, kid: Option<&str>, now: f64) -> bool {
        let is_due = |known: &Known| {
            is_past(known.at, FRESH, now) && is_past(known.asked, AGAIN, now)
                || !known.may_know(kid, now)
        };
        self.get(source).is_none_or(is_due)
    }

    /// Whether it has to be asked before that key can be looked for at all.
    #[must_use]
    pub fn must_ask(&self, source: &Source, kid: Option<&str>, now: f64) -> bool {
        let is_needed = |known: &Known| {
            is_past(known.at.max(known.asked), WAITS, now) || !known.may_know(kid, now)
        };
        self.get(source).is_none_or(is_needed)
    }

    /// When a source was asked last, if it ever was.
    #[must_use]
    pub fn asked(&self, source: &Source) -> Option<f64> {
        self.get(source).map(|known| known.asked)
    }

    /// The same, with what is known now of one source. Of too many, that is forgotten which came
    /// longest ago.
    #[must_use]
    pub fn with(&self, source: Source, known: Known) -> Self {
        let mut sources = self.0.clone();
        sources.insert(source, known);
        if sources.len() > MOST_SOURCES {
            let oldest = sources.iter().min_by(|a, b| a.1.at.total_cmp(&b.1.at));
            if let Some(oldest) = oldest.map(|(source, _)| source.clone()) {
                sources.remove(&oldest);
            }
        }
        Self(sources)
    }
}

impl Known {
    /// Whether there are keys that anybody may still be judged by.
    #[must_use]
    pub fn counts(&self, now: f64) -> bool {
        !self.keys.is_empty() && !is_past(self.at, COUNTS, now)
    }

    fn may_know(&self, kid: Option<&str>, now: f64) -> bool {
        self.counts(now) && self.keys.may_know(kid)
    }
}

/// Whether an instant is further away than `most` seconds: a clock may have been set back, too.
fn is_past(instant: f64, most: f64, now: f64) -> bool {
    (now - instant).abs() > most
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Fetched;
    use super::Known;
    use super::MOST_SOURCES;
    use super::Source;
    use crate::jwt::KeySet;

    #[test]
    fn only_over_tls_or_within_this_machine() {
        for good in [
            "https://example.com/keys",
            "https://example.com:8443/keys?v=3",
            "http://127.0.0.1:8080/keys",
            "http://[::1]/keys",
            "http://localhost/keys",
        ] {
            assert!(Source::read(good).is_ok(), "{good}");
        }
        for bad in [
            "http://example.com/keys",
            "http://127.0.0.1.example.com/",
            "http://localhost@example.com/",
            "https://user:password@example.com/",
            "https://example.com/keys#a",
            "https:///keys",
            "ftp://example.com/keys",
            "file:///etc/passwd",
            "/keys",
            "example.com",
            "",
        ] {
            assert!(Source::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn asked_when_old_or_when_a_key_is_unknown() {
        let [a, b] = ["https://a/", "https://b/"].map(|url| Source::read(url).unwrap());
        let keys = KeySet::read(
            br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k",
                "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        );
        let keys = Arc::new(keys.unwrap());
        let known = Known { keys, at: 1000.0, asked: 1000.0, fault: None };
        let fetched = Fetched::default().with(a.clone(), known.clone());
        assert!(!fetched.wants(&a, Some("k"), 1600.0) && !fetched.wants(&a, None, 1000.0));
        assert!(fetched.wants(&a, Some("k"), 1600.5) && fetched.wants(&a, Some("x"), 1000.0));
        assert!(fetched.wants(&b, None, 1000.0));

        // Nobody waits for what is only old, unless it is so by far and nobody has asked since.
        assert!(
            !fetched.must_ask(&a, Some("k"), 4600.0) && fetched.must_ask(&a, Some("x"), 1000.0)
        );
        assert!(fetched.must_ask(&a, Some("k"), 4600.5) && fetched.must_ask(&b, None, 1000.0));
        let failed = Known { asked: 4601.0, fault: Some("it hangs".to_owned()), ..known };
        let fetched = fetched.with(a.clone(), failed);
        assert!(!fetched.must_ask(&a, Some("k"), 4601.0));
        assert!(!fetched.wants(&a, Some("k"), 4631.0) && fetched.wants(&a, Some("k"), 4631.5));

        // There is an end to it.
        let counts = |now| fetched.get(&a).unwrap().counts(now);
        assert!(counts(87_400.0) && !counts(87_400.5));
        assert!(fetched.must_ask(&a, Some("k"), 87_400.5) && fetched.wants(&a, None, 87_400.5));
    }

    #[test]
    fn not_everything_is_remembered_for_ever() {
        let mut fetched = Fetched::default();
        for index in 0..=MOST_SOURCES {
            let source = Source::read(&format!("https://a/{index}")).unwrap();
            let at = f64::from(u32::try_from(index).unwrap());
            fetched = fetched.with(source, Known { at, ..Known::default() });
        }
        let known = |url| fetched.get(&Source::read(url).unwrap()).is_some();
        assert_eq!((known("https://a/0"), known("https://a/1")), (false, true));
    }
}
