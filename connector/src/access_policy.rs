//! Who may push: the policy document that the operator compiles from RoleAssignments. What it does not allow is denied.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use brazier_service::files::FollowedFiles;
use serde::Deserialize;

use crate::authentication::ServiceAccount;

/// The dataAction that permits pushing.
const PUSH: &str = "create";

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be read.
    #[error("failed to read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no policy.
    #[error("failed to understand {}: {source}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct Document {
    version: String,
    assignments: Vec<serde_json::Value>,
}

/// An assignment with a member that is not known here grants nothing: the member might have limited it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Assignment {
    name: String,
    #[serde(default)]
    principals: Vec<serde_json::Value>,
    #[serde(default)]
    data_actions: Vec<String>,
    #[serde(default)]
    not_data_actions: Vec<String>,
    /// Conditions are of resources; an assignment that has one does not permit pushing.
    condition: Option<serde_json::Value>,
    expires: Option<jiff::Timestamp>,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Principal {
    ServiceAccount(ServiceAccount),
}

/// The policy in force; follows its file.
pub struct AccessPolicy {
    file: PathBuf,
    permitted: ArcSwap<Permitted>,
}

#[derive(Default)]
struct Permitted {
    accounts: HashSet<ServiceAccount>,
    expiring: Vec<(ServiceAccount, jiff::Timestamp)>,
}

impl AccessPolicy {
    /// Permits nothing until [`Self::follow`] has read the file.
    pub fn new(file: PathBuf) -> Self {
        Self {
            file,
            permitted: ArcSwap::default(),
        }
    }

    /// Reads the file whenever it changes. A file that cannot be used leaves the last policy in force.
    pub async fn follow(&self) {
        let mut file = FollowedFiles::new(vec![self.file.clone()]);
        loop {
            file.changed().await;
            match read(&self.file) {
                Ok((version, permitted)) => {
                    self.permitted.store(Arc::new(permitted));
                    tracing::info!(version, "access policy in force");
                }
                Err(error) => tracing::warn!(%error, "the access policy in force stays"),
            }
        }
    }

    /// May this service account push at this time?
    pub fn permits(&self, account: &ServiceAccount, now: jiff::Timestamp) -> bool {
        let permitted = self.permitted.load();
        let in_time =
            |(expiring, until): &(ServiceAccount, jiff::Timestamp)| expiring == account && now < *until;
        permitted.accounts.contains(account) || permitted.expiring.iter().any(in_time)
    }
}

fn read(path: &Path) -> Result<(String, Permitted), PolicyError> {
    let text = std::fs::read(path).map_err(|source| PolicyError::Read {
        path: path.to_owned(),
        source,
    })?;
    let document: Document = serde_json::from_slice(&text).map_err(|source| PolicyError::Syntax {
        path: path.to_owned(),
        source,
    })?;
    let mut permitted = Permitted::default();
    for assignment in document.assignments {
        let assignment: Assignment = match serde_json::from_value(assignment) {
            Ok(assignment) => assignment,
            Err(error) => {
                tracing::warn!(%error, "an assignment that is not understood grants nothing");
                continue;
            }
        };
        let names = |actions: &[String]| actions.iter().any(|action| action == PUSH || action == "*");
        if !names(&assignment.data_actions)
            || names(&assignment.not_data_actions)
            || assignment.condition.is_some()
        {
            tracing::debug!(assignment = assignment.name, "not an assignment to push");
            continue;
        }
        for principal in assignment.principals {
            // Other kinds of principals push with no token that this connector accepts.
            let Ok(Principal::ServiceAccount(account)) = serde_json::from_value(principal) else {
                continue;
            };
            match assignment.expires {
                Some(until) => permitted.expiring.push((account, until)),
                None => {
                    permitted.accounts.insert(account);
                }
            }
        }
    }
    Ok((document.version, permitted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_policy_allows_is_permitted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.json");
        let account = |name: &str| ServiceAccount {
            namespace: "a".to_owned(),
            name: name.to_owned(),
        };
        let assignment = |name: &str, more: &str| {
            format!(
                r#"{{"name":"x","principals":[{{"kind":"group","issuer":"i"}},{{"kind":"serviceAccount","namespace":"a","name":"{name}"}}],{more}}}"#
            )
        };
        let assignments = [
            assignment("writer", r#""dataActions":["create"]"#),
            assignment("all", r#""dataActions":["*"]"#),
            assignment("reader", r#""dataActions":["read","search"]"#),
            assignment("not", r#""dataActions":["*"],"notDataActions":["create"]"#),
            assignment(
                "some",
                r#""dataActions":["create"],"condition":{"resourceTypes":["Patient"]}"#,
            ),
            assignment("limited", r#""dataActions":["create"],"only":"mondays""#),
            assignment(
                "late",
                r#""dataActions":["create"],"expires":"2020-01-01T00:00:00Z""#,
            ),
        ];
        std::fs::write(
            &path,
            format!(r#"{{"version":"7","assignments":[{}]}}"#, assignments.join(",")),
        )
        .unwrap();
        let policy = AccessPolicy::new(path.clone());
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        assert!(!policy.permits(&account("writer"), at("2019-01-01T00:00:00Z")));
        policy.permitted.store(Arc::new(read(&path).unwrap().1));
        for (name, permitted) in [
            ("writer", true),
            ("all", true),
            ("reader", false),
            ("not", false),
            ("some", false),
            ("limited", false),
            ("other", false),
        ] {
            assert_eq!(
                policy.permits(&account(name), at("2021-01-01T00:00:00Z")),
                permitted,
                "{name}"
            );
        }
        assert!(policy.permits(&account("late"), at("2019-12-31T23:59:59Z")));
        assert!(!policy.permits(&account("late"), at("2020-01-01T00:00:00Z")));
        let other_namespace = ServiceAccount {
            namespace: "b".to_owned(),
            name: "writer".to_owned(),
        };
        assert!(!policy.permits(&other_namespace, at("2021-01-01T00:00:00Z")));
    }
}
