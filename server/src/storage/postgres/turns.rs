//! Who may wait for locks. What changes stored resources, or goes by criteria, may have to wait for another request to end. It waits
//! here first, without a connection: requests with the same criteria one after the other, and all of them for one of
//! the turns, of which there are fewer than connections. So reads and searches find a connection whoever waits for whom, and
//! nobody waits without end.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};

use crate::storage::StorageError;

/// How long a request waits for others at most, here and for each lock in the database.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Of so many connections one is never used by what may wait for locks.
const CONNECTIONS_FOR_ONE_KEPT: usize = 4;

/// The texts that are locked or waited for, by their numbers.
type Texts = Mutex<HashMap<i64, Weak<tokio::sync::Mutex<()>>>>;

/// The turns of one server.
pub struct Turns {
    texts: Arc<Texts>,
    turns: Arc<Semaphore>,
    patience: Duration,
}

/// A turn, and the texts that it was asked for with. Dropped, it is the next one's.
pub struct Turn {
    texts: Arc<Texts>,
    held: Vec<(i64, OwnedMutexGuard<()>)>,
    _turn: OwnedSemaphorePermit,
}

impl Turns {
    /// Turns for requests on so many `connections`, who wait for `patience` at most.
    pub fn new(connections: usize, patience: Duration) -> Turns {
        let kept = connections.div_ceil(CONNECTIONS_FOR_ONE_KEPT);
        Turns {
            texts: Arc::default(),
            turns: Arc::new(Semaphore::new(connections.saturating_sub(kept).max(1))),
            patience,
        }
    }

    /// Waits for each of `texts`, given by their [`numbers`], and for a turn.
    ///
    /// # Errors
    /// [`StorageError::Locked`] when others take too long.
    pub async fn take(&self, texts: &[i64]) -> Result<Turn, StorageError> {
        let turn = async {
            let mut held = Vec::with_capacity(texts.len());
            // Locked in one order, so that two requests cannot wait for each other.
            for number in texts {
                let text = self.text(*number);
                held.push((*number, text.lock_owned().await));
            }
            let turn = Arc::clone(&self.turns).acquire_owned().await;
            Ok(Turn {
                texts: Arc::clone(&self.texts),
                held,
                _turn: turn.map_err(|_closed| StorageError::Locked)?,
            })
        };
        tokio::time::timeout(self.patience, turn)
            .await
            .map_err(|_elapsed| StorageError::Locked)?
    }

    fn text(&self, number: i64) -> Arc<tokio::sync::Mutex<()>> {
        let mut texts = lock(&self.texts);
        // Those who gave up waiting have left theirs behind.
        if texts.len() >= MANY && texts.len() == texts.capacity() {
            texts.retain(|_, text| text.strong_count() > 0);
        }
        match texts.entry(number) {
            Entry::Occupied(mut known) => known.get().upgrade().unwrap_or_else(|| {
                let text = Arc::default();
                known.insert(Arc::downgrade(&text));
                text
            }),
            Entry::Vacant(unknown) => {
                let text = Arc::default();
                unknown.insert(Arc::downgrade(&text));
                text
            }
        }
    }
}

/// Texts from which on it pays to look for those that nobody waits for.
const MANY: usize = 1024;

impl Drop for Turn {
    fn drop(&mut self) {
        let mut texts = lock(&self.texts);
        for (number, guard) in self.held.drain(..) {
            drop(guard);
            if texts.get(&number).is_some_and(|text| text.strong_count() == 0) {
                texts.remove(&number);
            }
        }
    }
}

fn lock<T>(texts: &Mutex<T>) -> MutexGuard<'_, T> {
    texts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The numbers by which `texts` are locked, here and in the database; each once, in the order of locking.
pub fn numbers(texts: &[String]) -> Vec<i64> {
    let mut numbers: Vec<i64> = texts.iter().map(|text| number(text)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn number(text: &str) -> i64 {
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0_i64, |number, byte| (number << 8) | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_text_is_waited_for_without_a_turn_and_not_without_end() {
        let turns = Turns::new(4, Duration::from_millis(50));
        let (a, b) = (numbers(&["a".into()]), numbers(&["b".into(), "a".into()]));
        let first = turns.take(&a).await.unwrap();
        for waiting in [&a, &b] {
            let waited = turns.take(waiting).await;
            assert!(matches!(waited, Err(StorageError::Locked)));
        }
        // Two of three turns are left.
        let others = (turns.take(&[]).await.unwrap(), turns.take(&[7]).await.unwrap());
        assert!(matches!(turns.take(&[8]).await, Err(StorageError::Locked)));
        drop((first, others));
        turns.take(&b).await.unwrap();
        assert!(lock(&turns.texts).values().all(|text| text.strong_count() == 0));
    }

    #[tokio::test]
    async fn one_connection_is_one_turn() {
        let turns = Turns::new(1, Duration::from_millis(50));
        let turn = turns.take(&[]).await.unwrap();
        assert!(turns.take(&[]).await.is_err());
        drop(turn);
        turns.take(&[]).await.unwrap();
    }
}
