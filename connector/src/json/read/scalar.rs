//! Values without parts, and names: numbers, texts, and what Newtonsoft.Json reads besides.

use super::build::Scalar;
use super::{Grammar, JsonError, Reader};

/// Words that Newtonsoft.Json reads as values.
const WORDS: [(&str, Option<f64>); 4] = [
    ("NaN", Some(f64::NAN)),
    ("Infinity", Some(f64::INFINITY)),
    ("-Infinity", Some(f64::NEG_INFINITY)),
    ("undefined", None),
];

impl<'a> Reader<'a> {
    /// The name of a member.
    pub(super) fn name(&mut self) -> Result<String, JsonError> {
        let newtonsoft = self.grammar == Grammar::Newtonsoft;
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'\'') if newtonsoft => self.string(),
            _ if newtonsoft => {
                let of_name =
                    |character: &char| character.is_alphanumeric() || matches!(character, '_' | '$');
                let name: String = self.rest().chars().take_while(of_name).collect();
                if name.is_empty() {
                    return Err(self.error("expected the name of a member"));
                }
                self.offset += name.len();
                Ok(name)
            }
            _ => Err(self.error("expected the name of a member in double quotes")),
        }
    }

    /// Does a value begin here that only Newtonsoft.Json reads?
    pub(super) fn begins_more(&self) -> bool {
        let rest = self.rest();
        let begins_with_point = |rest: &str| rest.starts_with('.');
        rest.starts_with('\'')
            || begins_with_point(rest)
            || rest.strip_prefix('-').is_some_and(begins_with_point)
            || WORDS.iter().any(|(word, _)| rest.starts_with(word))
    }

    /// Such a value.
    pub(super) fn more(&mut self) -> Result<Scalar<'a>, JsonError> {
        if self.peek() == Some(b'\'') {
            return self.string().map(Scalar::Text);
        }
        match WORDS.iter().find(|(word, _)| self.rest().starts_with(word)) {
            Some((word, value)) => {
                self.offset += word.len();
                Ok(value.map_or(Scalar::Null, Scalar::Double))
            }
            None => self.number().map(Scalar::Number),
        }
    }

    pub(super) fn number(&mut self) -> Result<&'a str, JsonError> {
        let start = self.offset;
        self.offset += usize::from(self.peek() == Some(b'-'));
        let begins_with_point = self.grammar == Grammar::Newtonsoft && self.peek() == Some(b'.');
        if self.peek() == Some(b'0') {
            self.offset += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.error("a number may not begin with 0"));
            }
        } else if !begins_with_point {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.offset += 1;
            let may_end = self.grammar == Grammar::Newtonsoft && !begins_with_point;
            if !may_end || matches!(self.peek(), Some(b'0'..=b'9')) {
                self.digits()?;
            }
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

    pub(super) fn string(&mut self) -> Result<String, JsonError> {
        let opened_at = self.offset;
        let quote = self.peek();
        let lenient = self.grammar == Grammar::Newtonsoft;
        self.offset += 1;
        let mut text = String::new();
        loop {
            let plain_from = self.offset;
            while self
                .peek()
                .is_some_and(|byte| Some(byte) != quote && byte != b'\\' && (byte > 0x1f || lenient))
            {
                self.offset += 1;
            }
            text.push_str(&self.text[plain_from..self.offset]);
            match self.peek() {
                closing if closing.is_some() && closing == quote => {
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
            Some(b'\'') if self.grammar == Grammar::Newtonsoft => '\'',
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
            [Some(0xd800..=0xdfff), _] if self.grammar == Grammar::Newtonsoft => {
                (Some(char::REPLACEMENT_CHARACTER), 6)
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
}
