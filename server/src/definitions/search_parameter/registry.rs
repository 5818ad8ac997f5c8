//! All search parameters of all resource types, each with the program that takes its values from a resource.

use super::definition::SearchParameterDefinition;
use super::draft::Drafts;
use super::{ParameterId, SearchParameter, SearchParameterError};
use crate::definitions::path::{Path, Program};
use crate::definitions::shared_list::SharedList;
use crate::definitions::structure::Structures;
use crate::resource::ResourceType;

/// The parameters that the standard defines on every type and that storage answers from the resource's own row.
const APART: [&str; 2] = ["_id", "_lastUpdated"];

/// More than R4's search parameters are in all their types; room that is not used costs nothing.
const CAPACITY: usize = 4096;

/// The search parameters. Those of the standard stand in the order of resource types and codes, and those that were
/// added after them, so that a registry that extends another one has the same parameters under the same ids.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    entries: SharedList<Entry>,
    /// The places of each resource type's parameters, in the order of their codes.
    places: Vec<Vec<ParameterId>>,
}

/// A parameter, and how its values are taken from a resource.
#[derive(Debug)]
pub(super) struct Entry {
    pub parameter: SearchParameter,
    pub indexing: Indexing,
}

/// How a parameter's values are taken from a resource.
#[derive(Debug, PartialEq)]
pub(crate) struct Indexing {
    /// What its expression selects.
    pub program: Program,
    /// The parameter that holds the typed identifiers among its values.
    pub of_type: Option<ParameterId>,
    /// For composites: where the components stand in the elements that the expression selects.
    pub components: Vec<Vec<Path>>,
}

impl Registry {
    /// The parameters of R4.
    ///
    /// # Errors
    /// When a definition cannot be used.
    pub fn r4(structures: &Structures) -> Result<Registry, SearchParameterError> {
        let mut drafts = Drafts::with_capacity(CAPACITY);
        for definition in SearchParameterDefinition::r4() {
            let definition = definition?;
            if !definition.expression.is_empty() && !APART.contains(&definition.code.as_str()) {
                drafts.add(structures, &definition)?;
            }
        }
        let entries = drafts.link(&Registry::default())?;
        let mut places = vec![Vec::new(); ResourceType::all().count()];
        for Entry { parameter, .. } in &entries {
            places[place(parameter.resource_type)].push(parameter.id);
        }
        Ok(Registry {
            entries: entries.into(),
            places,
        })
    }

    /// These parameters and the one that `definition` defines. What is here stays under its ids.
    ///
    /// # Errors
    /// When the definition cannot be used; each error says what to write instead.
    pub fn with(
        &self,
        structures: &Structures,
        definition: &SearchParameterDefinition,
    ) -> Result<Registry, SearchParameterError> {
        definition.check()?;
        for resource_type in definition.resource_types()? {
            if let Some(holder) = self.find(resource_type, &definition.code) {
                return Err(SearchParameterError::CodeTaken {
                    url: definition.url.clone(),
                    code: definition.code.clone(),
                    resource_type,
                    holder: holder.url.to_string(),
                });
            }
        }
        let mut drafts = Drafts::default();
        drafts.add(structures, definition)?;
        let mut extended = self.clone();
        for entry in drafts.link(self)? {
            let Entry { parameter, .. } = &entry;
            let index = place(parameter.resource_type);
            let at = extended.places[index].partition_point(|id| extended.get(*id).code < parameter.code);
            extended.places[index].insert(at, parameter.id);
            extended.entries.push(entry);
        }
        Ok(extended)
    }

    /// The parameter of this type with this code, as in `Patient?code=…`.
    pub fn find(&self, resource_type: ResourceType, code: &str) -> Option<&SearchParameter> {
        let places = self.places(resource_type);
        let index = places
            .binary_search_by(|id| self.get(*id).code.as_str().cmp(code))
            .ok()?;
        places.get(index).map(|id| self.get(*id))
    }

    /// The parameter with this id. Ids are handed out by this registry alone and hold in those that extend it; another
    /// one's id may name another parameter or, beyond the last one, the last one.
    pub fn get(&self, id: ParameterId) -> &SearchParameter {
        &self.entry(id).parameter
    }

    /// The parameters that clients may name for this type; `_id` and `_lastUpdated` are not among them.
    pub fn of(&self, resource_type: ResourceType) -> impl Iterator<Item = &SearchParameter> {
        self.places(resource_type)
            .iter()
            .map(|id| self.get(*id))
            .filter(|parameter| parameter.is_named())
    }

