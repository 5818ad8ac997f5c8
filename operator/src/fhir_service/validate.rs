//! Spec and what it points at → ValidatedFhirService. After this stage nobody looks at the custom resource again.

use brazier_access::policy::PolicyDocument;
use brazier_crds::{
    FhirService, condition::reason, fhir_service::authentication::ClaimNames,
    reference::ConfigMapKeyReference, resources::Resources,
};
use k8s_openapi::api::networking::v1::NetworkPolicyPeer;

use super::{
    database::{self, ValidatedDatabase, connection::Connection},
    dereference::Dereferenced,
    names::Names,
};
use crate::{
    cluster_keys::KeySet,
    error::{Category, Failure, Verdict},
    image::Images,
    manifest::{IncompleteMetadata, Owner},
    surroundings::Surroundings,
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
    /// The database that the spec asks for, checked.
    pub database: ValidatedDatabase,
    /// What servers and the migration connect to.
    pub connection: Connection,
    /// The cluster's keys, if its service accounts may sign in.
    pub cluster_keys: Option<KeySet>,
    /// Issuers other than the cluster whose tokens the servers accept.
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
    /// Who may read metrics.
    pub metrics_from: Vec<NetworkPolicyPeer>,
}

/// An issuer whose certificate bundle is known to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatedIssuer {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audiences: Vec<String>,
    /// Where its keys are; found by discovery if it is not said.
    pub jwks_uri: Option<String>,
    /// Which claims name principals.
    pub claims: ClaimNames,
    /// ConfigMap that holds certificates to trust.
    pub ca_bundle: Option<ConfigMapKeyReference>,
}

/// Why a spec cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The object itself is not whole.
    #[error(transparent)]
    Metadata(#[from] IncompleteMetadata),
    /// There is no database that can be built.
    #[error(transparent)]
    Database(#[from] database::ValidateError),
    /// A certificate bundle does not exist.
    #[error(
        "key {} of ConfigMap {} does not exist: create it, or correct spec.authentication.issuers[].caBundleRef",
        .0.key,
        .0.name
    )]
    BundleNotFound(ConfigMapKeyReference),
}

impl Failure for Error {
    fn verdict(&self) -> Verdict {
        match self {
            Error::Metadata(error) => error.verdict(),
            Error::Database(error) => error.verdict(),
            Error::BundleNotFound(_) => Verdict::new(Category::Invalid, reason::REFERENCE_NOT_FOUND),
        }
    }
}

/// The FhirService as the owner of objects.
///
/// # Errors
/// If it has no namespace or uid, which the API server never sends.
pub fn owner(service: &FhirService) -> Result<Owner, Error> {
    Ok(Owner::of("FhirService", "fhir-service", &service.metadata)?)
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
    let database = database::validate(
        &owner,
        &spec.database,
        spec.suspend,
        &surroundings.images,
        &found.database,
    )?;
    if let Some(reference) = found.missing_bundles.first() {
        return Err(Error::BundleNotFound(reference.clone()));
    }
    let issuers = spec.authentication.issuers.iter().map(|issuer| ValidatedIssuer {
        issuer: issuer.issuer.clone(),
        audiences: issuer.audiences.clone(),
        jwks_uri: issuer.jwks_uri.clone(),
        claims: issuer.claims.clone(),
        ca_bundle: issuer.ca_bundle_ref.clone(),
    });
    Ok(ValidatedFhirService {
        names: Names::of(&owner),
        replicas: if spec.suspend { 0 } else { spec.replicas },
        resources: spec.resources.clone(),
        connection: database.connection(),
        database,
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
        metrics_from: surroundings.metrics_from,
        owner,
    })
}
