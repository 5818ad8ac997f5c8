//! The types of all elements, for the search parameters' expressions to be resolved against:
//! <http://hl7.org/fhir/R4/elementdefinition.html>.
//!
//! One line for each type and each element that has elements of its own: its path, then `name types` for
//! each element that it does not inherit. Types are separated by commas; `.` is an element with elements
//! of its own (see the line of that path), `#path` is one that is defined at another path, and
//! `code=system` is a code whose value set holds the codes of one system only.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use serde_json::Value;

use crate::package::{Package, PackageError, incomplete, items, text};

/// The lines of `element-types.tsv`.
pub fn facts(package: &Package) -> Result<String, PackageError> {
    let systems = systems_by_value_set(package)?;
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for structure in package.structures()? {
        let name = text(&structure, "type")?;
        lines.entry(name.to_owned()).or_default();
        for element in items(&structure["snapshot"], "element").iter().skip(1) {
            let path = text(element, "path")?;
            if text(&element["base"], "path")? != path {
                continue;
            }
            if let Some((parent, member)) = path.rsplit_once('.') {
                let types = types(element, &systems)?;
                lines
                    .entry(parent.to_owned())
                    .or_default()
                    .push(format!("{member} {types}"));
            }
        }
    }
    let mut out = String::new();
    for (path, elements) in lines {
        // Writing to a String cannot fail.
        writeln!(out, "{path}\t{}", elements.join("\t")).ok();
    }
    Ok(out)
}

fn types(element: &Value, systems: &HashMap<String, String>) -> Result<String, PackageError> {
    if let Some(reference) = element["contentReference"].as_str() {
        return Ok(reference.to_owned());
    }
    let mut names = Vec::new();
    for element_type in items(element, "type") {
        let code = text(element_type, "code")?;
        names.push(match code {
            "BackboneElement" | "Element" => ".".to_owned(),
            "code" => match system(element, systems) {
                Some(system) => format!("code={system}"),
                None => code.to_owned(),
            },
            _ if code.starts_with("http://hl7.org/fhirpath/System.") => "string".to_owned(),
            _ => code.to_owned(),
        });
    }
    if names.is_empty() {
        return Err(incomplete(element, "type"));
    }
    Ok(names.join(","))
}

/// The one system whose codes a `code` may hold, by its required binding.
fn system<'systems>(element: &Value, systems: &'systems HashMap<String, String>) -> Option<&'systems str> {
    let binding = &element["binding"];
    if binding["strength"] != "required" {
        return None;
    }
    let url = binding["valueSet"].as_str()?.split('|').next()?;
    systems.get(url).map(String::as_str)
}

/// The systems of the value sets that are made of one system.
fn systems_by_value_set(package: &Package) -> Result<HashMap<String, String>, PackageError> {
    let mut systems = HashMap::new();
    for value_set in package.resources("ValueSet") {
        let value_set = value_set?;
        let included = items(&value_set["compose"], "include");
        let Some(url) = value_set["url"].as_str() else {
            continue;
        };
        if let Some(system) = included.first().and_then(|first| first["system"].as_str())
            && included
                .iter()
                .all(|include| include["system"] == system && include["valueSet"].is_null())
        {
            systems.insert(url.to_owned(), system.to_owned());
        }
    }
    Ok(systems)
}
