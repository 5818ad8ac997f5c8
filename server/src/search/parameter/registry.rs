//! All search parameters of all resource types, each with the program that takes its values from a resource.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use super::definition::{Definition, definitions, is_indexed};
use super::{ParameterId, ParameterKind, SearchParameter};
use crate::resource::ResourceType;
use crate::search::path::{
    CompileError, ElementType, ElementTypes, Path, Program, compile, compile_component,
};

/// The parameters that the standard defines on every type and that storage answers from the resource's own row.
const APART: [&str; 2] = ["_id", "_lastUpdated"];

/// The end of the code under which the index for `:of-type` stands.
const OF_TYPE: &str = ":of-type";

/// The search parameters, in the order of resource types and codes.
#[derive(Debug)]
pub struct Registry {
    parameters: Vec<SearchParameter>,
    /// One for each parameter, in the same order.
    indexing: Vec<Indexing>,
    /// Where the parameters of each resource type stand.
    ranges: Vec<Range<usize>>,
}

/// How a parameter's values are taken from a resource.
#[derive(Debug, PartialEq)]
pub(in crate::search) struct Indexing {
    /// What its expression selects.
    pub program: Program,
    /// The parameter that holds the typed identifiers among its values.
    pub of_type: Option<ParameterId>,
    /// For composites: where the components stand in the elements that the expression selects.
    pub components: Vec<Vec<Path>>,
}

/// Why the definitions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// An expression cannot be followed.
    #[error("failed to compile the search parameter {id} for {resource_type}")]
    Compile {
        /// The definition's id.
        id: &'static str,
        /// The resource type.
        resource_type: ResourceType,
        /// What is wrong.
        source: CompileError,
    },
    /// No element that an expression selects has values of the parameter's kind.
    #[error("the search parameter {id} selects nothing of its kind in {resource_type}")]
    SelectsNothing {
        /// The definition's id.
        id: &'static str,
        /// The resource type.
        resource_type: ResourceType,
    },
    /// A composite names a component that is not defined for the same type.
    #[error("the search parameter {id} has the unknown component {component}")]
    UnknownComponent {
        /// The composite's id.
        id: &'static str,
        /// The component's id.
        component: &'static str,
    },
}

