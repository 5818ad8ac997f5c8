//! A parameter on its way into a registry: its expressions compiled for one resource type, but without its id and without
//! those of the parameters that it refers to.

use std::collections::HashMap;

use super::definition::{ComponentDefinition, SearchParameterDefinition, is_indexed};
use super::registry::{Entry, Indexing, Registry};
use super::{ParameterId, ParameterKind, SearchParameter, SearchParameterError, WithoutCase};
use crate::definitions::path::{self, ElementType, Path, Program, Step};
use crate::definitions::structure::Structures;
use crate::resource::ResourceType;

/// The end of the code under which the index for `:of-type` stands.
const OF_TYPE: &str = ":of-type";

/// The code of the index of CodeSystems whose codes are compared without case: their URLs.
pub const SYSTEMS_WITHOUT_CASE: &str = "url:without-case";

/// A parameter of one type before it has its place.
pub struct Draft {
    resource_type: ResourceType,
    code: String,
    url: String,
    kind: ParameterKind,
    targets: Vec<ResourceType>,
    program: Program,
    components: Vec<Component>,
}

/// A component of a composite: the URL of its definition, and where its values stand.
struct Component {
    definition: String,
    paths: Vec<Path>,
}

/// What `definition` becomes in each of its resource types, and what serves its modifiers.
///
/// # Errors
/// When its expressions cannot be used for one of the types.
pub fn compile(
    structures: &Structures,
    definition: &SearchParameterDefinition,
) -> Result<Vec<Draft>, SearchParameterError> {
    let targets = definition.targets()?;
    let mut drafts = Vec::new();
    for resource_type in definition.resource_types()? {
        let draft = Draft::compile(structures, resource_type, definition, &targets)?;
        drafts.extend(draft.of_type());
        drafts.extend(draft.systems_without_case());
        drafts.push(draft);
    }
    Ok(drafts)
}

/// Gives the drafts their places after those of `existing`, and finds the parameters that they refer to among both.
///
/// # Errors
/// When a component is not there, or there are too many.
pub fn link(drafts: Vec<Draft>, existing: &Registry) -> Result<Vec<Entry>, SearchParameterError> {
    let mut ids = HashMap::with_capacity(drafts.len());
    let mut kinds = Vec::with_capacity(drafts.len());
    let mut by_url = HashMap::with_capacity(drafts.len());
    for (index, draft) in drafts.iter().enumerate() {
        let Ok(place) = u16::try_from(existing.count() + index) else {
            return Err(SearchParameterError::TooMany {
                url: draft.url.clone(),
            });
        };
        ids.insert(draft.key(), ParameterId(place));
        kinds.push(draft.kind);
        if !draft.code.contains(':') {
            by_url.insert((draft.resource_type, draft.url.as_str()), ParameterId(place));
        }
    }
    let of_types: Vec<Option<ParameterId>> = drafts.iter().map(|draft| draft.of_type_among(&ids)).collect();
    let own: Vec<ParameterId> = drafts.iter().map(|draft| ids[&draft.key()]).collect();
    let components: Vec<Vec<ParameterId>> = drafts
        .iter()
        .map(|draft| draft.component_ids(&by_url, existing))
        .collect::<Result<_, _>>()?;
    let kind = |id: ParameterId| match usize::from(id.0).checked_sub(existing.count()) {
        Some(index) => kinds[index],
        None => existing.get(id).kind,
    };
    let links = own.into_iter().zip(of_types).zip(components);
    Ok(drafts
        .into_iter()
        .zip(links)
        .map(|(draft, ((id, of_type), components))| draft.entry(id, of_type, components, kind))
        .collect())
}

impl Draft {
    /// What it is found by.
    pub fn key(&self) -> (ResourceType, &str) {
        (self.resource_type, &self.code)
    }

    fn compile(
        structures: &Structures,
        resource_type: ResourceType,
        definition: &SearchParameterDefinition,
        targets: &[ResourceType],
    ) -> Result<Draft, SearchParameterError> {
        let SearchParameterDefinition {
            url,
            code,
            kind,
            expression,
            component,
            ..
        } = definition;
        let failed = |source| SearchParameterError::Compile {
            url: url.clone(),
            resource_type,
            source,
        };
        let mut program = path::compile(structures, resource_type, expression).map_err(failed)?;
        let has_values = match &mut program {
            Program::Condition(_) => *kind == ParameterKind::Token,
            Program::Elements(paths) => {
                paths.retain(|path| is_indexed(*kind, &path.element_type));
                !paths.is_empty()
            }
        };
        if !has_values {
            return Err(SearchParameterError::SelectsNothing {
                url: url.clone(),
                kind: *kind,
                resource_type,
            });
        }
        let compiled = |component: &ComponentDefinition| -> Result<Component, SearchParameterError> {
            let of_component = &component.expression;
            let paths = path::compile_component(structures, resource_type, expression, of_component);
            Ok(Component {
                definition: component.definition.clone(),
                paths: paths.map_err(failed)?,
            })
        };
        let components = component.iter().map(compiled).collect::<Result<_, _>>()?;
        Ok(Draft {
            resource_type,
            code: code.clone(),
            url: url.clone(),
            kind: *kind,
            targets: targets.to_vec(),
            program,
            components,
        })
    }

