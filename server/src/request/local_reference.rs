//! URLs that point at this server under the base URL that the client uses: they are stored as they were sent, and
//! are indexed as the local references that they are.

use crate::request::logical_id::is_logical_id;
use crate::resource::ResourceType;
use crate::search::index::{CompositeValue, IndexEntries, ReferenceTarget};

/// Type and id that `url` names, when it is `[base]/Type/id`, with or without a version.
pub fn local(url: &str, base_url: &str) -> Option<(ResourceType, String)> {
    let path = url.strip_prefix(base_url)?.strip_prefix('/')?;
    let mut segments = path.split('/');
    let (name, id) = (segments.next()?, segments.next()?);
    let is_version = match (segments.next(), segments.next(), segments.next()) {
        (None, None, None) => true,
        (Some(history), Some(_), None) => history == "_history",
        _ => false,
    };
    let resource_type = ResourceType::parse(name)?;
    (is_version && is_logical_id(id)).then(|| (resource_type, id.to_owned()))
}

/// Turns the references to `base_url` among index entries into local ones.
pub fn localize_index(entries: &mut IndexEntries, base_url: &str) {
    for contained in &mut entries.contained {
        localize_index(&mut contained.entries, base_url);
    }
    for entry in &mut entries.references {
        localize(&mut entry.target, base_url);
    }
    for value in entries
        .composites
        .iter_mut()
        .flat_map(|entry| &mut entry.components)
    {
        if let CompositeValue::Reference(target) = value {
            localize(target, base_url);
        }
    }
}

fn localize(target: &mut ReferenceTarget, base_url: &str) {
    if let ReferenceTarget::Url { url, .. } = target
        && let Some((resource_type, id)) = local(url, base_url)
    {
        target.localize(resource_type, &id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_resources_under_the_base_url_are_local() {
        let patient = ResourceType::parse("Patient").unwrap();
        let found = Some((patient, "1".to_owned()));
        assert_eq!(local("http://h/fhir/Patient/1", "http://h/fhir"), found);
        assert_eq!(
            local("http://h/fhir/Patient/1/_history/2", "http://h/fhir"),
            found
        );
        for url in [
            "http://h/fhirPatient/1",
            "http://h/fhir/Patient",
            "http://h/fhir/Patient/1/x",
            "http://h/fhir/Patient/1/x/2",
            "http://h/fhir/Nothing/1",
            "http://h/fhir/Patient/a_b",
            "http://other/Patient/1",
            "Patient/1",
        ] {
            assert_eq!(local(url, "http://h/fhir"), None, "{url}");
        }
    }
}
