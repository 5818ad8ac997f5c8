//! Strings, <http://hl7.org/fhir/R4/search.html#string>: compared without case, accents, punctuation and surplus spaces.

use std::sync::LazyLock;

use compact_str::CompactString;
use regex::Regex;
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

/// The text without case, accents and other marks, without punctuation, with single spaces and none at the ends. A point or a
/// comma between digits is part of a number and stays. What is nothing but punctuation stands for itself.
pub fn fold(text: &str) -> CompactString {
    let folded = fold_letters(text, true);
    match folded.is_empty() {
        true => fold_letters(text, false),
        false => folded,
    }
}

fn fold_letters(text: &str, without_punctuation: bool) -> CompactString {
    if text.is_ascii() {
        return fold_ascii(text.as_bytes(), without_punctuation);
    }
    let letters = text
        .nfkd()
        .filter(|letter| !is_combining_mark(*letter))
        // Upper case first: that way ß becomes ss, and both forms of a small sigma become one.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|letter| !is_combining_mark(*letter));
    let mut folded = Folded::default();
    let mut letters = letters.peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        if letter.is_whitespace() {
            folded.space = true;
        } else if !without_punctuation || !is_punctuation(letter) || is_of_number(before, letter, after) {
            folded.push(letter);
        }
        before = letter;
    }
    folded.text
}

fn fold_ascii(text: &[u8], without_punctuation: bool) -> CompactString {
    let mut folded = Folded {
        text: CompactString::with_capacity(text.len()),
        space: false,
    };
    let letter_at = |index: usize| text.get(index).map_or(' ', |byte| char::from(*byte));
    for (index, byte) in text.iter().enumerate() {
        let letter = char::from(byte.to_ascii_lowercase());
        if letter.is_ascii_whitespace() {
            folded.space = true;
        } else if !without_punctuation
            || !is_ascii_punctuation(letter)
            || (index > 0 && is_of_number(letter_at(index - 1), letter, letter_at(index + 1)))
        {
            folded.push(letter);
        }
    }
    folded.text
}

/// A folded text that grows.
#[derive(Default)]
struct Folded {
    text: CompactString,
    /// Whether space has come since the last letter.
    space: bool,
}

impl Folded {
    fn push(&mut self, letter: char) {
        if self.space && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.space = false;
        self.text.push(letter);
    }
}

/// Whether a point or a comma stands between the digits of a number.
fn is_of_number(before: char, letter: char, after: char) -> bool {
    matches!(letter, '.' | ',') && before.is_ascii_digit() && after.is_ascii_digit()
}

/// Unicode's category P; symbols such as `+` and `<` are none.
fn is_punctuation(letter: char) -> bool {
    static PUNCTUATION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{P}").ok());
    if letter.is_ascii() {
        return is_ascii_punctuation(letter);
    }
    let is_other = |regex: &Regex| regex.is_match(letter.encode_utf8(&mut [0; 4]));
    !letter.is_alphanumeric() && PUNCTUATION.as_ref().is_some_and(is_other)
}

fn is_ascii_punctuation(letter: char) -> bool {
    letter.is_ascii_punctuation() && !matches!(letter, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_case_accents_punctuation_and_space() {
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
            ("O'Hara", "ohara"),
            ("O\u{2019}Hára", "ohara"),
            ("St. John's  (north-east)", "st johns northeast"),
            ("a - b", "a b"),
            ("1,5 mg; 2.5 ml.", "1,5 mg 2.5 ml"),
            ("5.é", "5e"),
            ("A+ <5", "a+ <5"),
            ("--", "--"),
            ("« »", "« »"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }
}
