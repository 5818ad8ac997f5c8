//! Requests to the API server that failed: what was asked for, and what kind of trouble the answer is.

use std::fmt::Debug;

use brazier_crds::condition::reason;
use kube::Api;
use serde::de::DeserializeOwned;

use crate::error::{Category, Failure, Verdict};

/// A request that did not do what it should.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action} {what}")]
pub struct RequestError {
    /// What was asked for: read, write or delete.
    pub action: &'static str,
    /// Kind and name of the object.
    pub what: String,
    /// What the API server answered, or why it did not.
    pub source: kube::Error,
}

/// A read of `what` failed.
pub fn read(what: impl Into<String>) -> impl FnOnce(kube::Error) -> RequestError {
    failed("read", what)
}

/// A write of `what` failed.
pub fn write(what: impl Into<String>) -> impl FnOnce(kube::Error) -> RequestError {
    failed("write", what)
}

/// A deletion of `what` failed.
pub fn delete(what: impl Into<String>) -> impl FnOnce(kube::Error) -> RequestError {
    failed("delete", what)
}

fn failed(action: &'static str, what: impl Into<String>) -> impl FnOnce(kube::Error) -> RequestError {
    let what = what.into();
    move |source| RequestError { action, what, source }
}

/// The object of a name, if there is one.
///
/// # Errors
/// If the request fails.
pub async fn find<K>(api: &Api<K>, name: &str) -> Result<Option<K>, RequestError>
where
    K: kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
{
    api.get_opt(name)
        .await
        .map_err(read(format!("{} {name}", K::kind(&()))))
}

impl Failure for RequestError {
    fn verdict(&self) -> Verdict {
        let category = match &self.source {
            kube::Error::Api(status) => match status.code {
                404 | 409 | 410 => Category::Passing,
                400 | 401 | 403 | 405 | 422 => Category::Refused,
                _ => Category::Unavailable,
            },
            _ => Category::Unavailable,
        };
        let reason = if category == Category::Refused {
            reason::REQUEST_REFUSED
        } else {
            reason::REQUEST_FAILED
        };
        Verdict { category, reason }
    }

    fn message(&self) -> String {
        match &self.source {
            kube::Error::Api(status) => format!("{self}: {}", status.message),
            _ => format!("{self}: the API server did not answer"),
        }
    }
}
