//! TLS for the listeners. Certificates, keys and client authorities are read again when their files change; connections
//! that are open stay open, new ones get the new certificate.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use brazier_service::files::FollowedFiles;
use brazier_service::trust::{self, TlsFiles, TrustError};
use rustls::ServerConfig;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use tokio_rustls::TlsAcceptor;

use super::client_name::NamedClient;
use crate::configuration::AdminConfiguration;

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate, a key or an authority cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The authorities for clients cannot be used.
    #[error("failed to set up the check of client certificates: {0}")]
    Clients(#[from] VerifierBuilderError),
}

/// TLS as the files have it now.
#[derive(Debug)]
pub struct ReloadingTls {
    server: TlsFiles,
    clients: Option<AdminConfiguration>,
    current: ArcSwap<ServerConfig>,
}

impl ReloadingTls {
    /// Reads the files. With `clients`, only those have access who prove that they are one of them.
    pub fn load(server: TlsFiles, clients: Option<AdminConfiguration>) -> Result<ReloadingTls, TlsError> {
        let current = ArcSwap::from_pointee(read(&server, clients.as_ref())?);
        Ok(ReloadingTls {
            server,
            clients,
            current,
        })
    }

    /// What the next connection is to be accepted with.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }

    /// Follows the files, for as long as it is polled. Files that cannot be used, for instance because only one of two
    /// has been replaced yet, change nothing.
    pub async fn keep_fresh(&self) {
        let mut files = FollowedFiles::seen(self.files());
        loop {
            files.changed().await;
            match read(&self.server, self.clients.as_ref()) {
                Ok(config) => {
                    self.current.store(Arc::new(config));
                    tracing::info!(files = ?self.files(), "certificates read again");
                }
                Err(error) => tracing::warn!(%error, "the certificates in use stay"),
            }
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.server.certificate_file.clone(), self.server.key_file.clone()];
        files.extend(self.clients.iter().map(|clients| clients.client_ca_file.clone()));
        files
    }
}

fn read(server: &TlsFiles, clients: Option<&AdminConfiguration>) -> Result<ServerConfig, TlsError> {
    let identity = trust::identity(server)?;
    let builder = ServerConfig::builder_with_provider(trust::crypto_provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(TrustError::Setup)?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => builder.with_client_cert_verifier(verifier(clients)?),
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn verifier(clients: &AdminConfiguration) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let roots = Arc::new(trust::authorities(&clients.client_ca_file)?);
    let inner = WebPkiClientVerifier::builder_with_provider(roots, trust::crypto_provider()).build()?;
    let name = clients.client_name.clone();
    Ok(Arc::new(NamedClient { inner, name }))
}
