//! A server as far as the operator talks to it: the port on which it takes policies.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::State, routing::put};
use k8s_openapi::api::core::v1::Secret;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};

use crate::cluster::Cluster;

/// A server's port for policies: TLS with the certificate that the operator made, for clients with one of its own.
pub struct Replica {
    policies: Arc<Mutex<Vec<Value>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Replica {
    /// Listens on port 8444 of `address`.
    pub async fn listen(cluster: &Cluster, service: &str, address: Ipv4Addr) -> Self {
        let secret = cluster
            .api::<Secret>()
            .get(&format!("{service}-tls"))
            .await
            .unwrap();
        let entry = |key: &str| secret.data.as_ref().unwrap()[key].0.clone();
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(&entry("ca.crt")).unwrap())
            .unwrap();
        let clients = rustls::server::WebPkiClientVerifier::builder(Arc::new(roots))
            .build()
            .unwrap();
        let configuration = rustls::ServerConfig::builder()
            .with_client_cert_verifier(clients)
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(&entry("tls.crt")).unwrap()],
                PrivateKeyDer::from_pem_slice(&entry("tls.key")).unwrap(),
            )
            .unwrap();
        let listener = TlsListener {
            tcp: tokio::net::TcpListener::bind((address, 8444)).await.unwrap(),
            acceptor: tokio_rustls::TlsAcceptor::from(Arc::new(configuration)),
        };
        let policies: Arc<Mutex<Vec<Value>>> = Arc::default();
        let router = Router::new()
            .route("/access", put(take))
            .with_state(policies.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Replica { policies, serving }
    }

    /// The policies that were pushed, oldest first.
    pub fn policies(&self) -> Vec<Value> {
        self.policies.lock().unwrap().clone()
    }

    /// The names of the assignments that are in force.
    pub fn assignments(&self) -> Vec<String> {
        let policies = self.policies();
        let newest = policies
            .last()
            .and_then(|policy| policy["assignments"].as_array().cloned())
            .unwrap_or_default();
        newest
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_string())
            .collect()
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take(State(policies): State<Arc<Mutex<Vec<Value>>>>, policy: String) -> String {
    let policy: Value = serde_json::from_str(&policy).unwrap();
    let answer = json!({"version": policy["version"]}).to_string();
    policies.lock().unwrap().push(policy);
    answer
}

struct TlsListener {
    tcp: tokio::net::TcpListener,
    acceptor: tokio_rustls::TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = tokio_rustls::server::TlsStream<tokio::net::TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.tcp.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
