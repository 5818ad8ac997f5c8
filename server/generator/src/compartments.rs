//! The standard's compartments, <http://hl7.org/fhir/R4/compartmentdefinition.html#compartments>.
//!
//! One line for each compartment and each resource type in it: the compartment, the type, and the codes of
//! the search parameters by which the type belongs to the compartment. `{def}` is the type that the
//! compartment is named after, by its own id.

use crate::package::{Package, PackageError, items, text};

/// The lines of `compartments.tsv`.
pub fn facts(package: &Package) -> Result<String, PackageError> {
    let mut lines = Vec::new();
    for definition in package.resources("CompartmentDefinition") {
        let definition = definition?;
        let code = text(&definition, "code")?;
        // The package's example compartment lives under another URL than the five of the standard.
        let own = format!("http://hl7.org/fhir/CompartmentDefinition/{}", lower_first(code));
        if definition["url"] != own.as_str() {
            continue;
        }
        for resource in items(&definition, "resource") {
            let parameters: Vec<&str> = items(resource, "param")
                .iter()
                .filter_map(serde_json::Value::as_str)
                .collect();
            if !parameters.is_empty() {
                let resource_type = text(resource, "code")?;
                lines.push(format!("{code}\t{resource_type}\t{}", parameters.join(" ")));
            }
        }
    }
    lines.sort();
    Ok(lines.join("\n") + "\n")
}

fn lower_first(code: &str) -> String {
    let mut letters = code.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}
