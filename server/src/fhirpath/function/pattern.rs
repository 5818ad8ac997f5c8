//! Regular expressions, compiled once and kept: an invariant is evaluated on every resource that is written. Matching
//! takes time in proportion to the text, whatever the pattern; what a pattern may take to compile is limited.

use std::num::NonZeroUsize;
use std::sync::{LazyLock, Mutex, PoisonError};

use lru::LruCache;
use regex::{Regex, RegexBuilder};

use crate::fhirpath::error::EvaluationError;

/// How many compiled patterns are kept.
const KEPT: NonZeroUsize = NonZeroUsize::MIN.saturating_add(255);
/// How many bytes a compiled pattern may have.
const MAXIMUM_SIZE: usize = 256 * 1024;

static COMPILED: LazyLock<Mutex<LruCache<String, Regex>>> = LazyLock::new(|| Mutex::new(LruCache::new(KEPT)));

/// `pattern` compiled; a dot is also an end of line.
///
/// # Errors
/// [`EvaluationError::Pattern`] when it is no regular expression, or too large.
pub fn compiled(pattern: &str) -> Result<Regex, EvaluationError> {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = compiled.get(pattern) {
        return Ok(regex.clone());
    }
    drop(compiled);
    let built = RegexBuilder::new(pattern)
        .dot_matches_new_line(true)
        .size_limit(MAXIMUM_SIZE)
        .dfa_size_limit(MAXIMUM_SIZE)
        .build();
    let regex = built.map_err(|error| EvaluationError::Pattern {
        pattern: pattern.to_owned(),
        reason: error.to_string(),
    })?;
    compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    compiled.put(pattern.to_owned(), regex.clone());
    Ok(regex)
}
