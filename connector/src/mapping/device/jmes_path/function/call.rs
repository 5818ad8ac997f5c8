//! A call of a function: its arguments by type, and what each function does with them.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::SignedDuration;

use super::{Argument, Called, Function, FunctionError, text};
use crate::compatibility::Compatibility;
use crate::date_time::{Date, Instant};
use crate::json::{Json, Number, Object};
use crate::mapping::device::jmes_path::Ast;
use crate::mapping::device::jmes_path::arithmetic::{self, ArithmeticError};
use crate::mapping::device::jmes_path::evaluate::Evaluation;

/// A function with its arguments.
pub(super) struct Call<'a> {
    pub(super) function: Function,
    pub(super) arguments: Vec<Argument<'a>>,
    pub(super) evaluation: Evaluation,
}

impl Call<'_> {
    pub(super) fn value(&self, index: usize) -> Called<&Json> {
        match self.arguments.get(index) {
            Some(Argument::Value(value)) => Ok(value),
            _ => Err(self.wrong_type(index, "a value")),
        }
    }

    pub(super) fn expression(&self, index: usize) -> Called<&Ast> {
        match self.arguments.get(index) {
            Some(Argument::Expression(expression)) => Ok(expression),
            _ => Err(self.wrong_type(index, "an expression such as &name")),
        }
    }

    pub(super) fn number(&self, index: usize) -> Called<&Number> {
        match self.value(index)? {
            Json::Number(number) => Ok(number),
            _ => Err(self.wrong_type(index, "a number")),
        }
    }

    pub(super) fn integer(&self, index: usize) -> Called<i64> {
        self.number(index)?
            .to_integer()
            .ok_or_else(|| self.wrong_type(index, "an integer of 64 bits"))
    }

    pub(super) fn text(&self, index: usize) -> Called<Arc<str>> {
        text(self.value(index)?).ok_or_else(|| self.wrong_type(index, "a text"))
    }

    pub(super) fn array(&self, index: usize) -> Called<&[Json]> {
        match self.value(index)? {
            Json::Array(values) => Ok(values),
            _ => Err(self.wrong_type(index, "an array")),
        }
    }

    pub(super) fn object(&self, index: usize) -> Called<&Object> {
        match self.value(index)? {
            Json::Object(members) => Ok(members),
            _ => Err(self.wrong_type(index, "an object")),
        }
    }

    pub(super) fn numbers(&self, index: usize) -> Called<Vec<&Number>> {
        let mut numbers = Vec::new();
        for value in self.array(index)? {
            match value {
                Json::Number(number) => numbers.push(number),
                other => return Err(self.wrong_element(index, "an array of numbers", other)),
            }
        }
        Ok(numbers)
    }

    pub(super) fn wrong_type(&self, index: usize, wanted: &'static str) -> FunctionError {
        let found = match self.arguments.get(index) {
            Some(Argument::Value(value)) => kind(value),
            Some(Argument::Expression(_)) => "an expression",
            None => "nothing",
        };
        FunctionError::ArgumentType {
            function: self.function.name(),
            wanted,
            position: index + 1,
            found,
        }
    }

    /// An array with an element that does not fit.
    pub(super) fn wrong_element(&self, index: usize, wanted: &'static str, element: &Json) -> FunctionError {
        FunctionError::ElementType {
            function: self.function.name(),
            wanted,
            position: index + 1,
            found: kind(element),
        }
    }

    pub(super) fn arithmetic(
        &self,
        compute: impl Fn(&Number, &Number) -> Result<Number, ArithmeticError>,
    ) -> Called<Json> {
        let computed = compute(self.number(0)?, self.number(1)?);
        computed
            .map(Json::Number)
            .map_err(|source| FunctionError::Arithmetic {
                function: self.function.name(),
                source,
            })
    }

    pub(super) fn rounded(&self, round: impl Fn(&Number) -> Option<Number>) -> Called<Json> {
        let overflow = FunctionError::Arithmetic {
            function: self.function.name(),
            source: ArithmeticError::Overflow,
        };
        round(self.number(0)?).map(Json::Number).ok_or(overflow)
    }

    pub(super) fn total(&self) -> Called<Json> {
        let numbers = self.numbers(0)?;
        let sum: f64 = numbers.iter().map(|number| number.to_double()).sum();
        Ok(match (self.function, numbers.len()) {
            (Function::Sum, _) => arithmetic::integral_if_whole(sum),
            (_, 0) => Json::Null,
            (_, count) => Json::Number(Number::Float(sum / count as f64)),
        })
    }

    pub(super) fn extreme(&self) -> Called<Json> {
        let values = self.comparable(0, self.array(0)?.to_vec())?;
        Ok(self
            .pick_extreme(values.iter().map(|value| (value, value)))
            .unwrap_or(Json::Null))
    }

    pub(super) fn pick_extreme<'v>(&self, keyed: impl Iterator<Item = (&'v Json, &'v Json)>) -> Option<Json> {
        let wanted = match self.function {
            Function::Max | Function::MaxBy => Ordering::Greater,
            _ => Ordering::Less,
        };
        let better = |best: (&'v Json, &'v Json), next: (&'v Json, &'v Json)| {
            if self.evaluation.order(next.0, best.0) == Some(wanted) {
                next
            } else {
                best
            }
        };
        keyed.reduce(better).map(|(_, value)| value.clone())
    }

    pub(super) fn sort(&self) -> Called<Json> {
        let mut values = self.comparable(0, self.array(0)?.to_vec())?;
        values.sort_by(|left, right| self.evaluation.order(left, right).unwrap_or(Ordering::Equal));
        Ok(Json::array(values))
    }

    pub(super) fn by_key(&self) -> Called<Json> {
        let values = self.array(0)?;
        let expression = self.expression(1)?;
        let keys: Called<Vec<Json>> = values
            .iter()
            .map(|value| self.evaluation.value(expression, value))
            .collect();
        let keys = self.comparable(1, keys?)?;
        if self.function != Function::SortBy {
            return Ok(self.pick_extreme(keys.iter().zip(values)).unwrap_or(Json::Null));
        }
        let mut keyed: Vec<_> = keys.iter().zip(values).collect();
        keyed.sort_by(|left, right| self.evaluation.order(left.0, right.0).unwrap_or(Ordering::Equal));
        Ok(Json::array(
            keyed.into_iter().map(|(_, value)| value.clone()).collect(),
        ))
    }

    /// Checks that all values are numbers, or all texts.
    pub(super) fn comparable(&self, argument: usize, values: Vec<Json>) -> Called<Vec<Json>> {
        let numbers = values.iter().all(|value| matches!(value, Json::Number(_)));
        let texts = values.iter().all(|value| text(value).is_some());
        if numbers || texts {
            return Ok(values);
        }
        let as_first = |value: &&Json| match values.first() {
            Some(Json::Number(_)) => !matches!(value, Json::Number(_)),
            _ => text(value).is_none(),
        };
        let wanted = "numbers only or texts only";
        Err(match values.iter().find(as_first) {
            Some(other) => self.wrong_element(argument, wanted, other),
            None => self.wrong_type(argument, wanted),
        })
    }

    pub(super) fn contains(&self) -> Called<Json> {
        let found = match (self.value(0)?, self.value(1)?) {
            (Json::Array(values), wanted) => values.iter().any(|value| value == wanted),
            (Json::Text(text), Json::Text(wanted)) => text.contains(&**wanted),
            (Json::Text(_) | Json::Date(_), _) => false,
            _ => return Err(self.wrong_type(0, "an array or a text")),
        };
        Ok(Json::Bool(found))
    }

    pub(super) fn insert_string(&self) -> Called<Json> {
        for index in [0, 1] {
            if !matches!(self.value(index)?, Json::Text(_)) {
                return Err(self.wrong_type(index, "a text"));
            }
        }
        let (text, inserted, position) = (self.text(0)?, self.text(1)?, self.integer(2)?);
        let units = self.evaluation.compatibility == Compatibility::IomtFhir;
        // The original counts UTF-16 code units, the strict mode characters.
        let mut counted = 0;
        for (offset, character) in text.char_indices().chain([(text.len(), ' ')]) {
            if counted == position {
                return Ok(Json::text(format!(
                    "{}{inserted}{}",
                    &text[..offset],
                    &text[offset..]
                )));
            }
            counted += if units && character.len_utf16() == 2 { 2 } else { 1 };
        }
        Err(FunctionError::PositionOutOfRange)
    }

    pub(super) fn join(&self) -> Called<Json> {
        let separator = self.text(0)?;
        let part =
            |value: &Json| text(value).ok_or_else(|| self.wrong_element(1, "an array of texts", value));
        let parts: Called<Vec<Arc<str>>> = self.array(1)?.iter().map(part).collect();
        Ok(Json::text(parts?.join(&*separator)))
    }

    pub(super) fn unix_time(&self, unit: fn(i64) -> SignedDuration) -> Called<Json> {
        let instant = Instant::of_unix(unit(self.integer(0)?));
        let out_of_range = FunctionError::TimestampOutOfRange {
            function: self.function.name(),
        };
        let date = Date::utc(instant.ok_or(out_of_range)?);
        Ok(match self.evaluation.compatibility {
            Compatibility::IomtFhir => Json::Date(date),
            Compatibility::Strict => Json::text(date.iso_text()),
        })
    }

    pub(super) fn merge(&self) -> Called<Json> {
        let mut merged = Object::new();
        for index in 0..self.arguments.len() {
            merged.extend(
                self.object(index)?
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            );
        }
        Ok(Json::Object(Arc::new(merged)))
    }

    pub(super) fn length(&self) -> Called<Json> {
        let length = match self.value(0)? {
            Json::Array(values) => values.len(),
            Json::Object(members) => members.len(),
            value => match (text(value), self.evaluation.compatibility) {
                (Some(text), Compatibility::IomtFhir) => text.encode_utf16().count(),
                (Some(text), Compatibility::Strict) => text.chars().count(),
                (None, _) => return Err(self.wrong_type(0, "a text, an array or an object")),
            },
        };
        Ok(Json::integer(i64::try_from(length).unwrap_or(i64::MAX)))
    }

    pub(super) fn map(&self) -> Called<Json> {
        let expression = self.expression(0)?;
        let mapped = self
            .array(1)?
            .iter()
            .map(|value| self.evaluation.value(expression, value));
        Ok(Json::array(mapped.collect::<Called<_>>()?))
    }

    pub(super) fn reverse(&self) -> Called<Json> {
        match self.value(0)? {
            Json::Array(values) => Ok(Json::array(values.iter().rev().cloned().collect())),
            value => match text(value) {
                Some(text) => Ok(Json::text(text.chars().rev().collect::<String>())),
                None => Err(self.wrong_type(0, "a text or an array")),
            },
        }
    }

    pub(super) fn not_null(&self) -> Called<Json> {
        for index in 0..self.arguments.len() {
            let value = self.value(index)?;
            if !value.is_null() {
                return Ok(value.clone());
            }
        }
        Ok(Json::Null)
    }
}

/// A number of a text that is one, else null.
pub(super) fn to_number(value: &Json) -> Json {
    if let Json::Number(_) = value {
        return value.clone();
    }
    let Some(text) = text(value) else {
        return Json::Null;
    };
    let text = text.trim();
    if let Ok(integer) = text.parse::<i64>() {
        return Json::integer(integer);
    }
    let looks_like_number = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    let double = text
        .parse::<f64>()
        .ok()
        .filter(|double| looks_like_number && double.is_finite());
    double.map_or(Json::Null, |double| Json::Number(Number::Float(double)))
}

/// The type of a value as JMESPath names it.
pub(super) fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(_) => "number",
        Json::Text(_) | Json::Date(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}
