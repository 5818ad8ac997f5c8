//! Whom a program trusts when it opens or accepts a TLS connection, and how it proves who it is itself: certificate
//! authorities, certificates and keys in PEM files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;

/// A program's own certificate, as configuration files name it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate chain, PEM, the program's own first.
    pub certificate_file: PathBuf,
    /// Its private key, PEM.
    pub key_file: PathBuf,
}

/// Why certificates, keys or authorities cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file is missing, unreadable or not PEM.
    #[error("failed to read {}: {source}", path.display())]
    Read {
        /// Path of the PEM file that could not be read.
        path: PathBuf,
        /// What the PEM reader said.
        source: rustls_pki_types::pem::Error,
    },
    /// The file holds no certificate.
    #[error("{} holds no certificate (-----BEGIN CERTIFICATE-----)", path.display())]
    Empty {
        /// Path of the file without a certificate.
        path: PathBuf,
    },
    /// A certificate in it cannot be an authority.
    #[error("a certificate in {} cannot be used as an authority: {source}", path.display())]
    Certificate {
        /// Path of the file with that certificate.
        path: PathBuf,
        /// What rustls said.
        source: rustls::Error,
    },
    /// The key does not fit the certificate.
    #[error(
        "the key in {} and the certificate in {} cannot be used together: {source}",
        key_path.display(),
        path.display()
    )]
    Identity {
        /// The file with the certificate.
        path: PathBuf,
        /// The file with the key.
        key_path: PathBuf,
        /// What rustls said.
        source: rustls::Error,
    },
    /// The TLS library refused its own defaults.
    #[error("failed to set up TLS: {0}")]
    Setup(rustls::Error),
}

/// The one implementation of cryptography that all connections use.
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
            path: path.to_owned(),
            source,
        })?;
    }
    Ok(roots)
}

/// The certificate chain with its private key, which must fit.
pub fn identity(files: &TlsFiles) -> Result<CertifiedKey, TrustError> {
    let chain = certificates(&files.certificate_file)?;
    let key = PrivateKeyDer::from_pem_file(&files.key_file).map_err(|source| TrustError::Read {
        path: files.key_file.clone(),
        source,
    })?;
    CertifiedKey::from_der(chain, key, &crypto_provider()).map_err(|source| TrustError::Identity {
        path: files.certificate_file.clone(),
        key_path: files.key_file.clone(),
        source,
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let read = |source| TrustError::Read {
        path: path.to_owned(),
        source,
    };
    let certificates = CertificateDer::pem_file_iter(path).map_err(read)?;
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(read)?;
    if certificates.is_empty() {
        return Err(TrustError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(certificates)
}

/// What connections to others are opened with: TLS 1.2 and 1.3, trusting only the authorities in the PEM file at `path`.
pub fn client(path: &Path) -> Result<rustls::ClientConfig, TrustError> {
    let roots = authorities(path)?;
    let builder = rustls::ClientConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Setup)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
