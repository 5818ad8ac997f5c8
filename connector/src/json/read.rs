//! Reads JSON: messages into values, mapping files into values that know where they stand (so that an error can name line
//! and column). One reader for all; what it accepts beyond JSON depends on the grammar.

mod build;
mod scalar;

use super::Json;
use crate::compatibility::Compatibility;
use build::{Builder, LocatedBuilder, MessageBuilder, Scalar};

/// Deepest nesting of arrays and objects that is read.
const MAPPING_DEPTH: usize = 64;
const FHIR_DEPTH: usize = 128;

/// Text that is not JSON, with the place (both counted from 1).
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("not valid JSON: {message} (line {line}, column {column})")]
pub struct JsonError {
    /// What was found and what is wanted instead.
    pub message: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
}

/// A value of a mapping file with the offset of its first byte.
#[derive(Clone, Debug)]
pub struct Located {
    /// Byte offset in the text.
    pub offset: usize,
    /// The value itself.
    pub node: Node,
}

/// What a value of a mapping file is.
#[derive(Clone, Debug)]
pub enum Node {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number with its digits.
    Number(String),
    /// A string, its escapes resolved.
    Text(String),
    /// An array; each element knows where it stands.
    Array(Vec<Located>),
    /// An object, duplicates included.
    Object(Vec<Member>),
}

/// A member of an object in a mapping file.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name as written.
    pub name: String,
    /// Byte offset of the name.
    pub offset: usize,
    /// Its value, with where that stands in the file.
    pub value: Located,
}

/// Reads a device message. Nesting is limited to `depth`.
pub fn read_message(text: &str, compatibility: Compatibility, depth: usize) -> Result<Json, JsonError> {
    let builder = MessageBuilder { compatibility };
    let grammar = match compatibility {
        Compatibility::Strict => Grammar::Json,
        Compatibility::IomtFhir => Grammar::Newtonsoft,
    };
    Reader {
        text,
        offset: 0,
        depth,
        grammar,
    }
    .document(&builder)
}

/// Reads a FHIR resource; numbers keep their digits.
pub fn read_fhir_resource(text: &str) -> Result<Json, JsonError> {
    read_message(text, Compatibility::Strict, FHIR_DEPTH)
}

/// Reads a mapping file: JSON that may have comments, and commas before a closing bracket.
pub fn read_mapping(text: &str, compatibility: Compatibility) -> Result<Located, JsonError> {
    let grammar = match compatibility {
        Compatibility::Strict => Grammar::Commented,
        Compatibility::IomtFhir => Grammar::Newtonsoft,
    };
    Reader {
        text,
        offset: 0,
        depth: MAPPING_DEPTH,
        grammar,
    }
    .document(&LocatedBuilder)
}

/// Line and column (both from 1) of a byte offset.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}

/// What is accepted; each grammar has what those before it have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grammar {
    /// JSON (<https://www.rfc-editor.org/rfc/rfc8259>).
    Json,
    /// Comments, and a comma before a closing bracket.
    Commented,
    /// What Newtonsoft.Json reads: also texts and names in single quotes, names without quotes, `NaN`, `Infinity`, `undefined`, numbers
    /// that begin or end with a point, control characters in texts, and halves of surrogate pairs.
    Newtonsoft,
}

struct Reader<'a> {
    text: &'a str,
    offset: usize,
    depth: usize,
    grammar: Grammar,
}

