//! The CapabilityStatement: what we claim, computed from the router's table and the search parameters, so that it
//! cannot lie. <http://hl7.org/fhir/R4/capabilitystatement.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::definitions::Definitions;
use crate::definitions::search_parameter::{ParameterKind, Registry, SearchParameter};
use crate::exchange::KeptText;
use crate::exchange::operation::{Level, Operation};
use crate::operation;
use crate::request::format::JSON_PATCH;
use crate::resource::{Json, Object, ResourceType};
use crate::router;
use crate::state::Settings;

/// When what the statement claims last changed.
const DATE: &str = "2026-11-25";

/// Whatever points at the matches, by any parameter.
const EVERY_INCLUDE: &str = "*";

/// The parameters that every type has and that are not in the registry, with their definitions' ids and types.
const ALWAYS: [(&str, &str, &str); 2] = [
    ("_id", "Resource-id", "token"),
    ("_lastUpdated", "Resource-lastUpdated", "date"),
];

/// The statement of a server: kept, packed too, for as long as the definitions that it was computed from are in force.
#[derive(Debug, Default)]
pub struct CapabilityStatement {
    kept: ArcSwapOption<Kept>,
}

/// The statement as it is sent, and what it depends on.
#[derive(Debug)]
struct Kept {
    definitions: Arc<Definitions>,
    update_create: bool,
    base_url: Arc<str>,
    text: KeptText,
}

impl CapabilityStatement {
    /// The statement as JSON text.
    pub fn text(&self, definitions: &Arc<Definitions>, settings: &Settings) -> KeptText {
        let kept = self.kept.load_full().filter(|kept| {
            Arc::ptr_eq(&kept.definitions, definitions)
                && kept.update_create == settings.update_create
                && kept.base_url == settings.base_url
        });
        let kept = kept.unwrap_or_else(|| {
            let mut statement = head(&settings.base_url);
            let rest = compute_rest(definitions, settings.update_create);
            statement.set("rest", Json::Array(vec![rest]));
            let computed = Arc::new(Kept {
                definitions: Arc::clone(definitions),
                update_create: settings.update_create,
                base_url: settings.base_url.clone(),
                text: KeptText::new(Json::Object(statement).to_text()),
            });
            self.kept.store(Some(Arc::clone(&computed)));
            computed
        });
        kept.text.clone()
    }
}

/// All but what the server can do.
fn head(base_url: &str) -> Object {
    let implementation = object([
        ("description", "FHIR R4 over PostgreSQL".into()),
        ("url", base_url.into()),
    ]);
    let software = object([
        ("name", "Brazier".into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
    ]);
    Object::from_iter([
        ("resourceType", "CapabilityStatement".into()),
        ("url", format!("{base_url}/metadata").into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("name", "Brazier".into()),
        ("title", "Brazier FHIR R4 server".into()),
        ("status", "active".into()),
        ("date", DATE.into()),
        ("publisher", "Brazier".into()),
        ("kind", "instance".into()),
        ("software", software),
        ("implementation", implementation),
        ("fhirVersion", "4.0.1".into()),
        ("format", texts(["application/fhir+json", "json"])),
        ("patchFormat", texts([JSON_PATCH, "application/fhir+json"])),
    ])
}

fn compute_rest(definitions: &Definitions, update_create: bool) -> Json {
    let registry = definitions.search_parameters();
    let claims = Claims {
        registry,
        includes: Includes::new(registry),
        of_all: of_all(registry),
        update_create,
    };
    let resources = ResourceType::all().map(|resource_type| claims.resource(resource_type));
    let (_, of_system) = ResourceType::all()
        .next()
        .map(router::supported)
        .unwrap_or_default();
    let compartments = definitions.compartments().iter().map(|compartment| {
        Json::from(format!(
            "http://hl7.org/fhir/CompartmentDefinition/{}",
            compartment.resource_type().name().to_lowercase()
        ))
    });
    let of_all = claims.of_all.iter().map(|parameter| search_parameter(parameter));
    let mut rest = Object::from_iter([
        ("mode", Json::from("server")),
        ("resource", Json::Array(resources.collect())),
        ("interaction", interactions(&of_system)),
        (
            "searchParam",
            Json::Array(ALWAYS.iter().map(always).chain(of_all).collect()),
        ),
    ]);
    let operations = operations(|operation| operation.is_at(Level::System, None));
    if !operations.is_empty() {
        rest.set("operation", Json::Array(operations));
    }
    rest.set("compartment", Json::Array(compartments.collect()));
    Json::Object(rest)
}

/// The parameters that every type has: said once, for all of them.
fn of_all(registry: &Registry) -> Vec<&SearchParameter> {
    let has_it = |resource_type: ResourceType, parameter: &SearchParameter| {
        let found = registry.find(resource_type, &parameter.code);
        found.is_some_and(|found| found.url == parameter.url)
    };
    let of_first = ResourceType::all()
        .next()
        .into_iter()
        .flat_map(|first| registry.of(first));
    of_first
        .filter(|parameter| ResourceType::all().all(|resource_type| has_it(resource_type, parameter)))
        .collect()
}

/// What is claimed of resource types.
struct Claims<'a> {
    registry: &'a Registry,
    includes: Includes,
    of_all: Vec<&'a SearchParameter>,
    update_create: bool,
}

impl Claims<'_> {
    fn resource(&self, resource_type: ResourceType) -> Json {
        let (of_type, _) = router::supported(resource_type);
        let profile = format!("http://hl7.org/fhir/StructureDefinition/{resource_type}");
        let is_own =
            |parameter: &&SearchParameter| self.of_all.iter().all(|other| other.url != parameter.url);
        let named = self
            .registry
            .of(resource_type)
            .filter(is_own)
            .map(search_parameter);
        let mut resource = Object::from_iter([
            ("type", Json::from(resource_type.name())),
            ("profile", profile.into()),
            ("interaction", interactions(&of_type)),
            ("versioning", "versioned".into()),
            ("readHistory", true.into()),
            ("updateCreate", self.update_create.into()),
            ("conditionalCreate", true.into()),
            ("conditionalRead", "full-support".into()),
            ("conditionalUpdate", true.into()),
            ("conditionalDelete", "single".into()),
            // References to other servers are taken, too, and none has to lead anywhere: not `local`, not `enforced`.
            ("referencePolicy", texts(["literal", "logical"])),
        ]);
        let operations = operations(|operation| operation.is_of(resource_type));
        if !operations.is_empty() {
            resource.set("operation", Json::Array(operations));
        }
        for (name, values) in [
            ("searchInclude", self.includes.forward.get(&resource_type)),
            ("searchRevInclude", self.includes.reverse.get(&resource_type)),
        ] {
            if let Some(values) = values {
                let values = values.iter().map(|value| value.as_str().into());
                resource.set(name, Json::Array(values.collect()));
            }
        }
        resource.set(
            "searchParam",
            Json::Array(ALWAYS.iter().map(always).chain(named).collect()),
        );
        Json::Object(resource)
    }
}

