//! The search parameters of R4, read from the standard's definitions at start-up: one value for each
//! resource type and code, <http://hl7.org/fhir/R4/searchparameter-registry.html>.

pub mod definition;
mod draft;
mod erratum;
mod error;
pub mod registry;

pub use definition::SearchParameterDefinition;
pub use draft::SYSTEMS_WITHOUT_CASE;
pub use error::SearchParameterError;
pub use registry::Registry;

use std::sync::Arc;

use compact_str::CompactString;

use crate::definitions::structure::Targets;
use crate::resource::ResourceType;

/// The position of a parameter in the registry; stands for one resource type and one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParameterId(pub u16);

/// The kinds of search parameter, <http://hl7.org/fhir/R4/search.html#ptypes>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParameterKind {
    /// A number, or a range of numbers.
    Number,
    /// A date, dateTime, instant or Period.
    Date,
    /// Text, by default compared without case and accents.
    String,
    /// A coded value or an identifier.
    Token,
    /// A reference to another resource.
    Reference,
    /// Several values that belong together.
    Composite,
    /// A number with a unit.
    Quantity,
    /// A URI, compared letter by letter.
    Uri,
    /// A parameter with a logic of its own, such as `near`.
    Special,
}

impl ParameterKind {
    /// The kind that a definition calls `name`.
    pub fn parse(name: &str) -> Option<ParameterKind> {
        Some(match name {
            "number" => ParameterKind::Number,
            "date" => ParameterKind::Date,
            "string" => ParameterKind::String,
            "token" => ParameterKind::Token,
            "reference" => ParameterKind::Reference,
            "composite" => ParameterKind::Composite,
            "quantity" => ParameterKind::Quantity,
            "uri" => ParameterKind::Uri,
            "special" => ParameterKind::Special,
            _ => return None,
        })
    }

    /// The standard's name, <http://hl7.org/fhir/R4/valueset-search-param-type.html>.
    pub fn name(self) -> &'static str {
        match self {
            ParameterKind::Number => "number",
            ParameterKind::Date => "date",
            ParameterKind::String => "string",
            ParameterKind::Token => "token",
            ParameterKind::Reference => "reference",
            ParameterKind::Composite => "composite",
            ParameterKind::Quantity => "quantity",
            ParameterKind::Uri => "uri",
            ParameterKind::Special => "special",
        }
    }
}

/// Which of a parameter's tokens are compared without case, <http://hl7.org/fhir/R4/search.html#token>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithoutCase {
    /// None: all are codes, identifiers and the like.
    #[default]
    None,
    /// Those of some elements.
    Some,
    /// All: they are texts, phone numbers, e-mail addresses or MIME types.
    All,
}

/// One search parameter of one resource type.
#[derive(Debug)]
pub struct SearchParameter {
    /// Where it stands in the registry.
    pub id: ParameterId,
    /// The resource type that it searches in.
    pub resource_type: ResourceType,
    /// The name in a query, such as `birthdate`. A name with a colon, such as `identifier:of-type`, is not a
    /// parameter of the standard but the index of one of its modifiers; clients cannot name it.
    pub code: CompactString,
    /// The canonical URL of its definition.
    pub url: Arc<str>,
    /// What its values are.
    pub kind: ParameterKind,
    /// For references: the types that may be pointed at; empty means any.
    pub targets: Targets,
    /// For references: whether some are canonical URLs instead of references.
    pub holds_canonical: bool,
    /// For references: whether what they point at stands in the resource itself, as the entries of a Bundle do.
    pub holds_resource: bool,
    /// For tokens: which of them are compared without case.
    pub without_case: WithoutCase,
    /// For tokens: whether they are MIME types.
    pub is_mime_type: bool,
    /// For composites: the codes' parameters in order.
    pub components: Vec<ParameterId>,
}

impl SearchParameter {
    /// Whether clients may name it.
    pub fn is_named(&self) -> bool {
        !self.code.contains(':')
    }
}
