//! The search parameters of the standard's registry, <http://hl7.org/fhir/R4/searchparameter-registry.html>.
//!
//! The registry is the Bundle `searchParams`; the package holds other SearchParameters too (examples, and
//! parameters on extensions that are not part of the base standard), which are left out by this rule.
//! One line for each definition: id, code, kind, base types, target types, expression, and a composite's
//! components as `id=expression`, separated by `;`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::package::{Package, PackageError, incomplete, items, text};

/// The start of every URL in the registry; the id follows.
const URL: &str = "http://hl7.org/fhir/SearchParameter/";

/// The lines of `search-parameters.tsv`.
pub fn facts(package: &Package) -> Result<String, PackageError> {
    let registry = package.read("Bundle-searchParams.json")?;
    let mut lines = Vec::new();
    for entry in items(&registry, "entry") {
        lines.push(line(&entry["resource"])?);
    }
    lines.sort();
    Ok(lines.join("\n") + "\n")
}

fn line(parameter: &Value) -> Result<String, PackageError> {
    let mut components = String::new();
    for component in items(parameter, "component") {
        if !components.is_empty() {
            components.push(';');
        }
        let definition = id(component, "definition")?;
        // Writing to a String cannot fail.
        write!(components, "{definition}={}", text(component, "expression")?).ok();
    }
    Ok([
        id(parameter, "url")?,
        text(parameter, "code")?,
        text(parameter, "type")?,
        &words(parameter, "base"),
        &words(parameter, "target"),
        parameter["expression"].as_str().unwrap_or_default(),
        &components,
    ]
    .join("\t"))
}

fn id<'value>(value: &'value Value, name: &'static str) -> Result<&'value str, PackageError> {
    text(value, name)?
        .strip_prefix(URL)
        .ok_or_else(|| incomplete(value, name))
}

fn words(parameter: &Value, name: &str) -> String {
    let words: Vec<&str> = items(parameter, name).iter().filter_map(Value::as_str).collect();
    words.join(" ")
}
