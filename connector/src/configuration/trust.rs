//! Certificates: the connector's own, and the authorities of the FHIR services.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsFiles;

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file cannot be read as PEM.
    #[error("failed to read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls_pki_types::pem::Error,
    },
    /// A file without certificates.
    #[error("{} holds no certificate", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A certificate, or a key that does not belong to it, is refused.
    #[error("failed to use {}: {source}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// The one implementation of cryptography in this program.
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

/// What connections to the source are accepted with.
pub fn server(files: &TlsFiles) -> Result<ServerConfig, TrustError> {
    let refused = |source| TrustError::Refused {
        path: files.certificate_file.clone(),
        source,
    };
    let chain = certificates(&files.certificate_file)?;
    let key = PrivateKeyDer::from_pem_file(&files.key_file).map_err(|source| TrustError::Read {
        path: files.key_file.clone(),
        source,
    })?;
    let identity = CertifiedKey::from_der(chain, key, &crypto_provider()).map_err(refused)?;
    let mut config = ServerConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// A client that trusts only the authorities in a PEM file.
pub fn client(path: &Path) -> Result<ClientConfig, TrustError> {
    let refused = |source| TrustError::Refused {
        path: path.to_owned(),
        source,
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(refused)?;
    }
    let builder =
        ClientConfig::builder_with_provider(crypto_provider()).with_safe_default_protocol_versions();
    Ok(builder
        .map_err(refused)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let read = |source| TrustError::Read {
        path: path.to_owned(),
        source,
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(read)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(read)?;
    if certificates.is_empty() {
        Err(TrustError::Empty {
            path: path.to_owned(),
        })
    } else {
        Ok(certificates)
    }
}
