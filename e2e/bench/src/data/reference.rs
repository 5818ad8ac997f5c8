//! References between Synthea's resources: `urn:uuid:…` within a bundle, `Type?identifier=system|value` to what
//! another bundle brought. The server replaces both by the ids that it gave out; so does this file.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

/// The types that Synthea refers to by identifier.
const REFERRED_BY_IDENTIFIER: [&str; 3] = ["Organization", "Location", "Practitioner"];

#[derive(Deserialize)]
struct IdentifiedJson<'a> {
    #[serde(borrow, default)]
    identifier: Vec<IdentifierJson<'a>>,
}

#[derive(Deserialize)]
struct IdentifierJson<'a> {
    #[serde(borrow)]
    system: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
}

/// The conditional references that mean this resource.
pub(super) fn identifier_keys(resource_type: &str, json: &str) -> Result<Vec<String>, serde_json::Error> {
    if !REFERRED_BY_IDENTIFIER.contains(&resource_type) {
        return Ok(Vec::new());
    }
    let resource: IdentifiedJson<'_> = serde_json::from_str(json)?;
    let key = |identifier: &IdentifierJson<'_>| {
        format!(
            "{resource_type}?identifier={}|{}",
            identifier.system, identifier.value
        )
    };
    Ok(resource.identifier.iter().map(key).collect())
}

/// The text of a reference if it is one that the server has to replace.
fn source_key(reference: &str) -> Option<&str> {
    (reference.starts_with("urn:uuid:") || reference.contains('?')).then_some(reference)
}

/// A copy of a resource with each replaceable reference replaced by what `address` says, such as `Patient/1`.
/// References that `address` does not know stay.
pub fn with_server_references<'a>(
    resource: &Value,
    address: &impl Fn(&str) -> Option<Cow<'a, str>>,
) -> Value {
    match resource {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let replaced = match value {
                    Value::String(text) if name == "reference" => source_key(text).and_then(address),
                    _ => None,
                };
                let value = match replaced {
                    Some(address) => Value::String(address.into_owned()),
                    None => with_server_references(value, address),
                };
                (name.clone(), value)
            })
            .collect(),
        Value::Array(items) => items
            .iter()
            .map(|item| with_server_references(item, address))
            .collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_forms_are_replaced_and_others_stay() {
        let resource = json!({"subject": {"reference": "urn:uuid:1"}, "performer": [{"reference": "Practitioner?identifier=s|v"}],
            "insurance": {"reference": "#coverage"}, "text": "urn:uuid:1"});
        let known = |key: &str| match key {
            "urn:uuid:1" => Some(Cow::Borrowed("Patient/a")),
            "Practitioner?identifier=s|v" => Some(Cow::Borrowed("Practitioner/b")),
            _ => None,
        };
        assert_eq!(
            with_server_references(&resource, &known),
            json!({"subject": {"reference": "Patient/a"}, "performer": [{"reference": "Practitioner/b"}],
                "insurance": {"reference": "#coverage"}, "text": "urn:uuid:1"})
        );
    }
}
