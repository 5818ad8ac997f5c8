//! Spec and what it points at → ValidatedFhirService. After this stage nobody looks at the custom resource again.

use std::collections::BTreeMap;

use brazier_crds::{FhirService, reference::ConfigMapKeyReference, resources::Resources};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::ResourceExt;

use super::{dereference::Dereferenced, names::Names};
use crate::{
    access::policy::PolicyDocument, cluster_keys::KeySet, error::Error, image::Images, manifest::Owner,
};

/// A FhirService that can be built.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidatedFhirService {
    /// The FhirService as the owner of objects.
    pub owner: Owner,
    /// Names of those objects.
    pub names: Names,
    /// How many servers run; none while suspended.
    pub replicas: i32,
    /// Processor and memory of each.
    pub resources: Resources,
    /// The database.
    pub database: ValidatedDatabase,
    /// The cluster's keys, if its service accounts may sign in.
    pub cluster_keys: Option<KeySet>,
    /// Other issuers.
    pub issuers: Vec<ValidatedIssuer>,
    /// Whether an update may create.
    pub update_create: bool,
    /// Whether everything is stopped.
    pub suspended: bool,
    /// Who may do what.
    pub policy: PolicyDocument,
    /// Which images to run.
    pub images: Images,
    /// What clients trust.
    pub authority_bundle: String,
    /// Namespace of the operator.
    pub operator_namespace: String,
}

/// The bundled database.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidatedDatabase {
    /// Members that were asked for.
    pub instances: i32,
    /// Members that run; none while suspended.
    pub members: i32,
    /// Size of each volume.
    pub size: Quantity,
    /// Who makes the volumes.
    pub storage_class_name: Option<String>,
    /// Processor and memory of each member.
    pub resources: Resources,
    /// PostgreSQL settings of the user.
    pub parameters: BTreeMap<String, String>,
}

/// An issuer whose certificate bundle is known to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatedIssuer {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audiences: Vec<String>,
    /// Where its keys are.
    pub jwks_uri: String,
    /// ConfigMap that holds certificates to trust.
    pub ca_bundle: Option<ConfigMapKeyReference>,
}

/// What the operator knows besides.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Which images to run.
    pub images: Images,
    /// What clients trust.
    pub authority_bundle: String,
    /// Namespace of the operator.
    pub operator_namespace: String,
    /// The cluster's keys.
    pub cluster_keys: KeySet,
    /// The time.
    pub now: Timestamp,
}

/// The FhirService as the owner of objects.
///
/// # Errors
/// If it has no namespace or uid, which the API server never sends.
pub fn owner(service: &FhirService) -> Result<Owner, Error> {
    let missing = |what: &str| Error::Unreadable {
        what: "FhirService".into(),
        message: format!("it has no {what}"),
    };
    Ok(Owner {
        kind: "FhirService",
        application: "fhir-service",
        name: service.name_any(),
        namespace: service.namespace().ok_or_else(|| missing("namespace"))?,
        uid: service.uid().ok_or_else(|| missing("uid"))?,
    })
}

/// Checks what the schema cannot: that what is pointed at exists.
///
/// # Errors
/// If the spec has to be changed.
pub fn validate(
    service: &FhirService,
    found: &Dereferenced,
    policy: PolicyDocument,
    surroundings: Surroundings,
) -> Result<ValidatedFhirService, Error> {
    let owner = owner(service)?;
    let spec = &service.spec;
    let bundled = spec.database.bundled.clone().ok_or_else(|| {
        Error::Invalid(
            "say which database: write spec.database.bundled: {} for a PostgreSQL that Brazier runs".into(),
        )
    })?;
    if let Some(reference) = found.missing_bundles.first() {
        return Err(Error::NotFound {
            what: format!("key {} of ConfigMap {}", reference.key, reference.name),
            field: "spec.authentication.issuers[].caBundleRef".to_string(),
        });
    }
    let issuers = spec.authentication.issuers.iter().map(|issuer| ValidatedIssuer {
        issuer: issuer.issuer.clone(),
        audiences: issuer.audiences.clone(),
        jwks_uri: issuer.jwks_uri.clone(),
        ca_bundle: issuer.ca_bundle_ref.clone(),
    });
    Ok(ValidatedFhirService {
        names: Names::of(&owner),
        replicas: if spec.suspend { 0 } else { spec.replicas },
        resources: spec.resources.clone(),
        database: ValidatedDatabase {
            instances: bundled.instances,
            members: if spec.suspend { 0 } else { bundled.instances },
            size: bundled.storage.size,
            storage_class_name: bundled.storage.storage_class_name,
            resources: bundled.resources,
            parameters: bundled.parameters,
        },
        cluster_keys: spec
            .authentication
            .service_accounts
            .then_some(surroundings.cluster_keys),
        issuers: issuers.collect(),
        update_create: spec.update_create,
        suspended: spec.suspend,
        policy,
        images: surroundings.images,
        authority_bundle: surroundings.authority_bundle,
        operator_namespace: surroundings.operator_namespace,
        owner,
    })
}
