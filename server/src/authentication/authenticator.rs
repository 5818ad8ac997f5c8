//! The door: request headers → principal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::join_all;
use http::HeaderMap;
use jiff::Timestamp;

use super::issuer::{Issuer, IssuerKind};
use super::key_service::{KeyService, KeyServiceError};
use super::key_source::{KeyOrigin, KeySource};
use super::token_cache::TokenCache;
use super::{AuthenticationError, Principal, bearer_token, issuer};
use crate::configuration::authentication::AuthenticationConfiguration;

/// Finds out who sends a request.
#[derive(Debug)]
pub struct Authenticator {
    mode: Mode,
}

#[derive(Debug)]
enum Mode {
    Off,
    Tokens(Tokens),
}

#[derive(Debug)]
struct Tokens {
    issuers: Vec<Issuer>,
    cache: TokenCache,
    key_changes: Arc<AtomicU64>,
}

impl Authenticator {
    /// Lets everybody in as [`Principal::anonymous`]; for trials on one machine.
    pub fn off() -> Authenticator {
        Authenticator { mode: Mode::Off }
    }

    /// Asks for a token of one of the configured issuers.
    pub fn new(configuration: &AuthenticationConfiguration) -> Result<Authenticator, KeyServiceError> {
        let key_changes = Arc::new(AtomicU64::new(0));
        let source = |origin| KeySource::new(origin, Arc::clone(&key_changes));
        let mut issuers = Vec::new();
        if let Some(kubernetes) = &configuration.kubernetes {
            issuers.push(Issuer {
                name: kubernetes.issuer.clone(),
                audiences: vec![kubernetes.audience.clone()],
                keys: source(KeyOrigin::File(kubernetes.jwks_file.clone())),
                kind: IssuerKind::Kubernetes,
            });
        }
        for issuer in &configuration.issuers {
            let service = KeyService::new(
                &issuer.issuer,
                issuer.jwks_uri.as_deref(),
                issuer.ca_file.as_deref(),
            )?;
            issuers.push(Issuer {
                name: issuer.issuer.clone(),
                audiences: issuer.audiences.clone(),
                keys: source(KeyOrigin::Service(service)),
                kind: IssuerKind::OpenId(issuer.claims.clone()),
            });
        }
        let tokens = Tokens {
            issuers,
            cache: TokenCache::default(),
            key_changes,
        };
        Ok(Authenticator {
            mode: Mode::Tokens(tokens),
        })
    }

    /// Who sends a request with these headers. Every error is answered with 401 and its
    /// [`www_authenticate`](AuthenticationError::www_authenticate).
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, AuthenticationError> {
        match &self.mode {
            Mode::Off => Ok(Principal::anonymous()),
            Mode::Tokens(tokens) => tokens.check(bearer_token::from_headers(headers)?).await,
        }
    }

    /// Reads the issuers' keys now and from time to time, for as long as it is polled.
    pub async fn keep_keys_fresh(&self) {
        match &self.mode {
            Mode::Off => {}
            Mode::Tokens(tokens) => {
                join_all(tokens.issuers.iter().map(|issuer| issuer.keys.keep_fresh())).await;
            }
        }
    }
}

impl Tokens {
    async fn check(&self, token: &str) -> Result<Principal, AuthenticationError> {
        let now = Timestamp::now().as_second();
        let keys = self.key_changes.load(Ordering::Acquire);
        if let Some(principal) = self.cache.get(token, keys, now) {
            return Ok(principal);
        }
        let checked = issuer::check(token, &self.issuers).await?;
        self.cache
            .put(token, checked.principal.clone(), keys, checked.expires, now);
        Ok(checked.principal)
    }
}
