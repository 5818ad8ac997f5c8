//! TLS of a listener. Certificates, keys and client authorities are read again when their files change; connections that
//! are open stay open, new ones get the new certificate.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use serde::Deserialize;
use tokio_rustls::TlsAcceptor;

use super::client_name::NamedClient;
use crate::files::FollowedFiles;
use crate::trust::{self, TlsFiles, TrustError};

/// The one client that is let in, as configuration files name it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcceptedClient {
    /// The authorities that sign the client's certificate, PEM; read again when it changes.
    pub client_ca_file: PathBuf,
    /// The name that the certificate must have, as common name or DNS name.
    pub client_name: String,
}

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
pub struct FollowedTls {
    server: TlsFiles,
    client: Option<AcceptedClient>,
    /// As they were before they were read for the first time.
    files: FollowedFiles,
    current: ArcSwap<ServerConfig>,
}

impl FollowedTls {
    /// Reads the files. With `client`, only the client has access that proves to be that one.
    pub fn load(server: TlsFiles, client: Option<AcceptedClient>) -> Result<FollowedTls, TlsError> {
        let mut paths = vec![server.certificate_file.clone(), server.key_file.clone()];
        paths.extend(client.iter().map(|client| client.client_ca_file.clone()));
        let files = FollowedFiles::seen(paths);
        let current = ArcSwap::from_pointee(read(&server, client.as_ref())?);
        Ok(FollowedTls {
            server,
            client,
            files,
            current,
        })
    }

    /// What the next connection is to be accepted with.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }

    /// Follows the files, for as long as it is polled. Files that cannot be used, for instance because only one of two
    /// has been replaced yet, change nothing.
    pub(super) async fn follow(&self) {
        let mut files = self.files.clone();
        loop {
            files.changed().await;
            match read(&self.server, self.client.as_ref()) {
                Ok(config) => {
                    self.current.store(Arc::new(config));
                    tracing::info!(files = ?files.paths(), "certificates read again");
                }
                Err(error) => tracing::warn!(%error, "the certificates in use stay"),
            }
        }
    }
}

fn read(server: &TlsFiles, client: Option<&AcceptedClient>) -> Result<ServerConfig, TlsError> {
    let identity = trust::identity(server)?;
    let builder = ServerConfig::builder_with_provider(trust::crypto_provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(TrustError::Setup)?;
    let builder = match client {
        None => builder.with_no_client_auth(),
        Some(client) => builder.with_client_cert_verifier(verifier(client)?),
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn verifier(client: &AcceptedClient) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let roots = Arc::new(trust::authorities(&client.client_ca_file)?);
    let inner = WebPkiClientVerifier::builder_with_provider(roots, trust::crypto_provider()).build()?;
    let name = client.client_name.clone();
    Ok(Arc::new(NamedClient { inner, name }))
}
