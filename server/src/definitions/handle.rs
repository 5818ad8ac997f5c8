//! The definitions in force: read by every request without a lock, replaced as a whole.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::Definitions;

/// Gives the definitions in force to requests, and takes their successors.
#[derive(Debug)]
pub struct DefinitionsHandle {
    current: ArcSwap<Definitions>,
    /// Held by who makes a successor, so that of two additions none is lost.
    change: Mutex<()>,
}

impl DefinitionsHandle {
    /// A handle with `definitions` in force.
    pub fn new(definitions: Definitions) -> DefinitionsHandle {
        DefinitionsHandle {
            current: ArcSwap::from_pointee(definitions),
            change: Mutex::new(()),
        }
    }

    /// The definitions in force. Take them once a request, so that the request sees the same ones from end to end.
    pub fn current(&self) -> Arc<Definitions> {
        self.current.load_full()
    }

    /// Puts what `successor` makes of the definitions in force in their place. When it fails, nothing changes.
    ///
    /// # Errors
    /// Those of `successor`.
    pub fn change<E>(
        &self,
        successor: impl FnOnce(&Definitions) -> Result<Definitions, E>,
    ) -> Result<Arc<Definitions>, E> {
        let _changing = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = Arc::new(successor(&self.current.load())?);
        self.current.store(Arc::clone(&changed));
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;

    #[test]
    fn who_has_taken_definitions_keeps_them_and_a_failed_change_changes_nothing() {
        let handle = DefinitionsHandle::new(fixture::r4().as_ref().clone());
        let before = handle.current();
        assert_eq!(handle.change(|_| Err("no")).unwrap_err(), "no");
        assert!(Arc::ptr_eq(&before, &handle.current()));
        let changed = handle.change(|current| Ok::<_, ()>(current.clone())).unwrap();
        assert!(Arc::ptr_eq(&changed, &handle.current()));
        assert!(!Arc::ptr_eq(&before, &changed));
    }
}
