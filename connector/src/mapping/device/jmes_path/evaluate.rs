//! Evaluates the tree of an expression.

use std::cmp::Ordering;
use std::sync::Arc;

use jmespath::ast::Comparator;

use super::function::{self, Argument, FunctionError};
use super::{Ast, Outcome};
use crate::compatibility::Compatibility;
use crate::json::{Json, Object};

/// Evaluates in one of the two compatibility modes.
#[derive(Clone, Copy)]
pub(super) struct Evaluation {
    pub(super) compatibility: Compatibility,
}

type Evaluated<T> = Result<T, FunctionError>;

impl Evaluation {
    /// Evaluates, telling a projection from an array.
    pub(super) fn outcome(self, ast: &Ast, current: &Json) -> Evaluated<Outcome> {
        match ast {
            Ast::Projection(left, right) => match (self.outcome(left, current)?, self.compatibility) {
                // Only parentheses make a projection the left side of another one.
                (Outcome::Projection(values), Compatibility::IomtFhir) => {
                    let again = |value: &Json| self.project(left, right, value).map(Outcome::into_json);
                    self.each(&values, again, |_, _| false)
                }
                (left_outcome, _) => self.project(left, right, &left_outcome.into_json()),
            },
            Ast::Chain(left, right) => match (self.outcome(left, current)?, self.compatibility) {
                // In the original parentheses do not end a projection.
                (Outcome::Projection(values), Compatibility::IomtFhir) => self.right_of(&values, right),
                (left, _) => match left.into_json() {
                    // Nothing is looked for in null, and no function called on it.
                    Json::Null => Ok(Outcome::Value(Json::Null)),
                    left => self.outcome(right, &left),
                },
            },
            Ast::Pipe(left, right) => self.outcome(right, &self.value(left, current)?),
            Ast::And(left, right) => {
                let outcome = self.outcome(left, current)?;
                if outcome.truthy() {
                    self.outcome(right, current)
                } else {
                    Ok(outcome)
                }
            }
            Ast::Or(left, right) => {
                let outcome = self.outcome(left, current)?;
                if outcome.truthy() {
                    Ok(outcome)
                } else {
                    self.outcome(right, current)
                }
            }
            _ => self.value(ast, current).map(Outcome::Value),
        }
    }

    /// Projects the right side over the array that the left side has given.
    fn project(self, left: &Ast, right: &Ast, array: &Json) -> Evaluated<Outcome> {
        let Json::Array(values) = array else {
            return Ok(Outcome::Value(Json::Null));
        };
        // The specification projects null and leaves out results that are null. The original projects it only where it was selected by
        // its place, by its name or by a filter.
        if self.compatibility == Compatibility::IomtFhir && !selects(left, right) {
            let values: Vec<Json> = values.iter().filter(|value| !value.is_null()).cloned().collect();
            return self.right_of(&values, right);
        }
        self.right_of(values, right)
    }

    fn right_of(self, values: &[Json], right: &Ast) -> Evaluated<Outcome> {
        self.each(
            values,
            |value| self.value(right, value),
            |value, evaluation| evaluation.stands_there(right, value),
        )
    }

    /// The results of each value. The original leaves out what is not there, and keeps a null that stands in the message.
    fn each(
        self,
        values: &[Json],
        evaluate: impl Fn(&Json) -> Evaluated<Json>,
        stands_there: impl Fn(&Json, Self) -> bool,
    ) -> Evaluated<Outcome> {
        let mut projected = Vec::with_capacity(values.len());
        for value in values {
            let result = evaluate(value)?;
            let kept = !result.is_null()
                || self.compatibility == Compatibility::IomtFhir && stands_there(value, self);
            if kept {
                projected.push(result);
            }
        }
        Ok(Outcome::Projection(projected))
    }

    /// Is the null that the expression gives one that stands in the message, or a literal?
    fn stands_there(self, ast: &Ast, current: &Json) -> bool {
        match ast {
            Ast::Current | Ast::Literal(_) => true,
            Ast::Field(name) => current.member(name).is_some(),
            Ast::Index(index) => element(current.elements(), *index).is_some(),
            // Of a null on the left nothing is there.
            Ast::Chain(left, right) => self
                .value(left, current)
                .is_ok_and(|value| !value.is_null() && self.stands_there(right, &value)),
            Ast::Condition { predicate, then } => {
                let holds = self.value(predicate, current).is_ok_and(|value| truthy(&value));
                holds && self.stands_there(then, current)
            }
            _ => false,
        }
    }

