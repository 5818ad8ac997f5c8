//! Desired → applied: the one place where objects are written, by server-side apply, and only when they are not
//! as wanted already. What belongs to somebody else is never taken over; what somebody else has written into what is ours
//! is taken out again.

mod belonging;

use brazier_crds::condition::reason;
use futures::StreamExt;
use kube::{
    Api, Client,
    api::{DynamicObject, Patch, PatchParams},
    core::{ApiResource, gvk::ParseGroupVersionError},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    compare::covers,
    delete::{self, Mark, is_owned},
    error::{Category, Failure, Verdict},
    labels::MANAGER,
    manifest::{DesiredObject, Owner},
    ownership::{Meddling, meddling},
    request::{self, RequestError},
};

pub(crate) use belonging::may_write;

/// Why an object is not as it is wanted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A request failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// An object that had to be made anew could not be deleted.
    #[error(transparent)]
    Delete(#[from] delete::Error),
    /// An object of the name belongs to somebody else.
    #[error("{kind} {name} exists and {whose}: give this object another name, or delete that {kind}")]
    NameTaken {
        /// Kind of the object that exists.
        kind: String,
        /// Name of the object that exists.
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
    /// The object in the cluster is not what its kind says.
    #[error("{what} cannot be read: {source}")]
    Unreadable {
        /// Kind and name.
        what: String,
        /// What does not fit.
        source: serde_json::Error,
    },
    /// The object that was built is of no kind.
    #[error("{what} was built wrongly: {source}")]
    Malformed {
        /// Kind and name.
        what: String,
        /// What does not fit.
        source: ParseGroupVersionError,
    },
}

impl Error {
    /// Whether the API server refused to write an object that is, or would be, ours. What stands on it may go on as it is.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Error::Request(error) if error.verdict().category == Category::Refused)
    }
}

impl Failure for Error {
    fn verdict(&self) -> Verdict {
        match self {
            Error::Request(error) => error.verdict(),
            Error::Delete(error) => error.verdict(),
            Error::NameTaken { .. } => Verdict::new(Category::Invalid, reason::NAME_TAKEN),
            Error::StillThere { .. } => Verdict::new(Category::Passing, reason::IN_PROGRESS),
            Error::Unreadable { .. } => Verdict::new(Category::Unreadable, reason::UNREADABLE_OBJECT),
            Error::Malformed { .. } => Verdict::new(Category::Internal, reason::OPERATOR_FAULT),
        }
    }

    fn message(&self) -> String {
        match self {
            Error::Request(error) => error.message(),
            Error::Delete(error) => error.message(),
            _ => self.to_string(),
        }
    }
}

/// Writes `desired` if it is not so already, takes out what others have added to it, and returns it as it is in the
/// cluster.
///
/// # Errors
/// If the name is taken, if what had it is still going away, or if a request fails.
pub async fn apply(client: &Client, owner: &Owner, desired: &DesiredObject) -> Result<Value, Error> {
    let object = Object::of(client, owner, desired)?;
    let live = object.api.get_opt(desired.name()).await;
    let Some(live) = live.map_err(request::read(&object.what))? else {
        return object.write().await;
    };
    let seen = to_value(&object.what, &live)?;
    may_write(owner, desired.kind(), desired.name(), &seen["metadata"])?;
    let meddling = meddling(&seen, desired.manifest());
    let is_whole = covers(&seen, desired.manifest()) && !meddling.overwritten;
    if is_whole && meddling.additions.is_empty() {
        return Ok(seen);
    }
    match object.mend(seen, is_whole, &meddling).await {
        // Made so that it cannot be changed, by somebody who may.
        Err(error)
            if error.is_refusal()
                && MADE_ANEW.contains(&desired.kind())
                && is_owned(&live.metadata, owner) =>
        {
            tracing::info!(%error, object = object.what, "making anew what cannot be changed");
            delete::seen(&object.api, &object.kind, owner, &Mark::Owned, &live).await?;
            object.write().await
        }
        outcome => outcome,
    }
}

/// Kinds that can be deleted and made again without anybody noticing more than a moment.
const MADE_ANEW: [&str; 2] = ["ConfigMap", "RoleBinding"];

/// What is written, and where.
struct Object<'a> {
    api: Api<DynamicObject>,
    kind: ApiResource,
    what: String,
    namespace: &'a str,
    desired: &'a DesiredObject,
}

impl<'a> Object<'a> {
    fn of(client: &Client, owner: &'a Owner, desired: &'a DesiredObject) -> Result<Self, Error> {
        let what = format!("{} {}", desired.kind(), desired.name());
        let kind = desired.resource().map_err(|source| Error::Malformed {
            what: what.clone(),
            source,
        })?;
        Ok(Object {
            api: Api::namespaced_with(client.clone(), &owner.namespace, &kind),
            kind,
            what,
            namespace: &owner.namespace,
            desired,
        })
    }

