//! What each resource type, data type and element with elements of its own is made of:
//! <http://hl7.org/fhir/R4/structuredefinition.html>.
//!
//! A line without indent is a structure: its path and the structure that it inherits elements from. The indented
//! lines after it are its own elements: name (`value[x]` for a choice), cardinality, `Σ` when it belongs to the
//! summary, and its types. A type is a name; `Reference(A|B)` with the types that may be pointed at, `code=set` and
//! `CodeableConcept=set` with the id of the value set that is required, of which a code may know the system alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::package::{Package, PackageError, incomplete, items, text};
use crate::value_sets::{self, ValueSet, required_binding};

const DEFINITIONS: &str = "http://hl7.org/fhir/StructureDefinition/";
const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";

/// The lines of `structures.txt`.
pub fn facts(package: &Package) -> Result<String, PackageError> {
    let value_sets = value_sets::required(package)?;
    let mut blocks: BTreeMap<String, String> = BTreeMap::new();
    for structure in package.structures()? {
        let name = text(&structure, "type")?;
        let base = structure["baseDefinition"].as_str().unwrap_or_default();
        blocks.insert(
            name.to_owned(),
            heading(name, base.trim_start_matches(DEFINITIONS)),
        );
        let elements = items(&structure["snapshot"], "element");
        for element in elements.iter().skip(1) {
            let path = text(element, "path")?;
            if text(&element["base"], "path")? != path {
                continue;
            }
            let types = types(element, &value_sets)?;
            let own_elements = has_own_elements(path, elements);
            if own_elements {
                blocks.insert(path.to_owned(), heading(path, &types));
            }
            let Some((parent, member)) = path.rsplit_once('.') else {
                return Err(incomplete(element, "path"));
            };
            let minimum = element["min"]
                .as_u64()
                .ok_or_else(|| incomplete(element, "min"))?;
            let maximum = text(element, "max")?;
            let summary = if element["isSummary"] == true { " Σ" } else { "" };
            let types = if own_elements { path } else { &types };
            // Writing to a String cannot fail.
            writeln!(
                blocks.entry(parent.to_owned()).or_default(),
                "\t{member} {minimum}..{maximum}{summary} {types}"
            )
            .ok();
        }
    }
    Ok(blocks.into_values().collect())
}

fn heading(path: &str, base: &str) -> String {
    if base.is_empty() {
        format!("{path}\n")
    } else {
        format!("{path} {base}\n")
    }
}

fn has_own_elements(path: &str, elements: &[Value]) -> bool {
    elements.iter().any(|element| {
        element["path"]
            .as_str()
            .and_then(|other| other.strip_prefix(path))
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

fn types(element: &Value, value_sets: &BTreeMap<String, ValueSet>) -> Result<String, PackageError> {
    if let Some(reference) = element["contentReference"].as_str() {
        return Ok(reference.trim_start_matches('#').to_owned());
    }
    let mut names = Vec::new();
    for element_type in items(element, "type") {
        let code = text(element_type, "code")?;
        names.push(match code {
            "code" | "CodeableConcept" => {
                match required_binding(element).and_then(|url| value_sets.get(url)) {
                    Some(value_set) if value_set.is_enumerated || code == "code" => {
                        format!("{code}={}", value_set.id)
                    }
                    _ => code.to_owned(),
                }
            }
            "Reference" => reference(element_type),
            _ if element["path"] == "Resource.id" => "id".to_owned(),
            _ if code.starts_with("http://hl7.org/fhirpath/") => system_type(element, element_type)?,
            _ => code.to_owned(),
        });
    }
    if names.is_empty() {
        return Err(incomplete(element, "type"));
    }
    Ok(names.join(" "))
}

/// `Reference` for any target, `Reference(Group|Patient)` for some.
fn reference(element_type: &Value) -> String {
    let targets: Vec<&str> = items(element_type, "targetProfile")
        .iter()
        .filter_map(|profile| profile.as_str()?.strip_prefix(DEFINITIONS))
        .collect();
    if targets.is_empty() || targets.contains(&"Resource") {
        "Reference".to_owned()
    } else {
        format!("Reference({})", targets.join("|"))
    }
}

/// The FHIR type behind a type of FHIRPath's own, which `id` and `Extension.url` have.
fn system_type(element: &Value, element_type: &Value) -> Result<String, PackageError> {
    items(element_type, "extension")
        .iter()
        .find(|extension| extension["url"] == FHIR_TYPE)
        .and_then(|extension| extension["valueUrl"].as_str())
        .map(str::to_owned)
        .ok_or_else(|| incomplete(element, "type"))
}
