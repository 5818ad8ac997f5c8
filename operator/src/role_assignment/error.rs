//! Why a RoleAssignment was not reconciled: one variant for each stage, with the stage's own error.

use crate::{
    error::{Failure, Verdict},
    request::RequestError,
    status,
};

/// A stage that did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The scope could not be looked for.
    #[error(transparent)]
    Dereference(RequestError),
    /// The status could not be written.
    #[error(transparent)]
    UpdateStatus(#[from] status::Error),
}

impl Error {
    fn cause(&self) -> &dyn Failure {
        match self {
            Error::Dereference(error) => error,
            Error::UpdateStatus(error) => error,
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
