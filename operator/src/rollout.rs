//! Parts of the rollout stage that are the same whichever kind is rolled out.

pub mod superseded;

use kube::{Api, api::DynamicObject, core::ApiResource};

use crate::{
    apply::{self, apply_all},
    context::Context,
    delete::{self, Mark},
    error::{Failure, Verdict},
    manifest::{DesiredObject, Owner},
    request::RequestError,
};

/// Why a rollout did not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An object could not be applied.
    #[error(transparent)]
    Apply(#[from] apply::Error),
    /// An object that is no longer wanted could not be deleted.
    #[error(transparent)]
    Delete(#[from] delete::Error),
    /// A request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
}

impl Error {
    fn cause(&self) -> &dyn Failure {
        match self {
            Error::Apply(error) => error,
            Error::Delete(error) => error,
            Error::Request(error) => error,
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

/// What everything else stands on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foundation {
    /// What needs nothing else: accounts, roles, configuration, Services, policies.
    pub objects: Vec<DesiredObject>,
    /// Bindings of roles, which the API server looks up before it lets somebody bind them.
    pub bindings: Vec<DesiredObject>,
    /// Objects that may be there from before and are no longer wanted.
    pub unwanted: Vec<(ApiResource, String)>,
}

impl Foundation {
    /// Adds an object, or makes sure that there is none of its kind `K` and name.
    pub fn push_or_remove<K>(&mut self, object: Option<DesiredObject>, name: &str)
    where
        K: kube::Resource<DynamicType = ()>,
    {
        match object {
            Some(object) => self.objects.push(object),
            None => self
                .unwanted
                .push((ApiResource::erase::<K>(&()), name.to_string())),
        }
    }

    /// Adds a binding, or makes sure that there is none of its kind `K` and name.
    pub fn bind_or_remove<K>(&mut self, binding: Option<DesiredObject>, name: &str)
    where
        K: kube::Resource<DynamicType = ()>,
    {
        match binding {
            Some(binding) => self.bindings.push(binding),
            None => self
                .unwanted
                .push((ApiResource::erase::<K>(&()), name.to_string())),
        }
    }
}

/// Applies the foundation, and deletes what is no longer wanted. Each object is tried, whatever became of the others;
/// what is returned is the first that the API server refused, on which the rest may stand as it is.
///
/// # Errors
/// If an object is not ours, or is not there: nothing may stand on that.
pub async fn lay(foundation: &Foundation, owner: &Owner, context: &Context) -> Result<Option<Error>, Error> {
    let Foundation {
        objects,
        bindings,
        unwanted,
    } = foundation;
    let mut refused = None;
    sort(apply_all(&context.client, owner, objects).await, &mut refused)?;
    sort(apply_all(&context.client, owner, bindings).await, &mut refused)?;
    for (kind, name) in unwanted {
        let api: Api<DynamicObject> = Api::namespaced_with(context.client.clone(), &owner.namespace, kind);
        delete::named(&api, kind, owner, &Mark::Owned, name).await?;
    }
    Ok(refused)
}

/// Keeps the first refusal, and returns the first error that is none.
fn sort(
    outcomes: Vec<Result<serde_json::Value, apply::Error>>,
    refused: &mut Option<Error>,
) -> Result<(), Error> {
    let mut worse = None;
    for error in outcomes.into_iter().filter_map(Result::err) {
        if error.is_refusal() {
            refused.get_or_insert(error.into());
        } else {
            worse.get_or_insert(error);
        }
    }
    worse.map_or(Ok(()), |error| Err(error.into()))
}
