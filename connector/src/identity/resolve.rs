//! Finds identities in a FHIR service, and makes what is missing where the configuration says so.

use std::sync::Arc;

use super::{Identity, IdentityError, IdentityResolution, identifier, logical_id};
use crate::fhir_service::reference::local_id;
use crate::fhir_service::{FhirError, FhirService, Identifier, Precondition, Stored, Updated};
use crate::identity::cache::IdentityKey;
use crate::json::{Json, Object};

/// Why no identity was resolved.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ResolveError {
    /// The service has no, or a contradicting, answer.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The service did not answer.
    #[error(transparent)]
    Fhir(#[from] FhirError),
}

/// How often another writer may be faster.
const ATTEMPTS: usize = 4;

/// Resolves an identity.
pub async fn resolve(
    service: &impl FhirService,
    resolution: IdentityResolution,
    key: &IdentityKey,
) -> Result<Identity, ResolveError> {
    let given = |id: &Option<String>| id.clone().filter(|id| !id.trim().is_empty());
    let (patient_id, encounter_id) = (given(&key.patient_id), given(&key.encounter_id));
    let resolver = Resolver {
        service,
        device_id: &key.device_id,
    };
    let (device, patient, encounter) = match resolution {
        IdentityResolution::Create => {
            // First, so that nothing is made for a measurement that is not stored.
            let encounter = resolver.encounter(encounter_id.as_deref()).await?;
            let (device, patient) = resolver.found_or_made(patient_id.as_deref()).await?;
            (device, patient, encounter)
        }
        IdentityResolution::Lookup | IdentityResolution::LookupWithEncounter => {
            let (device, patient) = resolver.found().await?;
            if encounter_id.is_none() && resolution == IdentityResolution::LookupWithEncounter {
                return Err(IdentityError::NoEncounterId.into());
            }
            (
                device,
                patient,
                resolver.encounter(encounter_id.as_deref()).await?,
            )
        }
    };
    if let Some(Encounter {
        patient: Some(of), ..
    }) = &encounter
        && *of != patient
    {
        return Err(IdentityError::EncounterOfOtherPatient.into());
    }
    Ok(Identity {
        patient,
        device,
        encounter: encounter.map(|encounter| encounter.id),
    })
}

/// An Encounter of the service.
struct Encounter {
    id: String,
    /// The logical id of its patient, if that is a Patient of the service.
    patient: Option<String>,
}

/// Whose a Device is.
enum Owner {
    /// It says nothing of it.
    Nobody,
    /// The Patient with this logical id.
    Patient(String),
    /// Something that is no Patient of the service, in words.
    Elsewhere(String),
}

struct Resolver<'r, S> {
    service: &'r S,
    device_id: &'r str,
}

type Resolved<T> = Result<T, ResolveError>;

