//! Strings, <http://hl7.org/fhir/R4/search.html#string>: compared without case, accents and surplus spaces.

use compact_str::CompactString;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::definitions::path::ElementType;
use crate::definitions::search_parameter::ParameterId;
use crate::resource::{Json, Object};
use crate::search::index::{IndexEntries, StringEntry};
use crate::search::query::StringMatch;

/// The parts of a HumanName that hold text.
const NAME_PARTS: &[&str] = &["text", "family", "given", "prefix", "suffix"];

/// The parts of an Address that hold text.
const ADDRESS_PARTS: &[&str] = &[
    "text",
    "line",
    "city",
    "district",
    "state",
    "postalCode",
    "country",
];

/// Which modifier is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// No modifier: the text starts with the value.
    StartsWith,
    /// `:contains`
    Contains,
    /// `:exact`
    Exact,
}

/// Adds what `element` says.
pub fn index(element: &Json, element_type: &ElementType, parameter: ParameterId, entries: &mut IndexEntries) {
    match (element_type, element) {
        (ElementType::HumanName, Json::Object(name)) => parts(name, NAME_PARTS, parameter, entries),
        (ElementType::Address, Json::Object(address)) => parts(address, ADDRESS_PARTS, parameter, entries),
        (ElementType::HumanName | ElementType::Address, _) => {}
        (_, Json::String(text)) => add(text, parameter, entries),
        _ => {}
    }
}

/// Adds one text; texts of nothing but space are left out.
pub fn add(text: &str, parameter: ParameterId, entries: &mut IndexEntries) {
    let folded = fold(text);
    if !folded.is_empty() {
        entries.strings.push(StringEntry {
            parameter,
            folded,
            text: CompactString::from(text),
        });
    }
}

fn parts(object: &Object, names: &[&str], parameter: ParameterId, entries: &mut IndexEntries) {
    for name in names {
        match object.get(name) {
            Some(Json::String(text)) => add(text, parameter, entries),
            Some(Json::Array(items)) => items
                .iter()
                .filter_map(Json::as_str)
                .for_each(|text| add(text, parameter, entries)),
            _ => {}
        }
    }
}

/// What a client asks for.
pub fn parse(text: &str, comparison: Comparison) -> StringMatch {
    match comparison {
        Comparison::StartsWith => StringMatch::StartsWith(fold(text)),
        Comparison::Contains => StringMatch::Contains(fold(text)),
        Comparison::Exact => StringMatch::Exact(CompactString::from(text)),
    }
}

/// The text without case, accents and other marks, with single spaces and none at the ends.
pub fn fold(text: &str) -> CompactString {
    if text.is_ascii() {
        return fold_ascii(text);
    }
    let letters = text
        .nfkd()
        .filter(|letter| !is_combining_mark(*letter))
        // Upper case first: that way ß becomes ss, and both forms of a small sigma become one.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|letter| !is_combining_mark(*letter));
    let mut folded = CompactString::default();
    let mut space = false;
    for letter in letters {
        if letter.is_whitespace() {
            space = true;
        } else {
            if space && !folded.is_empty() {
                folded.push(' ');
            }
            space = false;
            folded.push(letter);
        }
    }
    folded
}

fn fold_ascii(text: &str) -> CompactString {
    let mut folded = CompactString::with_capacity(text.len());
    for word in text.split_ascii_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded.make_ascii_lowercase();
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_case_accents_and_space() {
        for (text, folded) in [
            ("  Peter\t James\n", "peter james"),
            ("Löwenstraße", "lowenstrasse"),
            ("ÉCLAIR", "eclair"),
            ("e\u{301}clair", "eclair"),
            ("Σίσυφος", "σισυφοσ"),
            ("ﬁnal", "final"),
            ("İstanbul", "istanbul"),
            ("東京\u{3000}都", "東京 都"),
            (" \u{a0} ", ""),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }
}
