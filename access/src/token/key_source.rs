//! Keeps one issuer's keys at hand: reads them again from time to time and when a token names a key that we do not
//! know, but not more often than is decent. While the issuer is away the keys we have stay in use.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jsonwebtoken::Algorithm;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::AuthenticationError;
use super::key_service::{FetchKeysError, KeyService};
use super::key_set::{Key, KeySet};

/// One issuer's keys.
#[derive(Debug)]
pub(super) struct KeySource {
    origin: KeyOrigin,
    keys: ArcSwap<KeySet>,
    state: Mutex<State>,
    /// Counts the changes of the keys, so that nothing verified by a withdrawn key is remembered.
    changes: AtomicU64,
}

/// Where keys come from.
#[derive(Debug)]
pub(super) enum KeyOrigin {
    /// A mounted file.
    File(PathBuf),
    /// An OpenID Connect issuer.
    Service(KeyService),
}

#[derive(Debug, Default)]
struct State {
    last_attempt: Option<Instant>,
    digest: Option<[u8; 32]>,
}

impl KeyOrigin {
    async fn load(&self) -> Result<Vec<u8>, FetchKeysError> {
        match self {
            KeyOrigin::Service(service) => service.fetch().await,
            KeyOrigin::File(path) => tokio::fs::read(path)
                .await
                .map_err(|source| FetchKeysError::File {
                    path: path.display().to_string(),
                    source,
                }),
        }
    }

    /// The least time between two looks because of an unknown key: a file costs little, an issuer is somebody else's.
    fn decent_interval(&self) -> Duration {
        match self {
            KeyOrigin::File(_) => Duration::from_secs(1),
            KeyOrigin::Service(_) => Duration::from_secs(10),
        }
    }

    fn usual_interval(&self) -> Duration {
        match self {
            KeyOrigin::File(_) => Duration::from_secs(5),
            KeyOrigin::Service(_) => Duration::from_secs(10 * 60),
        }
    }
}

impl KeySource {
    /// Without keys yet; [`keep_fresh`](Self::keep_fresh) or the first token gets them.
    pub(super) fn new(origin: KeyOrigin) -> KeySource {
        KeySource {
            origin,
            keys: ArcSwap::default(),
            state: Mutex::default(),
            changes: AtomicU64::default(),
        }
    }

    /// How often the keys have changed.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// The key that a token names by `id`.
    pub(super) async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<Key>, AuthenticationError> {
        let found = self.keys.load().find(id, algorithm);
        if !matches!(found, Err(AuthenticationError::UnknownKey)) {
            return found;
        }
        self.refresh(self.origin.decent_interval()).await;
        let keys = self.keys.load();
        if keys.is_empty() {
            return Err(AuthenticationError::KeysUnavailable);
        }
        keys.find(id, algorithm)
    }

    /// Reads the keys again from time to time, for as long as it is polled.
    pub(super) async fn keep_fresh(&self) {
        let mut failures = 0_u32;
        loop {
            let fresh = self.refresh(Duration::ZERO).await;
            failures = if fresh { 0 } else { (failures + 1).min(5) };
            let usual = self.origin.usual_interval();
            let wait = match failures {
                0 => usual,
                _ => usual.min(self.origin.decent_interval() * 2_u32.pow(failures - 1)),
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Reads the keys unless that was tried less than `interval` ago; `false` when it failed. Those who come while it
    /// is under way wait for it.
    async fn refresh(&self, interval: Duration) -> bool {
        let mut state = self.state.lock().await;
        if state.last_attempt.is_some_and(|last| last.elapsed() < interval) {
            return true;
        }
        let loaded = self.origin.load().await;
        state.last_attempt = Some(Instant::now());
        let accepted = loaded.and_then(|document| self.accept(&document, &mut state));
        if let Err(error) = &accepted {
            let causes = causes(error);
            tracing::warn!(%error, causes, "the issuer's keys stay as they are");
        }
        accepted.is_ok()
    }

    fn accept(&self, document: &[u8], state: &mut State) -> Result<(), FetchKeysError> {
        let digest = Sha256::digest(document).into();
        if state.digest != Some(digest) {
            self.keys.store(Arc::new(KeySet::parse(document)?));
            state.digest = Some(digest);
            self.changes.fetch_add(1, Ordering::AcqRel);
        }
        Ok(())
    }
}

/// What is behind an error, from the nearest to the deepest cause.
fn causes(error: &FetchKeysError) -> String {
    let mut texts = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts.join(": ")
}
