//! Where an IotConnector writes Observations, and how it finds the Patient and Device of a message.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reference::FhirServiceReference;

/// One FhirService that gets the Observations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// Name of this destination, for messages and metrics.
    #[schemars(length(min = 1, max = 40))]
    #[x_kube(validation = ("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')", "a destination's name is small letters, digits and hyphens, for example main"))]
    pub name: String,
    /// The FhirService, which is in the namespace of the IotConnector.
    pub fhir_service_ref: FhirServiceReference,
    /// What to do about Patients and Devices that do not exist yet.
    #[serde(default)]
    pub identity_resolution: IdentityResolution,
}

/// How the Patient and Device of a message are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IdentityResolution {
    /// They are created when they do not exist.
    #[default]
    Create,
    /// They must exist, and the Device must name its Patient.
    Lookup,
    /// As `Lookup`, and the message must name an Encounter that exists.
    LookupWithEncounter,
}
