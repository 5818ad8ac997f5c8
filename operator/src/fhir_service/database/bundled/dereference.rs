//! Fetches what is known of a bundled database's settings: which are in force, and what PostgreSQL answered about those that
//! the spec asks for.

use brazier_crds::fhir_service::BundledDatabase;
use k8s_openapi::api::{
    apps::v1::StatefulSet,
    batch::v1::Job,
    core::v1::{ContainerStateTerminated, Pod},
};
use kube::{Api, Client, api::ListParams};

use super::{
    names::Names,
    settings::{Answer, Settings},
};
use crate::{
    delete,
    image::Images,
    labels::{self, Component},
    manifest::Owner,
    request::{self, RequestError},
};

/// Annotation of the StatefulSet with the settings that it was made with.
pub const SETTINGS: &str = "brazier.dev/settings";

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The settings that the database runs with, if it was made.
    pub in_force: Option<Settings>,
    /// What PostgreSQL answered about those that the spec asks for, if it was asked.
    pub answer: Option<Answer>,
}

/// Fetches it.
///
/// # Errors
/// If a request fails.
pub async fn dereference(
    client: &Client,
    owner: &Owner,
    spec: &BundledDatabase,
    images: &Images,
) -> Result<Found, RequestError> {
    let names = Names::of(owner);
    let sets: Api<StatefulSet> = Api::namespaced(client.clone(), &owner.namespace);
    let set = request::find(&sets, &names.database()).await?;
    let in_force = set
        .filter(|set| delete::is_owned(&set.metadata, owner))
        .and_then(|set| set.metadata.annotations)
        .and_then(|annotations| serde_json::from_str::<Settings>(annotations.get(SETTINGS)?).ok())
        .map(Settings::allowed);
    let wanted = Settings::of(spec);
    let job = names.check(&wanted, &images.database);
    Ok(Found {
        in_force,
        answer: answer(client, owner, &job).await?,
    })
}

/// What the Job `name` found out, once it has ended.
async fn answer(client: &Client, owner: &Owner, name: &str) -> Result<Option<Answer>, RequestError> {
    let jobs: Api<Job> = Api::namespaced(client.clone(), &owner.namespace);
    let job = request::find(&jobs, name).await?;
    let Some(job) = job.filter(|job| delete::is_owned(&job.metadata, owner)) else {
        return Ok(None);
    };
    let conditions = job
        .status
        .and_then(|status| status.conditions)
        .unwrap_or_default();
    let ended = conditions
        .iter()
        .find(|one| one.status == "True" && ["Complete", "Failed"].contains(&one.type_.as_str()));
    let Some(ended) = ended else {
        return Ok(None);
    };
    let words = words(client, owner, name).await?;
    let why = ended.message.clone().unwrap_or_default();
    Ok(Some(words.map_or(Answer::NotAsked(why), Answer::Said)))
}

/// What the last pod of the Job left, unless it could not ask.
async fn words(client: &Client, owner: &Owner, job: &str) -> Result<Option<String>, RequestError> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), &owner.namespace);
    let selector = format!(
        "{},batch.kubernetes.io/job-name={job}",
        labels::selector_text(&owner.name, Component::ParameterCheck)
    );
    let found = pods
        .list(&ListParams::default().labels(&selector))
        .await
        .map_err(request::read(format!("pods of Job {job}")))?;
    let ends = found.items.into_iter().filter_map(terminated);
    let mut asked = ends.filter(|end| [0, super::build::check::REFUSED].contains(&end.exit_code));
    Ok(asked.find_map(|end| end.message))
}

fn terminated(pod: Pod) -> Option<ContainerStateTerminated> {
    let containers = pod.status?.container_statuses?;
    containers.into_iter().next()?.state?.terminated
}
