//! The table, row by row.

use super::*;

fn patient() -> ResourceType {
    ResourceType::parse("Patient").unwrap()
}

fn ask(method: &str, path: &str) -> Result<Interaction, RouteError> {
    route(&method.parse().unwrap(), path)
}

#[test]
fn what_is_not_there_is_told_apart() {
    let unknown_type = |name: &str| Err(RouteError::UnknownResourceType(name.into()));
    assert_eq!(
        ask("GET", "/Person2"),
        Err(RouteError::UnknownPath("/Person2".into()))
    );
    assert_eq!(ask("GET", "/patient/1"), unknown_type("patient"));
    assert_eq!(ask("GET", "/Patient/1/Nothing"), unknown_type("Nothing"));
    for path in [
        "//",
        "/Patient//",
        "/Patient/1/_history/1/2",
        "/_nothing",
        "/Patient/1/_history//",
    ] {
        assert!(
            matches!(ask("GET", path), Err(RouteError::UnknownPath(_))),
            "{path}: {:?}",
            ask("GET", path)
        );
    }
    for path in [
        "/$export",
        "/Patient/$match",
        "/Group/1/$everything",
        "/Patient/a_b/$everything",
        "/Nothing/$validate",
    ] {
        assert!(
            matches!(ask("GET", path), Err(RouteError::UnknownOperation(_))),
            "{path}"
        );
    }
    assert!(matches!(
        ask("GET", "/Patient/%zz"),
        Err(RouteError::InvalidPath(_))
    ));
    assert!(matches!(
        ask("GET", "/Patient/%ff"),
        Err(RouteError::InvalidPath(_))
    ));
    assert!(matches!(
        ask("GET", "/Patient/a%00"),
        Err(RouteError::InvalidPath(_))
    ));
}

#[test]
fn an_id_that_cannot_be_is_refused() {
    let invalid = |reading| {
        Err(RouteError::InvalidId {
            id: "a_b".into(),
            reading,
        })
    };
    assert_eq!(ask("GET", "/Patient/a_b"), invalid(true));
    assert_eq!(ask("PUT", "/Patient/a_b"), invalid(false));
    assert!(matches!(
        ask("GET", "/Patient/a%2Fb"),
        Err(RouteError::InvalidId { .. })
    ));
}

#[test]
fn a_method_that_is_not_allowed_is_told_which_are() {
    for (method, path, expected) in [
        ("PUT", "/", vec!["GET", "HEAD", "POST"]),
        ("POST", "/metadata", vec!["GET", "HEAD"]),
        ("GET", "/Patient/_search", vec!["POST"]),
        (
            "POST",
            "/Patient/1",
            vec!["GET", "HEAD", "PUT", "PATCH", "DELETE"],
        ),
        ("DELETE", "/Patient/1/_history/1", vec!["GET", "HEAD"]),
        (
            "BREW",
            "/Patient",
            vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        ),
    ] {
        let Err(RouteError::MethodNotAllowed { allowed, .. }) = ask(method, path) else {
            panic!("{method} {path}: {:?}", ask(method, path));
        };
        assert_eq!(allowed, expected, "{method} {path}");
    }
}

#[test]
fn every_row_leads_to_its_interaction() {
    let id = || "1".to_owned();
    let compartment = |resource_type| Interaction::SearchCompartment {
        compartment: patient(),
        id: id(),
        resource_type,
    };
    let observation = ResourceType::parse("Observation").unwrap();
    for (method, path, expected) in [
        ("GET", "/metadata", Interaction::Capabilities),
        ("GET", "", Interaction::SearchSystem),
        ("GET", "/", Interaction::SearchSystem),
        ("POST", "/_search", Interaction::SearchSystem),
        ("GET", "/_history", Interaction::HistorySystem),
        ("POST", "/", Interaction::Bundle),
        ("GET", "/Patient", Interaction::SearchType(patient())),
        ("GET", "/Patient/", Interaction::SearchType(patient())),
        ("POST", "/Patient/_search", Interaction::SearchType(patient())),
        ("GET", "/Patient/_history", Interaction::HistoryType(patient())),
        ("POST", "/Patient", Interaction::Create(patient())),
        ("PUT", "/Patient", Interaction::ConditionalUpdate(patient())),
        ("PATCH", "/Patient", Interaction::ConditionalPatch(patient())),
        ("DELETE", "/Patient", Interaction::ConditionalDelete(patient())),
        ("GET", "/Patient/1", Interaction::Read(patient(), id())),
        ("GET", "Patient/%31", Interaction::Read(patient(), id())),
        ("HEAD", "/Patient/1", Interaction::Read(patient(), id())),
        (
            "GET",
            "/Patient/1/_history/x",
            Interaction::Vread(patient(), id(), "x".into()),
        ),
        (
            "GET",
            "/Patient/1/_history",
            Interaction::HistoryInstance(patient(), id()),
        ),
        ("PUT", "/Patient/1", Interaction::Update(patient(), id())),
        ("PATCH", "/Patient/1", Interaction::Patch(patient(), id())),
        ("DELETE", "/Patient/1", Interaction::Delete(patient(), id())),
        ("GET", "/Patient/1/Observation", compartment(Some(observation))),
        ("GET", "/Patient/1/*", compartment(None)),
        (
            "POST",
            "/Patient/1/Observation/_search",
            compartment(Some(observation)),
        ),
        ("POST", "/Patient/1/_search", compartment(None)),
    ] {
        assert_eq!(ask(method, path), Ok(expected), "{method} {path}");
    }
}
