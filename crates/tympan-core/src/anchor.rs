//! Which URLs a request may name for us to call: hosts that the operator wrote, and nothing else.

use http::Uri;
use regex::Regex;

/// The longest URL that is called, in bytes.
const MOST_BYTES: usize = 2_048;

/// The URLs that a request may name. All of them begin with `https://`.
#[derive(Clone, Debug)]
pub struct Anchor {
    /// Hosts in lower case, with their port unless it is the usual one.
    pub hosts: Vec<String>,
    /// What another host may look like, as a whole.
    pub pattern: Option<Regex>,
    /// What path and query have to look like, as a whole.
    pub path: Regex,
}

/// A URL that may be called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Anchored {
    url: String,
    is_written: bool,
}

impl Anchored {
    /// The URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its host, with a port if it is not the usual one.
    #[must_use]
    pub fn host(&self) -> &str {
        let rest = self.url.strip_prefix("https://").unwrap_or_default();
        rest.split(['/', '?']).next().unwrap_or_default()
    }

    /// Whether its host is one that the operator wrote out, and may therefore be nearby.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.is_written
    }
}

impl Anchor {
    /// The URL that a request names, if it may be called.
    ///
    /// # Errors
    ///
    /// Why it may not, as the end of a sentence.
    pub fn admit(&self, url: &str) -> Result<Anchored, &'static str> {
        if url.len() > MOST_BYTES {
            return Err("it is too long");
        }
        if url.contains('@') {
            return Err("it could name a user");
        }
        if !url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#".contains(&byte)) {
            return Err("it holds a character that none needs");
        }
        let uri: Uri = url.parse().map_err(|_| "it is no URL")?;
        if uri.scheme_str() != Some("https") {
            return Err("it does not begin with `https://`");
        }
        let authority = uri.authority().ok_or("it names no host")?;
        let host = authority.as_str().to_ascii_lowercase();
        let host = host.strip_suffix(":443").unwrap_or(&host);
        let is_written = self.hosts.iter().any(|known| known == host);
        let is_like = || self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(host));
        if !is_written && !is_like() {
            return Err("its host is none that is allowed");
        }
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let is_dotted = uri.path().split('/').any(|segment| matches!(segment, "." | ".."));
        if is_dotted || !self.path.is_match(target) {
            return Err("its path is none that is allowed");
        }
        Ok(Anchored { url: format!("https://{host}{target}"), is_written })
    }
}

/// A host as [`Anchor::hosts`] has it: a name or an address, and a port if it is not 443.
#[must_use]
pub fn host(written: &str) -> Option<String> {
    let host = written.to_ascii_lowercase();
    let host = host.strip_suffix(":443").unwrap_or(&host);
    let uri: Uri = format!("https://{host}/").parse().ok()?;
    let authority = uri.authority()?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    let is_whole = authority.as_str() == host && host.bytes().all(is_name);
    let port = authority.as_str().strip_prefix(authority.host())?;
    let is_port = port.is_empty()
        || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok_and(|it| it > 0));
    (is_whole && is_port && !authority.host().is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::Anchor;
    use super::host;

    fn anchor() -> Anchor {
        Anchor {
            hosts: vec!["keys.example.com".to_owned(), "localhost:8443".to_owned()],
            pattern: Some(Regex::new(r"\A(?:sns\.[a-z0-9-]{3,}\.example\.net)\z").unwrap()),
            path: Regex::new(r"\A(?:(/[A-Za-z0-9_.~-]+)+)\z").unwrap(),
        }
    }

    #[test]
    fn only_what_was_written_is_called() {
        for (url, is_written) in [
            ("https://keys.example.com/a.pem", true),
            ("https://KEYS.example.com:443/a.pem", true),
            ("https://localhost:8443/x/y", true),
            ("https://sns.eu-west-1.example.net/a-1.pem", false),
        ] {
            let found = anchor().admit(url).unwrap();
            assert_eq!(found.is_written(), is_written, "{url}");
        }
        let found = anchor().admit("https://KEYS.example.com:443/A.pem").unwrap();
        assert_eq!(found.url(), "https://keys.example.com/A.pem");
    }

    #[test]
    fn nothing_that_only_looks_like_it_is_called() {
        let long = format!("https://keys.example.com/{}", "a".repeat(2048));
        for url in [
            "http://keys.example.com/a.pem",
            "//keys.example.com/a.pem",
            "keys.example.com/a.pem",
            "ftp://keys.example.com/a.pem",
            "https:keys.example.com/a.pem",
            "https:///keys.example.com/a.pem",
            "https://keys.example.com.evil.example/a.pem",
            "https://evil.example/keys.example.com/a.pem",
            "https://evil.example?keys.example.com/a.pem",
            "https://evil.example#keys.example.com/a.pem",
            "https://keys.example.com@evil.example/a.pem",
            "https://keys.example.com:a@evil.example/a.pem",
            "https://evil.example\\@keys.example.com/a.pem",
            "https://evil.example\\.keys.example.com/a.pem",
            "https://user@keys.example.com/a.pem",
            "https://keys.example.com./a.pem",
            "https://keys.example.com:8443/a.pem",
            "https://keys.example.com:0/a.pem",
            "https://keys.example.com:/a.pem",
            "https://localhost/a.pem",
            "https://localhost:8444/a.pem",
            "https://xkeys.example.com/a.pem",
            "https://sns.eu-west-1.example.net.evil.example/a.pem",
            "https://sns.eu-west-1.example.netx/a.pem",
            "https://evil.example/.sns.eu-west-1.example.net",
            "https://sns.a/b.example.net/a.pem",
            "https://snsxeu-west-1.example.net/a.pem",
            "https://127.0.0.1/a.pem",
            "https://2130706433/a.pem",
            "https://[::1]/a.pem",
            "https://keys.example.com/a.pem?Action=Echo",
            "https://keys.example.com/../a.pem",
            "https://keys.example.com/a/../../b.pem",
            "https://keys.example.com/%2e%2e/a.pem",
            "https://keys.example.com/a.pem\r\nX: y",
            "https://keys.example.com/a b",
            "https://keys.exämple.com/a.pem",
            " https://keys.example.com/a.pem",
            "https://keys.example.com/",
            "",
            &long,
        ] {
            assert!(anchor().admit(url).is_err(), "{url}");
        }
    }

    #[test]
    fn hosts() {
        for (written, expected) in [
            ("keys.example.com", "keys.example.com"),
            ("Keys.Example.com:443", "keys.example.com"),
            ("localhost:8443", "localhost:8443"),
            ("[::1]:8443", "[::1]:8443"),
        ] {
            assert_eq!(host(written).as_deref(), Some(expected));
        }
        for bad in ["", "https://a", "a/b", "*.a", "a b", "u@a", "a:", "a:x", "a:99999", "a?b"] {
            assert_eq!(host(bad), None, "{bad}");
        }
    }
}
