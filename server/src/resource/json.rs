//! JSON as FHIR needs it: members keep their order and numbers keep their digits (1.10 is not 1.1,
//! <http://hl7.org/fhir/R4/json.html#decimal>). Parsing is jiter's; this is the tree it is put in.

use std::fmt::Write as _;

use compact_str::CompactString;
use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

/// How deep arrays and objects may be nested. Deeper documents are refused, so that no walk over a
/// resource can exhaust the stack.
pub const MAXIMUM_DEPTH: usize = 96;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`; FHIR allows it only inside arrays of primitives.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, exactly as it was written.
    Number(CompactString),
    /// A string, unescaped.
    String(CompactString),
    /// An array, its items in order.
    Array(Vec<Json>),
    /// An object, each name once.
    Object(Object),
}

/// A JSON object: members in the order in which they were written, each name once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object(Vec<(CompactString, Json)>);

/// Why a text is not a JSON document that we take.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum JsonError {
    /// The text breaks JSON's grammar.
    #[error("not valid JSON at line {line}, column {column}: {reason}")]
    Syntax {
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// What the parser expected.
        reason: String,
    },
    /// Nested deeper than [`MAXIMUM_DEPTH`].
    #[error("nested deeper than {MAXIMUM_DEPTH} levels")]
    TooDeep,
    /// An object names a member twice.
    #[error("the member \"{0}\" occurs twice in one object")]
    DuplicateMember(String),
    /// A string holds U+0000, which no FHIR string may hold.
    #[error("a string holds the character U+0000, which FHIR does not allow")]
    NulCharacter,
}

impl Json {
    /// Parses one JSON document.
    ///
    /// # Errors
    /// [`JsonError`] when the text is not JSON, is too deep, repeats a member or holds U+0000.
    pub fn parse(text: &[u8]) -> Result<Json, JsonError> {
        let mut jiter = Jiter::new(text);
        let peek = jiter.peek().map_err(|error| syntax(&error, &jiter))?;
        let value = value(&mut jiter, peek, 0)?;
        jiter.finish().map_err(|error| syntax(&error, &jiter))?;
        Ok(value)
    }

    /// The member `name` of an object; `None` for anything else.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(object) => object.get(name),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The members of an object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The object, to change it.
    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        match self {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Appends the compact JSON text to `out`.
    pub fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Number(digits) => out.push_str(digits),
            Json::String(text) => write_string(text, out),
            Json::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(object) => object.write(out),
        }
    }

    /// The compact JSON text.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

impl Object {
    /// An object without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of member `name`.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The value of member `name`, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        self.0
            .iter_mut()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// Sets member `name`: in its place when it is there, else at the end.
    pub fn set(&mut self, name: &str, value: Json) {
        match self.get_mut(name) {
            Some(place) => *place = value,
            None => self.0.push((CompactString::from(name), value)),
        }
    }

    /// Takes member `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let index = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(index).1)
    }

    /// Takes the members out for which `keep` is false; `keep` may change the values of the others.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Json) -> bool) {
        self.0.retain_mut(|(name, value)| keep(name, value));
    }

    /// The members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The members in order, values to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Json)> {
        self.0.iter_mut().map(|(key, value)| (key.as_str(), value))
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends the compact JSON text to `out`.
    pub fn write(&self, out: &mut String) {
        out.push('{');
        for (index, (name, value)) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_string(name, out);
            out.push(':');
            value.write(out);
        }
        out.push('}');
    }
}

impl<K: Into<CompactString>> FromIterator<(K, Json)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, Json)>>(members: I) -> Self {
        Object(
            members
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Json::String(CompactString::from(text))
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Json::String(CompactString::from(text))
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Json::Bool(value)
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Json::Number(compact_str::format_compact!("{value}"))
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Json::Object(object)
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Json::Array(items)
    }
}

