//! Existence, <http://hl7.org/fhirpath/N1/#existence>, and `not()`.

use smallvec::smallvec;

use super::{Call, Row};
use crate::fhirpath::error::EvaluationError;
use crate::fhirpath::evaluate::{Evaluated, Evaluation, integer, truth};
use crate::fhirpath::value::Value;
use crate::fhirpath::value::equality::{Seen, contains};

/// The functions of this section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Existence {
    Empty,
    Exists,
    All,
    AllTrue,
    AnyTrue,
    AllFalse,
    AnyFalse,
    SubsetOf,
    SupersetOf,
    Count,
    IsDistinct,
    Not,
}

pub const FUNCTIONS: &[Row<Existence>] = &[
    ("empty", Existence::Empty, 0, 0),
    ("exists", Existence::Exists, 0, 1),
    ("all", Existence::All, 1, 1),
    ("allTrue", Existence::AllTrue, 0, 0),
    ("anyTrue", Existence::AnyTrue, 0, 0),
    ("allFalse", Existence::AllFalse, 0, 0),
    ("anyFalse", Existence::AnyFalse, 0, 0),
    ("subsetOf", Existence::SubsetOf, 1, 1),
    ("supersetOf", Existence::SupersetOf, 1, 1),
    ("count", Existence::Count, 0, 0),
    ("isDistinct", Existence::IsDistinct, 0, 0),
    ("not", Existence::Not, 0, 0),
];

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn existence(
        &self,
        function: Existence,
        input: &[Value<'resource>],
        call: &Call<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let result = match function {
            Existence::Empty => input.is_empty(),
            Existence::Exists if call.arguments.is_empty() => !input.is_empty(),
            Existence::Exists => self.any(input, call, true)?,
            Existence::All => !self.any(input, call, false)?,
            Existence::AllTrue => self.booleans(input, call)?.iter().all(|value| *value),
            Existence::AnyTrue => self.booleans(input, call)?.iter().any(|value| *value),
            Existence::AllFalse => self.booleans(input, call)?.iter().all(|value| !*value),
            Existence::AnyFalse => self.booleans(input, call)?.iter().any(|value| !*value),
            Existence::SubsetOf => {
                let other = self.argument(call, 0)?.unwrap_or_default();
                self.is_subset(input, &other)?
            }
            Existence::SupersetOf => {
                let other = self.argument(call, 0)?.unwrap_or_default();
                self.is_subset(&other, input)?
            }
            Existence::Count => return Ok(smallvec![integer(input.len())]),
            Existence::IsDistinct => self.is_distinct(input)?,
            Existence::Not => {
                let value = truth(input, call.name)?.map(|value| Value::Boolean(!value));
                return Ok(value.into_iter().collect());
            }
        };
        Ok(smallvec![Value::Boolean(result)])
    }

    /// Whether the criterion is true for an item, or, unless it is `wanted`, whether it is not.
    fn any(
        &self,
        input: &[Value<'resource>],
        call: &Call<'_, 'resource>,
        wanted: bool,
    ) -> Result<bool, EvaluationError> {
        for (index, item) in input.iter().enumerate() {
            let is_true = truth(&self.of_item(call, 0, item, index)?, call.name)? == Some(true);
            if is_true == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn booleans(
        &self,
        input: &[Value<'resource>],
        call: &Call<'_, 'resource>,
    ) -> Result<Vec<bool>, EvaluationError> {
        let boolean = |value: &Value<'resource>| match value.simple() {
            Value::Boolean(value) => Ok(value),
            other => Err(self.operand(call, "Booleans", &other)),
        };
        input.iter().map(boolean).collect()
    }

    fn is_subset(&self, of: &[Value<'resource>], all: &[Value<'resource>]) -> Result<bool, EvaluationError> {
        for value in of {
            if !contains(all, value, &self.budget)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_distinct(&self, input: &[Value<'resource>]) -> Result<bool, EvaluationError> {
        let mut seen = Seen::default();
        for value in input {
            if !seen.add(value, &self.budget)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
