//! Identities: device and patient identifiers of a measurement → logical ids of Device, Patient and Encounter.

pub mod cache;
pub mod resolve;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::json::Json;

/// The system of identifiers and codes that this connector makes. It is the one of microsoft/iomt-fhir, so that
/// Observations written by either are found by both.
pub const SERVICE_SYSTEM: &str = "https://azure.microsoft.com/en-us/services/iomt-fhir-connector/";

/// Logical ids that an Observation refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Of the Patient.
    pub patient: String,
    /// Of the Device.
    pub device: String,
    /// Of the Encounter.
    pub encounter: Option<String>,
}

/// How identities are found; the values of `identityResolution`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum IdentityResolution {
    /// Patient and Device are made when they do not exist.
    Create,
    /// Device and Patient must exist.
    Lookup,
    /// Device, Patient and Encounter must exist.
    LookupWithEncounter,
}

/// Why no identity was found. Identifiers are of patients and are not named; a reference that cannot be followed is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Creating needs to know the patient.
    #[error(
        "no Patient is known for the device and the measurement has no patient id; add a patientIdExpression"
    )]
    NoPatientId,
    /// LookupWithEncounter needs to know the encounter.
    #[error("the measurement has no encounter id, which identityResolution LookupWithEncounter needs")]
    NoEncounterId,
    /// A resource that must exist does not.
    #[error("there is no {0} with the measurement's identifier")]
    NotFound(&'static str),
    /// An identifier that several resources share.
    #[error("there are several {0} resources with the measurement's identifier")]
    Several(&'static str),
    /// A device without a patient.
    #[error("the Device with the measurement's identifier has no Patient")]
    DeviceWithoutPatient,
    /// The device's patient is not the measurement's.
    #[error("the Device with the measurement's identifier belongs to another Patient")]
    OtherPatient,
    /// The device's patient is not in this FHIR service, or nobody can tell.
    #[error(
        "Device.patient of the Device with the measurement's identifier is {0}, which names no Patient of this FHIR service; write a reference such as Patient/123"
    )]
    PatientElsewhere(String),
    /// The encounter is another patient's.
    #[error("the Encounter with the measurement's identifier is of another Patient than the Device")]
    EncounterOfOtherPatient,
}

/// The logical id for an identifier: lower-case hex SHA-256 of `{system}_{value}`.
pub fn logical_id(system: &str, value: &str) -> String {
    let digest = Sha256::digest(format!("{system}_{value}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An Identifier (<https://hl7.org/fhir/R4/datatypes.html#Identifier>), without a system when that is empty.
pub fn identifier(system: &str, value: &str) -> Json {
    let value = ("value", Json::text(value));
    if system.is_empty() {
        Json::object([value])
    } else {
        Json::object([("system", Json::text(system)), value])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logical_ids_are_those_of_the_original() {
        let observation = "ad69f034a3ecd43ba2db925931023065b58ab25d2e15808d96d446ff2426e540";
        assert_eq!(
            logical_id(SERVICE_SYSTEM, "patientId.deviceId.heartrate.segment"),
            observation
        );
        let device = "96b1d91b8c1066c6093f8699cbd01fd2e9e8956cbad873307dcbd44449aafd13";
        assert_eq!(logical_id("", "deviceId"), device);
    }
}
