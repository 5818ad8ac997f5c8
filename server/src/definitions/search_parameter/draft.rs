//! Parameters on their way into a registry: their expressions are compiled, each for one resource type, and they stand where
//! they will stay, but without their ids and without those of the parameters that they refer to.

use std::sync::Arc;

use compact_str::{CompactString, format_compact};

use super::definition::{ComponentDefinition, SearchParameterDefinition, is_indexed};
use super::registry::{Entry, Indexing, Registry};
use super::{ParameterId, ParameterKind, SearchParameter, SearchParameterError, WithoutCase};
use crate::definitions::path::{self, CompileError, ElementType, Path, Program, Step};
use crate::definitions::structure::{Structures, Targets};
use crate::resource::ResourceType;

/// The end of the code under which the index for `:of-type` stands.
const OF_TYPE: &str = ":of-type";

/// The code of the index of CodeSystems whose codes are compared without case: their URLs.
pub const SYSTEMS_WITHOUT_CASE: &str = "url:without-case";

/// The id of an entry before it has its place.
const NOT_YET: ParameterId = ParameterId(u16::MAX);

/// Entries before they are linked.
#[derive(Default)]
pub struct Drafts {
    entries: Vec<Entry>,
    composites: Vec<Composite>,
}

/// What a composite is made of.
struct Composite {
    resource_type: ResourceType,
    code: CompactString,
    components: Vec<Component>,
}

/// A component of a composite: the URL of its definition, and where its values stand.
struct Component {
    definition: String,
    paths: Vec<Path>,
}

impl Drafts {
    /// Room for so many entries. What is made in its place leaves nothing behind that the process keeps.
    pub fn with_capacity(count: usize) -> Drafts {
        Drafts {
            entries: Vec::with_capacity(count),
            composites: Vec::new(),
        }
    }

    /// Adds what `definition` becomes in each of its resource types, and what serves its modifiers.
    ///
    /// # Errors
    /// When its expressions cannot be used for one of the types.
    pub fn add(
        &mut self,
        structures: &Structures,
        definition: &SearchParameterDefinition,
    ) -> Result<(), SearchParameterError> {
        let url = Arc::from(definition.url.as_str());
        let targets = definition.targets()?;
        for resource_type in definition.resource_types()? {
            let compiler = Compiler {
                structures,
                resource_type,
                definition,
            };
            let draft = compiler.entry(&url, targets)?;
            self.composites.extend(compiler.composite()?);
            self.entries.extend(of_type(&draft));
            self.entries.extend(systems_without_case(&draft));
            self.entries.push(draft);
        }
        Ok(())
    }

    /// Gives the entries their places after those of `existing`, in the order of resource types and codes, and finds the
    /// parameters that they refer to among both.
    ///
    /// # Errors
    /// When a component is not there, or there are too many.
    pub fn link(mut self, existing: &Registry) -> Result<Vec<Entry>, SearchParameterError> {
        self.entries
            .sort_unstable_by(|left, right| key(left).cmp(&key(right)));
        for index in 0..self.entries.len() {
            let of_type = {
                let SearchParameter {
                    resource_type, code, ..
                } = &self.entries[index].parameter;
                self.find(*resource_type, &format_compact!("{code}{OF_TYPE}"))
            };
            let of_type = of_type.map(|index| self.id(existing, index)).transpose()?;
            let id = self.id(existing, index)?;
            let Entry { parameter, indexing } = &mut self.entries[index];
            parameter.id = id;
            indexing.of_type = of_type;
        }
        for composite in std::mem::take(&mut self.composites) {
            self.link_components(composite, existing)?;
        }
        Ok(self.entries)
    }

    /// Where the entry of this type and code stands.
    fn find(&self, resource_type: ResourceType, code: &str) -> Option<usize> {
        let wanted = (resource_type, code);
        self.entries
            .binary_search_by(|entry| key(entry).cmp(&wanted))
            .ok()
    }

    /// The id of the entry at `index`.
    fn id(&self, existing: &Registry, index: usize) -> Result<ParameterId, SearchParameterError> {
        let place = u16::try_from(existing.count() + index).map(ParameterId);
        place.ok().filter(|id| *id != NOT_YET).ok_or_else(|| {
            let url = self.entries[index].parameter.url.to_string();
            SearchParameterError::TooMany { url }
        })
    }

