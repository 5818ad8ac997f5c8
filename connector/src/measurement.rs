//! A measurement: what a device message says about one type at one time, in the same shape for every device.

pub mod normalize;

use std::sync::Arc;

use crate::date_time::Instant;
use crate::json::{Json, Object};

/// A normalized measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// The type, as the device template spells it.
    pub type_name: String,
    /// When it was taken.
    pub occurrence_time: Instant,
    /// The device's identifier.
    pub device_id: String,
    /// The patient's identifier.
    pub patient_id: Option<String>,
    /// The encounter's identifier.
    pub encounter_id: Option<String>,
    /// What groups it with others.
    pub correlation_id: Option<String>,
    /// Values by name, in the order of the template.
    pub properties: Vec<(String, String)>,
}

impl Measurement {
    /// The measurement as `normalize` prints it; what is absent is left out.
    pub fn to_json(&self) -> Json {
        let mut members = Object::new();
        let mut insert = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                members.insert(Arc::from(name), Json::text(value));
            }
        };
        insert("type", Some(&self.type_name));
        insert("occurrenceTimeUtc", Some(&self.occurrence_time.to_string()));
        insert("deviceId", Some(&self.device_id));
        insert("patientId", self.patient_id.as_deref());
        insert("encounterId", self.encounter_id.as_deref());
        insert("correlationId", self.correlation_id.as_deref());
        let property = |(name, value): &(String, String)| {
            Json::object([
                ("name", Json::text(name.as_str())),
                ("value", Json::text(value.as_str())),
            ])
        };
        let properties = self.properties.iter().map(property).collect();
        members.insert(Arc::from("properties"), Json::array(properties));
        Json::Object(Arc::new(members))
    }
}
