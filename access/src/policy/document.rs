//! The policy document as it is written and read, JSON. `docs/roles.md` describes it.
//!
//! Fails closed: an assignment that we do not understand to its last word grants nothing, because the word might have
//! limited it; a document that is not one is refused as a whole.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::data_action::DataActionPattern;

/// Who may do what. Whoever is not in it may do nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyDocument {
    /// Stands for the content: the same assignments have the same version. Not empty.
    pub version: String,
    /// In the order of their names.
    pub assignments: Vec<Assignment>,
}

/// Some data actions for some principals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Assignment {
    /// The name of the RoleAssignment.
    pub name: String,
    /// To whom it grants; a caller has to be one of them.
    pub principals: Vec<Grantee>,
    /// What they may do; roles are written out.
    pub data_actions: Vec<DataActionPattern>,
    /// With which resources; with all when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// No longer from this moment on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// Whom an assignment names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Grantee {
    /// A Kubernetes service account.
    ServiceAccount {
        /// Namespace of the service account.
        namespace: String,
        /// Name of the service account, unique in its namespace.
        name: String,
    },
    /// A person, by the issuer's claim for users.
    User {
        /// The issuer (`iss`) of the tokens that name the user.
        issuer: String,
        /// What the claim says.
        name: String,
    },
    /// Everyone whom the issuer counts to a group.
    Group {
        /// The issuer (`iss`) of the tokens that name the group.
        issuer: String,
        /// The group's name.
        name: String,
    },
    /// An application that acts for itself, or for its users, too.
    Client {
        /// The issuer (`iss`) of the tokens that name the client.
        issuer: String,
        /// The client id.
        id: String,
        /// Whether what it does on behalf of its users is covered as well.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        include_users: bool,
    },
}

/// What the resources of an assignment have in common. Every member must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Condition {
    /// They are of one of these types. Required: a condition that limits nothing is more likely a mistake than a wish.
    pub resource_types: Vec<String>,
}

/// Why a policy document was refused.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is not JSON of the right shape.
    #[error("not a policy document: {0}; write {{\"version\": \"…\", \"assignments\": [{{…}}]}}")]
    Syntax(#[from] serde_json::Error),
    /// Its version is empty.
    #[error("not a policy document: version must not be empty")]
    EmptyVersion,
}

/// An assignment that grants nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The assignment's name, or its position (`assignments[3]`) if it has none.
    pub assignment: String,
    /// What about it we do not understand.
    pub reason: String,
}

impl PolicyDocument {
    /// Reads a document: what of it is understood, and the assignments that are not.
    pub fn read(document: &[u8]) -> Result<(PolicyDocument, Vec<Ignored>), DocumentError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Envelope {
            version: String,
            assignments: Vec<Map<String, Value>>,
        }
        let Envelope { version, assignments } = serde_json::from_slice(document)?;
        if version.is_empty() {
            return Err(DocumentError::EmptyVersion);
        }
        let mut understood = Vec::with_capacity(assignments.len());
        let mut ignored = Vec::new();
        for (position, assignment) in assignments.into_iter().enumerate() {
            let name = assignment.get("name").and_then(Value::as_str).map(str::to_owned);
            match serde_json::from_value(Value::Object(assignment)) {
                Ok(assignment) => understood.push(assignment),
                Err(error) => ignored.push(Ignored {
                    assignment: name.unwrap_or_else(|| format!("assignments[{position}]")),
                    reason: error.to_string(),
                }),
            }
        }
        let assignments = understood;
        Ok((PolicyDocument { version, assignments }, ignored))
    }
}
