//! What stands in the table is there for everybody who must know of it: the router, authorization, the audit trail, the
//! CapabilityStatement, Bundles and the documentation.

use http::Method;

use super::ALL;
use crate::bundle::entry_request;
use crate::capability_statement::CapabilityStatement;
use crate::definitions::fixture;
use crate::exchange::operation::{Level, Operation, Reach};
use crate::exchange::{Interaction, RouteError};
use crate::request::preference::Preference;
use crate::resource::{Json, Object, ResourceType};
use crate::router;
use crate::state::Settings;

/// Every place where an operation could be.
fn places() -> impl Iterator<Item = (Level, Option<ResourceType>, Option<String>)> {
    let of_types = ResourceType::all().flat_map(|resource_type| {
        [
            (Level::Type, Some(resource_type), None),
            (Level::Instance, Some(resource_type), Some("1".to_owned())),
        ]
    });
    std::iter::once((Level::System, None, None)).chain(of_types)
}

fn path(operation: &Operation, resource_type: Option<ResourceType>, id: Option<&str>) -> String {
    let resource_type = resource_type.map_or(String::new(), |name| format!("/{name}"));
    let id = id.map_or(String::new(), |id| format!("/{id}"));
    format!("{resource_type}{id}/${}", operation.code)
}

#[test]
fn the_router_leads_to_each_where_it_is_and_by_its_methods() {
    for operation in ALL {
        for (level, resource_type, id) in places() {
            let path = path(operation, resource_type, id.as_deref());
            if !operation.is_at(level, resource_type) {
                let unknown = RouteError::UnknownOperation(format!("${}", operation.code));
                assert_eq!(router::route(&Method::POST, &path), Err(unknown), "{path}");
                continue;
            }
            let expected = Interaction::Operation {
                operation,
                resource_type,
                id,
            };
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
                let routed = router::route(&method.parse().unwrap(), &path);
                match operation.methods(level).contains(&method) {
                    true => assert_eq!(routed.as_ref(), Ok(&expected), "{method} {path}"),
                    false => assert!(
                        matches!(routed, Err(RouteError::MethodNotAllowed { .. })),
                        "{method} {path}"
                    ),
                }
            }
        }
    }
}

#[test]
fn each_needs_its_data_action_and_is_recorded_as_an_operation() {
    for operation in ALL {
        for (_, resource_type, id) in
            places().filter(|(level, resource_type, _)| operation.is_at(*level, *resource_type))
        {
            let path = path(operation, resource_type, id.as_deref());
            let interaction = router::route(&Method::POST, &path).unwrap();
            assert_eq!(interaction.data_action(), Some(operation.data_action), "{path}");
            assert_eq!(interaction.codes(), ["operation"], "{path}");
            assert_eq!(interaction.id(), id.as_deref(), "{path}");
            let expected = resource_type.filter(|_| operation.reach == Reach::Type);
            assert_eq!(interaction.resource_type(), expected, "{path}");
        }
    }
}

#[test]
fn the_capability_statement_claims_each_for_the_types_that_have_it() {
    let statement = CapabilityStatement::default().text(fixture::r4(), &Settings::default());
    let statement = Json::parse(&statement.plain).unwrap();
    let rest = statement
        .get("rest")
        .and_then(Json::as_array)
        .unwrap()
        .first()
        .unwrap();
    let claims = |holder: &Json, operation: &Operation| {
        let claimed = holder
            .get("operation")
            .and_then(Json::as_array)
            .unwrap_or_default();
        claimed.iter().any(|claim| {
            let part = |name| claim.get(name).and_then(Json::as_str);
            part("name") == Some(operation.code) && part("definition") == Some(operation.url)
        })
    };
    let resources = rest.get("resource").and_then(Json::as_array).unwrap();
    assert_eq!(resources.len(), ResourceType::all().count());
    for operation in ALL {
        assert_eq!(
            claims(rest, operation),
            operation.is_at(Level::System, None),
            "{operation:?}"
        );
        for resource in resources {
            let name = resource.get("type").and_then(Json::as_str).unwrap();
            let resource_type = ResourceType::parse(name).unwrap();
            assert_eq!(
                claims(resource, operation),
                operation.is_of(resource_type),
                "{operation:?} of {name}"
            );
        }
    }
}

#[test]
fn each_may_be_an_entry_of_a_bundle() {
    for operation in ALL {
        for (level, resource_type, id) in
            places().filter(|(level, resource_type, _)| operation.is_at(*level, *resource_type))
        {
            let url = path(operation, resource_type, id.as_deref());
            for method in operation.methods(level) {
                let request = [("method", Json::from(*method)), ("url", Json::from(url.as_str()))];
                let entry = Object::from_iter([("request", Json::Object(Object::from_iter(request)))]);
                let bundle = Object::from_iter([("entry", Json::Array(vec![Json::Object(entry)]))]);
                let preference = Preference::default();
                let entries = entry_request::entries(bundle, "http://h", preference, router::route).unwrap();
                let expected = Interaction::Operation {
                    operation,
                    resource_type,
                    id: id.clone(),
                };
                assert_eq!(
                    entries[0].as_ref().unwrap().request.interaction,
                    expected,
                    "{url}"
                );
            }
        }
    }
}

#[test]
fn each_is_documented_with_its_data_action() {
    let documentation = include_str!("../../../docs/interaction/operations.md");
    for operation in ALL {
        let heading = format!("## ${}\n", operation.code);
        let (_, section) = documentation.split_once(&heading).expect(operation.code);
        let section = section.split("\n## ").next().unwrap();
        let action = format!("data action `{}`", operation.data_action);
        assert!(section.contains(&action), "{operation:?} needs the {action}");
    }
}
