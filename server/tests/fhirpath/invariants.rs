//! The standard's own invariants: each is understood, fits the type that it belongs to, and has an answer for every
//! element of the official examples. Whether the examples are as they should be is not asked here.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;

use brazier_server::fhirpath::{Environment, Expression, Model, Type};
use brazier_server::resource::Json;

use super::{fetched, r4};

/// Invariants that name an element that their type does not have.
const UNFIT: &[&str] = &["cid-0"];

/// The invariants of one element.
struct Constrained {
    /// The element's path, to find its values.
    path: Expression,
    invariants: Vec<(String, Expression)>,
}

#[test]
fn the_standards_invariants_have_answers() {
    let (definitions, examples) = package();
    let mut types: HashMap<String, Vec<Constrained>> = HashMap::new();
    let mut count = 0;
    for definition in &definitions {
        let elements = definition
            .get("snapshot")
            .and_then(|snapshot| snapshot.get("element"));
        for element in elements.and_then(Json::as_array).unwrap_or_default() {
            let (name, constrained) = constrained(element);
            count += constrained.invariants.len();
            types.entry(name).or_default().push(constrained);
        }
    }
    assert!(count > 8_000, "only {count} invariants were there");
    let mut answers = 0;
    for (file, example) in &examples {
        let environment = Environment::new(r4(), example);
        let name = example.get("resourceType").unwrap().as_str().unwrap();
        for constrained in types.get(name).into_iter().flatten() {
            let values = constrained.path.evaluate_resource(&environment).unwrap();
            for value in &values {
                for (key, invariant) in &constrained.invariants {
                    let answer = invariant.holds(std::slice::from_ref(value), &environment);
                    assert!(answer.is_ok(), "{key} in {file}: {answer:?}");
                    answers += 1;
                }
            }
        }
    }
    let told = format!(
        "measured: FHIRPath: {count} invariants, {answers} answers on {} examples\n",
        examples.len()
    );
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    assert!(answers > 500_000, "only {answers} answers");
}

/// The definitions of types, and the resources of those types.
fn package() -> (Vec<Json>, Vec<(String, Json)>) {
    let folder = fetched("fetch-package.sh");
    let (mut definitions, mut examples) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let Some(resource) = resource(&path) else {
            continue;
        };
        let text = |name: &str| resource.get(name).and_then(Json::as_str).unwrap_or_default();
        let is_definition = text("resourceType") == "StructureDefinition";
        if is_definition && text("derivation") != "constraint" && text("kind") != "logical" {
            definitions.push(resource.clone());
        }
        examples.push((path.file_name().unwrap().to_string_lossy().into_owned(), resource));
    }
    (definitions, examples)
}

/// Bundles hold what other files hold, too.
fn resource(file: &Path) -> Option<Json> {
    let json = Json::parse(&std::fs::read(file).unwrap()).unwrap();
    let name = json.get("resourceType")?.as_str()?;
    (name != "Bundle").then_some(json)
}

/// The type that an element belongs to, and its invariants, each checked.
fn constrained(element: &Json) -> (String, Constrained) {
    let path = element.get("path").unwrap().as_str().unwrap().replace("[x]", "");
    let mut invariants = Vec::new();
    for constraint in element
        .get("constraint")
        .and_then(Json::as_array)
        .unwrap_or_default()
    {
        let text = |name: &str| constraint.get(name).and_then(Json::as_str).unwrap();
        let (key, expression) = (text("key"), text("expression"));
        let parsed =
            Expression::parse(expression).unwrap_or_else(|error| panic!("{key}: {error}: {expression}"));
        if let Some(of) = type_at(&path) {
            let fits = parsed.check(of, r4());
            assert_eq!(fits.is_err(), UNFIT.contains(&key), "{path} {key}: {fits:?}");
        }
        invariants.push((key.to_owned(), parsed));
    }
    let name = path.split('.').next().unwrap_or_default().to_owned();
    // Between backticks: `div` is an operator elsewhere.
    let path: Vec<_> = path.split('.').map(|name| format!("`{name}`")).collect();
    let path = Expression::parse(&path.join(".")).unwrap();
    (name, Constrained { path, invariants })
}

/// The one type of the element at a path.
fn type_at(path: &str) -> Option<Type> {
    r4().type_named(path).or_else(|| {
        let (parent, name) = path.rsplit_once('.')?;
        Model::element(r4(), r4().type_named(parent)?, name)?.single
    })
}
