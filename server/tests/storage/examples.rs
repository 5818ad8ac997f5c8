//! The official examples through storage: each comes back as it was sent, and each search parameter finds the examples
//! that have a value of it, asked for as a client would.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use brazier_server::definitions::search_parameter::{ParameterId, ParameterKind};
use brazier_server::resource::{Json, Object, ResourceType};
use brazier_server::search::decimal::Decimal;
use brazier_server::search::index::{CompositeValue, IndexEntries, ReferenceTarget};
use brazier_server::search::parse::escape::escape;
use brazier_server::search::{SearchRequest, extract, parse};
use brazier_server::storage::{Current, Method, Precondition, Write};
use brazier_server::validation::validate;
use jiff::Timestamp;

use super::House;
use crate::fixture::definitions;

/// Examples a parameter is tried with; the definitions among them are thousands of one shape.
const EXAMPLES_PER_PARAMETER: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn come_back_as_sent_and_are_found_by_every_parameter() {
    let house = House::open().await;
    let registry = definitions().search_parameters();
    let examples = examples();
    assert!(examples.len() > 5_000, "only {} examples", examples.len());
    let indexed: Vec<IndexEntries> = examples
        .values()
        .map(|(resource_type, resource)| extract(registry, *resource_type, resource))
        .collect();
    let writes: Vec<Write> = examples
        .iter()
        .zip(&indexed)
        .map(|(((_, id), (resource_type, resource)), index)| Write {
            resource_type: *resource_type,
            id: id.clone(),
            method: Method::Update {
                resource: resource.clone(),
                index: index.clone(),
                precondition: Precondition::Absent,
                may_create: true,
            },
        })
        .collect();
    for chunk in writes.chunks(200) {
        house
            .storage
            .write(definitions(), chunk.to_vec(), None)
            .await
            .unwrap();
    }
    house.database.query("ANALYZE");

    for ((_, id), (resource_type, sent)) in &examples {
        let Current::Found(stored) = house.storage.read(*resource_type, id).await.unwrap() else {
            panic!("{resource_type}/{id} is not there")
        };
        let mut read = Json::parse(stored.json.as_bytes()).unwrap();
        assert_eq!(
            without_server_meta(read.as_object_mut().unwrap()),
            without_server_meta(&mut sent.clone())
        );
    }

    let mut tried: BTreeMap<ParameterId, usize> = BTreeMap::new();
    let mut missed = Vec::new();
    for (((_, id), (resource_type, _)), entries) in examples.iter().zip(&indexed) {
        for (parameter, value) in queries(entries) {
            let definition = registry.get(parameter);
            // Entries that serve a modifier alone stand under a code that a client cannot write.
            if definition.code.contains(':') {
                continue;
            }
            // The words of a code or of a reference are asked for with :text.
            let is_words = entries
                .strings
                .iter()
                .any(|entry| entry.parameter == parameter && vec![escape(&entry.text)] == value);
            let is_identifier = entries.tokens.iter().any(|entry| {
                entry.parameter == parameter
                    && vec![token(entry.system.as_deref(), entry.code.as_deref())] == value
            });
            let code = match definition.kind {
                ParameterKind::String => definition.code.to_string(),
                _ if is_words => format!("{}:text", definition.code),
                ParameterKind::Reference if is_identifier => format!("{}:identifier", definition.code),
                _ => definition.code.to_string(),
            };
            let count = tried.entry(parameter).or_default();
            *count += 1;
            if *count <= EXAMPLES_PER_PARAMETER && !found(&house, *resource_type, &code, &value, id).await {
                missed.push(format!(
                    "{resource_type}?{}={value:?} does not find {id}",
                    definition.code
                ));
            }
        }
    }
    assert!(
        missed.is_empty(),
        "{} missed:\n{}",
        missed.len(),
        missed.join("\n")
    );
    // That the trial tries: the examples have values of most of the standard's parameters.
    assert!(tried.len() > 900, "only {} parameters were tried", tried.len());
}

/// Whether a search for `value` has `id` among its matches.
async fn found(house: &House, resource_type: ResourceType, code: &str, value: &[String], id: &str) -> bool {
    let mut parameters: Vec<(String, String)> = value
        .iter()
        .map(|value| (code.to_owned(), value.clone()))
        .collect();
    parameters.push(("_id".to_owned(), id.to_owned()));
    let alone: Vec<(String, String)> = parameters[..value.len()]
        .iter()
        .cloned()
        .chain([("_count".to_owned(), "1000".to_owned())])
        .collect();
    let mut answers = Vec::new();
    for parameters in [parameters, alone] {
        let request = SearchRequest {
            resource_types: &[resource_type],
            parameters: &parameters,
            lenient: false,
            base_url: "https://clinic.example",
        };
        let mut query = parse(definitions().search_parameters(), &request)
            .unwrap_or_else(|error| panic!("{parameters:?}: {error}"));
        let mut seen = false;
        loop {
            let page = house
                .storage
                .search(definitions(), &query)
                .await
                .unwrap_or_else(|error| panic!("{parameters:?}: {error}"));
            seen |= page.matches.iter().any(|resource| resource.id == id);
            query.cursor = page.next;
            if seen || query.cursor.is_none() {
                break;
            }
        }
        answers.push(seen);
    }
    answers == [true, true]
}