impl Registry {
    /// The parameters of R4. The first call compiles all expressions, which takes some milliseconds.
    pub fn r4() -> &'static Registry {
        static REGISTRY: OnceLock<Registry> = OnceLock::new();
        #[expect(
            clippy::expect_used,
            reason = "the definitions are part of the program, and a test builds the registry"
        )]
        REGISTRY.get_or_init(|| Registry::build().expect("the definitions of R4 are complete"))
    }

    /// The parameter of this type with this code, as in `Patient?code=…`.
    pub fn find(&self, resource_type: ResourceType, code: &str) -> Option<&SearchParameter> {
        let range = self.range(resource_type);
        let parameters = self.parameters.get(range)?;
        let index = parameters
            .binary_search_by(|parameter| parameter.code.as_str().cmp(code))
            .ok()?;
        parameters.get(index)
    }

    /// The parameter with this id. Ids are handed out by this registry alone; another one's id may name another
    /// parameter or, beyond the last one, the last one.
    pub fn get(&self, id: ParameterId) -> &SearchParameter {
        let index = usize::from(id.0).min(self.parameters.len().saturating_sub(1));
        &self.parameters[index]
    }

    /// The parameters that clients may name for this type; `_id` and `_lastUpdated` are not among them.
    pub fn of(&self, resource_type: ResourceType) -> impl Iterator<Item = &SearchParameter> {
        self.parameters[self.range(resource_type)]
            .iter()
            .filter(|parameter| !parameter.code.contains(':'))
    }

    /// Everything that is indexed, in the order of the ids; also what clients cannot name.
    pub fn all(&self) -> &[SearchParameter] {
        &self.parameters
    }

    /// The index of the modifier `:of-type` of a token parameter; `None` when it holds no identifiers.
    pub fn of_type(&self, parameter: ParameterId) -> Option<ParameterId> {
        self.indexing.get(usize::from(parameter.0))?.of_type
    }

    /// The parameters of this type with how their values are taken, also those that clients cannot name.
    pub(in crate::search) fn indexing(
        &self,
        resource_type: ResourceType,
    ) -> impl Iterator<Item = (&SearchParameter, &Indexing)> {
        let range = self.range(resource_type);
        self.parameters[range.clone()].iter().zip(&self.indexing[range])
    }

    fn range(&self, resource_type: ResourceType) -> Range<usize> {
        let index = usize::try_from(resource_type.number() - 1).unwrap_or_default();
        self.ranges.get(index).cloned().unwrap_or_default()
    }

    fn build() -> Result<Registry, RegistryError> {
        let types = ElementTypes::r4();
        let mut drafts = Vec::new();
        for definition in definitions() {
            if definition.expression.is_empty() || APART.contains(&definition.code) {
                continue;
            }
            for resource_type in definition.resource_types() {
                let draft = Draft::compile(&types, resource_type, definition)?;
                drafts.extend(draft.of_type());
                drafts.push(draft);
            }
        }
        drafts
            .sort_by(|left, right| (left.resource_type, &left.code).cmp(&(right.resource_type, &right.code)));
        Registry::from_drafts(drafts)
    }

    fn from_drafts(drafts: Vec<Draft>) -> Result<Registry, RegistryError> {
        let position = |index: usize| ParameterId(u16::try_from(index).unwrap_or(u16::MAX));
        let by_code: HashMap<(ResourceType, &str), ParameterId> = drafts
            .iter()
            .enumerate()
            .map(|(index, draft)| ((draft.resource_type, draft.code.as_str()), position(index)))
            .collect();
        let by_definition: HashMap<(ResourceType, &str), ParameterId> = drafts
            .iter()
            .enumerate()
            .filter(|(_, draft)| !draft.code.contains(':'))
            .map(|(index, draft)| ((draft.resource_type, draft.definition.id), position(index)))
            .collect();
        let kinds: Vec<ParameterKind> = drafts.iter().map(|draft| draft.definition.kind).collect();
        let mut of_types = Vec::with_capacity(drafts.len());
        let mut components = Vec::with_capacity(drafts.len());
        for draft in &drafts {
            let of_type = format!("{}{OF_TYPE}", draft.code);
            of_types.push(by_code.get(&(draft.resource_type, of_type.as_str())).copied());
            components.push(draft.component_ids(&by_definition)?);
        }
        let mut registry = Registry {
            parameters: Vec::with_capacity(drafts.len()),
            indexing: Vec::with_capacity(drafts.len()),
            ranges: ranges(&drafts),
        };
        let rest = drafts.into_iter().zip(of_types).zip(components).enumerate();
        for (index, ((mut draft, of_type), components)) in rest {
            for (paths, component) in draft.components.iter_mut().zip(&components) {
                paths.retain(|path| is_indexed(kinds[usize::from(component.0)], path.element_type));
            }
            registry.parameters.push(SearchParameter {
                holds_canonical: draft.holds_canonical(),
                id: position(index),
                resource_type: draft.resource_type,
                code: draft.code,
                url: draft.definition.url(),
                kind: draft.definition.kind,
                targets: draft.definition.targets(),
                components,
            });
            registry.indexing.push(Indexing {
                program: draft.program,
                of_type,
                components: draft.components,
            });
        }
        Ok(registry)
    }
}

fn ranges(drafts: &[Draft]) -> Vec<Range<usize>> {
    ResourceType::all()
        .map(|resource_type| {
            let start = drafts.partition_point(|draft| draft.resource_type < resource_type);
            let end = drafts.partition_point(|draft| draft.resource_type <= resource_type);
            start..end
        })
        .collect()
}

