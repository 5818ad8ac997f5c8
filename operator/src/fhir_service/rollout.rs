//! Desired → applied, in the order in which parts need each other: foundation, database, migration, servers. A part
//! whose turn has not come is left as it is.

use k8s_openapi::api::{apps::v1::Deployment, batch::v1::Job};
use kube::{Api, api::ListParams};
use serde_json::json;

use super::{build::DesiredObjects, database::AppliedDatabase, validate::ValidatedFhirService};
use crate::{
    apply::{self, apply_as},
    context::Context,
    delete::{self, Mark},
    labels,
    manifest::DesiredObject,
    request,
    rollout::{self, Error, superseded},
};

/// What came of it.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The database as it is in the cluster.
    pub database: AppliedDatabase,
    /// How the migration stands.
    pub migration: Migration,
    /// The servers' Deployment, once its turn has come.
    pub server: Option<Deployment>,
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
        /// Name of the Job that failed.
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
        migration,
        server,
    } = objects;
    let (client, owner) = (&context.client, &service.owner);
    let refused = rollout::lay(foundation, owner, context).await?;
    // Servers that are there do not wait for a database that is refused: what somebody did to them is put right.
    let database = database.roll_out(context).await;
    let migration = match &database {
        Ok(database) => migrate(service, migration, database, context).await?,
        Err(_) => look_at(service, migration, context).await?,
    };
    let server: Option<Deployment> = match migration {
        Migration::Done => Some(apply_as(client, owner, server).await?),
        // Stopping waits for nothing.
        _ if service.suspended => Some(apply_as(client, owner, server).await?),
        _ => None,
    };
    let database = database?;
    if let Some(error) = refused {
        return Err(error);
    }
    if let Some(server) = &server {
        superseded::delete(server, &service.names.server_configurations(), owner, context).await?;
    }
    Ok(Applied {
        database,
        migration,
        server,
    })
}

/// How the Job stands, if it was started.
async fn look_at(
    service: &ValidatedFhirService,
    desired: &DesiredObject,
    context: &Context,
) -> Result<Migration, Error> {
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), &service.owner.namespace);
    let Some(job) = request::find(&jobs, desired.name()).await? else {
        return Ok(Migration::WaitingForDatabase);
    };
    apply::may_write(&service.owner, "Job", desired.name(), &json!(job.metadata))?;
    Ok(stands(&job))
}

/// Starts the Job if the database is ready for it and it has not been started, and removes those of other images
/// when it is done.
async fn migrate(
    service: &ValidatedFhirService,
    desired: &DesiredObject,
    database: &AppliedDatabase,
    context: &Context,
) -> Result<Migration, Error> {
    let name = desired.name();
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), &service.owner.namespace);
    let live = request::find(&jobs, name).await?;
    let job = match live {
        // The template of a Job cannot be changed: one that is there, and is ours, is left alone.
        Some(job) => {
            apply::may_write(&service.owner, "Job", name, &json!(job.metadata))?;
            job
        }
        None if database.takes_writes(context).await? => {
            apply_as(&context.client, &service.owner, desired).await?
        }
        None => return Ok(Migration::WaitingForDatabase),
    };
    let migration = stands(&job);
    match &migration {
        Migration::Done => delete_other_jobs(service, name, context).await?,
        // Somebody else has stopped it; a Job that has ended stays as it is.
        Migration::Running if job.spec.as_ref().is_some_and(|spec| spec.suspend == Some(true)) => {
            apply_as::<Job>(&context.client, &service.owner, desired).await?;
        }
        Migration::Running | Migration::WaitingForDatabase | Migration::Failed { .. } => {}
    }
    Ok(migration)
}

/// What a Job says of itself.
fn stands(job: &Job) -> Migration {
    let conditions = job
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_deref());
    let holds = |type_: &str| {
        let mut conditions = conditions.into_iter().flatten();
        conditions.find(|one| one.type_ == type_ && one.status == "True")
    };
    if holds("Complete").is_some() {
        return Migration::Done;
    }
    match holds("Failed") {
        Some(failed) => Migration::Failed {
            job: job.metadata.name.clone().unwrap_or_default(),
            message: failed.message.clone().unwrap_or_default(),
        },
        None => Migration::Running,
    }
}

async fn delete_other_jobs(
    service: &ValidatedFhirService,
    name: &str,
    context: &Context,
) -> Result<(), Error> {
    let jobs: Api<Job> = Api::namespaced(context.client.clone(), &service.owner.namespace);
    let selector = labels::application_text(&service.owner.name, service.owner.application);
    let found = jobs
        .list(&ListParams::default().labels(&selector))
        .await
        .map_err(request::read("Jobs"))?;
    // Of the application's Jobs only those that migrate.
    let prefix = service.names.migrations();
    let others = found.items.iter().filter(|job| {
        let other = job.metadata.name.as_deref().unwrap_or_default();
        other != name && other.starts_with(&prefix)
    });
    for job in others {
        delete::seen(&jobs, &(), &service.owner, &Mark::Owned, job).await?;
    }
    Ok(())
}
