//! The driver of every kind: it takes up an object, lets the kind go through its stages, and tells in the status why they
//! did not come to their end.

use std::{fmt::Debug, sync::Arc};

use brazier_crds::{condition::reason, role_assignment::ScopeKind};
use jiff::Timestamp;
use kube::{
    Resource, ResourceExt,
    core::{DeserializeGuard, NamespaceResourceScope, object::HasStatus},
    runtime::controller::Action,
};
use serde::de::DeserializeOwned;

use crate::{
    condition::{Conditions, Finding},
    context::Context,
    error::{Category, Failure, Verdict},
    status::{self, Conditioned},
    unwatched::Unwatched,
};

/// A kind that the operator reconciles.
pub trait Kind:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + HasStatus<Status: Conditioned>
    + Clone
    + Debug
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Its name, for metrics.
    const NAME: &'static str;
    /// What RoleAssignments call it, if there can be some on it.
    const SCOPE: Option<ScopeKind>;
    /// The conditions that it has besides Ready, Reconciling and Stalled.
    const CONDITIONS: &'static [&'static str];
    /// Why its stages did not come to their end.
    type Error: Failure + Send + Sync + 'static;

    /// Goes through the stages, and says when to look again.
    fn run(&self, context: &Context) -> impl Future<Output = Result<Action, Self::Error>> + Send;

    /// What is known of it although its stages did not come to their end.
    fn known(&self, _context: &Context) -> Vec<(&'static str, Finding)> {
        Vec::new()
    }

    /// What matters to it and is not watched.
    fn unwatched(&self) -> Vec<Unwatched> {
        Vec::new()
    }

    /// Ends what has to end when the object is deleted, and says when to look again.
    fn cleanup(&self, context: &Context) -> impl Future<Output = Result<Action, Self::Error>> + Send;
}

/// Why an object was not reconciled.
#[derive(Debug, thiserror::Error)]
pub enum Error<E: Failure + 'static> {
    /// The object does not fit its type, as one that was written for another release may not.
    #[error("{what} cannot be read: {message}")]
    Unreadable {
        /// Kind, namespace and name.
        what: String,
        /// What does not fit.
        message: String,
    },
    /// A stage failed.
    #[error(transparent)]
    Stage(E),
}

impl<E: Failure + 'static> Failure for Error<E> {
    fn verdict(&self) -> Verdict {
        match self {
            Error::Unreadable { .. } => Verdict::new(Category::Invalid, reason::UNREADABLE_SPEC),
            Error::Stage(error) => error.verdict(),
        }
    }

    fn message(&self) -> String {
        match self {
            Error::Unreadable { .. } => self.to_string(),
            Error::Stage(error) => error.message(),
        }
    }
}

/// Brings one object closer to its spec, and says when to look again.
///
/// # Errors
/// If it could not go on; the status already tells of it.
pub async fn reconcile<K: Kind>(
    object: Arc<DeserializeGuard<K>>,
    context: Arc<Context>,
) -> Result<Action, Error<K::Error>> {
    let readable = match &object.0 {
        Ok(readable) => readable,
        Err(invalid) => {
            let error = Error::Unreadable {
                what: key(&*object),
                message: invalid.error.clone(),
            };
            status::write_unreadable::<K>(&context, &object, &error).await;
            return Err(error);
        }
    };
    let ended = if readable.meta().deletion_timestamp.is_some() {
        readable.cleanup(&context).await
    } else {
        readable.run(&context).await
    };
    match ended {
        Ok(action) => {
            context.backoff.forget(&key(readable));
            Ok(action)
        }
        Err(error) => {
            report(&context, readable, &error).await;
            Err(Error::Stage(error))
        }
    }
}

/// Under which the backoff counts errors, and logs name the object.
pub fn key<K: Resource<DynamicType = ()>>(object: &K) -> String {
    let namespace = object.meta().namespace.as_deref().unwrap_or_default();
    format!("{}/{namespace}/{}", K::kind(&()), object.name_any())
}

/// Tells in the status that a stage failed. What could not be looked at is kept as it was.
async fn report<K: Kind>(context: &Context, object: &K, error: &K::Error) {
    let before = object.status().cloned().unwrap_or_default();
    let generation = object.meta().generation;
    let Verdict { category, reason } = error.verdict();
    if !category.is_stalled() && before.observed_generation() == generation {
        // It passes by itself, and says nothing about what was seen before.
        return;
    }
    let ready = Finding::no(reason, error.message());
    let known = object.known(context);
    let unknown: Vec<&str> = K::CONDITIONS
        .iter()
        .filter(|type_| known.iter().all(|(known, _)| known != *type_))
        .copied()
        .collect();
    let mut conditions = Conditions::new(before.conditions(), generation, Timestamp::now())
        .with_ready(&ready, category.is_stalled())
        .keeping(&unknown);
    for (type_, finding) in &known {
        conditions = conditions.with(type_, finding);
    }
    let conditions = conditions.finish();
    let status = before.with_conditions(conditions, generation);
    if let Err(error) = status::write(context, object, &status).await {
        tracing::warn!(error = %brazier_service::telemetry::chain(&error), "failed to write the status of a failure");
    }
}
