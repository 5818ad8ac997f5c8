//! The codes of a ValueSet: what its definition includes and excludes, or else, where that cannot be told, its stored
//! expansion.
//! <http://hl7.org/fhir/R4/valueset.html#compositions>

use std::collections::BTreeSet;

use super::hierarchy::Hierarchy;
use super::{Source, Sources, Unresolved, refused};
use crate::resource::Json;

/// Codes, each with its system, and code systems as a whole.
#[derive(Debug, Clone, Default)]
pub struct CodeSet {
    codes: BTreeSet<(String, String)>,
    systems: BTreeSet<String>,
}

impl CodeSet {
    /// These codes of one system.
    pub fn of_codes(system: &str, codes: BTreeSet<String>) -> CodeSet {
        CodeSet {
            codes: codes.into_iter().map(|code| (system.to_owned(), code)).collect(),
            systems: BTreeSet::new(),
        }
    }

    /// The codes of the ValueSet `url`, which may include others, `depth` deep.
    ///
    /// # Errors
    /// When something must be read, is not there, or is defined in a way that we do not know.
    pub fn of_value_set(url: &str, sources: &Sources, depth: usize) -> Result<CodeSet, Unresolved> {
        let source = Source::ValueSet(url.to_owned());
        let value_set = match sources.get(&source) {
            None => return Err(Unresolved::Needs(source)),
            Some(None) => {
                return Err(refused(&format!(
                    "a ValueSet that is stored here; there is no {url}"
                )));
            }
            Some(Some(value_set)) => value_set,
        };
        if depth == 0 {
            return Err(refused("a ValueSet with fewer included ValueSets"));
        }
        let expansion = value_set.get("expansion").map(|expansion| {
            let mut codes = CodeSet::default();
            codes.add_expansion(expansion);
            codes
        });
        let Some(compose) = value_set.get("compose") else {
            return Ok(expansion.unwrap_or_default());
        };
        match (CodeSet::of_compose(compose, sources, depth), expansion) {
            // What others have expanded is better than nothing.
            (Err(Unresolved::Refused(_)), Some(expansion)) => Ok(expansion),
            (codes, _) => codes,
        }
    }

    fn of_compose(compose: &Json, sources: &Sources, depth: usize) -> Result<CodeSet, Unresolved> {
        let mut codes = CodeSet::default();
        for include in items(compose, "include") {
            codes = codes.union(CodeSet::of_component(include, sources, depth)?);
        }
        for exclude in items(compose, "exclude") {
            codes = codes.without(&CodeSet::of_component(exclude, sources, depth)?, sources)?;
        }
        Ok(codes)
    }

    /// Code systems as a whole, by their canonical URLs.
    pub fn systems(&self) -> impl Iterator<Item = &str> {
        self.systems.iter().map(String::as_str)
    }

    /// Codes that are told one by one, each after its system.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &str)> {
        let codes = self.codes.iter();
        codes.map(|(system, code)| (system.as_str(), code.as_str()))
    }

    /// `include` or `exclude`: what meets all that it says.
    fn of_component(component: &Json, sources: &Sources, depth: usize) -> Result<CodeSet, Unresolved> {
        let mut parts = Vec::new();
        if let Some(system) = text(component, "system") {
            let concepts: BTreeSet<String> = items(component, "concept")
                .iter()
                .filter_map(|concept| text(concept, "code").map(str::to_owned))
                .collect();
            let filters = items(component, "filter");
            if !concepts.is_empty() {
                parts.push(CodeSet::of_codes(system, concepts));
            } else if filters.is_empty() {
                parts.push(CodeSet {
                    codes: BTreeSet::new(),
                    systems: BTreeSet::from([system.to_owned()]),
                });
            }
            for filter in filters {
                parts.push(CodeSet::of_codes(system, filtered(filter, system, sources)?));
            }
        }
        for url in items(component, "valueSet").iter().filter_map(Json::as_str) {
            parts.push(CodeSet::of_value_set(url, sources, depth - 1)?);
        }
        Ok(parts
            .into_iter()
            .reduce(|left, right| left.intersection(&right))
            .unwrap_or_default())
    }

    fn add_expansion(&mut self, holder: &Json) {
        for contained in items(holder, "contains") {
            let is_abstract = contained.get("abstract").and_then(Json::as_bool) == Some(true);
            if let (Some(system), Some(code), false) =
                (text(contained, "system"), text(contained, "code"), is_abstract)
            {
                self.codes.insert((system.to_owned(), code.to_owned()));
            }
            self.add_expansion(contained);
        }
    }

    fn has(&self, code: &(String, String)) -> bool {
        self.codes.contains(code) || self.systems.contains(&code.0)
    }

    fn union(mut self, other: CodeSet) -> CodeSet {
        self.codes.extend(other.codes);
        self.systems.extend(other.systems);
        self
    }

    fn intersection(&self, other: &CodeSet) -> CodeSet {
        let shared = self.codes.union(&other.codes);
        CodeSet {
            codes: shared
                .filter(|code| self.has(code) && other.has(code))
                .cloned()
                .collect(),
            systems: self.systems.intersection(&other.systems).cloned().collect(),
        }
    }

    fn without(mut self, other: &CodeSet, sources: &Sources) -> Result<CodeSet, Unresolved> {
        for (system, _) in &other.codes {
            // Of a whole system from which codes are taken, the others must be told one by one.
            if self.systems.remove(system) {
                let all = Hierarchy::of(system, sources)?.all();
                self = self.union(CodeSet::of_codes(system, all));
            }
        }
        self.systems.retain(|system| !other.systems.contains(system));
        self.codes.retain(|code| !other.has(code));
        Ok(self)
    }
}

/// The codes of `system` that a filter lets through.
fn filtered(filter: &Json, system: &str, sources: &Sources) -> Result<BTreeSet<String>, Unresolved> {
    let value = text(filter, "value").unwrap_or_default();
    let is_about_concepts = matches!(text(filter, "property"), Some("concept" | "code"));
    let operation = text(filter, "op").unwrap_or_default();
    if !is_about_concepts {
        let instead = "a ValueSet whose filters are about concepts alone";
        return Err(refused(instead));
    }
    let hierarchy = Hierarchy::of(system, sources)?;
    let mut codes = match operation {
        "is-a" | "descendent-of" => hierarchy.below(value),
        "generalizes" => hierarchy.above(value),
        "=" => BTreeSet::from([value.to_owned()]),
        "is-not-a" => {
            let below = hierarchy.below(value);
            hierarchy.all().difference(&below).cloned().collect()
        }
        "in" => value.split(',').map(|code| code.trim().to_owned()).collect(),
        _ => {
            return Err(refused(&format!(
                "a ValueSet without the filter operation {operation}"
            )));
        }
    };
    if operation == "descendent-of" {
        codes.remove(hierarchy.spelled(value).unwrap_or(value));
    }
    Ok(codes)
}

fn items<'a>(holder: &'a Json, name: &str) -> &'a [Json] {
    holder.get(name).and_then(Json::as_array).unwrap_or_default()
}

fn text<'a>(holder: &'a Json, name: &str) -> Option<&'a str> {
    holder.get(name).and_then(Json::as_str)
}
