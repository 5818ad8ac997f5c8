//! What the operator writes, the connector reads: the snapshot of the operator's tests has a connector's objects, and the
//! program is run with the files that their volumes would hold.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic"
)]

mod fixture;
#[path = "../../access/tests/fixture/signing.rs"]
mod signing;

use std::path::Path;

use fixture::{Connector, client, heart_rate_mappings};
use serde_json::Value;
use signing::{SigningKey, key_set, service_account_claims};

/// The content of a snapshot of the operator's tests, without its head.
fn snapshot(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../operator/tests/snapshots");
    let text = std::fs::read_to_string(folder.join(format!("iot_connector_objects__{name}.snap"))).unwrap();
    let (_before, after) = text.strip_prefix("---\n").unwrap().split_once("\n---\n").unwrap();
    after.to_owned()
}

fn find<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let mut found = objects
        .iter()
        .filter(|one| one["kind"] == kind && one["metadata"]["name"] == name);
    found.next().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Writes a file of a folder, and the folders above it.
fn write(folder: &Path, path: &str, content: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
}

/// The kubelet: projects the pod's volumes into a folder, as they would be at `/`. What is not in the snapshot, because it
/// is secret, is asked of `secret` by its key.
fn project(objects: &[Value], root: &Path, secret: impl Fn(&str) -> String) {
    let pod = &find(objects, "Deployment", "bedside")["spec"]["template"]["spec"];
    let mounts = list(&pod["containers"][0]["volumeMounts"]);
    for volume in list(&pod["volumes"]) {
        let mount = mounts
            .iter()
            .find(|mount| mount["name"] == volume["name"])
            .unwrap();
        let folder = root.join(text(&mount["mountPath"]).trim_start_matches('/'));
        for source in list(&volume["projected"]["sources"]) {
            if let Some(token) = source.get("serviceAccountToken") {
                write(&folder, text(&token["path"]), &secret("token"));
                continue;
            }
            let (of, items) = match source.get("configMap") {
                Some(map) => (
                    Some(find(objects, "ConfigMap", text(&map["name"]))),
                    &map["items"],
                ),
                None => (None, &source["secret"]["items"]),
            };
            for item in list(items) {
                let content = match of {
                    Some(map) => text(&map["data"][text(&item["key"])]).to_owned(),
                    None => secret(text(&item["key"])),
                };
                write(&folder, text(&item["path"]), &content);
            }
        }
    }
}

/// A token of a service account of the connector's namespace.
fn token(cluster: &SigningKey, account: &str, audience: &str) -> String {
    cluster.sign(&service_account_claims(audience, "hospital", account))
}

/// A connector that runs with what the operator writes.
struct Running {
    connector: Connector,
    client: reqwest::Client,
    cluster: SigningKey,
}

impl Running {
    /// Starts it with the configuration file of the objects, or with another.
    fn start(objects: &[Value], other_configuration: Option<&str>) -> Self {
        let (folder, cluster) = (tempfile::tempdir().unwrap(), SigningKey::elliptic_curve("1"));
        let identity = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        project(objects, folder.path(), |key| match key {
            "tls.crt" => identity.cert.pem(),
            "tls.key" => identity.signing_key.serialize_pem(),
            "token" => token(&cluster, "bedside", "https://ward.hospital.svc"),
            other => panic!("the operator names a key that nobody makes: {other}"),
        });
        // Stand-ins of the snapshot, in place of which an operator in a cluster writes the real thing.
        let etc = folder.path().join("etc/brazier");
        let (device, fhir) = heart_rate_mappings();
        write(&etc, "mapping/device.json", &device);
        write(&etc, "mapping/fhir.json", &fhir);
        write(&etc, "kubernetes/jwks.json", &key_set(&[&cluster]));
        write(&etc, "destination/ca.crt", &identity.cert.pem());
        // The file as it is but for the place of the files and the addresses.
        let written = std::fs::read_to_string(etc.join("connector.yaml")).unwrap();
        let configuration = other_configuration
            .unwrap_or(&written)
            .replace(": /", &format!(": {}/", folder.path().display()))
            .replace("0.0.0.0:8443", "127.0.0.1:0")
            .replace("0.0.0.0:9090", "127.0.0.1:0");
        write(folder.path(), "connector.yaml", &configuration);
        let client = client(Some(&etc.join("tls/tls.crt")));
        Running {
            connector: Connector::start(folder, "https"),
            client,
            cluster,
        }
    }

    /// Pushes a message as a service account with a token for `audience`; the status of the answer.
    async fn push(&self, account: &str, audience: &str) -> u16 {
        let request = self
            .client
            .post(&self.connector.source)
            .header("content-type", "application/json")
            .bearer_auth(token(&self.cluster, account, audience))
            .body("{\"steps\":1}");
        request.send().await.unwrap().status().as_u16()
    }

    async fn comes_up(&self) {
        let status = self
            .connector
            .status_becomes(&self.client, |status| status["mappingValid"] == true)
            .await;
        assert_eq!(status["sourceConnected"], true);
    }
}

#[tokio::test]
async fn the_connector_runs_with_what_the_operator_writes() {
    let objects: Vec<Value> = serde_yaml_ng::from_str(&snapshot("connector")).unwrap();
    let running = Running::start(&objects, None);
    running.comes_up().await;
    // Whom the operator's policy lets in, at the address that the operator tells devices.
    let url = text(&find(&objects, "ConfigMap", "bedside-connection")["data"]["url"]);
    assert_eq!(running.push("gateway", url).await, 200);
    assert_eq!(running.push("stranger", url).await, 403);
    assert_eq!(running.push("gateway", "https://ward.hospital.svc").await, 401);
}

/// The file of a connector that reads mappings as microsoft/iomt-fhir does.
#[tokio::test]
async fn the_other_compatibility_is_understood() {
    let objects: Vec<Value> = serde_yaml_ng::from_str(&snapshot("connector")).unwrap();
    let file = snapshot("connector.yaml");
    assert!(file.contains("compatibility: iomt-fhir"), "{file}");
    Running::start(&objects, Some(&file)).comes_up().await;
}
