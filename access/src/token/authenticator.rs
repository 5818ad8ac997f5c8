//! The door: request headers → principal.

use futures::future::join_all;
use http::HeaderMap;
use jiff::Timestamp;

use super::cache::TokenCache;
use super::issuer::{self, Issuer};
use super::{AuthenticationError, bearer_token};
use crate::principal::Principal;

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
}

impl Authenticator {
    /// Lets everybody in as [`Principal::anonymous`]; for trials on one machine.
    pub fn off() -> Authenticator {
        Authenticator { mode: Mode::Off }
    }

    /// Asks for a token of one of these issuers. Their keys are read by
    /// [`keep_keys_fresh`](Self::keep_keys_fresh), or when the first token comes.
    pub fn new(issuers: Vec<Issuer>) -> Authenticator {
        let cache = TokenCache::default();
        Authenticator {
            mode: Mode::Tokens(Tokens { issuers, cache }),
        }
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
                join_all(tokens.issuers.iter().map(Issuer::keep_keys_fresh)).await;
            }
        }
    }
}

impl Tokens {
    async fn check(&self, token: &str) -> Result<Principal, AuthenticationError> {
        let now = Timestamp::now().as_second();
        let keys = self.issuers.iter().map(Issuer::key_changes).sum();
        if let Some(principal) = self.cache.get(token, keys, now) {
            return Ok(principal);
        }
        let checked = issuer::check(token, &self.issuers).await?;
        self.cache
            .put(token, checked.principal.clone(), keys, checked.expires, now);
        Ok(checked.principal)
    }
}
