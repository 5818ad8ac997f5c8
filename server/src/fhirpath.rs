//! FHIRPath, <http://hl7.org/fhirpath/N1/>, as R4 uses it, <http://hl7.org/fhir/R4/fhirpath.html>: text becomes an
//! expression once ([`Expression::parse`]), and the expression is evaluated over resources as they are, without a copy.
//!
//! Expressions may come from tenants. What one may cost is limited: its length and depth when it is parsed, its steps
//! when it is evaluated. The search parameters' compiler and FHIRPath Patch follow the same expressions in ways of their
//! own. No expression makes the server panic or use up its stack.

mod check;
mod environment;
mod error;
mod evaluate;
mod expression;
mod function;
mod lexer;
mod model;
mod parse;
mod type_specifier;
mod value;

pub use environment::{Environment, Host, NoHost};
pub use error::{EvaluationError, ParseError, SemanticError};
pub use expression::{BinaryOperator, Expression, Step, TypeOperator};
pub use function::{
    BoundaryFunction, Combining, Conversion, ElementFunction, Existence, Filtering, Function, Math,
    StringFunction, Subsetting, Utility,
};
pub use model::{ElementModel, Model, SystemType, Type};
pub use type_specifier::{TypeSpecifier, is_derived};
pub use value::{Collection, Element, Quantity, Temporal, Unit, Value};
