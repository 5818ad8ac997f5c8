//! JSON values as text, without white space.

use std::fmt;

use super::{Json, Number, double_as_dotnet_prints};

impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_json(formatter, self, |formatter, number| write!(formatter, "{number}"))
    }
}

/// A value with its doubles as Newtonsoft.Json writes them: as .NET prints them, `.0` after a whole number.
pub struct AsNewtonsoft<'j>(pub &'j Json);

impl fmt::Display for AsNewtonsoft<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_json(formatter, self.0, |formatter, number| match number {
            Number::Float(value) => {
                let printed = double_as_dotnet_prints(*value);
                if !value.is_finite() {
                    write!(formatter, "\"{printed}\"")
                } else if printed.contains(['.', 'E']) {
                    formatter.write_str(&printed)
                } else {
                    write!(formatter, "{printed}.0")
                }
            }
            other => write!(formatter, "{other}"),
        })
    }
}

type WriteNumber = fn(&mut fmt::Formatter<'_>, &Number) -> fmt::Result;

fn write_json(formatter: &mut fmt::Formatter<'_>, json: &Json, write_number: WriteNumber) -> fmt::Result {
    match json {
        Json::Null => formatter.write_str("null"),
        Json::Bool(value) => write!(formatter, "{value}"),
        Json::Number(number) => write_number(formatter, number),
        Json::Text(text) => write_text(formatter, text),
        Json::Date(date) => write_text(formatter, &date.iso_text()),
        Json::Array(values) => {
            formatter.write_str("[")?;
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    formatter.write_str(",")?;
                }
                write_json(formatter, value, write_number)?;
            }
            formatter.write_str("]")
        }
        Json::Object(members) => {
            formatter.write_str("{")?;
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    formatter.write_str(",")?;
                }
                write_text(formatter, name)?;
                formatter.write_str(":")?;
                write_json(formatter, value, write_number)?;
            }
            formatter.write_str("}")
        }
    }
}

fn write_text(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    formatter.write_str("\"")?;
    let mut plain_from = 0;
    for (index, character) in text.char_indices() {
        let escape = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            control if control < ' ' => "",
            _ => continue,
        };
        formatter.write_str(&text[plain_from..index])?;
        if escape.is_empty() {
            write!(formatter, "\\u{:04x}", u32::from(character))?;
        } else {
            formatter.write_str(escape)?;
        }
        plain_from = index + character.len_utf8();
    }
    formatter.write_str(&text[plain_from..])?;
    formatter.write_str("\"")
}
