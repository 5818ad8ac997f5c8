//! The CapabilityStatement: what we claim, computed from the router's table and the search parameters, so that it
//! cannot lie. <http://hl7.org/fhir/R4/capabilitystatement.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;

use crate::definitions::Definitions;
use crate::definitions::search_parameter::{ParameterKind, Registry, SearchParameter};
use crate::exchange::operation::{Level, Operation};
use crate::operation;
use crate::request::format::JSON_PATCH;
use crate::resource::{Json, Object, ResourceType};
use crate::router;
use crate::state::Settings;

/// When what the statement claims last changed.
const DATE: &str = "2026-11-25";

/// The parameters that every type has and that are not in the registry, with their definitions' ids and types.
const ALWAYS: [(&str, &str, &str); 2] = [
    ("_id", "Resource-id", "token"),
    ("_lastUpdated", "Resource-lastUpdated", "date"),
];

/// The statement of a server: kept for as long as the definitions that it was computed from are in force.
#[derive(Debug, Default)]
pub struct CapabilityStatement {
    rest: ArcSwapOption<Rest>,
}

/// The part that is the same for all requests, as JSON text.
#[derive(Debug)]
struct Rest {
    definitions: Arc<Definitions>,
    update_create: bool,
    text: String,
}

impl CapabilityStatement {
    /// The statement as JSON text.
    pub fn write(&self, definitions: &Arc<Definitions>, base_url: &str, settings: &Settings) -> String {
        let mut text = head(base_url).to_text();
        text.pop();
        text.push_str(",\"rest\":[");
        text.push_str(&self.rest(definitions, settings.update_create).text);
        text.push_str("]}");
        text
    }

    fn rest(&self, definitions: &Arc<Definitions>, update_create: bool) -> Arc<Rest> {
        let kept = self.rest.load_full().filter(|rest| {
            Arc::ptr_eq(&rest.definitions, definitions) && rest.update_create == update_create
        });
        kept.unwrap_or_else(|| {
            let computed = Arc::new(Rest {
                definitions: Arc::clone(definitions),
                update_create,
                text: compute_rest(definitions, update_create).to_text(),
            });
            self.rest.store(Some(Arc::clone(&computed)));
            computed
        })
    }
}

/// All but what the server can do.
fn head(base_url: &str) -> Json {
    let implementation = object([
        ("description", "FHIR R4 over PostgreSQL".into()),
        ("url", base_url.into()),
    ]);
    let software = object([
        ("name", "Brazier".into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
    ]);
    object([
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
    let includes = Includes::new(registry);
    let resources =
        ResourceType::all().map(|resource_type| resource(resource_type, registry, &includes, update_create));
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
    let mut rest = Object::from_iter([
        ("mode", Json::from("server")),
        ("resource", Json::Array(resources.collect())),
        ("interaction", interactions(&of_system)),
        ("searchParam", Json::Array(ALWAYS.iter().map(always).collect())),
    ]);
    let operations = operations(|operation| operation.is_at(Level::System, None));
    if !operations.is_empty() {
        rest.set("operation", Json::Array(operations));
    }
    rest.set("compartment", Json::Array(compartments.collect()));
    Json::Object(rest)
}

fn resource(
    resource_type: ResourceType,
    registry: &Registry,
    includes: &Includes,
    update_create: bool,
) -> Json {
    let (of_type, _) = router::supported(resource_type);
    let profile = format!("http://hl7.org/fhir/StructureDefinition/{resource_type}");
    let named = registry.of(resource_type).map(search_parameter);
    let mut resource = Object::from_iter([
        ("type", Json::from(resource_type.name())),
        ("profile", profile.into()),
        ("interaction", interactions(&of_type)),
        ("versioning", "versioned".into()),
        ("readHistory", true.into()),
        ("updateCreate", update_create.into()),
        ("conditionalCreate", true.into()),
        ("conditionalRead", "full-support".into()),
        ("conditionalUpdate", true.into()),
        ("conditionalDelete", "single".into()),
        ("referencePolicy", texts(["literal", "logical", "local"])),
    ]);
    let operations = operations(|operation| operation.is_of(resource_type));
    if !operations.is_empty() {
        resource.set("operation", Json::Array(operations));
    }
    for (name, values) in [
        ("searchInclude", includes.forward.get(&resource_type)),
        ("searchRevInclude", includes.reverse.get(&resource_type)),
    ] {
        if let Some(values) = values {
            resource.set(
                name,
                Json::Array(values.iter().map(|value| value.as_str().into()).collect()),
            );
        }
    }
    resource.set(
        "searchParam",
        Json::Array(ALWAYS.iter().map(always).chain(named).collect()),
    );
    Json::Object(resource)
}

/// What can be included, by type: `Observation:subject`.
struct Includes {
    forward: BTreeMap<ResourceType, Vec<String>>,
    reverse: BTreeMap<ResourceType, Vec<String>>,
}

impl Includes {
    fn new(registry: &Registry) -> Includes {
        let mut includes = Includes {
            forward: BTreeMap::new(),
            reverse: BTreeMap::new(),
        };
        let references = ResourceType::all()
            .flat_map(|resource_type| registry.of(resource_type))
            .filter(|parameter| parameter.kind == ParameterKind::Reference);
        for parameter in references {
            let name = format!("{}:{}", parameter.resource_type, parameter.code);
            for target in &parameter.targets {
                includes.reverse.entry(*target).or_default().push(name.clone());
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
        ("definition", parameter.url.as_str().into()),
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
