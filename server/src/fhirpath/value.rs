//! What expressions evaluate to: elements of a resource, which are borrowed from it, and FHIRPath's own values.

pub mod comparison;
mod element;
pub mod equality;
mod quantity;
mod temporal;
mod ucum;

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;
use smallvec::SmallVec;

use super::model::{Model, SystemType};
pub use element::Element;
pub use quantity::{CalendarUnit, Quantity, Unit};
pub use temporal::Temporal;

/// Values in order. Most collections hold one or none.
pub type Collection<'resource> = SmallVec<[Value<'resource>; 1]>;

/// One item of a collection.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'resource> {
    /// An element of a resource, or a resource.
    Element(Element<'resource>),
    /// `true`, `false`
    Boolean(bool),
    /// A text, without quotes and escapes.
    String(Cow<'resource, str>),
    /// A whole number.
    Integer(i32),
    /// A number that may have a fraction.
    Decimal(Decimal),
    /// A date or the beginning of one.
    Date(Temporal),
    /// A date and time or the beginning of one.
    DateTime(Temporal),
    /// A time of day or the beginning of one.
    Time(Temporal),
    /// A number with a unit.
    Quantity(Box<Quantity>),
    /// What `type()` says of a value.
    TypeInfo {
        /// `FHIR` or `System`.
        namespace: &'static str,
        /// The type's name in it.
        name: String,
    },
}

impl<'resource> Value<'resource> {
    /// The type, if it is one of FHIRPath's own.
    pub fn system_type(&self) -> Option<SystemType> {
        Some(match self {
            Value::Element(_) | Value::TypeInfo { .. } => return None,
            Value::Boolean(_) => SystemType::Boolean,
            Value::String(_) => SystemType::String,
            Value::Integer(_) => SystemType::Integer,
            Value::Decimal(_) => SystemType::Decimal,
            Value::Date(_) => SystemType::Date,
            Value::DateTime(_) => SystemType::DateTime,
            Value::Time(_) => SystemType::Time,
            Value::Quantity(_) => SystemType::Quantity,
        })
    }

    /// The value that FHIRPath calculates with: for a primitive element and a Quantity that of FHIRPath's own types,
    /// <http://hl7.org/fhir/R4/fhirpath.html#types>; else the value itself.
    pub fn simple(&self) -> Value<'resource> {
        match self {
            Value::Element(element) => element.simple().unwrap_or_else(|| self.clone()),
            _ => self.clone(),
        }
    }

    /// The name of the type: `Integer`, or `HumanName`.
    pub fn type_name(&self, model: &dyn Model) -> String {
        match (self, self.system_type()) {
            (Value::Element(element), _) => model.name(element.element_type).to_owned(),
            (_, Some(system_type)) => system_type.name().to_owned(),
            _ => "TypeInfo".to_owned(),
        }
    }

    /// The value without what it borrows from an expression.
    pub fn borrowed(&'resource self) -> Value<'resource> {
        match self {
            Value::String(text) => Value::String(Cow::Borrowed(text)),
            _ => self.clone(),
        }
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::String(Cow::Owned(text))
    }
}

/// As `toString()` writes it; elements without a simple value as JSON.
impl fmt::Display for Value<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Element(element) => match element.simple() {
                Some(simple) => simple.fmt(formatter),
                None => formatter.write_str(&element.json().map(|json| json.to_text()).unwrap_or_default()),
            },
            Value::Boolean(value) => value.fmt(formatter),
            Value::String(text) => formatter.write_str(text),
            Value::Integer(number) => number.fmt(formatter),
            Value::Decimal(number) => number.fmt(formatter),
            Value::Date(temporal) | Value::DateTime(temporal) => temporal.fmt(formatter),
            Value::Time(temporal) => formatter.write_str(&temporal.clock()),
            Value::Quantity(quantity) => quantity.fmt(formatter),
            Value::TypeInfo { namespace, name } => write!(formatter, "{namespace}.{name}"),
        }
    }
}
