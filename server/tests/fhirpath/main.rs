//! FHIRPath on what the standard has of it: the official cases for R4, each evaluated as it says, and the invariants.
//! The cases that we do not meet are listed with why; the test fails when another one is missed, and when a listed one is met.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod case;
mod hostile;
mod invariants;
mod miss;
mod xml;

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use brazier_server::definitions::structure::Structures;
use brazier_server::fhirpath::{Environment, Expression, Model, Value};
use brazier_server::resource::Json;

use case::{Case, Expected};
use miss::MISSES;

/// The smallest part of the cases that is good enough, in per cent.
const LEAST: usize = 95;

#[test]
fn the_official_cases_are_met_or_listed() {
    let folder = fetched("fetch-fhirpath-cases.sh");
    let cases = case::read(&folder.join("fhirpath/tests-fhir-r4.xml"));
    assert!(cases.len() > 900, "only {} cases are there", cases.len());
    let mut resources = HashMap::new();
    for case in &cases {
        resources
            .entry(case.input.clone())
            .or_insert_with(|| resource(&folder, &case.input));
    }
    let mut missed = Vec::new();
    for case in &cases {
        if let Err(why) = met(case, &resources[&case.input]) {
            missed.push((case.name.as_str(), why));
        }
    }
    let passed = cases.len() - missed.len();
    let told = format!(
        "measured: FHIRPath: {passed} of {} official cases passed\n",
        cases.len()
    );
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    let unlisted: Vec<_> = missed
        .iter()
        .filter(|(name, _)| MISSES.iter().all(|(listed, _)| listed != name))
        .map(|(name, why)| format!("{name}: {why}"))
        .collect();
    let met: Vec<_> = MISSES
        .iter()
        .filter(|(listed, _)| missed.iter().all(|(name, _)| name != listed))
        .collect();
    assert!(
        unlisted.is_empty(),
        "missed and not listed:\n{}",
        unlisted.join("\n")
    );
    assert!(met.is_empty(), "listed and met: {met:?}");
    assert!(passed * 100 >= cases.len() * LEAST);
}

/// The folder that a script of the generator fetches, and prints; fetched before, it only prints.
fn fetched(script: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("generator")
        .join(script);
    let fetched = Command::new("sh").arg(script).output().unwrap();
    assert!(
        fetched.status.success(),
        "{}",
        String::from_utf8_lossy(&fetched.stderr)
    );
    PathBuf::from(String::from_utf8(fetched.stdout).unwrap().trim())
}

fn resource(folder: &Path, file: &str) -> Json {
    if file.is_empty() {
        return Json::Null;
    }
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    match file.strip_suffix(".json") {
        Some(_) => Json::parse(text.as_bytes()).unwrap(),
        None => xml::resource(&text),
    }
}

/// The types of R4, made once.
fn r4() -> &'static Structures {
    static R4: LazyLock<Structures> = LazyLock::new(|| Structures::r4().unwrap());
    &R4
}

/// Whether a case turns out as it says; else what happened instead.
fn met(case: &Case, resource: &Json) -> Result<(), String> {
    match (&case.expected, evaluated(case, resource)) {
        (Expected::Error(_), Err(Failure { .. })) => Ok(()),
        (Expected::Error(kind), Ok(values)) => Err(format!("{kind} error expected, found {values:?}")),
        (Expected::Values(_), Err(Failure { stage, message })) => Err(format!("{stage}: {message}")),
        (Expected::Values(expected), Ok(mut values)) => {
            let mut expected = expected.clone();
            if !case.is_ordered {
                expected.sort();
                values.sort();
            }
            let same = expected.len() == values.len()
                && expected.iter().zip(&values).all(|((kind, text), value)| {
                    kind.as_ref().is_none_or(|kind| *kind == value.0) && *text == value.1
                });
            if same {
                Ok(())
            } else {
                Err(format!("expected {expected:?}, found {values:?}"))
            }
        }
    }
}

struct Failure {
    stage: &'static str,
    message: String,
}

/// Types and texts of the values, as the cases write them.
fn evaluated(case: &Case, resource: &Json) -> Result<Vec<(String, String)>, Failure> {
    let failure = |stage: &'static str, message: String| Failure { stage, message };
    let expression =
        Expression::parse(&case.expression).map_err(|error| failure("parse", error.to_string()))?;
    let environment = Environment::new(r4(), resource);
    if let Some(element) = environment.resource {
        let checked = expression.check(element.element_type, r4());
        checked.map_err(|error| failure("check", error.to_string()))?;
    }
    let values = expression
        .evaluate_resource(&environment)
        .map_err(|error| failure("evaluate", error.to_string()))?;
    if case.is_predicate {
        let truth = match values.as_slice() {
            [value] => value.simple() != Value::Boolean(false),
            values => !values.is_empty(),
        };
        return Ok(vec![("boolean".to_owned(), truth.to_string())]);
    }
    Ok(values.iter().map(written).collect())
}

fn written(value: &Value<'_>) -> (String, String) {
    let name = match value {
        Value::Element(element) => r4().name(element.element_type).to_owned(),
        Value::Quantity(_) => "Quantity".to_owned(),
        other => {
            let name = other.type_name(r4());
            let (first, rest) = name.split_at(1);
            first.to_lowercase() + rest
        }
    };
    (name, value.to_string())
}
