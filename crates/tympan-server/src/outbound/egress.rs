//! Which addresses may be reached: judged by the address that is connected to, not by a name.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::OnceLock;

use http::Uri;
use ipnet::IpNet;
use tokio_rustls::rustls::ALL_VERSIONS;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::SupportedProtocolVersion;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::version::TLS13;
use tympan_core::config;
use tympan_core::config::CalledTls;
use tympan_core::config::Config;
use tympan_core::config::Connector;
use tympan_core::config::Destination;
use tympan_core::diagnostic::Diagnostics;
use tympan_core::diagnostic::Problem;
use tympan_core::span::Span;
use zeroize::Zeroizing;

use super::Host;
use crate::tls;

/// What HTTP/2 is called in a handshake (RFC 9113, section 3.2).
pub(super) const HTTP2: &[u8] = b"h2";

/// Whom we may call, and whom we believe to be who it says.
#[derive(Default)]
pub(crate) struct Egress {
    allow: Vec<IpNet>,
    deny: Vec<IpNet>,
    /// Authorities beside those that come with the program, as PEM.
    authorities: Vec<u8>,
    /// Our certificate and its private key, as PEM.
    own: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
    /// Whether nothing older than TLS 1.3 is spoken.
    newest_only: bool,
    /// The proxy that everybody is called through.
    proxy: Option<Uri>,
    /// What proves to the proxy who we are.
    proxy_authorization: Option<Zeroizing<String>>,
    /// What TLS connections are made with, once there are any; and the same where HTTP/2 is spoken by
    /// who can.
    tls: OnceLock<Arc<ClientConfig>>,
    http_tls: OnceLock<Arc<ClientConfig>>,
    /// The rules of destinations that have some of their own, by name.
    destinations: BTreeMap<String, Arc<Egress>>,
}

impl Egress {
    /// Reads the files that a configuration names for calls: of authorities, and of certificates of our
    /// own.
    pub(crate) fn read(folder: &Path, config: &Config, found: &mut Diagnostics) -> Self {
        let all = Self::usual(folder, &config.egress, found);
        let mut destinations = BTreeMap::new();
        for destination in &config.destinations {
            match all.own(folder, destination) {
                Ok(None) => {}
                Ok(Some(own)) => drop(destinations.insert(destination.name.clone(), Arc::new(own))),
                Err((at, problem)) => found.report(at, problem),
            }
        }
        Self { destinations, ..all }
    }

    /// The rules of whoever has none of its own.
    pub(crate) fn usual(folder: &Path, egress: &config::Egress, found: &mut Diagnostics) -> Self {
        let config::Egress { allow, deny, ca } = egress;
        let mut all = Self { allow: allow.clone(), deny: deny.clone(), ..Self::default() };
        if let Some((file, at)) = ca {
            let read = fs::read(folder.join(file)).map_err(|error| error.to_string());
            match read.and_then(|pem| tls::authorities(&pem).map(|_| pem)) {
                Ok(pem) => all.authorities = pem,
                Err(why) => found.report(*at, Problem::TlsFile { file: file.clone(), why }),
            }
        }
        all
    }

    /// The rules of a destination, if it has some of its own; or what is wrong with one of its files.
    pub(crate) fn own(
        &self,
        folder: &Path,
        destination: &Destination,
    ) -> Result<Option<Self>, (Span, Problem)> {
        let Some(tls) = destination.kind.tls() else { return Ok(None) };
        self.with(folder, tls, (&destination.name, destination.at)).map(Some)
    }

    /// The rules by which a destination is called.
    pub(crate) fn of_destination(self: &Arc<Self>, name: &str) -> Arc<Self> {
        Arc::clone(self.destinations.get(name).unwrap_or(self))
    }

    /// The same for one connector, with what it says about TLS and its proxy, and what proves to that who
    /// we are; or what is wrong with one of its files.
    pub(crate) fn of(
        &self,
        folder: &Path,
        connector: &Connector,
        proxy_authorization: Option<Zeroizing<String>>,
    ) -> Result<Self, (Span, Problem)> {
        let proxy = connector.proxy.as_ref().and_then(|proxy| proxy.url.parse().ok());
        let whose = (connector.name.as_str(), connector.at);
        Ok(Self { proxy, proxy_authorization, ..self.with(folder, &connector.tls, whose)? })
    }

