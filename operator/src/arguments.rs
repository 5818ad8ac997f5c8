//! Command line and environment, read once.

use clap::{Args, Parser, Subcommand, ValueEnum};
use k8s_openapi::api::networking::v1::NetworkPolicyPeer;

/// Kubernetes operator for FHIR services.
#[derive(Debug, Parser)]
#[command(name = "brazier-operator", version)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the controllers.
    Run(Box<Options>),
    /// Print the CustomResourceDefinitions as YAML.
    Crds,
    /// Print what would be left behind if the operator were uninstalled, and fail if there is anything.
    Left,
}

/// How the controllers run.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Image of the FHIR server.
    #[arg(long, env = "BRAZIER_SERVER_IMAGE")]
    pub server_image: String,
    /// Image of the IoT connector.
    #[arg(long, env = "BRAZIER_CONNECTOR_IMAGE")]
    pub connector_image: String,
    /// Image of the bundled database, with PostgreSQL 17.
    #[arg(long, env = "BRAZIER_DATABASE_IMAGE")]
    pub database_image: String,
    /// When nodes pull the images.
    #[arg(long, env = "BRAZIER_IMAGE_PULL_POLICY", value_enum, default_value_t = ImagePullPolicy::IfNotPresent)]
    pub image_pull_policy: ImagePullPolicy,
    /// Namespace that the operator runs in; its certificate authority and its lease are kept there.
    #[arg(long, env = "POD_NAMESPACE", default_value = "brazier-system")]
    pub namespace: String,
    /// Name of this replica, for the lease.
    #[arg(long, env = "POD_NAME", default_value = "brazier-operator")]
    pub identity: String,
    /// Domain of the cluster's DNS.
    #[arg(long, env = "BRAZIER_CLUSTER_DOMAIN", default_value = "cluster.local")]
    pub cluster_domain: String,
    /// Address for metrics and probes.
    #[arg(long, env = "BRAZIER_METRICS_ADDRESS", default_value = "0.0.0.0:9090")]
    pub metrics_address: std::net::SocketAddr,
    /// Who may read the metrics of servers and connectors, besides kubelets and, of connectors, the operator: a JSON list of
    /// NetworkPolicy peers.
    #[arg(long, env = "BRAZIER_METRICS_FROM", default_value = "[]")]
    pub metrics_from: Peers,
    /// How many seconds the certificate lives with which the operator pushes policies; it is renewed after two thirds.
    #[arg(long, env = "BRAZIER_OWN_CERTIFICATE_SECONDS", default_value_t = 7_776_000)]
    pub own_certificate_seconds: u32,
    /// Run without leader election. Only when there is never more than one replica.
    #[arg(long, env = "BRAZIER_NO_LEADER_ELECTION")]
    pub no_leader_election: bool,
    /// What is logged, as in RUST_LOG.
    #[arg(
        long,
        env = "RUST_LOG",
        default_value = "info,kube_client=warn,kube_runtime=warn"
    )]
    pub log: String,
}

/// Pods, namespaces or addresses, as a NetworkPolicy names them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peers(pub Vec<NetworkPolicyPeer>);

impl std::str::FromStr for Peers {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text).map(Peers)
    }
}

/// `imagePullPolicy` of every container that the operator makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum ImagePullPolicy {
    /// At every start of a pod.
    Always,
    /// When the node does not have it.
    IfNotPresent,
    /// Never: the node must have it.
    Never,
}

impl ImagePullPolicy {
    /// As Kubernetes writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            ImagePullPolicy::Always => "Always",
            ImagePullPolicy::IfNotPresent => "IfNotPresent",
            ImagePullPolicy::Never => "Never",
        }
    }
}
