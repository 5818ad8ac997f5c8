//! The two mappings of an IotConnector, written into the object or kept in a ConfigMap.
//!
//! Only their frame is checked here: the connector compiles them and says in `MappingValid` what is wrong.

use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::reference::ConfigMapKeyReference;

/// How a device message is read: exactly one of the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.inline) != has(self.configMapKeyRef)", "write the mapping either inline or in a ConfigMap named by configMapKeyRef: {name, key}"))]
pub struct DeviceMapping {
    /// The mapping itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<InlineDeviceMapping>,
    /// A ConfigMap's key that holds the mapping as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<ConfigMapKeyReference>,
}

/// How measurements become Observations: exactly one of the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.inline) != has(self.configMapKeyRef)", "write the mapping either inline or in a ConfigMap named by configMapKeyRef: {name, key}"))]
pub struct FhirMapping {
    /// The mapping itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<InlineFhirMapping>,
    /// A ConfigMap's key that holds the mapping as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map_key_ref: Option<ConfigMapKeyReference>,
}

/// A device mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct InlineDeviceMapping {
    /// `CollectionContent`: a collection of templates.
    #[schemars(length(max = 64))]
    #[x_kube(validation = ("self.lowerAscii() in ['collectioncontent', 'collectioncontenttemplate']", "templateType of a device mapping is CollectionContent"))]
    pub template_type: String,
    /// Templates, each of which finds the measurements of one type in device messages.
    #[schemars(schema_with = "templates")]
    pub template: Vec<Map<String, Value>>,
}

/// A FHIR mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct InlineFhirMapping {
    /// `CollectionFhir`: a collection of templates.
    #[schemars(length(max = 64))]
    #[x_kube(validation = ("self.lowerAscii() in ['collectionfhir', 'collectionfhirtemplate']", "templateType of a FHIR mapping is CollectionFhir"))]
    pub template_type: String,
    /// Templates, each of which makes Observations of one type of measurement.
    #[schemars(schema_with = "templates")]
    pub template: Vec<Map<String, Value>>,
}

fn templates(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "maxItems": 1000,
        "x-kubernetes-list-type": "atomic",
        "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}
    })
}
