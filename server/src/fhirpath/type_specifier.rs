//! The names of types in expressions, <http://hl7.org/fhirpath/N1/#type-specifier>: `Patient`, `FHIR.Patient`,
//! `System.String`.

use std::fmt;

use super::model::{Model, SystemType, Type};
use super::value::Value;

/// The name of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeSpecifier {
    /// `FHIR` or `System`; without one the name may be of either.
    pub namespace: Option<String>,
    /// The name in it.
    pub name: String,
}

impl TypeSpecifier {
    /// The FHIR type that is meant, if one is.
    pub fn element_type(&self, model: &dyn Model) -> Option<Type> {
        let may_be = self
            .namespace
            .as_deref()
            .is_none_or(|namespace| namespace == "FHIR");
        may_be.then(|| model.type_named(&self.name)).flatten()
    }

    /// The type of FHIRPath's own values that is meant, if one is.
    pub fn system_type(&self) -> Option<SystemType> {
        let may_be = self
            .namespace
            .as_deref()
            .is_none_or(|namespace| namespace == "System");
        may_be.then(|| SystemType::parse(&self.name)).flatten()
    }

    /// Whether there is such a type. A type of a namespace that is known may be any: nothing is of it.
    pub fn is_known(&self, model: &dyn Model) -> bool {
        self.namespace.as_deref() == Some("System")
            || self.system_type().is_some()
            || self.element_type(model).is_some()
    }

    /// Whether `value` is of the type, or of one derived from it.
    pub fn includes(&self, value: &Value<'_>, model: &dyn Model) -> bool {
        match value {
            Value::Element(element) => self
                .element_type(model)
                .is_some_and(|wanted| is_derived(element.element_type, wanted, model)),
            _ => self.system_type().is_some() && self.system_type() == value.system_type(),
        }
    }

    /// Whether `as` and `ofType` keep `value`: primitives have to be of the very type (a code is no string here).
    pub fn selects(&self, value: &Value<'_>, model: &dyn Model) -> bool {
        match value {
            Value::Element(element) if element.element_type.is_primitive() => {
                self.element_type(model) == Some(element.element_type)
            }
            _ => self.includes(value, model),
        }
    }
}

/// Whether `of` is `wanted` or derived from it.
pub fn is_derived(of: Type, wanted: Type, model: &dyn Model) -> bool {
    let mut current = Some(of);
    while let Some(candidate) = current {
        if candidate == wanted {
            return true;
        }
        current = model.base(candidate);
    }
    false
}

impl fmt::Display for TypeSpecifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(formatter, "{namespace}.{}", self.name),
            None => formatter.write_str(&self.name),
        }
    }
}
