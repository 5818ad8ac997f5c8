//! Desired → applied, in the order in which parts need each other: foundation, database, migration, servers. A part
//! whose turn has not come is left as it is.

use k8s_openapi::api::{apps::v1::Deployment, batch::v1::Job};
use kube::{Api, api::ListParams};

use super::{build::DesiredObjects, database::AppliedDatabase, validate::ValidatedFhirService};
use crate::{
    apply::apply_as,
    context::Context,
    delete::{self, Mark},
    labels::{self, Component},
    manifest::DesiredObject,
    request,
    rollout::{self, Error},
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
    rollout::lay(foundation, owner, context).await?;
    let database = database.roll_out(context).await?;
    let migration = migrate(service, migration, &database, context).await?;
    let server = match migration {
        Migration::Done => Some(apply_as(client, owner, server).await?),
        // Stopping waits for nothing.
        _ if service.suspended => Some(apply_as(client, owner, server).await?),
        _ => None,
    };
    Ok(Applied {
        database,
        migration,
        server,
    })
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
        // The template of a Job cannot be changed: one that is there is left alone.
        Some(job) => job,
        None if database.takes_writes(context).await? => {
            apply_as(&context.client, &service.owner, desired).await?
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
        .map_err(request::read("Jobs"))?;
    let others = found
        .items
        .iter()
        .filter(|job| job.metadata.name.as_deref() != Some(name));
    for job in others {
        delete::seen(&jobs, &(), &service.owner, &Mark::Owned, job).await?;
    }
    Ok(())
}
