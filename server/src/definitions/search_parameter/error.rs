//! Why a search parameter cannot be used, and what to write instead.

use super::ParameterKind;
use crate::definitions::path::CompileError;
use crate::resource::ResourceType;

/// Why a definition of a search parameter cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchParameterError {
    /// A line of the standard's facts.
    #[error("failed to read the line {0:?}")]
    Line(String),
    /// A type that there is not.
    #[error(
        "{url}: FHIR R4 has no resource type \"{name}\"; write one of its types, DomainResource or Resource"
    )]
    UnknownType {
        /// The definition's URL.
        url: String,
        /// What stands in `base` or `target`.
        name: String,
    },
    /// It is defined on no type.
    #[error("{url}: base is missing; write the resource types that it searches in")]
    NoBase {
        /// The definition's URL.
        url: String,
    },
    /// A code that a query string cannot name.
    #[error("{url}: \"{code}\" cannot be a code; begin with a letter, and write letters, digits, - and _")]
    Code {
        /// The definition's URL.
        url: String,
        /// What stands in `SearchParameter.code`.
        code: String,
    },
    /// Two parameters of one type have one code.
    #[error("{url}: the code {code} of {resource_type} is that of {holder}; write another code")]
    CodeTaken {
        /// The definition's URL.
        url: String,
        /// The `SearchParameter.code` that both have.
        code: String,
        /// The resource type.
        resource_type: ResourceType,
        /// The URL of the parameter that has it.
        holder: String,
    },
    /// A kind that has a logic of its own.
    #[error("{url}: a parameter of type special cannot be added; write the type that its values have")]
    Special {
        /// The definition's URL.
        url: String,
    },
    /// An expression cannot be followed.
    #[error("{url}: the expression cannot be used for {resource_type}: {source}")]
    Compile {
        /// The definition's URL.
        url: String,
        /// The resource type.
        resource_type: ResourceType,
        /// What is wrong.
        source: CompileError,
    },
    /// No element that an expression selects has values of the parameter's kind.
    #[error(
        "{url}: what the expression selects in {resource_type} has no values of type {}; write the type that they have",
        kind.name()
    )]
    SelectsNothing {
        /// The definition's URL.
        url: String,
        /// What its values should be.
        kind: ParameterKind,
        /// The resource type.
        resource_type: ResourceType,
    },
    /// A composite names a component that is not defined for the same type.
    #[error("{url}: {resource_type} has no search parameter {component}; add it first")]
    UnknownComponent {
        /// The composite's URL.
        url: String,
        /// The resource type.
        resource_type: ResourceType,
        /// The component's URL.
        component: String,
    },
    /// A composite is made of nothing, or something else is made of components.
    #[error(
        "{url}: a composite has components, and nothing else has; write type composite and its components"
    )]
    Components {
        /// The definition's URL.
        url: String,
    },
    /// There are as many as ids can tell apart.
    #[error("{url}: there are too many search parameters; remove one that is not used")]
    TooMany {
        /// The definition's URL.
        url: String,
    },
}
