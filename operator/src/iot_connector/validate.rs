//! Spec and what it points at → ValidatedIotConnector. Mappings are not compiled here: the connector does that, and
//! says in its report what is wrong.

use brazier_access::policy::PolicyDocument;
use brazier_crds::{
    IotConnector,
    condition::reason,
    iot_connector::{Compatibility, IdentityResolution},
    reference::ConfigMapKeyReference,
    resources::Resources,
};
use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use serde_json::json;

use super::{dereference::Dereferenced, names::Names};
use crate::{
    access::policy,
    cluster_keys::KeySet,
    error::{Category, Failure, Verdict},
    image::Images,
    manifest::{IncompleteMetadata, Owner},
    surroundings::Surroundings,
};

/// An IotConnector that can be built.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidatedIotConnector {
    /// The IotConnector as the owner of objects.
    pub owner: Owner,
    /// Names of those objects.
    pub names: Names,
    /// How many connectors run.
    pub replicas: i32,
    /// Processor and memory of each.
    pub resources: Resources,
    /// The device mapping as JSON.
    pub device_mapping: String,
    /// The FHIR mapping as JSON.
    pub fhir_mapping: String,
    /// How mappings are read.
    pub compatibility: Compatibility,
    /// Where Observations go.
    pub destinations: Vec<ValidatedDestination>,
    /// Who may send.
    pub policy: PolicyDocument,
    /// The cluster's keys.
    pub cluster_keys: KeySet,
    /// Which images to run.
    pub images: Images,
    /// What clients trust.
    pub authority_bundle: String,
    /// Namespace of the operator.
    pub operator_namespace: String,
    /// Who may read metrics.
    pub metrics_from: Vec<NetworkPolicyPeer>,
}

/// A destination that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatedDestination {
    /// Name of the destination, for messages and metrics.
    pub name: String,
    /// Name of its FhirService, which is in the same namespace.
    pub service: String,
    /// URL of that, and the audience of tokens.
    pub url: String,
    /// How identities are found.
    pub identity_resolution: IdentityResolution,
}

/// Why a spec cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The object itself is not whole.
    #[error(transparent)]
    Metadata(#[from] IncompleteMetadata),
    /// A FhirService that Observations should go to does not exist.
    #[error("FhirService {0} does not exist: create it, or correct spec.destinations[].fhirServiceRef.name")]
    DestinationNotFound(String),
    /// A mapping is not where the spec says.
    #[error(
        "key {} of ConfigMap {} does not exist: create it, or correct spec.{field}.configMapKeyRef",
        .reference.key,
        .reference.name
    )]
    MappingNotFound {
        /// The field that points at it: deviceMapping or fhirMapping.
        field: &'static str,
        /// What it points at.
        reference: ConfigMapKeyReference,
    },
    /// There is no mapping.
    #[error("spec.{0} is empty: write the mapping inline, or name a ConfigMap by configMapKeyRef")]
    NoMapping(&'static str),
}

impl Failure for Error {
    fn verdict(&self) -> Verdict {
        let reason = match self {
            Error::Metadata(error) => return error.verdict(),
            Error::DestinationNotFound(_) => reason::DESTINATION_NOT_FOUND,
            Error::MappingNotFound { .. } => reason::MAPPING_NOT_FOUND,
            Error::NoMapping(_) => reason::INVALID_SPEC,
        };
        Verdict::new(Category::Invalid, reason)
    }
}

/// The IotConnector as the owner of objects.
///
/// # Errors
/// If it has no namespace or uid, which the API server never sends.
pub fn owner(connector: &IotConnector) -> Result<Owner, Error> {
    Ok(Owner::of("IotConnector", "iot-connector", &connector.metadata)?)
}

/// Checks what the schema cannot: that what is pointed at exists, and that ConfigMaps hold JSON.
///
/// # Errors
/// If the spec, or what it points at, has to be changed.
pub fn validate(
    connector: &IotConnector,
    found: &Dereferenced,
    surroundings: Surroundings,
) -> Result<ValidatedIotConnector, Error> {
    let owner = owner(connector)?;
    let names = Names::of(&owner);
    let spec = &connector.spec;
    if let Some(name) = found.missing_destinations.first() {
        return Err(Error::DestinationNotFound(name.clone()));
    }
    let device = spec
        .device_mapping
        .inline
        .as_ref()
        .map(|inline| json!(inline).to_string());
    let fhir = spec
        .fhir_mapping
        .inline
        .as_ref()
        .map(|inline| json!(inline).to_string());
    let device_reference = spec.device_mapping.config_map_key_ref.as_ref();
    let fhir_reference = spec.fhir_mapping.config_map_key_ref.as_ref();
    Ok(ValidatedIotConnector {
        replicas: spec.replicas,
        resources: spec.resources.clone(),
        device_mapping: mapping(
            "deviceMapping",
            device,
            device_reference,
            found.device_mapping.as_ref(),
        )?,
        fhir_mapping: mapping("fhirMapping", fhir, fhir_reference, found.fhir_mapping.as_ref())?,
        compatibility: spec.compatibility,
        destinations: spec
            .destinations
            .iter()
            .map(|destination| ValidatedDestination {
                name: destination.name.clone(),
                service: destination.fhir_service_ref.name.clone(),
                url: names.destination_url(&destination.fhir_service_ref.name),
                identity_resolution: destination.identity_resolution,
            })
            .collect(),
        policy: policy::compile(&found.assignments, &[], surroundings.now),
        cluster_keys: surroundings.cluster_keys,
        images: surroundings.images,
        authority_bundle: surroundings.authority_bundle,
        operator_namespace: surroundings.operator_namespace,
        metrics_from: surroundings.metrics_from,
        names,
        owner,
    })
}

fn mapping(
    field: &'static str,
    inline: Option<String>,
    reference: Option<&ConfigMapKeyReference>,
    found: Option<&String>,
) -> Result<String, Error> {
    match (inline, reference, found) {
        (Some(inline), _, _) => Ok(inline),
        (None, Some(_), Some(text)) => Ok(text.clone()),
        (None, Some(reference), None) => Err(Error::MappingNotFound {
            field,
            reference: reference.clone(),
        }),
        (None, None, _) => Err(Error::NoMapping(field)),
    }
}
