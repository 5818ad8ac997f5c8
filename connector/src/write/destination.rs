//! What one FHIR service gets of a batch: identities first, then one write for each Observation, several at a time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use futures::stream;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use super::observation::{Outcome, WriteError, Written, WrittenObservation, write};
use crate::compatibility::Compatibility;
use crate::fhir_service::{FhirError, FhirService};
use crate::identity::cache::{IdentityCache, IdentityKey};
use crate::identity::resolve::{ResolveError, resolve};
use crate::identity::{Identity, IdentityError, IdentityResolution};
use crate::mapping::fhir::FhirTemplate;
use crate::measurement_group::MeasurementGroup;
use crate::observation::{ObservationError, ObservationKey, Plan, key, key_within_second};

/// How many requests one request of ours makes at a time.
const CONCURRENCY: usize = 16;

/// One FHIR service with what is remembered about it.
pub struct Destination<S> {
    service: Arc<S>,
    resolution: IdentityResolution,
    identities: IdentityCache,
}

/// Why a group is not stored in a FHIR service.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Nobody knows whom it is about.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// It cannot become part of an Observation.
    #[error(transparent)]
    Observation(#[from] ObservationError),
    /// The FHIR service refused it.
    #[error(transparent)]
    Refused(FhirError),
}

/// A group with what it takes to become part of an Observation.
#[derive(Debug)]
pub struct PreparedGroup<'m> {
    /// The measurements that are to become part of one Observation.
    pub group: MeasurementGroup,
    /// The FHIR template of the group's type.
    pub template: &'m FhirTemplate,
}

/// An Observation that holds what a group says.
#[derive(Debug, Serialize)]
pub struct StoredObservation {
    /// The name of the FHIR service.
    pub destination: String,
    /// The reference, relative to the service's base URL.
    pub reference: String,
    /// created, updated or unchanged.
    pub outcome: Outcome,
}

/// What became of the group at that position.
type Delivered = (usize, Result<StoredObservation, DeliveryError>);
type Resolved = Result<Identity, DeliveryError>;
/// The groups (by position) of one Observation.
type Work = IndexMap<String, (ObservationKey, Vec<usize>)>;

impl<S: FhirService> Destination<S> {
    /// Delivers to this service.
    pub fn new(service: Arc<S>, resolution: IdentityResolution) -> Self {
        Self {
            service,
            resolution,
            identities: IdentityCache::default(),
        }
    }

    /// The service's name.
    pub fn name(&self) -> &str {
        self.service.name()
    }

