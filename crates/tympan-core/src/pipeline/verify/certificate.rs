//! The key of a sender that a fetched certificate holds.

use std::sync::Arc;

use tympan_expr::Expression;

use super::received::text;
use super::unauthorized;
use crate::anchor::Anchor;
use crate::config::FetchedCertificate;
use crate::fetched::Found;
use crate::fetched::Source;
use crate::outcome::Reason;
use crate::outcome::Stop;
use crate::pipeline::KeyRequest;
use crate::pipeline::Scope;
use crate::pipeline::fetch;
use crate::scheme::IssuedTo;
use crate::scheme::PublicKey;
use crate::scheme::Signature;

/// What the operator is told about it.
const WHAT: &str = "certificate";

#[derive(Debug)]
pub(super) struct CertificateKey {
    url: Expression,
    anchor: Anchor,
    issued_to: Option<Arc<IssuedTo>>,
}

impl CertificateKey {
    pub(super) fn compile(certificate: &FetchedCertificate) -> Self {
        Self {
            url: certificate.at.url.clone(),
            anchor: certificate.at.anchor.clone(),
            issued_to: certificate.issued_to.clone(),
        }
    }

    pub(super) fn expression(&self) -> &Expression {
        &self.url
    }

    /// The certificate that has to be fetched before a request can be judged.
    pub(super) fn wants(&self, scope: &Scope<'_, '_>, asked: &[Source]) -> Option<Box<KeyRequest>> {
        let source = self.source(scope).ok()?;
        fetch::unless_known(&source, None, scope, asked)
    }

    /// The key, for what a signature is made with.
    pub(super) fn key(&self, scope: &Scope<'_, '_>, scheme: &Signature) -> Result<PublicKey, Stop> {
        let source = self.source(scope)?;
        let Some(Found::Certificate(certificate)) = &fetch::known(&source, scope, WHAT)?.found
        else {
            return Err(unauthorized(Reason::UnknownKey));
        };
        let url = source.to_string();
        if !certificate.counts_at(scope.head.now) {
            return Err(unauthorized(Reason::CertificateEnded { url }));
        }
        let key = PublicKey::bind(scheme.algorithm, scheme.mode, certificate.key.clone());
        key.map_err(|why| unauthorized(Reason::CertificateKey { url, why }))
    }

    fn source(&self, scope: &Scope<'_, '_>) -> Result<Source, Stop> {
        let url = text(&self.url, scope, "URL of the certificate")?;
        let url = self.anchor.admit(&url);
        let url = url.map_err(|why| unauthorized(Reason::ForeignUrl { what: WHAT, why }))?;
        Ok(Source::of_certificate(&url, self.issued_to.clone()))
    }
}
