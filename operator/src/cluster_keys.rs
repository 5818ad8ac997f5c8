//! Issuer and keys of the cluster's service account tokens, as the API server publishes them
//! (<https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery>).
//!
//! Servers and connectors check tokens with these by themselves; they hold no credentials for the cluster.

use kube::Client;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

/// Who signs the tokens of this cluster, and with which keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    /// `iss` of the tokens.
    pub issuer: String,
    /// JSON Web Key Set, its keys in the order of their ids.
    pub jwks: String,
}

/// The newest key set that was seen.
pub type ClusterKeys = watch::Receiver<KeySet>;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The API server does not tell.
    #[error("failed to read {path} from the API server")]
    Request {
        /// Path of the document.
        path: &'static str,
        /// What the API server answered, or why it did not.
        source: kube::Error,
    },
    /// The request could not be written.
    #[error("failed to build the request for {path}")]
    Build {
        /// Path of the document.
        path: &'static str,
        /// What the HTTP library does not accept in the request.
        source: http::Error,
    },
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
}

/// Reads the key set.
///
/// # Errors
/// If the API server does not tell.
pub async fn fetch(client: &Client) -> Result<KeySet, Error> {
    let discovery: Discovery = get(client, "/.well-known/openid-configuration").await?;
    let mut jwks: Value = get(client, "/openid/v1/jwks").await?;
    if let Some(keys) = jwks.get_mut("keys").and_then(Value::as_array_mut) {
        keys.sort_by_key(ToString::to_string);
    }
    Ok(KeySet {
        issuer: discovery.issuer,
        jwks: jwks.to_string(),
    })
}

async fn get<T: serde::de::DeserializeOwned>(client: &Client, path: &'static str) -> Result<T, Error> {
    let request = http::Request::get(path)
        .body(Vec::new())
        .map_err(|source| Error::Build { path, source })?;
    client
        .request(request)
        .await
        .map_err(|source| Error::Request { path, source })
}

/// Looks for new keys every minute and publishes them. A failure is logged: the keys we have stay good.
pub async fn follow(client: Client, publish: watch::Sender<KeySet>) {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        match fetch(&client).await {
            Ok(keys) => {
                publish.send_if_modified(|current| {
                    let changed = *current != keys;
                    if changed {
                        tracing::info!("the cluster signs tokens with other keys");
                        *current = keys;
                    }
                    changed
                });
            }
            Err(error) => {
                tracing::warn!(error = %brazier_service::telemetry::chain(&error), "failed to look for new keys")
            }
        }
    }
}
