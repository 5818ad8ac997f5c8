//! Why a StructureDefinition cannot be used, and what to write instead.

/// Why a structure cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{url}: {problem}")]
pub struct StructureDefinitionError {
    /// The definition's URL.
    pub url: String,
    /// What is wrong.
    pub problem: StructureProblem,
}

/// What is wrong with a definition of a structure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StructureProblem {
    /// There is a definition of this URL.
    #[error("there is a structure of this URL; write another URL")]
    UrlTaken,
    /// A new type has the name of one that is there.
    #[error("there is a type {0}; write another type, or derivation constraint")]
    TypeTaken(String),
    /// The base is not there.
    #[error("the base {0} is not known; add it first")]
    UnknownBase(String),
    /// A constraint is of another type than its base.
    #[error("the base is of type {0}; write it as the type")]
    OtherType(String),
    /// A new type of resource.
    #[error(
        "the resource types of FHIR R4 cannot be added to; write a constraint on one of them, or on Basic"
    )]
    ResourceType,
    /// A path that does not begin with the type.
    #[error("the path {0} does not begin with the type")]
    Path(String),
    /// An element that the base does not have.
    #[error("{0} is no element of the base; a constraint can only narrow what is there")]
    UnknownElement(String),
    /// A new element without a type.
    #[error("{0} has no type; write its types")]
    NoType(String),
    /// A type that there is not.
    #[error("{path}: the type {name} is not known; add it first")]
    UnknownType {
        /// Path of the element, such as `Patient.name`.
        path: String,
        /// The type that is not known.
        name: String,
    },
    /// A type that the base does not allow.
    #[error("{path}: the base does not allow {name}; it allows {allowed}")]
    OtherTypes {
        /// Path of the element, such as `Patient.name`.
        path: String,
        /// The type that is not allowed.
        name: String,
        /// The types that it may have.
        allowed: String,
    },
    /// A cardinality that is wider than that of the base, or that nothing can meet.
    #[error("{path}: the cardinality must be within {base}")]
    Cardinality {
        /// Path of the element, such as `Patient.name`.
        path: String,
        /// The base's cardinality.
        base: String,
    },
    /// A value set whose codes are not known.
    #[error("{path}: the value set {value_set} is not known; add it first")]
    UnknownValueSet {
        /// Path of the element, such as `Patient.name`.
        path: String,
        /// The value set's URL.
        value_set: String,
    },
    /// There are as many as a structure can have, or as ids can tell apart.
    #[error("{0} has too many elements; a structure can have 64 with those that it inherits")]
    TooManyElements(String),
}
