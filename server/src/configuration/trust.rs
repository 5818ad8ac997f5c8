//! Whom the server trusts when it opens or accepts a TLS connection, and how it proves who it is itself: certificate
//! authorities, certificates and keys in PEM files.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Why a file of certificate authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file is missing, unreadable or not PEM.
    #[error("failed to read {path}: {source}")]
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
    /// The key does not fit the certificate.
    #[error("the key in {key_path} and the certificate in {path} cannot be used together: {source}")]
    Identity {
        /// The file with the certificate.
        path: String,
        /// The file with the key.
        key_path: String,
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

/// Makes [`crypto_provider`] the process's choice, for libraries that do not let us choose for each connection.
pub fn install_crypto_provider() {
    if CryptoProvider::get_default().is_none() && ring::default_provider().install_default().is_err() {
        // Another thread was faster; it can only have installed the same.
        tracing::debug!("a provider of cryptography is installed already");
    }
}

/// The certificate authorities in the PEM file at `path`; at least one.
pub fn authorities(path: &Path) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|source| TrustError::Certificate {
            path: path.display().to_string(),
            source,
        })?;
    }
    Ok(roots)
}

/// The certificate chain in one PEM file with the private key in another, which must fit.
pub fn identity(certificate_file: &Path, key_file: &Path) -> Result<CertifiedKey, TrustError> {
    let chain = certificates(certificate_file)?;
    let key = PrivateKeyDer::from_pem_file(key_file).map_err(|source| TrustError::Read {
        path: key_file.display().to_string(),
        source,
    })?;
    CertifiedKey::from_der(chain, key, &crypto_provider()).map_err(|source| TrustError::Identity {
        path: certificate_file.display().to_string(),
        key_path: key_file.display().to_string(),
        source,
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let name = || path.display().to_string();
    let read = |source| TrustError::Read { path: name(), source };
    let certificates = CertificateDer::pem_file_iter(path).map_err(read)?;
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(read)?;
    if certificates.is_empty() {
        return Err(TrustError::Empty { path: name() });
    }
    Ok(certificates)
}

/// A client that trusts only the authorities in the PEM file at `path`, TLS 1.2 and 1.3.
pub fn client(path: &Path) -> Result<rustls::ClientConfig, TrustError> {
    let roots = authorities(path)?;
    let builder = rustls::ClientConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Setup)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