    async fn write(&self) -> Result<Value, Error> {
        tracing::info!(namespace = self.namespace, object = self.what, "applying");
        let parameters = PatchParams::apply(MANAGER).force().validation_strict();
        let applied = self
            .api
            .patch(
                self.desired.name(),
                &parameters,
                &Patch::Apply(self.desired.manifest()),
            )
            .await
            .map_err(request::write(&self.what))?;
        to_value(&self.what, &applied)
    }

    /// Makes it as it is wanted. Where what others have added does not let it be, it is written over as a whole.
    async fn mend(&self, seen: Value, is_whole: bool, meddling: &Meddling) -> Result<Value, Error> {
        let written = if is_whole {
            Ok(seen.clone())
        } else {
            self.write().await
        };
        let written = match written {
            Err(error) if error.is_refusal() && !meddling.additions.is_empty() => {
                self.write_over(&seen, meddling).await?;
                self.write().await?
            }
            other => other?,
        };
        let left = self::meddling(&written, self.desired.manifest());
        if left.additions.is_empty() {
            return Ok(written);
        }
        let removed = match self.remove(&written, &left).await {
            Err(error) if error.is_refusal() => self.write_over(&written, &left).await?,
            other => other?,
        };
        if covers(&removed, self.desired.manifest()) {
            Ok(removed)
        } else {
            self.write().await
        }
    }

    /// Server-side apply takes out only what its own manager has written: what others added is removed by name.
    async fn remove(&self, seen: &Value, meddling: &Meddling) -> Result<Value, Error> {
        let fields = meddling.additions.join(" ");
        tracing::info!(
            namespace = self.namespace,
            object = self.what,
            fields,
            "removing what others have added"
        );
        let removals = meddling.additions.iter();
        self.change(
            seen,
            removals
                .map(|path| json!({"op": "remove", "path": path}))
                .collect(),
        )
        .await
    }

    /// Writes every part of the object as it is wanted, with nothing that is there now.
    async fn write_over(&self, seen: &Value, meddling: &Meddling) -> Result<Value, Error> {
        tracing::info!(
            namespace = self.namespace,
            object = self.what,
            "writing over what others have added"
        );
        let parts = self.desired.manifest().as_object().into_iter().flatten();
        let parts = parts.filter(|(name, _)| !["apiVersion", "kind", "metadata"].contains(&name.as_str()));
        let parts: Vec<(String, &Value)> = parts.map(|(name, value)| (format!("/{name}"), value)).collect();
        let besides = meddling
            .additions
            .iter()
            .filter(|path| parts.iter().all(|(part, _)| !path.starts_with(part.as_str())))
            .map(|path| json!({"op": "remove", "path": path}));
        let written = parts
            .iter()
            .map(|(part, value)| json!({"op": "add", "path": part, "value": value}));
        self.change(seen, besides.chain(written).collect()).await
    }

    /// Changes the very object that was looked at, and none that it has become since.
    async fn change(&self, seen: &Value, mut steps: Vec<Value>) -> Result<Value, Error> {
        let version = &seen["metadata"]["resourceVersion"];
        steps.push(json!({"op": "replace", "path": "/metadata/resourceVersion", "value": version}));
        let steps = serde_json::from_value(Value::Array(steps)).map_err(|source| Error::Unreadable {
            what: self.what.clone(),
            source,
        })?;
        let parameters = PatchParams {
            field_manager: Some(MANAGER.to_string()),
            ..PatchParams::default()
        };
        let changed = self
            .api
            .patch(self.desired.name(), &parameters, &Patch::Json::<()>(steps))
            .await
            .map_err(request::write(&self.what))?;
        to_value(&self.what, &changed)
    }
}

/// The same, as what it is.
///
/// # Errors
/// As with `apply`, or if what is in the cluster cannot be read as a `K`.
pub async fn apply_as<K: DeserializeOwned>(
    client: &Client,
    owner: &Owner,
    desired: &DesiredObject,
) -> Result<K, Error> {
    let applied = apply(client, owner, desired).await?;
    serde_json::from_value(applied).map_err(|source| Error::Unreadable {
        what: format!("{} {}", desired.kind(), desired.name()),
        source,
    })
}

/// Applies objects that do not depend on each other, and returns what became of each, in the same order: one that is
/// refused does not keep the others from being as they are wanted.
pub async fn apply_all(
    client: &Client,
    owner: &Owner,
    desired: &[DesiredObject],
) -> Vec<Result<Value, Error>> {
    let writes: Vec<_> = desired
        .iter()
        .map(|object| apply(client, owner, object))
        .collect();
    futures::stream::iter(writes).buffered(8).collect().await
}

fn to_value(what: &str, object: &DynamicObject) -> Result<Value, Error> {
    serde_json::to_value(object).map_err(|source| Error::Unreadable {
        what: what.to_string(),
        source,
    })
}
