//! What a SearchParameter says: those of the standard, as the generator wrote them, and those that are added.
//! <http://hl7.org/fhir/R4/searchparameter.html>

use super::SearchParameterError;
use super::erratum::corrected;
use crate::definitions::path::ElementType;
use crate::definitions::search_parameter::ParameterKind;
use crate::definitions::structure::Targets;
use crate::resource::ResourceType;

/// Generated from the official package; its generator describes the lines.
const LINES: &str = include_str!("../../../definitions/search-parameters.tsv");

/// A definition, which may hold for several types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchParameterDefinition {
    /// The canonical URL.
    pub url: String,
    /// The name in a query.
    pub code: String,
    /// What its values are.
    pub kind: ParameterKind,
    /// The types that it is defined on; `Resource` and `DomainResource` stand for all that are one.
    pub base: Vec<String>,
    /// The types that its references may point at; empty means any.
    pub target: Vec<String>,
    /// The FHIRPath expression; empty when the definition has none.
    pub expression: String,
    /// What a composite is made of, in order.
    pub component: Vec<ComponentDefinition>,
}

/// A part of a composite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentDefinition {
    /// The canonical URL of the parameter whose values it has.
    pub definition: String,
    /// The FHIRPath expression, which starts at what the composite's own expression selects.
    pub expression: String,
}

/// The start of the URL of each of the standard's definitions.
const URL: &str = "http://hl7.org/fhir/SearchParameter/";

/// Resource types that are not DomainResources.
const WITHOUT_NARRATIVE: [&str; 3] = ["Binary", "Bundle", "Parameters"];

impl SearchParameterDefinition {
    /// All definitions of the standard, its errata mended, each made when it is asked for; an error for a line that cannot be
    /// understood.
    pub fn r4() -> impl Iterator<Item = Result<SearchParameterDefinition, SearchParameterError>> {
        LINES.lines().map(|line| {
            SearchParameterDefinition::parse(&corrected(line))
                .ok_or_else(|| SearchParameterError::Line(line.to_owned()))
        })
    }

    fn parse(line: &str) -> Option<SearchParameterDefinition> {
        let mut columns = line.split('\t');
        let mut next = || columns.next();
        let words = |text: &str| {
            text.split(' ')
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let component = |text: &str| {
            let (id, expression) = text.split_once('=')?;
            Some(ComponentDefinition {
                definition: format!("{URL}{id}"),
                expression: expression.to_owned(),
            })
        };
        Some(SearchParameterDefinition {
            url: format!("{URL}{}", next()?),
            code: next()?.to_owned(),
            kind: ParameterKind::parse(next()?)?,
            base: words(next()?),
            target: words(next()?),
            expression: next()?.to_owned(),
            component: next()?.split(';').filter_map(component).collect(),
        })
    }

    /// The types that it searches in.
    ///
    /// # Errors
    /// When a type is none of R4's.
    pub fn resource_types(&self) -> Result<Vec<ResourceType>, SearchParameterError> {
        let mut resource_types = Vec::new();
        for name in &self.base {
            match name.as_str() {
                "Resource" => resource_types.extend(ResourceType::all()),
                "DomainResource" => resource_types.extend(
                    ResourceType::all()
                        .filter(|resource_type| !WITHOUT_NARRATIVE.contains(&resource_type.name())),
                ),
                name => resource_types.push(self.resource_type(name)?),
            }
        }
        resource_types.sort();
        resource_types.dedup();
        Ok(resource_types)
    }

    /// The types that its references may point at; empty means any.
    ///
    /// # Errors
    /// When a type is none of R4's.
    pub fn targets(&self) -> Result<Targets, SearchParameterError> {
        if self.target.iter().any(|name| name == "Resource") {
            return Ok(Targets::default());
        }
        self.target.iter().map(|name| self.resource_type(name)).collect()
    }

    /// Whether it can be added to what there is.
    ///
    /// # Errors
    /// When a client could not name it, or it says nothing that can be indexed.
    pub fn check(&self) -> Result<(), SearchParameterError> {
        let url = self.url.clone();
        let mut letters = self.code.chars();
        let is_code = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
            && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_'));
        if !is_code {
            let code = self.code.clone();
            return Err(SearchParameterError::Code { url, code });
        }
        if self.base.is_empty() {
            return Err(SearchParameterError::NoBase { url });
        }
        match self.kind {
            ParameterKind::Special => Err(SearchParameterError::Special { url }),
            kind if (kind == ParameterKind::Composite) == self.component.is_empty() => {
                Err(SearchParameterError::Components { url })
            }
            _ => Ok(()),
        }
    }

    fn resource_type(&self, name: &str) -> Result<ResourceType, SearchParameterError> {
        ResourceType::parse(name).ok_or_else(|| SearchParameterError::UnknownType {
            url: self.url.clone(),
            name: name.to_owned(),
        })
    }
}

/// Whether elements of this type have values for parameters of this kind,
/// <http://hl7.org/fhir/R4/search.html#ptypes>.
pub fn is_indexed(kind: ParameterKind, element_type: &ElementType) -> bool {
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
        ParameterKind::Date => matches!(
            element_type,
            Type::DateTime | Type::Instant | Type::Period | Type::Timing
        ),
        ParameterKind::Number => matches!(element_type, Type::Number | Type::Range),
        ParameterKind::Quantity => matches!(
            element_type,
            Type::Quantity | Type::Money | Type::Range | Type::SampledData
        ),
        ParameterKind::Uri => matches!(element_type, Type::Uri | Type::Canonical | Type::Text),
        ParameterKind::Composite | ParameterKind::Special => matches!(element_type, Type::Other),
    }
}
