//! `run`: who may push, over real TLS and with tokens that are really signed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod fixture;
#[path = "../../access/tests/fixture/signing.rs"]
mod signing;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fixture::{Connector, file, json_of, prepare};
use serde_json::{Value, json};
use signing::{SigningKey, service_account_claims, with};

const AUDIENCE: &str = "https://steps.team-a.svc";

/// A running connector with TLS, whose cluster has the key `cluster`.
struct Setting {
    cluster: SigningKey,
    certificate: PathBuf,
    client: reqwest::Client,
    connector: Connector,
}

/// What came of a push.
#[derive(Debug)]
struct Pushed {
    status: u16,
    challenge: Option<String>,
    detail: String,
}

impl Setting {
    /// With the access policy `policy`, and `more` keys beside the cluster's.
    async fn start(policy: &str, more: &[Value]) -> Setting {
        let nowhere = json!([{"name": "main", "url": "http://127.0.0.1:9", "identityResolution": "Create"}]);
        let folder = prepare(&nowhere, &json!({}));
        let cluster = SigningKey::elliptic_curve("cluster");
        let keys: Vec<Value> = more.iter().cloned().chain([cluster.public()]).collect();
        let (certificate, key) = new_identity(&folder);
        let jwks = file(&folder, "jwks.json", &json!({ "keys": keys }).to_string());
        let access = file(&folder, "policy.json", policy);
        let text = std::fs::read_to_string(folder.path().join("connector.yaml")).unwrap();
        let mut configuration: Value = serde_json::from_str(&text).unwrap();
        configuration["source"]["http"]["tls"] = json!({"certificateFile": certificate, "keyFile": key});
        configuration["source"]["http"]["authentication"] = json!({"accessFile": access, "kubernetes": {
            "issuer": "https://kubernetes.default.svc", "jwksFile": jwks, "audience": AUDIENCE}});
        file(&folder, "connector.yaml", &configuration.to_string());
        let connector = Connector::start(folder, "https");
        let client = fixture::client(Some(&certificate));
        connector
            .status_becomes(&client, |status| status["mappingValid"] == true)
            .await;
        Setting {
            cluster,
            certificate,
            client,
            connector,
        }
    }

