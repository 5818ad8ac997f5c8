//! Writes one Observation: read what is stored, decide, update with a precondition; if another writer was faster read and
//! decide again. Several groups of one request that belong to one Observation are written at once.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::compatibility::Compatibility;
use crate::fhir_service::{FhirError, FhirService, Identifier, Precondition, Stored, Updated};
use crate::identity::SERVICE_SYSTEM;
use crate::json::Json;
use crate::observation::{Change, ObservationError, ObservationKey, Plan, has_identifier};

/// How often another writer may be faster.
const ATTEMPTS: u32 = 8;
/// The pause after the first conflict; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// What a group changed.
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

/// What became of the groups of one Observation.
#[derive(Debug)]
pub struct WrittenObservation {
    /// Its logical id.
    pub id: String,
    /// What became of each group, in the order in which they were given.
    pub groups: Vec<Written>,
}

/// What became of a group.
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
    compatibility: Compatibility,
    now: Timestamp,
) -> Result<WrittenObservation, FhirError> {
    let mut pause = FIRST_PAUSE;
    for _ in 0..ATTEMPTS {
        let stored = match stored(service, key, compatibility).await? {
            Found::None => None,
            Found::One(stored) => Some(stored),
            Found::Several => return Ok(several(key, plans)),
        };
        let id = stored.as_ref().and_then(id_of).unwrap_or_else(|| key.id.clone());
        let (groups, changed) = decide(key, plans, stored.as_ref(), now);
        let Some(observation) = changed else {
            return Ok(WrittenObservation { id, groups });
        };
        let precondition = match stored {
            None => Precondition::Absent,
            Some(Stored { version, .. }) => Precondition::Version(version),
        };
        match service
            .update("Observation", &id, &observation, precondition)
            .await
        {
            Ok(Updated::Stored) => return Ok(WrittenObservation { id, groups }),
            Ok(Updated::Conflict) => {}
            Err(refused @ FhirError::Refused { .. }) => {
                let groups = failed(groups, &refused);
                return Ok(WrittenObservation { id, groups });
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    let destination = service.name().to_owned();
    Err(FhirError::Contended {
        destination,
        resource_type: "Observation",
    })
}

/// What is stored under a key.
enum Found {
    None,
    One(Stored),
    Several,
}

/// What is stored under a key: with the id that is the hash of the identifier or, as the original has it, with whatever id and that
/// identifier (services once gave ids of their own).
async fn stored(
    service: &impl FhirService,
    key: &ObservationKey,
    compatibility: Compatibility,
) -> Result<Found, FhirError> {
    if let Some(stored) = service.read("Observation", &key.id).await? {
        return Ok(Found::One(stored));
    }
    if compatibility == Compatibility::Strict {
        return Ok(Found::None);
    }
    let identifier = Identifier {
        system: Some(SERVICE_SYSTEM),
        value: &key.identifier,
    };
    // A service may compare less than the whole identifier.
    let found = service.find("Observation", identifier).await?;
    let mut ids = found
        .iter()
        .filter(|observation| has_identifier(observation, key))
        .filter_map(|observation| observation.member("id")?.as_text());
    match (ids.next(), ids.next()) {
        (None, _) => Ok(Found::None),
        (Some(id), None) => Ok(service
            .read("Observation", id)
            .await?
            .map_or(Found::None, Found::One)),
        (Some(_), Some(_)) => Ok(Found::Several),
    }
}

fn several(key: &ObservationKey, plans: &[Plan<'_>]) -> WrittenObservation {
    let error = || Written::Failed(ObservationError::SeveralStored.into());
    WrittenObservation {
        id: key.id.clone(),
        groups: plans.iter().map(|_| error()).collect(),
    }
}

fn id_of(stored: &Stored) -> Option<String> {
    stored.resource.member("id")?.as_text().map(ToOwned::to_owned)
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
