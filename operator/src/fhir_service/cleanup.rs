//! What is left to do when a FhirService is deleted. Most objects go by themselves, with their owner; the database's
//! data and passwords stay, unless `deletionPolicy: Delete` says otherwise.

use std::time::Duration;

use brazier_crds::{FhirService, fhir_service::DeletionPolicy, role_assignment::ScopeKind};
use kube::runtime::controller::Action;

use super::{database, validate};
use crate::{
    access,
    context::Context,
    delete,
    error::{Failure, Verdict},
    finalizer,
    request::RequestError,
};

/// How soon to look again whether the database has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why a FhirService that was deleted is still there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Whose data it is cannot be said.
    #[error(transparent)]
    Validate(#[from] validate::Error),
    /// Data could not be deleted.
    #[error(transparent)]
    Delete(#[from] delete::Error),
    /// The finalizer could not be taken off.
    #[error(transparent)]
    Finalizer(RequestError),
}

impl Error {
    fn cause(&self) -> &dyn Failure {
        match self {
            Error::Validate(error) => error,
            Error::Delete(error) => error,
            Error::Finalizer(error) => error,
        }
    }
}

impl Failure for Error {
    fn verdict(&self) -> Verdict {
        self.cause().verdict()
    }

    fn message(&self) -> String {
        self.cause().message()
    }
}

/// Ends what has to end, and lets the object go.
///
/// # Errors
/// If something could not be deleted.
pub async fn cleanup(service: &FhirService, context: &Context) -> Result<Action, Error> {
    let owner = validate::owner(service)?;
    if !finalizer::is_on(service) {
        return Ok(Action::await_change());
    }
    if service.spec.deletion_policy == DeletionPolicy::Delete
        && !database::delete_data(&owner, context).await?
    {
        return Ok(Action::requeue(LOOK_AGAIN));
    }
    finalizer::remove(service, context)
        .await
        .map_err(Error::Finalizer)?;
    context
        .enforcement
        .forget(&access::scope(&owner, ScopeKind::FhirService));
    Ok(Action::await_change())
}
