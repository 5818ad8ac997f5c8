//! Which codes of a CodeSystem stand above and below which: concepts in concepts, and the property `parent`.
//! <http://hl7.org/fhir/R4/codesystem.html#hierarchy>

use std::collections::{BTreeMap, BTreeSet};

use super::{Source, Sources, Unresolved, refused};
use crate::resource::Json;

/// The codes of a code system, each with those directly above it.
#[derive(Debug, Default)]
pub struct Hierarchy {
    above: BTreeMap<String, BTreeSet<String>>,
    /// Whether the system says that case does not count.
    without_case: bool,
}

impl Hierarchy {
    /// The hierarchy of `system`.
    ///
    /// # Errors
    /// When the CodeSystem must be read, or is not there.
    pub fn of(system: &str, sources: &Sources) -> Result<Hierarchy, Unresolved> {
        let source = Source::CodeSystem(system.to_owned());
        match sources.get(&source) {
            None => Err(Unresolved::Needs(source)),
            Some(None) => Err(refused(&format!(
                "the codes themselves, or store the CodeSystem first; there is none with the url {system}"
            ))),
            Some(Some(code_system)) => {
                let case_sensitive = code_system.get("caseSensitive").and_then(Json::as_bool);
                let mut hierarchy = Hierarchy {
                    above: BTreeMap::new(),
                    without_case: case_sensitive == Some(false),
                };
                hierarchy.add(code_system, None);
                Ok(hierarchy)
            }
        }
    }

    /// The code as the system writes it, if it is one of its codes.
    pub fn spelled<'a>(&'a self, code: &'a str) -> Option<&'a str> {
        if self.above.contains_key(code) {
            return Some(code);
        }
        let mut codes = self.above.keys().filter(|_| self.without_case);
        codes
            .find(|one| one.eq_ignore_ascii_case(code))
            .map(String::as_str)
    }

    /// All codes of the system, whatever their place.
    pub fn all(&self) -> BTreeSet<String> {
        self.above.keys().cloned().collect()
    }

    /// The code and all that stand above it.
    pub fn above(&self, code: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![self.spelled(code).unwrap_or(code)];
        while let Some(code) = open.pop() {
            if found.insert(code.to_owned())
                && let Some(parents) = self.above.get(code)
            {
                open.extend(parents.iter().map(String::as_str));
            }
        }
        found
    }

    /// The code and all that stand below it.
    pub fn below(&self, code: &str) -> BTreeSet<String> {
        let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (child, parents) in &self.above {
            for parent in parents {
                children.entry(parent).or_default().push(child);
            }
        }
        let mut found = BTreeSet::new();
        let mut open = vec![self.spelled(code).unwrap_or(code)];
        while let Some(code) = open.pop() {
            if found.insert(code.to_owned()) {
                open.extend(children.get(code).into_iter().flatten());
            }
        }
        found
    }

    /// Adds the concepts in `holder`. A resource is nested no deeper than its JSON may be.
    fn add(&mut self, holder: &Json, parent: Option<&str>) {
        let concepts = holder.get("concept").and_then(Json::as_array).unwrap_or_default();
        for concept in concepts {
            let Some(code) = concept.get("code").and_then(Json::as_str) else {
                continue;
            };
            let properties = concept
                .get("property")
                .and_then(Json::as_array)
                .unwrap_or_default();
            let named =
                |property: &Json, name: &str| property.get("code").and_then(Json::as_str) == Some(name);
            let values = |name: &'static str| {
                properties
                    .iter()
                    .filter(move |property| named(property, name))
                    .filter_map(|property| property.get("valueCode")?.as_str())
            };
            let parents = self.above.entry(code.to_owned()).or_default();
            parents.extend(parent.map(str::to_owned));
            parents.extend(values("parent").map(str::to_owned));
            for child in values("child") {
                self.above
                    .entry(child.to_owned())
                    .or_default()
                    .insert(code.to_owned());
            }
            self.add(concept, Some(code));
        }
    }
}
