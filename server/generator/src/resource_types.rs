//! The names of the resource types, one a line, sorted: <http://hl7.org/fhir/R4/resourcelist.html>.

use crate::package::{Package, PackageError, text};

/// The lines of `resource-types.txt`.
pub fn facts(package: &Package) -> Result<String, PackageError> {
    let mut names = Vec::new();
    for structure in package.structures()? {
        if structure["kind"] == "resource" && structure["abstract"] == false {
            names.push(text(&structure, "type")?.to_owned());
        }
    }
    names.sort();
    Ok(names.join("\n") + "\n")
}
