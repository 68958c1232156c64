//! What has to be fetched before a sender can be verified: where from, and what is known of it.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;

use crate::anchor::Anchored;
use crate::asked_key::AskedKey;
use crate::jwt::KeySet;
use crate::scheme::Certificate;
use crate::scheme::FoundKey;
use crate::scheme::IssuedTo;

/// How long keys count without being asked for again, in seconds: one that was taken back by who
/// signs is not believed for much longer.
const FRESH: f64 = 600.0;

/// How long it takes until they are asked for again if they could not be had, in seconds.
const AGAIN: f64 = 30.0;

/// Who needs what is older than this waits until it was asked for, in seconds: nobody may have come for
/// long, and what was asked for in vain as lately has been waited for.
const WAITS: f64 = 3_600.0;

/// How long keys count that cannot be had again, in seconds. A host that fails ends nothing, and one
/// that nobody reaches for a day cannot take anything back. A certificate says itself how long it does.
const COUNTS: f64 = 86_400.0;

/// How many sources are remembered that the operator wrote, and how many that requests name: with a key,
/// and as many without.
const MOST_SETS: usize = 1000;
const MOST_NAMED: usize = 100;

/// Where something is fetched from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    url: String,
    holds: Holds,
    is_written: bool,
}

/// What stands there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Holds {
    /// A set of keys.
    Keys,
    /// A certificate, and who has to vouch for it.
    Certificate(Option<Arc<IssuedTo>>),
    /// One key, and how it is asked for.
    Key(Box<AskedKey>),
}

/// What is known of every source. It lives longer than a generation, and is replaced as a whole.
#[derive(Clone, Debug, Default)]
pub struct Fetched(HashMap<Source, Known>);

/// What is known of one source.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What came last.
    pub found: Option<Found>,
    /// When it came, in seconds since 1970.
    pub at: f64,
    /// When it was asked for last, with or without success, in seconds since 1970.
    pub asked: f64,
    /// Why nothing has come since, if it was asked for.
    pub fault: Option<String>,
}

/// What was fetched.
#[derive(Clone, Debug)]
pub enum Found {
    /// A set of keys.
    Keys(Arc<KeySet>),
    /// A certificate.
    Certificate(Arc<Certificate>),
    /// One key; `None` where it is said that there is none.
    Key(Option<FoundKey>),
}

impl Source {
    /// A URL of keys that the operator wrote: over TLS, or within this machine.
    ///
    /// # Errors
    ///
    /// Why not, as a sentence.
    pub fn of_keys(url: &str) -> Result<Self, &'static str> {
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
        Ok(Self { url: url.to_owned(), holds: Holds::Keys, is_written: true })
    }

    /// A URL of a certificate that a request names.
    #[must_use]
    pub fn of_certificate(url: &Anchored, issued_to: Option<Arc<IssuedTo>>) -> Self {
        Self {
            url: url.url().to_owned(),
            holds: Holds::Certificate(issued_to),
            is_written: url.is_written(),
        }
    }

    /// A URL of a key that a request names.
    #[must_use]
    pub fn of_key(url: &Anchored, asked: AskedKey) -> Self {
        let holds = Holds::Key(Box::new(asked));
        Self { url: url.url().to_owned(), holds, is_written: url.is_written() }
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether the operator wrote its host.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.is_written
    }

    /// What stands there.
    #[must_use]
    pub fn holds(&self) -> &Holds {
        &self.holds
    }

    /// Reads what came from there.
    ///
    /// # Errors
    ///
    /// What it is instead.
    pub fn read(&self, bytes: &[u8], now: f64) -> Result<Found, String> {
        match &self.holds {
            Holds::Keys => KeySet::read(bytes).map(|keys| Found::Keys(Arc::new(keys))),
            Holds::Certificate(issued_to) => Certificate::read(bytes, issued_to.as_deref(), now)
                .map(|certificate| Found::Certificate(Arc::new(certificate))),
            Holds::Key(asked) => asked.read(bytes).map(Found::Key),
        }
    }

    /// Whether requests name it.
    #[must_use]
    pub fn is_named(&self) -> bool {
        match self.holds {
            Holds::Keys => false,
            Holds::Certificate(_) | Holds::Key(_) => true,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
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
                || !known.serves(kid, now)
        };
        self.get(source).is_none_or(is_due)
    }

    /// Whether it has to be asked before a request can be judged at all.
    #[must_use]
    pub fn must_ask(&self, source: &Source, kid: Option<&str>, now: f64) -> bool {
        let is_needed = |known: &Known| {
            is_past(known.at.max(known.asked), WAITS, now) || !known.serves(kid, now)
        };
        self.get(source).is_none_or(is_needed)
    }

    /// When a source was asked last, if it ever was.
    #[must_use]
    pub fn asked(&self, source: &Source) -> Option<f64> {
        self.get(source).map(|known| known.asked)
    }

    /// The same, with what is known now of one source. Of too many, that is forgotten which came
    /// longest ago; where there is no key, only others without one are forgotten for it.
    #[must_use]
    pub fn with(&self, source: Source, known: Known) -> Self {
        let mut sources = self.0.clone();
        sources.remove(&source);
        let most = if source.is_named() { MOST_NAMED } else { MOST_SETS };
        let is_like = |(other, it): &(&Source, &Known)| {
            other.is_named() == source.is_named() && it.holds_key() == known.holds_key()
        };
        let like = || sources.iter().filter(is_like);
        if like().count() >= most {
            let oldest = like().min_by(|a, b| a.1.at.total_cmp(&b.1.at));
            let oldest = oldest.map(|(source, _)| source.clone());
            oldest.and_then(|oldest| sources.remove(&oldest));
        }
        sources.insert(source, known);
        Self(sources)
    }
}

