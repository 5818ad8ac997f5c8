//! References: whether `Reference.reference` can point at anything, and at a type that is allowed there.
//! <http://hl7.org/fhir/R4/references.html>

use super::location::Location;
use super::{IssueCode, Validator, primitive};
use crate::definitions::structure::{Member, Primitive, Targets};
use crate::resource::{Json, Object, ResourceType};

/// What a literal reference is.
enum Literal<'text> {
    /// `#id`: a contained resource; empty for the resource that holds this one.
    Contained(&'text str),
    /// A URL or URN, of which nothing is said.
    Absolute,
    /// `Type/id` or `Type/id/_history/version`.
    Relative(ResourceType),
    /// `Type?criteria`
    Conditional(ResourceType),
    /// `Type/…` with a type that R4 does not have.
    UnknownType(&'text str),
    /// Nothing of these.
    Malformed,
}

impl Validator<'_, '_> {
    /// Checks the target of `reference`, a Reference that is the value of `member`.
    pub(super) fn reference(&mut self, member: &Member, reference: &Object, location: &Location<'_>) {
        let Some(text) = reference.get("reference").and_then(Json::as_str) else {
            return;
        };
        let location = location.member("reference");
        let shown: String = text.chars().take(128).collect();
        match read(text) {
            Literal::Absolute => {}
            Literal::Contained(id) if id.is_empty() || self.contains(id) => {}
            Literal::Contained(_) => {
                let diagnostics = format!("no contained resource has the id that \"{shown}\" points at");
                self.report(IssueCode::Invariant, &location, diagnostics);
            }
            Literal::Conditional(_) if !self.conditional_references => {
                let diagnostics =
                    format!("\"{shown}\" is a conditional reference, for transactions only; write Type/id");
                self.report(IssueCode::Value, &location, diagnostics);
            }
            Literal::Relative(resource_type) | Literal::Conditional(resource_type) => {
                if let Some(targets) = self.structures.targets(member)
                    && !targets.contains(resource_type)
                {
                    let diagnostics = format!(
                        "a reference to {resource_type} is not allowed here; {}",
                        advice(targets)
                    );
                    self.report(IssueCode::Value, &location, diagnostics);
                }
            }
            Literal::UnknownType(name) => {
                let diagnostics = format!("FHIR R4 has no resource type \"{name}\"");
                self.report(IssueCode::Value, &location, diagnostics);
            }
            Literal::Malformed => {
                let diagnostics =
                    format!("\"{shown}\" is not a reference: write Type/id, #id or an absolute URL");
                self.report(IssueCode::Value, &location, diagnostics);
            }
        }
    }

    fn contains(&mut self, id: &str) -> bool {
        let container = self.container;
        self.contained_ids
            .get_or_insert_with(|| {
                let contained = container.get("contained").and_then(Json::as_array);
                let ids = contained.unwrap_or_default().iter();
                ids.filter_map(|resource| resource.get("id")?.as_str()).collect()
            })
            .contains(id)
    }
}

fn advice(targets: Targets) -> String {
    let names: Vec<&str> = targets.iter().map(ResourceType::name).collect();
    format!("write a reference to {}", names.join(", "))
}

fn read(text: &str) -> Literal<'_> {
    if let Some(id) = text.strip_prefix('#') {
        return Literal::Contained(id);
    }
    let (path, criteria) = match text.split_once('?') {
        Some((path, criteria)) => (path, Some(criteria)),
        None => (text, None),
    };
    if has_scheme(path) {
        return Literal::Absolute;
    }
    let path = path.split('#').next().unwrap_or_default();
    let mut segments = path.split('/');
    let type_name = segments.next().unwrap_or_default();
    let rest = [segments.next(), segments.next(), segments.next(), segments.next()];
    let well_formed = match rest {
        [None, ..] => criteria.is_some_and(|criteria| !criteria.is_empty()),
        [Some(id), None, ..] => criteria.is_none() && primitive::is_id(id),
        [Some(id), Some("_history"), Some(version), None] => {
            criteria.is_none() && primitive::is_id(id) && primitive::is_id(version)
        }
        _ => false,
    };
    let is_type_like = type_name.starts_with(|first: char| first.is_ascii_uppercase())
        && type_name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match ResourceType::parse(type_name) {
        Some(resource_type) if well_formed && criteria.is_some() => Literal::Conditional(resource_type),
        Some(resource_type) if well_formed => Literal::Relative(resource_type),
        None if well_formed && is_type_like => Literal::UnknownType(type_name),
        _ => Literal::Malformed,
    }
}

/// Whether `text` starts as absolute URLs and URNs do.
fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    }) && primitive::check_text(Primitive::Uri, text).is_ok()
}
