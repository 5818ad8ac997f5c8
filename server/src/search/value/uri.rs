//! URIs, <http://hl7.org/fhir/R4/search.html#uri>: compared letter by letter.

use compact_str::CompactString;

use crate::definitions::path::ElementType;
use crate::definitions::search_parameter::ParameterId;
use crate::resource::Json;
use crate::search::index::{IndexEntries, UriEntry};
use crate::search::query::UriMatch;

/// Which modifier is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// No modifier: the URI is the value.
    Exact,
    /// `:below`
    Below,
    /// `:above`
    Above,
}

/// Adds what `element` says. A canonical URL with a version is also added without it, since it is one of the
/// things that the URL alone asks for.
pub fn index(element: &Json, element_type: &ElementType, parameter: ParameterId, entries: &mut IndexEntries) {
    let Json::String(value) = element else {
        return;
    };
    let mut add = |value: CompactString| entries.uris.push(UriEntry { parameter, value });
    add(value.clone());
    if *element_type == ElementType::Canonical
        && let Some((url, _)) = value.split_once('|')
    {
        add(CompactString::from(url));
    }
}

/// What a client asks for.
pub fn parse(text: &str, comparison: Comparison) -> UriMatch {
    let value = CompactString::from(text);
    match comparison {
        Comparison::Exact => UriMatch::Exact(value),
        Comparison::Below => UriMatch::Below(value),
        Comparison::Above => UriMatch::Above(value),
    }
}
