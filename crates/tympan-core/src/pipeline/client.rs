//! Who the client is, behind proxies of ours.

use std::net::IpAddr;
use std::net::SocketAddr;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::header::FORWARDED;

use super::head::Survey;
use crate::config::Proxies;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a request came from, given the address of its connection; `None` stands for a
/// socket of the file system.
///
/// `Forwarded` (RFC 7239) and `X-Forwarded-For` are read from the right, because each proxy adds
/// what it saw there, and anyone may have written what stands further left. The client is the
/// first address that is no proxy of ours. A proxy usually writes one of the two headers and lets
/// the other through as it came: where they differ, neither is believed.
pub(crate) fn client(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    survey: &Survey,
    proxies: &Proxies,
) -> Option<IpAddr> {
    if !proxies.trusts(peer) {
        return peer;
    }
    let forwarded = if survey.is_forwarded {
        outermost(from_the_right(headers, &FORWARDED).filter_map(forwarded_for), proxies)
    } else {
        Hop::None
    };
    let for_address = from_the_right(headers, &X_FORWARDED_FOR).map(address);
    let x_forwarded = outermost(for_address, proxies);
    match (forwarded, x_forwarded) {
        (Hop::Client(client), Hop::None) | (Hop::None, Hop::Client(client)) => Some(client),
        (Hop::Client(one), Hop::Client(other)) if one == other => Some(one),
        _ => peer,
    }
}

impl Proxies {
    /// Whether the word of whoever has this address is taken.
    #[must_use]
    pub fn trusts(&self, peer: Option<IpAddr>) -> bool {
        match peer {
            None => self.unix,
            Some(peer) => {
                let peer = peer.to_canonical();
                self.networks.iter().any(|network| network.contains(&peer))
            }
        }
    }
}

/// What a header says about the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hop {
    /// The header is not there.
    None,
    /// It says this.
    Client(IpAddr),
    /// The proxy next to the client does not say.
    Hidden,
}

/// The first address that is no proxy of ours, or the last; they come from the right.
fn outermost(hops: impl Iterator<Item = Option<IpAddr>>, proxies: &Proxies) -> Hop {
    let mut found = Hop::None;
    for hop in hops {
        let Some(hop) = hop else { return Hop::Hidden };
        found = Hop::Client(hop);
        if !proxies.trusts(Some(hop)) {
            break;
        }
    }
    found
}

/// Every element of a list that may stand in several headers, the last first.
fn from_the_right<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'h str> + use<'h> {
    let lines = headers.get_all(name).iter().rev().map(HeaderValue::as_bytes);
    let elements = lines.flat_map(|line| line.rsplit(|byte| *byte == b','));
    elements.map(|element| std::str::from_utf8(element.trim_ascii()).unwrap_or_default())
}

/// The `for` of one element of `Forwarded`; `None` if it has none, which says nothing.
#[expect(clippy::option_option, reason = "no word is another thing than a word that hides")]
fn forwarded_for(element: &str) -> Option<Option<IpAddr>> {
    let value = element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| value.trim())
    })?;
    Some(address(value.trim_matches('"')))
}

/// An address, with or without a port; anything else, such as `unknown`, hides who it was.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|it| it.ip());
    let address = text.parse().ok().or_else(bracketed).or_else(with_port)?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::HeaderName;
    use http::header::FORWARDED;

    use super::Survey;
    use super::client;
    use crate::config::Proxies;

    #[track_caller]
    fn check(peer: &str, headers: &[(&str, &str)], expected: &str) {
        let networks = ["10.0.0.0/8", "2001:db8::/32"].map(|it| it.parse().unwrap()).to_vec();
        let proxies = Proxies { networks, unix: true, proxy_protocol: false };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        let is_forwarded = map.contains_key(FORWARDED);
        let survey = Survey { ambiguity: None, is_forwarded, is_encoded: false };
        let found = client(peer.parse().ok(), &map, &survey, &proxies);
        assert_eq!(found, expected.parse().ok(), "{peer} {headers:?}");
    }

    #[test]
    fn counted_from_the_right() {
        check("192.0.2.1", &[("x-forwarded-for", "198.51.100.1")], "192.0.2.1");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &[("x-forwarded-for", "198.51.100.1")], "198.51.100.1");
        check("::ffff:10.0.0.1", &[("x-forwarded-for", "198.51.100.1")], "198.51.100.1");
        // What the client wrote itself stands further left.
        check("10.0.0.1", &[("x-forwarded-for", "127.0.0.1, 198.51.100.1")], "198.51.100.1");
        check(
            "10.0.0.1",
            &[("x-forwarded-for", "1.1.1.1, 198.51.100.1, 10.2.3.4")],
            "198.51.100.1",
        );
        let two = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.1,10.0.0.9")];
        check("10.0.0.1", &two, "198.51.100.1");
        // Everybody is ours.
        check("10.0.0.1", &[("x-forwarded-for", "10.0.0.3, 10.0.0.2")], "10.0.0.3");
        check("unix", &[("x-forwarded-for", "198.51.100.1")], "198.51.100.1");
        check("unix", &[], "nobody knows");
    }

    #[test]
    fn the_standard_header() {
        check("10.0.0.1", &[("forwarded", "for=198.51.100.1;proto=https")], "198.51.100.1");
        check("10.0.0.1", &[("forwarded", "proto=https;For=\"198.51.100.1:99\"")], "198.51.100.1");
        check("10.0.0.1", &[("forwarded", "for=1.1.1.1, for=198.51.100.1")], "198.51.100.1");
        let v6 = [("forwarded", "for=\"[2001:db9::1]:4711\"")];
        check("10.0.0.1", &v6, "2001:db9::1");
        // An inner proxy that says only how it was reached.
        check("10.0.0.1", &[("forwarded", "for=198.51.100.1, proto=https")], "198.51.100.1");
    }

    #[test]
    fn what_is_not_believed() {
        for hidden in ["unknown", "_x", "", "198.51.100.1, unknown", "example.com"] {
            check("10.0.0.1", &[("x-forwarded-for", hidden)], "10.0.0.1");
        }
        let both = |one, other| [("forwarded", one), ("x-forwarded-for", other)];
        check("10.0.0.1", &both("for=198.51.100.1", "198.51.100.1"), "198.51.100.1");
        check("10.0.0.1", &both("for=1.1.1.1", "198.51.100.1"), "10.0.0.1");
        check("10.0.0.1", &both("for=unknown", "198.51.100.1"), "10.0.0.1");
    }
}