impl<'a> Reader<'a> {
    fn document<B: Builder>(mut self, builder: &B) -> Result<B::Value, JsonError> {
        if self.text.starts_with('\u{feff}') {
            self.offset = '\u{feff}'.len_utf8();
        }
        self.skip_space()?;
        let value = self.value(builder)?;
        self.skip_space()?;
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.error("unexpected content after the value")),
        }
    }

    fn value<B: Builder>(&mut self, builder: &B) -> Result<B::Value, JsonError> {
        let offset = self.offset;
        match self.peek() {
            Some(b'{') => self
                .nested(|reader| reader.object(builder))
                .map(|m| builder.object(offset, m)),
            Some(b'[') => self
                .nested(|reader| reader.array(builder))
                .map(|v| builder.array(offset, v)),
            Some(b'"') => Ok(builder.scalar(offset, Scalar::Text(self.string()?))),
            Some(_) if self.grammar == Grammar::Newtonsoft && self.begins_more() => {
                let scalar = self.more()?;
                Ok(builder.scalar(offset, scalar))
            }
            Some(b'-' | b'0'..=b'9') => Ok(builder.scalar(offset, Scalar::Number(self.number()?))),
            Some(b't') => self
                .word("true")
                .map(|()| builder.scalar(offset, Scalar::Bool(true))),
            Some(b'f') => self
                .word("false")
                .map(|()| builder.scalar(offset, Scalar::Bool(false))),
            Some(b'n') => self.word("null").map(|()| builder.scalar(offset, Scalar::Null)),
            Some(_) => Err(self.error("expected a value")),
            None => Err(self.error("expected a value, found the end")),
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, JsonError>) -> Result<T, JsonError> {
        if self.depth == 0 {
            return Err(self.error("arrays and objects are nested too deeply"));
        }
        self.depth -= 1;
        self.offset += 1;
        self.skip_space()?;
        let result = read(self)?;
        self.depth += 1;
        Ok(result)
    }

    fn array<B: Builder>(&mut self, builder: &B) -> Result<Vec<B::Value>, JsonError> {
        let mut values = Vec::new();
        loop {
            if self.closes(b']', values.is_empty()) {
                return Ok(values);
            }
            values.push(self.value(builder)?);
            if self.separated(b']')? {
                return Ok(values);
            }
        }
    }

    fn object<B: Builder>(&mut self, builder: &B) -> Result<Vec<(usize, String, B::Value)>, JsonError> {
        let mut members = Vec::new();
        loop {
            if self.closes(b'}', members.is_empty()) {
                return Ok(members);
            }
            let offset = self.offset;
            let name = self.name()?;
            self.skip_space()?;
            if self.peek() != Some(b':') {
                return Err(self.error("expected ':' after the name of a member"));
            }
            self.offset += 1;
            self.skip_space()?;
            members.push((offset, name, self.value(builder)?));
            if self.separated(b'}')? {
                return Ok(members);
            }
        }
    }

    /// Takes a closing bracket where a value might begin: at once, or after a comma in a mapping file.
    fn closes(&mut self, bracket: u8, at_once: bool) -> bool {
        let closes = self.peek() == Some(bracket) && (at_once || self.grammar >= Grammar::Commented);
        self.offset += usize::from(closes);
        closes
    }

    /// Takes a comma (false) or the closing bracket (true).
    fn separated(&mut self, bracket: u8) -> Result<bool, JsonError> {
        self.skip_space()?;
        match self.peek() {
            Some(b',') => {
                self.offset += 1;
                self.skip_space()?;
                Ok(false)
            }
            Some(found) if found == bracket => {
                self.offset += 1;
                Ok(true)
            }
            _ => Err(self.error(&format!("expected ',' or '{}'", char::from(bracket)))),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), JsonError> {
        if !self.text[self.offset..].starts_with(word) {
            return Err(self.error("expected a value"));
        }
        self.offset += word.len();
        Ok(())
    }

    fn skip_space(&mut self) -> Result<(), JsonError> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.offset += 1,
                Some(b'/') if self.grammar >= Grammar::Commented => self.comment()?,
                Some(0x80..) if self.grammar == Grammar::Newtonsoft => match self.rest().chars().next() {
                    Some(space) if space.is_whitespace() => self.offset += space.len_utf8(),
                    _ => return Ok(()),
                },
                _ => return Ok(()),
            }
        }
    }

    fn comment(&mut self) -> Result<(), JsonError> {
        let rest = &self.text[self.offset..];
        if rest.starts_with("//") {
            self.offset += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(end) = rest.strip_prefix("/*").and_then(|rest| rest.find("*/")) {
            self.offset += end + 4;
        } else {
            return Err(self.error("expected a comment that is closed"));
        }
        Ok(())
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    fn error(&self, message: &str) -> JsonError {
        let (line, column) = position(self.text, self.offset);
        JsonError {
            message: message.to_owned(),
            line,
            column,
        }
    }
}
