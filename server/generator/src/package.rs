//! The files of the official package, read as JSON. Files are found by the start of their names, which
//! is the resource type.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The unpacked package.
pub struct Package {
    folder: PathBuf,
    names: Vec<String>,
}

/// Why the package could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A file or the folder is not there.
    #[error("failed to read {path}")]
    Read {
        /// Path of the file or folder that could not be read.
        path: PathBuf,
        /// What the operating system reported.
        source: std::io::Error,
    },
    /// A file is not JSON.
    #[error("failed to parse {path}")]
    Parse {
        /// Path of the file that is not JSON.
        path: PathBuf,
        /// What the JSON parser reported.
        source: serde_json::Error,
    },
    /// It is another package or another version.
    #[error("{0} is not the package hl7.fhir.r4.examples 4.0.1")]
    WrongPackage(PathBuf),
    /// A definition lacks what all of them have.
    #[error("{definition} has no {element}")]
    Incomplete {
        /// The definition's id or URL.
        definition: String,
        /// The missing element.
        element: &'static str,
    },
}

impl Package {
    /// Lists the package's files and makes sure that it is the right one.
    pub fn open(folder: &Path) -> Result<Package, PackageError> {
        let mut names = Vec::new();
        let read = |source| PackageError::Read {
            path: folder.to_path_buf(),
            source,
        };
        for entry in std::fs::read_dir(folder).map_err(read)? {
            names.push(entry.map_err(read)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        let package = Package {
            folder: folder.to_path_buf(),
            names,
        };
        let manifest = package.read("package.json")?;
        if manifest["name"] == "hl7.fhir.r4.examples" && manifest["version"] == "4.0.1" {
            Ok(package)
        } else {
            Err(PackageError::WrongPackage(folder.to_path_buf()))
        }
    }

    /// Reads the JSON file `name` of the package's folder.
    pub fn read(&self, name: &str) -> Result<Value, PackageError> {
        let path = self.folder.join(name);
        let text = std::fs::read(&path).map_err(|source| PackageError::Read {
            path: path.clone(),
            source,
        })?;
        serde_json::from_slice(&text).map_err(|source| PackageError::Parse { path, source })
    }

    /// All resources of one type, in the order of their file names.
    pub fn resources(&self, resource_type: &str) -> impl Iterator<Item = Result<Value, PackageError>> {
        let start = format!("{resource_type}-");
        self.names
            .iter()
            .filter(move |name| name.starts_with(&start) && name.ends_with(".json"))
            .map(|name| self.read(name))
    }

    /// The definitions of the standard's own resource types and complex data types, profiles left out.
    pub fn structures(&self) -> Result<Vec<Value>, PackageError> {
        let mut structures = Vec::new();
        for structure in self.resources("StructureDefinition") {
            let structure = structure?;
            let own = format!(
                "http://hl7.org/fhir/StructureDefinition/{}",
                text(&structure, "type")?
            );
            let kind = text(&structure, "kind")?;
            if structure["url"] == own.as_str() && (kind == "resource" || kind == "complex-type") {
                structures.push(structure);
            }
        }
        Ok(structures)
    }
}

/// The text of a definition's element `name`.
pub fn text<'value>(definition: &'value Value, name: &'static str) -> Result<&'value str, PackageError> {
    definition[name]
        .as_str()
        .ok_or_else(|| incomplete(definition, name))
}

/// The items of a definition's element `name`; none when it is absent.
pub fn items<'value>(definition: &'value Value, name: &str) -> &'value [Value] {
    definition[name].as_array().map_or(&[], Vec::as_slice)
}

/// The error that a definition lacks `element`.
pub fn incomplete(definition: &Value, element: &'static str) -> PackageError {
    let name = ["url", "id", "path"]
        .iter()
        .find_map(|name| definition[name].as_str());
    PackageError::Incomplete {
        definition: name.unwrap_or("a definition").to_owned(),
        element,
    }
}
