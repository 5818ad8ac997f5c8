//! Bundled → the objects that it is made of. Pure.

pub mod check;
pub mod network_policy;
pub mod parameters;
pub mod patroni;
pub mod role;
pub mod service;
pub mod stateful_set;

use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde_json::Value;

use super::{Bundled, settings::Check};
use crate::{
    build::{account::service_account, disruption_budget},
    fhir_service::database::{DatabaseObjects, Workload},
    labels::Component,
    manifest::DesiredObject,
    rollout::Foundation,
};

/// What is applied once everything else is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Members {
    /// The database that this is of.
    pub database: Bundled,
    /// The Job that asks PostgreSQL about settings, while that is to be done.
    pub check: Option<DesiredObject>,
    /// The StatefulSet that runs the members, one pod for each; none before there are settings that it can start with.
    pub stateful_set: Option<DesiredObject>,
    /// What Patroni keeps in a ConfigMap of its own, besides what it writes there itself.
    pub shared_configuration: Value,
}

/// Builds the foundation and the members of a bundled database.
pub fn build(database: &Bundled) -> DatabaseObjects {
    let (owner, name) = (&database.owner, database.names.database());
    let mut foundation = Foundation {
        objects: vec![
            service_account(owner, &name),
            role::role(database),
            patroni::config_map(database),
            service::members(database),
            service::primary(database),
            service::replicas(database),
            network_policy::members(database),
        ],
        bindings: vec![role::role_binding(database)],
        unwanted: Vec::new(),
    };
    let budget = disruption_budget::of(owner, &name, Component::Database, database.members);
    foundation.push_or_remove::<PodDisruptionBudget>(budget, &name);
    DatabaseObjects {
        foundation,
        workload: Workload::Bundled(Members {
            database: database.clone(),
            check: matches!(database.check, Check::Pending(_)).then(|| check::job(database)),
            stateful_set: database.can_start.then(|| stateful_set::members(database)),
            shared_configuration: patroni::shared_configuration(database),
        }),
    }
}

#[cfg(test)]
mod tests {
    use brazier_crds::fhir_service::BundledDatabase;
    use serde_json::json;

    use super::*;
    use crate::{
        fhir_service::database::bundled::{dereference::Found, settings::Settings, validate::validate},
        image::Images,
        manifest::Owner,
    };

    fn spec(parameters: &[(&str, &str)], memory: Option<&str>) -> BundledDatabase {
        let resources = memory.map(|memory| json!({"limits": {"memory": memory}}));
        BundledDatabase {
            parameters: parameters
                .iter()
                .map(|(name, value)| ((*name).to_string(), (*value).to_string()))
                .collect(),
            resources: serde_json::from_value(resources.unwrap_or_else(|| json!({}))).unwrap(),
            ..BundledDatabase::default()
        }
    }

    fn members(spec: BundledDatabase, in_force: Option<Settings>) -> Members {
        let owner = Owner {
            kind: "FhirService",
            application: "fhir-service",
            name: "ward".into(),
            namespace: "team-b".into(),
            uid: "1".into(),
        };
        let images = Images {
            server: "server".into(),
            connector: "connector".into(),
            database: "database".into(),
            pull_policy: "Never",
        };
        let found = Found {
            in_force,
            answer: None,
        };
        let Workload::Bundled(members) = build(&validate(&owner, spec, false, &images, &found)).workload;
        members
    }

    /// What PostgreSQL has not been asked about is in no pod.
    #[test]
    fn settings_are_asked_about_before_a_database_is_made_with_them() {
        let asked = members(spec(&[("shared_buffers", "1TB")], None), None);
        assert!(asked.stateful_set.is_none());
        let check = asked.check.unwrap();
        let environment = check.manifest()["spec"]["template"]["spec"]["containers"][0]["env"].to_string();
        assert!(environment.contains("shared_buffers = '1TB'"), "{environment}");
    }

    /// Those of before stay, and with them the memory that they were checked against.
    #[test]
    fn settings_in_force_stay_until_others_are_known_to_be_good() {
        let before = Settings::of(&spec(&[("shared_buffers", "256MB")], None));
        let members = members(spec(&[("shared_buffers", "1TB")], Some("64Mi")), Some(before));
        let shared = &members.shared_configuration["postgresql"]["parameters"]["shared_buffers"];
        assert_eq!(shared, "256MB");
        let set = members.stateful_set.unwrap();
        let container = &set.manifest()["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["resources"]["limits"]["memory"], "1Gi");
    }
}
