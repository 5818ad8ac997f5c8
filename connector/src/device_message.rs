//! A device message as the mapping sees it: `{"Body": …, "Properties": {…}, "SystemProperties": {…}}`.

use std::borrow::Cow;
use std::sync::Arc;

use crate::compatibility::Compatibility;
use crate::json::{Json, JsonError, MESSAGE_DEPTH, Object, read_message};

/// A message in its envelope.
#[derive(Clone, Debug)]
pub struct DeviceMessage {
    /// An object with `Body`, `Properties` and `SystemProperties`.
    pub envelope: Json,
}

/// A message as its source read it, or why it could not be read.
pub type ReadMessage = Result<DeviceMessage, MessageError>;

/// Why a text is no device message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MessageError {
    /// It is not text.
    #[error("the message is not UTF-8 at byte {position}")]
    NotUtf8 {
        /// The first byte that is not, counted from 1.
        position: usize,
    },
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is JSON, but no object.
    #[error("a device message is a JSON object; wrap it as {{\"Body\": …}}")]
    NotAnObject,
    /// It is nested too deeply.
    #[error("the message nests arrays and objects deeper than {MESSAGE_DEPTH} levels")]
    TooDeep,
}

impl DeviceMessage {
    /// Reads a message. An object without `Body` is the body itself, unless it holds nothing but `Properties` and
    /// `SystemProperties`: then the body is `null`.
    pub fn read(text: &str, compatibility: Compatibility) -> Result<Self, MessageError> {
        Self::of(read_message(text, compatibility, MESSAGE_DEPTH + 1)?)
    }

    /// Reads a message of bytes. What is not UTF-8 is an error; the compatibility mode replaces it, as the original does.
    pub fn read_bytes(bytes: &[u8], compatibility: Compatibility) -> Result<Self, MessageError> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(error) if compatibility == Compatibility::Strict => {
                return Err(MessageError::NotUtf8 {
                    position: error.valid_up_to() + 1,
                });
            }
            Err(_) => String::from_utf8_lossy(bytes),
        };
        Self::read(&text, compatibility)
    }

    /// Puts a value into its envelope.
    pub fn of(value: Json) -> Result<Self, MessageError> {
        let Json::Object(members) = &value else {
            return Err(MessageError::NotAnObject);
        };
        let only_properties = !members.is_empty() && members.keys().all(|name| PROPERTIES.contains(&&**name));
        let body = match members.get("Body") {
            Some(body) => body.clone(),
            None if only_properties => Json::Null,
            None => value.clone(),
        };
        if body.depth() > MESSAGE_DEPTH {
            return Err(MessageError::TooDeep);
        }
        let wrapped = members.contains_key("Body") || only_properties;
        if wrapped
            && PROPERTIES
                .iter()
                .chain(["Body"].iter())
                .all(|name| members.contains_key(*name))
        {
            return Ok(Self { envelope: value });
        }
        let mut envelope = Object::from_iter([(Arc::from("Body"), body)]);
        for name in PROPERTIES {
            envelope.insert(Arc::from(name), Json::object([]));
        }
        if wrapped {
            envelope.extend(members.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        Ok(Self {
            envelope: Json::Object(Arc::new(envelope)),
        })
    }
}

const PROPERTIES: [&str; 2] = ["Properties", "SystemProperties"];

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(text: &str) -> String {
        DeviceMessage::read(text, Compatibility::Strict)
            .unwrap()
            .envelope
            .to_string()
    }

    #[test]
    fn what_is_missing_of_the_envelope_is_added() {
        let rest = r#""Properties":{},"SystemProperties":{}}"#;
        assert_eq!(envelope(r#"{"hr":5}"#), format!(r#"{{"Body":{{"hr":5}},{rest}"#));
        assert_eq!(envelope("{}"), format!(r#"{{"Body":{{}},{rest}"#));
        assert_eq!(envelope(r#"{"Body":[1]}"#), format!(r#"{{"Body":[1],{rest}"#));
        assert_eq!(
            envelope(r#"{"SystemProperties":{},"Properties":{}}"#),
            format!(r#"{{"Body":null,{rest}"#)
        );
        let whole = r#"{"Properties":{"a":1},"Body":2,"SystemProperties":{},"x":3}"#;
        assert_eq!(envelope(whole), whole);
    }

    #[test]
    fn only_objects_of_moderate_depth_are_messages() {
        let read = |text: &str| DeviceMessage::read(text, Compatibility::Strict).map(|_| ());
        assert_eq!(read("[1]"), Err(MessageError::NotAnObject));
        let body = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(&format!("{{\"Body\":{}}}", body(64))), Ok(()));
        assert!(read(&format!("{{\"Body\":{}}}", body(65))).is_err());
        assert_eq!(read(&format!("{{\"x\":{}}}", body(63))), Ok(()));
        assert_eq!(
            read(&format!("{{\"x\":{}}}", body(64))),
            Err(MessageError::TooDeep)
        );
    }
}
