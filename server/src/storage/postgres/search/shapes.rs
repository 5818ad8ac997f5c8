//! Which statements of searches stay prepared.
//!
//! The text of a statement is the shape of a search: it holds no value that a client sent but how long pages are. What comes back is prepared,
//! so that it is parsed once, and planned anew only while PostgreSQL finds that plans for the values at hand are cheaper
//! than one for all. Each prepared statement takes up memory in every connection that ran it (100 to 200 kB), and
//! clients can ask for any number of shapes: those that were not used for longest are given up.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use tokio_postgres::types::Type;

/// Shapes that stay prepared.
const PREPARED: NonZeroUsize = NonZeroUsize::new(64).expect("64 is not 0");
/// Bytes of a text that may be prepared; longer ones are lists of values that hardly come back.
const LONGEST: usize = 32_768;
/// Shapes of which we know that they came before.
const SEEN: NonZeroUsize = NonZeroUsize::new(1024).expect("1024 is not 0");

/// The shapes of a database's searches.
pub struct Shapes(Mutex<Known>);

struct Known {
    /// By a hash: clients can make texts long.
    seen: LruCache<u64, ()>,
    hashes: RandomState,
    prepared: LruCache<Box<str>, Vec<Type>>,
}

/// How a statement is to be run.
#[derive(Debug, PartialEq, Eq)]
pub enum Running {
    /// Without preparing it: it may never come back.
    Once,
    /// Prepared, for which no other has to be given up.
    Prepared,
    /// Prepared, for which another has to be given up.
    PreparedFor {
        /// The other's text.
        text: Box<str>,
        /// The types of its parameters.
        types: Vec<Type>,
    },
}

impl Default for Shapes {
    fn default() -> Shapes {
        Shapes(Mutex::new(Known {
            seen: LruCache::new(SEEN),
            hashes: RandomState::new(),
            prepared: LruCache::new(PREPARED),
        }))
    }
}

impl Shapes {
    /// How to run `text`, which has parameters of `types`.
    pub fn meet(&self, text: &str, types: &[Type]) -> Running {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.prepared.get(text).is_some() {
            return Running::Prepared;
        }
        let hash = known.hashes.hash_one(text);
        if text.len() > LONGEST || known.seen.pop(&hash).is_none() {
            known.seen.put(hash, ());
            return Running::Once;
        }
        match known.prepared.push(text.into(), types.to_vec()) {
            None => Running::Prepared,
            Some((text, types)) => Running::PreparedFor { text, types },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_prepared_until_others_are_used_more() {
        let shapes = Shapes::default();
        assert_eq!(shapes.meet("a", &[Type::TEXT]), Running::Once);
        assert_eq!(shapes.meet("a", &[Type::TEXT]), Running::Prepared);
        for number in 1..PREPARED.get() {
            assert_eq!(shapes.meet(&number.to_string(), &[]), Running::Once);
            assert_eq!(shapes.meet(&number.to_string(), &[]), Running::Prepared);
        }
        assert_eq!(shapes.meet("b", &[]), Running::Once);
        let given_up = Running::PreparedFor {
            text: "a".into(),
            types: vec![Type::TEXT],
        };
        assert_eq!(shapes.meet("b", &[]), given_up);
        assert_eq!(shapes.meet("a", &[Type::TEXT]), Running::Once);
        assert_eq!(shapes.meet("b", &[]), Running::Prepared);
    }

    #[test]
    fn a_very_long_one_is_never_prepared() {
        let shapes = Shapes::default();
        let text = "x".repeat(LONGEST + 1);
        assert_eq!(shapes.meet(&text, &[]), Running::Once);
        assert_eq!(shapes.meet(&text, &[]), Running::Once);
    }

    #[test]
    fn shapes_that_come_once_push_nothing_out() {
        let shapes = Shapes::default();
        shapes.meet("a", &[]);
        shapes.meet("a", &[]);
        for number in 0..2 * SEEN.get() {
            assert_eq!(shapes.meet(&number.to_string(), &[]), Running::Once);
        }
        assert_eq!(shapes.meet("a", &[]), Running::Prepared);
    }
}
