//! The definitions of search parameters as the generator wrote them, and what of them can be indexed.

use crate::resource::ResourceType;
use crate::search::parameter::ParameterKind;
use crate::search::path::ElementType;

/// Generated from the official package; its generator describes the lines.
const LINES: &str = include_str!("../../../definitions/search-parameters.tsv");

/// One line: a definition, which may hold for several types.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// The end of the canonical URL.
    pub id: &'static str,
    /// The name in a query.
    pub code: &'static str,
    /// What its values are.
    pub kind: ParameterKind,
    /// The types that it is defined on, separated by spaces; `Resource` and `DomainResource` are abstract.
    bases: &'static str,
    targets: &'static str,
    /// The FHIRPath expression; empty when the definition has none.
    pub expression: &'static str,
    components: &'static str,
}

/// All definitions.
pub fn definitions() -> impl Iterator<Item = Definition> {
    LINES.lines().filter_map(Definition::parse)
}

/// Resource types that are not DomainResources.
const WITHOUT_NARRATIVE: [&str; 3] = ["Binary", "Bundle", "Parameters"];

impl Definition {
    fn parse(line: &'static str) -> Option<Definition> {
        let mut columns = line.split('\t');
        Some(Definition {
            id: columns.next()?,
            code: columns.next()?,
            kind: ParameterKind::parse(columns.next()?)?,
            bases: columns.next()?,
            targets: columns.next()?,
            expression: columns.next()?,
            components: columns.next()?,
        })
    }

    /// The canonical URL.
    pub fn url(&self) -> String {
        format!("http://hl7.org/fhir/SearchParameter/{}", self.id)
    }

    /// The types that it searches in.
    pub fn resource_types(&self) -> Vec<ResourceType> {
        match self.bases {
            "Resource" => ResourceType::all().collect(),
            "DomainResource" => ResourceType::all()
                .filter(|resource_type| !WITHOUT_NARRATIVE.contains(&resource_type.name()))
                .collect(),
            bases => bases.split(' ').filter_map(ResourceType::parse).collect(),
        }
    }

    /// The types that its references may point at.
    pub fn targets(&self) -> Vec<ResourceType> {
        self.targets.split(' ').filter_map(ResourceType::parse).collect()
    }

    /// A composite's components: the id of each one's definition, and its expression.
    pub fn components(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.components
            .split(';')
            .filter_map(|component| component.split_once('='))
    }
}

/// Whether elements of this type have values for parameters of this kind,
/// <http://hl7.org/fhir/R4/search.html#ptypes>.
pub fn is_indexed(kind: ParameterKind, element_type: ElementType) -> bool {
    use ElementType as Type;
    match kind {
        ParameterKind::Token => matches!(
            element_type,
            Type::Boolean
                | Type::Code(_)
                | Type::Text
                | Type::Uri
                | Type::Canonical
                | Type::Coding
                | Type::CodeableConcept
                | Type::Identifier
                | Type::ContactPoint
        ),
        ParameterKind::String => matches!(
            element_type,
            Type::Text | Type::Uri | Type::Code(_) | Type::HumanName | Type::Address
        ),
        ParameterKind::Reference => matches!(
            element_type,
            Type::Reference | Type::Canonical | Type::Uri | Type::Resource
        ),
        ParameterKind::Date => matches!(element_type, Type::DateTime | Type::Period | Type::Timing),
        ParameterKind::Number => matches!(element_type, Type::Number | Type::Range),
        ParameterKind::Quantity => matches!(
            element_type,
            Type::Quantity | Type::Money | Type::Range | Type::SampledData
        ),
        ParameterKind::Uri => matches!(element_type, Type::Uri | Type::Canonical | Type::Text),
        ParameterKind::Composite | ParameterKind::Special => matches!(element_type, Type::Other),
    }
}
