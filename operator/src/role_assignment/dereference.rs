//! Looks for what a RoleAssignment is about.

use brazier_crds::{
    FhirService, IotConnector, RoleAssignment,
    fhir_service::Authentication,
    role_assignment::{Scope, ScopeKind},
};
use kube::{Api, Client, ResourceExt, core::DeserializeGuard};

use crate::{
    dereference::exists,
    request::{self, RequestError},
};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dereferenced {
    /// Whether the scope exists.
    pub scope_exists: bool,
    /// An issuer by whom a principal is named and whose tokens the scope does not accept.
    pub untrusted: Option<String>,
}

/// Looks.
///
/// # Errors
/// If the request fails.
pub async fn dereference(client: &Client, assignment: &RoleAssignment) -> Result<Dereferenced, RequestError> {
    let namespace = assignment.namespace().unwrap_or_default();
    let Scope { kind, name } = &assignment.spec.scope;
    match kind {
        ScopeKind::FhirService => {
            let services: Api<DeserializeGuard<FhirService>> = Api::namespaced(client.clone(), &namespace);
            let found = services.get_opt(name).await;
            let found = found.map_err(request::read(format!("FhirService {name}")))?;
            let readable = found.as_ref().and_then(|found| found.0.as_ref().ok());
            Ok(Dereferenced {
                scope_exists: found.is_some(),
                untrusted: readable.and_then(|service| untrusted(assignment, service)),
            })
        }
        ScopeKind::IotConnector => Ok(Dereferenced {
            scope_exists: exists::<IotConnector>(client, &namespace, name).await?,
            untrusted: None,
        }),
    }
}

/// The first issuer of a principal whose tokens the service does not accept: the assignment lets nobody in by it.
fn untrusted(assignment: &RoleAssignment, service: &FhirService) -> Option<String> {
    let Authentication {
        service_accounts,
        issuers,
    } = &service.spec.authentication;
    let is_trusted = |issuer: &String| issuers.iter().any(|one| one.issuer == *issuer);
    assignment.spec.principals.iter().find_map(|principal| {
        if principal.service_account.is_some() {
            return (!service_accounts).then(|| "service accounts of this cluster".to_string());
        }
        let named = principal
            .user
            .as_ref()
            .or(principal.group.as_ref())
            .map(|named| &named.issuer);
        let issuer = named.or(principal.client.as_ref().map(|client| &client.issuer))?;
        (!is_trusted(issuer)).then(|| issuer.clone())
    })
}
