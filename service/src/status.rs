//! What a connector says of itself at `GET /status`: the connector writes it, the operator reads it and puts it into the status of the
//! IotConnector. Both test their side with the text of `service/tests/connector_status.json`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How a connector is. Members that a reader does not know are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorStatus {
    /// Whether the newest mapping files compile.
    pub mapping_valid: bool,
    /// What is wrong with them.
    #[serde(default)]
    pub mapping_error: Option<MappingError>,
    /// Whether messages can come in.
    pub source_connected: bool,
    /// Whether all FHIR services answer.
    pub destination_ready: bool,
    /// Messages acknowledged since it started.
    #[serde(default)]
    pub processed: u64,
    /// Parts of acknowledged messages that were not stored, since it started.
    #[serde(default)]
    pub rejected: u64,
    /// When a message was acknowledged last.
    #[serde(default)]
    pub last_message_time: Option<Timestamp>,
}

/// The first mistake in a mapping file that does not compile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingError {
    /// Path of the mapping file, as the connector's configuration names it.
    #[serde(default)]
    pub file: String,
    /// Index of the template, counted from 0; nothing when the file as a whole is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<usize>,
    /// The field, as a path such as `values[0].valueExpression`; empty when no field is meant.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// Line, counted from 1.
    #[serde(default)]
    pub line: usize,
    /// Column in characters, counted from 1.
    #[serde(default)]
    pub column: usize,
    /// What is wrong and what to write instead.
    #[serde(default)]
    pub message: String,
}
