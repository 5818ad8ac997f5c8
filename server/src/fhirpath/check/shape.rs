//! What is known of a value before it is there: the types that it may have.

use crate::fhirpath::model::{Model, SystemType, Type};

/// A type that a value may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// A FHIR type.
    Element(Type),
    /// One of FHIRPath's own.
    System(SystemType),
}

/// The values that an expression may give.
#[derive(Debug, Clone)]
pub struct Shape {
    /// `None` when they may be of any type.
    types: Option<Vec<Known>>,
    /// Whether they are in an order.
    pub is_ordered: bool,
}

impl Known {
    /// The name of the type.
    pub fn name(self, model: &dyn Model) -> String {
        match self {
            Known::Element(of) => model.name(of).to_owned(),
            Known::System(of) => of.name().to_owned(),
        }
    }

    fn system(self) -> Option<SystemType> {
        match self {
            Known::Element(of) => of.system,
            Known::System(of) => Some(of),
        }
    }
}

impl Shape {
    /// Values of any type, in an order.
    pub fn any() -> Shape {
        let (types, is_ordered) = (None, true);
        Shape { types, is_ordered }
    }

    /// The empty collection, `{}`.
    pub fn empty() -> Shape {
        Shape::any().with(Vec::new())
    }

    /// Values of one type.
    pub fn of(known: Known) -> Shape {
        Shape::any().with(vec![known])
    }

    /// Values of one of FHIRPath's own types.
    pub fn system(of: SystemType) -> Shape {
        Shape::of(Known::System(of))
    }

    /// Values of other types, as ordered as these.
    pub fn with(&self, types: Vec<Known>) -> Shape {
        Shape {
            types: Some(types),
            is_ordered: self.is_ordered,
        }
    }

    /// Anything, as ordered as these.
    pub fn any_like(&self) -> Shape {
        Shape {
            types: None,
            is_ordered: self.is_ordered,
        }
    }

    /// The types; `None` for any.
    pub fn types(&self) -> Option<&[Known]> {
        self.types.as_deref()
    }

    /// These values and others.
    pub fn union(mut self, other: Shape) -> Shape {
        self.is_ordered &= other.is_ordered;
        self.types = match (self.types, other.types) {
            (Some(mut types), Some(others)) => {
                for known in others {
                    if !types.contains(&known) {
                        types.push(known);
                    }
                }
                Some(types)
            }
            _ => None,
        };
        self
    }

    /// Whether there are values, and all are, when calculated with, of one of `wanted`.
    pub fn is_only(&self, wanted: &[SystemType]) -> bool {
        let is_wanted = |known: &Known| known.system().is_some_and(|system| wanted.contains(&system));
        self.types()
            .is_some_and(|types| !types.is_empty() && types.iter().all(is_wanted))
    }

    /// Whether there are values, and none can be of type `wanted`.
    pub fn is_never(&self, wanted: SystemType) -> bool {
        let is_other = |known: &Known| known.system() != Some(wanted);
        self.types()
            .is_some_and(|types| !types.is_empty() && types.iter().all(is_other))
    }

    /// The first type's name.
    pub fn name(&self, model: &dyn Model) -> String {
        let first = self.types().and_then(|types| types.first());
        first.map_or_else(|| "anything".to_owned(), |known| known.name(model))
    }
}
