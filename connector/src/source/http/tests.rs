//! The HTTP source keeps the contract of sources.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::HttpSource;
use super::request::PLACES;
use crate::configuration;
use crate::metrics::Metrics;
use crate::source::conformance::{COMPATIBILITY, Rig, conforms};

conforms!(HttpRig);

/// An address, and senders that do as `docs/connector.md` tells them.
struct HttpRig {
    address: SocketAddr,
    client: reqwest::Client,
}

impl Rig for HttpRig {
    type Source = HttpSource;
    const MOST_AT_A_TIME: usize = PLACES;

    async fn new() -> Self {
        // Found free, and given back for the source to listen on.
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        brazier_service::trust::install_crypto_provider();
        Self {
            address: socket.local_addr().unwrap(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn source(&self, metrics: Arc<Metrics>) -> HttpSource {
        let settings = configuration::HttpSource {
            listen: self.address,
            tls: None,
            authentication: None,
        };
        loop {
            match HttpSource::bind(settings.clone(), COMPATIBILITY, Arc::clone(&metrics)).await {
                Ok(source) => return source,
                // The one that crashed may not be quite gone.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    async fn send(&self, messages: Vec<String>) {
        loop {
            let request = self
                .client
                .post(format!("http://{}", self.address))
                .header("content-type", "application/x-ndjson")
                .body(messages.join("\n"));
            match request.send().await.map(|response| response.status().as_u16()) {
                Ok(200) => return,
                Ok(503) | Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                Ok(other) => panic!("a request was answered with {other}"),
            }
        }
    }
}
