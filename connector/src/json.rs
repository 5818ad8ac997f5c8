//! JSON as the mapping language sees it: members keep their order, numbers keep their kind or their digits,
//! and text may have been recognised as a date. Values are shared, so that taking a part of a message costs
//! no copy. (`serde_json::Value` sorts nothing of this: it loses digits beyond 64 bits and knows no dates.)

mod number;
mod read;
mod write;

use std::sync::Arc;

use indexmap::IndexMap;

use crate::date_time::Date;
pub use number::Number;
pub use number::double_as_dotnet_prints;
pub use read::{JsonError, Located, Member, Node, position, read_fhir_resource, read_mapping, read_message};
pub use write::AsNewtonsoft;

/// Deepest nesting of the body of a message.
pub const MESSAGE_DEPTH: usize = 64;

/// The members of a JSON object in the order in which they were written.
pub type Object = IndexMap<Arc<str>, Json>;

/// A JSON value of a device message, of an expression's result or of a FHIR resource.
#[derive(Clone, Debug)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, with what the compatibility mode keeps of it.
    Number(Number),
    /// A string, its escapes resolved.
    Text(Arc<str>),
    /// A string that was recognised as an ISO 8601 date and time while reading (compatibility mode only).
    Date(Date),
    /// An array with its elements in order.
    Array(Arc<Vec<Json>>),
    /// An object with its members in the order of the text.
    Object(Arc<Object>),
}

impl Json {
    /// A string value.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// An integer value.
    pub fn integer(value: i64) -> Self {
        Self::Number(Number::Integer(value))
    }

    /// An array of the given values.
    pub fn array(values: Vec<Json>) -> Self {
        Self::Array(Arc::new(values))
    }

    /// An object of the given members.
    pub fn object<const N: usize>(members: [(&str, Json); N]) -> Self {
        Self::Object(Arc::new(
            members
                .into_iter()
                .map(|(name, value)| (Arc::from(name), value))
                .collect(),
        ))
    }

    /// An object of members that are already collected.
    pub fn object_of(members: Object) -> Self {
        Self::Object(Arc::new(members))
    }

    /// The member of that name, if this is an object that has it.
    pub fn member(&self, name: &str) -> Option<&Json> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// The text, if this is a string.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The values of an array; nothing for any other value.
    pub fn elements(&self) -> &[Json] {
        match self {
            Self::Array(values) => values,
            _ => &[],
        }
    }

    /// Is this `null`?
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// How many arrays and objects are nested in each other at the deepest place.
    pub fn depth(&self) -> usize {
        match self {
            Self::Array(values) => 1 + values.iter().map(Json::depth).max().unwrap_or(0),
            Self::Object(members) => 1 + members.values().map(Json::depth).max().unwrap_or(0),
            _ => 0,
        }
    }
}

impl PartialEq for Json {
    /// Deep equality that also asks for the same kind: an integer is not equal to a decimal, nor a date to a text.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Number(left), Self::Number(right)) => left == right,
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::Date(left), Self::Date(right)) => left.instant == right.instant,
            (Self::Array(left), Self::Array(right)) => left == right,
            (Self::Object(left), Self::Object(right)) => left == right,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
