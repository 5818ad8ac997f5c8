//! What a resource says about itself, as the rows of the search index: one list for each kind of value.

mod contained;
pub mod extract;

pub use extract::extract;

use compact_str::CompactString;

use super::decimal::Decimal;
use crate::definitions::search_parameter::ParameterId;
use crate::resource::ResourceType;

/// All index entries of one version of one resource, without duplicates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IndexEntries {
    /// Codes, identifiers, booleans; also `Reference.identifier` under the reference parameter.
    pub tokens: Vec<TokenEntry>,
    /// Text; also the text of tokens (`display`, `text`) under the token parameter, for `:text`.
    pub strings: Vec<StringEntry>,
    /// References, canonical ones too.
    pub references: Vec<ReferenceEntry>,
    /// Dates and periods.
    pub dates: Vec<DateEntry>,
    /// Numbers and ranges of numbers.
    pub numbers: Vec<NumberEntry>,
    /// Numbers with units.
    pub quantities: Vec<QuantityEntry>,
    /// URIs as they stand, letter by letter.
    pub uris: Vec<UriEntry>,
    /// Values of composites.
    pub composites: Vec<CompositeEntry>,
    /// Resources inside of this one that its references lead to, each under its number, from 1 without gaps.
    pub contained: Vec<ContainedEntries>,
    /// Which references lead to them.
    pub contained_links: Vec<ContainedLink>,
}

/// What a contained resource says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainedEntries {
    /// Its number within the resource that contains it; 0 is that resource.
    pub number: i16,
    /// In terms of the parameters of its own type.
    pub entries: IndexEntries,
}

/// A reference from a resource, or from one that it contains, to one that it contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainedLink {
    /// The number of the resource that refers.
    pub holder: i16,
    /// Search parameter that finds the reference.
    pub parameter: ParameterId,
    /// The type of what is referred to.
    pub resource_type: ResourceType,
    /// The number of what is referred to.
    pub number: i16,
}

/// A token: at least one of system and code is there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TokenEntry {
    /// Search parameter that finds the token.
    pub parameter: ParameterId,
    /// The code system or identifier system; `None` when the resource names none.
    pub system: Option<CompactString>,
    /// The code or identifier value.
    pub code: Option<CompactString>,
}

/// A text, to be searched with and without case and accents.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StringEntry {
    /// Search parameter that finds the text.
    pub parameter: ParameterId,
    /// Folded by [`super::value::string`]: no case, no accents, no punctuation, single spaces.
    pub folded: CompactString,
    /// As it stands in the resource.
    pub text: CompactString,
}

/// A reference to a resource, here or elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReferenceEntry {
    /// Search parameter that finds the reference.
    pub parameter: ParameterId,
    /// What is pointed at.
    pub target: ReferenceTarget,
}

/// What a reference points at, <http://hl7.org/fhir/R4/references.html>.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ReferenceTarget {
    /// A resource of this server.
    Local {
        /// Type of the resource pointed at.
        resource_type: ResourceType,
        /// Its logical id.
        id: CompactString,
        /// The version that the reference names, if it names one; 0 for a number that no version can have.
        version: Option<i32>,
    },
    /// A resource elsewhere, or a canonical URL (`|version` split off).
    Url {
        /// The URL as it stands, without its version.
        url: CompactString,
        /// The business version of a canonical reference, without case; of another one what follows its URL, `_history/…`.
        version: Option<CompactString>,
    },
}

/// A span of time `[low, high)` in microseconds since 1970-01-01T00:00:00Z; an open end is `i64::MIN`/`MAX`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DateEntry {
    /// Search parameter that finds the date.
    pub parameter: ParameterId,
    /// First microsecond of the span.
    pub low: i64,
    /// First microsecond after the end.
    pub high: i64,
}

/// A number, or a range of numbers, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NumberEntry {
    /// Search parameter that finds the number.
    pub parameter: ParameterId,
    /// Smallest value; the same as `high` for a single number.
    pub low: Decimal,
    /// Largest value, itself included.
    pub high: Decimal,
}

/// A number with its unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QuantityEntry {
    /// Search parameter that finds the quantity.
    pub parameter: ParameterId,
    /// Smallest value, in the unit as written.
    pub low: Decimal,
    /// Largest value, itself included.
    pub high: Decimal,
    /// The system of the code.
    pub system: Option<CompactString>,
    /// The coded unit.
    pub code: Option<CompactString>,
    /// The unit as people write it, where it differs from the code.
    pub unit: Option<CompactString>,
}

/// A URI; a canonical URL with a version has a second entry without it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UriEntry {
    /// Search parameter that finds the URI.
    pub parameter: ParameterId,
    /// The URI as it stands.
    pub value: CompactString,
}

/// Values of a composite's components that stand in one element of the resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CompositeEntry {
    /// The composite parameter.
    pub parameter: ParameterId,
    /// One value for each component, in the parameter's order; R4 has two or three.
    pub components: Vec<CompositeValue>,
}

/// The value of one component.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CompositeValue {
    /// A token, as in [`TokenEntry`].
    Token {
        /// The code system; `None` when the resource names none.
        system: Option<CompactString>,
        /// The code, or an identifier's value.
        code: Option<CompactString>,
    },
    /// A text, folded.
    String {
        /// Folded as in [`StringEntry`].
        folded: CompactString,
    },
    /// A reference, as in [`ReferenceEntry`].
    Reference(ReferenceTarget),
    /// A span of time, as in [`DateEntry`].
    Date {
        /// First microsecond of the span.
        low: i64,
        /// First microsecond after the end.
        high: i64,
    },
    /// A number or a quantity.
    Quantity {
        /// Smallest value; the same as `high` for a single number.
        low: Decimal,
        /// Largest value, itself included.
        high: Decimal,
        /// The system of the code.
        system: Option<CompactString>,
        /// The coded unit.
        code: Option<CompactString>,
        /// The unit as people write it, where it differs from the code.
        unit: Option<CompactString>,
    },
    /// A URI as it stands.
    Uri(CompactString),
}

#[cfg(test)]
mod tests;
