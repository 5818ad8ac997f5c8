//! Documents in, decisions out: what is granted, and above all what is not.

mod handle;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::access_policy::Parsed;
use super::document::{Condition, DocumentError, PolicyDocument};
use super::{AccessPolicy, Decision};
use crate::data_action::DataAction;
use crate::principal::{Bearer, Principal, ServiceAccount};

const ISSUER: &str = "https://login.example";

fn document(version: &str, assignments: &[Value]) -> Vec<u8> {
    json!({"version": version, "assignments": assignments})
        .to_string()
        .into_bytes()
}

/// Of resource types, these tests know three.
fn check(condition: &Condition) -> Result<(), String> {
    let unknown = |name: &&String| !["Patient", "Observation", "Condition"].contains(&name.as_str());
    match condition.resource_types.iter().find(unknown) {
        Some(name) => Err(format!("unknown resource type {name:?}")),
        None => Ok(()),
    }
}

fn parse(document: &[u8]) -> Result<Parsed, DocumentError> {
    AccessPolicy::parse(document, check)
}

/// The policy of one assignment, and how many assignments were not understood.
fn policy(assignment: Value) -> (AccessPolicy, usize) {
    let parsed = parse(&document("1", &[assignment])).unwrap();
    (parsed.policy, parsed.ignored.len())
}

fn reporting() -> Value {
    json!({"kind": "serviceAccount", "namespace": "team-a", "name": "reporting"})
}

fn readers() -> Value {
    json!({"name": "readers", "principals": [reporting()], "dataActions": ["read", "search"]})
}

fn with(mut assignment: Value, field: &str, value: Value) -> Value {
    assignment[field] = value;
    assignment
}

