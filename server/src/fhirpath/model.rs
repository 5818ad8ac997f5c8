//! What the engine needs to know of FHIR's types: the elements of each, and what it is derived from. Asked of a
//! [`Model`], so that it does not matter where the definitions come from.

/// A FHIR type, as its model numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Type {
    /// The model's number.
    pub id: u16,
    /// What its values are when FHIRPath calculates with them; `None` for types that only have elements.
    pub system: Option<SystemType>,
}

impl Type {
    /// Whether its values are JSON's strings, numbers and booleans.
    pub fn is_primitive(self) -> bool {
        self.system.is_some_and(|system| system != SystemType::Quantity)
    }
}

/// The types of FHIRPath's own values, <http://hl7.org/fhirpath/N1/#literals>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum SystemType {
    Boolean,
    String,
    Integer,
    Decimal,
    Date,
    DateTime,
    Time,
    Quantity,
}

impl SystemType {
    /// The type called `name`, such as `DateTime`.
    pub fn parse(name: &str) -> Option<SystemType> {
        use SystemType::{Boolean, Date, DateTime, Decimal, Integer, Quantity, String, Time};
        let all = [Boolean, String, Integer, Decimal, Date, DateTime, Time, Quantity];
        all.into_iter().find(|one| one.name() == name)
    }

    /// The name in the namespace `System`, such as `DateTime`.
    pub fn name(self) -> &'static str {
        match self {
            SystemType::Boolean => "Boolean",
            SystemType::String => "String",
            SystemType::Integer => "Integer",
            SystemType::Decimal => "Decimal",
            SystemType::Date => "Date",
            SystemType::DateTime => "DateTime",
            SystemType::Time => "Time",
            SystemType::Quantity => "Quantity",
        }
    }
}

/// An element as its type defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElementModel {
    /// Whether it may repeat.
    pub is_many: bool,
    /// The type; `None` when there is a choice of several.
    pub single: Option<Type>,
}

/// Where FHIR's types are looked up.
pub trait Model {
    /// The type called `name`, such as `Patient`, `HumanName`, `code` or `Patient.contact`.
    fn type_named(&self, name: &str) -> Option<Type>;
    /// Its name; the path for an element that has elements of its own.
    fn name(&self, of: Type) -> &str;
    /// The type that it is derived from.
    fn base(&self, of: Type) -> Option<Type>;
    /// The element called `name` of a type.
    fn element(&self, of: Type, name: &str) -> Option<ElementModel>;
    /// Hands out the members that a choice may stand in, with their types: `valueQuantity`, `valueString`, …, until
    /// `each` says that it has seen enough.
    fn choices(&self, of: Type, name: &str, each: &mut dyn FnMut(&str, Type) -> bool);
    /// The type of a member of an object: of `valueQuantity`, not of `value`.
    fn member(&self, of: Type, member: &str) -> Option<Type>;
}
