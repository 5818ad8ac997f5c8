//! What the server makes of access policies: which data action it takes to change what, which conditions it can keep to,
//! which resource types they speak of, and when it reads the mounted document again. The document and its decisions are
//! `brazier-access`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use brazier_access::policy::Condition;
use brazier_access::{AccessPolicy, Criterion, DataAction, PolicyHandle};
use brazier_service::files::FollowedFiles;

use crate::resource::ResourceType;

/// A handle for the policies of this server, with `policy` in force.
pub fn handle(policy: AccessPolicy) -> PolicyHandle {
    PolicyHandle::new(policy, check)
}

/// Whether a condition is one that searches and histories can keep to; if not, why.
///
/// # Errors
/// What about it makes no sense here.
pub fn check(condition: &Condition) -> Result<(), String> {
    let mut names = condition.resource_types.iter();
    match names.find(|name| ResourceType::parse(name).is_none()) {
        Some(name) => Err(format!("unknown resource type {name:?}")),
        None => Ok(()),
    }
}

/// The data action that it takes to do `action` to resources of one type; `None` when none allows it.
///
/// What others are described, checked and searched by is changed with data actions of its own, so that who may write
/// patients' data cannot change what such data means. What happened is told by the audit trail, which nobody writes.
pub fn needed(action: DataAction, resource_type: ResourceType) -> Option<DataAction> {
    if !matches!(
        action,
        DataAction::Create
            | DataAction::Update
            | DataAction::Delete
            | DataAction::HardDelete
            | DataAction::BulkDelete
            | DataAction::Import
    ) {
        return Some(action);
    }
    match resource_type.name() {
        "AuditEvent" => None,
        "SearchParameter" => Some(DataAction::SearchParameters),
        // <http://hl7.org/fhir/R4/resourcelist.html>: Conformance and Terminology.
        "CapabilityStatement"
        | "CodeSystem"
        | "CompartmentDefinition"
        | "ConceptMap"
        | "ExampleScenario"
        | "GraphDefinition"
        | "ImplementationGuide"
        | "MessageDefinition"
        | "NamingSystem"
        | "OperationDefinition"
        | "StructureDefinition"
        | "StructureMap"
        | "TerminologyCapabilities"
        | "ValueSet" => Some(DataAction::Profiles),
        _ => Some(action),
    }
}

/// The resource types that a criterion limits to, sorted; not empty.
pub fn resource_types(criterion: &Criterion) -> Vec<ResourceType> {
    let types: BTreeSet<ResourceType> = criterion
        .conditions()
        .flat_map(|condition| {
            // All members are written down here: one that is added limits further, and has to be kept to as well.
            let Condition { resource_types } = condition;
            resource_types.iter().filter_map(|name| ResourceType::parse(name))
        })
        .collect();
    types.into_iter().collect()
}

/// Puts the mounted document at `path` in force now and whenever it changes, for as long as it is polled. Without a
/// policy nobody gets in, so a document that cannot be used is told and waited for.
pub async fn follow(path: PathBuf, policy: Arc<PolicyHandle>) {
    let mut file = FollowedFiles::new(vec![path.clone()]);
    loop {
        file.changed().await;
        if let Err(error) = policy.load(&path) {
            tracing::error!(%error, "the access policy stays as it is");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(action: DataAction, name: &str) -> Option<DataAction> {
        needed(action, ResourceType::parse(name).unwrap())
    }

    #[test]
    fn what_describes_other_resources_is_changed_with_a_data_action_of_its_own() {
        for action in [DataAction::Create, DataAction::Update, DataAction::Delete] {
            for name in [
                "StructureDefinition",
                "ValueSet",
                "CodeSystem",
                "CapabilityStatement",
            ] {
                assert_eq!(to(action, name), Some(DataAction::Profiles), "{name}");
            }
            assert_eq!(to(action, "SearchParameter"), Some(DataAction::SearchParameters));
            assert_eq!(to(action, "AuditEvent"), None);
            for name in ["Patient", "Questionnaire", "Library", "Provenance"] {
                assert_eq!(to(action, name), Some(action), "{name}");
            }
        }
        for name in ["StructureDefinition", "SearchParameter", "AuditEvent"] {
            assert_eq!(to(DataAction::Read, name), Some(DataAction::Read));
            assert_eq!(to(DataAction::Search, name), Some(DataAction::Search));
        }
    }
}