/// Every valid resource of the package, by type and id; of two with one id the later file.
fn examples() -> BTreeMap<(String, String), (ResourceType, Object)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/generator/fetch-package.sh");
    let output = Command::new(script).output().unwrap();
    assert!(
        output.status.success(),
        "{script}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let folder = PathBuf::from(String::from_utf8(output.stdout).unwrap().trim());
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut examples = BTreeMap::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
    {
        let Ok(Json::Object(resource)) = Json::parse(&std::fs::read(file).unwrap()) else {
            continue;
        };
        let text = |name| resource.get(name).and_then(Json::as_str).map(ToOwned::to_owned);
        let (Some(name), Some(id)) = (text("resourceType"), text("id")) else {
            continue;
        };
        let Some(resource_type) = ResourceType::parse(&name) else {
            continue;
        };
        if validate(definitions(), resource_type, &resource).is_empty() {
            examples.insert((name, id), (resource_type, resource));
        }
    }
    examples
}

/// The resource without what the server sets itself.
fn without_server_meta(resource: &mut Object) -> BTreeMap<String, String> {
    if let Some(Json::Object(meta)) = resource.get_mut("meta") {
        meta.remove("versionId");
        meta.remove("lastUpdated");
    }
    let empty_meta = resource
        .get("meta")
        .is_some_and(|meta| meta.as_object().is_some_and(Object::is_empty));
    if empty_meta {
        resource.remove("meta");
    }
    resource
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_text()))
        .collect()
}

/// For each entry the values that a client would ask for it with.
fn queries(entries: &IndexEntries) -> Vec<(ParameterId, Vec<String>)> {
    let mut queries = Vec::new();
    for entry in &entries.tokens {
        queries.push((
            entry.parameter,
            vec![token(entry.system.as_deref(), entry.code.as_deref())],
        ));
    }
    for entry in entries.strings.iter().filter(|entry| !entry.folded.is_empty()) {
        queries.push((entry.parameter, vec![escape(&entry.text)]));
    }
    for entry in &entries.references {
        queries.push((entry.parameter, vec![reference(&entry.target)]));
    }
    for entry in &entries.dates {
        queries.push((entry.parameter, date(entry.low, entry.high)));
    }
    for entry in &entries.numbers {
        queries.push((entry.parameter, vec![number(entry.low, entry.high)]));
    }
    for entry in &entries.quantities {
        let (system, code) = (entry.system.as_deref(), entry.code.as_deref());
        queries.push((
            entry.parameter,
            vec![quantity(&number(entry.low, entry.high), system, code)],
        ));
    }
    for entry in &entries.uris {
        queries.push((entry.parameter, vec![escape(&entry.value)]));
    }
    for entry in &entries.composites {
        let components: Option<Vec<String>> = entry.components.iter().map(component).collect();
        // `near` is indexed as a pair of numbers, and asked for as a place and a distance.
        let is_position =
            definitions().search_parameters().get(entry.parameter).kind == ParameterKind::Special;
        let text = components.map(|components| match is_position {
            true => format!("{}|1|km", components.join("|")),
            false => components.join("$"),
        });
        queries.extend(text.map(|text| (entry.parameter, vec![text])));
    }
    queries
}

fn component(value: &CompositeValue) -> Option<String> {
    Some(match value {
        CompositeValue::Token { system, code } => token(system.as_deref(), code.as_deref()),
        CompositeValue::String { folded } => escape(folded),
        CompositeValue::Reference(target) => reference(target),
        CompositeValue::Date { low, high } => date(*low, *high).into_iter().next()?,
        CompositeValue::Quantity {
            low,
            high,
            system,
            code,
            unit: _,
        } => quantity(&number(*low, *high), system.as_deref(), code.as_deref()),
        CompositeValue::Uri(uri) => escape(uri),
    })
}

fn token(system: Option<&str>, code: Option<&str>) -> String {
    match (system, code) {
        (Some(system), code) => format!("{}|{}", escape(system), escape(code.unwrap_or_default())),
        (None, code) => format!("|{}", escape(code.unwrap_or_default())),
    }
}

/// A number as it stands; an open range (`>18`) by the end that it has.
fn number(low: Decimal, high: Decimal) -> String {
    match (low == high, low == Decimal::NEGATIVE_INFINITY) {
        (true, _) => low.to_string(),
        (false, false) => format!("ge{low}"),
        (false, true) => format!("le{high}"),
    }
}

fn quantity(number: &str, system: Option<&str>, code: Option<&str>) -> String {
    match (system, code) {
        (Some(system), Some(code)) => format!("{number}|{}|{}", escape(system), escape(code)),
        (None, Some(code)) => format!("{number}||{}", escape(code)),
        _ => number.to_owned(),
    }
}

fn reference(target: &ReferenceTarget) -> String {
    match target {
        ReferenceTarget::Local {
            resource_type, id, ..
        } => format!("{resource_type}/{id}"),
        ReferenceTarget::Url {
            url,
            version: Some(version),
        } => format!("{}|{}", escape(url), escape(version)),
        ReferenceTarget::Url { url, version: None } => escape(url),
    }
}

/// Begins no earlier, and a second later at the latest; where it has no beginning, by its end.
fn date(low: i64, high: i64) -> Vec<String> {
    let instant = |micros: i64| Timestamp::from_microsecond(micros).map(|instant| format!("{instant:.6}"));
    match (
        instant(low),
        instant(low.saturating_add(1_000_000)),
        instant(high),
    ) {
        (Ok(from), Ok(to), _) => vec![format!("ge{from}"), format!("lt{to}")],
        (_, _, Ok(end)) => vec![format!("le{end}")],
        _ => panic!("a span without ends"),
    }
}
