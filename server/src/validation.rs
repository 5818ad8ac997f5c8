//! Whether a resource is what the standard's base definitions allow: all that is wrong with it at once, each with
//! its place and with what to write instead. Pure; it asks neither the database nor a terminology server.
//! <http://hl7.org/fhir/R4/validation.html>

mod binding;
mod element;
mod invariant;
mod issue;
mod location;
mod narrative;
mod object;
mod primitive;
mod profile;
mod reference;
mod suggestion;

pub use issue::{Issue, IssueCode, Severity};
pub use profile::validate_profile;

use std::collections::HashSet;

use crate::definitions::Definitions;
use crate::definitions::structure::Structures;
use crate::resource::{Object, ResourceType};
use location::Location;

/// No more issues than this are told; who made more mistakes gets the rest after mending the first ones.
pub const MAXIMUM_ISSUES: usize = 100;

/// [`validate`] or [`validate_in_transaction`].
pub type Rules = fn(&Definitions, ResourceType, &Object) -> Vec<Issue>;

/// All that is wrong with `resource`, which should be a `resource_type`; nothing when it is valid. The order is that
/// of the text.
pub fn validate(definitions: &Definitions, resource_type: ResourceType, resource: &Object) -> Vec<Issue> {
    // A Bundle may be a transaction that is kept.
    check(
        definitions,
        resource_type,
        resource,
        resource_type.name() == "Bundle",
    )
}

/// The same for the resource of a transaction's entry, where references may be conditional.
/// <http://hl7.org/fhir/R4/http.html#trules>
pub fn validate_in_transaction(
    definitions: &Definitions,
    resource_type: ResourceType,
    resource: &Object,
) -> Vec<Issue> {
    check(definitions, resource_type, resource, true)
}

fn check(
    definitions: &Definitions,
    resource_type: ResourceType,
    resource: &Object,
    conditional_references: bool,
) -> Vec<Issue> {
    let mut validator = Validator::new(definitions.structures(), resource, conditional_references);
    let location = Location::root(resource_type.name());
    match resource.get("resourceType").map(|name| name.as_str()) {
        Some(Some(name)) if name == resource_type.name() => {}
        Some(Some(name)) => {
            let diagnostics = format!("this is a \"{name}\"; a {resource_type} is expected here");
            validator.report(IssueCode::Invalid, &location.member("resourceType"), diagnostics);
        }
        Some(None) => {
            let diagnostics = format!("\"resourceType\" must be a string: write \"{resource_type}\"");
            validator.report(
                IssueCode::Structure,
                &location.member("resourceType"),
                diagnostics,
            );
        }
        None => {
            let diagnostics = format!("write \"resourceType\": \"{resource_type}\"");
            validator.report(IssueCode::Required, &location.member("resourceType"), diagnostics);
        }
    }
    if let Some(structure) = validator.structures.resource(resource_type) {
        validator.object(structure, resource, &location);
    }
    let mut issues = validator.issues;
    if definitions.structures().has_additions() {
        profile::check_claims(definitions, resource_type, resource, &mut issues);
    }
    issues
}

/// What a walk over one resource carries along.
struct Validator<'definitions, 'resource> {
    structures: &'definitions Structures,
    issues: Vec<Issue>,
    /// The resource that holds the contained resources which `#id` points at.
    container: &'resource Object,
    /// Their ids, once a reference has asked for one.
    contained_ids: Option<HashSet<&'resource str>>,
    /// Whether `Type?criteria` is a reference.
    conditional_references: bool,
}

impl<'definitions, 'resource> Validator<'definitions, 'resource> {
    fn new(
        structures: &'definitions Structures,
        container: &'resource Object,
        conditional_references: bool,
    ) -> Self {
        Validator {
            structures,
            issues: Vec::new(),
            container,
            contained_ids: None,
            conditional_references,
        }
    }

    fn report(&mut self, code: IssueCode, location: &Location<'_>, diagnostics: String) {
        if !self.is_full() {
            self.issues.push(Issue {
                severity: Severity::Error,
                code,
                expression: location.to_string(),
                diagnostics,
                by_profile: false,
            });
        }
    }

    /// Reports what the standard allows and a profile does not.
    fn report_by_profile(&mut self, code: IssueCode, location: &Location<'_>, diagnostics: String) {
        let before = self.issues.len();
        self.report(code, location, diagnostics);
        for issue in &mut self.issues[before..] {
            issue.by_profile = true;
        }
    }

    fn is_full(&self) -> bool {
        self.issues.len() >= MAXIMUM_ISSUES
    }
}

#[cfg(test)]
mod tests;
