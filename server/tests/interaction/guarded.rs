//! A server whose principals may do different things: each is a service account with a token that is really signed.

use brazier_access::AccessPolicy;
use brazier_access::token::{Authenticator, Issuer, KubernetesIssuer};
use brazier_server::authorization;
use brazier_server::state::Settings;
use serde_json::json;

use crate::fixture::{Response, Server};
use crate::signing::{SigningKey, key_set, service_account_claims};

const SERVICE: &str = "https://clinic.team-a.svc";

/// Who it is, what they may do, and with which resource types; with all when there are none.
pub type Assignment<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

/// The server, and who can ask it.
pub struct Guarded {
    pub server: Server,
    key: SigningKey,
    /// With the published keys.
    _folder: tempfile::TempDir,
}

impl Guarded {
    /// A server with these assignments, and with `admin`, who may do everything.
    pub async fn start(assignments: &[Assignment<'_>]) -> Guarded {
        let key = SigningKey::elliptic_curve("cluster");
        let folder = tempfile::tempdir().unwrap();
        let jwks_file = folder.path().join("jwks.json");
        std::fs::write(&jwks_file, key_set(&[&key])).unwrap();
        let authenticator = Authenticator::new(vec![Issuer::kubernetes(&KubernetesIssuer {
            issuer: "https://kubernetes.default.svc".to_owned(),
            jwks_file,
            audience: SERVICE.to_owned(),
        })]);
        let admin: Assignment<'_> = ("admin", &["*"], &[]);
        let assignments = assignments.iter().chain([&admin]).map(|(name, actions, types)| {
            let mut assignment = json!({
                "name": name,
                "principals": [{"kind": "serviceAccount", "namespace": "team-a", "name": name}],
                "dataActions": actions,
            });
            if !types.is_empty() {
                assignment["condition"] = json!({"resourceTypes": types});
            }
            assignment
        });
        let document = json!({"version": "1", "assignments": assignments.collect::<Vec<_>>()});
        let parsed = AccessPolicy::parse(document.to_string().as_bytes(), authorization::check).unwrap();
        assert_eq!(parsed.ignored, []);
        let server = Server::start_guarded(Settings::default(), authenticator, parsed.policy).await;
        Guarded {
            server,
            key,
            _folder: folder,
        }
    }

    /// As [`Server::send`], as the service account `name`.
    pub async fn send(&self, name: &str, request: &str) -> Response {
        let token = self.key.sign(&service_account_claims(SERVICE, "team-a", name));
        let request = request.trim_start();
        let (line, rest) = request.split_once('\n').unwrap_or((request, ""));
        self.server
            .send_owned(format!("{line}\nAuthorization: Bearer {token}\n{rest}"))
            .await
    }

    /// Stores resources as the admin, each under its own id.
    pub async fn store(&self, resources: &[&str]) {
        for resource in resources {
            let parsed: serde_json::Value = serde_json::from_str(resource).unwrap();
            let (name, id) = (&parsed["resourceType"], &parsed["id"]);
            let request = format!(
                "PUT /{}/{}\n\n{resource}",
                name.as_str().unwrap(),
                id.as_str().unwrap()
            );
            let stored = self.send("admin", &request).await;
            assert_eq!(stored.status, 201, "{}", stored.text);
        }
    }
}
