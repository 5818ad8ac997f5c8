//! The names by which Services are called inside the cluster
//! (<https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/>).

/// The usual one: it is the same whatever the cluster's domain is.
pub fn host(service: &str, namespace: &str) -> String {
    format!("{service}.{namespace}.svc")
}

/// All of them, the usual one first: what a certificate has to be for.
pub fn all(service: &str, namespace: &str, cluster_domain: &str) -> Vec<String> {
    let host = host(service, namespace);
    vec![
        host.clone(),
        format!("{host}.{cluster_domain}"),
        format!("{service}.{namespace}"),
        service.to_string(),
    ]
}
