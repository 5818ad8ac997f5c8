//! Where the server listens, and with which certificates: the sections `listen`, `tls` and `admin`.

use std::net::SocketAddr;

use brazier_service::listen::AcceptedClient;
use brazier_service::trust::{self, TlsFiles};
use serde::Deserialize;

use super::Problem;

/// The addresses in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ListenSection {
    /// FHIR over TLS.
    pub(super) fhir: SocketAddr,
    /// Policy push over mutual TLS.
    admin: Option<SocketAddr>,
    /// Probes and metrics, plain HTTP.
    pub(super) metrics: Option<SocketAddr>,
}

/// A whole admin listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminListener {
    /// The address from `listen.admin`.
    pub address: SocketAddr,
    /// Who may come.
    pub client: AcceptedClient,
}

/// The section `tls`: the server's own certificate must be there, with its key.
pub(super) fn check_tls(files: &TlsFiles, problems: &mut Vec<Problem>) {
    if let Err(error) = trust::identity(files) {
        problems.push(Problem::new("tls", error.to_string()));
    }
}

/// The admin listener: there when both its address and its section are.
pub(super) fn admin(
    section: Option<AcceptedClient>,
    listen: Option<&ListenSection>,
    problems: &mut Vec<Problem>,
) -> Option<AdminListener> {
    let address = listen.and_then(|listen| listen.admin);
    let (client, address) = match (section, address) {
        (Some(client), Some(address)) => (client, address),
        (Some(_), None) => {
            problems.push(Problem::new("listen.admin", "is required with the section admin"));
            return None;
        }
        (None, Some(_)) => {
            problems.push(Problem::new(
                "admin",
                "is required with listen.admin: it names the client that may push policies",
            ));
            return None;
        }
        (None, None) => return None,
    };
    if client.client_name.is_empty() {
        problems.push(Problem::new("admin.clientName", "must not be empty"));
    }
    if let Err(error) = trust::authorities(&client.client_ca_file) {
        problems.push(Problem::new("admin.clientCaFile", error.to_string()));
    }
    Some(AdminListener { address, client })
}