    /// Stores the groups; what became of each. Unavailable: the request as a whole must be sent again.
    pub async fn deliver(
        &self,
        prepared: &[&PreparedGroup<'_>],
        compatibility: Compatibility,
    ) -> Result<Vec<Delivered>, FhirError> {
        let identities = self.resolve_all(prepared).await?;
        let mut delivered = Vec::with_capacity(prepared.len());
        let mut plans: Vec<Option<Plan<'_>>> = Vec::with_capacity(prepared.len());
        let mut work = Work::new();
        for (index, PreparedGroup { group, template }) in prepared.iter().enumerate() {
            let identity = match identities.get(&identity_key(group)) {
                Some(Ok(identity)) => identity,
                Some(Err(error)) => {
                    delivered.push((index, Err(error.clone())));
                    plans.push(None);
                    continue;
                }
                None => continue,
            };
            plans.push(Some(Plan {
                group,
                template,
                identity,
                compatibility,
            }));
            match key(group, identity) {
                Ok(key) => work
                    .entry(key.id.clone())
                    .or_insert_with(|| (key, Vec::new()))
                    .1
                    .push(index),
                Err(error) => delivered.push((index, Err(error.into()))),
            }
        }
        let taken = self
            .write_all(work, &plans, compatibility, &mut delivered)
            .await?;
        let mut within_second = Work::new();
        for index in taken {
            if let Some(Some(plan)) = plans.get(index) {
                let key = key_within_second(plan.group, plan.identity);
                within_second
                    .entry(key.id.clone())
                    .or_insert_with(|| (key, Vec::new()))
                    .1
                    .push(index);
            }
        }
        let still_taken = self
            .write_all(within_second, &plans, compatibility, &mut delivered)
            .await?;
        for index in still_taken {
            delivered.push((
                index,
                Err(ObservationError::Unreadable("effective period").into()),
            ));
        }
        for (index, result) in &delivered {
            if let (Err(DeliveryError::Refused(_)), Some(group)) = (result, prepared.get(*index)) {
                self.identities.forget_device(&group.group.subject.device_id);
            }
        }
        delivered.sort_by_key(|(index, _)| *index);
        Ok(delivered)
    }

    async fn resolve_all(
        &self,
        prepared: &[&PreparedGroup<'_>],
    ) -> Result<HashMap<IdentityKey, Resolved>, FhirError> {
        let mut identities: HashMap<IdentityKey, Resolved> = HashMap::new();
        let mut unknown: IndexMap<IdentityKey, ()> = IndexMap::new();
        for PreparedGroup { group, .. } in prepared {
            let key = identity_key(group);
            match self.identities.get(&key, Instant::now()) {
                Some(identity) => {
                    identities.insert(key, Ok(identity));
                }
                None => {
                    unknown.insert(key, ());
                }
            }
        }
        let requests: Vec<_> = unknown.into_keys().map(|key| self.resolve_one(key)).collect();
        let mut answers = stream::iter(requests).buffer_unordered(CONCURRENCY);
        while let Some((key, answer)) = answers.next().await {
            let resolved = match answer {
                Ok(identity) => {
                    self.identities
                        .insert(key.clone(), identity.clone(), Instant::now());
                    Ok(identity)
                }
                Err(ResolveError::Identity(error)) => Err(error.into()),
                Err(ResolveError::Fhir(refused @ FhirError::Refused { .. })) => {
                    Err(DeliveryError::Refused(refused))
                }
                Err(ResolveError::Fhir(unavailable)) => return Err(unavailable),
            };
            identities.insert(key, resolved);
        }
        Ok(identities)
    }

    async fn resolve_one(&self, key: IdentityKey) -> (IdentityKey, Result<Identity, ResolveError>) {
        let resolved = resolve(&*self.service, self.resolution, &key).await;
        (key, resolved)
    }

    /// Writes Observations; gives the positions of groups whose key is taken.
    async fn write_all(
        &self,
        work: Work,
        plans: &[Option<Plan<'_>>],
        compatibility: Compatibility,
        delivered: &mut Vec<Delivered>,
    ) -> Result<Vec<usize>, FhirError> {
        let writes: Vec<_> = work
            .into_values()
            .map(|(key, members)| self.write_one(key, members, plans, compatibility))
            .collect();
        let mut answers = stream::iter(writes).buffer_unordered(CONCURRENCY);
        let mut taken = Vec::new();
        while let Some((members, answer)) = answers.next().await {
            let WrittenObservation { id, groups } = answer?;
            for (index, written) in members.into_iter().zip(groups) {
                let result = match written {
                    Written::Taken => {
                        taken.push(index);
                        continue;
                    }
                    Written::Stored(outcome) => Ok(StoredObservation {
                        destination: self.name().to_owned(),
                        reference: format!("Observation/{id}"),
                        outcome,
                    }),
                    Written::Failed(WriteError::Observation(error)) => Err(error.into()),
                    Written::Failed(WriteError::Fhir(error)) => Err(DeliveryError::Refused(error)),
                };
                delivered.push((index, result));
            }
        }
        Ok(taken)
    }

    async fn write_one(
        &self,
        key: ObservationKey,
        members: Vec<usize>,
        plans: &[Option<Plan<'_>>],
        compatibility: Compatibility,
    ) -> (Vec<usize>, Result<WrittenObservation, FhirError>) {
        let of_key: Vec<Plan<'_>> = members
            .iter()
            .filter_map(|index| plans.get(*index).copied().flatten())
            .collect();
        let written = write(&*self.service, &key, &of_key, compatibility, Timestamp::now()).await;
        (members, written)
    }
}

fn identity_key(group: &MeasurementGroup) -> IdentityKey {
    IdentityKey {
        device_id: group.subject.device_id.clone(),
        patient_id: group.subject.patient_id.clone(),
        encounter_id: group.subject.encounter_id.clone(),
    }
}