    /// The parameter under which the identifiers among this one's values stand by their types.
    fn of_type(&self) -> Option<Draft> {
        let Program::Elements(paths) = &self.program else {
            return None;
        };
        let has_identifiers = self.kind == ParameterKind::Token
            && paths
                .iter()
                .any(|path| path.element_type == ElementType::Identifier);
        has_identifiers.then(|| Draft {
            resource_type: self.resource_type,
            code: format!("{}{OF_TYPE}", self.code),
            url: self.url.clone(),
            kind: self.kind,
            targets: Vec::new(),
            program: Program::Elements(Vec::new()),
            components: Vec::new(),
        })
    }

    /// The URLs of the CodeSystems whose codes are compared without case, <http://hl7.org/fhir/R4/codesystem.html#case>.
    fn systems_without_case(&self) -> Option<Draft> {
        let urls = self.paths_of(ParameterKind::Uri);
        if self.resource_type.name() != "CodeSystem" || self.code != "url" {
            return None;
        }
        let where_false = |path: &Path| Path {
            steps: [&[Step::WhereFalse("caseSensitive".into())][..], &path.steps[..]].concat(),
            ..path.clone()
        };
        Some(Draft {
            resource_type: self.resource_type,
            code: SYSTEMS_WITHOUT_CASE.to_owned(),
            url: self.url.clone(),
            kind: self.kind,
            targets: Vec::new(),
            program: Program::Elements(urls.iter().map(where_false).collect()),
            components: Vec::new(),
        })
    }

    fn of_type_among(&self, ids: &HashMap<(ResourceType, &str), ParameterId>) -> Option<ParameterId> {
        let code = format!("{}{OF_TYPE}", self.code);
        ids.get(&(self.resource_type, code.as_str())).copied()
    }

    fn component_ids(
        &self,
        by_url: &HashMap<(ResourceType, &str), ParameterId>,
        existing: &Registry,
    ) -> Result<Vec<ParameterId>, SearchParameterError> {
        let find = |url: &str| {
            let among_existing = || existing.of(self.resource_type).find(|one| one.url == url);
            let drafted = by_url.get(&(self.resource_type, url)).copied();
            drafted.or_else(|| among_existing().map(|parameter| parameter.id))
        };
        self.components
            .iter()
            .map(|component| {
                find(&component.definition).ok_or_else(|| SearchParameterError::UnknownComponent {
                    url: self.url.clone(),
                    resource_type: self.resource_type,
                    component: component.definition.clone(),
                })
            })
            .collect()
    }

    /// The paths to the values, if the parameter is of `kind`.
    fn paths_of(&self, kind: ParameterKind) -> &[Path] {
        match &self.program {
            Program::Elements(paths) if self.kind == kind => paths,
            _ => &[],
        }
    }

    /// The types that references may point at: those that the definition names, and of these the ones that its expression lets
    /// through, `where(resolve() is Patient)`.
    fn possible_targets(&self) -> Vec<ResourceType> {
        let resolved = |path: &Path| {
            path.steps.iter().find_map(|step| match step {
                Step::WhereResolvesTo(resource_type) => Some(*resource_type),
                _ => None,
            })
        };
        let paths = self.paths_of(ParameterKind::Reference);
        let through: Option<Vec<ResourceType>> = paths.iter().map(resolved).collect();
        let mut targets = self.targets.clone();
        if let Some(through) = through.filter(|through| !through.is_empty()) {
            targets.retain(|target| through.contains(target));
        }
        targets
    }

    /// Which tokens are compared without case.
    fn without_case(&self) -> WithoutCase {
        let paths = self.paths_of(ParameterKind::Token);
        let without = paths.iter().filter(|path| path.element_type.is_without_case());
        match without.count() {
            0 => WithoutCase::None,
            count if count == paths.len() => WithoutCase::All,
            _ => WithoutCase::Some,
        }
    }

    fn entry(
        self,
        id: ParameterId,
        of_type: Option<ParameterId>,
        components: Vec<ParameterId>,
        kind: impl Fn(ParameterId) -> ParameterKind,
    ) -> Entry {
        let of_references = self.paths_of(ParameterKind::Reference);
        let is_url = |path: &Path| matches!(path.element_type, ElementType::Canonical | ElementType::Uri);
        let holds_canonical = of_references.iter().any(is_url);
        let is_resource = |path: &Path| path.element_type == ElementType::Resource;
        let holds_resource = of_references.iter().any(is_resource);
        let targets = self.possible_targets();
        let without_case = self.without_case();
        let of_tokens = self.paths_of(ParameterKind::Token);
        let is_mime_type =
            !of_tokens.is_empty() && of_tokens.iter().all(|path| path.element_type.is_mime_type());
        let paths = self
            .components
            .into_iter()
            .zip(&components)
            .map(|(component, id)| {
                let mut paths = component.paths;
                paths.retain(|path| is_indexed(kind(*id), &path.element_type));
                paths
            });
        let indexing = Indexing {
            program: self.program,
            of_type,
            components: paths.collect(),
        };
        let parameter = SearchParameter {
            id,
            resource_type: self.resource_type,
            code: self.code,
            url: self.url,
            kind: self.kind,
            targets,
            holds_canonical,
            holds_resource,
            without_case,
            is_mime_type,
            components,
        };
        Entry { parameter, indexing }
    }
}
