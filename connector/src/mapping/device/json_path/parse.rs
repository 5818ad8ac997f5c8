//! The grammar of the dialect.

mod filter;

use super::{JsonPath, Step};

/// How deep filters may stand in filters.
const DEPTH: usize = 32;

/// A text that is no path of this dialect.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message} at character {character} of the expression")]
pub struct ParseError {
    message: String,
    /// Counted from 1.
    character: usize,
}

pub(super) fn parse(text: &str) -> Result<JsonPath, ParseError> {
    let mut parser = Parser {
        text: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    let mut steps = Vec::new();
    parser.skip_spaces();
    if parser.text.len() == parser.at {
        return Ok(JsonPath { steps });
    }
    // `$` is the root only before `.` or `[`; elsewhere it is the first letter of a name.
    if parser.peek() == Some('$') {
        match parser.text.get(parser.at + 1) {
            None => return Ok(JsonPath { steps }),
            Some('.' | '[') => parser.at += 1,
            Some(_) => {}
        }
    }
    parser.path(&mut steps, false)?;
    parser.skip_spaces();
    match parser.peek() {
        None => Ok(JsonPath { steps }),
        Some(found) => Err(parser.error(&format!("unexpected '{found}'"))),
    }
}

struct Parser {
    text: Vec<char>,
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, ParseError>;

impl Parser {
    /// The steps of a path, up to a space, a closing bracket or (inside a filter) an operator.
    fn path(&mut self, steps: &mut Vec<Step>, in_filter: bool) -> Parsed<()> {
        let mut name_from = self.at;
        let mut scan = false;
        let mut after_bracket = false;
        let mut after_dot = false;
        while let Some(character) = self.peek() {
            match character {
                '[' | '(' => {
                    if self.at > name_from {
                        steps.push(self.named(name_from, scan));
                        scan = false;
                    }
                    steps.push(self.bracket(if character == '[' { ']' } else { ')' }, scan)?);
                    scan = false;
                    self.at += 1;
                    name_from = self.at;
                    (after_bracket, after_dot) = (true, false);
                }
                ']' | ')' | ' ' => break,
                '.' => {
                    if self.at > name_from {
                        steps.push(self.named(name_from, scan));
                        scan = false;
                    }
                    self.at += 1;
                    if self.peek() == Some('.') {
                        scan = true;
                        self.at += 1;
                    }
                    name_from = self.at;
                    (after_bracket, after_dot) = (false, true);
                }
                '=' | '<' | '>' | '!' | '|' | '&' if in_filter => break,
                _ if after_bracket => return Err(self.error("expected '.' or '[' after ']'")),
                _ => self.at += 1,
            }
        }
        if self.at > name_from {
            steps.push(self.named(name_from, scan));
        } else if after_dot && (in_filter || self.peek().is_none()) {
            return Err(self.error("expected a name after '.'"));
        }
        Ok(())
    }

    fn named(&self, from: usize, scan: bool) -> Step {
        let name: String = self.text[from..self.at].iter().collect();
        let name = Some(name.trim_end().to_owned()).filter(|name| name != "*");
        if scan {
            Step::Descendants(name)
        } else {
            Step::Member(name)
        }
    }

    /// What stands between brackets; leaves the closing one to the caller.
    fn bracket(&mut self, closing: char, scan: bool) -> Parsed<Step> {
        self.at += 1;
        self.skip_spaces();
        match self.peek() {
            None => Err(self.error("the bracket is never closed")),
            Some('\'') => self.quoted_names(closing, scan),
            Some('?') => self.filter(closing, scan),
            Some(_) => self.indexes(closing),
        }
    }

    fn quoted_names(&mut self, closing: char, scan: bool) -> Parsed<Step> {
        let mut names = Vec::new();
        loop {
            if self.peek() != Some('\'') {
                return Err(self.error("expected a name in single quotes"));
            }
            names.push(self.quoted()?);
            self.skip_spaces();
            match self.peek() {
                Some(',') => {
                    self.at += 1;
                    self.skip_spaces();
                }
                Some(found) if found == closing => break,
                _ => return Err(self.error(&format!("expected ',' or '{closing}'"))),
            }
        }
        Ok(match (names.len(), scan) {
            (1, true) => Step::Descendants(names.pop()),
            (1, false) => Step::Member(names.pop()),
            (_, true) => Step::DescendantsNamed(names),
            (_, false) => Step::Members(names),
        })
    }

    /// `*`, `0`, `0,2` or `start:end:step`.
    fn indexes(&mut self, closing: char) -> Parsed<Step> {
        let start = self.at;
        while self.peek().is_some_and(|found| found != closing) {
            self.at += 1;
        }
        if self.peek().is_none() {
            return Err(self.error("the bracket is never closed"));
        }
        let inner: String = self.text[start..self.at].iter().collect();
        let index = |part: &str| {
            let allowed = part
                .chars()
                .all(|character| character.is_ascii_digit() || character == '-');
            let wrong = "expected an index, a range as 0:2, '*', a name in single quotes or ?(…)";
            part.parse::<i32>()
                .ok()
                .filter(|_| allowed)
                .ok_or_else(|| self.error_at(start, wrong))
        };
        let inner = inner.trim_matches(' ');
        if inner == "*" {
            return Ok(Step::Index(None));
        }
        if inner.contains(',') {
            let indexes: Parsed<Vec<i32>> = inner
                .split(',')
                .map(|part| index(part.trim_matches(' ')))
                .collect();
            return Ok(Step::Indexes(indexes?));
        }
        if !inner.contains(':') {
            return Ok(Step::Index(Some(index(inner)?)));
        }
        let mut parts = [None; 3];
        for (place, part) in inner.split(':').enumerate() {
            let part = part.trim_matches(' ');
            let bound = parts
                .get_mut(place)
                .ok_or_else(|| self.error_at(start, "a range has three parts at most"))?;
            *bound = if part.is_empty() { None } else { Some(index(part)?) };
        }
        let [start_index, end, step] = parts;
        if step == Some(0) {
            return Err(self.error_at(start, "the step of a range cannot be 0"));
        }
        Ok(Step::Slice {
            start: start_index,
            end,
            step,
        })
    }

    fn quoted(&mut self) -> Parsed<String> {
        let opened_at = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(character) = self.peek() {
            self.at += 1;
            match character {
                '\'' => return Ok(text),
                '\\' => {
                    let escaped = self
                        .peek()
                        .ok_or_else(|| self.error_at(opened_at, "the text is never closed"))?;
                    text.push(match escaped {
                        'b' => '\u{8}',
                        't' => '\t',
                        'n' => '\n',
                        'f' => '\u{c}',
                        'r' => '\r',
                        '\\' | '"' | '\'' | '/' => escaped,
                        _ => return Err(self.error("unknown escape")),
                    });
                    self.at += 1;
                }
                other => text.push(other),
            }
        }
        Err(self.error_at(opened_at, "the text is never closed"))
    }

    fn takes(&mut self, word: &str) -> bool {
        let matches = word
            .chars()
            .enumerate()
            .all(|(index, wanted)| self.text.get(self.at + index) == Some(&wanted));
        self.at += if matches { word.chars().count() } else { 0 };
        matches
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn error(&self, message: &str) -> ParseError {
        self.error_at(self.at, message)
    }

    fn error_at(&self, at: usize, message: &str) -> ParseError {
        ParseError {
            message: message.to_owned(),
            character: at + 1,
        }
    }
}
