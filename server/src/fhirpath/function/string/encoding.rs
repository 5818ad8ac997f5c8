//! Texts in other forms: `encode()`, `decode()`, `escape()` and `unescape()` of FHIRPath 2.1,
//! <http://hl7.org/fhirpath/#additional-string-functions>. `None` for a form that there is not, or a text not in it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::resource::Json;
use crate::resource::json::write_string;

/// What HTML cannot have in a text, and what it has instead.
const ENTITIES: [(&str, &str); 5] = [
    ("&", "&amp;"),
    ("<", "&lt;"),
    (">", "&gt;"),
    ("\"", "&quot;"),
    ("'", "&#39;"),
];

/// `text` in `base64`, `urlbase64` or `hex`.
pub fn encoded(text: &str, form: &str) -> Option<String> {
    Some(match form {
        "base64" => STANDARD.encode(text),
        "urlbase64" => URL_SAFE.encode(text),
        "hex" => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        _ => return None,
    })
}

/// The other way.
pub fn decoded(text: &str, form: &str) -> Option<String> {
    let bytes = match form {
        "base64" => STANDARD.decode(text).ok()?,
        "urlbase64" => URL_SAFE.decode(text).ok()?,
        "hex" => {
            let digits = text
                .as_bytes()
                .chunks(2)
                .map(|pair| std::str::from_utf8(pair).ok());
            let byte = |pair: Option<&str>| u8::from_str_radix(pair.filter(|pair| pair.len() == 2)?, 16).ok();
            digits.map(byte).collect::<Option<Vec<u8>>>()?
        }
        _ => return None,
    };
    String::from_utf8(bytes).ok()
}

/// `text` as it stands in `html` or `json`.
pub fn escaped(text: &str, form: &str) -> Option<String> {
    match form {
        "html" => Some(ENTITIES.iter().fold(text.to_owned(), |text, (letter, entity)| {
            text.replace(letter, entity)
        })),
        "json" => {
            let mut written = String::new();
            write_string(text, &mut written);
            Some(written.strip_prefix('"')?.strip_suffix('"')?.to_owned())
        }
        _ => None,
    }
}

/// The other way.
pub fn unescaped(text: &str, form: &str) -> Option<String> {
    match form {
        "html" => {
            let entities = ENTITIES.iter().rev();
            Some(entities.fold(text.to_owned(), |text, (letter, entity)| {
                text.replace(entity, letter)
            }))
        }
        "json" => unescaped_json(text),
        _ => None,
    }
}

/// A quote may stand without its backslash: the text is no longer between quotes.
fn unescaped_json(text: &str) -> Option<String> {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => written.push_str("\\\""),
            '\\' => written.extend([letter, letters.next()?]),
            _ => written.push(letter),
        }
    }
    written.push('"');
    match Json::parse(written.as_bytes()).ok()? {
        Json::String(text) => Some(text.to_string()),
        _ => None,
    }
}
