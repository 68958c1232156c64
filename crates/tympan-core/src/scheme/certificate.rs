//! What a certificate says whose key verifies signatures: the key, since when and until when it
//! counts, and who vouches for it.

use std::time::Duration;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use rustls_pki_types::TrustAnchor;
use rustls_pki_types::UnixTime;
use webpki::EndEntityCert;
use webpki::KeyUsage;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

use super::FoundKey;

/// How many certificates of one file are looked at.
const MOST_CERTIFICATES: usize = 10;

/// The label of a certificate in PEM (RFC 7468, section 5).
const LABEL: &str = "CERTIFICATE";

/// A certificate whose key verifies signatures (RFC 5280).
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// Its public key.
    pub key: FoundKey,
    /// Since when it counts, in seconds since 1970; with all those that vouch for it.
    from: f64,
    /// Until when.
    until: f64,
}

/// Whom a certificate has to name, and who has to vouch for that.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IssuedTo {
    /// One of its alternative names.
    pub name: String,
    /// The certificates of authorities, in DER; those that browsers trust if there are none.
    pub authorities: Vec<Vec<u8>>,
}

impl Certificate {
    /// Reads PEM, where those that vouch for the first certificate may follow, or DER.
    ///
    /// # Errors
    ///
    /// What it is instead, as a sentence.
    pub fn read(bytes: &[u8], issued_to: Option<&IssuedTo>, now: f64) -> Result<Self, String> {
        let chain = chain(bytes)?;
        let (first, others) = chain.split_first().ok_or("it holds no certificate")?;
        let parsed = parse(first)?;
        let key = FoundKey::from_bytes(parsed.public_key().raw).map_err(|why| why.to_string())?;
        let (from, until) = validity(&parsed);
        let mut certificate = Self { key, from, until };
        if let Some(issued_to) = issued_to {
            certificate.narrow(&issued_to.path(first, others, now)?)?;
        }
        Ok(certificate)
    }

    /// A key as if a certificate held it that counts at an instant, and that nobody has to vouch for.
    #[must_use]
    pub fn of(key: FoundKey, now: f64) -> Self {
        Self { key, from: now, until: now }
    }

    /// Whether it counts at an instant.
    #[must_use]
    pub fn counts_at(&self, now: f64) -> bool {
        (self.from..=self.until).contains(&now)
    }

    /// It counts no longer than those that vouch for it.
    fn narrow(&mut self, path: &[Vec<u8>]) -> Result<(), String> {
        for der in path {
            let (from, until) = validity(&parse(der)?);
            (self.from, self.until) = (self.from.max(from), self.until.min(until));
        }
        Ok(())
    }
}

impl IssuedTo {
    /// Those that vouch for a certificate, from it to an authority.
    fn path(&self, first: &[u8], others: &[Vec<u8>], now: f64) -> Result<Vec<Vec<u8>>, String> {
        let own: Vec<_> = self.authorities.iter().map(|der| der_of(der)).collect();
        let own = own.iter().map(webpki::anchor_from_trusted_cert);
        let own: Vec<TrustAnchor<'_>> =
            own.collect::<Result<_, _>>().map_err(|error| words(&error))?;
        let anchors = if own.is_empty() { webpki_roots::TLS_SERVER_ROOTS } else { &own };
        let others: Vec<_> = others.iter().map(|der| der_of(der)).collect();
        let first = der_of(first);
        let first = EndEntityCert::try_from(&first).map_err(|error| words(&error))?;
        let now = Duration::try_from_secs_f64(now).unwrap_or_default();
        let path = first.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            anchors,
            &others,
            UnixTime::since_unix_epoch(now),
            KeyUsage::server_auth(),
            None,
            None,
        );
        let path = path.map_err(|error| words(&error))?;
        let name = ServerName::try_from(self.name.as_str());
        let name = name.map_err(|_| format!("{} can be the name of no certificate", self.name))?;
        first
            .verify_is_valid_for_subject_name(&name)
            .map_err(|_| format!("the certificate is not that of {}", self.name))?;
        Ok(path.intermediate_certificates().map(|it| it.der().to_vec()).collect())
    }
}

/// The certificates that stand in PEM or DER. Nothing may stand before them: what only quotes a
/// certificate is none.
fn chain(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let text = bytes.trim_ascii();
    if !text.starts_with(b"-----BEGIN ") {
        parse(bytes)?;
        return Ok(vec![bytes.to_vec()]);
    }
    let mut found = Vec::new();
    for pem in Pem::iter_from_buffer(text).take(MOST_CERTIFICATES) {
        let pem = pem.map_err(|_| "it is no PEM")?;
        if pem.label != LABEL {
            return Err(format!("it holds a {}, not only certificates", pem.label.to_lowercase()));
        }
        found.push(pem.contents);
    }
    Ok(found)
}

/// The certificates of authorities, as PEM.
///
/// # Errors
///
/// Why it is none, as a sentence.
pub fn authorities(pem: &str) -> Result<Vec<Vec<u8>>, String> {
    let found = chain(pem.as_bytes())?;
    for der in &found {
        webpki::anchor_from_trusted_cert(&der_of(der)).map_err(|error| words(&error))?;
    }
    if found.is_empty() { Err("it holds no certificate".to_owned()) } else { Ok(found) }
}

/// Whether a certificate can name this.
#[must_use]
pub fn is_name(name: &str) -> bool {
    matches!(ServerName::try_from(name), Ok(ServerName::DnsName(_)))
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, String> {
    match X509Certificate::from_der(der) {
        Ok((&[], certificate)) => Ok(certificate),
        _ => Err("it is no certificate".to_owned()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
fn validity(certificate: &X509Certificate<'_>) -> (f64, f64) {
    let validity = certificate.validity();
    (validity.not_before.timestamp() as f64, validity.not_after.timestamp() as f64)
}

fn der_of(bytes: &[u8]) -> CertificateDer<'_> {
    CertificateDer::from(bytes)
}

fn words(error: &webpki::Error) -> String {
    match error {
        webpki::Error::UnknownIssuer => "nobody who is trusted vouches for the certificate".into(),
        webpki::Error::CertExpired { .. } => "the certificate has ended".into(),
        webpki::Error::CertNotValidYet { .. } => "the certificate counts only later".into(),
        error => format!("nobody can vouch for the certificate ({error:?})"),
    }
}
