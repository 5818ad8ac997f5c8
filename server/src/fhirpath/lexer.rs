//! From text to tokens, <http://hl7.org/fhirpath/N1/#lexical-elements>. White space and comments stay behind here.

use super::error::ParseError;

/// A part of an expression's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token<'text> {
    /// A name or a keyword.
    Word(&'text str),
    /// A name between backticks, which is never a keyword.
    Delimited(String),
    /// A text between quotes, without its escapes.
    Text(String),
    /// A number, digits as written.
    Number(&'text str),
    /// A date, date and time, or time, without its `@`.
    Temporal(&'text str),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// The end of the text.
    End,
}

/// The longer ones first.
const SYMBOLS: [&str; 24] = [
    "!=", "!~", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", "|", "&", "+", "-", "*", "/", "=", "~",
    "<", ">", "%", "$",
];

/// Goes through a text token by token.
pub struct Lexer<'text> {
    text: &'text str,
    position: usize,
}

impl<'text> Lexer<'text> {
    /// At the beginning of `text`.
    pub fn new(text: &'text str) -> Self {
        Lexer { text, position: 0 }
    }

    /// The next token and where it begins.
    ///
    /// # Errors
    /// [`ParseError::Syntax`] where no token begins.
    pub fn next(&mut self) -> Result<(usize, Token<'text>), ParseError> {
        self.skip_space()?;
        let start = self.position;
        let token = match self.rest().chars().next() {
            None => Token::End,
            Some('\'') => Token::Text(self.quoted('\'', "the closing '")?),
            Some('`') => Token::Delimited(self.quoted('`', "the closing `")?),
            Some('@') => Token::Temporal(self.temporal()?),
            Some(letter) if letter.is_ascii_digit() => Token::Number(self.number()),
            Some(letter) if letter.is_ascii_alphabetic() || letter == '_' => {
                Token::Word(self.take(|letter| letter.is_ascii_alphanumeric() || letter == '_'))
            }
            Some(_) => Token::Symbol(self.symbol()?),
        };
        Ok((start, token))
    }

    fn symbol(&mut self) -> Result<&'static str, ParseError> {
        let found = SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol));
        let symbol = found.ok_or_else(|| self.expected("an operator or a name"))?;
        self.position += symbol.len();
        Ok(symbol)
    }

    fn number(&mut self) -> &'text str {
        let start = self.position;
        self.take(|letter| letter.is_ascii_digit());
        let fraction = self.rest().strip_prefix('.').unwrap_or_default();
        if fraction.starts_with(|letter: char| letter.is_ascii_digit()) {
            self.position += 1;
            self.take(|letter| letter.is_ascii_digit());
        }
        &self.text[start..self.position]
    }

    fn quoted(&mut self, quote: char, expected: &'static str) -> Result<String, ParseError> {
        self.position += quote.len_utf8();
        let mut text = String::new();
        loop {
            text.push_str(self.take(|letter| letter != quote && letter != '\\'));
            if self.rest().starts_with(quote) {
                self.position += quote.len_utf8();
                return Ok(text);
            }
            if self.rest().is_empty() {
                return Err(self.expected(expected));
            }
            text.push(self.escape()?);
        }
    }

    /// After a backslash.
    fn escape(&mut self) -> Result<char, ParseError> {
        let mut letters = self.rest().chars();
        letters.next();
        let letter = match letters.next() {
            Some(letter @ ('\'' | '"' | '`' | '\\' | '/')) => letter,
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let digits = self.rest().get(2..6);
                let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let letter = code.and_then(char::from_u32);
                self.position += 4;
                letter.ok_or_else(|| self.expected("four hexadecimal digits"))?
            }
            _ => return Err(self.expected("an escape sequence")),
        };
        self.position += 2;
        Ok(letter)
    }

    /// `@2015-02-04T14:34:28.123+10:00` or its beginning, or `@T14:34`.
    fn temporal(&mut self) -> Result<&'text str, ParseError> {
        self.position += 1;
        let start = self.position;
        if self.rest().starts_with('T') {
            self.time_of_day();
        } else {
            if !self.digits(4) {
                return Err(self.expected("a date or a time"));
            }
            if self.separated('-') {
                self.separated('-');
            }
            if self.rest().starts_with('T') && self.time_of_day() {
                self.zone();
            }
        }
        Ok(&self.text[start..self.position])
    }

    /// `T14:34:28.123`; whether there was more than the T.
    fn time_of_day(&mut self) -> bool {
        self.position += 1;
        if !self.digits(2) {
            return false;
        }
        if self.separated(':') && self.separated(':') {
            let fraction = self.rest().strip_prefix('.').unwrap_or_default();
            if fraction.starts_with(|letter: char| letter.is_ascii_digit()) {
                self.position += 1;
                self.take(|letter| letter.is_ascii_digit());
            }
        }
        true
    }

    fn zone(&mut self) {
        let start = self.position;
        if self.rest().starts_with('Z') {
            self.position += 1;
        } else if self.rest().starts_with(['+', '-']) {
            self.position += 1;
            if !(self.digits(2) && self.separated(':')) {
                self.position = start;
            }
        }
    }

    /// A separator and two digits, if they stand here.
    fn separated(&mut self, separator: char) -> bool {
        let start = self.position;
        let found = self.rest().starts_with(separator) && {
            self.position += 1;
            self.digits(2)
        };
        if !found {
            self.position = start;
        }
        found
    }

    fn digits(&mut self, count: usize) -> bool {
        let found = self
            .rest()
            .as_bytes()
            .get(..count)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
        if found {
            self.position += count;
        }
        found
    }

    fn skip_space(&mut self) -> Result<(), ParseError> {
        loop {
            self.take(char::is_whitespace);
            if self.rest().starts_with("//") {
                self.take(|letter| letter != '\n');
            } else if self.rest().starts_with("/*") {
                let end = self.rest().find("*/");
                self.position += end.ok_or_else(|| self.expected("the closing */"))? + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'text str {
        let rest = self.rest();
        let end = rest.find(|letter| !belongs(letter)).unwrap_or(rest.len());
        self.position += end;
        &rest[..end]
    }

    fn rest(&self) -> &'text str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn expected(&self, expected: &'static str) -> ParseError {
        ParseError::Syntax {
            position: self.position,
            expected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Result<Vec<Token<'_>>, ParseError> {
        let mut lexer = Lexer::new(text);
        let mut tokens = Vec::new();
        loop {
            match lexer.next()?.1 {
                Token::End => return Ok(tokens),
                token => tokens.push(token),
            }
        }
    }

    #[test]
    fn tells_numbers_dates_and_names_apart() {
        assert_eq!(
            tokens("1.5.a >= @2015-02T.b /* c */ - @T14:30 // d"),
            Ok(vec![
                Token::Number("1.5"),
                Token::Symbol("."),
                Token::Word("a"),
                Token::Symbol(">="),
                Token::Temporal("2015-02T"),
                Token::Symbol("."),
                Token::Word("b"),
                Token::Symbol("-"),
                Token::Temporal("T14:30"),
            ])
        );
        let zoned = tokens("@2015-02-04T14:34:28.123+10:00-1");
        assert_eq!(
            zoned.map(|tokens| tokens.len()),
            Ok(3),
            "what follows the zone is not of it"
        );
    }

    #[test]
    fn escapes_stand_for_characters() {
        let text = r"'\\\/\f\r\n\t\`\'\u002aé'";
        assert_eq!(
            tokens(text),
            Ok(vec![Token::Text("\\/\u{c}\r\n\t`'*é".to_owned())])
        );
        for broken in [
            r"'\x'",
            r"'\u00'",
            r"'\ud800'",
            "'a",
            "`a",
            "/* a",
            "@20",
            "\\",
            "é",
        ] {
            assert!(tokens(broken).is_err(), "{broken}");
        }
    }
}
