//! Which configurations (`build::configuration`) go, and when. A pod of before may start again for as long as its ReplicaSet has
//! replicas, and then it needs the configuration of before.

use std::collections::BTreeSet;

use k8s_openapi::api::{
    apps::v1::{Deployment, ReplicaSet},
    core::v1::{ConfigMap, PodTemplateSpec},
};
use kube::{Api, ResourceExt, api::ListParams};

use super::Error;
use crate::{
    context::Context,
    delete::{self, Mark, is_owned, is_owned_by},
    labels,
    manifest::Owner,
    request,
    workload::is_observed,
};

/// Deletes the ConfigMaps of `owner` whose names begin with `prefix` and that neither the newest template of `deployment`
/// names nor a ReplicaSet with replicas. `deployment` is as it was applied last.
///
/// # Errors
/// If a request fails.
pub async fn delete(
    deployment: &Deployment,
    prefix: &str,
    owner: &Owner,
    context: &Context,
) -> Result<(), Error> {
    // Until its controller has seen the newest template, it may start pods of another.
    if !is_observed(deployment) {
        return Ok(());
    }
    let maps: Api<ConfigMap> = Api::namespaced(context.client.clone(), &owner.namespace);
    let ours = ListParams::default().labels(&labels::application_text(&owner.name, owner.application));
    let present = maps
        .list_metadata(&ours)
        .await
        .map_err(request::read("ConfigMaps"))?;
    let present: BTreeSet<String> = present
        .items
        .iter()
        .filter(|map| is_owned(&map.metadata, owner))
        .map(ResourceExt::name_any)
        .filter(|name| name.starts_with(prefix))
        .collect();
    // Mostly there is nothing but what is needed, and nobody has to be asked.
    if unneeded(&present, deployment, &[]).is_empty() {
        return Ok(());
    }
    let replica_sets: Api<ReplicaSet> = Api::namespaced(context.client.clone(), &owner.namespace);
    let replica_sets = replica_sets
        .list(&ListParams::default().labels(&selector(deployment)))
        .await
        .map_err(request::read("ReplicaSets"))?;
    for name in unneeded(&present, deployment, &replica_sets.items) {
        delete::named(&maps, &(), owner, &Mark::Owned, name).await?;
    }
    Ok(())
}

/// What selects the pods of a Deployment selects its ReplicaSets: its controller lets go of one without these labels.
fn selector(deployment: &Deployment) -> String {
    let labels = deployment
        .spec
        .as_ref()
        .and_then(|spec| spec.selector.match_labels.as_ref());
    let pairs: Vec<String> = labels
        .into_iter()
        .flatten()
        .map(|(label, value)| format!("{label}={value}"))
        .collect();
    pairs.join(",")
}

/// Those of `present` that no pod reads, and none will.
fn unneeded<'a>(
    present: &'a BTreeSet<String>,
    deployment: &Deployment,
    replica_sets: &[ReplicaSet],
) -> Vec<&'a str> {
    let newest = deployment.spec.as_ref().map(|spec| &spec.template);
    let running = replica_sets
        .iter()
        .filter(|set| is_owned_by(&set.metadata, deployment.metadata.uid.as_deref()))
        .filter(|set| has_replicas(set))
        .filter_map(|set| set.spec.as_ref()?.template.as_ref());
    let needed: BTreeSet<&str> = newest.into_iter().chain(running).flat_map(config_maps).collect();
    present
        .iter()
        .map(String::as_str)
        .filter(|name| !needed.contains(name))
        .collect()
}

/// Whether it has pods, or is to have some; the API's default is one.
fn has_replicas(set: &ReplicaSet) -> bool {
    let wanted = set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    wanted > 0 || set.status.as_ref().is_some_and(|status| status.replicas > 0)
}

/// The names of the ConfigMaps that the volumes of a pod are made of.
fn config_maps(template: &PodTemplateSpec) -> impl Iterator<Item = &str> {
    let volumes = template
        .spec
        .iter()
        .flat_map(|spec| spec.volumes.iter().flatten());
    volumes.flat_map(|volume| {
        let sources = volume
            .projected
            .iter()
            .flat_map(|projected| projected.sources.iter().flatten());
        let projected = sources.filter_map(|source| Some(source.config_map.as_ref()?.name.as_str()));
        let whole = volume.config_map.iter().map(|map| map.name.as_str());
        projected.chain(whole)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn template(config_map: &str) -> Value {
        json!({"spec": {"containers": [], "volumes": [
            {"name": "brazier", "projected": {"sources": [
                {"secret": {"name": "ward-tls"}},
                {"configMap": {"name": "ward-access"}},
                {"configMap": {"name": config_map}},
            ]}},
        ]}})
    }

    fn deployment(config_map: &str) -> Deployment {
        serde_json::from_value(json!({
            "metadata": {"name": "ward", "uid": "1"},
            "spec": {"selector": {"matchLabels": {"a": "1", "b": "2"}}, "template": template(config_map)},
        }))
        .unwrap()
    }

    fn replica_set(owner: &str, config_map: &str, wanted: i32, there: i32) -> ReplicaSet {
        serde_json::from_value(json!({
            "metadata": {"name": "ward-x", "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": "ward", "uid": owner},
            ]},
            "spec": {"replicas": wanted, "selector": {}, "template": template(config_map)},
            "status": {"replicas": there},
        }))
        .unwrap()
    }

    fn unneeded_of(replica_sets: &[ReplicaSet]) -> Vec<String> {
        let present = BTreeSet::from(["ward-server-1", "ward-server-2", "ward-server-3"].map(String::from));
        let unneeded = unneeded(&present, &deployment("ward-server-3"), replica_sets);
        unneeded.into_iter().map(String::from).collect()
    }

    #[test]
    fn the_newest_is_needed_though_no_pod_has_started_with_it() {
        assert_eq!(unneeded_of(&[]), ["ward-server-1", "ward-server-2"]);
    }

    #[test]
    fn what_a_pod_may_start_again_with_is_needed() {
        let before = replica_set("1", "ward-server-1", 1, 1);
        let failed = replica_set("1", "ward-server-2", 0, 0);
        assert_eq!(unneeded_of(&[before, failed]), ["ward-server-2"]);
        // One that is to have a pod has none for a moment, and the other way round.
        let evicted = replica_set("1", "ward-server-1", 1, 0);
        let ending = replica_set("1", "ward-server-2", 0, 1);
        assert_eq!(unneeded_of(&[evicted, ending]), [""; 0]);
    }

    #[test]
    fn replica_sets_of_others_need_nothing_of_ours() {
        let theirs = replica_set("9", "ward-server-1", 1, 1);
        assert_eq!(unneeded_of(&[theirs]), ["ward-server-1", "ward-server-2"]);
    }

    #[test]
    fn a_whole_config_map_as_a_volume_counts_too() {
        let mut before = replica_set("1", "ward-server-1", 1, 1);
        let volume = json!({"name": "more", "configMap": {"name": "ward-server-2"}});
        let pod = before
            .spec
            .as_mut()
            .unwrap()
            .template
            .as_mut()
            .unwrap()
            .spec
            .as_mut()
            .unwrap();
        pod.volumes
            .as_mut()
            .unwrap()
            .push(serde_json::from_value(volume).unwrap());
        assert_eq!(unneeded_of(&[before]), [""; 0]);
    }

    #[test]
    fn replica_sets_are_asked_for_by_the_labels_of_the_pods() {
        assert_eq!(selector(&deployment("x")), "a=1,b=2");
    }
}
