//! One control plane for all tests of this program, and its end.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use k8s_openapi::{
    api::core::v1::{Namespace, ServiceAccount},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, Config,
    api::{DynamicObject, Patch, PatchParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    core::{ApiResource, GroupVersionKind},
};
use serde_json::{Value, json};

use crate::chart::rendered;

/// As whom the operator runs: it has the rights that the chart gives to this account, and no others.
const OPERATOR: &str = "system:serviceaccount:brazier-system:brazier-operator";

/// Where its kubeconfig is. The control plane is brought up when this is first asked for.
pub fn kubeconfig() -> &'static PathBuf {
    static KUBECONFIG: OnceLock<PathBuf> = OnceLock::new();
    KUBECONFIG.get_or_init(|| {
        let program = std::env::var("BRAZIER_CLUSTER_BIN").expect(
            "these tests need a kube-apiserver: run `make test`, or set BRAZIER_CLUSTER_BIN to the program that \
             e2e/cluster/build makes",
        );
        let name = format!("operator-test-{}", std::process::id());
        bring_down_after_us(&program, &name);
        let up = Command::new(&program).args(["up", "--control-plane-only", "--name", &name]).output().unwrap();
        assert!(up.status.success(), "no control plane: {}", String::from_utf8_lossy(&up.stderr));
        let answer = Command::new(&program).args(["kubeconfig", "--name", &name]).output().unwrap();
        let path = PathBuf::from(String::from_utf8(answer.stdout).unwrap().trim());
        // On a thread of its own, since the caller may be in a runtime already.
        let prepared = path.clone();
        std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(prepare(&prepared));
        })
        .join()
        .unwrap();
        path
    })
}

/// However this program ends, its end of the pipe closes, and the shell goes on to bring the control plane down.
fn bring_down_after_us(program: &str, name: &str) {
    let watching = Command::new("sh")
        .args([
            "-c",
            "cat >/dev/null; exec \"$0\" down --name \"$1\"",
            program,
            name,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Kept open until the end of the program.
    std::mem::forget(watching);
}

async fn prepare(path: &Path) {
    let client = connect(path).await;
    let crds: Api<CustomResourceDefinition> = Api::all(client.clone());
    for definition in brazier_crds::definitions().unwrap() {
        let name = definition["metadata"]["name"].as_str().unwrap();
        crds.patch(
            name,
            &PatchParams::apply("test").validation_strict(),
            &Patch::Apply(&definition),
        )
        .await
        .unwrap();
        kube::runtime::wait::await_condition(
            crds.clone(),
            name,
            kube::runtime::wait::conditions::is_crd_established(),
        )
        .await
        .unwrap();
    }
    namespace(&client, "brazier-system").await;
    give_rights(&client).await;
    let text = std::fs::read_to_string(path).unwrap();
    let mut operators: Value = serde_yaml_ng::from_str(&text).unwrap();
    for user in operators["users"].as_array_mut().unwrap() {
        user["user"]["as"] = json!(OPERATOR);
    }
    std::fs::write(operators_path(path), operators.to_string()).unwrap();
}

/// The roles of the chart, and whom it gives them to.
async fn give_rights(client: &Client) {
    for document in rendered(&[]) {
        let kind = document["kind"].as_str().unwrap();
        if !["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"].contains(&kind) {
            continue;
        }
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("rbac.authorization.k8s.io", "v1", kind));
        let api: Api<DynamicObject> = match document["metadata"]["namespace"].as_str() {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let name = document["metadata"]["name"].as_str().unwrap();
        api.patch(name, &PatchParams::apply("test"), &Patch::Apply(&document))
            .await
            .unwrap();
    }
}

/// Where the kubeconfig is with which the operator runs.
pub fn operators_kubeconfig() -> PathBuf {
    operators_path(kubeconfig())
}

fn operators_path(kubeconfig: &Path) -> PathBuf {
    kubeconfig.with_extension("operator")
}

/// A client of the administrator.
pub async fn client() -> Client {
    connect(kubeconfig()).await
}

async fn connect(path: &Path) -> Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    let kubeconfig = Kubeconfig::read_from(path).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    Client::try_from(config).unwrap()
}

/// Makes a namespace, and plays the controller that makes a service account in each.
pub async fn namespace(client: &Client, name: &str) {
    let namespace: Namespace =
        serde_json::from_value(serde_json::json!({"metadata": {"name": name}})).unwrap();
    Api::<Namespace>::all(client.clone())
        .create(&PostParams::default(), &namespace)
        .await
        .unwrap();
    let account: ServiceAccount =
        serde_json::from_value(serde_json::json!({"metadata": {"name": "default"}})).unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), name);
    accounts.create(&PostParams::default(), &account).await.unwrap();
}
