//! Whom the server trusts when it opens or accepts a TLS connection: certificate authorities in PEM files.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Why a file of certificate authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file is missing, unreadable or not PEM.
    #[error("failed to read certificates from {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// What the PEM reader said.
        source: rustls_pki_types::pem::Error,
    },
    /// The file holds no certificate.
    #[error("{path} holds no certificate (-----BEGIN CERTIFICATE-----)")]
    Empty {
        /// The file.
        path: String,
    },
    /// A certificate in it cannot be an authority.
    #[error("a certificate in {path} cannot be used as an authority: {source}")]
    Certificate {
        /// The file.
        path: String,
        /// What rustls said.
        source: rustls::Error,
    },
    /// The TLS library refused its own defaults.
    #[error("failed to set up TLS: {0}")]
    Setup(rustls::Error),
}

/// The one implementation of cryptography that all connections of the server use.
pub fn crypto_provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The certificate authorities in the PEM file at `path`; at least one.
pub fn authorities(path: &Path) -> Result<RootCertStore, TrustError> {
    let name = || path.display().to_string();
    let read = |source| TrustError::Read { path: name(), source };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(read)? {
        let certificate = certificate.map_err(read)?;
        let added = roots.add(certificate);
        added.map_err(|source| TrustError::Certificate { path: name(), source })?;
    }
    if roots.is_empty() {
        return Err(TrustError::Empty { path: name() });
    }
    Ok(roots)
}

/// A client that trusts only the authorities in the PEM file at `path`, TLS 1.2 and 1.3.
pub fn client(path: &Path) -> Result<rustls::ClientConfig, TrustError> {
    let roots = authorities(path)?;
    let builder = rustls::ClientConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Setup)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