    /// The same with further authorities and a certificate of our own, for somebody of that name; or what
    /// is wrong with one of the files.
    fn with(
        &self,
        folder: &Path,
        tls: &CalledTls,
        whose: (&str, Span),
    ) -> Result<Self, (Span, Problem)> {
        let refused = |(file, at): &(String, Span), why: String| {
            (*at, Problem::TlsFile { file: file.clone(), why })
        };
        let read = |named: &(String, Span)| {
            fs::read(folder.join(&named.0)).map_err(|error| refused(named, error.to_string()))
        };
        let (allow, deny) = (self.allow.clone(), self.deny.clone());
        let mut authorities = self.authorities.clone();
        if let Some(named) = &tls.ca {
            let pem = read(named)?;
            tls::authorities(&pem).map_err(|why| refused(named, why))?;
            authorities.push(b'\n');
            authorities.extend(pem);
        }
        let own = match &tls.own {
            Some([certificate, key]) => {
                let chain = read(certificate)?;
                tls::certificates(certificate, &chain)?;
                Some((chain, Zeroizing::new(read(key)?)))
            }
            None => None,
        };
        let newest_only = tls.newest_only;
        let egress = Self { allow, deny, authorities, own, newest_only, ..Self::default() };
        let config = egress.client_config().map_err(|why| match &tls.own {
            // Everything else was read before.
            Some([_, key]) => refused(key, why),
            None => refused(&(whose.0.to_owned(), whose.1), why),
        })?;
        Ok(Self { tls: OnceLock::from(config), ..egress })
    }

    /// The proxy that everybody is called through, if there is one.
    pub(super) fn proxy(&self) -> Option<&Uri> {
        self.proxy.as_ref()
    }

    /// What proves to the proxy who we are, as a header.
    pub(super) fn proxy_authorization(&self) -> Option<&str> {
        self.proxy_authorization.as_ref().map(|text| text.as_str())
    }

    /// What TLS connections are made with.
    pub(super) fn tls(&self) -> Result<Arc<ClientConfig>, String> {
        if let Some(known) = self.tls.get() {
            return Ok(Arc::clone(known));
        }
        let config = self.client_config()?;
        Ok(Arc::clone(self.tls.get_or_init(|| config)))
    }

    /// The same, where HTTP/2 is spoken by who can.
    pub(super) fn http_tls(&self) -> Result<Arc<ClientConfig>, String> {
        if let Some(known) = self.http_tls.get() {
            return Ok(Arc::clone(known));
        }
        let mut config = (*self.tls()?).clone();
        config.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::clone(self.http_tls.get_or_init(|| Arc::new(config))))
    }

    /// The authorities that browsers trust come with the program, as not every machine has some.
    fn client_config(&self) -> Result<Arc<ClientConfig>, String> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        // They were read before.
        if let Ok(own) = tls::authorities(&self.authorities) {
            roots.roots.extend(own.roots);
        }
        let versions: &[&SupportedProtocolVersion] =
            if self.newest_only { &[&TLS13] } else { ALL_VERSIONS };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots);
        let Some((chain, key)) = &self.own else {
            return Ok(Arc::new(config.with_no_client_auth()));
        };
        let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| format!("our certificate: {error}"))?;
        let key = PrivateKeyDer::from_pem_slice(key);
        let key = key.map_err(|error| format!("the key of our certificate: {error}"))?;
        let config = config.with_client_auth_cert(chain, key);
        Ok(Arc::new(config.map_err(|error| format!("our certificate and its key: {error}"))?))
    }

    /// Whether an address may be reached. `is_written` says that the URL holds the address itself.
    ///
    /// What a cloud tells a machine about itself, credentials included, is at addresses of the local
    /// link: nobody reaches them by a name, whoever wrote it.
    pub(super) fn may_reach(&self, address: IpAddr, host: Host, is_written: bool) -> bool {
        let address = address.to_canonical();
        let is_in = |networks: &[IpNet], address: IpAddr| {
            networks.iter().any(|network| network.contains(&address))
        };
        let inner = match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => within(v6).map(IpAddr::V4),
        };
        if [Some(address), inner].into_iter().flatten().any(|it| is_in(&self.deny, it)) {
            return false;
        }
        let is_allowed = is_public(address) || is_in(&self.allow, address);
        match host {
            Host::Written => is_written || !is_of_metadata(address),
            #[cfg(feature = "kafka")]
            Host::Told => !is_of_metadata(address),
            Host::Computed => is_allowed && !is_of_metadata(address),
        }
    }
}

impl PartialEq for Egress {
    fn eq(&self, other: &Self) -> bool {
        let parts = |it: &Self| {
            let tls = (it.authorities.clone(), it.own.clone(), it.newest_only);
            let proxy = (it.proxy.clone(), it.proxy_authorization.clone());
            (it.allow.clone(), it.deny.clone(), tls, proxy)
        };
        parts(self) == parts(other) && self.destinations == other.destinations
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").finish_non_exhaustive()
    }
}

/// Whether a name means this machine, which its address has then to be of: that is why it may be called
/// without TLS.
pub(super) fn is_elsewhere(name: &str, address: IpAddr) -> bool {
    name.eq_ignore_ascii_case("localhost") && !address.to_canonical().is_loopback()
}

/// Where machines are told about themselves.
fn is_of_metadata(address: IpAddr) -> bool {
    const ALSO: [IpAddr; 4] = [
        IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
        IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
        IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    ];
    let address = address.to_canonical();
    ALSO.contains(&address)
        || match address {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => {
                let within = within(v6).is_some_and(|v4| is_of_metadata(v4.into()));
                v6.is_unicast_link_local() || within
            }
        }
}

