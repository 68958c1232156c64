//! Who may ask: the one rule that every request to an admin address has to pass.
//!
//! A browser that visits a stranger's page can be made to send requests to this machine. What it
//! cannot be made to do is to leave out where it comes from, or to name us when it was told another
//! name (<https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site>).

use std::net::IpAddr;

use http::HeaderMap;
use http::StatusCode;
use http::header;
use http::request::Parts;
use http::uri::Authority;

use super::problem::Problem;

/// Where a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// A socket that only its owner can open.
    Unix,
    /// An address that anyone on the machine or the network can reach.
    Tcp {
        /// Our end of the connection.
        local: IpAddr,
    },
}

/// Lets a request in, or says why not.
///
/// `is_operator` tells whether a token is the operator's, and `None` if that cannot be known.
pub(super) fn admit(
    head: &Parts,
    door: Door,
    is_operator: impl Fn(&[u8]) -> Option<bool>,
) -> Result<(), Problem> {
    let host = host(head);
    if let Door::Tcp { local } = door
        && !host.as_ref().is_some_and(|host| is_ours(host, local))
    {
        let detail = "the Host is neither this machine's loopback nor the address listened at";
        return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail));
    }
    if is_from_another_site(&head.headers, host.as_ref()) {
        let detail = "a page of another site may not ask here";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    if door == Door::Unix {
        return Ok(());
    }
    match bearer(&head.headers).map(is_operator) {
        Some(Some(true)) => Ok(()),
        Some(None) => {
            let detail = "the secret of `admin.token` has no value here, so nobody can be let in";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail))
        }
        None | Some(Some(false)) => {
            let detail =
                "this address takes `Authorization: Bearer` and the secret of `admin.token`";
            Err(Problem::new(StatusCode::UNAUTHORIZED, detail)
                .with(header::WWW_AUTHENTICATE, "Bearer"))
        }
    }
}

/// The one host that a request names.
fn host(head: &Parts) -> Option<Authority> {
    if let Some(authority) = head.uri.authority() {
        return Some(authority.clone());
    }
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let host = hosts.next()?;
    let is_only = hosts.next().is_none();
    host.to_str().ok()?.parse().ok().filter(|_| is_only)
}

/// Whether it names this machine in a way that no other site can be called. The port may be that
/// of whoever forwards to us.
fn is_ours(host: &Authority, local: IpAddr) -> bool {
    let name = host.host();
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    match name.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address == local.to_canonical(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

fn is_from_another_site(headers: &HeaderMap, host: Option<&Authority>) -> bool {
    let site = headers.get(header::HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return true;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    let origin = origin.and_then(|(_, origin)| origin.parse::<Authority>().ok());
    origin.is_none() || origin.as_ref() != host
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::Door;
    use super::admit;

    const UNIX: Door = Door::Unix;

    fn tcp(local: &str) -> Door {
        Door::Tcp { local: local.parse().unwrap() }
    }

    #[track_caller]
    fn check(door: Door, headers: &[(&str, &str)], expected: u16) {
        let mut request = Request::builder().uri("/metrics");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let found = admit(&head, door, |token| match token {
            b"unknown" => None,
            token => Some(token == b"sesame"),
        });
        let found = found.map_or_else(|problem| problem.status().as_u16(), |()| 200);
        assert_eq!(found, expected, "{door:?} {headers:?}");
    }

    #[test]
    fn hosts() {
        let token = ("authorization", "Bearer sesame");
        let local = tcp("192.168.1.5");
        for host in [
            "localhost",
            "LOCALHOST:9090",
            "127.0.0.1",
            "127.0.0.1:1",
            "127.1.2.3:9090",
            "[::1]:9090",
            "192.168.1.5:9090",
        ] {
            check(local, &[("host", host), token], 200);
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.168.1.6",
            "0.0.0.0",
            "",
            "a b",
        ] {
            check(local, &[("host", host), token], 421);
            check(UNIX, &[("host", host)], 200);
        }
        check(local, &[token], 421);
        check(local, &[("host", "localhost"), ("host", "localhost"), token], 421);
        check(tcp("::ffff:10.0.0.1"), &[("host", "10.0.0.1:9090"), token], 200);
        check(UNIX, &[], 200);
    }

    #[test]
    fn sites() {
        let token = ("authorization", "Bearer sesame");
        for (headers, expected) in [
            (vec![("sec-fetch-site", "same-origin")], 200),
            (vec![("sec-fetch-site", "none")], 200),
            (vec![("sec-fetch-site", "same-site")], 403),
            (vec![("sec-fetch-site", "cross-site")], 403),
            (vec![("sec-fetch-site", "")], 403),
            (vec![("origin", "http://localhost:9090")], 200),
            (vec![("origin", "https://LOCALHOST:9090")], 200),
            (vec![("origin", "http://localhost:9091")], 403),
            (vec![("origin", "http://localhost")], 403),
            (vec![("origin", "https://evil.example")], 403),
            (vec![("origin", "null")], 403),
            (vec![("origin", "")], 403),
            (vec![("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], 403),
        ] {
            let headers = [vec![("host", "localhost:9090"), token], headers].concat();
            check(tcp("127.0.0.1"), &headers, expected);
            check(UNIX, &headers, expected);
        }
        check(UNIX, &[("origin", "http://localhost")], 403);
    }

    #[test]
    fn tokens() {
        for (value, expected) in [
            (Some("Bearer sesame"), 200),
            (Some("bearer  sesame"), 200),
            (Some("Bearer other"), 401),
            (Some("Bearer "), 401),
            (Some("Bearer"), 401),
            (Some("Basic sesame"), 401),
            (Some("sesame"), 401),
            (None, 401),
            (Some("Bearer unknown"), 503),
        ] {
            let headers = value.map(|value| ("authorization", value));
            let headers: Vec<_> = headers.into_iter().chain([("host", "localhost")]).collect();
            check(tcp("127.0.0.1"), &headers, expected);
            check(UNIX, &headers, 200);
        }
    }
}
