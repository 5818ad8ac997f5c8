//! Looks for what a RoleAssignment is about.

use brazier_crds::{
    FhirService, IotConnector, RoleAssignment,
    role_assignment::{Scope, ScopeKind},
};
use kube::{Client, ResourceExt};

use crate::{dereference::exists, request::RequestError};

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dereferenced {
    /// Whether the scope exists.
    pub scope_exists: bool,
}

/// Looks.
///
/// # Errors
/// If the request fails.
pub async fn dereference(client: &Client, assignment: &RoleAssignment) -> Result<Dereferenced, RequestError> {
    let namespace = assignment.namespace().unwrap_or_default();
    let Scope { kind, name } = &assignment.spec.scope;
    let scope_exists = match kind {
        ScopeKind::FhirService => exists::<FhirService>(client, &namespace, name).await?,
        ScopeKind::IotConnector => exists::<IotConnector>(client, &namespace, name).await?,
    };
    Ok(Dereferenced { scope_exists })
}
