//! Reads JSON: messages into values, mapping files into values that know where they stand (so that an error can name line
//! and column). One grammar for both; mapping files may also have comments and a comma before a closing bracket.

mod build;

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
    Reader {
        text,
        offset: 0,
        depth,
        lenient: false,
    }
    .document(&builder)
}

/// Reads a FHIR resource; numbers keep their digits.
pub fn read_fhir_resource(text: &str) -> Result<Json, JsonError> {
    read_message(text, Compatibility::Strict, FHIR_DEPTH)
}

/// Reads a mapping file: JSON that may have comments, and commas before a closing bracket.
pub fn read_mapping(text: &str) -> Result<Located, JsonError> {
    Reader {
        text,
        offset: 0,
        depth: MAPPING_DEPTH,
        lenient: true,
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

struct Reader<'a> {
    text: &'a str,
    offset: usize,
    depth: usize,
    lenient: bool,
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
            if self.peek() != Some(b'"') {
                return Err(self.error("expected the name of a member in double quotes"));
            }
            let name = self.string()?;
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
        let closes = self.peek() == Some(bracket) && (at_once || self.lenient);
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

    fn number(&mut self) -> Result<&'a str, JsonError> {
        let start = self.offset;
        self.offset += usize::from(self.peek() == Some(b'-'));
        if self.peek() == Some(b'0') {
            self.offset += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.error("a number may not begin with 0"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.offset += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.offset += 1;
            self.offset += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(&self.text[start..self.offset])
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.offset;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.offset += 1;
        }
        if self.offset == start {
            Err(self.error("expected a digit"))
        } else {
            Ok(())
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let opened_at = self.offset;
        self.offset += 1;
        let mut text = String::new();
        loop {
            let plain_from = self.offset;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.offset += 1;
            }
            text.push_str(&self.text[plain_from..self.offset]);
            match self.peek() {
                Some(b'"') => {
                    self.offset += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => {
                    return Err(self.error("a control character in a string must be written as an escape"));
                }
                None => {
                    self.offset = opened_at;
                    return Err(self.error("this string is never closed"));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let kind = self.text.as_bytes().get(self.offset + 1).copied();
        let character = match kind {
            Some(plain @ (b'"' | b'\\' | b'/')) => char::from(plain),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.error("unknown escape in a string")),
        };
        self.offset += 2;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let unit = |offset: usize| {
            let digits = self.text.get(offset..offset + 6)?.strip_prefix("\\u")?;
            let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            u16::from_str_radix(digits, 16).ok().filter(|_| hexadecimal)
        };
        let units = [unit(self.offset), unit(self.offset + 6)];
        let (character, length) = match units {
            [Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)] => {
                (char::decode_utf16([high, low]).next().and_then(Result::ok), 12)
            }
            [Some(unit), _] => (char::from_u32(u32::from(unit)), 6),
            [None, _] => (None, 0),
        };
        match character {
            Some(character) => {
                self.offset += length;
                Ok(character)
            }
            None => Err(self.error("this \\u escape is not a character")),
        }
    }

    fn skip_space(&mut self) -> Result<(), JsonError> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.offset += 1,
                Some(b'/') if self.lenient => self.comment()?,
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