/// The address of the older kind that one holds, and goes where that goes: compatible ones, those of
/// NAT64 (RFC 6052 and RFC 8215), and those of 6to4 (RFC 3056).
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 0 | 1, _, _, _, high, low]
        | [0x2002, high, low, ..] => Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
        _ => None,
    }
}

/// Whether an address is of the public Internet, by the registries of special addresses (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b, c) {
        // This network, private, loopback, benchmarks, and everything from multicast on.
        (0 | 10 | 127 | 224.., ..)
        | (198, 18 | 19, _)
        // Shared by a provider's customers.
        | (100, 64..128, _)
        // Protocols, and examples of documents.
        | (192, 0, 0 | 2)
        | (198, 51, 100)
        | (203, 0, 113)
        | (192, 88, 99) => true,
        _ => address.is_private() || address.is_link_local(),
    };
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0x2002, ..] => within(address).is_some_and(is_public_v4),
        // Protocols, among them tunnels, and examples of documents.
        [0x2001, 0..0x200 | 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => false,
        // All of the Internet so far.
        [0x2000..0x4000, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Egress;
    use super::Host;

    fn may_reach(address: &str, host: Host, is_written: bool) -> bool {
        Egress::default().may_reach(address.parse().unwrap(), host, is_written)
    }

    #[track_caller]
    fn check(addresses: &[&str], host: Host, expected: bool) {
        for address in addresses {
            assert_eq!(may_reach(address, host, false), expected, "{address}");
        }
    }

    #[test]
    fn what_others_choose_is_public() {
        check(
            &[
                "1.1.1.1",
                "198.51.99.1",
                "100.128.0.1",
                "168.63.129.17",
                "2606:4700::1111",
                "64:ff9b::101:101",
                "2002:101:101::1",
            ],
            Host::Computed,
            true,
        );
        check(
            &[
                "0.0.0.0",
                "10.0.0.1",
                "100.64.0.1",
                "127.0.0.1",
                "127.255.255.254",
                "169.254.169.254",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.0.1",
                "192.0.2.1",
                "198.18.0.1",
                "224.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "::7f00:1",
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "64:ff9b::7f00:1",
                "64:ff9b::a9fe:a9fe",
                "2002:7f00:1::",
                "2002:a9fe:a9fe::1",
                "2001::1",
                "2001:db8::1",
                "fc00::1",
                "fd00:ec2::254",
                "fe80::1",
                "ff02::1",
                "168.63.129.16",
                "64:ff9b::a83f:8110",
                "2002:a83f:8110::1",
                "64:ff9b:1::a00:1",
                "fd20:ce::254",
            ],
            Host::Computed,
            false,
        );
    }

    #[test]
    fn this_machine_is_no_other() {
        let is_elsewhere =
            |name, address: &str| super::is_elsewhere(name, address.parse().unwrap());
        assert!(is_elsewhere("localhost", "192.0.2.1") && is_elsewhere("LocalHost", "fd00::1"));
        assert!(!is_elsewhere("localhost", "127.0.0.2") && !is_elsewhere("localhost", "::1"));
        assert!(!is_elsewhere("example.com", "192.0.2.1"));
    }

    #[test]
    fn what_the_operator_wrote_may_be_near_but_no_metadata() {
        check(&["127.0.0.1", "10.0.0.1", "::1", "fd00::1", "1.1.1.1"], Host::Written, true);
        let metadata = [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::a9fe:a9fe",
            "fd00:ec2::254",
            "100.100.100.200",
            "168.63.129.16",
            "fd20:ce::254",
            "::a9fe:a9fe",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::6464:64c8",
            "64:ff9b:1::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "2002:a83f:8110::",
        ];
        check(&metadata, Host::Written, false);
        assert!(may_reach("169.254.169.254", Host::Written, true));
        assert!(!may_reach("169.254.169.254", Host::Computed, true));
    }

    #[test]
    fn what_the_operator_allows_and_denies() {
        let networks = |list: &[&str]| list.iter().map(|it| it.parse().unwrap()).collect();
        let egress = Egress {
            allow: networks(&["10.1.0.0/16", "169.254.0.0/16"]),
            deny: networks(&["10.1.2.0/24", "1.1.1.1/32"]),
            ..Egress::default()
        };
        let reaches = |address: &str, host| egress.may_reach(address.parse().unwrap(), host, true);
        assert!(reaches("10.1.0.1", Host::Computed) && reaches("::ffff:10.1.0.1", Host::Computed));
        for (address, host) in [
            ("10.2.0.1", Host::Computed),
            ("10.1.2.3", Host::Computed),
            ("10.1.2.3", Host::Written),
            ("::ffff:10.1.2.3", Host::Written),
            ("64:ff9b::a01:203", Host::Written),
            ("1.1.1.1", Host::Written),
            ("169.254.169.254", Host::Computed),
        ] {
            assert!(!reaches(address, host), "{address} {host:?}");
        }
    }
}
