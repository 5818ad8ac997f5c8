//! The grammar of filters: `?(…)`.

use super::{DEPTH, Parsed, Parser};
use crate::json::{Json, Number};
use crate::mapping::device::json_path::{Operator, Pattern, Query, Side, Step};

impl Parser {
    /// A filter between brackets; leaves the closing bracket to the caller.
    pub(super) fn filter(&mut self, closing: char, scan: bool) -> Parsed<Step> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("filters are nested too deeply"));
        }
        self.at += 1;
        if self.peek() != Some('(') {
            return Err(self.error("expected '(' after '?'"));
        }
        self.at += 1;
        let query = self.query()?;
        self.at += 1;
        self.skip_spaces();
        if self.peek() != Some(closing) {
            return Err(self.error(&format!("expected '{closing}' after the filter")));
        }
        self.depth -= 1;
        Ok(if scan {
            Step::DescendantFilter(query)
        } else {
            Step::Filter(query)
        })
    }

    /// Conditions joined by `&&` and `||`. There is no precedence: what follows an operator belongs to it.
    fn query(&mut self) -> Parsed<Query> {
        let mut before = Vec::new();
        loop {
            let condition = self.condition()?;
            let and = if self.takes("&&") {
                true
            } else if self.takes("||") {
                false
            } else if self.peek() == Some(')') {
                let join = |right, (left, and)| match and {
                    true => Query::All(vec![left, right]),
                    false => Query::Any(vec![left, right]),
                };
                return Ok(before.into_iter().rev().fold(condition, join));
            } else {
                return Err(self.error("expected '&&', '||' or ')'"));
            };
            before.push((condition, and));
        }
    }

    fn condition(&mut self) -> Parsed<Query> {
        let left = self.side()?;
        if matches!(self.peek(), Some(')' | '|' | '&')) {
            return Ok(Query::Exists(left));
        }
        if self.takes("=~") {
            self.skip_spaces();
            let pattern = self.pattern()?;
            self.skip_spaces();
            return Ok(Query::Matches { left, pattern });
        }
        let operator = self.operator()?;
        let right = self.side()?;
        Ok(Query::Compare {
            operator,
            left,
            right,
        })
    }

    fn operator(&mut self) -> Parsed<Operator> {
        let operators = [
            ("===", Operator::StrictEquals),
            ("==", Operator::Equals),
            ("!==", Operator::StrictNotEquals),
            ("!=", Operator::NotEquals),
            ("<>", Operator::NotEquals),
            ("<=", Operator::LessOrEqual),
            ("<", Operator::Less),
            (">=", Operator::GreaterOrEqual),
            (">", Operator::Greater),
        ];
        for (written, operator) in operators {
            if self.takes(written) {
                return Ok(operator);
            }
        }
        Err(self.error("expected an operator such as '==', '<' or '&&'"))
    }

    fn side(&mut self) -> Parsed<Side> {
        self.skip_spaces();
        let side = match self.peek() {
            Some(start @ ('$' | '@')) => {
                let mut steps = if start == '$' {
                    vec![Step::Root]
                } else {
                    Vec::new()
                };
                self.at += 1;
                self.path(&mut steps, true)?;
                Side::Path(steps)
            }
            Some('\'') => Side::Value(Json::text(self.quoted()?)),
            Some(digit) if digit.is_ascii_digit() || digit == '-' => {
                Side::Value(Json::Number(self.number()?))
            }
            _ if self.takes("true") => Side::Value(Json::Bool(true)),
            _ if self.takes("false") => Side::Value(Json::Bool(false)),
            _ if self.takes("null") => Side::Value(Json::Null),
            Some('(') => return Err(self.error("this dialect has no parentheses around conditions")),
            Some('"') => return Err(self.error("put strings in a filter in single quotes")),
            _ => {
                return Err(
                    self.error("expected @…, $…, a text in single quotes, a number, true, false or null")
                );
            }
        };
        self.skip_spaces();
        if self.peek().is_none() {
            Err(self.error("the filter is never closed"))
        } else {
            Ok(side)
        }
    }

    fn number(&mut self) -> Parsed<Number> {
        let start = self.at;
        while self
            .peek()
            .is_some_and(|found| !matches!(found, ' ' | ')' | '&' | '|'))
        {
            self.at += 1;
        }
        let text: String = self.text[start..self.at].iter().collect();
        if text.contains(['.', 'e', 'E']) {
            if let Ok(value) = text.parse::<f64>() {
                return Ok(Number::Float(value));
            }
        } else if let Ok(value) = text.parse::<i64>() {
            return Ok(Number::Integer(value));
        }
        Err(self.error_at(start, "not a number"))
    }

    /// `/expression/options`; the options i, m, s and x mean something.
    fn pattern(&mut self) -> Parsed<Pattern> {
        let opened_at = self.at;
        if self.peek() != Some('/') {
            return Err(self.error("expected a regular expression between slashes"));
        }
        self.at += 1;
        let mut expression = String::new();
        loop {
            match self.peek() {
                None => return Err(self.error_at(opened_at, "the regular expression is never closed")),
                Some('/') => break,
                Some('\\') if self.text.get(self.at + 1) == Some(&'/') => self.at += 1,
                Some('\\') => {
                    expression.push('\\');
                    self.at += 1;
                }
                Some(_) => {}
            }
            expression.extend(self.peek());
            self.at += 1;
        }
        self.at += 1;
        let mut builder = regex::RegexBuilder::new(&expression);
        builder.size_limit(1 << 20);
        while let Some(option) = self.peek().filter(char::is_ascii_alphabetic) {
            match option {
                'i' => builder.case_insensitive(true),
                'm' => builder.multi_line(true),
                's' => builder.dot_matches_new_line(true),
                'x' => builder.ignore_whitespace(true),
                // Others, such as g, mean nothing, as in .NET.
                _ => &mut builder,
            };
            self.at += 1;
        }
        builder
            .build()
            .map(Pattern)
            .map_err(|error| self.error_at(opened_at, &not_an_expression(&error)))
    }
}

/// The reason in one line: for a syntax error the crate draws the expression with a mark and gives the reason last.
fn not_an_expression(error: &regex::Error) -> String {
    let drawn = error.to_string();
    let last = drawn.lines().last().unwrap_or_default();
    let reason = last.strip_prefix("error: ").unwrap_or(last);
    format!("not a regular expression ({reason})")
}
