//! Profiles: a resource that claims to meet one which the service knows must meet it. Profiles that it does not know are
//! claims of others. <http://hl7.org/fhir/R4/profiling.html>

use super::location::Location;
use super::{Issue, IssueCode, Validator};
use crate::definitions::Definitions;
use crate::definitions::structure::Structure;
use crate::resource::{Json, Object, ResourceType};

/// Adds what is wrong with `resource` by the profile of this URL to the `issues` that it has anyway; false when the service
/// does not know the profile.
pub fn validate_profile(
    definitions: &Definitions,
    url: &str,
    resource_type: ResourceType,
    resource: &Object,
    issues: &mut Vec<Issue>,
) -> bool {
    let Some(structure) = definitions.structures().profile(url) else {
        return false;
    };
    for issue in check(definitions, structure, url, resource_type, resource) {
        let is_known = |other: &Issue| other.code == issue.code && other.expression == issue.expression;
        if !issues.iter().any(is_known) {
            issues.push(issue);
        }
    }
    true
}

/// The same by all profiles that `resource` claims to meet in `meta.profile`, as far as the service knows them.
pub fn check_claims(
    definitions: &Definitions,
    resource_type: ResourceType,
    resource: &Object,
    issues: &mut Vec<Issue>,
) {
    let claims = resource
        .get("meta")
        .and_then(|meta| meta.get("profile")?.as_array());
    for url in claims.unwrap_or_default().iter().filter_map(Json::as_str) {
        validate_profile(definitions, url, resource_type, resource, issues);
    }
}

fn check(
    definitions: &Definitions,
    structure: &Structure,
    url: &str,
    resource_type: ResourceType,
    resource: &Object,
) -> Vec<Issue> {
    let location = Location::root(resource_type.name());
    let mut validator = Validator::new(definitions.structures(), resource, true);
    if structure.name == resource_type.name() {
        validator.object(structure, resource, &location);
    } else {
        let diagnostics = format!("the profile is for {}, not for {resource_type}", structure.name);
        validator.report(IssueCode::Value, &location, diagnostics);
    }
    let mut issues = validator.issues;
    for issue in &mut issues {
        // What breaks the standard's rules, too, is told without the profile.
        issue.by_profile = true;
        issue.diagnostics = format!("{} (profile {url})", issue.diagnostics);
    }
    issues
}