    fn link_components(
        &mut self,
        composite: Composite,
        existing: &Registry,
    ) -> Result<(), SearchParameterError> {
        let Composite {
            resource_type,
            code,
            components,
        } = composite;
        let Some(index) = self.find(resource_type, &code) else {
            return Ok(());
        };
        let mut ids = Vec::with_capacity(components.len());
        let mut paths = Vec::with_capacity(components.len());
        for component in components {
            let Some(found) = self.component(resource_type, &component.definition, existing) else {
                return Err(SearchParameterError::UnknownComponent {
                    url: self.entries[index].parameter.url.to_string(),
                    resource_type,
                    component: component.definition,
                });
            };
            let mut of_component = component.paths;
            of_component.retain(|path| is_indexed(found.kind, &path.element_type));
            ids.push(found.id);
            paths.push(of_component);
        }
        let Entry { parameter, indexing } = &mut self.entries[index];
        parameter.components = ids;
        indexing.components = paths;
        Ok(())
    }

    /// The parameter of this type that is defined at `url`.
    fn component<'a>(
        &'a self,
        resource_type: ResourceType,
        url: &str,
        existing: &'a Registry,
    ) -> Option<&'a SearchParameter> {
        let is_meant = |one: &&SearchParameter| *one.url == *url;
        let start = self
            .entries
            .partition_point(|entry| entry.parameter.resource_type < resource_type);
        let drafted = self.entries[start..].iter().map(|entry| &entry.parameter);
        drafted
            .take_while(|one| one.resource_type == resource_type)
            .filter(|one| one.is_named())
            .find(is_meant)
            .or_else(|| existing.of(resource_type).find(is_meant))
    }
}

/// What an entry is found by.
fn key(entry: &Entry) -> (ResourceType, &str) {
    (entry.parameter.resource_type, &entry.parameter.code)
}

/// A definition, and the type that it is compiled for.
struct Compiler<'a> {
    structures: &'a Structures,
    resource_type: ResourceType,
    definition: &'a SearchParameterDefinition,
}

impl Compiler<'_> {
    fn entry(&self, url: &Arc<str>, targets: Targets) -> Result<Entry, SearchParameterError> {
        let kind = self.definition.kind;
        let program = self.program()?;
        let of_references = paths_of(&program, kind, ParameterKind::Reference);
        let is_url = |path: &Path| matches!(path.element_type, ElementType::Canonical | ElementType::Uri);
        let of_tokens = paths_of(&program, kind, ParameterKind::Token);
        let parameter = SearchParameter {
            id: NOT_YET,
            resource_type: self.resource_type,
            code: self.definition.code.as_str().into(),
            url: Arc::clone(url),
            kind,
            targets: possible_targets(of_references, targets),
            holds_canonical: of_references.iter().any(is_url),
            holds_resource: of_references
                .iter()
                .any(|path| path.element_type == ElementType::Resource),
            without_case: without_case(of_tokens),
            is_mime_type: !of_tokens.is_empty()
                && of_tokens.iter().all(|path| path.element_type.is_mime_type()),
            components: Vec::new(),
        };
        Ok(Entry {
            parameter,
            indexing: program.into(),
        })
    }

    /// What the expression selects.
    fn program(&self) -> Result<Program, SearchParameterError> {
        let SearchParameterDefinition {
            url,
            kind,
            expression,
            ..
        } = self.definition;
        let mut program =
            path::compile(self.structures, self.resource_type, expression).map_err(self.failed())?;
        let has_values = match &mut program {
            Program::Condition(_) => *kind == ParameterKind::Token,
            Program::Elements(paths) => {
                paths.retain(|path| is_indexed(*kind, &path.element_type));
                !paths.is_empty()
            }
        };
        if has_values {
            Ok(program)
        } else {
            Err(SearchParameterError::SelectsNothing {
                url: url.clone(),
                kind: *kind,
                resource_type: self.resource_type,
            })
        }
    }

    /// What it is made of, if it is a composite.
    fn composite(&self) -> Result<Option<Composite>, SearchParameterError> {
        let SearchParameterDefinition {
            code,
            expression,
            component,
            ..
        } = self.definition;
        let compiled = |component: &ComponentDefinition| -> Result<Component, SearchParameterError> {
            let of_component = &component.expression;
            let paths =
                path::compile_component(self.structures, self.resource_type, expression, of_component);
            Ok(Component {
                definition: component.definition.clone(),
                paths: paths.map_err(self.failed())?,
            })
        };
        let components: Vec<Component> = component.iter().map(compiled).collect::<Result<_, _>>()?;
        Ok((!components.is_empty()).then(|| Composite {
            resource_type: self.resource_type,
            code: code.as_str().into(),
            components,
        }))
    }

    fn failed(&self) -> impl Fn(CompileError) -> SearchParameterError {
        |source| SearchParameterError::Compile {
            url: self.definition.url.clone(),
            resource_type: self.resource_type,
            source,
        }
    }
}

