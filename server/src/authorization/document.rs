//! The policy document as it is written: JSON → [`AccessPolicy`]. `docs/roles.md` describes it.
//!
//! Fails closed: an assignment that we do not understand to its last word grants nothing, because the word might have
//! limited it; a document that is not one is refused as a whole.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::data_action::DataActions;
use super::policy::{AccessPolicy, Grant, Grantee};
use crate::resource::ResourceType;

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

/// A policy, and what of its document could not be honoured.
#[derive(Debug)]
pub struct Parsed {
    /// The policy.
    pub policy: AccessPolicy,
    /// The assignments that grant nothing.
    pub ignored: Vec<Ignored>,
}

/// Reads a policy document.
pub fn parse(document: &[u8]) -> Result<Parsed, DocumentError> {
    let document: Document = serde_json::from_slice(document)?;
    if document.version.is_empty() {
        return Err(DocumentError::EmptyVersion);
    }
    let mut grants: HashMap<Grantee, Vec<Grant>> = HashMap::new();
    let mut ignored = Vec::new();
    for (position, assignment) in document.assignments.into_iter().enumerate() {
        let name = assignment.get("name").and_then(Value::as_str).map(str::to_owned);
        match read_assignment(Value::Object(assignment)) {
            Ok((grantees, grant)) => {
                for grantee in grantees {
                    grants.entry(grantee).or_default().push(grant.clone());
                }
            }
            Err(reason) => ignored.push(Ignored {
                assignment: name.unwrap_or_else(|| format!("assignments[{position}]")),
                reason,
            }),
        }
    }
    let policy = AccessPolicy::new(document.version, grants);
    Ok(Parsed { policy, ignored })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: String,
    assignments: Vec<serde_json::Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Assignment {
    #[serde(rename = "name")]
    _name: String,
    principals: Vec<Grantee>,
    data_actions: Vec<String>,
    condition: Option<Condition>,
    expires: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Condition {
    /// Required: a condition that limits nothing is more likely a mistake than a wish.
    resource_types: Vec<String>,
}

fn read_assignment(value: Value) -> Result<(Vec<Grantee>, Grant), String> {
    let assignment: Assignment = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let mut data_actions = DataActions::default();
    for name in &assignment.data_actions {
        data_actions = data_actions
            .with_name(name)
            .ok_or_else(|| format!("unknown data action {name:?}"))?;
    }
    let resource_types = assignment.condition.map(resource_types).transpose()?;
    let grant = Grant {
        data_actions,
        resource_types,
        expires: assignment.expires,
    };
    Ok((assignment.principals, grant))
}

fn resource_types(condition: Condition) -> Result<Vec<ResourceType>, String> {
    let names = condition.resource_types.iter();
    names
        .map(|name| ResourceType::parse(name).ok_or_else(|| format!("unknown resource type {name:?}")))
        .collect()
}
