//! Each cause of a failure with what tenants, pipelines and metrics see of it: category, reason and message.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use brazier_crds::reference::ConfigMapKeyReference;
use brazier_operator::{
    apply, build, certificate, credential, delete,
    error::{
        Category::{self, Internal, Invalid, Passing, Refused, Unavailable, Unreadable},
        Failure,
    },
    fhir_service::{self, database},
    iot_connector,
    manifest::{IncompleteMetadata, Owner},
    reconcile,
    request::{self, RequestError},
    role_assignment, rollout, status,
};
use kube::core::{Status, gvk::ParseGroupVersionError};

/// A request that the API server answered with `code`.
fn answered(code: u16, message: &str) -> RequestError {
    let status = Status::failure(message, "").with_code(code);
    request::write("Service ward")(kube::Error::Api(Box::new(status)))
}

fn unanswered() -> RequestError {
    request::read("Service ward")(kube::Error::Service("no route".into()))
}

fn no_json() -> serde_json::Error {
    serde_json::from_str::<bool>("{").unwrap_err()
}

fn no_yaml() -> serde_yaml_ng::Error {
    serde_yaml_ng::from_str::<bool>("[").unwrap_err()
}

fn reference() -> ConfigMapKeyReference {
    serde_json::from_value(serde_json::json!({"name": "files", "key": "a.json"})).unwrap()
}

#[track_caller]
fn check(error: &dyn Failure, category: Category, reason: &str, message: &str) {
    let verdict = error.verdict();
    assert_eq!((verdict.category, verdict.reason), (category, reason), "{error}");
    assert_eq!(error.message(), message);
}

#[test]
fn what_the_api_server_answers_decides_who_has_to_act() {
    let message = "failed to write Service ward: no";
    for code in [404, 409, 410] {
        check(&answered(code, "no"), Passing, "RequestFailed", message);
    }
    for code in [400, 401, 403, 405, 422] {
        check(&answered(code, "no"), Refused, "RequestRefused", message);
    }
    for code in [429, 500, 503] {
        check(&answered(code, "no"), Unavailable, "RequestFailed", message);
    }
    let message = "failed to read Service ward: the API server did not answer";
    check(&unanswered(), Unavailable, "RequestFailed", message);
}

#[test]
fn objects_of_somebody_else_are_told_from_objects_that_are_broken() {
    let taken = apply::Error::NameTaken {
        kind: "Service".into(),
        name: "ward".into(),
        whose: "was not made by Brazier".into(),
    };
    let message = "Service ward exists and was not made by Brazier: give this object another name, or delete that Service";
    check(&taken, Invalid, "NameTaken", message);
    let still_there = apply::Error::StillThere {
        what: "Service ward".into(),
    };
    let message = "Service ward of the same name is still being deleted";
    check(&still_there, Passing, "InProgress", message);
    let unreadable = apply::Error::Unreadable {
        what: "Job ward".into(),
        source: no_json(),
    };
    let message = format!("Job ward cannot be read: {}", no_json());
    check(&unreadable, Unreadable, "UnreadableObject", &message);
    let malformed = apply::Error::Malformed {
        what: "Job ward".into(),
        source: ParseGroupVersionError("x/y/z".into()),
    };
    let message = "Job ward was built wrongly: failed to parse group version: x/y/z";
    check(&malformed, Internal, "OperatorFault", message);
    let changed = delete::Error::Changed {
        what: "Job ward".into(),
        source: kube::Error::Service("precondition".into()),
    };
    let message = "Job ward is not as it was when it was looked at: it is looked at again";
    check(&changed, Passing, "InProgress", message);
}

#[test]
fn credentials_of_the_tenant_are_told_from_the_operators_own_trouble() {
    let lost = credential::Error::Lost {
        name: "ward-db-owner".into(),
    };
    let message = "Secret ward-db-owner does not hold what Brazier put into it: restore the values that the database uses";
    check(&lost, Unreadable, "CredentialsLost", message);
    let gone = credential::Error::Gone {
        name: "ward-db-owner".into(),
        data: "PersistentVolumeClaim data-ward-db-0".into(),
    };
    let message = "PersistentVolumeClaim data-ward-db-0 is there from before, and the Secret ward-db-owner with its password \
                   is not: restore the Secret, or delete that PersistentVolumeClaim data-ward-db-0";
    check(&gone, Unreadable, "CredentialsLost", message);
    let certificate = credential::Error::Certificate {
        name: "ward-tls".into(),
        source: certificate::Error::Read("it has no key".into()),
    };
    let message = "failed to provide the certificate ward-tls: it has no key";
    check(&certificate, Internal, "CertificateNotMade", message);
    let useless = credential::Error::Useless {
        name: "ward-tls".into(),
        why: "it was issued for other names".into(),
    };
    let message = "the certificate ward-tls that was just made is not good: it was issued for other names";
    check(&useless, Internal, "CertificateNotMade", message);
    let malformed = credential::Error::Malformed {
        name: "ward-tls".into(),
        source: no_json(),
    };
    let message = format!("Secret ward-tls was built wrongly: {}", no_json());
    check(&malformed, Internal, "OperatorFault", &message);
    let message = "the system gives no random numbers for a password";
    check(
        &credential::Error::NoRandomNumbers,
        Internal,
        "OperatorFault",
        message,
    );
}

