//! Why a FhirService was not reconciled: one variant for each stage, with the stage's own error. Where nothing but a request
//! can go wrong, the stage's error is that of the request.

use super::{cleanup, validate};
use crate::{
    apply, build, credential,
    error::{Failure, Verdict},
    request::RequestError,
    rollout, status,
};

/// A stage that did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The finalizer could not be put on.
    #[error(transparent)]
    Finalizer(RequestError),
    /// What the spec points at could not be fetched.
    #[error(transparent)]
    Dereference(RequestError),
    /// The policy could not be handed out.
    #[error(transparent)]
    Enforce(apply::Error),
    /// The spec, or what it points at, has to be changed.
    #[error(transparent)]
    Validate(#[from] validate::Error),
    /// There is no password or certificate.
    #[error(transparent)]
    Credentials(credential::Error),
    /// Objects could not be built.
    #[error(transparent)]
    Build(#[from] build::Error),
    /// Objects could not be applied.
    #[error(transparent)]
    RollOut(#[from] rollout::Error),
    /// What is there could not be looked at.
    #[error(transparent)]
    Observe(RequestError),
    /// The status could not be written.
    #[error(transparent)]
    UpdateStatus(#[from] status::Error),
    /// What outlives the object could not be seen to.
    #[error(transparent)]
    Cleanup(#[from] cleanup::Error),
}

impl Error {
    fn cause(&self) -> &dyn Failure {
        match self {
            Error::Finalizer(error) | Error::Dereference(error) | Error::Observe(error) => error,
            Error::Enforce(error) => error,
            Error::Validate(error) => error,
            Error::Credentials(error) => error,
            Error::Build(error) => error,
            Error::RollOut(error) => error,
            Error::UpdateStatus(error) => error,
            Error::Cleanup(error) => error,
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
