//! When assignments end by themselves: then there is something to do although nothing changed.

use std::time::Duration;

use brazier_crds::RoleAssignment;
use jiff::Timestamp;

/// How long an assignment still holds; `None` if it never ends, or has.
pub fn left(assignment: &RoleAssignment, now: Timestamp) -> Option<Duration> {
    let expires = assignment.spec.expires.as_ref()?;
    Duration::try_from(expires.0.duration_since(now))
        .ok()
        .filter(|left| !left.is_zero())
}

/// How long until the next of them ends.
pub fn soonest(assignments: &[RoleAssignment], now: Timestamp) -> Option<Duration> {
    assignments
        .iter()
        .filter_map(|assignment| left(assignment, now))
        .min()
}
