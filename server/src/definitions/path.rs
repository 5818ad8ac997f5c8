//! FHIRPath as search parameters use it, <http://hl7.org/fhir/R4/fhirpath.html>: an expression is resolved
//! against the element model and kept as a short list of steps through a resource's JSON. What an expression cannot
//! do here is refused when the registry is built, not at run time.

pub mod compile;
pub mod element_type;
pub mod program;

pub use compile::{CompileError, compile, compile_component};
pub use element_type::ElementType;
pub use program::{Path, Program, Step};