/// A parameter before it has its place.
struct Draft {
    resource_type: ResourceType,
    code: String,
    definition: Definition,
    program: Program,
    components: Vec<Vec<Path>>,
}

impl Draft {
    fn compile(
        types: &ElementTypes,
        resource_type: ResourceType,
        definition: Definition,
    ) -> Result<Draft, RegistryError> {
        let failed = |source| RegistryError::Compile {
            id: definition.id,
            resource_type,
            source,
        };
        let mut program = compile(types, resource_type, definition.expression).map_err(failed)?;
        if let Program::Elements(paths) = &mut program {
            paths.retain(|path| is_indexed(definition.kind, path.element_type));
            if paths.is_empty() {
                return Err(RegistryError::SelectsNothing {
                    id: definition.id,
                    resource_type,
                });
            }
        }
        let components = definition
            .components()
            .map(|(_, expression)| {
                compile_component(types, resource_type, definition.expression, expression).map_err(failed)
            })
            .collect::<Result<_, _>>()?;
        Ok(Draft {
            resource_type,
            code: definition.code.to_owned(),
            definition,
            program,
            components,
        })
    }

    /// The parameter under which the identifiers among this one's values stand by their types.
    fn of_type(&self) -> Option<Draft> {
        let Program::Elements(paths) = &self.program else {
            return None;
        };
        let has_identifiers = self.definition.kind == ParameterKind::Token
            && paths
                .iter()
                .any(|path| path.element_type == ElementType::Identifier);
        has_identifiers.then(|| Draft {
            resource_type: self.resource_type,
            code: format!("{}{OF_TYPE}", self.code),
            definition: self.definition,
            program: Program::Elements(Vec::new()),
            components: Vec::new(),
        })
    }

    /// Whether references are given by canonical URLs.
    fn holds_canonical(&self) -> bool {
        let is_url = |path: &Path| matches!(path.element_type, ElementType::Canonical | ElementType::Uri);
        match &self.program {
            Program::Elements(paths) if self.definition.kind == ParameterKind::Reference => {
                paths.iter().any(is_url)
            }
            _ => false,
        }
    }

    fn component_ids(
        &self,
        by_definition: &HashMap<(ResourceType, &str), ParameterId>,
    ) -> Result<Vec<ParameterId>, RegistryError> {
        self.definition
            .components()
            .map(|(component, _)| {
                by_definition
                    .get(&(self.resource_type, component))
                    .copied()
                    .ok_or(RegistryError::UnknownComponent {
                        id: self.definition.id,
                        component,
                    })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource_type(name: &str) -> ResourceType {
        ResourceType::parse(name).unwrap()
    }

    #[test]
    fn holds_every_parameter_of_the_standard_that_has_an_expression() {
        let without: Vec<&str> = definitions()
            .filter(|definition| definition.expression.is_empty())
            .map(|definition| definition.code)
            .collect();
        assert_eq!(without, ["_text", "_content", "_query"]);
        let mut expected = 0;
        for definition in definitions() {
            for resource_type in definition.resource_types() {
                let found = Registry::r4().find(resource_type, definition.code);
                let indexed = !definition.expression.is_empty() && !APART.contains(&definition.code);
                assert_eq!(found.is_some(), indexed, "{resource_type} {}", definition.code);
                if let Some(parameter) = found {
                    assert_eq!(parameter.url, definition.url());
                    assert_eq!(Registry::r4().get(parameter.id).code, definition.code);
                    expected += 1;
                }
            }
        }
        let named: usize = ResourceType::all()
            .map(|resource_type| Registry::r4().of(resource_type).count())
            .sum();
        assert_eq!(named, expected);
        assert_eq!(definitions().count(), 1375);
    }

    #[test]
    fn composites_know_their_components_and_identifiers_their_types() {
        let registry = Registry::r4();
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
}
