//! What a search may cost. Each condition, each link of a chain to each type that it may lead to, and each value is counted while
//! the search is read, and one that asks for too much is refused before anything is done for it.

use std::cell::Cell;

use super::QueryError;
use crate::definitions::search_parameter::ParameterKind;

/// Conditions, those at the ends of chains for each type that they lead to.
const CONDITIONS: usize = 1000;
/// Links of chains that are looked at, for each type that they may lead to. A chain over three references to any type comes to more.
const LINKS: usize = 10_000;
/// Values, in places.
const PLACES: usize = 5000;
/// Places that a value takes up that is no code or name, of which an index finds many at once: each is compared by itself.
const PLACES_OF_A_RANGE: usize = 10;
/// Keys of `_sort`.
pub(super) const SORT_KEYS: usize = 16;
/// `_include`s and `_revinclude`s.
pub(super) const INCLUDES: usize = 64;

/// What one search may still ask for.
pub(super) struct Budget {
    conditions: Cell<usize>,
    links: Cell<usize>,
    places: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            conditions: Cell::new(CONDITIONS),
            links: Cell::new(LINKS),
            places: Cell::new(PLACES),
        }
    }
}

impl Budget {
    /// Takes one link of the chain `written`.
    pub(super) fn link(&self, written: &str) -> Result<(), QueryError> {
        take(&self.links, 1).ok_or_else(|| QueryError::ChainTooLong {
            parameter: written.to_owned(),
            limit: super::chain::MAXIMUM_LINKS,
        })
    }

    /// Takes one condition of the parameter `written`.
    pub(super) fn condition(&self, written: &str) -> Result<(), QueryError> {
        take(&self.conditions, 1).ok_or_else(|| match written.contains('.') {
            true => QueryError::ChainTooLong {
                parameter: written.to_owned(),
                limit: super::chain::MAXIMUM_LINKS,
            },
            false => QueryError::too_many(written, "conditions", CONDITIONS),
        })
    }

    /// Takes so many values of the parameter `written`.
    pub(super) fn values(&self, written: &str, count: usize) -> Result<(), QueryError> {
        take(&self.places, count).ok_or_else(|| QueryError::too_many(written, "values", PLACES))
    }

    /// Takes what such values cost more than a code or a name, by the kind of the parameter and its modifier.
    pub(super) fn ranges(
        &self,
        written: &str,
        kind: ParameterKind,
        modifier: Option<&str>,
        count: usize,
    ) -> Result<(), QueryError> {
        use ParameterKind as Kind;
        match kind {
            Kind::Token | Kind::Reference | Kind::Uri if modifier != Some("text") => return Ok(()),
            _ if modifier == Some("missing") => return Ok(()),
            _ => {}
        }
        let more = count.saturating_mul(PLACES_OF_A_RANGE - 1);
        let limit = PLACES / PLACES_OF_A_RANGE;
        take(&self.places, more)
            .ok_or_else(|| QueryError::too_many(written, "texts, dates and numbers", limit))
    }
}

fn take(left: &Cell<usize>, count: usize) -> Option<()> {
    let rest = left.get().checked_sub(count)?;
    left.set(rest);
    Some(())
}