fn service_account(namespace: &str, name: &str) -> Principal {
    Principal::of_service_account(ServiceAccount {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

fn ann(issuer: &str) -> Principal {
    let bearer = Bearer {
        subject: "1".to_owned(),
        user: Some("ann".to_owned()),
        client: Some("portal".to_owned()),
        acts_for_itself: false,
        groups: vec!["nurses".to_owned(), "night".to_owned()],
    };
    Principal::of_issuer(issuer, bearer)
}

fn now() -> Timestamp {
    "2026-08-01T12:00:00Z".parse().unwrap()
}

fn allows(policy: &AccessPolicy, principal: &Principal) -> bool {
    policy.decide(principal, DataAction::Read, Some("Patient"), now()) == Decision::Allowed
}

/// The resource types that a decision is limited to, sorted.
fn limited_to(decision: &Decision) -> Vec<&str> {
    let Decision::AllowedWithin(criterion) = decision else {
        panic!("{decision:?}")
    };
    let conditions = criterion.conditions();
    let mut types: Vec<&str> = conditions
        .flat_map(|condition| condition.resource_types.iter().map(String::as_str))
        .collect();
    types.sort_unstable();
    types
}

#[test]
fn without_assignment_everything_is_refused() {
    for policy in [
        AccessPolicy::deny_all(),
        parse(&document("1", &[])).unwrap().policy,
    ] {
        for principal in [
            Principal::anonymous(),
            service_account("team-a", "reporting"),
            ann(ISSUER),
        ] {
            for action in DataAction::ALL {
                for resource_type in [None, Some("Patient")] {
                    let decision = policy.decide(&principal, action, resource_type, now());
                    assert!(matches!(decision, Decision::Refused { .. }));
                }
            }
        }
    }
}

#[test]
fn an_assignment_grants_its_data_actions_to_its_principal_alone() {
    let (policy, ignored) = policy(readers());
    assert_eq!(ignored, 0);
    let principal = service_account("team-a", "reporting");
    for action in DataAction::ALL {
        let granted = matches!(action, DataAction::Read | DataAction::Search);
        for resource_type in [None, Some("Patient")] {
            let decision = policy.decide(&principal, action, resource_type, now());
            assert_eq!(
                decision == Decision::Allowed,
                granted,
                "{action} {resource_type:?}"
            );
        }
    }
    for other in [
        service_account("team-b", "reporting"),
        service_account("team-a", "other"),
        ann(ISSUER),
    ] {
        assert!(!allows(&policy, &other), "{}", other.name());
    }
}

#[test]
fn a_refusal_says_who_may_not_do_what() {
    let (policy, _) = policy(readers());
    let principal = service_account("team-a", "other");
    assert_eq!(
        policy.decide(&principal, DataAction::Delete, Some("Patient"), now()),
        Decision::Refused {
            reason:
                "no role assignment allows system:serviceaccount:team-a:other to delete resources of Patient"
                    .to_owned()
        }
    );
}

#[test]
fn principals_of_an_issuer_are_known_by_user_group_or_client() {
    for (principal, granted) in [
        (json!({"kind": "user", "issuer": ISSUER, "name": "ann"}), true),
        (json!({"kind": "group", "issuer": ISSUER, "name": "night"}), true),
        (
            json!({"kind": "client", "issuer": ISSUER, "id": "portal", "includeUsers": true}),
            true,
        ),
        (json!({"kind": "user", "issuer": ISSUER, "name": "nurses"}), false),
        (json!({"kind": "group", "issuer": ISSUER, "name": "ann"}), false),
        (
            json!({"kind": "client", "issuer": ISSUER, "id": "ann", "includeUsers": true}),
            false,
        ),
        (
            json!({"kind": "user", "issuer": "https://other.example", "name": "ann"}),
            false,
        ),
    ] {
        let (policy, ignored) = policy(with(readers(), "principals", json!([principal])));
        assert_eq!(ignored, 0);
        assert_eq!(allows(&policy, &ann(ISSUER)), granted, "{principal}");
        assert!(!allows(&policy, &service_account("team-a", "ann")));
    }
}

#[test]
fn an_assignment_to_a_client_covers_its_users_only_if_it_says_so() {
    let portal = |include_users: Value| {
        let principal =
            json!({"kind": "client", "issuer": ISSUER, "id": "portal", "includeUsers": include_users});
        policy(with(readers(), "principals", json!([principal]))).0
    };
    let itself = Principal::of_issuer(
        ISSUER,
        Bearer {
            subject: "portal".to_owned(),
            client: Some("portal".to_owned()),
            acts_for_itself: true,
            ..Bearer::default()
        },
    );
    let (alone, with_users) = (portal(json!(false)), portal(json!(true)));
    assert!(allows(&alone, &itself) && allows(&with_users, &itself));
    assert!(!allows(&alone, &ann(ISSUER)));
    assert!(allows(&with_users, &ann(ISSUER)));
    let unsaid = json!([{"kind": "client", "issuer": ISSUER, "id": "portal"}]);
    let (unsaid, ignored) = policy(with(readers(), "principals", unsaid));
    assert_eq!(ignored, 0);
    assert!(allows(&unsaid, &itself) && !allows(&unsaid, &ann(ISSUER)));
}

#[test]
fn a_condition_limits_to_its_resource_types() {
    let limited = with(
        readers(),
        "condition",
        json!({"resourceTypes": ["Patient", "Observation"]}),
    );
    let (policy, _) = policy(limited);
    let principal = service_account("team-a", "reporting");
    let decide = |resource_type| policy.decide(&principal, DataAction::Search, resource_type, now());
    assert_eq!(decide(Some("Patient")), Decision::Allowed);
    assert!(matches!(decide(Some("Condition")), Decision::Refused { .. }));
    assert_eq!(limited_to(&decide(None)), ["Observation", "Patient"]);
}

#[test]
fn a_condition_that_nothing_can_meet_grants_nothing() {
    let (policy, ignored) = policy(with(readers(), "condition", json!({"resourceTypes": []})));
    assert_eq!(ignored, 0);
    let principal = service_account("team-a", "reporting");
    for resource_type in [None, Some("Patient")] {
        let decision = policy.decide(&principal, DataAction::Read, resource_type, now());
        assert!(matches!(decision, Decision::Refused { .. }), "{decision:?}");
    }
}

#[test]
fn a_document_is_written_as_it_is_read() {
    let assignments = [
        with(readers(), "condition", json!({"resourceTypes": ["Patient"]})),
        with(readers(), "expires", json!("2026-08-01T12:00:00Z")),
        with(
            readers(),
            "principals",
            json!([
                {"kind": "user", "issuer": ISSUER, "name": "ann"},
                {"kind": "group", "issuer": ISSUER, "name": "nurses"},
                {"kind": "client", "issuer": ISSUER, "id": "portal"},
                {"kind": "client", "issuer": ISSUER, "id": "portal", "includeUsers": true},
            ]),
        ),
        with(readers(), "dataActions", json!(["*", "hardDelete"])),
    ];
    let written = document("1", &assignments);
    let (read, ignored) = PolicyDocument::read(&written).unwrap();
    assert_eq!(ignored, []);
    let again: Value = serde_json::to_value(&read).unwrap();
    assert_eq!(again, serde_json::from_slice::<Value>(&written).unwrap());
}

#[test]
fn several_assignments_add_up() {
    let only = |name: &str| with(readers(), "condition", json!({"resourceTypes": [name]}));
    let principal = service_account("team-a", "reporting");
    let decide = |assignments: &[Value]| {
        let policy = parse(&document("1", assignments)).unwrap().policy;
        policy.decide(&principal, DataAction::Read, None, now())
    };
    let both = decide(&[only("Patient"), only("Observation")]);
    assert_eq!(limited_to(&both), ["Observation", "Patient"]);
    let Decision::AllowedWithin(criterion) = both else {
        panic!("limited")
    };
    assert_eq!(
        criterion.conditions().count(),
        2,
        "each has a condition of its own"
    );
    assert!(criterion.admits_type("Patient") && !criterion.admits_type("Condition"));
    assert_eq!(decide(&[only("Patient"), readers()]), Decision::Allowed);
}

#[test]
fn an_assignment_grants_nothing_from_the_moment_it_expires() {
    for (expires, granted) in [
        ("2026-08-01T12:00:01Z", true),
        ("2026-08-01T14:00:01+02:00", true),
        ("2026-08-01T12:00:00Z", false),
        ("2020-01-01T00:00:00Z", false),
    ] {
        let (policy, _) = policy(with(readers(), "expires", json!(expires)));
        assert_eq!(
            allows(&policy, &service_account("team-a", "reporting")),
            granted,
            "{expires}"
        );
    }
}

#[test]
fn an_assignment_that_is_not_understood_grants_nothing_and_the_others_stay() {
    let writers = json!({"name": "writers", "principals": [reporting()], "dataActions": ["create"]});
    for misunderstood in [
        with(readers(), "dataActions", json!(["read", "readAll"])),
        with(
            readers(),
            "principals",
            json!([reporting(), {"kind": "robot", "name": "r2"}]),
        ),
        with(
            readers(),
            "principals",
            json!([{"kind": "serviceAccount", "name": "reporting"}]),
        ),
        with(readers(), "principals", json!("everybody")),
        with(readers(), "condition", json!({"compartment": {"patient": "1"}})),
        with(
            readers(),
            "condition",
            json!({"resourceTypes": ["Patient"], "search": "Patient?active=true"}),
        ),
        with(readers(), "condition", json!({"resourceTypes": ["Animal"]})),
        with(readers(), "condition", json!({})),
        with(readers(), "expires", json!("tomorrow")),
        with(readers(), "notDataActions", json!(["read"])),
    ] {
        let parsed = parse(&document("1", &[misunderstood.clone(), writers.clone()])).unwrap();
        assert_eq!(parsed.ignored.len(), 1, "{misunderstood}");
        assert_eq!(parsed.ignored[0].assignment, "readers");
        let principal = service_account("team-a", "reporting");
        assert!(!allows(&parsed.policy, &principal), "{misunderstood}");
        let create = parsed.policy.decide(&principal, DataAction::Create, None, now());
        assert_eq!(create, Decision::Allowed);
    }
}

#[test]
fn what_is_no_policy_document_is_refused() {
    for (text, word) in [
        ("", "EOF"),
        ("[]", "not a policy document"),
        ("{\"version\": \"1\"}", "assignments"),
        ("{\"assignments\": []}", "version"),
        ("{\"version\": \"\", \"assignments\": []}", "must not be empty"),
        ("{\"version\": \"1\", \"assignments\": [\"all\"]}", "assignments"),
        ("{\"version\": \"1\", \"assignments\": [], \"deny\": []}", "deny"),
    ] {
        let refused: DocumentError = parse(text.as_bytes()).unwrap_err();
        let message = refused.to_string();
        assert!(
            message.contains("not a policy document") && message.contains(word),
            "{text}: {message}"
        );
    }
}

#[test]
fn without_authentication_everything_is_allowed() {
    for action in DataAction::ALL {
        let decision = AccessPolicy::allow_all().decide(&Principal::anonymous(), action, None, now());
        assert_eq!(decision, Decision::Allowed);
    }
}
