//! URIs, <http://hl7.org/fhir/R4/search.html#uri>: compared letter by letter.

use compact_str::CompactString;

use super::Expected;
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

/// What a client asks for. Below `url|version` are that version and those below it: `|1` has `|1.0` below it, and not `|10`.
///
/// # Errors
/// When it asks for what is above one version.
pub fn parse(text: &str, comparison: Comparison) -> Result<UriMatch, Expected> {
    let value = CompactString::from(text);
    let has_version = text
        .split_once('|')
        .is_some_and(|(_, version)| !version.is_empty());
    Ok(match comparison {
        Comparison::Exact => UriMatch::Exact(value),
        Comparison::Below if has_version => UriMatch::BelowVersion(value),
        Comparison::Below => UriMatch::Below(value.trim_end_matches('|').into()),
        Comparison::Above if has_version => return Err(Expected("the canonical URL without its version")),
        Comparison::Above => UriMatch::Above(value),
    })
}
