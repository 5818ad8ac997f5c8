//! The regular expressions that the standard gives for its primitive types, which the server's own checks are
//! tested against: <http://hl7.org/fhir/R4/datatypes.html#primitive>. One line each: name and expression.

use std::fmt::Write as _;

use crate::package::{Package, PackageError, items, text};

const REGEX: &str = "http://hl7.org/fhir/StructureDefinition/regex";

/// The lines of `primitive-regexes.tsv`.
pub fn facts(package: &Package) -> Result<String, PackageError> {
    let mut out = String::new();
    for definition in package.resources("StructureDefinition") {
        let definition = definition?;
        if definition["kind"] != "primitive-type" {
            continue;
        }
        let name = text(&definition, "type")?;
        let value = format!("{name}.value");
        let regex = items(&definition["snapshot"], "element")
            .iter()
            .filter(|element| element["path"] == value.as_str())
            .flat_map(|element| items(element, "type"))
            .flat_map(|element_type| items(element_type, "extension"))
            .find(|extension| extension["url"] == REGEX);
        if let Some(regex) = regex {
            // Writing to a String cannot fail.
            writeln!(out, "{name}\t{}", text(regex, "valueString")?).ok();
        }
    }
    Ok(out)
}
