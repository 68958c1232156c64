//! Reading things that are taken as they stand: durations, sizes, paths, addresses.

use std::net::IpAddr;
use std::time::Duration;

use http::HeaderName;
use http::Method;
use http::StatusCode;
use ipnet::IpNet;
use regex::Regex;
use regex::RegexBuilder;

use crate::config::Address;
use crate::config::Reader;
use crate::diagnostic::Problem;
use crate::scheme::HashMode;
use crate::span::Span;
use crate::yaml::Node;
use crate::yaml::Value;

/// The most memory that one compiled pattern may take, in bytes.
const PATTERN_SIZE: usize = 1 << 20;

impl Reader<'_> {
    /// A text; a number or truth value is one too, as it stands in no need of quotes.
    pub(super) fn text(&mut self, node: &Node) -> Option<String> {
        match &node.value {
            Value::Text(text) if !text.is_empty() => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Float(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Text(_) => self.wrong_type(node, "a text that is not empty"),
            _ => self.wrong_type(node, "a text"),
        }
    }

    pub(super) fn boolean(&mut self, node: &Node) -> Option<bool> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => self.wrong_type(node, "true or false"),
        }
    }

    pub(super) fn choice(
        &mut self,
        node: &Node,
        choices: &'static [&'static str],
    ) -> Option<&'static str> {
        let found = self.text(node)?;
        let known = choices.iter().find(|choice| **choice == found);
        if known.is_none() {
            let choices = choices.to_vec();
            self.report(node.span, Problem::UnknownChoice { found, choices });
        }
        known.copied()
    }

    /// The hash function of an HMAC, in any of its spellings.
    pub(super) fn hash_mode(&mut self, node: &Node) -> Option<HashMode> {
        let found = self.text(node)?;
        let mode = HashMode::read(&found);
        if mode.is_none() {
            let choices = HashMode::WORDS.to_vec();
            self.report(node.span, Problem::UnknownChoice { found, choices });
        }
        mode
    }

    pub(super) fn duration(&mut self, node: &Node) -> Option<Duration> {
        self.literal(node, "a number and a unit", "10s", |text| {
            let (number, unit) = number_and_unit(text)?;
            let seconds = match unit {
                "ms" => number / 1_000.0,
                "s" => number,
                "m" => number * 60.0,
                "h" => number * 3_600.0,
                "d" => number * 86_400.0,
                _ => return None,
            };
            Duration::try_from_secs_f64(seconds).ok()
        })
    }

    /// A size in bytes.
    pub(super) fn size(&mut self, node: &Node) -> Option<u64> {
        self.literal(node, "a size", "1MiB", |text| {
            let (number, unit) = number_and_unit(text)?;
            let factor = match unit {
                "" | "B" => 1.0,
                "KiB" => 1024.0,
                "MiB" => 1024.0 * 1024.0,
                "GiB" => 1024.0 * 1024.0 * 1024.0,
                "kB" | "KB" => 1e3,
                "MB" => 1e6,
                "GB" => 1e9,
                _ => return None,
            };
            to_u64(number * factor)
        })
    }

    /// A whole number from 1.
    pub(super) fn count(&mut self, node: &Node) -> Option<usize> {
        self.literal(node, "a whole number from 1", "2048", |text| {
            text.parse().ok().filter(|count| *count > 0)
        })
    }

    /// A final status: an informational one would leave the sender waiting.
    pub(super) fn status(&mut self, node: &Node) -> Option<StatusCode> {
        self.literal(node, "a status from 200 to 599", "200", |text| {
            let status: u16 = text.parse().ok()?;
            (200..600).contains(&status).then(|| StatusCode::from_u16(status).ok())?
        })
    }

    pub(super) fn method(&mut self, node: &Node) -> Option<Method> {
        self.literal(node, "a method in capitals (not CONNECT)", "POST", |text| {
            let is_method = text.bytes().all(|byte| byte.is_ascii_uppercase());
            (is_method && text != "CONNECT").then(|| text.parse().ok())?
        })
    }

    pub(super) fn header(&mut self, node: &Node) -> Option<HeaderName> {
        self.literal(node, "the name of a header", "content-type", |text| text.parse().ok())
    }

    pub(super) fn media_type(&mut self, node: &Node) -> Option<String> {
        self.literal(node, "a media type", "application/json", |text| {
            let (kind, subtype) = text.split_once('/')?;
            let is_token = |part: &str| part != "*" && part.parse::<HeaderName>().is_ok();
            (is_token(kind) && is_token(subtype)).then(|| text.to_ascii_lowercase())
        })
    }

    pub(super) fn address(&mut self, node: &Node) -> Option<Address> {
        self.literal(
            node,
            "an IP address and a port, unix:PATH or systemd",
            "127.0.0.1:8080",
            |text| text.parse().ok(),
        )
    }

    /// A network, or one address of it.
    pub(super) fn network(&mut self, node: &Node) -> Option<IpNet> {
        self.literal(node, "a network or an IP address", "192.0.2.0/24", |text| {
            let address = || text.parse::<IpAddr>().map(IpNet::from).ok();
            text.parse().ok().or_else(address).map(|network: IpNet| network.trunc())
        })
    }

    /// An origin: scheme and host, nothing behind it.
    pub(super) fn origin(&mut self, node: &Node) -> Option<String> {
        self.literal(node, "a URL of scheme and host", "https://hooks.example.com", |text| {
            let uri: http::Uri = text.parse().ok()?;
            let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
            let authority = uri.authority().filter(|host| !host.as_str().contains('@'));
            let is_bare = uri.path() == "/" && uri.query().is_none() && !text.contains('#');
            (is_web && authority.is_some() && is_bare).then(|| text.trim_end_matches('/').into())
        })
    }

    /// Where something is called, without credentials.
    pub(super) fn url(&mut self, node: &Node) -> Option<String> {
        self.literal(node, "a URL without user or fragment", "https://example.com/in", |text| {
            let uri: http::Uri = text.parse().ok()?;
            let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
            let authority = uri.authority().filter(|host| !host.as_str().contains('@'));
            (is_web && authority.is_some() && !text.contains('#')).then(|| text.to_owned())
        })
    }

    /// Where a server with a protocol of its own is, without credentials.
    #[cfg(feature = "remote")]
    pub(super) fn endpoint(
        &mut self,
        node: &Node,
        schemes: &'static [&'static str],
        example: &'static str,
    ) -> Option<http::Uri> {
        self.literal(node, "a URL of the right scheme, without user or fragment", example, |text| {
            let uri: http::Uri = text.parse().ok()?;
            let is_known = uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme));
            let authority = uri.authority().filter(|host| !host.as_str().contains('@'));
            (is_known && authority.is_some() && !text.contains('#')).then_some(uri)
        })
    }

    /// A regular expression that has to match a value as a whole.
    pub(super) fn pattern(&mut self, node: &Node) -> Option<Regex> {
        let text = self.text(node)?;
        let compiled = whole_match(&text);
        if let Err(error) = &compiled {
            let why = match error {
                regex::Error::Syntax(message) => {
                    let reason = message.lines().last().unwrap_or(message);
                    reason.trim_start_matches("error: ").to_owned()
                }
                _ => "it is too big".to_owned(),
            };
            self.report(node.span, Problem::Regex { why });
        }
        compiled.ok()
    }

    /// A name that has to fit where a protocol has one byte for its length.
    #[cfg(feature = "amqp")]
    pub(super) fn short(&mut self, node: &Node, example: &'static str) -> Option<String> {
        self.literal(node, "at most 255 bytes", example, |text| {
            (text.len() <= 255).then(|| text.to_owned())
        })
    }

    fn literal<T>(
        &mut self,
        node: &Node,
        what: &'static str,
        example: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = self.text(node)?;
        let value = read(&found);
        if value.is_none() {
            self.bad_value(node.span, what, found, example);
        }
        value
    }

    /// Tells that a value is none of those that are taken. What is told ends up in logs: a URL with a
    /// password is told of as that.
    pub(super) fn bad_value(
        &mut self,
        at: Span,
        what: &'static str,
        found: String,
        example: &'static str,
    ) {
        let has_password = has_password(&found);
        let problem = Problem::BadValue { what, found, example, why: None };
        self.report(at, if has_password { Problem::SecretWritten } else { problem });
    }
}

