//! What each kind of search parameter can do: take its values from an element of a resource (`index`), and
//! read what a client asks for (`parse`). <http://hl7.org/fhir/R4/search.html#ptypes>

pub mod composite;
pub mod date;
pub mod number;
pub mod position;
pub mod quantity;
pub mod reference;
pub mod string;
pub mod token;
pub mod uri;

use jiff::Timestamp;

use super::parse::code_modifier::CodesOfValues;

/// A value that a client wrote and that cannot be understood; says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write {0}")]
pub struct Expected(pub &'static str);

/// What values are read against.
#[derive(Debug, Clone, Copy)]
pub struct ValueContext<'request> {
    /// The server's own base URL, with which absolute references to its resources start.
    pub base_url: &'request str,
    /// The present time, for approximate dates.
    pub now: Timestamp,
    /// What the values of `:in` and its like stand for.
    pub codes: &'request CodesOfValues,
}
