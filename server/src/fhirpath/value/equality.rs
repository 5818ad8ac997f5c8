//! Equality and equivalence, <http://hl7.org/fhirpath/N1/#equality>.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Element, Value};
use crate::fhirpath::error::EvaluationError;
use crate::fhirpath::evaluate::Budget;
use crate::fhirpath::value::element::decimal;
use crate::resource::Json;

/// `left = right` for collections, in order; `None` when that is empty.
///
/// # Errors
/// [`EvaluationError::TooManySteps`].
pub fn equal_collections(
    left: &[Value<'_>],
    right: &[Value<'_>],
    budget: &Budget,
) -> Result<Option<bool>, EvaluationError> {
    if left.is_empty() || right.is_empty() {
        return Ok(None);
    }
    if left.len() != right.len() {
        return Ok(Some(false));
    }
    let mut result = Some(true);
    for (one, another) in left.iter().zip(right) {
        match equal(one, another, budget)? {
            Some(true) => {}
            Some(false) => return Ok(Some(false)),
            None => result = None,
        }
    }
    Ok(result)
}

/// Whether two values are equal; `None` when they are too imprecise or in units too different to tell.
///
/// # Errors
/// [`EvaluationError::TooManySteps`].
pub fn equal(left: &Value<'_>, right: &Value<'_>, budget: &Budget) -> Result<Option<bool>, EvaluationError> {
    budget.charge(1)?;
    let same = |order: Option<Ordering>| order.map(|order| order == Ordering::Equal);
    Ok(match (left.simple(), right.simple()) {
        (Value::Boolean(one), Value::Boolean(another)) => Some(one == another),
        (Value::String(one), Value::String(another)) => {
            budget.charge_text(&one)?;
            Some(one == another)
        }
        (Value::Integer(one), Value::Integer(another)) => Some(one == another),
        (Value::Date(one) | Value::DateTime(one), Value::Date(another) | Value::DateTime(another))
        | (Value::Time(one), Value::Time(another)) => same(one.compare(&another)),
        (Value::Element(one), Value::Element(another)) => Some(equal_elements(&one, &another, budget)?),
        (
            Value::TypeInfo {
                namespace: a,
                name: b,
            },
            Value::TypeInfo {
                namespace: c,
                name: d,
            },
        ) => Some(a == c && b == d),
        (one, another) => match (one.as_number(), another.as_number()) {
            (Some(one), Some(another)) => Some(one == another),
            _ => match (one.as_quantity(), another.as_quantity()) {
                (Some(one), Some(another)) => same(one.compare(&another)),
                _ => Some(false),
            },
        },
    })
}

/// Whether `value` is among `values`.
///
/// # Errors
/// [`EvaluationError::TooManySteps`].
pub fn contains(values: &[Value<'_>], value: &Value<'_>, budget: &Budget) -> Result<bool, EvaluationError> {
    for one in values {
        if equal(one, value, budget)? == Some(true) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The values that were there before. Texts, which are most of what is compared in large numbers, are looked up; other
/// values are compared one by one.
#[derive(Default)]
pub struct Seen<'resource> {
    texts: HashSet<Cow<'resource, str>>,
    others: Vec<Value<'resource>>,
}

impl<'resource> Seen<'resource> {
    /// Whether `value` is new.
    ///
    /// # Errors
    /// [`EvaluationError::TooManySteps`].
    pub fn add(&mut self, value: &Value<'resource>, budget: &Budget) -> Result<bool, EvaluationError> {
        if let Value::String(text) = value.simple() {
            budget.charge_text(&text)?;
            return Ok(self.texts.insert(text));
        }
        let is_new = !contains(&self.others, value, budget)?;
        if is_new {
            self.others.push(value.clone());
        }
        Ok(is_new)
    }
}

/// `left ~ right` for collections, in any order.
///
/// # Errors
/// [`EvaluationError::TooManySteps`].
pub fn equivalent_collections(
    left: &[Value<'_>],
    right: &[Value<'_>],
    budget: &Budget,
) -> Result<bool, EvaluationError> {
    pair_off(left, right, |one, another| equivalent(one, another, budget))
}

/// Whether each of `left` finds another one of `right` that is the `same`, and none of `right` is left over.
fn pair_off<T>(
    left: &[T],
    right: &[T],
    same: impl Fn(&T, &T) -> Result<bool, EvaluationError>,
) -> Result<bool, EvaluationError> {
    if left.len() != right.len() {
        return Ok(false);
    }
    let mut rest: Vec<&T> = right.iter().collect();
    for one in left {
        let mut found = None;
        for (index, another) in rest.iter().enumerate() {
            if same(one, another)? {
                found = Some(index);
                break;
            }
        }
        match found {
            Some(index) => rest.remove(index),
            None => return Ok(false),
        };
    }
    Ok(true)
}

fn equivalent(left: &Value<'_>, right: &Value<'_>, budget: &Budget) -> Result<bool, EvaluationError> {
    budget.charge(1)?;
    Ok(match (left.simple(), right.simple()) {
        (Value::String(one), Value::String(another)) => {
            budget.charge_text(&one)?;
            budget.charge_text(&another)?;
            normalized(&one) == normalized(&another)
        }
        (Value::Element(one), Value::Element(another)) => match (one.json(), another.json()) {
            (Some(one), Some(another)) => equivalent_json(one, another, budget)?,
            (one, another) => one.is_none() && another.is_none(),
        },
        (one, another) => match (one.as_number(), another.as_number()) {
            (Some(one), Some(another)) => equivalent_numbers(one, another),
            _ => match (one.as_quantity(), another.as_quantity()) {
                (Some(one), Some(another)) => one.is_equivalent(&another),
                _ => equal(&one, &another, budget)? == Some(true),
            },
        },
    })
}

/// Equal when both are rounded to the digits of the less precise one.
pub fn equivalent_numbers(one: Decimal, another: Decimal) -> bool {
    let digits = one.scale().min(another.scale());
    let rounded =
        |number: Decimal| number.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    rounded(one) == rounded(another)
}

/// Without case, and with single blanks.
fn normalized(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

fn equal_elements(
    one: &Element<'_>,
    another: &Element<'_>,
    budget: &Budget,
) -> Result<bool, EvaluationError> {
    if one == another {
        return Ok(true);
    }
    match (one.json(), another.json()) {
        (Some(one), Some(another)) => equal_json(one, another, budget),
        _ => Ok(false),
    }
}

/// Members in any order, items in theirs.
fn equal_json(one: &Json, another: &Json, budget: &Budget) -> Result<bool, EvaluationError> {
    budget.charge(1)?;
    Ok(match (one, another) {
        (Json::Object(one), Json::Object(another)) => {
            if one.len() != another.len() {
                return Ok(false);
            }
            for (name, value) in one.iter() {
                let other = another.get(name);
                let is_equal = other.map_or(Ok(false), |other| equal_json(value, other, budget))?;
                if !is_equal {
                    return Ok(false);
                }
            }
            true
        }
        (Json::Array(one), Json::Array(another)) => {
            if one.len() != another.len() {
                return Ok(false);
            }
            for (value, other) in one.iter().zip(another) {
                if !equal_json(value, other, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Json::Number(one), Json::Number(another)) => {
            one == another
                || decimal(one)
                    .zip(decimal(another))
                    .is_some_and(|(one, another)| one == another)
        }
        _ => one == another,
    })
}

/// Members and items in any order.
fn equivalent_json(one: &Json, another: &Json, budget: &Budget) -> Result<bool, EvaluationError> {
    budget.charge(1)?;
    Ok(match (one, another) {
        (Json::Object(one), Json::Object(another)) => {
            if one.len() != another.len() {
                return Ok(false);
            }
            for (name, value) in one.iter() {
                let other = another.get(name);
                if !other.map_or(Ok(false), |other| equivalent_json(value, other, budget))? {
                    return Ok(false);
                }
            }
            true
        }
        (Json::Array(one), Json::Array(another)) => {
            pair_off(one, another, |one, another| equivalent_json(one, another, budget))?
        }
        (Json::String(one), Json::String(another)) => normalized(one) == normalized(another),
        (Json::Number(one), Json::Number(another)) => decimal(one)
            .zip(decimal(another))
            .is_some_and(|(one, another)| equivalent_numbers(one, another)),
        _ => one == another,
    })
}
