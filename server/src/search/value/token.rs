//! Tokens, <http://hl7.org/fhir/R4/search.html#token>: codes, identifiers, booleans, contact points.

use compact_str::{CompactString, format_compact};

use super::{Expected, string};
use crate::definitions::path::ElementType;
use crate::definitions::search_parameter::{ParameterId, WithoutCase};
use crate::resource::{Json, Object};
use crate::search::index::{IndexEntries, TokenEntry};
use crate::search::parse::escape;
use crate::search::query::TokenMatch;

/// Adds what `element` says: its tokens, and as strings the text that people know them by, for `:text`.
/// An identifier that has a type is also added under `of_type`, for `:of-type`; see [`of_type_system`].
pub fn index(
    element: &Json,
    element_type: &ElementType,
    parameter: ParameterId,
    of_type: Option<ParameterId>,
    entries: &mut IndexEntries,
) {
    match (element_type, element) {
        (ElementType::CodeableConcept, Json::Object(concept)) => {
            codeable_concept(concept, parameter, entries)
        }
        (ElementType::Coding, Json::Object(coding)) => self::coding(coding, parameter, entries),
        (ElementType::Identifier, Json::Object(identifier)) => {
            index_identifier(identifier, parameter, of_type, entries);
        }
        (ElementType::ContactPoint, Json::Object(contact)) => {
            add(
                text(contact, "system"),
                text(contact, "value").map(without_case).as_deref(),
                parameter,
                entries,
            );
        }
        (ElementType::Code(system), Json::String(code)) if element_type.is_mime_type() => {
            add(system.as_deref(), Some(&without_case(code)), parameter, entries);
        }
        (ElementType::Code(system), Json::String(code)) => {
            add(system.as_deref(), Some(code), parameter, entries);
        }
        (ElementType::Boolean, Json::Bool(value)) => {
            add(
                None,
                Some(if *value { "true" } else { "false" }),
                parameter,
                entries,
            );
        }
        (ElementType::Text, Json::String(text)) => add(None, Some(&without_case(text)), parameter, entries),
        (ElementType::Uri | ElementType::Canonical, Json::String(code)) => {
            add(None, Some(code), parameter, entries);
        }
        _ => {}
    }
}

/// Adds an identifier, also that of a reference.
pub fn index_identifier(
    identifier: &Object,
    parameter: ParameterId,
    of_type: Option<ParameterId>,
    entries: &mut IndexEntries,
) {
    let value = text(identifier, "value");
    add(text(identifier, "system"), value, parameter, entries);
    let Some(Json::Object(kind)) = identifier.get("type") else {
        return;
    };
    texts(kind, parameter, entries);
    if let (Some(of_type), Some(value)) = (of_type, value) {
        for coding in codings(kind) {
            if let Some(code) = text(coding, "code") {
                let system = of_type_system(text(coding, "system").unwrap_or_default(), code);
                add(Some(&system), Some(value), of_type, entries);
            }
        }
    }
}

/// The system under which `:of-type` finds an identifier's value: the system and the code of its type.
pub fn of_type_system(type_system: &str, type_code: &str) -> CompactString {
    format_compact!("{type_system}|{type_code}")
}

fn codeable_concept(concept: &Object, parameter: ParameterId, entries: &mut IndexEntries) {
    for coding in codings(concept) {
        add(text(coding, "system"), text(coding, "code"), parameter, entries);
    }
    texts(concept, parameter, entries);
}

fn coding(coding: &Object, parameter: ParameterId, entries: &mut IndexEntries) {
    add(text(coding, "system"), text(coding, "code"), parameter, entries);
    if let Some(display) = text(coding, "display") {
        string::add(display, parameter, entries);
    }
}

/// The texts of a CodeableConcept: its own, and what its codings display.
fn texts(concept: &Object, parameter: ParameterId, entries: &mut IndexEntries) {
    let displays = codings(concept).filter_map(|coding| text(coding, "display"));
    for text in text(concept, "text").into_iter().chain(displays) {
        string::add(text, parameter, entries);
    }
}

fn codings(concept: &Object) -> impl Iterator<Item = &Object> {
    let codings = concept.get("coding").and_then(Json::as_array);
    codings.unwrap_or_default().iter().filter_map(Json::as_object)
}

