//! A tenant: a namespace with the objects of `e2e/samples` in it, applied by kubectl.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    fhir_client::FhirClient,
    kubectl, report,
    route::{self, Route},
    wait,
};

/// Label of the namespaces that scenarios make.
const LABEL: &str = "brazier.dev/scenario=yes";

/// A namespace on the cluster that belongs to one scenario.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Name of the namespace, in place of the samples' `team-a`.
    pub namespace: String,
}

impl Tenant {
    /// Makes the namespace and the service accounts of the samples.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn create(namespace: &str) -> Result<Tenant> {
        let tenant = Tenant {
            namespace: namespace.to_string(),
        };
        tenant.apply_sample("namespace.yaml").await?;
        kubectl::run(&["label", "namespace", namespace, LABEL]).await?;
        Ok(tenant)
    }

    /// Applies one of the samples, in this namespace.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn apply_sample(&self, file: &str) -> Result<()> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../samples")
            .join(file);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        kubectl::apply(&text.replace("team-a", &self.namespace)).await
    }

    /// Applies a FhirService of one server and one database member; `more` is further fields of its spec, as YAML in
    /// one line that begins with a comma.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn apply_small_service(&self, name: &str, more: &str) -> Result<()> {
        let namespace = &self.namespace;
        kubectl::apply(&format!(
            "apiVersion: brazier.dev/v1alpha1\nkind: FhirService\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
             spec: {{replicas: 1, database: {{bundled: {{instances: 1, storage: {{size: 1Gi}}}}}}{more}}}\n"
        ))
        .await
    }

    /// Gives a service account of this namespace a role on a FhirService.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn assign(&self, account: &str, role: &str, service: &str) -> Result<()> {
        let namespace = &self.namespace;
        kubectl::apply(&format!(
            "apiVersion: brazier.dev/v1alpha1\nkind: RoleAssignment\nmetadata: {{name: {account}-{service}, namespace: {namespace}}}\n\
             spec: {{scope: {{name: {service}}}, role: {role}, principals: [{{serviceAccount: {{name: {account}}}}}]}}\n"
        ))
        .await
    }

    /// kubectl in this namespace.
    ///
    /// # Errors
    /// If it fails.
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let namespace = format!("--namespace={}", self.namespace);
        // Right after the verb: what follows `--` belongs to the command of an exec.
        let mut all = vec![arguments[0], namespace.as_str()];
        all.extend(&arguments[1..]);
        kubectl::run(&all).await
    }

    /// The objects of a kind in this namespace.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn list(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let namespace = format!("--namespace={}", self.namespace);
        let mut all = arguments.to_vec();
        all.push(&namespace);
        kubectl::list(&all).await
    }

    /// Waits for Ready, as `kubectl wait` has it.
    ///
    /// # Errors
    /// If it is not ready in time.
    pub async fn wait_ready(&self, objects: &[&str]) -> Result<()> {
        let mut arguments = vec!["wait", "--for=condition=Ready", "--timeout=300s"];
        arguments.extend(objects);
        self.kubectl(&arguments).await.map(drop)
    }

    /// A token of a service account for an audience.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn token(&self, account: &str, audience: &str) -> Result<String> {
        let audience = format!("--audience={audience}");
        let token = self.kubectl(&["create", "token", account, &audience]).await?;
        Ok(token.trim().to_string())
    }

    /// The URL by which clients know a service or connector.
    pub fn url(&self, name: &str) -> String {
        format!("https://{name}.{}.svc", self.namespace)
    }

    /// The certificates that clients of a service or connector trust.
    ///
    /// # Errors
    /// If its connection ConfigMap is not there.
    pub async fn certificates(&self, name: &str) -> Result<String> {
        self.kubectl(&[
            "get",
            "configmap",
            &format!("{name}-connection"),
            "--output=jsonpath={.data.ca\\.crt}",
        ])
        .await
    }

    /// A client of a service or connector, by its Service.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub async fn client(&self, name: &str, token: Option<&str>) -> Result<FhirClient> {
        let route = route::to(&self.namespace, &format!("service/{name}"), 443).await?;
        self.client_by(route, name, token).await
    }

    /// A client of each ready replica of a service.
    ///
    /// # Errors
    /// If one cannot be reached.
    pub async fn clients_of_replicas(&self, name: &str, token: Option<&str>) -> Result<Vec<FhirClient>> {
        let mut clients = Vec::new();
        for pod in self.servers(name).await? {
            let route = route::to(&self.namespace, &format!("pod/{pod}"), 8443).await?;
            clients.push(self.client_by(route, name, token).await?);
        }
        Ok(clients)
    }

    async fn client_by(&self, route: Route, name: &str, token: Option<&str>) -> Result<FhirClient> {
        FhirClient::new(&self.url(name), &self.certificates(name).await?, route, token)
    }

    /// Names of the pods that serve.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn servers(&self, name: &str) -> Result<Vec<String>> {
        let selector =
            format!("--selector=app.kubernetes.io/instance={name},app.kubernetes.io/component=server");
        let pods = self.list(&["pods", &selector]).await?;
        Ok(pods.iter().filter_map(name_of).collect())
    }
}

/// The name of an object.
pub fn name_of(object: &Value) -> Option<String> {
    object["metadata"]["name"].as_str().map(str::to_string)
}

/// Deletes the namespaces of all scenarios and does not wait for their end.
///
/// # Errors
/// If kubectl fails.
pub async fn begin_to_remove_all() -> Result<()> {
    let selector = format!("--selector={LABEL}");
    kubectl::run(&["delete", "namespace", &selector, "--wait=false"])
        .await
        .map(drop)
}

/// Deletes the namespaces of all scenarios and waits until they are gone.
///
/// # Errors
/// If one stays.
pub async fn remove_all() -> Result<()> {
    begin_to_remove_all().await?;
    wait_removed().await
}

/// Waits until the namespaces that are being deleted are gone.
///
/// # Errors
/// If one stays.
pub async fn wait_removed() -> Result<()> {
    let selector = format!("--selector={LABEL}");
    let gone = async || {
        let all = kubectl::list(&["namespaces", &selector]).await?;
        let ending = all
            .iter()
            .filter(|one| one["metadata"]["deletionTimestamp"].is_string());
        match ending.filter_map(name_of).collect::<Vec<_>>().as_slice() {
            [] => Ok(()),
            left => anyhow::bail!("{left:?}"),
        }
    };
    let ((), after) = wait::until("the namespaces to go", Duration::from_secs(240), gone).await?;
    if after > Duration::from_secs(1) {
        report::seen(format!("its namespaces are gone after {} s", after.as_secs()));
    }
    Ok(())
}
