//! Evaluation: walks an expression over elements that stay where they are. <http://hl7.org/fhirpath/N1/#navigation-model>

mod arithmetic;
mod budget;
mod operator;
mod path;

use std::borrow::Cow;

use smallvec::smallvec;

use super::environment::Environment;
use super::error::EvaluationError;
use super::expression::{Expression, TypeOperator};
use super::type_specifier::TypeSpecifier;
use super::value::{Collection, Value};
pub use budget::Budget;

/// The result of a part of an expression.
pub type Evaluated<'resource> = Result<Collection<'resource>, EvaluationError>;

/// One evaluation of one expression.
pub struct Evaluation<'run, 'resource> {
    pub environment: &'run Environment<'resource>,
    /// What the evaluation began with: `%context`.
    pub context: &'run [Value<'resource>],
    pub budget: Budget,
}

/// What names and `$` variables mean where the evaluation is.
#[derive(Clone, Copy)]
pub struct Focus<'run, 'resource> {
    /// `$this`
    pub this: &'run [Value<'resource>],
    /// `$index`
    pub index: Option<usize>,
    /// `$total`
    pub total: Option<&'run [Value<'resource>]>,
}

impl Expression {
    /// The values that the expression has, evaluated on `context`, which is in the environment's resource.
    ///
    /// # Errors
    /// [`EvaluationError`] when the values do not fit the expression, or it costs too much.
    pub fn evaluate<'resource>(
        &'resource self,
        context: &[Value<'resource>],
        environment: &Environment<'resource>,
    ) -> Evaluated<'resource> {
        let evaluation = Evaluation {
            environment,
            context,
            budget: Budget::new(environment.maximum_steps),
        };
        let focus = Focus {
            this: context,
            index: None,
            total: None,
        };
        evaluation.evaluate(self, &focus)
    }

    /// The values on the environment's resource itself.
    ///
    /// # Errors
    /// [`EvaluationError`] as above.
    pub fn evaluate_resource<'resource>(
        &'resource self,
        environment: &Environment<'resource>,
    ) -> Evaluated<'resource> {
        let context: Collection<'resource> = environment.resource.into_iter().map(Value::Element).collect();
        self.evaluate(&context, environment)
    }

    /// Whether the expression, as the condition of an invariant, is true of `context`; an empty result is not.
    ///
    /// # Errors
    /// [`EvaluationError`] as above, and when there are several values.
    pub fn holds<'resource>(
        &'resource self,
        context: &[Value<'resource>],
        environment: &Environment<'resource>,
    ) -> Result<bool, EvaluationError> {
        let values = self.evaluate(context, environment)?;
        Ok(truth(&values, "a condition")? == Some(true))
    }
}

impl<'resource> Evaluation<'_, 'resource> {
    /// The values of `expression` in `focus`.
    pub fn evaluate(
        &self,
        expression: &'resource Expression,
        focus: &Focus<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let values = match expression {
            Expression::Literal(value) => smallvec![value.borrowed()],
            Expression::Empty => smallvec![],
            Expression::Variable(name) => self.variable(name)?,
            Expression::This => focus.this.iter().cloned().collect(),
            Expression::Index => focus.index.map(integer).into_iter().collect(),
            Expression::Total => focus.total.unwrap_or_default().iter().cloned().collect(),
            Expression::Path(head, steps) => self.path(head.as_deref(), steps, focus)?,
            Expression::Negative(operand) => self.negative(&self.evaluate(operand, focus)?)?,
            Expression::Positive(operand) => self.positive(self.evaluate(operand, focus)?)?,
            Expression::Binary(first, rest) => self.operators(first, rest, focus)?,
            Expression::Type(operand, operator, wanted) => {
                let operand = self.evaluate(operand, focus)?;
                self.typed(operand, *operator, wanted)?
            }
        };
        self.budget.charge(1 + values.len())?;
        Ok(values)
    }

    /// `is`, `as` and `ofType`.
    pub fn typed(
        &self,
        mut values: Collection<'resource>,
        operator: TypeOperator,
        wanted: &TypeSpecifier,
    ) -> Evaluated<'resource> {
        let model = self.environment.model;
        if !wanted.is_known(model) {
            return Err(EvaluationError::UnknownType(wanted.to_string()));
        }
        match operator {
            TypeOperator::Is => {
                let value = single(&values, "is")?;
                Ok(value
                    .map(|value| Value::Boolean(wanted.includes(value, model)))
                    .into_iter()
                    .collect())
            }
            TypeOperator::As => {
                single(&values, "as")?;
                values.retain(|value| wanted.selects(value, model));
                Ok(values)
            }
            TypeOperator::OfType => {
                values.retain(|value| wanted.selects(value, model));
                Ok(values)
            }
        }
    }

    /// <http://hl7.org/fhirpath/N1/#environment-variables>, <http://hl7.org/fhir/R4/fhirpath.html#vars>
    fn variable(&self, name: &str) -> Evaluated<'resource> {
        let environment = self.environment;
        if let Some((_, value)) = environment.variables.iter().find(|(one, _)| one == name) {
            return Ok(smallvec![value.clone()]);
        }
        let text = |text: &'static str| Ok(smallvec![Value::String(Cow::Borrowed(text))]);
        let element = |element: Option<_>| Ok(element.map(Value::Element).into_iter().collect());
        match name {
            "context" => Ok(self.context.iter().cloned().collect()),
            "resource" => element(environment.resource),
            "rootResource" => element(environment.root_resource),
            "ucum" => text("http://unitsofmeasure.org"),
            "sct" => text("http://snomed.info/sct"),
            "loinc" => text("http://loinc.org"),
            _ => {
                let url = name
                    .strip_prefix("vs-")
                    .map(|id| format!("http://hl7.org/fhir/ValueSet/{id}"))
                    .or_else(|| {
                        let id = name.strip_prefix("ext-")?;
                        Some(format!("http://hl7.org/fhir/StructureDefinition/{id}"))
                    });
                let unknown = || EvaluationError::UnknownVariable(name.to_owned());
                url.map(|url| smallvec![Value::from(url)]).ok_or_else(unknown)
            }
        }
    }
}

/// The one value of a collection; `None` when it is empty.
///
/// # Errors
/// [`EvaluationError::NotSingle`] when there are more.
pub fn single<'values, 'resource>(
    values: &'values [Value<'resource>],
    needed_by: &'static str,
) -> Result<Option<&'values Value<'resource>>, EvaluationError> {
    match values {
        [] => Ok(None),
        [value] => Ok(Some(value)),
        _ => {
            let count = values.len();
            Err(EvaluationError::NotSingle { needed_by, count })
        }
    }
}

/// A collection as a condition: a boolean is itself, any other single value counts as true.
/// <http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections>
///
/// # Errors
/// [`EvaluationError::NotSingle`] for several values.
pub fn truth(values: &[Value<'_>], needed_by: &'static str) -> Result<Option<bool>, EvaluationError> {
    Ok(single(values, needed_by)?.map(|value| match value.simple() {
        Value::Boolean(value) => value,
        _ => true,
    }))
}

/// A count or an index.
pub fn integer<'resource>(number: usize) -> Value<'resource> {
    Value::Integer(i32::try_from(number).unwrap_or(i32::MAX))
}