#[test]
fn a_spec_that_is_wrong_is_told_from_one_that_points_at_nothing() {
    let none = database::ValidateError::NotChosen;
    let message = "say which database: write spec.database.bundled: {} for a PostgreSQL that Brazier runs";
    check(&none, Invalid, "InvalidSpec", message);
    let bundle = fhir_service::validate::Error::BundleNotFound(reference());
    let message = "key a.json of ConfigMap files does not exist: create it, or correct \
                   spec.authentication.issuers[].caBundleRef";
    check(&bundle, Invalid, "ReferenceNotFound", message);
    let destination = iot_connector::validate::Error::DestinationNotFound("ward".into());
    let message =
        "FhirService ward does not exist: create it, or correct spec.destinations[].fhirServiceRef.name";
    check(&destination, Invalid, "DestinationNotFound", message);
    let mapping = iot_connector::validate::Error::MappingNotFound {
        field: "fhirMapping",
        reference: reference(),
    };
    let message = "key a.json of ConfigMap files does not exist: create it, or correct spec.fhirMapping.configMapKeyRef";
    check(&mapping, Invalid, "MappingNotFound", message);
    let empty = iot_connector::validate::Error::NoMapping("deviceMapping");
    let message =
        "spec.deviceMapping is empty: write the mapping inline, or name a ConfigMap by configMapKeyRef";
    check(&empty, Invalid, "InvalidSpec", message);
}

#[test]
fn an_object_that_cannot_be_read_is_no_invalid_spec() {
    let strange: reconcile::Error<role_assignment::Error> = reconcile::Error::Unreadable {
        what: "RoleAssignment/team-a/readers".into(),
        message: "unknown variant".into(),
    };
    let message = "RoleAssignment/team-a/readers cannot be read: unknown variant";
    check(&strange, Invalid, "UnreadableSpec", message);
    let metadata = serde_json::from_str(r#"{"name": "ward", "namespace": "team-a"}"#).unwrap();
    let incomplete: IncompleteMetadata = Owner::of("FhirService", "fhir-service", &metadata).unwrap_err();
    let message = "FhirService ward cannot be read: it has no uid";
    check(&incomplete, Unreadable, "UnreadableObject", message);
}

#[test]
fn what_the_operator_cannot_write_is_its_own_trouble() {
    let configuration = build::Error::Configuration {
        file: "server.yaml",
        source: no_yaml(),
    };
    let message = format!(
        "failed to write the configuration file server.yaml: {}",
        no_yaml()
    );
    check(&configuration, Internal, "ConfigurationNotWritten", &message);
    let status = status::Error::Malformed {
        what: "status of FhirService ward".into(),
        source: no_json(),
    };
    let message = format!("status of FhirService ward was computed wrongly: {}", no_json());
    check(&status, Internal, "OperatorFault", &message);
}

/// The same cause says the same in whichever stage of whichever kind it shows.
#[test]
fn stages_pass_on_what_their_causes_say() {
    let cause = || answered(403, "quota");
    let message = "failed to write Service ward: quota";
    let failures: Vec<Box<dyn Failure>> = vec![
        Box::new(rollout::Error::Apply(apply::Error::Request(cause()))),
        Box::new(rollout::Error::Delete(delete::Error::Request(cause()))),
        Box::new(rollout::Error::Request(cause())),
        Box::new(credential::Error::Request(cause())),
        Box::new(credential::Error::NotOurs(apply::Error::Request(cause()))),
        Box::new(fhir_service::Error::Finalizer(cause())),
        Box::new(fhir_service::Error::Dereference(cause())),
        Box::new(fhir_service::Error::Enforce(apply::Error::Request(cause()))),
        Box::new(fhir_service::Error::Credentials(credential::Error::Request(
            cause(),
        ))),
        Box::new(fhir_service::Error::RollOut(rollout::Error::Request(cause()))),
        Box::new(fhir_service::Error::Observe(cause())),
        Box::new(fhir_service::Error::UpdateStatus(status::Error::Request(cause()))),
        Box::new(fhir_service::Error::Cleanup(
            fhir_service::cleanup::Error::Finalizer(cause()),
        )),
        Box::new(iot_connector::Error::Dereference(cause())),
        Box::new(iot_connector::Error::Credentials(credential::Error::Request(
            cause(),
        ))),
        Box::new(iot_connector::Error::RollOut(rollout::Error::Request(cause()))),
        Box::new(iot_connector::Error::Observe(cause())),
        Box::new(iot_connector::Error::UpdateStatus(
            status::Error::Request(cause()),
        )),
        Box::new(role_assignment::Error::Dereference(cause())),
        Box::new(role_assignment::Error::UpdateStatus(status::Error::Request(
            cause(),
        ))),
        Box::new(reconcile::Error::Stage(role_assignment::Error::Dereference(
            cause(),
        ))),
    ];
    for failure in failures {
        check(failure.as_ref(), Refused, "RequestRefused", message);
    }
}

#[test]
fn only_what_passes_by_itself_is_not_stalled() {
    let all = [Passing, Unavailable, Refused, Invalid, Unreadable, Internal];
    let stalled: Vec<&str> = all
        .iter()
        .filter(|category| category.is_stalled())
        .map(|category| category.as_str())
        .collect();
    assert_eq!(stalled, ["refused", "invalid", "unreadable", "internal"]);
}
