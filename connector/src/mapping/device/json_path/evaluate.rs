//! What a path finds in a document.

use super::compare::{self, ComparisonError};
use super::{Operator, Query, Side, Step};
use crate::compatibility::Compatibility;
use crate::json::Json;

/// No step may find more values than this: `..*..*..*` on a large message would find millions.
const LIMIT: usize = 100_000;

/// Why a path could not be evaluated on a message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EvaluationError {
    /// The dialect has no indexes from the end.
    #[error("index {0} is negative; write [{0}:] to count from the end")]
    NegativeIndex(i32),
    /// A filter compared what cannot be compared.
    #[error(transparent)]
    Comparison(#[from] ComparisonError),
    /// A step found too much.
    #[error("the path finds more than {LIMIT} values")]
    TooMany,
}

type Found<'a> = Result<Vec<&'a Json>, EvaluationError>;

/// The evaluation of one path on one document.
pub(super) struct Evaluation<'a> {
    root: &'a Json,
    compatibility: Compatibility,
    failure: Option<EvaluationError>,
}

impl<'a> Evaluation<'a> {
    pub(super) fn of(root: &'a Json, compatibility: Compatibility) -> Self {
        Self {
            root,
            compatibility,
            failure: None,
        }
    }

    /// Why the first value that a filter could not be applied to is missing.
    pub(super) fn into_failure(self) -> Option<EvaluationError> {
        self.failure
    }

    pub(super) fn select(&mut self, steps: &'a [Step], start: &'a Json) -> Found<'a> {
        let mut current = vec![start];
        for step in steps {
            let mut next = Vec::new();
            if *step == Step::Root {
                next.push(self.root);
            } else {
                for value in current {
                    self.apply(step, value, &mut next)?;
                    if next.len() > LIMIT {
                        return Err(EvaluationError::TooMany);
                    }
                }
            }
            if next.is_empty() {
                return Ok(next);
            }
            current = next;
        }
        Ok(current)
    }

    fn apply(
        &mut self,
        step: &'a Step,
        value: &'a Json,
        next: &mut Vec<&'a Json>,
    ) -> Result<(), EvaluationError> {
        match step {
            Step::Root => next.push(self.root),
            Step::Member(Some(name)) => next.extend(value.member(name)),
            Step::Member(None) => {
                if let Json::Object(members) = value {
                    next.extend(members.values());
                }
            }
            Step::Members(names) => next.extend(names.iter().filter_map(|name| value.member(name))),
            Step::Descendants(Some(name)) => descendants_named(value, std::slice::from_ref(name), next),
            Step::Descendants(None) => next.extend(self_and_descendants(value)),
            Step::DescendantsNamed(names) => descendants_named(value, names, next),
            Step::Index(None) => next.extend(value.elements()),
            Step::Index(Some(index)) => next.extend(element(value, *index)?),
            Step::Indexes(indexes) => {
                for index in indexes {
                    next.extend(element(value, *index)?);
                }
            }
            Step::Slice { start, end, step } => slice(value.elements(), [*start, *end, *step], next),
            Step::Filter(query) => self.filter(query, value.elements().iter(), next),
            Step::DescendantFilter(query) => self.filter(query, self_and_descendants(value), next),
        }
        Ok(())
    }

    /// A value that the filter cannot be applied to is left out, and the reason kept: the others are still found.
    fn filter(
        &mut self,
        query: &'a Query,
        candidates: impl IntoIterator<Item = &'a Json>,
        next: &mut Vec<&'a Json>,
    ) {
        for candidate in candidates {
            match matches(query, self.root, candidate, self.compatibility) {
                Ok(true) => next.push(candidate),
                Ok(false) => {}
                Err(error) => {
                    self.failure.get_or_insert(error);
                }
            }
        }
    }
}

fn element(value: &Json, index: i32) -> Result<Option<&Json>, EvaluationError> {
    let Json::Array(elements) = value else {
        return Ok(None);
    };
    match usize::try_from(index) {
        Ok(index) => Ok(elements.get(index)),
        Err(_) => Err(EvaluationError::NegativeIndex(index)),
    }
}

