//! Who may open connections to whom. Clusters without an engine for it do not enforce this, so certificates,
//! passwords and tokens have to hold by themselves too.

use k8s_openapi::api::networking::v1::NetworkPolicyPeer;
use serde_json::{Value, json};

use crate::{
    labels::{self, Component},
    manifest::{DesiredObject, Owner},
};

/// Lets into the pods of a component what `ingress` allows, and nothing else.
pub fn ingress(owner: &Owner, name: &str, component: Component, ingress: &Value) -> DesiredObject {
    let spec = json!({
        "podSelector": {"matchLabels": labels::selector(&owner.name, component)},
        "policyTypes": ["Ingress"],
        "ingress": ingress,
    });
    DesiredObject::new(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        owner.metadata(name),
        json!({"spec": spec}),
    )
}

/// Who may read metrics and probes, besides the kubelet of the pod's own node, which every network lets in
/// (<https://kubernetes.io/docs/concepts/services-networking/network-policies/>): nobody, if there is nobody in `peers`.
pub fn metrics(peers: &[NetworkPolicyPeer], besides: Option<Value>) -> Option<Value> {
    let from: Vec<Value> = peers.iter().map(|peer| json!(peer)).chain(besides).collect();
    (!from.is_empty()).then(|| json!({"ports": [port(9090)], "from": from}))
}

/// The pods of the operator itself, in `namespace`.
pub fn operator(namespace: &str) -> Value {
    json!({
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": labels::operator_pods()},
    })
}

/// A TCP port.
pub fn port(number: u16) -> Value {
    json!({"protocol": "TCP", "port": number})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rule without `from` would let everybody in.
    #[test]
    fn metrics_are_for_whom_the_platform_names_and_otherwise_for_nobody() {
        assert_eq!(metrics(&[], None), None);
        let scraper = json!({"podSelector": {"matchLabels": {"app": "scraper"}}});
        let peer: NetworkPolicyPeer = serde_json::from_value(scraper.clone()).unwrap();
        let own = operator("brazier-system");
        assert_eq!(
            metrics(&[peer], Some(own.clone())),
            Some(json!({"ports": [{"protocol": "TCP", "port": 9090}], "from": [scraper, own]}))
        );
    }
}
