//! The few rules over several elements that keep a server sane and cost next to nothing. The standard's other
//! invariants are FHIRPath and belong to profile validation. Each is named by its key in the standard.

use super::location::Location;
use super::primitive::date;
use super::{IssueCode, Validator};
use crate::definitions::structure::Structure;
use crate::resource::{Json, Object};

impl Validator<'_, '_> {
    /// Checks the rules of the structure that `object` is of.
    pub(super) fn invariants(&mut self, structure: &Structure, object: &Object, location: &Location<'_>) {
        if object.len() == 1 && !structure.is_resource && object.get("id").is_some() {
            let message = "ele-1: an element needs a value or elements besides its id";
            self.report(IssueCode::Invariant, location, message.to_owned());
        }
        let broken = match structure.name.as_str() {
            "Extension" => extension(object),
            "Period" => period(object),
            "Observation" => observation(object),
            "Bundle" => bundle(object),
            "Bundle.entry" => bundle_entry(object),
            _ => None,
        };
        if let Some(message) = broken {
            self.report(IssueCode::Invariant, location, message.to_owned());
        }
    }

    /// Checks what is asked of a contained resource besides being valid.
    pub(super) fn contained(&mut self, resource: &Object, location: &Location<'_>) {
        if resource.get("id").is_none() {
            let message = "a contained resource needs an id, so that it can be pointed at";
            self.report(IssueCode::Required, &location.member("id"), message.to_owned());
        }
        if resource.get("contained").is_some() {
            let message =
                "dom-2: a contained resource must not contain resources; move them to the outer one";
            self.report(
                IssueCode::Invariant,
                &location.member("contained"),
                message.to_owned(),
            );
        }
        if let Some(Json::Object(meta)) = resource.get("meta") {
            let location = location.member("meta");
            for (name, message) in [
                (
                    "versionId",
                    "dom-4: a contained resource has no version of its own; leave it out",
                ),
                (
                    "lastUpdated",
                    "dom-4: a contained resource has no version of its own; leave it out",
                ),
                (
                    "security",
                    "dom-5: a contained resource has no security label of its own; leave it out",
                ),
            ] {
                if meta.get(name).is_some() {
                    self.report(IssueCode::Invariant, &location.member(name), message.to_owned());
                }
            }
        }
    }
}

fn has_value(object: &Object) -> bool {
    object
        .iter()
        .any(|(name, _)| name.trim_start_matches('_').starts_with("value"))
}

fn extension(object: &Object) -> Option<&'static str> {
    match (has_value(object), object.get("extension").is_some()) {
        (true, true) => Some("ext-1: an extension has either a value or extensions, not both"),
        (false, false) => Some("ext-1: an extension needs a value[x], such as valueString, or extensions"),
        _ => None,
    }
}

fn period(object: &Object) -> Option<&'static str> {
    let start = object.get("start")?.as_str()?;
    let end = object.get("end")?.as_str()?;
    date::is_after(start, end).then_some("per-1: start must not be after end")
}

fn observation(object: &Object) -> Option<&'static str> {
    (object.get("dataAbsentReason").is_some() && has_value(object))
        .then_some("obs-6: dataAbsentReason is for an Observation without value[x]; leave one of them out")
}

fn bundle(object: &Object) -> Option<&'static str> {
    let bundle_type = object.get("type")?.as_str()?;
    (object.get("total").is_some() && !matches!(bundle_type, "searchset" | "history"))
        .then_some("bdl-1: total is for searchset and history only; leave it out")
}

fn bundle_entry(object: &Object) -> Option<&'static str> {
    let full_url = object.get("fullUrl").and_then(Json::as_str);
    if ["resource", "request", "response"]
        .iter()
        .all(|name| object.get(name).is_none())
    {
        Some("bdl-5: an entry needs a resource, unless it has a request or a response")
    } else if full_url.is_some_and(|url| url.contains("/_history/")) {
        Some("bdl-8: fullUrl must not name a version; leave /_history/… out")
    } else {
        None
    }
}