    /// Everything that is indexed, in the order of the ids; also what clients cannot name.
    pub fn all(&self) -> impl Iterator<Item = &SearchParameter> {
        self.entries.iter().map(|entry| &entry.parameter)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// The index of the modifier `:of-type` of a token parameter; `None` when it holds no identifiers.
    pub fn of_type(&self, parameter: ParameterId) -> Option<ParameterId> {
        self.entries.get(usize::from(parameter.0))?.indexing.of_type
    }

    /// The parameters of this type with how their values are taken, also those that clients cannot name.
    pub(crate) fn indexing(
        &self,
        resource_type: ResourceType,
    ) -> impl Iterator<Item = (&SearchParameter, &Indexing)> {
        self.places(resource_type).iter().map(|id| {
            let entry = self.entry(*id);
            (&entry.parameter, &entry.indexing)
        })
    }

    fn entry(&self, id: ParameterId) -> &Entry {
        &self.entries[usize::from(id.0).min(self.entries.len().saturating_sub(1))]
    }

    fn places(&self, resource_type: ResourceType) -> &[ParameterId] {
        self.places.get(place(resource_type)).map_or(&[], Vec::as_slice)
    }
}

/// Where the parameters of a resource type are listed.
fn place(resource_type: ResourceType) -> usize {
    usize::try_from(resource_type.number() - 1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;
    use crate::definitions::search_parameter::ParameterKind;
    use crate::definitions::search_parameter::definition::ComponentDefinition;

    fn resource_type(name: &str) -> ResourceType {
        ResourceType::parse(name).unwrap()
    }

    #[test]
    fn holds_every_parameter_of_the_standard_that_has_an_expression() {
        let definitions: Vec<SearchParameterDefinition> =
            SearchParameterDefinition::r4().map(Result::unwrap).collect();
        let without: Vec<&str> = definitions
            .iter()
            .filter(|definition| definition.expression.is_empty())
            .map(|definition| definition.code.as_str())
            .collect();
        assert_eq!(without, ["_text", "_content", "_query"]);
        let registry = fixture::r4().search_parameters();
        let mut expected = 0;
        for definition in &definitions {
            for resource_type in definition.resource_types().unwrap() {
                let found = registry.find(resource_type, &definition.code);
                let indexed = !definition.expression.is_empty() && !APART.contains(&definition.code.as_str());
                assert_eq!(found.is_some(), indexed, "{resource_type} {}", definition.code);
                if let Some(parameter) = found {
                    assert_eq!(*parameter.url, *definition.url);
                    assert_eq!(registry.get(parameter.id).code, definition.code);
                    expected += 1;
                }
            }
        }
        let named: usize = ResourceType::all()
            .map(|resource_type| registry.of(resource_type).count())
            .sum();
        assert_eq!(named, expected);
        assert_eq!(definitions.len(), 1375);
    }

    #[test]
    fn composites_know_their_components_and_identifiers_their_types() {
        let registry = fixture::r4().search_parameters();
        let composite = registry
            .find(resource_type("Observation"), "code-value-quantity")
            .unwrap();
        let codes: Vec<&str> = composite
            .components
            .iter()
            .map(|id| registry.get(*id).code.as_str())
            .collect();
        assert_eq!(codes, ["code", "value-quantity"]);
        let identifier = registry.find(resource_type("Patient"), "identifier").unwrap();
        let of_type = registry.of_type(identifier.id).unwrap();
        assert_eq!(registry.get(of_type).code, "identifier:of-type");
        let gender = registry.find(resource_type("Patient"), "gender").unwrap();
        assert_eq!(registry.of_type(gender.id), None);
        assert!(
            registry
                .of(resource_type("Patient"))
                .all(|parameter| !parameter.code.contains(':'))
        );
    }

    #[test]
    fn every_component_of_the_standard_has_values_of_its_kind() {
        let registry = fixture::r4().search_parameters();
        for resource_type in ResourceType::all() {
            for (parameter, indexing) in registry.indexing(resource_type) {
                let without = indexing.components.iter().position(Vec::is_empty);
                assert_eq!(without, None, "{resource_type} {}", parameter.code);
            }
        }
    }

    fn definition(url: &str, kind: ParameterKind, base: &str, expression: &str) -> SearchParameterDefinition {
        SearchParameterDefinition {
            url: format!("http://a.example/{url}"),
            code: url.to_owned(),
            kind,
            base: base.split(' ').map(str::to_owned).collect(),
            target: Vec::new(),
            expression: expression.to_owned(),
            component: Vec::new(),
        }
    }

    fn component(definition: &str, expression: &str) -> ComponentDefinition {
        ComponentDefinition {
            definition: definition.to_owned(),
            expression: expression.to_owned(),
        }
    }

    #[test]
    fn an_added_parameter_is_found_by_its_code_and_refers_to_any_other() {
        let structures = fixture::r4().structures();
        let standard = fixture::r4().search_parameters();
        let ward = definition(
            "ward",
            ParameterKind::Token,
            "Patient Group",
            "Patient.contact.relationship | Group.identifier",
        );
        let mut pair = definition("pair", ParameterKind::Composite, "Patient", "Patient.contact");
        pair.component = vec![
            component("http://a.example/ward", "relationship"),
            component("http://hl7.org/fhir/SearchParameter/individual-gender", "gender"),
        ];
        let extended = standard
            .with(structures, &ward)
            .unwrap()
            .with(structures, &pair)
            .unwrap();
        let find = |name: &str, code: &str| extended.find(resource_type(name), code);
        let (patient, group) = (find("Patient", "ward").unwrap(), find("Group", "ward").unwrap());
        assert_eq!(extended.of_type(patient.id), None);
        let of_type = extended.of_type(group.id).unwrap();
        assert_eq!(extended.get(of_type).code, "ward:of-type");
        let pair = find("Patient", "pair").unwrap();
        assert_eq!(
            pair.components,
            [
                patient.id,
                standard.find(resource_type("Patient"), "gender").unwrap().id
            ]
        );
        for parameter in standard.all() {
            assert_eq!(extended.get(parameter.id).code, parameter.code);
            let found = extended.find(parameter.resource_type, &parameter.code).unwrap();
            assert_eq!(found.id, parameter.id);
        }
        assert!(standard.find(resource_type("Patient"), "ward").is_none());
    }

    #[test]
    fn what_cannot_be_used_says_what_to_write() {
        let structures = fixture::r4().structures();
        let standard = fixture::r4().search_parameters();
        use ParameterKind::{Composite, Date, Special, String, Token};
        for (definition, expected) in [
            (
                definition("gender", Token, "Patient", "Patient.gender"),
                "the code gender of Patient is that of http://hl7.org/fhir/SearchParameter/individual-gender; write another code",
            ),
            (
                definition("x:y", Token, "Patient", "Patient.gender"),
                "\"x:y\" cannot be a code",
            ),
            (
                definition("_x", Token, "Patient", "Patient.gender"),
                "\"_x\" cannot be a code",
            ),
            (
                definition("x", Token, "Pasient", "Patient.gender"),
                "FHIR R4 has no resource type \"Pasient\"",
            ),
            (
                definition("x", Date, "Patient", "Patient.gender"),
                "what the expression selects in Patient has no values of type date",
            ),
            (
                definition(
                    "x",
                    String,
                    "Patient",
                    "Patient.deceased.exists() and Patient.deceased != false",
                ),
                "what the expression selects in Patient has no values of type string",
            ),
            (
                definition("x", String, "Patient", "Patient.nome"),
                "the expression cannot be used for Patient: Patient has no element nome",
            ),
            (
                definition("x", String, "Patient", "Patient.name.given.first()"),
                "the expression cannot be used for Patient: first cannot be used",
            ),
            (
                definition("x", Special, "Patient", "Patient.name"),
                "a parameter of type special cannot be added",
            ),
            (
                definition("x", Composite, "Patient", "Patient.contact"),
                "a composite has components",
            ),
            (
                SearchParameterDefinition {
                    component: vec![component("http://a.example/none", "gender")],
                    ..definition("x", Composite, "Patient", "Patient.contact")
                },
                "Patient has no search parameter http://a.example/none; add it first",
            ),
            (
                SearchParameterDefinition {
                    base: Vec::new(),
                    ..definition("x", Token, "Patient", "Patient.gender")
                },
                "base is missing",
            ),
        ] {
            let told = standard.with(structures, &definition).unwrap_err().to_string();
            let expected = format!("{}: {expected}", definition.url);
            assert!(
                told.starts_with(&expected),
                "expected {expected}\n     got {told}"
            );
        }
    }
}
