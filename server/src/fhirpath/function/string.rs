//! String manipulation, <http://hl7.org/fhirpath/N1/#string-manipulation>, and the additional functions of FHIRPath 2.1.

mod encoding;

use std::borrow::Cow;

use smallvec::smallvec;

use super::pattern::compiled;
use super::{Call, Row};
use crate::fhirpath::error::EvaluationError;
use crate::fhirpath::evaluate::{Evaluated, Evaluation, integer, single};
use crate::fhirpath::value::{Collection, Value};

/// The functions of this section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum StringFunction {
    IndexOf,
    LastIndexOf,
    Substring,
    StartsWith,
    EndsWith,
    Contains,
    Upper,
    Lower,
    Replace,
    Matches,
    MatchesFull,
    ReplaceMatches,
    Length,
    ToChars,
    Trim,
    Split,
    Join,
    Encode,
    Decode,
    Escape,
    Unescape,
}

pub const FUNCTIONS: &[Row<StringFunction>] = &[
    ("indexOf", StringFunction::IndexOf, 1, 1),
    ("lastIndexOf", StringFunction::LastIndexOf, 1, 1),
    ("substring", StringFunction::Substring, 1, 2),
    ("startsWith", StringFunction::StartsWith, 1, 1),
    ("endsWith", StringFunction::EndsWith, 1, 1),
    ("contains", StringFunction::Contains, 1, 1),
    ("upper", StringFunction::Upper, 0, 0),
    ("lower", StringFunction::Lower, 0, 0),
    ("replace", StringFunction::Replace, 2, 2),
    ("matches", StringFunction::Matches, 1, 1),
    ("matchesFull", StringFunction::MatchesFull, 1, 1),
    ("replaceMatches", StringFunction::ReplaceMatches, 2, 2),
    ("length", StringFunction::Length, 0, 0),
    ("toChars", StringFunction::ToChars, 0, 0),
    ("trim", StringFunction::Trim, 0, 0),
    ("split", StringFunction::Split, 1, 1),
    ("join", StringFunction::Join, 0, 1),
    ("encode", StringFunction::Encode, 1, 1),
    ("decode", StringFunction::Decode, 1, 1),
    ("escape", StringFunction::Escape, 1, 1),
    ("unescape", StringFunction::Unescape, 1, 1),
];

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn string(
        &self,
        function: StringFunction,
        input: &[Value<'resource>],
        call: &Call<'_, 'resource>,
    ) -> Evaluated<'resource> {
        if function == StringFunction::Join {
            return self.join(input, call);
        }
        let Some(text) = single(input, call.name)? else {
            return Ok(Collection::new());
        };
        let Value::String(text) = text.simple() else {
            return Err(self.operand(call, "a String", text));
        };
        self.budget.charge_text(&text)?;
        let made = match function {
            StringFunction::Length => return Ok(smallvec![integer(text.chars().count())]),
            StringFunction::ToChars => {
                self.budget.charge(text.len())?;
                return Ok(text
                    .chars()
                    .map(|letter| Value::from(letter.to_string()))
                    .collect());
            }
            StringFunction::Upper => text.to_uppercase(),
            StringFunction::Lower => text.to_lowercase(),
            StringFunction::Trim => text.trim().to_owned(),
            StringFunction::Substring => return self.substring(&text, call),
            StringFunction::Replace => return self.replace(&text, call),
            StringFunction::ReplaceMatches => return self.replace_matches(&text, call),
            _ => {
                let Some(argument) = self.text_argument(call, 0)? else {
                    return Ok(Collection::new());
                };
                self.budget.charge_text(&argument)?;
                return self.with_text(function, &text, &argument);
            }
        };
        Ok(smallvec![Value::from(made)])
    }

    /// The functions that have one text as their argument.
    fn with_text(&self, function: StringFunction, text: &str, argument: &str) -> Evaluated<'resource> {
        let at = |byte: Option<usize>| match byte.and_then(|byte| text.get(..byte)) {
            Some(before) => integer(before.chars().count()),
            None => Value::Integer(-1),
        };
        let value = match function {
            StringFunction::IndexOf => at(text.find(argument)),
            StringFunction::LastIndexOf => at(text.rfind(argument)),
            StringFunction::StartsWith => Value::Boolean(text.starts_with(argument)),
            StringFunction::EndsWith => Value::Boolean(text.ends_with(argument)),
            StringFunction::Matches => Value::Boolean(compiled(argument)?.is_match(text)),
            StringFunction::MatchesFull => {
                Value::Boolean(compiled(&format!("^(?:{argument})$"))?.is_match(text))
            }
            StringFunction::Split => {
                self.budget.charge(text.len())?;
                let parts = text.split(argument).map(|part| Value::from(part.to_owned()));
                return Ok(match argument {
                    "" => smallvec![Value::from(text.to_owned())],
                    _ => parts.collect(),
                });
            }
            StringFunction::Encode => return Ok(texts(encoding::encoded(text, argument))),
            StringFunction::Decode => return Ok(texts(encoding::decoded(text, argument))),
            StringFunction::Escape => return Ok(texts(encoding::escaped(text, argument))),
            StringFunction::Unescape => return Ok(texts(encoding::unescaped(text, argument))),
            _ => Value::Boolean(text.contains(argument)),
        };
        Ok(smallvec![value])
    }

    fn substring(&self, text: &str, call: &Call<'_, 'resource>) -> Evaluated<'resource> {
        let start = self.integer_argument(call, 0)?;
        let length = match call.arguments.len() {
            1 => Some(i32::MAX),
            _ => self.integer_argument(call, 1)?.or(Some(i32::MAX)),
        };
        let (Some(start), Some(length)) = (start.and_then(|start| usize::try_from(start).ok()), length)
        else {
            return Ok(Collection::new());
        };
        let Some((start, _)) = text.char_indices().nth(start) else {
            return Ok(Collection::new());
        };
        let length = usize::try_from(length).unwrap_or(0);
        let part: String = text
            .get(start..)
            .unwrap_or_default()
            .chars()
            .take(length)
            .collect();
        Ok(smallvec![Value::from(part)])
    }

    fn replace(&self, text: &str, call: &Call<'_, 'resource>) -> Evaluated<'resource> {
        let (Some(pattern), Some(substitution)) =
            (self.text_argument(call, 0)?, self.text_argument(call, 1)?)
        else {
            return Ok(Collection::new());
        };
        let count = text.matches(pattern.as_ref()).count();
        self.budget.charge_length(
            count
                .saturating_mul(substitution.len())
                .saturating_add(text.len()),
        )?;
        Ok(smallvec![Value::from(
            text.replace(pattern.as_ref(), &substitution)
        )])
    }

    /// `$1` and `${name}` in the substitution stand for groups of the pattern.
    fn replace_matches(&self, text: &str, call: &Call<'_, 'resource>) -> Evaluated<'resource> {
        let (Some(pattern), Some(substitution)) =
            (self.text_argument(call, 0)?, self.text_argument(call, 1)?)
        else {
            return Ok(Collection::new());
        };
        if pattern.is_empty() {
            return Ok(smallvec![Value::from(text.to_owned())]);
        }
        let mut made = String::new();
        let mut end = 0;
        for groups in compiled(&pattern)?.captures_iter(text) {
            let Some(found) = groups.get(0) else {
                continue;
            };
            // A group is no longer than the whole match, and takes two letters at least to name.
            let longest = (substitution.len() / 2 + 1)
                .saturating_mul(found.len())
                .saturating_add(substitution.len());
            self.budget.charge_length(made.len().saturating_add(longest))?;
            made.push_str(text.get(end..found.start()).unwrap_or_default());
            groups.expand(&substitution, &mut made);
            end = found.end();
        }
        made.push_str(text.get(end..).unwrap_or_default());
        self.budget.charge_text(&made)?;
        Ok(smallvec![Value::from(made)])
    }

    fn join(&self, input: &[Value<'resource>], call: &Call<'_, 'resource>) -> Evaluated<'resource> {
        let separator = self.text_argument(call, 0)?.unwrap_or_default();
        let text = |value: &Value<'resource>| match value.simple() {
            Value::String(text) => Ok(text),
            other => Err(self.operand(call, "Strings", &other)),
        };
        let texts: Vec<Cow<'resource, str>> =
            input.iter().map(text).collect::<Result<_, EvaluationError>>()?;
        if texts.is_empty() {
            return Ok(Collection::new());
        }
        let length: usize = texts
            .iter()
            .map(|text| text.len().saturating_add(separator.len()))
            .sum();
        self.budget.charge_length(length)?;
        Ok(smallvec![Value::from(texts.join(separator.as_ref()))])
    }
}

fn texts<'resource>(text: Option<String>) -> Collection<'resource> {
    text.map(Value::from).into_iter().collect()
}
