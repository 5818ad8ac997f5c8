//! How entries of a transaction refer to each other, and what the references become once the resources have their
//! ids. <http://hl7.org/fhir/R4/bundle.html#references>

use std::collections::HashMap;

use compact_str::CompactString;

use crate::definitions::structure::Structures;
use crate::resource::reference::{Place, for_each_reference};
use crate::resource::{Object, ResourceType};

/// What the entries' full URLs become.
#[derive(Debug, Clone, Default)]
pub struct FullUrls {
    targets: HashMap<String, CompactString>,
}

impl FullUrls {
    /// That `name`, a full URL or a conditional reference, stands for `Type/id`.
    pub fn insert(&mut self, name: &str, resource_type: ResourceType, id: &str) {
        let target = compact_str::format_compact!("{resource_type}/{id}");
        self.targets.insert(name.to_owned(), target);
    }

    /// What `name` stands for, as `Type/id`.
    pub fn target(&self, name: &str) -> Option<&str> {
        self.targets.get(name).map(CompactString::as_str)
    }

    /// Rewrites every reference in `resource` that stands for an entry's resource: references, URIs and links in
    /// the narrative. `full_url` is that of the resource's own entry.
    pub fn rewrite(&self, structures: &Structures, resource: &mut Object, full_url: Option<&str>) {
        if self.targets.is_empty() {
            return;
        }
        let base = full_url.and_then(restful_base);
        for_each_reference(structures, resource, &mut |place, text| {
            if let Some(target) = self.resolve(place, text, base) {
                *text = target;
            }
        });
    }

    fn resolve(&self, place: Place, text: &str, base: Option<&str>) -> Option<CompactString> {
        let (url, fragment) = match text.split_once('#') {
            Some((url, fragment)) if !url.is_empty() => (url, Some(fragment)),
            _ => (text, None),
        };
        let found = self.targets.get(url).or_else(|| {
            let is_relative = !url.contains(':') && place != Place::Uri;
            let absolute = base.filter(|_| is_relative).map(|base| format!("{base}/{url}"));
            self.targets.get(&absolute?)
        })?;
        Some(match fragment {
            Some(fragment) => compact_str::format_compact!("{found}#{fragment}"),
            None => found.clone(),
        })
    }
}

/// The base of a full URL of the form `[base]/Type/id`.
fn restful_base(full_url: &str) -> Option<&str> {
    let (rest, _id) = full_url.rsplit_once('/')?;
    let (base, name) = rest.rsplit_once('/')?;
    (base.contains("://") && ResourceType::parse(name).is_some()).then_some(base)
}

/// The type and the criteria of a conditional reference, such as `Practitioner?identifier=…`.
pub fn conditional_reference(place: Place, text: &str) -> Option<(ResourceType, &str)> {
    let (name, criteria) = text.split_once('?')?;
    let resource_type = ResourceType::parse(name)?;
    (place == Place::Reference && !criteria.is_empty()).then_some((resource_type, criteria))
}

/// All conditional references in `resource`, as they are written.
pub fn conditional_references(structures: &Structures, resource: &mut Object) -> Vec<String> {
    let mut found = Vec::new();
    for_each_reference(structures, resource, &mut |place, text| {
        if conditional_reference(place, text).is_some() {
            found.push(text.to_string());
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;
    use crate::resource::Json;

    fn rewritten(text: &str, full_url: Option<&str>) -> String {
        let mut urls = FullUrls::default();
        let patient = ResourceType::parse("Patient").unwrap();
        urls.insert("urn:uuid:1", patient, "a");
        urls.insert("http://other/fhir/Patient/7", patient, "b");
        let Ok(Json::Object(mut resource)) = Json::parse(text.as_bytes()) else {
            panic!("{text}")
        };
        urls.rewrite(fixture::r4().structures(), &mut resource, full_url);
        Json::Object(resource).to_text()
    }

    #[test]
    fn references_uris_and_narrative_links_are_rewritten() {
        let text = concat!(
            r#"{"subject":{"reference":"urn:uuid:1"},"contained":[{"focus":[{"reference":"urn:uuid:1#x"}]}],"#,
            r#""identifier":[{"value":"urn:uuid:1"}],"valueUri":"http://other/fhir/Patient/7","#,
            r#""text":{"div":"<div><a href=\"urn:uuid:1\">urn:uuid:1</a></div>"}}"#
        );
        let expected = concat!(
            r#"{"subject":{"reference":"Patient/a"},"contained":[{"focus":[{"reference":"Patient/a#x"}]}],"#,
            r#""identifier":[{"value":"urn:uuid:1"}],"valueUri":"Patient/b","#,
            r#""text":{"div":"<div><a href=\"Patient/a\">urn:uuid:1</a></div>"}}"#
        );
        assert_eq!(rewritten(text, None), expected);
    }

    #[test]
    fn relative_references_are_resolved_against_the_entrys_own_url() {
        let text = r#"{"subject":{"reference":"Patient/7"}}"#;
        let beside = Some("http://other/fhir/Observation/1");
        assert_eq!(
            rewritten(text, beside),
            r#"{"subject":{"reference":"Patient/b"}}"#
        );
        for full_url in [None, Some("urn:uuid:2"), Some("http://elsewhere/Observation/1")] {
            assert_eq!(rewritten(text, full_url), text, "{full_url:?}");
        }
    }

    #[test]
    fn conditional_references_name_a_type_and_criteria() {
        let patient = ResourceType::parse("Patient").unwrap();
        let criteria = |text| conditional_reference(Place::Reference, text);
        assert_eq!(
            criteria("Patient?identifier=a|b"),
            Some((patient, "identifier=a|b"))
        );
        for text in ["Patient/1", "Patient?", "Nothing?a=b", "http://h/Patient?a=b"] {
            assert_eq!(criteria(text), None, "{text}");
        }
        assert_eq!(conditional_reference(Place::Uri, "Patient?identifier=a"), None);
    }
}
