//! The rules of the primitive types, <http://hl7.org/fhir/R4/datatypes.html#primitive>: their regular expressions,
//! written out as scans because every value of every resource passes here, and their ranges.

pub mod date;

use super::{IssueCode, narrative};
use crate::definitions::structure::Primitive;
use crate::resource::Json;

/// The longest string, in characters: "Strings SHALL NOT exceed 1MB".
const MAXIMUM_STRING: usize = 1024 * 1024;

/// What is wrong with a primitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is of another JSON type than this.
    JsonType(&'static str),
    /// It breaks the rules of its type, which say to write this.
    Value(&'static str),
    /// It is a string of more than 1 MB.
    TooLong,
}

impl Fault {
    /// The kind of mistake.
    pub fn code(self) -> IssueCode {
        match self {
            Fault::JsonType(_) => IssueCode::Structure,
            Fault::Value(_) => IssueCode::Value,
            Fault::TooLong => IssueCode::TooLong,
        }
    }

    /// What is wrong with `value` and what to write instead.
    pub fn diagnostics(self, value: &Json) -> String {
        match self {
            Fault::JsonType(expected) => format!("{} found; expected {expected}", describe(value)),
            Fault::Value(expected) => format!("{} is not allowed here; write {expected}", describe(value)),
            Fault::TooLong => format!("the text has more than {MAXIMUM_STRING} characters; shorten it"),
        }
    }
}

/// The value, shortened to what fits in a message.
fn describe(value: &Json) -> String {
    match value {
        Json::Object(_) => "an object".to_owned(),
        Json::Array(_) => "an array".to_owned(),
        Json::String(text) => {
            let shown: String = text.chars().take(64).collect();
            let rest = if shown.len() < text.len() { "…" } else { "" };
            format!("the string {}{rest}", Json::from(shown).to_text())
        }
        Json::Number(digits) => format!("the number {}", digits.chars().take(64).collect::<String>()),
        Json::Null | Json::Bool(_) => value.to_text(),
    }
}

/// Checks `value` against the rules of `primitive`.
pub fn check(primitive: Primitive, value: &Json) -> Result<(), Fault> {
    match (primitive, value) {
        (Primitive::Boolean, Json::Bool(_)) => Ok(()),
        (Primitive::Decimal, Json::Number(digits)) => decimal(digits),
        (Primitive::Boolean, _) => Err(Fault::JsonType("true or false, without quotes")),
        (Primitive::Decimal, _) => Err(Fault::JsonType("a number, without quotes")),
        (Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt, Json::Number(digits)) => {
            integer(primitive, digits)
        }
        (Primitive::Integer | Primitive::PositiveInt | Primitive::UnsignedInt, _) => {
            Err(Fault::JsonType("a whole number, without quotes"))
        }
        (_, Json::String(text)) => check_text(primitive, text),
        _ => Err(Fault::JsonType("a string, in quotes")),
    }
}

/// Checks the text of a primitive that is a string in JSON.
pub fn check_text(primitive: Primitive, text: &str) -> Result<(), Fault> {
    let (is_valid, expected) = match primitive {
        Primitive::String | Primitive::Markdown => return string(text),
        Primitive::Xhtml => return narrative::check(text).map_err(Fault::Value),
        Primitive::Code => (
            is_code(text),
            "a code: no space at its ends, no two spaces in a row",
        ),
        Primitive::Id => (is_id(text), "1 to 64 of the characters A-Z a-z 0-9 - ."),
        Primitive::Uri | Primitive::Url | Primitive::Canonical => {
            (is_uri(text), "a URI, without spaces, that is not empty")
        }
        Primitive::Oid => (is_oid(text), "an OID such as urn:oid:1.2.3"),
        Primitive::Uuid => (
            is_uuid(text),
            "a UUID such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520, in lower case",
        ),
        Primitive::Base64Binary => (is_base64(text), "base64 (RFC 4648, with its padding)"),
        Primitive::Date => (
            date::is_date(text),
            "a date: YYYY, YYYY-MM or YYYY-MM-DD, that exists in the calendar",
        ),
        Primitive::DateTime => (
            date::is_date_time(text),
            "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz, with the zone when there is a time",
        ),
        Primitive::Instant => (
            date::is_instant(text),
            "an instant: YYYY-MM-DDThh:mm:ss.sss+zz:zz, with the zone",
        ),
        Primitive::Time => (date::is_time(text), "a time of day: hh:mm:ss"),
        Primitive::Boolean
        | Primitive::Decimal
        | Primitive::Integer
        | Primitive::PositiveInt
        | Primitive::UnsignedInt => return Err(Fault::JsonType("a value without quotes")),
    };
    if is_valid {
        Ok(())
    } else {
        Err(Fault::Value(expected))
    }
}

/// Decimals have as many digits as anybody writes, and a size that programs can compare, as IEEE 754 has it: beyond it a number
/// would be infinite, or zero, to nearly everybody who reads it.
fn decimal(digits: &str) -> Result<(), Fault> {
    // Without an exponent it takes hundreds of digits to get there.
    if digits.len() < 300 && !digits.contains(['e', 'E']) {
        return Ok(());
    }
    let (mantissa, _) = digits.split_once(['e', 'E']).unwrap_or((digits, ""));
    let is_zero = !mantissa.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    match digits.parse::<f64>() {
        Ok(number) if number.is_normal() || is_zero => Ok(()),
        _ => Err(Fault::Value("a number from 2.3e-308 to 1.7e308 in size, or 0")),
    }
}

fn integer(primitive: Primitive, digits: &str) -> Result<(), Fault> {
    let (minimum, expected) = match primitive {
        Primitive::PositiveInt => (1, "a whole number from 1 to 2147483647"),
        Primitive::UnsignedInt => (0, "a whole number from 0 to 2147483647"),
        _ => (i32::MIN, "a whole number from -2147483648 to 2147483647"),
    };
    match digits.parse::<i32>() {
        Ok(value) if value >= minimum => Ok(()),
        _ => Err(Fault::Value(expected)),
    }
}

fn string(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::Value("a text that is not empty, or leave the element out"));
    }
    if text
        .bytes()
        .any(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\r' | b'\n'))
    {
        return Err(Fault::Value("no control characters except tab, CR and LF"));
    }
    if text.len() > MAXIMUM_STRING && text.chars().count() > MAXIMUM_STRING {
        return Err(Fault::TooLong);
    }
    Ok(())
}

