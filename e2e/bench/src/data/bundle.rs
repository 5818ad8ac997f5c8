//! Reads the bundles of a directory: compact bodies to send, and for each entry its place and facts.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::compact::compact;
use super::facts::Facts;
use super::reference::identifier_keys;
use crate::error::BenchError;

/// A batch or transaction Bundle of Synthea.
#[derive(Clone)]
pub struct Bundle {
    /// The file's name without directory and ending.
    pub name: String,
    /// The body to POST.
    pub body: Bytes,
    /// The entries, in order.
    pub entries: Vec<Entry>,
}

/// An entry of a bundle.
#[derive(Clone)]
pub struct Entry {
    /// The resource's type.
    pub resource_type: String,
    /// Where the resource's JSON is in the bundle's body.
    pub json: Range<usize>,
    /// What other entries call it: its `urn:uuid:…`, and `Type?identifier=…` for what conditional references mean.
    pub source_keys: Vec<String>,
    /// What the expectations need to know.
    pub facts: Facts,
}

impl Bundle {
    /// Whether patients' bundles refer to it, so that it has to be imported before them.
    pub fn is_shared(&self) -> bool {
        self.name.starts_with("hospitalInformation") || self.name.starts_with("practitionerInformation")
    }

    /// The JSON of an entry's resource, as Synthea wrote it but for whitespace.
    pub fn json(&self, entry: &Entry) -> &[u8] {
        &self.body[entry.json.clone()]
    }
}

/// Reads all bundles of Synthea's output directory: first those of hospitals, then of practitioners, then the
/// patients', largest first, so that no client is left alone with a large one at the end.
pub fn read_bundles(data: &Path) -> Result<Vec<Bundle>, BenchError> {
    let directory = if data.join("fhir").is_dir() {
        data.join("fhir")
    } else {
        data.to_owned()
    };
    let what = || format!("read {}", directory.display());
    let mut bundles = Vec::new();
    for file in std::fs::read_dir(&directory).map_err(BenchError::io(what()))? {
        let path = file.map_err(BenchError::io(what()))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            bundles.push(read_bundle(&path)?);
        }
    }
    if !bundles.iter().any(|bundle| !bundle.is_shared()) {
        return Err(BenchError::NoData(directory));
    }
    bundles.sort_by(|one, other| {
        let place = |bundle: &Bundle| {
            (
                !bundle.is_shared(),
                if bundle.is_shared() {
                    0
                } else {
                    bundle.entries.len()
                },
            )
        };
        let (one_place, other_place) = (place(one), place(other));
        (one_place.0.cmp(&other_place.0))
            .then(other_place.1.cmp(&one_place.1))
            .then(one.name.cmp(&other.name))
    });
    Ok(bundles)
}

/// A part of the data that stands for a small database: what patients' bundles refer to, and the shortest of these, until there
/// are `resources`.
pub fn small_part(bundles: &[Bundle], resources: usize) -> Vec<Bundle> {
    let (shared, patients): (Vec<&Bundle>, Vec<&Bundle>) =
        bundles.iter().partition(|bundle| bundle.is_shared());
    let mut size: usize = shared.iter().map(|bundle| bundle.entries.len()).sum();
    let shortest = patients.into_iter().rev().take_while(|bundle| {
        let goes_on = size < resources;
        size += bundle.entries.len();
        goes_on
    });
    let mut part: Vec<Bundle> = shortest.cloned().collect();
    part.reverse();
    shared.into_iter().cloned().chain(part).collect()
}

#[derive(Deserialize)]
struct BundleJson<'a> {
    #[serde(borrow)]
    entry: Vec<EntryJson<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryJson<'a> {
    #[serde(borrow)]
    full_url: Cow<'a, str>,
    #[serde(borrow)]
    resource: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceJson<'a> {
    #[serde(borrow)]
    resource_type: Cow<'a, str>,
}

fn read_bundle(path: &PathBuf) -> Result<Bundle, BenchError> {
    let text = std::fs::read_to_string(path).map_err(BenchError::io(format!("read {}", path.display())))?;
    let text = compact(&text);
    let entries = read_entries(&text).map_err(|source| BenchError::Bundle {
        file: path.clone(),
        source,
    })?;
    let name = path
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    Ok(Bundle {
        name,
        body: Bytes::from(text),
        entries,
    })
}

fn read_entries(text: &str) -> Result<Vec<Entry>, serde_json::Error> {
    let bundle: BundleJson<'_> = serde_json::from_str(text)?;
    bundle.entry.iter().map(|entry| read_entry(text, entry)).collect()
}

fn read_entry(text: &str, entry: &EntryJson<'_>) -> Result<Entry, serde_json::Error> {
    let json = entry.resource.get();
    let start = json.as_ptr() as usize - text.as_ptr() as usize;
    let resource_type = serde_json::from_str::<ResourceJson<'_>>(json)?
        .resource_type
        .into_owned();
    let mut source_keys = vec![entry.full_url.clone().into_owned()];
    source_keys.extend(identifier_keys(&resource_type, json)?);
    let facts = Facts::read(&resource_type, json)?;
    Ok(Entry {
        resource_type,
        json: start..start + json.len(),
        source_keys,
        facts,
    })
}

/// A bundle of these resources, each with the fullUrl `urn:uuid:N`, counted from 0.
#[cfg(test)]
pub fn bundle_of(resources: &[serde_json::Value]) -> Bundle {
    let entry = |(number, resource)| serde_json::json!({"fullUrl": format!("urn:uuid:{number}"), "resource": resource});
    let entries: Vec<_> = resources.iter().enumerate().map(entry).collect();
    let text = serde_json::json!({"resourceType": "Bundle", "entry": entries}).to_string();
    let entries = read_entries(&text).unwrap();
    Bundle {
        name: "test".to_owned(),
        body: Bytes::from(text),
        entries,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_knows_its_place_its_keys_and_its_facts() {
        let text = r#"{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Organization","identifier":[{"system":"s","value":"v"}],"name":"Clinic"},"request":{}}]}"#;
        let entries = read_entries(text).unwrap();
        assert_eq!(
            entries[0].source_keys,
            ["urn:uuid:1", "Organization?identifier=s|v"]
        );
        assert!(matches!(&entries[0].facts, Facts::Organization { name } if name == "Clinic"));
        assert!(text[entries[0].json.clone()].starts_with(r#"{"resourceType":"Organization""#));
        assert!(text[entries[0].json.clone()].ends_with(r#""Clinic"}"#));
    }
}
