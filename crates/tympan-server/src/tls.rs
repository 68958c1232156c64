//! TLS: certificates from files, and what the certificates of clients say.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tympan_core::config;
use tympan_core::diagnostic::Diagnostics;
use tympan_core::diagnostic::Problem;
use tympan_core::pipeline::CertificateNames;
use tympan_core::span::Span;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::prelude::X509Certificate;

/// The protocol names of ALPN (RFC 7301; RFC 9113, section 3.1).
pub(crate) const HTTP_2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// A file, and the place that names it.
pub(crate) type Named = (String, Span);

/// What TLS connections are accepted with.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// What tells it from another: everything that was read from files.
    material: Vec<Vec<u8>>,
}

impl Tls {
    /// Reads the files that a configuration names, if it wants TLS.
    pub(crate) fn read(
        folder: &Path,
        tls: Option<&config::Tls>,
        found: &mut Diagnostics,
    ) -> Option<Self> {
        let tls = tls?;
        match Self::try_read(folder, tls) {
            Ok(tls) => Some(tls),
            Err((at, problem)) => {
                found.report(at, problem);
                None
            }
        }
    }

    fn try_read(folder: &Path, tls: &config::Tls) -> Result<Self, (Span, Problem)> {
        let read =
            |named: &Named| fs::read(folder.join(&named.0)).map_err(|error| refused(named, &error));
        let (chain, key) = (read(&tls.certificate)?, read(&tls.key)?);
        let authorities = tls.client_ca.as_ref().map(read).transpose()?;
        let provider = Arc::new(ring::default_provider());
        let verifier = match (&tls.client_ca, &authorities) {
            (Some(named), Some(authorities)) => {
                // Whether a certificate is needed is for each listener to say.
                WebPkiClientVerifier::builder_with_provider(
                    roots(named, authorities)?,
                    provider.clone(),
                )
                .allow_unauthenticated()
                .build()
                .map_err(|error| refused(named, &error))?
            }
            _ => WebPkiClientVerifier::no_client_auth(),
        };
        let certificates = certificates(&tls.certificate, &chain)?;
        let private =
            PrivateKeyDer::from_pem_slice(&key).map_err(|error| refused(&tls.key, &error))?;
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(&tls.key, &error))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(certificates, private)
            .map_err(|error| refused(&tls.key, &error))?;
        if tls.http2 {
            server.alpn_protocols.push(HTTP_2.to_vec());
        }
        server.alpn_protocols.push(HTTP_1_1.to_vec());
        let material = [chain, key].into_iter().chain(authorities).collect();
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(server)), material })
    }
}

impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        self.material == other.material
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// The files of TLS, as the configuration names them.
pub(crate) fn files(tls: &config::Tls) -> impl Iterator<Item = &Named> {
    [&tls.certificate, &tls.key].into_iter().chain(&tls.client_ca)
}

/// Whom a certificate names: its alternative names, or, if it has none, its common name, as was
/// usual before RFC 6125.
pub(crate) fn names(certificate: &CertificateDer<'_>) -> CertificateNames {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
        return CertificateNames::default();
    };
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let mut names: Vec<_> = alternatives
        .iter()
        .flat_map(|names| &names.value.general_names)
        .filter_map(|name| match name {
            GeneralName::DNSName(text) | GeneralName::RFC822Name(text) | GeneralName::URI(text) => {
                Some((*text).to_owned())
            }
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .collect();
    if names.is_empty() {
        let common = certificate.subject().iter_common_name();
        names.extend(common.filter_map(|name| name.as_str().ok()).map(ToOwned::to_owned));
    }
    CertificateNames(names)
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    let v6 = <[u8; 16]>::try_from(bytes).ok()?;
    Some(std::net::Ipv6Addr::from(v6).to_string())
}

/// The authorities whose certificates stand in PEM.
pub(crate) fn authorities(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() { Err("no certificate".to_owned()) } else { Ok(roots) }
}

fn roots(named: &Named, pem: &[u8]) -> Result<Arc<RootCertStore>, (Span, Problem)> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(named, pem)? {
        roots.add(certificate).map_err(|error| refused(named, &error))?;
    }
    Ok(Arc::new(roots))
}

pub(crate) fn certificates(
    named: &Named,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, (Span, Problem)> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| refused(named, &error))?;
    if certificates.is_empty() { Err(refused(named, &"no certificate")) } else { Ok(certificates) }
}

fn refused((file, at): &Named, why: &impl ToString) -> (Span, Problem) {
    (*at, Problem::TlsFile { file: file.clone(), why: why.to_string() })
}
