//! Takes elements out of a resource, as its type's definition says, and marks what is left as a part.

use super::Summary;
use crate::definitions::structure::{Element, Kind, Member, Structure, Structures};
use crate::resource::{Json, Object, ResourceType};

/// The code system of [`SUBSETTED`].
const SUBSETTED_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
/// The tag of a resource that is not whole, so that nobody updates the whole one with it.
const SUBSETTED: &str = "SUBSETTED";

/// Takes out of `resource` what `summary` and `elements` do not ask for. Its id, its meta and its mandatory elements
/// always stay. `elements` are names of top-level elements, `value` standing for `valueQuantity` and the like; none
/// means all. With both, an element must be asked for by both.
pub fn apply(
    structures: &Structures,
    resource: &mut Object,
    resource_type: ResourceType,
    summary: Summary,
    elements: &[String],
) {
    let is_whole = elements.is_empty() && matches!(summary, Summary::False | Summary::Count);
    let Some(structure) = structures.resource(resource_type).filter(|_| !is_whole) else {
        return;
    };
    resource.retain(|name, value| {
        if matches!(name, "resourceType" | "id" | "meta") {
            return true;
        }
        let Some((member, element, is_sibling)) = structure.find(name) else {
            return false;
        };
        let is_asked_for = elements.is_empty()
            || elements.iter().any(|asked| {
                *asked == element.name || *asked == member.name || asked == "*" || is_modifier(element)
            });
        let stays = match summary {
            Summary::False | Summary::Count => true,
            Summary::True => element.is_summary,
            Summary::Text => element.name == "text",
            Summary::Data => element.name != "text",
        };
        if !(element.is_required() || is_asked_for && stays) {
            return false;
        }
        if summary == Summary::True && !is_sibling {
            summarize(structures, member, value);
        }
        true
    });
    mark(resource);
}

/// What changes the meaning of all the rest and is not mandatory; it is never left out unseen.
fn is_modifier(element: &Element) -> bool {
    matches!(element.name.as_str(), "implicitRules" | "modifierExtension")
}

