//! Spec and what it points at → ValidatedIotConnector. Mappings are not compiled here: the connector does that, and
//! says in its report what is wrong.

use brazier_crds::{
    IotConnector,
    iot_connector::{Compatibility, IdentityResolution},
    reference::ConfigMapKeyReference,
    resources::Resources,
};
use jiff::Timestamp;
use kube::ResourceExt;
use serde_json::json;

use super::dereference::Dereferenced;
use crate::{
    access::policy::{self, PolicyDocument},
    cluster_keys::KeySet,
    error::Error,
    fhir_service::names::service_names,
    image::Images,
    manifest::Owner,
};

/// An IotConnector that can be built.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidatedIotConnector {
    /// The IotConnector as the owner of objects.
    pub owner: Owner,
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
}

/// A destination that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatedDestination {
    /// Its name.
    pub name: String,
    /// Its FhirService.
    pub service: String,
    /// URL of that, and the audience of tokens.
    pub url: String,
    /// How identities are found.
    pub identity_resolution: IdentityResolution,
}

/// What the operator knows besides.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Which images to run.
    pub images: Images,
    /// What clients trust.
    pub authority_bundle: String,
    /// The cluster's keys.
    pub cluster_keys: KeySet,
    /// The time.
    pub now: Timestamp,
}

impl ValidatedIotConnector {
    /// Name of the Deployment, Service, ServiceAccount, PodDisruptionBudget and NetworkPolicy.
    pub fn name(&self) -> &str {
        &self.owner.name
    }

    /// Secret with the certificate.
    pub fn certificate(&self) -> String {
        format!("{}-tls", self.owner.name)
    }

    /// What the certificate is for.
    pub fn certificate_names(&self, cluster_domain: &str) -> Vec<String> {
        service_names(&self.owner.name, &self.owner.namespace, cluster_domain)
    }

    /// ConfigMap with configuration and mappings.
    pub fn configuration(&self) -> String {
        format!("{}-connector", self.owner.name)
    }

    /// ConfigMap with the compiled policy and the cluster's keys.
    pub fn access(&self) -> String {
        format!("{}-access", self.owner.name)
    }

    /// ConfigMap, Role and RoleBinding that devices read.
    pub fn connection(&self) -> String {
        format!("{}-connection", self.owner.name)
    }

    /// Where devices send to, and the audience of their tokens.
    pub fn url(&self) -> String {
        format!("https://{}.{}.svc", self.owner.name, self.owner.namespace)
    }
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
    let missing = |what: &str| Error::Unreadable {
        what: "IotConnector".into(),
        message: format!("it has no {what}"),
    };
    let owner = Owner {
        kind: "IotConnector",
        application: "iot-connector",
        name: connector.name_any(),
        namespace: connector.namespace().ok_or_else(|| missing("namespace"))?,
        uid: connector.uid().ok_or_else(|| missing("uid"))?,
    };
    let spec = &connector.spec;
    if let Some(name) = found.missing_destinations.first() {
        return Err(Error::NotFound {
            what: format!("FhirService {name}"),
            field: "spec.destinations[].fhirServiceRef.name".to_string(),
        });
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
                url: format!(
                    "https://{}.{}.svc",
                    destination.fhir_service_ref.name, owner.namespace
                ),
                identity_resolution: destination.identity_resolution,
            })
            .collect(),
        policy: policy::compile(&found.assignments, &[], surroundings.now),
        cluster_keys: surroundings.cluster_keys,
        images: surroundings.images,
        authority_bundle: surroundings.authority_bundle,
        owner,
    })
}

fn mapping(
    field: &str,
    inline: Option<String>,
    reference: Option<&ConfigMapKeyReference>,
    found: Option<&String>,
) -> Result<String, Error> {
    match (inline, reference, found) {
        (Some(inline), _, _) => Ok(inline),
        (None, Some(_), Some(text)) => Ok(text.clone()),
        (None, Some(reference), None) => Err(Error::NotFound {
            what: format!("key {} of ConfigMap {}", reference.key, reference.name),
            field: format!("spec.{field}.configMapKeyRef"),
        }),
        (None, None, _) => Err(Error::Invalid(format!(
            "spec.{field} is empty: write the mapping inline, or name a ConfigMap by configMapKeyRef"
        ))),
    }
}
