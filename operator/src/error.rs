//! What can go wrong between the operator and the API server, and what kind of trouble each is.

use brazier_crds::condition::reason;

/// A request to the API server that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A read failed.
    #[error("failed to read {what}")]
    Read {
        /// Kind and name.
        what: String,
        /// Why.
        source: kube::Error,
    },
    /// A write failed.
    #[error("failed to write {what}")]
    Write {
        /// Kind and name.
        what: String,
        /// Why.
        source: kube::Error,
    },
    /// A deletion failed.
    #[error("failed to delete {what}")]
    Delete {
        /// Kind and name.
        what: String,
        /// Why.
        source: kube::Error,
    },
    /// An object of the name belongs to somebody else.
    #[error("{kind} {name} exists and {whose}: give this object another name, or delete that {kind}")]
    NameTaken {
        /// Kind of the object that exists.
        kind: String,
        /// Its name.
        name: String,
        /// To whom it belongs.
        whose: String,
    },
    /// An object of the name is still going away.
    #[error("{what} of the same name is still being deleted")]
    StillThere {
        /// Kind and name.
        what: String,
    },
    /// The spec points at something that does not exist.
    #[error("{what} does not exist: create it, or correct {field}")]
    NotFound {
        /// Kind, name and perhaps key.
        what: String,
        /// The field that points at it.
        field: String,
    },
    /// The spec is well formed and cannot work.
    #[error("{0}")]
    Invalid(String),
    /// A certificate could not be made or read.
    #[error("failed to provide the certificate {what}")]
    Certificate {
        /// Name of the Secret.
        what: String,
        /// Why.
        source: crate::certificate::Error,
    },
    /// An object cannot be read as what it should be.
    #[error("{what} cannot be read: {message}")]
    Unreadable {
        /// Kind and name.
        what: String,
        /// What does not fit.
        message: String,
    },
}

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// It passes by itself within seconds.
    Passing,
    /// The API server could not be reached or was busy.
    Unavailable,
    /// The API server refused; somebody has to change something.
    Refused,
    /// The spec has to be changed.
    Invalid,
}

impl Category {
    /// For metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Passing => "passing",
            Category::Unavailable => "unavailable",
            Category::Refused => "refused",
            Category::Invalid => "invalid",
        }
    }

    /// Whether somebody has to act before it can go on.
    pub fn is_stalled(self) -> bool {
        matches!(self, Category::Refused | Category::Invalid)
    }
}

impl Error {
    /// What kind of trouble it is.
    pub fn category(&self) -> Category {
        match self {
            Error::Read { source, .. } | Error::Write { source, .. } | Error::Delete { source, .. } => {
                request_category(source)
            }
            Error::StillThere { .. } => Category::Passing,
            Error::NameTaken { .. }
            | Error::NotFound { .. }
            | Error::Invalid(_)
            | Error::Unreadable { .. } => Category::Invalid,
            Error::Certificate { .. } => Category::Refused,
        }
    }

    /// The reason of the condition that tells of it.
    pub fn reason(&self) -> &'static str {
        match self {
            Error::Read { .. } | Error::Write { .. } | Error::Delete { .. } | Error::Certificate { .. } => {
                if self.category() == Category::Refused {
                    reason::REQUEST_REFUSED
                } else {
                    reason::REQUEST_FAILED
                }
            }
            Error::NameTaken { .. } => reason::NAME_TAKEN,
            Error::StillThere { .. } => reason::IN_PROGRESS,
            Error::NotFound { .. } => reason::REFERENCE_NOT_FOUND,
            Error::Invalid(_) | Error::Unreadable { .. } => reason::INVALID_SPEC,
        }
    }

    /// The sentence for a condition: the error and, where a request failed, what the API server said.
    pub fn message(&self) -> String {
        match self {
            Error::Read {
                source: kube::Error::Api(status),
                ..
            }
            | Error::Write {
                source: kube::Error::Api(status),
                ..
            }
            | Error::Delete {
                source: kube::Error::Api(status),
                ..
            } => format!("{self}: {}", status.message),
            Error::Read { .. } | Error::Write { .. } | Error::Delete { .. } => {
                format!("{self}: the API server did not answer")
            }
            Error::Certificate { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }
}

fn request_category(error: &kube::Error) -> Category {
    match error {
        kube::Error::Api(status) => match status.code {
            404 | 409 | 410 => Category::Passing,
            400 | 401 | 403 | 405 | 422 => Category::Refused,
            _ => Category::Unavailable,
        },
        _ => Category::Unavailable,
    }
}