    /// Evaluates to one value; a projection becomes an array.
    pub(super) fn value(self, ast: &Ast, current: &Json) -> Evaluated<Json> {
        Ok(match ast {
            Ast::Projection(..) | Ast::Chain(..) | Ast::Pipe(..) | Ast::And(..) | Ast::Or(..) => {
                self.outcome(ast, current)?.into_json()
            }
            Ast::Current => current.clone(),
            Ast::Literal(value) => value.clone(),
            Ast::Field(name) => current.member(name).cloned().unwrap_or(Json::Null),
            Ast::Index(index) => element(current.elements(), *index).cloned().unwrap_or(Json::Null),
            Ast::Slice { start, stop, step } => match current {
                Json::Array(values) => Json::array(slice(values, *start, *stop, *step)),
                _ => Json::Null,
            },
            Ast::Flatten(node) => match self.value(node, current)? {
                Json::Array(values) => Json::array(flatten(&values)),
                _ => Json::Null,
            },
            Ast::Values(node) => match self.value(node, current)? {
                Json::Object(members) => Json::array(members.values().cloned().collect()),
                _ => Json::Null,
            },
            Ast::Condition { predicate, then } => {
                if truthy(&self.value(predicate, current)?) {
                    self.value(then, current)?
                } else {
                    Json::Null
                }
            }
            Ast::Not(node) => Json::Bool(!truthy(&self.value(node, current)?)),
            Ast::Comparison(comparator, left, right) => self.compare(
                comparator,
                &self.value(left, current)?,
                &self.value(right, current)?,
            ),
            // The specification: nothing is selected of null. The original selects nulls, after a pipe.
            Ast::List(_) | Ast::Hash(_)
                if current.is_null() && self.compatibility == Compatibility::Strict =>
            {
                Json::Null
            }
            Ast::List(elements) => {
                let values = elements.iter().map(|element| self.value(element, current));
                Json::array(values.collect::<Result<_, _>>()?)
            }
            Ast::Hash(pairs) => {
                let members = pairs
                    .iter()
                    .map(|(name, value)| Ok((Arc::from(&**name), self.value(value, current)?)));
                Json::Object(Arc::new(members.collect::<Evaluated<Object>>()?))
            }
            Ast::Reference(_) => return Err(FunctionError::ReferenceOutsideFunction),
            Ast::Call(function, arguments) => {
                let arguments = arguments.iter().map(|argument| match argument {
                    Ast::Reference(expression) => Ok(Argument::Expression(expression)),
                    other => self.value(other, current).map(Argument::Value),
                });
                function::call(*function, arguments.collect::<Evaluated<Vec<_>>>()?, self)?
            }
        })
    }

    fn compare(self, comparator: &Comparator, left: &Json, right: &Json) -> Json {
        match comparator {
            Comparator::Equal => return Json::Bool(self.equal(left, right)),
            Comparator::NotEqual => return Json::Bool(!self.equal(left, right)),
            _ => {}
        }
        let Some(ordering) = self.order(left, right) else {
            return Json::Null;
        };
        Json::Bool(match comparator {
            Comparator::LessThan => ordering.is_lt(),
            Comparator::LessThanEqual => ordering.is_le(),
            Comparator::GreaterThan => ordering.is_gt(),
            _ => ordering.is_ge(),
        })
    }

    /// JmesPath.Net holds an integer and a decimal to be different; the specification does not.
    fn equal(self, left: &Json, right: &Json) -> bool {
        match (left, right) {
            (Json::Number(left), Json::Number(right)) if self.compatibility == Compatibility::Strict => {
                left == right || left.to_double() == right.to_double()
            }
            _ => left == right,
        }
    }

    /// Numbers with numbers, texts with texts (dates as they print); nothing else. The original takes null for a text before all others.
    pub(super) fn order(self, left: &Json, right: &Json) -> Option<Ordering> {
        if let (Json::Number(left), Json::Number(right)) = (left, right) {
            return match (left.to_integer(), right.to_integer()) {
                (Some(left), Some(right)) => Some(left.cmp(&right)),
                _ => left.to_double().partial_cmp(&right.to_double()),
            };
        }
        let text = |value: &Json| match value {
            Json::Null if self.compatibility == Compatibility::IomtFhir => Some(None),
            other => function::text(other).map(Some),
        };
        Some(text(left)?.cmp(&text(right)?))
    }
}

/// Does the projection select values by their place (a slice), by their names (`*`) or by a filter? `[*]` and `[]` take them all.
fn selects(left: &Ast, right: &Ast) -> bool {
    matches!(left, Ast::Values(_) | Ast::Slice { .. }) || matches!(right, Ast::Condition { .. })
}

impl Outcome {
    fn truthy(&self) -> bool {
        match self {
            Self::Value(value) => truthy(value),
            Self::Projection(values) => !values.is_empty(),
        }
    }
}

/// False are null, false, and whatever is empty. The number 0 is true.
fn truthy(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(value) => *value,
        Json::Text(text) => !text.is_empty(),
        Json::Array(values) => !values.is_empty(),
        Json::Object(members) => !members.is_empty(),
        Json::Number(_) | Json::Date(_) => true,
    }
}

fn element(values: &[Json], index: i32) -> Option<&Json> {
    let from_end = |index: i32| {
        values
            .len()
            .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    };
    let index = if index < 0 {
        from_end(index)?
    } else {
        usize::try_from(index).ok()?
    };
    values.get(index)
}

fn flatten(values: &[Json]) -> Vec<Json> {
    let mut flat = Vec::with_capacity(values.len());
    for value in values {
        match value {
            Json::Array(inner) => flat.extend(inner.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    flat
}

fn slice(values: &[Json], start: Option<i32>, stop: Option<i32>, step: i32) -> Vec<Json> {
    let count = i64::try_from(values.len()).unwrap_or(i64::MAX);
    let step = i64::from(step);
    let (least, most) = if step > 0 { (0, count) } else { (-1, count - 1) };
    let bound = |index: i32| {
        let index = i64::from(index);
        if index < 0 { index + count } else { index }.clamp(least, most)
    };
    let mut index = start.map_or(if step > 0 { 0 } else { count - 1 }, bound);
    let stop = stop.map_or(if step > 0 { count } else { -1 }, bound);
    let mut taken = Vec::new();
    while if step > 0 { index < stop } else { index > stop } {
        taken.extend(
            usize::try_from(index)
                .ok()
                .and_then(|index| values.get(index))
                .cloned(),
        );
        index += step;
    }
    taken
}
