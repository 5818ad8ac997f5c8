//! Forgets what the operator remembers of objects that are gone. An object without a finalizer goes without a reconcile,
//! and one that went while the watch was broken is only missing in the next list.

use std::{collections::HashSet, marker::PhantomData, sync::Arc};

use kube::{
    core::DeserializeGuard,
    runtime::watcher::{self, Event},
};

use crate::{
    context::Context,
    reconcile::{Kind, key},
};

/// Follows the objects of a kind.
pub struct Memory<K> {
    context: Arc<Context>,
    listed: HashSet<String>,
    kind: PhantomData<K>,
}

impl<K: Kind> Memory<K> {
    /// Begins to follow them.
    pub fn new(context: Arc<Context>) -> Self {
        Memory {
            context,
            listed: HashSet::new(),
            kind: PhantomData,
        }
    }

    /// An event of the watch.
    pub fn follow(&mut self, event: &Result<Event<DeserializeGuard<K>>, watcher::Error>) {
        match event {
            Ok(Event::Init) => self.listed.clear(),
            Ok(Event::InitApply(object)) => {
                self.listed.insert(key(object));
            }
            Ok(Event::InitDone) => {
                let listed = std::mem::take(&mut self.listed);
                self.forget_unless(|object| listed.contains(object));
            }
            Ok(Event::Delete(object)) => {
                let gone = key(object);
                self.forget_unless(|object| object != gone);
            }
            Ok(Event::Apply(_)) | Err(_) => {}
        }
    }

    fn forget_unless(&self, is_there: impl Fn(&str) -> bool) {
        let prefix = format!("{}/", K::kind(&()));
        self.context
            .backoff
            .retain(|object| !object.starts_with(&prefix) || is_there(object));
        if let Some(scope) = K::SCOPE {
            self.context.enforcement.retain(scope, |one| {
                is_there(&format!("{prefix}{}/{}", one.namespace, one.name))
            });
        }
    }
}