/// The parameter under which the identifiers among the values of `entry` stand by their types.
fn of_type(entry: &Entry) -> Option<Entry> {
    let Entry { parameter, indexing } = entry;
    let paths = paths_of(&indexing.program, parameter.kind, ParameterKind::Token);
    let is_identifier = |path: &Path| path.element_type == ElementType::Identifier;
    paths.iter().any(is_identifier).then(|| {
        let code = format_compact!("{}{OF_TYPE}", parameter.code);
        beside(parameter, code, Vec::new())
    })
}

/// The URLs of the CodeSystems whose codes are compared without case, <http://hl7.org/fhir/R4/codesystem.html#case>.
fn systems_without_case(entry: &Entry) -> Option<Entry> {
    let Entry { parameter, indexing } = entry;
    if parameter.resource_type.name() != "CodeSystem" || parameter.code != "url" {
        return None;
    }
    let urls = paths_of(&indexing.program, parameter.kind, ParameterKind::Uri);
    let where_false = |path: &Path| Path {
        steps: [&[Step::WhereFalse("caseSensitive".into())][..], &path.steps[..]].concat(),
        ..path.clone()
    };
    let paths = urls.iter().map(where_false).collect();
    Some(beside(parameter, SYSTEMS_WITHOUT_CASE.into(), paths))
}

/// An index that serves a modifier of `parameter`.
fn beside(parameter: &SearchParameter, code: CompactString, paths: Vec<Path>) -> Entry {
    let parameter = SearchParameter {
        id: NOT_YET,
        resource_type: parameter.resource_type,
        code,
        url: Arc::clone(&parameter.url),
        kind: parameter.kind,
        targets: Targets::default(),
        holds_canonical: false,
        holds_resource: false,
        without_case: WithoutCase::None,
        is_mime_type: false,
        components: Vec::new(),
    };
    Entry {
        parameter,
        indexing: Program::Elements(paths).into(),
    }
}

impl From<Program> for Indexing {
    fn from(program: Program) -> Self {
        Indexing {
            program,
            of_type: None,
            components: Vec::new(),
        }
    }
}

/// The paths to the values of a parameter of `kind`, if that is `wanted`.
fn paths_of(program: &Program, kind: ParameterKind, wanted: ParameterKind) -> &[Path] {
    match program {
        Program::Elements(paths) if kind == wanted => paths,
        _ => &[],
    }
}

/// The types that references may point at: those that the definition names, and of these the ones that its expression lets
/// through, `where(resolve() is Patient)`.
fn possible_targets(of_references: &[Path], targets: Targets) -> Targets {
    let resolved = |path: &Path| {
        path.steps.iter().find_map(|step| match step {
            Step::WhereResolvesTo(resource_type) => Some(*resource_type),
            _ => None,
        })
    };
    let through: Option<Targets> = of_references.iter().map(resolved).collect();
    match through.filter(|through| !through.is_empty()) {
        Some(through) => targets.among(through),
        None => targets,
    }
}

/// Which tokens are compared without case.
fn without_case(of_tokens: &[Path]) -> WithoutCase {
    let without = of_tokens
        .iter()
        .filter(|path| path.element_type.is_without_case());
    match without.count() {
        0 => WithoutCase::None,
        count if count == of_tokens.len() => WithoutCase::All,
        _ => WithoutCase::Some,
    }
}
