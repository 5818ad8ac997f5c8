//! Judges NetworkPolicies as the standard has it (<https://kubernetes.io/docs/concepts/services-networking/network-policies/>):
//! a pod that no policy selects may be reached by anybody; one that is selected only by what some policy allows.
//! It knows what our policies use: ingress, pod and namespace selectors by labels, ports by number.

use std::collections::HashMap;

use anyhow::Result;
use serde_json::Value;

use crate::kubectl;

/// The policies of a cluster, and the labels of its namespaces.
#[derive(Debug, Default)]
pub struct NetworkPolicies {
    policies: Vec<Value>,
    namespaces: HashMap<String, Value>,
}

impl NetworkPolicies {
    /// Reads them.
    ///
    /// # Errors
    /// If kubectl fails.
    pub async fn read() -> Result<NetworkPolicies> {
        let policies = kubectl::list(&["networkpolicies", "--all-namespaces"]).await?;
        let namespaces = kubectl::list(&["namespaces"]).await?;
        Ok(NetworkPolicies::new(policies, namespaces))
    }

    fn new(policies: Vec<Value>, namespaces: Vec<Value>) -> NetworkPolicies {
        let namespaces = namespaces
            .into_iter()
            .filter_map(|mut one| {
                let name = one["metadata"]["name"].as_str()?.to_string();
                Some((name, one["metadata"]["labels"].take()))
            })
            .collect();
        NetworkPolicies { policies, namespaces }
    }

    /// Whether `client` may connect to `port` of `pod`.
    pub fn allow(&self, client: &Value, pod: &Value, port: u16) -> bool {
        let mut selecting = self
            .policies
            .iter()
            .filter(|policy| {
                policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
                    && selects(&policy["spec"]["podSelector"], &pod["metadata"]["labels"])
            })
            .peekable();
        if selecting.peek().is_none() {
            return true;
        }
        selecting.any(|policy| {
            let rules = policy["spec"]["ingress"].as_array().into_iter().flatten();
            rules.into_iter().any(|rule| {
                has_port(rule, port) && self.has_peer(rule, &policy["metadata"]["namespace"], client)
            })
        })
    }

    fn has_peer(&self, rule: &Value, policy_namespace: &Value, client: &Value) -> bool {
        let Some(peers) = rule["from"].as_array().filter(|peers| !peers.is_empty()) else {
            return true;
        };
        peers.iter().any(|peer| {
            let client_namespace = client["metadata"]["namespace"].as_str().unwrap_or_default();
            let in_namespace = if peer["namespaceSelector"].is_null() {
                policy_namespace == client_namespace
            } else {
                let labels = self.namespaces.get(client_namespace).unwrap_or(&Value::Null);
                selects(&peer["namespaceSelector"], labels)
            };
            in_namespace
                && peer["ipBlock"].is_null()
                && selects(&peer["podSelector"], &client["metadata"]["labels"])
        })
    }
}

fn has_port(rule: &Value, port: u16) -> bool {
    match rule["ports"].as_array() {
        Some(ports) if !ports.is_empty() => ports.iter().any(|one| one["port"] == port),
        _ => true,
    }
}

/// Whether a label selector selects these labels; one with expressions, which ours have not, selects nothing.
fn selects(selector: &Value, labels: &Value) -> bool {
    let wanted = selector["matchLabels"].as_object();
    selector["matchExpressions"].is_null()
        && wanted
            .into_iter()
            .flatten()
            .all(|(name, value)| labels.get(name) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(namespace: &str, app: &str) -> Value {
        json!({"metadata": {"namespace": namespace, "labels": {"app": app}}})
    }

    #[test]
    fn only_what_a_policy_allows_reaches_a_pod_that_one_selects() {
        let policy = json!({
            "metadata": {"namespace": "a"},
            "spec": {"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [
                {"ports": [{"port": 5432}], "from": [{"podSelector": {"matchLabels": {"app": "web"}}}]},
                {"ports": [{"port": 80}], "from": [{
                    "namespaceSelector": {"matchLabels": {"name": "b"}}, "podSelector": {"matchLabels": {"app": "web"}},
                }]},
                {"ports": [{"port": 9090}]},
            ]},
        });
        let namespace = |name: &str| json!({"metadata": {"name": name, "labels": {"name": name}}});
        let policies = NetworkPolicies::new(vec![policy], vec![namespace("a"), namespace("b")]);
        let database = pod("a", "db");
        assert!(policies.allow(&pod("a", "web"), &database, 5432));
        assert!(
            !policies.allow(&pod("a", "other"), &database, 5432),
            "another pod"
        );
        assert!(
            !policies.allow(&pod("b", "web"), &database, 5432),
            "another namespace"
        );
        assert!(!policies.allow(&pod("a", "web"), &database, 5433), "another port");
        assert!(policies.allow(&pod("b", "web"), &database, 80));
        assert!(!policies.allow(&pod("a", "web"), &database, 80));
        assert!(policies.allow(&pod("b", "other"), &database, 9090));
        assert!(
            policies.allow(&pod("b", "other"), &pod("a", "web"), 5432),
            "no policy selects it"
        );
        assert!(
            policies.allow(&pod("b", "other"), &pod("b", "db"), 5432),
            "the policy is another namespace's"
        );
    }
}
