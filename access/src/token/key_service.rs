//! The keys of an OpenID Connect issuer, fetched over TLS: from the address that the configuration gives, or found by
//! discovery, <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig>.

use std::time::Duration;

use serde::Deserialize;

use super::key_set::KeySetError;

/// A longer answer is no key set.
const MAX_BYTES: usize = 256 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(8);

/// Where an issuer's keys are fetched.
#[derive(Debug)]
pub(super) struct KeyService {
    client: reqwest::Client,
    issuer: String,
    jwks_uri: Option<String>,
}

/// Why keys could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchKeysError {
    /// The issuer could not be asked, or answered with an error.
    #[error("failed to fetch {url}: {source}")]
    Request {
        /// What was fetched.
        url: String,
        /// What went wrong, with the causes below.
        source: reqwest::Error,
    },
    /// The answer is longer than a key set can be.
    #[error("failed to fetch {url}: the answer is longer than {MAX_BYTES} bytes")]
    TooLong {
        /// What was fetched.
        url: String,
    },
    /// The discovery document is not one, or not this issuer's.
    #[error("the discovery document {url} is not usable: {reason}")]
    Discovery {
        /// What was fetched.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be read.
    #[error("failed to read {path}: {source}")]
    File {
        /// Path of the file that could not be read.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// What came is not a key set.
    #[error(transparent)]
    KeySet(#[from] KeySetError),
}

/// Why a client for an issuer could not be made: the HTTP client refused its settings.
#[derive(Debug, thiserror::Error)]
#[error("failed to set up a client for {issuer}: {source}")]
pub struct KeyServiceError {
    /// The issuer (`iss`) whose keys the client should fetch.
    pub issuer: String,
    /// What the client said.
    pub source: reqwest::Error,
}

impl KeyService {
    /// A client for the keys of `issuer`, which trusts whom `tls` trusts, or the authorities of the system.
    pub(super) fn new(
        issuer: &str,
        jwks_uri: Option<&str>,
        tls: Option<rustls::ClientConfig>,
    ) -> Result<KeyService, KeyServiceError> {
        let mut builder = reqwest::Client::builder()
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(0);
        if let Some(tls) = tls {
            builder = builder.tls_backend_preconfigured(tls);
        }
        let client = builder.build().map_err(|source| KeyServiceError {
            issuer: issuer.to_owned(),
            source,
        })?;
        Ok(KeyService {
            client,
            issuer: issuer.to_owned(),
            jwks_uri: jwks_uri.map(str::to_owned),
        })
    }

    /// The issuer's key set as it stands now.
    pub(super) async fn fetch(&self) -> Result<Vec<u8>, FetchKeysError> {
        match &self.jwks_uri {
            Some(uri) => self.get(uri).await,
            None => self.get(&self.discover().await?).await,
        }
    }

    async fn discover(&self) -> Result<String, FetchKeysError> {
        #[derive(Deserialize)]
        struct Provider {
            issuer: String,
            jwks_uri: String,
        }
        let url = format!(
            "{}/.well-known/openid-configuration",
            self.issuer.trim_end_matches('/')
        );
        let document = self.get(&url).await?;
        let unusable = |reason| FetchKeysError::Discovery {
            url: url.clone(),
            reason,
        };
        let provider: Provider =
            serde_json::from_slice(&document).map_err(|error| unusable(error.to_string()))?;
        if provider.issuer != self.issuer {
            return Err(unusable(format!(
                "it is of {:?}, not of {:?}",
                provider.issuer, self.issuer
            )));
        }
        Ok(provider.jwks_uri)
    }

    async fn get(&self, url: &str) -> Result<Vec<u8>, FetchKeysError> {
        let failed = |source: reqwest::Error| FetchKeysError::Request {
            url: url.to_owned(),
            source: source.without_url(),
        };
        let answer = self.client.get(url).send().await.map_err(failed)?;
        let mut answer = answer.error_for_status().map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(FetchKeysError::TooLong { url: url.to_owned() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