/// What regular expressions call `\s`, in ASCII.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 0x09..=0x0d)
}

/// Other control characters are in no regular expression's way, but in everybody else's.
fn is_control(byte: u8) -> bool {
    byte < b' ' && !is_space(byte)
}

fn is_code(text: &str) -> bool {
    let mut after_space = true;
    for byte in text.bytes() {
        if is_control(byte) || (is_space(byte) && after_space) {
            return false;
        }
        after_space = is_space(byte);
    }
    !after_space
}

/// Whether `text` can be a logical id, <http://hl7.org/fhir/R4/datatypes.html#id>.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

fn is_uri(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(|byte| is_space(byte) || is_control(byte))
}

fn is_oid(text: &str) -> bool {
    let Some(arcs) = text.strip_prefix("urn:oid:") else {
        return false;
    };
    let mut arcs = arcs.split('.');
    let is_arc = |arc: &str| {
        !arc.is_empty()
            && arc.bytes().all(|byte| byte.is_ascii_digit())
            && (arc.len() == 1 || !arc.starts_with('0'))
    };
    matches!(arcs.next(), Some("0" | "1" | "2")) && arcs.clone().next().is_some() && arcs.all(is_arc)
}

fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else {
        return false;
    };
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn is_base64(text: &str) -> bool {
    let mut digits = 0_usize;
    let mut padding = 0_usize;
    for byte in text.bytes().filter(|byte| !is_space(*byte)) {
        match byte {
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => digits += 1,
            _ => return false,
        }
    }
    digits > 0 && padding <= 2 && (digits + padding).is_multiple_of(4)
}

#[cfg(test)]
mod tests;
