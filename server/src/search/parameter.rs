//! The search parameters of R4, read from the standard's definitions at start-up: one value for each
//! resource type and code, <http://hl7.org/fhir/R4/searchparameter-registry.html>.

use crate::resource::ResourceType;

/// The position of a parameter in the registry; stands for one resource type and one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParameterId(pub u16);

/// The kinds of search parameter, <http://hl7.org/fhir/R4/search.html#ptypes>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParameterKind {
    /// A number.
    Number,
    /// A date, dateTime, instant or Period.
    Date,
    /// Text.
    String,
    /// A coded value or an identifier.
    Token,
    /// A reference to another resource.
    Reference,
    /// Several values that belong together.
    Composite,
    /// A number with a unit.
    Quantity,
    /// A URI.
    Uri,
    /// A parameter with a logic of its own, such as `near`.
    Special,
}

/// One search parameter of one resource type.
#[derive(Debug)]
pub struct SearchParameter {
    /// Where it stands in the registry.
    pub id: ParameterId,
    /// The resource type that it searches in.
    pub resource_type: ResourceType,
    /// The name in a query, such as `birthdate`.
    pub code: String,
    /// The canonical URL of its definition.
    pub url: String,
    /// What its values are.
    pub kind: ParameterKind,
    /// For references: the types that may be pointed at; empty means any.
    pub targets: Vec<ResourceType>,
    /// For composites: the codes' parameters in order.
    pub components: Vec<ParameterId>,
}
/// stub
#[derive(Debug)]
pub struct Registry(Vec<SearchParameter>);
impl Registry {
    /// stub
    pub fn r4() -> &'static Registry {
        static R: Registry = Registry(Vec::new());
        &R
    }
    /// stub
    pub fn all(&self) -> &[SearchParameter] {
        &self.0
    }
    /// stub
    pub fn get(&self, id: ParameterId) -> &SearchParameter {
        &self.0[usize::from(id.0)]
    }
    /// stub
    pub fn of(&self, t: ResourceType) -> impl Iterator<Item = &SearchParameter> {
        self.0.iter().filter(move |p| p.resource_type == t)
    }
}
