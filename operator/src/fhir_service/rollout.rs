//! Desired → applied, in the order in which parts need each other: foundation, database, migration, servers. A part
//! whose turn has not come is left as it is.

use k8s_openapi::api::{batch::v1::Job, core::v1::ConfigMap};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams},
};
use serde_json::{Value, json};

use super::{build::DesiredObjects, observe, validate::ValidatedFhirService};
use crate::{
    apply::{apply, apply_all, delete},
    context::Context,
    error::Error,
    labels::{self, Component, MANAGER},
    manifest::DesiredObject,
};

/// What came of it.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The StatefulSet as it is.
    pub database: Value,
    /// How the migration stands.
    pub migration: Migration,
    /// The Deployment as it is, once its turn has come.
    pub server: Option<Value>,
}

/// How the migration to the wanted image stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Migration {
    /// The database has to be ready first.
    WaitingForDatabase,
    /// The Job runs.
    Running,
    /// The Job gave up.
    Failed {
        /// Its name.
        job: String,
        /// What Kubernetes says.
        message: String,
    },
    /// The schema is as the image needs it.
    Done,
}

/// Applies as far as the parts are ready for each other.
///
/// # Errors
/// If a request fails.
pub async fn roll_out(
    service: &ValidatedFhirService,
    objects: &DesiredObjects,
    context: &Context,
) -> Result<Applied, Error> {
    let DesiredObjects {
        foundation,
        database,
        dynamic_configuration,
        migration,
        server,
        unwanted,
    } = objects;
    let (client, owner) = (&context.client, &service.owner);
    apply_all(client, owner, foundation).await?;
    for (resource, name) in unwanted {
        delete(client, owner, resource, name).await?;
    }
    apply_dynamic_configuration(service, dynamic_configuration, context).await?;
    let database = apply(client, owner, database).await?;
    let migration = migrate(service, migration, context).await?;
    let server = match migration {
        Migration::Done => Some(apply(client, owner, server).await?),
        // Stopping waits for nothing.
        _ if service.suspended => Some(apply(client, owner, server).await?),
        _ => None,
    };
    Ok(Applied {
        database,
        migration,
        server,
    })
}

/// Patroni takes its shared configuration from a ConfigMap of its own as soon as the cluster is made.
async fn apply_dynamic_configuration(
    service: &ValidatedFhirService,
    desired: &Value,
    context: &Context,
) -> Result<(), Error> {
    let name = format!("{}-config", service.names.database());
    let what = format!("ConfigMap {name}");
    let maps: Api<ConfigMap> = Api::namespaced(context.client.clone(), &service.owner.namespace);
    let map = maps.get_opt(&name).await.map_err(|source| Error::Read {
        what: what.clone(),
        source,
    })?;
    let Some(live) = map
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
    tracing::info!(namespace = service.owner.namespace, object = what, "applying");
    let document = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "annotations": {"config": desired.to_string()}},
    });
    let parameters = PatchParams::apply(MANAGER).force();
    maps.patch(&name, &parameters, &Patch::Apply(&document))
        .await
        .map_err(|source| Error::Write { what, source })?;
    Ok(())
}

/// Starts the Job if the database is ready for it and it has not been started, and removes those of other images
/// when it is done.
async fn migrate(
    service: &ValidatedFhirService,
    desired: &DesiredObject,
    context: &Context,
) -> Result<Migration, Error> {
    let name = desired.name();
    let what = format!("Job {name}");
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), &service.owner.namespace);
    let live = jobs
        .get_opt(name)
        .await
        .map_err(|source| Error::Read { what, source })?;
    let job = match live {
        // The template of a Job cannot be changed: one that is there is left alone.
        Some(job) => job,
        None if observe::has_ready_primary(service, context).await? => {
            let applied = apply(&context.client, &service.owner, desired).await?;
            serde_json::from_value(applied).map_err(|error| Error::Unreadable {
                what: format!("Job {name}"),
                message: error.to_string(),
            })?
        }
        None => return Ok(Migration::WaitingForDatabase),
    };
    let conditions = job
        .status
        .and_then(|status| status.conditions)
        .unwrap_or_default();
    let holds = |type_: &str| {
        conditions
            .iter()
            .find(|one| one.type_ == type_ && one.status == "True")
    };
    if holds("Complete").is_some() {
        delete_other_jobs(service, name, context).await?;
        return Ok(Migration::Done);
    }
    Ok(match holds("Failed") {
        Some(failed) => Migration::Failed {
            job: name.to_string(),
            message: failed.message.clone().unwrap_or_default(),
        },
        None => Migration::Running,
    })
}

async fn delete_other_jobs(
    service: &ValidatedFhirService,
    name: &str,
    context: &Context,
) -> Result<(), Error> {
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), &service.owner.namespace);
    let application = labels::application(&service.owner.name, Component::Migration.application());
    let selector: Vec<String> = application
        .iter()
        .filter_map(|(label, value)| value.as_str().map(|value| format!("{label}={value}")))
        .collect();
    let found = jobs
        .list(&ListParams::default().labels(&selector.join(",")))
        .await
        .map_err(|source| Error::Read {
            what: "Jobs".to_string(),
            source,
        })?;
    for job in found.items {
        let other = job.metadata.name.unwrap_or_default();
        let ours = job
            .metadata
            .owner_references
            .iter()
            .flatten()
            .any(|one| one.uid == service.owner.uid);
        if other == name || !ours || job.metadata.deletion_timestamp.is_some() {
            continue;
        }
        match jobs.delete(&other, &DeleteParams::background()).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(source) => {
                return Err(Error::Delete {
                    what: format!("Job {other}"),
                    source,
                });
            }
        }
    }
    Ok(())
}
