//! Remembers for a short time whose a token is, so that reads do not wait for signatures to be checked.
//! Holds hashes of tokens, never tokens.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::principal::Principal;

/// How long a token is remembered, in seconds.
const MAX_AGE: i64 = 60;
/// How many tokens are remembered.
const CAPACITY: usize = 4096;

/// Tokens that have been found good.
#[derive(Debug, Default)]
pub(super) struct TokenCache {
    known: Mutex<HashMap<[u8; 32], Known>>,
}

#[derive(Debug)]
struct Known {
    principal: Principal,
    /// Not from this second on.
    until: i64,
    /// The state of the issuers' keys in which the token was checked.
    keys: u64,
}

impl TokenCache {
    /// Whose `token` is, if it was found good a short while before `now` (seconds since 1970) with the same `keys`.
    pub(super) fn get(&self, token: &str, keys: u64, now: i64) -> Option<Principal> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = known.get(&hash(token))?;
        (entry.keys == keys && now < entry.until).then(|| entry.principal.clone())
    }

    /// Remembers that `token`, which expires at `expires`, is of `principal`.
    pub(super) fn put(&self, token: &str, principal: Principal, keys: u64, expires: i64, now: i64) {
        let until = expires.min(now.saturating_add(MAX_AGE));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.retain(|_, entry| entry.keys == keys && now < entry.until);
        }
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(
            hash(token),
            Known {
                principal,
                until,
                keys,
            },
        );
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_remembered_briefly_and_never_beyond_its_end() {
        let cache = TokenCache::default();
        cache.put("long", Principal::anonymous(), 1, 1_000, 0);
        cache.put("short", Principal::anonymous(), 1, 10, 0);
        assert!(cache.get("long", 1, MAX_AGE - 1).is_some());
        assert!(cache.get("long", 1, MAX_AGE).is_none());
        assert!(cache.get("short", 1, 9).is_some());
        assert!(cache.get("short", 1, 10).is_none());
        assert!(cache.get("unknown", 1, 0).is_none());
    }

    #[test]
    fn a_change_of_keys_makes_it_forget() {
        let cache = TokenCache::default();
        cache.put("token", Principal::anonymous(), 1, 1_000, 0);
        assert!(cache.get("token", 2, 0).is_none());
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let cache = TokenCache::default();
        for number in 0..CAPACITY * 2 + 1 {
            cache.put(&number.to_string(), Principal::anonymous(), 1, 1_000, 0);
            assert!(cache.known.lock().unwrap().len() <= CAPACITY);
        }
    }
}