/// What can be included, by type: `Observation:subject`.
struct Includes {
    forward: BTreeMap<ResourceType, Vec<String>>,
    reverse: BTreeMap<ResourceType, Vec<String>>,
}

impl Includes {
    /// What may point at almost anything is not named for each type that it may point at: `*` claims it for all.
    fn new(registry: &Registry) -> Includes {
        let everything = ResourceType::all().count();
        let reverse =
            ResourceType::all().map(|resource_type| (resource_type, vec![EVERY_INCLUDE.to_owned()]));
        let mut includes = Includes {
            forward: BTreeMap::new(),
            reverse: reverse.collect(),
        };
        let references = ResourceType::all()
            .flat_map(|resource_type| registry.of(resource_type))
            .filter(|parameter| parameter.kind == ParameterKind::Reference);
        for parameter in references {
            let name = format!("{}:{}", parameter.resource_type, parameter.code);
            if parameter.targets.len() * 2 < everything {
                for target in parameter.targets.iter() {
                    includes.reverse.entry(target).or_default().push(name.clone());
                }
            }
            includes
                .forward
                .entry(parameter.resource_type)
                .or_default()
                .push(name);
        }
        includes
    }
}

fn search_parameter(parameter: &SearchParameter) -> Json {
    object([
        ("name", parameter.code.as_str().into()),
        ("definition", (*parameter.url).into()),
        ("type", parameter.kind.name().into()),
    ])
}

fn always((code, id, kind): &(&str, &str, &str)) -> Json {
    let definition = format!("http://hl7.org/fhir/SearchParameter/{id}");
    object([
        ("name", (*code).into()),
        ("definition", definition.into()),
        ("type", (*kind).into()),
    ])
}

fn operations(is_claimed: impl Fn(&Operation) -> bool) -> Vec<Json> {
    let claimed = operation::ALL.iter().filter(|operation| is_claimed(operation));
    claimed
        .map(|operation| {
            object([
                ("name", operation.code.into()),
                ("definition", operation.url.into()),
            ])
        })
        .collect()
}

fn interactions(codes: &[&str]) -> Json {
    Json::Array(
        codes
            .iter()
            .map(|code| object([("code", (*code).into())]))
            .collect(),
    )
}

fn texts<const COUNT: usize>(texts: [&str; COUNT]) -> Json {
    Json::Array(texts.into_iter().map(Json::from).collect())
}

fn object<const COUNT: usize>(members: [(&str, Json); COUNT]) -> Json {
    Json::Object(Object::from_iter(members))
}
