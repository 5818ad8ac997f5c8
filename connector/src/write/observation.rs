//! Writes one Observation: read what is stored, decide, update with a precondition; if another writer was faster read and
//! decide again. Several groups of one request that belong to one Observation are written at once.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::fhir_service::{FhirError, FhirService, Precondition, Stored, Updated};
use crate::json::Json;
use crate::observation::{Change, ObservationError, ObservationKey, Plan};

/// How often another writer may be faster.
const ATTEMPTS: u32 = 8;
/// The pause after the first conflict; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// What became of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A new Observation.
    Created,
    /// An existing one was amended.
    Updated,
    /// The existing one already said all of it.
    Unchanged,
}

impl Outcome {
    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
        }
    }
}

/// What became of each group, in the order in which they were given.
#[derive(Debug)]
pub enum Written {
    /// It is stored.
    Stored(Outcome),
    /// It cannot become part of the Observation.
    Failed(WriteError),
    /// Its key is taken by another measurement of the same second.
    Taken,
}

/// Why a group was not stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// The group itself.
    #[error(transparent)]
    Observation(#[from] ObservationError),
    /// The FHIR service.
    #[error(transparent)]
    Fhir(#[from] FhirError),
}

/// Writes the groups of one key.
pub async fn write(
    service: &impl FhirService,
    key: &ObservationKey,
    plans: &[Plan<'_>],
    now: Timestamp,
) -> Result<Vec<Written>, FhirError> {
    let mut pause = FIRST_PAUSE;
    for _ in 0..ATTEMPTS {
        let stored = service.read("Observation", &key.id).await?;
        let (written, changed) = decide(key, plans, stored.as_ref(), now);
        let Some(observation) = changed else {
            return Ok(written);
        };
        let precondition = match stored {
            None => Precondition::Absent,
            Some(Stored { version, .. }) => Precondition::Version(version),
        };
        match service
            .update("Observation", &key.id, &observation, precondition)
            .await
        {
            Ok(Updated::Stored) => return Ok(written),
            Ok(Updated::Conflict) => {}
            Err(refused @ FhirError::Refused { .. }) => return Ok(failed(written, &refused)),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    let destination = service.name().to_owned();
    Err(FhirError::Unavailable {
        destination,
        reason: "others keep changing the Observation".to_owned(),
    })
}

/// Takes the groups one after the other; gives what is to be stored, if anything changed.
fn decide(
    key: &ObservationKey,
    plans: &[Plan<'_>],
    stored: Option<&Stored>,
    now: Timestamp,
) -> (Vec<Written>, Option<Json>) {
    let mut current: Option<Json> = stored.map(|stored| stored.resource.clone());
    let mut changed = false;
    let mut written = Vec::with_capacity(plans.len());
    for plan in plans {
        let (made, outcome) = match plan.change(key, current.as_ref(), now) {
            Ok(Change::Create(made)) => (Some(made), Written::Stored(Outcome::Created)),
            Ok(Change::Update(made)) => (Some(made), Written::Stored(Outcome::Updated)),
            Ok(Change::Unchanged) => (None, Written::Stored(Outcome::Unchanged)),
            Ok(Change::Taken) => (None, Written::Taken),
            Err(error) => (None, Written::Failed(error.into())),
        };
        changed |= made.is_some();
        current = made.or(current);
        written.push(outcome);
    }
    (written, current.filter(|_| changed))
}

/// The service refused the Observation: no group that would have changed it is stored.
fn failed(written: Vec<Written>, refused: &FhirError) -> Vec<Written> {
    let fail = |written| match written {
        Written::Stored(Outcome::Created | Outcome::Updated) => Written::Failed(refused.clone().into()),
        other => other,
    };
    written.into_iter().map(fail).collect()
}
