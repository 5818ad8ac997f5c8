//! The official cases of FHIRPath Patch for R4, each carried out by the server: the resource before, the patch, and the
//! resource after. All of them are met.

#[path = "../fhirpath/xml.rs"]
mod xml;

use std::io::Write as _;
use std::process::Command;

use brazier_server::definitions::structure::Structures;
use brazier_server::resource::{Json, Object};
use roxmltree::{Document, Node};

use crate::fixture::{Server, definitions};

/// How many cases there are.
const CASES: usize = 33;

/// The types of R4, which the reader of XML asks for.
fn r4() -> &'static Structures {
    definitions().structures()
}

struct Case {
    name: String,
    before: Object,
    patch: Json,
    /// `None`: the patch does not fit.
    after: Option<Object>,
}

#[tokio::test]
async fn all_official_cases_are_met() {
    let cases = cases();
    assert_eq!(cases.len(), CASES);
    let server = Server::start().await;
    let mut missed = Vec::new();
    for (number, case) in cases.into_iter().enumerate() {
        if let Err(why) = met(&server, number, &case).await {
            missed.push(format!("{}: {why}", case.name));
        }
    }
    let told = format!(
        "measured: FHIRPath Patch: {} of {CASES} official cases passed\n",
        CASES - missed.len()
    );
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Whether a patch makes of a resource what its case says.
async fn met(server: &Server, number: usize, case: &Case) -> Result<(), String> {
    let id = format!("case-{number}");
    let mut before = case.before.clone();
    before.set("id", Json::from(id.as_str()));
    let before = Json::Object(before).to_text();
    let stored = server.send_owned(format!("PUT /Patient/{id}\n\n{before}")).await;
    if stored.status != 201 {
        return Err(format!("it is not stored: {}", stored.text));
    }
    let patch = case.patch.to_text();
    let patched = server.send_owned(format!("PATCH /Patient/{id}\n\n{patch}")).await;
    let Some(after) = &case.after else {
        let refused = patched.status == 422;
        return refused.then_some(()).ok_or(patched.text);
    };
    if patched.status != 200 {
        return Err(patched.text);
    }
    let patched = compared(&patched.json());
    let expected = compared(&Json::Object(after.clone()));
    if patched == expected {
        Ok(())
    } else {
        Err(format!(
            "expected {}, found {}",
            expected.to_text(),
            patched.to_text()
        ))
    }
}

/// What counts of a resource: not its id and version, nor the order of members, nor how its narrative writes characters.
fn compared(resource: &Json) -> Json {
    match resource {
        Json::Object(object) => {
            let is_resource = object.get("resourceType").is_some();
            let mut members: Vec<(&str, Json)> = object
                .iter()
                .filter(|(name, _)| !(is_resource && matches!(*name, "id" | "meta")))
                .map(|(name, value)| match (name, value) {
                    ("div", Json::String(text)) => (name, Json::from(read(text).as_str())),
                    _ => (name, compared(value)),
                })
                .collect();
            members.sort_by_key(|(name, _)| *name);
            Json::Object(Object::from_iter(members))
        }
        Json::Array(items) => Json::Array(items.iter().map(compared).collect()),
        other => other.clone(),
    }
}

/// The elements and texts of a narrative.
fn read(narrative: &str) -> String {
    let document = Document::parse(narrative).unwrap();
    let mut out = String::new();
    for node in document.descendants() {
        out.push_str(node.tag_name().name());
        out.push_str(node.text().filter(|_| node.is_text()).unwrap_or_default());
        out.push('|');
    }
    out
}

fn cases() -> Vec<Case> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/generator/fetch-fhirpath-cases.sh");
    let fetched = Command::new("sh").arg(script).output().unwrap();
    assert!(
        fetched.status.success(),
        "{}",
        String::from_utf8_lossy(&fetched.stderr)
    );
    let folder = String::from_utf8(fetched.stdout).unwrap();
    let text = std::fs::read_to_string(format!("{}/patch/fhir-patch-tests.xml", folder.trim())).unwrap();
    let document = Document::parse(&text).unwrap();
    let cases = document
        .root_element()
        .children()
        .filter(|node| node.has_tag_name("case"));
    cases.map(|case| read_case(&text, case)).collect()
}

fn read_case(text: &str, case: Node<'_, '_>) -> Case {
    let part = |name: &str| {
        let holder = case.children().find(|node| node.has_tag_name(name))?;
        let resource = holder.first_element_child()?;
        Some(xml::resource(&text[resource.range()]))
    };
    let object = |json: Json| match json {
        Json::Object(object) => object,
        other => panic!("{}", other.to_text()),
    };
    let is_refused = case.children().any(|node| node.has_tag_name("error"));
    let after = part("output").map(object);
    assert_eq!(after.is_none(), is_refused);
    Case {
        name: case.attribute("name").unwrap_or_default().to_owned(),
        before: object(part("input").unwrap()),
        patch: part("diff").unwrap(),
        after,
    }
}
