//! Operators between two operands, <http://hl7.org/fhirpath/N1/#operations>.

use std::cmp::Ordering;

use smallvec::smallvec;

use super::{Evaluated, Evaluation, Focus, single, truth};
use crate::fhirpath::error::EvaluationError;
use crate::fhirpath::expression::{BinaryOperator, Expression};
use crate::fhirpath::value::comparison::{NoOrder, compare};
use crate::fhirpath::value::equality::{contains, equal_collections, equivalent_collections};
use crate::fhirpath::value::{Collection, Value};

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn operators(
        &self,
        first: &'resource Expression,
        rest: &'resource [(BinaryOperator, Expression)],
        focus: &Focus<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let mut left = self.evaluate(first, focus)?;
        for (operator, right) in rest {
            left = match operator {
                BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor | BinaryOperator::Implies => {
                    self.logic(*operator, &left, right, focus)?
                }
                _ => self.operator(*operator, left, self.evaluate(right, focus)?)?,
            };
            self.budget.charge(1 + left.len())?;
        }
        Ok(left)
    }

    /// Three-valued logic. The right operand is not looked at when the left one decides.
    fn logic(
        &self,
        operator: BinaryOperator,
        left: &[Value<'resource>],
        right: &'resource Expression,
        focus: &Focus<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let name = operator.text();
        let left = truth(left, name)?;
        let decided = match (operator, left) {
            (BinaryOperator::And, Some(false)) => Some(false),
            (BinaryOperator::Or, Some(true)) | (BinaryOperator::Implies, Some(false)) => Some(true),
            _ => None,
        };
        if let Some(decided) = decided {
            return Ok(smallvec![Value::Boolean(decided)]);
        }
        let right = truth(&self.evaluate(right, focus)?, name)?;
        let result = match (operator, left, right) {
            (BinaryOperator::And, _, Some(false)) => Some(false),
            (BinaryOperator::Or | BinaryOperator::Implies, _, Some(true)) => Some(true),
            (BinaryOperator::And, Some(left), Some(right)) => Some(left && right),
            (BinaryOperator::Or, Some(left), Some(right)) => Some(left || right),
            (BinaryOperator::Xor, Some(left), Some(right)) => Some(left != right),
            (BinaryOperator::Implies, Some(left), Some(right)) => Some(!left || right),
            _ => None,
        };
        Ok(boolean(result))
    }

    fn operator(
        &self,
        operator: BinaryOperator,
        left: Collection<'resource>,
        right: Collection<'resource>,
    ) -> Evaluated<'resource> {
        let budget = &self.budget;
        match operator {
            BinaryOperator::Union => self.union(left, right),
            BinaryOperator::Equal => Ok(boolean(equal_collections(&left, &right, budget)?)),
            BinaryOperator::NotEqual => Ok(boolean(
                equal_collections(&left, &right, budget)?.map(|equal| !equal),
            )),
            BinaryOperator::Equivalent => Ok(boolean(Some(equivalent_collections(&left, &right, budget)?))),
            BinaryOperator::NotEquivalent => {
                Ok(boolean(Some(!equivalent_collections(&left, &right, budget)?)))
            }
            BinaryOperator::In => self.membership(operator, &left, &right),
            BinaryOperator::Contains => self.membership(operator, &right, &left),
            BinaryOperator::Less
            | BinaryOperator::LessOrEqual
            | BinaryOperator::Greater
            | BinaryOperator::GreaterOrEqual => self.order(operator, &left, &right),
            BinaryOperator::Concatenate => self.concatenate(&left, &right),
            _ => self.arithmetic(operator, &left, &right),
        }
    }

    fn membership(
        &self,
        operator: BinaryOperator,
        value: &[Value<'resource>],
        values: &[Value<'resource>],
    ) -> Evaluated<'resource> {
        let value = single(value, operator.text())?;
        let found = value
            .map(|value| contains(values, value, &self.budget))
            .transpose()?;
        Ok(boolean(found))
    }

    fn order(
        &self,
        operator: BinaryOperator,
        left: &[Value<'resource>],
        right: &[Value<'resource>],
    ) -> Evaluated<'resource> {
        let operands = single(left, operator.text())?.zip(single(right, operator.text())?);
        let Some((left, right)) = operands else {
            return Ok(Collection::new());
        };
        let order = compare(left, right).map_err(|NoOrder| self.mismatch(operator, left, right))?;
        let holds = |order: Ordering| match operator {
            BinaryOperator::Less => order.is_lt(),
            BinaryOperator::LessOrEqual => order.is_le(),
            BinaryOperator::Greater => order.is_gt(),
            _ => order.is_ge(),
        };
        Ok(boolean(order.map(holds)))
    }

    fn concatenate(&self, left: &[Value<'resource>], right: &[Value<'resource>]) -> Evaluated<'resource> {
        let (left, right) = (single(left, "&")?, single(right, "&")?);
        let text = |value: Option<&Value<'resource>>| match value.map(Value::simple) {
            None => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.into_owned()),
            Some(other) => Err(EvaluationError::Operand {
                function: "&",
                expected: "Strings",
                found: other.type_name(self.environment.model),
            }),
        };
        let text = text(left)? + &text(right)?;
        self.budget.charge_text(&text)?;
        Ok(smallvec![Value::from(text)])
    }

    pub(super) fn mismatch(
        &self,
        operator: BinaryOperator,
        left: &Value<'resource>,
        right: &Value<'resource>,
    ) -> EvaluationError {
        let model = self.environment.model;
        EvaluationError::Operator {
            operator: operator.text(),
            left: left.type_name(model),
            right: right.type_name(model),
        }
    }
}

/// A truth value as a collection.
pub fn boolean<'resource>(value: Option<bool>) -> Collection<'resource> {
    value.map(Value::Boolean).into_iter().collect()
}