/// Appends `text` as a JSON string, with the escapes that JSON asks for.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut start = 0;
    for (index, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[start..index]);
        if escape.is_empty() {
            // Writing to a String cannot fail.
            write!(out, "\\u{byte:04x}").ok();
        } else {
            out.push_str(escape);
        }
        start = index + 1;
    }
    out.push_str(&text[start..]);
    out.push('"');
}

fn value(jiter: &mut Jiter<'_>, peek: Peek, depth: usize) -> Result<Json, JsonError> {
    if depth > MAXIMUM_DEPTH {
        return Err(JsonError::TooDeep);
    }
    match peek {
        Peek::Null => jiter
            .known_null()
            .map(|()| Json::Null)
            .map_err(|error| syntax(&error, jiter)),
        Peek::True | Peek::False => jiter
            .known_bool(peek)
            .map(Json::Bool)
            .map_err(|error| syntax(&error, jiter)),
        Peek::String => match jiter.known_str() {
            Ok(text) => text_without_nul(text).map(Json::String),
            Err(error) => Err(syntax(&error, jiter)),
        },
        Peek::Array => array(jiter, depth),
        Peek::Object => object(jiter, depth),
        _ => match jiter.known_number_bytes(peek) {
            Ok(digits) => Ok(Json::Number(CompactString::from_utf8_lossy(digits))),
            Err(error) => Err(syntax(&error, jiter)),
        },
    }
}

fn array(jiter: &mut Jiter<'_>, depth: usize) -> Result<Json, JsonError> {
    let mut items = Vec::new();
    let mut next = jiter.known_array().map_err(|error| syntax(&error, jiter))?;
    while let Some(peek) = next {
        items.push(value(jiter, peek, depth + 1)?);
        next = jiter.array_step().map_err(|error| syntax(&error, jiter))?;
    }
    Ok(Json::Array(items))
}

fn object(jiter: &mut Jiter<'_>, depth: usize) -> Result<Json, JsonError> {
    let mut members: Vec<(CompactString, Json)> = Vec::new();
    let mut name = match jiter.known_object() {
        Ok(name) => name.map(CompactString::from),
        Err(error) => return Err(syntax(&error, jiter)),
    };
    while let Some(member) = name {
        let peek = jiter.peek().map_err(|error| syntax(&error, jiter))?;
        let value = value(jiter, peek, depth + 1)?;
        members.push((text_without_nul(&member)?, value));
        name = match jiter.next_key() {
            Ok(name) => name.map(CompactString::from),
            Err(error) => return Err(syntax(&error, jiter)),
        };
    }
    refuse_duplicates(&members)?;
    Ok(Json::Object(Object(members)))
}

/// Small objects, nearly all there are, are compared pair by pair; large ones through a set, so that an
/// object with a million members costs no million squared.
fn refuse_duplicates(members: &[(CompactString, Json)]) -> Result<(), JsonError> {
    let duplicate = if members.len() <= 16 {
        members
            .iter()
            .enumerate()
            .find(|(index, (name, _))| members[..*index].iter().any(|(earlier, _)| earlier == name))
            .map(|(_, (name, _))| name)
    } else {
        let mut seen = std::collections::HashSet::with_capacity(members.len());
        members
            .iter()
            .map(|(name, _)| name)
            .find(|name| !seen.insert(name.as_str()))
    };
    duplicate.map_or(Ok(()), |name| Err(JsonError::DuplicateMember(name.to_string())))
}

fn text_without_nul(text: &str) -> Result<CompactString, JsonError> {
    if text.as_bytes().contains(&0) {
        Err(JsonError::NulCharacter)
    } else {
        Ok(CompactString::from(text))
    }
}

fn syntax(error: &JiterError, jiter: &Jiter<'_>) -> JsonError {
    if matches!(
        error.error_type,
        JiterErrorType::JsonError(JsonErrorType::RecursionLimitExceeded)
    ) {
        return JsonError::TooDeep;
    }
    let position = error.get_position(jiter);
    JsonError::Syntax {
        line: position.line,
        column: position.column,
        reason: error.error_type.to_string(),
    }
}

#[cfg(test)]
mod tests;