    async fn push(&self, token: Option<&str>) -> Pushed {
        let mut request = self
            .client
            .post(&self.connector.source)
            .header("content-type", "application/json")
            .body("{\"steps\":1}");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        let challenge = response.headers().get("www-authenticate");
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let detail = json_of(response).await["detail"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        Pushed {
            status,
            challenge,
            detail,
        }
    }

    async fn push_as(&self, namespace: &str, name: &str) -> Pushed {
        let claims = service_account_claims(AUDIENCE, namespace, name);
        self.push(Some(&self.cluster.sign(&claims))).await
    }
}

fn new_identity(folder: &tempfile::TempDir) -> (PathBuf, PathBuf) {
    let identity = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    (
        file(folder, "tls.crt", &identity.cert.pem()),
        file(folder, "tls.key", &identity.signing_key.serialize_pem()),
    )
}

/// A policy with an assignment to each of these service accounts of `team-a`.
fn policy(assignments: &[(&str, Value)]) -> String {
    let assignment = |(account, more): &(&str, Value)| {
        let mut assignment = json!({"name": account, "dataActions": ["create"],
            "principals": [{"kind": "serviceAccount", "namespace": "team-a", "name": account}]});
        assignment
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        assignment
    };
    let assignments: Vec<Value> = assignments.iter().map(assignment).collect();
    json!({"version": "1", "assignments": assignments}).to_string()
}

#[tokio::test]
async fn only_a_token_of_the_cluster_for_this_connector_is_accepted() {
    let weak = SigningKey::rsa_of_bits("weak", 1024);
    let other_algorithm = SigningKey::rsa("other algorithm");
    let published = [
        weak.public(),
        with(&other_algorithm.public(), "alg", json!("RS512")),
    ];
    let setting = Setting::start(&policy(&[("gateway", json!({}))]), &published).await;
    let claims = service_account_claims(AUDIENCE, "team-a", "gateway");
    let now = jiff::Timestamp::now().as_second();
    let cluster = &setting.cluster;
    assert_eq!(setting.push(Some(&cluster.sign(&claims))).await.status, 200);
    let mut critical = cluster.header();
    critical.crit = Some(vec!["b64".to_owned()]);
    let missing = setting.push(None).await;
    assert_eq!(
        (missing.status, missing.challenge.as_deref()),
        (401, Some("Bearer")),
        "{missing:?}"
    );
    assert!(missing.detail.contains("carries no token"), "{missing:?}");
    for (token, part) in [
        ("nonsense".to_owned(), "malformed"),
        (
            cluster.sign(&with(&claims, "aud", json!(["https://clinic.team-a.svc"]))),
            "another service",
        ),
        (cluster.sign(&with(&claims, "exp", json!(now - 600))), "expired"),
        (
            cluster.sign(&with(&claims, "iss", json!("https://other.example"))),
            "not one that this service trusts",
        ),
        (
            SigningKey::elliptic_curve("cluster").sign(&claims),
            "signature is wrong",
        ),
        (
            SigningKey::elliptic_curve("unknown").sign(&claims),
            "a key that its issuer does not publish",
        ),
        // Published, but too short to be safe.
        (weak.sign(&claims), "a key that its issuer does not publish"),
        (other_algorithm.sign(&claims), "an algorithm that is not accepted"),
        (cluster.sign_with_header(&critical, &claims), "malformed"),
    ] {
        let refused = setting.push(Some(&token)).await;
        assert_eq!(refused.status, 401, "{part}: {refused:?}");
        assert!(refused.detail.contains(part), "{refused:?}");
        let challenge = refused.challenge.unwrap();
        assert!(
            challenge.starts_with("Bearer error=\"invalid_token\""),
            "{challenge}"
        );
    }
}

#[tokio::test]
async fn only_who_may_create_without_a_condition_pushes() {
    let setting = Setting::start(
        &policy(&[
            ("writer", json!({})),
            ("all", json!({"dataActions": ["*"]})),
            ("early", json!({"expires": "2999-01-01T00:00:00Z"})),
            ("late", json!({"expires": "2020-01-01T00:00:00Z"})),
            ("reader", json!({"dataActions": ["read", "search"]})),
            ("some", json!({"condition": {"resourceTypes": ["Observation"]}})),
            ("misunderstood", json!({"dataActions": ["create", "createAll"]})),
            ("limited", json!({"only": "mondays"})),
            ("not", json!({"dataActions": ["*"], "notDataActions": ["create"]})),
        ]),
        &[],
    )
    .await;
    for name in ["writer", "all", "early"] {
        let pushed = setting.push_as("team-a", name).await;
        assert_eq!(pushed.status, 200, "{name}: {pushed:?}");
    }
    for (namespace, name, part) in [
        ("team-a", "late", "no role assignment allows"),
        ("team-a", "reader", "no role assignment allows"),
        ("team-a", "some", "some resources only"),
        ("team-a", "misunderstood", "no role assignment allows"),
        ("team-a", "limited", "no role assignment allows"),
        ("team-a", "not", "no role assignment allows"),
        (
            "team-a",
            "other",
            "no role assignment allows system:serviceaccount:team-a:other to create; pushing takes",
        ),
        ("team-b", "writer", "no role assignment allows"),
    ] {
        let refused = setting.push_as(namespace, name).await;
        assert_eq!(refused.status, 403, "{name}: {refused:?}");
        assert!(refused.detail.contains(part), "{name}: {refused:?}");
        assert_eq!(refused.challenge, None);
    }
    // The policy follows its file, and the log says which assignments grant nothing, and why.
    let next = policy(&[
        ("reader", json!({})),
        ("misunderstood", json!({"dataActions": ["create", "createAll"]})),
        ("limited", json!({"only": "mondays"})),
    ]);
    file(&setting.connector.folder, "policy.json", &next);
    let deadline = Instant::now() + fixture::PATIENCE;
    while setting.push_as("team-a", "reader").await.status != 200 {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(setting.push_as("team-a", "writer").await.status, 403);
    let log = setting.connector.program.log();
    for part in [
        "unknown data action",
        "unknown field `only`",
        "the assignment grants nothing",
    ] {
        assert!(log.contains(part), "{log}");
    }
}

#[tokio::test]
async fn the_policy_that_the_operator_writes_is_understood() {
    let snapshot = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../operator/tests/snapshots/fhir_service_objects__policy.snap");
    let text = std::fs::read_to_string(snapshot).unwrap();
    let (_head, policy) = text.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    let policy: Value = serde_yaml_ng::from_str(policy).unwrap();
    let setting = Setting::start(&policy.to_string(), &[]).await;
    let archive = setting.push_as("hospital", "archive").await;
    assert_eq!(archive.status, 200, "{archive:?}");
    for (namespace, name, part) in [
        ("hospital", "desk", "no role assignment allows"),
        ("hospital", "bedside", "some resources only"),
        ("clinic", "round", "some resources only"),
    ] {
        let refused = setting.push_as(namespace, name).await;
        assert_eq!(refused.status, 403, "{name}: {refused:?}");
        assert!(refused.detail.contains(part), "{name}: {refused:?}");
    }
}

#[tokio::test]
async fn nothing_is_taken_without_tls_and_a_renewed_certificate_is_what_new_connections_get() {
    let setting = Setting::start(&policy(&[("gateway", json!({}))]), &[]).await;
    let plain = reqwest::Client::new()
        .post(setting.connector.source.replace("https", "http"))
        .send()
        .await;
    assert!(plain.is_err(), "{plain:?}");
    let (certificate, _key) = new_identity(&setting.connector.folder);
    assert_eq!(certificate, setting.certificate);
    let renewed = fixture::client(Some(&certificate));
    let deadline = Instant::now() + fixture::PATIENCE;
    while renewed.post(&setting.connector.source).send().await.is_err() {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
