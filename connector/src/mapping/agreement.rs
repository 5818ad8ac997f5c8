//! Whether the two mappings fit together: types and names of values that only one of them knows. What does not fit fails nowhere, but
//! nothing becomes of it.

use indexmap::{IndexMap, IndexSet};

use super::device::DeviceMapping;
use super::fhir::{FhirMapping, FhirTemplate};

/// What does not fit, in words, in the order of the device mapping.
pub fn disagreements(device: &DeviceMapping, fhir: &FhirMapping) -> Vec<String> {
    let mut types: IndexMap<String, (&str, Vec<&str>)> = IndexMap::new();
    for template in &device.templates {
        let (_, names) = types
            .entry(template.type_name.to_lowercase())
            .or_insert_with(|| (&template.type_name, Vec::new()));
        names.extend(template.values.iter().map(|value| value.name.as_str()));
    }
    let mut found = Vec::new();
    for (type_name, names) in types.values() {
        let Some(template) = fhir.template(type_name) else {
            found.push(format!(
                "type {type_name:?} of the device mapping has no template in the FHIR mapping"
            ));
            continue;
        };
        let mut of_type: IndexSet<String> = IndexSet::new();
        for name in names {
            if !template.wants(name) {
                of_type.insert(unused_value(name, template));
            }
        }
        for wanted in template.values() {
            if !names.contains(&wanted.name.as_str()) {
                of_type.insert(format!(
                    "no template of the device mapping gives the value {:?} of the FHIR mapping",
                    wanted.name
                ));
            }
        }
        found.extend(
            of_type
                .into_iter()
                .map(|what| format!("type {type_name:?}: {what}")),
        );
    }
    found
}

/// What is to be said of a value that the FHIR template does not know.
pub fn unused_value(name: &str, template: &FhirTemplate) -> String {
    let known: Vec<String> = template
        .values()
        .map(|value| format!("{:?}", value.name))
        .collect();
    let known = if known.is_empty() {
        "no values".to_owned()
    } else {
        known.join(", ")
    };
    format!(
        "value {name:?} is not stored, because the FHIR mapping has {known} for its type; names of values are case-sensitive"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compatibility::Compatibility::Strict;

    fn device(templates: &[(&str, &[&str])]) -> DeviceMapping {
        let template = |(type_name, names): &(&str, &[&str])| {
            let value = |name: &&str| format!(r#"{{"valueName":"{name}","valueExpression":"$.v"}}"#);
            let values: Vec<String> = names.iter().map(value).collect();
            format!(
                r#"{{"templateType":"JsonPathContent","template":{{"typeName":"{type_name}","typeMatchExpression":"$","deviceIdExpression":"$.d",
                "timestampExpression":"$.t","values":[{}]}}}}"#,
                values.join(",")
            )
        };
        let templates: Vec<String> = templates.iter().map(template).collect();
        let text = format!(
            r#"{{"templateType":"CollectionContent","template":[{}]}}"#,
            templates.join(",")
        );
        DeviceMapping::compile(&text, Strict).unwrap()
    }

    fn fhir() -> FhirMapping {
        let text = r#"{"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":{"typeName":"pressure","codes":[],
            "components":[{"codes":[],"value":{"valueType":"Quantity","valueName":"sys"}},
            {"codes":[],"value":{"valueType":"Quantity","valueName":"dia"}}]}}]}"#;
        FhirMapping::compile(text, Strict).unwrap()
    }

    #[test]
    fn what_fits_is_not_mentioned() {
        let split: &[(&str, &[&str])] = &[("pressure", &["sys"]), ("Pressure", &["dia"])];
        assert!(disagreements(&device(split), &fhir()).is_empty());
    }

    #[test]
    fn types_and_names_that_do_not_meet_are_named_once() {
        let wrong: &[(&str, &[&str])] = &[
            ("pressure", &["Sys", "dia"]),
            ("pressure", &["Sys"]),
            ("pulse", &["v"]),
            ("Pulse", &["v"]),
        ];
        assert_eq!(
            disagreements(&device(wrong), &fhir()),
            [
                "type \"pressure\": value \"Sys\" is not stored, because the FHIR mapping has \"sys\", \"dia\" for its type; names of values are case-sensitive",
                "type \"pressure\": no template of the device mapping gives the value \"sys\" of the FHIR mapping",
                "type \"pulse\" of the device mapping has no template in the FHIR mapping",
            ]
        );
    }
}
