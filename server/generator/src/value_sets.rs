//! The value sets that elements are bound to with strength `required`, spelled out:
//! <http://hl7.org/fhir/R4/terminologies.html#required>.
//!
//! One line for each code system that a value set takes codes from: the value set's id, the system, its codes.
//! Of value sets that the package does not enumerate (media types, languages, currencies, UCUM) there is the system
//! without codes, if it is one; the others are left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use serde_json::Value;

use crate::package::{Package, PackageError, items, text};

/// The codes of value sets larger than this are left out.
const MAXIMUM_CODES: usize = 300;

/// A value set's id and, for each code system, its codes.
pub struct ValueSet {
    /// The id, the last segment of its URL.
    pub id: String,
    /// Whether all codes are there; else there is the one system that they are of.
    pub is_enumerated: bool,
    codes: BTreeMap<String, Vec<String>>,
}

/// The lines of `value-sets.tsv`.
pub fn facts(package: &Package) -> Result<String, PackageError> {
    let mut out = String::new();
    for value_set in required(package)?.values() {
        for (system, codes) in &value_set.codes {
            let fields = [&[value_set.id.clone(), system.clone()][..], codes].concat();
            // Writing to a String cannot fail.
            writeln!(out, "{}", fields.join("\t")).ok();
        }
    }
    Ok(out)
}

/// The value sets of required bindings by URL.
pub fn required(package: &Package) -> Result<BTreeMap<String, ValueSet>, PackageError> {
    let mut bound = BTreeSet::new();
    for structure in package.structures()? {
        for element in items(&structure["snapshot"], "element") {
            bound.extend(required_binding(element).map(str::to_owned));
        }
    }
    let mut systems = HashMap::new();
    for system in package.resources("CodeSystem") {
        let system = system?;
        if system["content"] == "complete" {
            systems.insert(text(&system, "url")?.to_owned(), concepts(&system));
        }
    }
    let mut value_sets = BTreeMap::new();
    for definition in package.resources("ValueSet") {
        let definition = definition?;
        let Some(url) = definition["url"].as_str().filter(|url| bound.contains(*url)) else {
            continue;
        };
        let codes = codes(&definition, &systems)?;
        let is_enumerated = codes.is_some();
        let system = || {
            Some(BTreeMap::from([(
                only_system(&definition)?.to_owned(),
                Vec::new(),
            )]))
        };
        if let Some(codes) = codes.or_else(system) {
            let id = text(&definition, "id")?.to_owned();
            let value_set = ValueSet {
                id,
                is_enumerated,
                codes,
            };
            value_sets.insert(url.to_owned(), value_set);
        }
    }
    Ok(value_sets)
}

/// The URL, without its version, of the value set that `element` is bound to with strength `required`.
pub fn required_binding(element: &Value) -> Option<&str> {
    let binding = &element["binding"];
    if binding["strength"] != "required" {
        return None;
    }
    binding["valueSet"].as_str()?.split('|').next()
}

/// All codes of a value set by system; `None` when they cannot be told from the package or are too many.
fn codes(
    definition: &Value,
    systems: &HashMap<String, Vec<String>>,
) -> Result<Option<BTreeMap<String, Vec<String>>>, PackageError> {
    let mut codes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if definition["compose"].get("exclude").is_some() {
        return Ok(None);
    }
    for include in items(&definition["compose"], "include") {
        if include.get("filter").is_some() || include.get("valueSet").is_some() {
            return Ok(None);
        }
        let system = text(include, "system")?;
        let listed = if include.get("concept").is_some() {
            concepts(include)
        } else if let Some(all) = systems.get(system) {
            all.clone()
        } else {
            return Ok(None);
        };
        codes.entry(system.to_owned()).or_default().extend(listed);
    }
    for listed in codes.values_mut() {
        listed.sort();
        listed.dedup();
    }
    let count: usize = codes.values().map(Vec::len).sum();
    Ok((1..=MAXIMUM_CODES).contains(&count).then_some(codes))
}

/// The system that all codes of a value set are of, if it is one.
fn only_system(definition: &Value) -> Option<&str> {
    let included = items(&definition["compose"], "include");
    let system = included.first()?["system"].as_str()?;
    included
        .iter()
        .all(|include| include["system"] == system && include["valueSet"].is_null())
        .then_some(system)
}

/// The codes of `concept`, those of concepts below concepts included.
fn concepts(holder: &Value) -> Vec<String> {
    let mut codes = Vec::new();
    for concept in items(holder, "concept") {
        codes.extend(concept["code"].as_str().map(str::to_owned));
        codes.extend(concepts(concept));
    }
    codes
}