/// The elements of a range. A start or end below 0 counts from the end, a step below 0 goes backwards.
fn slice<'a>(elements: &'a [Json], [start, end, step]: [Option<i32>; 3], next: &mut Vec<&'a Json>) {
    let count = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    let step = i64::from(step.unwrap_or(1));
    let forward = step > 0;
    let from_end = |index: i32| {
        if index < 0 {
            count + i64::from(index)
        } else {
            i64::from(index)
        }
    };
    let start = start.map_or(if forward { 0 } else { count - 1 }, from_end);
    let end = end
        .map_or(if forward { count } else { -1 }, from_end)
        .clamp(-1, count);
    let mut index = if forward {
        start.clamp(0, count)
    } else {
        start.min(count - 1)
    };
    while if forward { index < end } else { index > end } {
        next.extend(usize::try_from(index).ok().and_then(|index| elements.get(index)));
        index += step;
    }
}

/// The value and everything below it, each before what it contains.
fn self_and_descendants(value: &Json) -> Vec<&Json> {
    let mut found = Vec::new();
    let mut pending = vec![value];
    while let Some(node) = pending.pop() {
        found.push(node);
        match node {
            Json::Array(elements) => pending.extend(elements.iter().rev()),
            Json::Object(members) => pending.extend(members.values().rev()),
            _ => {}
        }
    }
    found
}

fn descendants_named<'a>(value: &'a Json, names: &[String], next: &mut Vec<&'a Json>) {
    match value {
        Json::Array(elements) => {
            for element in elements.iter() {
                descendants_named(element, names, next);
            }
        }
        Json::Object(members) => {
            for (name, member) in members.iter() {
                if names.iter().any(|wanted| **wanted == **name) {
                    next.push(member);
                }
                descendants_named(member, names, next);
            }
        }
        _ => {}
    }
}

fn matches(query: &Query, root: &Json, node: &Json, mode: Compatibility) -> Result<bool, EvaluationError> {
    match query {
        Query::All(queries) => {
            for query in queries {
                if !matches(query, root, node, mode)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Query::Any(queries) => {
            for query in queries {
                if matches(query, root, node, mode)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Query::Exists(side) => Ok(!values(side, root, node, mode)?.is_empty()),
        Query::Matches { left, pattern } => {
            let left = values(left, root, node, mode)?;
            Ok(left
                .iter()
                .any(|value| value.as_text().is_some_and(|text| pattern.0.is_match(text))))
        }
        Query::Compare {
            operator,
            left,
            right,
        } => {
            let left = values(left, root, node, mode)?;
            if left.is_empty() {
                return Ok(false);
            }
            let right = values(right, root, node, mode)?;
            for left in left {
                for right in &right {
                    if compares(*operator, left, right, mode)? {
                        return Ok(true);
                    }
                }
            }
            Ok(false)
        }
    }
}

fn values<'a>(side: &'a Side, root: &'a Json, node: &'a Json, mode: Compatibility) -> Found<'a> {
    match side {
        Side::Value(value) => Ok(vec![value]),
        Side::Path(steps) => {
            let mut evaluation = Evaluation::of(root, mode);
            let found = evaluation.select(steps, node)?;
            evaluation.into_failure().map_or(Ok(found), Err)
        }
    }
}

fn compares(
    operator: Operator,
    left: &Json,
    right: &Json,
    mode: Compatibility,
) -> Result<bool, EvaluationError> {
    let nested = |value: &Json| matches!(value, Json::Array(_) | Json::Object(_));
    if nested(left) || nested(right) {
        return Ok(operator == Operator::NotEquals);
    }
    let ordered =
        |wanted: fn(std::cmp::Ordering) -> bool| Ok(compare::order(left, right, mode)?.is_some_and(wanted));
    match operator {
        Operator::Equals => Ok(compare::equal(left, right)),
        Operator::NotEquals => Ok(!compare::equal(left, right)),
        Operator::StrictEquals => Ok(compare::strictly_equal(left, right)),
        Operator::StrictNotEquals => Ok(!compare::strictly_equal(left, right)),
        Operator::Less => ordered(std::cmp::Ordering::is_lt),
        Operator::LessOrEqual => ordered(std::cmp::Ordering::is_le),
        Operator::Greater => ordered(std::cmp::Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(std::cmp::Ordering::is_ge),
    }
}