/// Whether a text is a URL with a password before its host (RFC 3986, section 3.2.1).
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

/// Compiles a pattern that matches whole values only, whether or not it says so itself.
pub(crate) fn whole_match(pattern: &str) -> Result<Regex, regex::Error> {
    // Compiled alone first: `a)|(b` must not become correct by being wrapped.
    RegexBuilder::new(pattern).size_limit(PATTERN_SIZE).build()?;
    RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).size_limit(PATTERN_SIZE).build()
}

/// `2.5s` is 2.5 and `s`.
fn number_and_unit(text: &str) -> Option<(f64, &str)> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    if number.starts_with('.') || number.ends_with('.') {
        return None;
    }
    number.parse().ok().map(|number: f64| (number, unit.trim_start()))
}

/// A whole number of bytes, if it is one that a computer could hold.
fn to_u64(number: f64) -> Option<u64> {
    const MOST: f64 = 9e15;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between zero and 2^53"
    )]
    (0.0..MOST).contains(&number).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::number_and_unit;
    use super::whole_match;

    #[test]
    fn numbers_with_units() {
        assert_eq!(number_and_unit("2.5s"), Some((2.5, "s")));
        assert_eq!(number_and_unit("1 MiB"), Some((1.0, "MiB")));
        assert_eq!(number_and_unit("100"), Some((100.0, "")));
        assert_eq!(number_and_unit("s"), None);
        assert_eq!(number_and_unit("1.2.3s"), None);
    }

    #[test]
    fn patterns_match_whole_values() {
        let pattern = whole_match("a|b").unwrap();
        assert!(pattern.is_match("a") && pattern.is_match("b"));
        assert!(!pattern.is_match("ab") && !pattern.is_match("a\n") && !pattern.is_match("xa"));
        assert!(whole_match("^a$").unwrap().is_match("a"));
        assert!(whole_match("a)|(b").is_err());
        assert!(whole_match("(?=a)").is_err());
        assert!(whole_match("((a{100}){100}){100}").is_err());
    }
}
