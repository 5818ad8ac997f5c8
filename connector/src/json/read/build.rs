//! What the reader's findings become: values of messages, or values of mapping files that know where they stand.

use std::sync::Arc;

use super::{Located, Member, Node};
use crate::compatibility::Compatibility;
use crate::date_time::Date;
use crate::json::{Json, Number, Object};

/// Makes values of what the reader finds.
pub(super) trait Builder {
    type Value;
    fn scalar(&self, offset: usize, scalar: Scalar<'_>) -> Self::Value;
    fn array(&self, offset: usize, values: Vec<Self::Value>) -> Self::Value;
    fn object(&self, offset: usize, members: Vec<(usize, String, Self::Value)>) -> Self::Value;
}

/// A value without parts.
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    /// A double that JSON cannot write.
    Double(f64),
    Text(String),
}

/// Builds the values of a message.
pub(super) struct MessageBuilder {
    pub(super) compatibility: Compatibility,
}

impl Builder for MessageBuilder {
    type Value = Json;

    fn scalar(&self, _offset: usize, scalar: Scalar<'_>) -> Json {
        let as_original = self.compatibility == Compatibility::IomtFhir;
        match scalar {
            Scalar::Null => Json::Null,
            Scalar::Bool(value) => Json::Bool(value),
            Scalar::Number(digits) if as_original => Json::Number(Number::as_integer_or_double(digits)),
            Scalar::Number(digits) => Json::Number(Number::keeping_digits(digits)),
            Scalar::Double(value) => Json::Number(Number::Float(value)),
            Scalar::Text(text) if as_original => {
                match Date::recognise(&text).or_else(|| Date::of_ticks(&text)) {
                    Some(date) => Json::Date(date),
                    None => Json::text(text),
                }
            }
            Scalar::Text(text) => Json::text(text),
        }
    }

    fn array(&self, _offset: usize, values: Vec<Json>) -> Json {
        Json::array(values)
    }

    fn object(&self, _offset: usize, members: Vec<(usize, String, Json)>) -> Json {
        let members: Object = members
            .into_iter()
            .map(|(_, name, value)| (Arc::from(name), value))
            .collect();
        Json::Object(Arc::new(members))
    }
}

/// Builds the values of a mapping file.
pub(super) struct LocatedBuilder;

impl Builder for LocatedBuilder {
    type Value = Located;

    fn scalar(&self, offset: usize, scalar: Scalar<'_>) -> Located {
        let node = match scalar {
            Scalar::Null => Node::Null,
            Scalar::Bool(value) => Node::Bool(value),
            Scalar::Number(digits) => Node::Number(digits.to_owned()),
            Scalar::Double(value) => Node::Number(value.to_string()),
            Scalar::Text(text) => Node::Text(text),
        };
        Located { offset, node }
    }

    fn array(&self, offset: usize, values: Vec<Located>) -> Located {
        Located {
            offset,
            node: Node::Array(values),
        }
    }

    fn object(&self, offset: usize, members: Vec<(usize, String, Located)>) -> Located {
        let members = members
            .into_iter()
            .map(|(offset, name, value)| Member { name, offset, value })
            .collect();
        Located {
            offset,
            node: Node::Object(members),
        }
    }
}