impl<S: FhirService> Resolver<'_, S> {
    /// Logical ids of the Device and of its Patient, which must exist.
    async fn found(&self) -> Resolved<(String, String)> {
        let device = self
            .only("Device", self.device_id)
            .await?
            .ok_or(IdentityError::NotFound("Device"))?;
        let patient = match self.owner(&device) {
            Owner::Patient(patient) => patient,
            Owner::Nobody => return Err(IdentityError::DeviceWithoutPatient.into()),
            Owner::Elsewhere(what) => return Err(IdentityError::PatientElsewhere(what).into()),
        };
        Ok((id(&device).ok_or(IdentityError::NotFound("Device"))?, patient))
    }

    /// The Encounter that the measurement names, if it names one; it must exist.
    async fn encounter(&self, encounter_id: Option<&str>) -> Resolved<Option<Encounter>> {
        let Some(encounter_id) = encounter_id else {
            return Ok(None);
        };
        let found = self.only("Encounter", encounter_id).await?;
        let encounter = found.ok_or(IdentityError::NotFound("Encounter"))?;
        let subject = encounter.member("subject").and_then(reference_text);
        let patient = subject.and_then(|subject| local_id(subject, "Patient", self.service.base()));
        Ok(Some(Encounter {
            id: id(&encounter).ok_or(IdentityError::NotFound("Encounter"))?,
            patient: patient.map(ToOwned::to_owned),
        }))
    }

    /// Whose the Device is. Only what names a Patient of this service counts.
    fn owner(&self, device: &Json) -> Owner {
        let Some(patient) = device.member("patient").filter(|patient| !patient.is_null()) else {
            return Owner::Nobody;
        };
        match reference_text(patient) {
            Some(reference) => match local_id(reference, "Patient", self.service.base()) {
                Some(id) => Owner::Patient(id.to_owned()),
                None => Owner::Elsewhere(format!("{reference:?}")),
            },
            None if patient.member("identifier").is_some() => {
                Owner::Elsewhere("an identifier without a reference".to_owned())
            }
            None => Owner::Elsewhere("without a reference".to_owned()),
        }
    }

    /// Logical ids of the Device and of its Patient; both are made if need be. The measurement's patient, if it names
    /// one, must be the device's.
    async fn found_or_made(&self, patient_id: Option<&str>) -> Resolved<(String, String)> {
        for _ in 0..ATTEMPTS {
            let device = self.only("Device", self.device_id).await?;
            let device = match device {
                Some(device) => Some(device),
                // A search may lag behind a write; the hash of the identifier does not.
                None => self
                    .service
                    .read("Device", &logical_id("", self.device_id))
                    .await?
                    .map(|stored| stored.resource),
            };
            match (device, patient_id) {
                (Some(device), wanted) => match (self.owner(&device), wanted) {
                    (Owner::Patient(patient), wanted) => {
                        if let Some(wanted) = wanted
                            && self.patient(wanted).await?.as_ref() != Some(&patient)
                        {
                            return Err(IdentityError::OtherPatient.into());
                        }
                        return Ok((id(&device).ok_or(IdentityError::NotFound("Device"))?, patient));
                    }
                    (Owner::Elsewhere(what), _) => return Err(IdentityError::PatientElsewhere(what).into()),
                    (Owner::Nobody, None) => return Err(IdentityError::NoPatientId.into()),
                    (Owner::Nobody, Some(wanted)) => {
                        let patient = self.patient_or_made(wanted).await?;
                        self.link(&device, &patient).await?;
                    }
                },
                (None, None) => return Err(IdentityError::NoPatientId.into()),
                (None, Some(wanted)) => {
                    let patient = self.patient_or_made(wanted).await?;
                    self.make("Device", self.device_id, Some(&patient)).await?;
                }
            }
            // What was made, by us or by somebody faster, is looked at again: it may belong to another patient.
        }
        Err(self.contended())
    }

    async fn patient(&self, patient_id: &str) -> Resolved<Option<String>> {
        if let Some(patient) = self.only("Patient", patient_id).await? {
            return Ok(id(&patient));
        }
        let by_hash = self.service.read("Patient", &logical_id("", patient_id)).await?;
        Ok(by_hash.and_then(|stored| id(&stored.resource)))
    }

    async fn patient_or_made(&self, patient_id: &str) -> Resolved<String> {
        if let Some(found) = self.patient(patient_id).await? {
            return Ok(found);
        }
        self.make("Patient", patient_id, None).await
    }

    /// Stores a new resource under the hash of its identifier. If somebody was faster it is there as well.
    async fn make(
        &self,
        resource_type: &str,
        identifier_value: &str,
        patient: Option<&str>,
    ) -> Resolved<String> {
        let logical_id = logical_id("", identifier_value);
        let mut resource = Object::new();
        resource.insert(Arc::from("resourceType"), Json::text(resource_type));
        resource.insert(Arc::from("id"), Json::text(logical_id.as_str()));
        resource.insert(
            Arc::from("identifier"),
            Json::array(vec![identifier("", identifier_value)]),
        );
        resource.extend(patient.map(|patient| (Arc::from("patient"), patient_reference(patient))));
        self.service
            .update(
                resource_type,
                &logical_id,
                &Json::object_of(resource),
                Precondition::Absent,
            )
            .await?;
        Ok(logical_id)
    }

    /// Gives a Device without a patient to the patient.
    async fn link(&self, device: &Json, patient: &str) -> Resolved<()> {
        let device_id = id(device).ok_or(IdentityError::NotFound("Device"))?;
        let Some(Stored { resource, version }) = self.service.read("Device", &device_id).await? else {
            return Ok(());
        };
        let Json::Object(members) = &resource else {
            return Ok(());
        };
        if !matches!(self.owner(&resource), Owner::Nobody) {
            return Ok(());
        }
        let mut members: Object = (**members).clone();
        members.insert(Arc::from("patient"), patient_reference(patient));
        let linked = Json::object_of(members);
        match self
            .service
            .update("Device", &device_id, &linked, Precondition::Version(version))
            .await?
        {
            Updated::Stored | Updated::Conflict => Ok(()),
        }
    }

    /// The one resource with that identifier.
    async fn only(&self, resource_type: &'static str, identifier: &str) -> Resolved<Option<Json>> {
        let identifier = Identifier {
            system: None,
            value: identifier,
        };
        let mut found = self.service.find(resource_type, identifier).await?;
        if found.len() > 1 {
            Err(IdentityError::Several(resource_type).into())
        } else {
            Ok(found.pop())
        }
    }

    fn contended(&self) -> ResolveError {
        let destination = self.service.name().to_owned();
        FhirError::Contended {
            destination,
            resource_type: "Device",
        }
        .into()
    }
}

fn id(resource: &Json) -> Option<String> {
    resource
        .member("id")
        .and_then(Json::as_text)
        .map(ToOwned::to_owned)
}

fn reference_text(reference: &Json) -> Option<&str> {
    reference.member("reference").and_then(Json::as_text)
}

fn patient_reference(id: &str) -> Json {
    Json::object([("reference", Json::text(format!("Patient/{id}")))])
}
