//! A search as a value: what a client asked for, every word of it checked against the standard's definitions.
//! <http://hl7.org/fhir/R4/search.html>

use std::sync::Arc;

use compact_str::CompactString;

use super::decimal::Decimal;
use super::index::ReferenceTarget;
use crate::definitions::search_parameter::ParameterId;
use crate::resource::ResourceType;
use crate::summary::Summary;

/// A parsed search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// The types searched in; empty means all. One for `GET /Patient`, several for `GET /?_type=…`.
    pub resource_types: Vec<ResourceType>,
    /// All of these must hold.
    pub criteria: Vec<Criterion>,
    /// Keys of the order, the first one first; empty means the server's own stable order.
    pub sort: Vec<SortKey>,
    /// `_include` and `_revinclude`.
    pub includes: Vec<Include>,
    /// `_count`: matches a page; `None` for the server's default. 0 asks for the total alone.
    pub count: Option<u32>,
    /// `_total`.
    pub total: Total,
    /// `_summary`.
    pub summary: Summary,
    /// The types of which resources may be included; `None` for all.
    pub included_types: Option<Vec<ResourceType>>,
    /// The types of which earlier versions may be included, where references name them; `None` for all. Of others the current
    /// version stands in.
    pub earlier_types: Option<Vec<ResourceType>>,
    /// `_elements`: names of top-level elements; empty means all.
    pub elements: Vec<String>,
    /// The place to go on from, as an earlier page's link gave it.
    pub cursor: Option<String>,
    /// The parameters that were understood, as (name, value) to be put in the `self` link; without the cursor.
    pub understood: Vec<(String, String)>,
    /// Ids that the criteria name without a type: each must be that of one stored resource at most.
    pub untyped: Vec<UntypedReference>,
    /// Parameters that were ignored (`Prefer: handling=lenient`), to be reported as warnings in the Bundle.
    pub ignored: Vec<String>,
}

/// `subject=123`, where several types may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntypedReference {
    /// The parameter as it was written.
    pub parameter: String,
    /// The logical id.
    pub id: CompactString,
    /// The types that it may be the id of: those that may be pointed at, of which the principal may know.
    pub targets: Vec<ResourceType>,
}

/// One condition that a resource meets or not.
#[derive(Debug, Clone, PartialEq)]
pub enum Criterion {
    /// `_id`: any of these logical ids.
    Id(Vec<CompactString>),
    /// The resource is of one of these types; it narrows a search over several types to some of them, as
    /// compartments and access rules need it.
    Type(Vec<ResourceType>),
    /// `_lastUpdated`: any of these holds.
    LastUpdated(Vec<DateComparison>),
    /// A search parameter's index entries. Several ids when several types are searched: any may match.
    Parameter {
        /// The parameter, one for each type searched.
        parameters: Vec<ParameterId>,
        /// What its entries must look like.
        matches: Matches,
    },
    /// `:missing=true|false`.
    Missing {
        /// The parameter, one for each type searched.
        parameters: Vec<ParameterId>,
        /// Whether resources without a value are wanted.
        missing: bool,
    },
    /// Chaining, `subject:Patient.name=…`: a resource of type `target`, pointed at by `references`, meets `criterion`.
    Chain {
        /// The reference parameter, one for each type searched.
        references: Vec<ParameterId>,
        /// The type pointed at.
        target: ResourceType,
        /// What the target must meet.
        criterion: Box<Criterion>,
    },
    /// Reverse chaining, `_has:Observation:subject:code=…`: a resource of type `source` that points here meets `criterion`.
    Has {
        /// The type that points here.
        source: ResourceType,
        /// The parameter by which it points.
        reference: ParameterId,
        /// What the source must meet.
        criterion: Box<Criterion>,
    },
    /// At least one of these holds (a chain over several types, …).
    Any(Vec<Criterion>),
    /// All of these hold.
    All(Vec<Criterion>),
    /// This does not hold (`:not`: also true of resources without a value).
    Not(Box<Criterion>),
}

/// What the index entries of a parameter must look like; any of the values may match.
#[derive(Debug, Clone, PartialEq)]
pub enum Matches {
    /// Token: a code, an identifier or a boolean.
    Tokens(Vec<TokenMatch>),
    /// String, also `:text` of a token.
    Strings(Vec<StringMatch>),
    /// Reference to a resource, here or elsewhere.
    References(Vec<ReferenceMatch>),
    /// Date, time or period.
    Dates(Vec<DateComparison>),
    /// Number without a unit.
    Numbers(Vec<NumberComparison>),
    /// Quantity: a number with its unit.
    Quantities(Vec<QuantityMatch>),
    /// Uri, compared letter by letter.
    Uris(Vec<UriMatch>),
    /// Composite: each value has one match for each component.
    Composites(Vec<Vec<ComponentMatch>>),
}

/// `code`, `system|code`, `|code`, `system|`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenMatch {
    /// This code, whatever the system.
    Code(CompactString),
    /// This code in this system.
    SystemAndCode(CompactString, CompactString),
    /// This code without any system.
    CodeWithoutSystem(CompactString),
    /// Any code of this system.
    System(CompactString),
    /// This code in any of these systems, of which there may be many.
    CodeOfSystems(CompactString, Arc<[CompactString]>),
    /// This code, and those in which one of the characters of the second text, and anything, follows it.
    Below(CompactString, &'static str),
}

