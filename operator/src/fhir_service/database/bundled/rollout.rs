//! Members → applied: first what all members share, then the StatefulSet.

use k8s_openapi::api::{apps::v1::StatefulSet, batch::v1::Job, core::v1::ConfigMap};
use kube::{
    Api,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};

use super::{
    Bundled,
    build::Members,
    observe::{self, primary},
};
use crate::{
    apply,
    context::Context,
    labels::MANAGER,
    manifest::DesiredObject,
    request::{self, RequestError},
    rollout::Error,
};

/// The database as it is in the cluster.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The database that this is of.
    pub database: Bundled,
    /// The members' StatefulSet as the API server returned it, once there is one.
    pub stateful_set: Option<StatefulSet>,
}

/// Applies it.
///
/// # Errors
/// If a request fails.
pub async fn roll_out(members: &Members, context: &Context) -> Result<Applied, Error> {
    let Members {
        database,
        check,
        stateful_set,
        shared_configuration,
    } = members;
    if let Some(check) = check {
        ask(database, check, context).await?;
    }
    let stateful_set = match stateful_set {
        Some(stateful_set) => {
            apply_shared_configuration(database, shared_configuration, context).await?;
            Some(apply::apply_as(&context.client, &database.owner, stateful_set).await?)
        }
        None => None,
    };
    Ok(Applied {
        database: database.clone(),
        stateful_set,
    })
}

/// Starts the Job that asks about settings, unless it was started: the template of a Job cannot be changed.
async fn ask(database: &Bundled, check: &DesiredObject, context: &Context) -> Result<(), Error> {
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), &database.owner.namespace);
    match request::find(&jobs, check.name()).await? {
        Some(job) => {
            let metadata = json!(job.metadata);
            apply::may_write(&database.owner, check.kind(), check.name(), &metadata)?;
        }
        None => {
            apply::apply(&context.client, &database.owner, check).await?;
        }
    }
    Ok(())
}

/// Whether the database takes writes.
///
/// # Errors
/// If a request fails.
pub async fn takes_writes(database: &Bundled, context: &Context) -> Result<bool, RequestError> {
    let pods = observe::pods(database, context).await?;
    let leader = observe::leader(database, context).await?;
    Ok(primary(&pods, &leader).is_some_and(|primary| primary.ready))
}

/// Patroni takes its shared configuration from a ConfigMap of its own as soon as the cluster is made.
async fn apply_shared_configuration(
    database: &Bundled,
    desired: &Value,
    context: &Context,
) -> Result<(), RequestError> {
    let name = database.names.shared_configuration();
    let maps: Api<ConfigMap> = Api::namespaced(context.client.clone(), &database.owner.namespace);
    let Some(live) = request::find(&maps, &name)
        .await?
        .and_then(|map| map.metadata.annotations)
        .and_then(|mut all| all.remove("config"))
    else {
        return Ok(());
    };
    // What cannot be read is as good as something else than wanted.
    let live: Value = serde_json::from_str(&live).unwrap_or(Value::Null);
    if live == *desired {
        return Ok(());
    }
    let what = format!("ConfigMap {name}");
    tracing::info!(namespace = database.owner.namespace, object = what, "applying");
    let document = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "annotations": {"config": desired.to_string()}},
    });
    let parameters = PatchParams::apply(MANAGER).force();
    maps.patch(&name, &parameters, &Patch::Apply(&document))
        .await
        .map_err(request::write(what))?;
    Ok(())
}