fn text<'object>(object: &'object Object, name: &str) -> Option<&'object str> {
    object.get(name).and_then(Json::as_str)
}

fn add(system: Option<&str>, code: Option<&str>, parameter: ParameterId, entries: &mut IndexEntries) {
    if system.is_some() || code.is_some() {
        entries.tokens.push(TokenEntry {
            parameter,
            system: system.map(CompactString::from),
            code: code.map(CompactString::from),
        });
    }
}

/// A code as it stands in the index where case does not count.
pub fn without_case(code: &str) -> CompactString {
    let mut folded = CompactString::from(code);
    if folded.is_ascii() {
        folded.make_ascii_lowercase();
        return folded;
    }
    code.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// What finds `wanted` among tokens of which some are compared without case.
pub fn in_case(wanted: TokenMatch, compared: WithoutCase) -> impl Iterator<Item = TokenMatch> {
    let folded = match compared {
        WithoutCase::None => None,
        WithoutCase::Some | WithoutCase::All => Some(wanted.with_code(without_case)),
    };
    let as_written = (compared != WithoutCase::All && folded.as_ref() != Some(&wanted)).then_some(wanted);
    as_written.into_iter().chain(folded)
}

/// What a client asks for with `:below` of a MIME type: `image` and `image/*` are all images, `text/xml` is it with any
/// parameters.
///
/// # Errors
/// When nothing is left of it.
pub fn parse_mime_below(value: &str) -> Result<TokenMatch, Expected> {
    let expected = Expected("a MIME type or the start of one, such as image or text/xml");
    let code = match parse(value)? {
        TokenMatch::Code(code) | TokenMatch::SystemAndCode(_, code) => without_case(&code),
        _ => return Err(expected),
    };
    let start = code.strip_suffix('*').unwrap_or(&code).trim_end_matches('/');
    match start {
        "" => Err(expected),
        start => Ok(TokenMatch::Below(
            start.into(),
            if start.contains('/') { ";" } else { "/" },
        )),
    }
}

/// What a client asks for with `:above` of a MIME type: itself, and it without its parameters.
///
/// # Errors
/// When it is none.
pub fn parse_mime_above(value: &str) -> Result<Vec<TokenMatch>, Expected> {
    let code = match parse(value)? {
        TokenMatch::Code(code) | TokenMatch::SystemAndCode(_, code) => without_case(&code),
        _ => return Err(Expected("a MIME type such as text/xml; charset=utf-8")),
    };
    let plain = code
        .split_once(';')
        .map(|(plain, _)| TokenMatch::Code(plain.trim_end().into()));
    Ok(plain.into_iter().chain([TokenMatch::Code(code)]).collect())
}

/// What a client asks for: `code`, `system|code`, `|code` or `system|`.
///
/// # Errors
/// When there are more bars, or nothing around the one.
pub fn parse(value: &str) -> Result<TokenMatch, Expected> {
    let parts: Vec<CompactString> = escape::split(value, '|').map(escape::unescape).collect();
    match parts.as_slice() {
        [code] => Ok(TokenMatch::Code(code.clone())),
        [system, code] => match (system.is_empty(), code.is_empty()) {
            (false, false) => Ok(TokenMatch::SystemAndCode(system.clone(), code.clone())),
            (false, true) => Ok(TokenMatch::System(system.clone())),
            (true, false) => Ok(TokenMatch::CodeWithoutSystem(code.clone())),
            (true, true) => Err(Expected("code, system|code, |code or system|")),
        },
        _ => Err(Expected(
            "code, system|code, |code or system|, and \\| for a bar inside",
        )),
    }
}

/// What a client asks for with `:of-type`: `type-system|type-code|value`.
///
/// # Errors
/// When it has not all three parts; the system may be empty.
pub fn parse_of_type(value: &str) -> Result<TokenMatch, Expected> {
    let parts: Vec<CompactString> = escape::split(value, '|').map(escape::unescape).collect();
    match parts.as_slice() {
        [system, code, value] if !code.is_empty() && !value.is_empty() => Ok(TokenMatch::SystemAndCode(
            of_type_system(system, code),
            value.clone(),
        )),
        _ => Err(Expected("the identifier type's system|code, then |value")),
    }
}