/// Takes out of a value what does not belong to the summary of its own structure.
fn summarize(structures: &Structures, member: &Member, value: &mut Json) {
    match value {
        Json::Array(items) => {
            for item in items {
                summarize(structures, member, item);
            }
        }
        Json::Object(object) => {
            if let Kind::Structure(id) = member.kind
                && let Some(structure) = structures.structure(id)
                && has_summary(structure)
            {
                summarize_object(structures, structure, object);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Keeps the object as it is where the summary would leave nothing, for an empty object is not FHIR.
fn summarize_object(structures: &Structures, structure: &Structure, object: &mut Object) {
    let stays = |name: &str| {
        structure
            .find(name)
            .is_some_and(|(_, element, _)| element.is_summary || element.is_required())
    };
    if !object.iter().any(|(name, _)| stays(name)) {
        return;
    }
    object.retain(|name, value| {
        let found = structure.find(name).filter(|_| stays(name));
        if let Some((member, _, false)) = found {
            summarize(structures, member, value);
        }
        found.is_some()
    });
}

/// Whether the standard says of this structure which elements are its summary: of extensions, for one, it does not,
/// and they stay whole.
fn has_summary(structure: &Structure) -> bool {
    structure
        .elements
        .iter()
        .any(|element| element.is_summary && element.name != "modifierExtension")
}

/// Adds the tag SUBSETTED.
fn mark(resource: &mut Object) {
    if resource.get("meta").and_then(Json::as_object).is_none() {
        resource.set("meta", Json::Object(Object::new()));
    }
    let Some(meta) = resource.get_mut("meta").and_then(Json::as_object_mut) else {
        return;
    };
    let tag = Object::from_iter([
        ("system", Json::from(SUBSETTED_SYSTEM)),
        ("code", Json::from(SUBSETTED)),
    ]);
    match meta.get_mut("tag") {
        Some(Json::Array(tags)) => {
            if !tags.iter().any(is_subsetted) {
                tags.push(Json::Object(tag));
            }
        }
        _ => meta.set("tag", Json::Array(vec![Json::Object(tag)])),
    }
}

fn is_subsetted(tag: &Json) -> bool {
    let part = |name| tag.get(name).and_then(Json::as_str);
    part("system") == Some(SUBSETTED_SYSTEM) && part("code") == Some(SUBSETTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;
    use crate::validation::validate;

    const PATIENT: &str = r##"{"resourceType":"Patient","id":"p","meta":{"versionId":"1","tag":[{"code":"mine"}]},
        "implicitRules":"http://example.org/rules",
        "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},
        "extension":[{"url":"http://example.org/e","valueString":"x"}],
        "identifier":[{"system":"s","value":"v","extension":[{"url":"u","valueCode":"c"}]}],
        "name":[{"family":"A"}],"birthDate":"2020","_birthDate":{"id":"b"},"deceasedBoolean":false,
        "photo":[{"title":"face"}],"contact":[{"name":{"family":"B"}}],
        "link":[{"other":{"reference":"Patient/q"},"type":"seealso"}]}"##;
    const OBSERVATION: &str = r##"{"resourceType":"Observation","status":"final","code":{"text":"c"},
        "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},
        "valueQuantity":{"value":1.10},"note":[{"text":"n"}],
        "component":[{"code":{"text":"d"},"valueString":"x","interpretation":[{"text":"high"}]}]}"##;

    fn cut(text: &str, summary: Summary, elements: &[&str]) -> Object {
        let Json::Object(mut resource) = Json::parse(text.as_bytes()).unwrap() else {
            panic!("{text}")
        };
        let name = resource.get("resourceType").and_then(Json::as_str).unwrap();
        let resource_type = ResourceType::parse(name).unwrap();
        let elements: Vec<String> = elements.iter().map(|name| (*name).to_owned()).collect();
        apply(
            fixture::r4().structures(),
            &mut resource,
            resource_type,
            summary,
            &elements,
        );
        assert_eq!(
            validate(fixture::r4(), resource_type, &resource),
            [],
            "a part of a valid resource is valid"
        );
        resource
    }

    fn names(resource: &Object) -> Vec<&str> {
        resource.iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn the_whole_resource_is_left_as_it_is() {
        for summary in [Summary::False, Summary::Count] {
            assert_eq!(
                Json::Object(cut(PATIENT, summary, &[])),
                Json::parse(PATIENT.as_bytes()).unwrap()
            );
        }
    }

    #[test]
    fn true_keeps_what_the_definition_marks_as_summary() {
        let patient = cut(PATIENT, Summary::True, &[]);
        assert_eq!(
            names(&patient),
            [
                "resourceType",
                "id",
                "meta",
                "implicitRules",
                "identifier",
                "name",
                "birthDate",
                "_birthDate",
                "deceasedBoolean",
                "link"
            ]
        );
        let identifier = patient.get("identifier").unwrap().to_text();
        assert_eq!(identifier, r#"[{"system":"s","value":"v"}]"#);
        let observation = cut(OBSERVATION, Summary::True, &[]);
        assert_eq!(
            names(&observation),
            [
                "resourceType",
                "status",
                "code",
                "valueQuantity",
                "component",
                "meta"
            ]
        );
        assert_eq!(
            observation.get("component").unwrap().to_text(),
            r#"[{"code":{"text":"d"},"valueString":"x"}]"#
        );
    }

    #[test]
    fn text_keeps_the_narrative_and_mandatory_elements_and_data_drops_it() {
        assert_eq!(
            names(&cut(OBSERVATION, Summary::Text, &[])),
            ["resourceType", "status", "code", "text", "meta"]
        );
        assert_eq!(
            names(&cut(OBSERVATION, Summary::Data, &[])),
            [
                "resourceType",
                "status",
                "code",
                "valueQuantity",
                "note",
                "component",
                "meta"
            ]
        );
    }

    #[test]
    fn elements_keep_what_is_asked_for_and_what_is_mandatory() {
        assert_eq!(
            names(&cut(OBSERVATION, Summary::False, &["value", "nothing"])),
            ["resourceType", "status", "code", "valueQuantity", "meta"]
        );
        assert_eq!(
            names(&cut(PATIENT, Summary::False, &["birthDate"])),
            [
                "resourceType",
                "id",
                "meta",
                "implicitRules",
                "birthDate",
                "_birthDate"
            ]
        );
    }

    #[test]
    fn what_is_not_whole_is_tagged_once() {
        let once = cut(PATIENT, Summary::Data, &[]);
        assert_eq!(
            once.get("meta").unwrap().to_text(),
            format!(
                r#"{{"versionId":"1","tag":[{{"code":"mine"}},{{"system":"{SUBSETTED_SYSTEM}","code":"SUBSETTED"}}]}}"#
            )
        );
        let twice = cut(&Json::Object(once.clone()).to_text(), Summary::Data, &[]);
        assert_eq!(once, twice);
    }
}
