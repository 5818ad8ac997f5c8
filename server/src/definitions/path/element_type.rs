//! The types of elements, as far as indexing tells them apart.

use compact_str::CompactString;

use crate::definitions::structure::{Kind, Member, Primitive, Structures};

/// What the values of an element are to indexing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ElementType {
    /// `boolean`
    Boolean,
    /// `code`, with the one system that its value set is made of.
    Code(Option<CompactString>),
    /// `string`, `markdown`, `id`
    Text,
    /// `uri`, `url`, `oid`, `uuid`
    Uri,
    /// `canonical`
    Canonical,
    /// `date`, `dateTime`
    DateTime,
    /// `instant`, which has no width
    Instant,
    /// `integer`, `positiveInt`, `unsignedInt`, `decimal`
    Number,
    /// `Coding`
    Coding,
    /// `CodeableConcept`
    CodeableConcept,
    /// `Identifier`
    Identifier,
    /// `ContactPoint`
    ContactPoint,
    /// `HumanName`
    HumanName,
    /// `Address`
    Address,
    /// `Reference`
    Reference,
    /// `Period`
    Period,
    /// `Timing`
    Timing,
    /// `Quantity`, and its kin `Age`, `Count`, `Distance`, `Duration`
    Quantity,
    /// `Money`
    Money,
    /// `Range`
    Range,
    /// `SampledData`
    SampledData,
    /// A whole resource inside another one.
    Resource,
    /// Any other type, or an element that has elements of its own.
    Other,
}

/// The system of MIME types, <http://hl7.org/fhir/R4/valueset-mimetypes.html>.
const MIME_TYPES: &str = "urn:ietf:bcp:13";

impl ElementType {
    /// Whether its values are MIME types.
    pub fn is_mime_type(&self) -> bool {
        matches!(self, ElementType::Code(Some(system)) if system == MIME_TYPES)
    }

    /// Whether its values, as tokens, are compared without case: texts, phone numbers and e-mail addresses, MIME types.
    pub fn is_without_case(&self) -> bool {
        matches!(self, ElementType::Text | ElementType::ContactPoint) || self.is_mime_type()
    }

    /// What `member` is to indexing.
    pub fn of_member(structures: &Structures, member: &Member) -> ElementType {
        match member.kind {
            Kind::Primitive(Primitive::Code) => {
                ElementType::Code(structures.code_system(member).map(CompactString::from))
            }
            kind => ElementType::of_kind(structures, kind),
        }
    }

    /// What values of this kind are to indexing, of whatever element.
    pub fn of_kind(structures: &Structures, kind: Kind) -> ElementType {
        match kind {
            Kind::Primitive(primitive) => ElementType::of_primitive(primitive),
            Kind::Resource => ElementType::Resource,
            Kind::Structure(_) => match structures.type_name(kind) {
                "Coding" => ElementType::Coding,
                "CodeableConcept" => ElementType::CodeableConcept,
                "Identifier" => ElementType::Identifier,
                "ContactPoint" => ElementType::ContactPoint,
                "HumanName" => ElementType::HumanName,
                "Address" => ElementType::Address,
                "Reference" => ElementType::Reference,
                "Period" => ElementType::Period,
                "Timing" => ElementType::Timing,
                "Quantity" | "Age" | "Count" | "Distance" | "Duration" => ElementType::Quantity,
                "Money" => ElementType::Money,
                "Range" => ElementType::Range,
                "SampledData" => ElementType::SampledData,
                _ => ElementType::Other,
            },
        }
    }

    fn of_primitive(primitive: Primitive) -> ElementType {
        match primitive {
            Primitive::Boolean => ElementType::Boolean,
            Primitive::Code => ElementType::Code(None),
            Primitive::String | Primitive::Markdown | Primitive::Id => ElementType::Text,
            Primitive::Uri | Primitive::Url | Primitive::Oid | Primitive::Uuid => ElementType::Uri,
            Primitive::Canonical => ElementType::Canonical,
            Primitive::Date | Primitive::DateTime => ElementType::DateTime,
            Primitive::Instant => ElementType::Instant,
            Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt | Primitive::Decimal => {
                ElementType::Number
            }
            Primitive::Base64Binary | Primitive::Time | Primitive::Xhtml => ElementType::Other,
        }
    }
}