impl Known {
    /// Whether there is anything that anybody may still be judged by.
    #[must_use]
    pub fn counts(&self, now: f64) -> bool {
        match &self.found {
            None => false,
            Some(Found::Keys(keys)) => !keys.is_empty() && !is_past(self.at, COUNTS, now),
            Some(Found::Certificate(_)) => true,
            Some(Found::Key(_)) => !is_past(self.at, COUNTS, now),
        }
    }

    /// Whether anything has come that a proof can be held against: that there is no such key is none.
    #[must_use]
    pub fn holds_key(&self) -> bool {
        !matches!(self.found, None | Some(Found::Key(None)))
    }

    fn serves(&self, kid: Option<&str>, now: f64) -> bool {
        match &self.found {
            None => false,
            Some(Found::Keys(keys)) => self.counts(now) && keys.may_know(kid),
            Some(Found::Certificate(certificate)) => certificate.counts_at(now),
            Some(Found::Key(_)) => self.counts(now),
        }
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

    use regex::Regex;

    use super::Fetched;
    use super::Found;
    use super::Known;
    use super::MOST_NAMED;
    use super::MOST_SETS;
    use super::Source;
    use crate::anchor::Anchor;
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
            assert!(Source::of_keys(good).is_ok(), "{good}");
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
            assert!(Source::of_keys(bad).is_err(), "{bad}");
        }
    }

    fn found() -> Found {
        let keys = KeySet::read(
            br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k",
                "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        );
        Found::Keys(Arc::new(keys.unwrap()))
    }

    #[test]
    fn asked_when_old_or_when_a_key_is_unknown() {
        let [a, b] = ["https://a/", "https://b/"].map(|url| Source::of_keys(url).unwrap());
        let known = Known { found: Some(found()), at: 1000.0, asked: 1000.0, fault: None };
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
        for index in 0..=MOST_SETS {
            let source = Source::of_keys(&format!("https://a/{index}")).unwrap();
            let at = f64::from(u32::try_from(index).unwrap());
            fetched = fetched.with(source, Known { at, ..Known::default() });
        }
        let known = |url| fetched.get(&Source::of_keys(url).unwrap()).is_some();
        assert_eq!((known("https://a/0"), known("https://a/1")), (false, true));
    }

    #[test]
    fn whoever_names_many_certificates_displaces_no_good_one() {
        let any = || Regex::new(".*").unwrap();
        let anchor = Anchor { hosts: vec!["a".to_owned()], pattern: None, path: any() };
        let source = |path: &str| {
            Source::of_certificate(&anchor.admit(&format!("https://a/{path}")).unwrap(), None)
        };
        let good = Known { found: Some(found()), at: 1000.0, ..Known::default() };
        let mut fetched = Fetched::default().with(source("good"), good);
        for index in 0..3 * MOST_NAMED {
            let fault = Some("it answers 404".to_owned());
            fetched = fetched.with(source(&index.to_string()), Known { fault, ..Known::default() });
        }
        assert!(fetched.get(&source("good")).is_some());
        assert!(fetched.get(&source("299")).is_some());
        // That there is none is said later than any key has come.
        let none = Known { found: Some(Found::Key(None)), at: 2000.0, ..Known::default() };
        for index in 0..3 * MOST_NAMED {
            fetched = fetched.with(source(&format!("none/{index}")), none.clone());
        }
        assert!(fetched.get(&source("good")).is_some());
        assert!(fetched.get(&source("none/299")).is_some());
        assert_eq!(fetched.0.len(), MOST_NAMED + 1);

        // Keys push out keys, wherever nothing was known before.
        for index in 0..MOST_NAMED {
            let (source, at) = (source(&format!("none/{}", 200 + index)), 3000.0);
            let key = Known { found: Some(found()), at, ..Known::default() };
            fetched = fetched.with(source.clone(), none.clone()).with(source, key);
        }
        assert!(fetched.get(&source("good")).is_none());
        assert_eq!(fetched.0.values().filter(|known| known.holds_key()).count(), MOST_NAMED);
    }
}
