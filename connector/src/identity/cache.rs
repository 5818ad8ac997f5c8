//! Remembers identities for a short, bounded time (not a sliding one), under everything that decides about them: after a device is
//! given to another patient, its data goes to that patient within that time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Identity;

/// How long an identity is remembered.
const AGE: Duration = Duration::from_secs(30);
/// How many are remembered at most.
const CAPACITY: usize = 20_000;

/// What decides about an identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdentityKey {
    /// The device's identifier.
    pub device_id: String,
    /// The patient's identifier.
    pub patient_id: Option<String>,
    /// The encounter's identifier.
    pub encounter_id: Option<String>,
}

/// The identities of one destination.
#[derive(Default)]
pub struct IdentityCache {
    known: Mutex<HashMap<IdentityKey, (Identity, Instant)>>,
}

impl IdentityCache {
    /// The identity, if it was found not long ago.
    pub fn get(&self, key: &IdentityKey, now: Instant) -> Option<Identity> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(key)
            .filter(|(_, found)| now.duration_since(*found) < AGE)
            .map(|(identity, _)| identity.clone())
    }

    /// Remembers an identity.
    pub fn insert(&self, key: IdentityKey, identity: Identity, now: Instant) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.retain(|_, (_, found)| now.duration_since(*found) < AGE);
        }
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(key, (identity, now));
    }

    /// Forgets the identities of a device, because the destination contradicted one of them.
    pub fn forget_device(&self, device_id: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|key, _| key.device_id != device_id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_forgotten_however_often_it_is_used() {
        let cache = IdentityCache::default();
        let key = |device: &str, patient: Option<&str>| IdentityKey {
            device_id: device.to_owned(),
            patient_id: patient.map(ToOwned::to_owned),
            encounter_id: None,
        };
        let identity = Identity {
            patient: "p".to_owned(),
            device: "d".to_owned(),
            encounter: None,
        };
        let start = Instant::now();
        cache.insert(key("d", None), identity.clone(), start);
        for seconds in 0..30 {
            assert_eq!(
                cache.get(&key("d", None), start + Duration::from_secs(seconds)),
                Some(identity.clone())
            );
        }
        assert_eq!(cache.get(&key("d", None), start + AGE), None);
        assert_eq!(cache.get(&key("d", Some("x")), start), None);
        cache.forget_device("d");
        assert_eq!(cache.get(&key("d", None), start), None);
    }
}