impl TokenMatch {
    /// The same with another code.
    #[must_use]
    pub fn with_code(&self, change: impl FnOnce(&str) -> CompactString) -> TokenMatch {
        match self {
            TokenMatch::Code(code) => TokenMatch::Code(change(code)),
            TokenMatch::SystemAndCode(system, code) => {
                TokenMatch::SystemAndCode(system.clone(), change(code))
            }
            TokenMatch::CodeWithoutSystem(code) => TokenMatch::CodeWithoutSystem(change(code)),
            TokenMatch::System(system) => TokenMatch::System(system.clone()),
            TokenMatch::CodeOfSystems(code, systems) => {
                TokenMatch::CodeOfSystems(change(code), Arc::clone(systems))
            }
            TokenMatch::Below(code, separators) => TokenMatch::Below(change(code), separators),
        }
    }
}

/// How a text is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StringMatch {
    /// The folded text starts with this (folded).
    StartsWith(CompactString),
    /// `:contains`: the folded text contains this (folded).
    Contains(CompactString),
    /// `:exact`: the text is this, case and accents included.
    Exact(CompactString),
}

/// What follows a version in the versions below it, <http://hl7.org/fhir/R4/references.html#canonical>: `1` has `1.2` and `1-beta` below it.
pub const VERSION_ENDS: &str = ".-+";

/// What a reference is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceMatch {
    /// An id without a type: any type that the parameter may point at.
    Id(CompactString),
    /// `Type/id`, or a URL; a canonical URL without a version matches all versions.
    Target(ReferenceTarget),
    /// `:identifier`: the reference's own identifier.
    Identifier(TokenMatch),
    /// `:below` of a canonical URL: those that start with it; of one with a version: that version and those below it.
    Below(CompactString, Option<CompactString>),
    /// `:above` of a canonical URL: it and those that it lies below, by its slashes.
    Above(CompactString),
}

/// The prefixes, <http://hl7.org/fhir/R4/search.html#prefix>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// Equal: the value asked for contains the resource's.
    Equal,
    /// Not equal: the value asked for does not contain the resource's.
    NotEqual,
    /// Greater: part of the resource's value lies above.
    GreaterThan,
    /// Less: part of the resource's value lies below.
    LessThan,
    /// Greater or equal.
    GreaterOrEqual,
    /// Less or equal.
    LessOrEqual,
    /// Starts after: all of the resource's value lies above.
    StartsAfter,
    /// Ends before: all of the resource's value lies below.
    EndsBefore,
    /// Approximately; the range has been widened already.
    Approximately,
}

/// A date asked for: `[low, high)` in microseconds since 1970, as wide as the precision it was written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateComparison {
    /// How to compare.
    pub prefix: Prefix,
    /// First microsecond of the span.
    pub low: i64,
    /// First microsecond after the end.
    pub high: i64,
}

/// A number asked for. `[low, high)` is the range that its digits imply (100 → `[99.5, 100.5)`), for `eq` and `ne`;
/// for `ap` it is ten per cent each way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberComparison {
    /// How to compare.
    pub prefix: Prefix,
    /// The number itself, for all prefixes but `eq`, `ne` and `ap`.
    pub value: Decimal,
    /// Low end of the implied range, included.
    pub low: Decimal,
    /// High end of the implied range, left out.
    pub high: Decimal,
}

/// `number`, `number|system|code`, `number||code`, `number|system|`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuantityMatch {
    /// The number, with its prefix.
    pub number: NumberComparison,
    /// Which units count; values are not converted.
    pub unit: UnitMatch,
}

/// The unit of a quantity asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitMatch {
    /// Any unit, or none.
    Any,
    /// This code or human-readable unit, whatever the system.
    Code(CompactString),
    /// This code of this system.
    SystemAndCode(CompactString, CompactString),
    /// Any code of this system.
    System(CompactString),
}

/// How a URI is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UriMatch {
    /// The value is this, letter by letter.
    Exact(CompactString),
    /// `:below`: the value starts with this.
    Below(CompactString),
    /// `:below` of `url|version`: the value is this, or a version below it.
    BelowVersion(CompactString),
    /// `:above`: this starts with the value.
    Above(CompactString),
}

/// What one component of a composite must look like.
#[derive(Debug, Clone, PartialEq)]
pub enum ComponentMatch {
    /// Token: a code, an identifier or a boolean.
    Token(TokenMatch),
    /// String, compared without case and accents.
    String(StringMatch),
    /// Reference to a resource, here or elsewhere.
    Reference(ReferenceMatch),
    /// Date, time or period.
    Date(DateComparison),
    /// Number, or quantity with its unit.
    Quantity(QuantityMatch),
    /// Uri, compared letter by letter.
    Uri(UriMatch),
}

/// One key of `_sort`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// What is sorted by.
    pub by: SortBy,
    /// `-` before the name. Resources without a value come last either way.
    pub descending: bool,
}

/// What can be sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortBy {
    /// `_id`
    Id,
    /// `_lastUpdated`
    LastUpdated,
    /// A search parameter: by the smallest value when ascending, by the largest when descending. One for each type.
    Parameter(Vec<ParameterId>),
}

/// `_include` or `_revinclude`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    /// `_revinclude`: from the resources that point at a match.
    pub reverse: bool,
    /// `:iterate`: also from resources that were included.
    pub iterate: bool,
    /// The type that holds the reference; `None` for `*`.
    pub source: Option<ResourceType>,
    /// The reference parameter; `None` for `*`, all of them.
    pub parameter: Option<ParameterId>,
    /// Only targets of this type.
    pub target: Option<ResourceType>,
}

/// `_total`, <http://hl7.org/fhir/R4/search.html#total>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Total {
    /// Give it when it costs nothing or little: when the first page has all matches, or there are few.
    #[default]
    Unspecified,
    /// `none`
    None,
    /// `estimate`
    Estimate,
    /// `accurate`
    Accurate,
}
