//! What the server holds after the import: every resource under the address that the server gave it, with its
//! facts. The expectations are computed from this.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::data::{Bundle, Entry, Facts, with_server_references};

/// The number of a resource in the population.
pub type Index = usize;

/// All resources that were imported.
pub struct Population<'a> {
    resources: Vec<Held<'a>>,
    by_address: HashMap<String, Index>,
    by_source_key: HashMap<&'a str, Index>,
}

/// A resource that the server holds.
pub struct Held<'a> {
    /// Its address on the server, relative to the base: `Type/id`.
    pub address: String,
    /// The bundle that brought it.
    pub bundle: &'a Bundle,
    /// Its entry there.
    pub entry: &'a Entry,
}

impl Held<'_> {
    /// Its id on the server.
    pub fn id(&self) -> &str {
        self.address.split_once('/').map_or("", |(_, id)| id)
    }

    /// What the benchmark knows of it.
    pub fn facts(&self) -> &Facts {
        &self.entry.facts
    }
}

#[derive(Deserialize)]
struct ResponseBundle {
    #[serde(default)]
    entry: Vec<ResponseEntry>,
}

#[derive(Deserialize)]
struct ResponseEntry {
    response: EntryResponse,
}

#[derive(Deserialize)]
struct EntryResponse {
    status: String,
    location: Option<String>,
}

impl<'a> Population<'a> {
    /// A population without resources.
    pub fn new() -> Population<'a> {
        Population {
            resources: Vec::new(),
            by_address: HashMap::new(),
            by_source_key: HashMap::new(),
        }
    }

    /// Adds the resources of a bundle, by the server's answer to it. Gives back what is wrong with the answer.
    pub fn add(&mut self, bundle: &'a Bundle, answer: &[u8]) -> Vec<String> {
        let answer: ResponseBundle = match serde_json::from_slice(answer) {
            Ok(answer) => answer,
            Err(error) => {
                return vec![format!(
                    "import: the answer to {} is not a Bundle: {error}",
                    bundle.name
                )];
            }
        };
        let mut wrong = Vec::new();
        if answer.entry.len() != bundle.entries.len() {
            let (got, sent) = (answer.entry.len(), bundle.entries.len());
            wrong.push(format!(
                "import: {} has {sent} entries, its answer {got}",
                bundle.name
            ));
        }
        for (entry, answered) in bundle.entries.iter().zip(answer.entry) {
            let location = answered
                .response
                .location
                .as_deref()
                .and_then(address_of_location);
            match location {
                Some(address) if answered.response.status.starts_with("20") => {
                    self.insert(bundle, entry, address)
                }
                _ => wrong.push(format!(
                    "import: a {} of {} was answered with status {:?} and location {:?}",
                    entry.resource_type, bundle.name, answered.response.status, answered.response.location
                )),
            }
        }
        wrong
    }

    fn insert(&mut self, bundle: &'a Bundle, entry: &'a Entry, address: String) {
        let index = self.resources.len();
        for key in &entry.source_keys {
            self.by_source_key.insert(key, index);
        }
        self.by_address.insert(address.clone(), index);
        self.resources.push(Held {
            address,
            bundle,
            entry,
        });
    }

    /// The resources of a bundle under the addresses `Type/N`, counted from 0.
    #[cfg(test)]
    pub fn of(bundle: &'a Bundle) -> Population<'a> {
        let mut population = Population::new();
        for (number, entry) in bundle.entries.iter().enumerate() {
            population.insert(bundle, entry, format!("{}/{number}", entry.resource_type));
        }
        population
    }

    /// How many resources there are.
    pub fn len(&self) -> usize {
        self.resources.len()
    }

    /// The resource with a number.
    pub fn get(&self, index: Index) -> &Held<'a> {
        &self.resources[index]
    }

    /// All resources with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (Index, &Held<'a>)> {
        self.resources.iter().enumerate()
    }

    /// The resource at an address of the server.
    pub fn at(&self, address: &str) -> Option<Index> {
        self.by_address.get(address).copied()
    }

    /// The resource that a reference of Synthea's means.
    pub fn referred(&self, reference: &str) -> Option<Index> {
        self.by_source_key.get(reference).copied()
    }

    /// The resource as the server should hold it: its references replaced, without `id` and `meta`.
    pub fn expected_content(&self, index: Index) -> Result<Value, serde_json::Error> {
        let held = self.get(index);
        let resource: Value = serde_json::from_slice(held.bundle.json(held.entry))?;
        let address = |key: &str| Some(Cow::Borrowed(self.get(self.referred(key)?).address.as_str()));
        Ok(without_server_elements(with_server_references(
            &resource, &address,
        )))
    }
}

/// A resource without what the server itself sets: the id, and of `meta` the version and its time.
pub fn without_server_elements(mut resource: Value) -> Value {
    if let Some(members) = resource.as_object_mut() {
        members.remove("id");
        if let Some(meta) = members.get_mut("meta").and_then(Value::as_object_mut) {
            meta.remove("versionId");
            meta.remove("lastUpdated");
            if meta.is_empty() {
                members.remove("meta");
            }
        }
    }
    resource
}

/// `Type/id` of a location: `[base/]Type/id[/_history/version]`.
fn address_of_location(location: &str) -> Option<String> {
    let current = location.split("/_history/").next().unwrap_or(location);
    let mut segments = current.rsplit('/');
    let (id, resource_type) = (segments.next()?, segments.next()?);
    (!id.is_empty() && resource_type.starts_with(|first: char| first.is_ascii_uppercase()))
        .then(|| format!("{resource_type}/{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_read_with_and_without_base_and_version() {
        for location in [
            "Patient/1",
            "Patient/1/_history/3",
            "http://h/fhir/Patient/1/_history/3",
            "/Patient/1",
        ] {
            assert_eq!(
                address_of_location(location).as_deref(),
                Some("Patient/1"),
                "{location}"
            );
        }
        assert_eq!(address_of_location("Patient/"), None);
        assert_eq!(address_of_location("1"), None);
    }
}
