//! What a database says of itself, whichever kind it is: all that conditions and status need to know.

use std::time::Duration;

use brazier_crds::fhir_service::DatabaseStatus;

use crate::condition::Finding;

/// How a database stands.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseReport {
    /// DatabaseReady: whether it has a primary and accepts connections.
    pub ready: Finding,
    /// What is less than was asked for, in words.
    pub missing: Option<String>,
    /// Why one of its pods does not start.
    pub problem: Option<String>,
    /// What keeps it from being all that was asked for although nothing is missing, in words.
    pub under_way: Option<String>,
    /// Why it is not as the spec asks for although it runs, if somebody has to correct the spec.
    pub refused: Option<Finding>,
    /// How soon to look again, if the operator watches no object that would tell it of a change.
    pub look_again: Option<Duration>,
    /// Whether any pod of it is there.
    pub runs: bool,
    /// `status.database`.
    pub status: DatabaseStatus,
}
