//! The steps of paths: elements by name, indexes, calls. <http://hl7.org/fhirpath/N1/#path-selection>

use std::borrow::Cow;

use super::{Evaluated, Evaluation, Focus, single};
use crate::fhirpath::error::EvaluationError;
use crate::fhirpath::expression::{Expression, Step, TypeOperator};
use crate::fhirpath::type_specifier::is_derived;
use crate::fhirpath::value::{Collection, Value};

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn path(
        &self,
        head: Option<&'resource Expression>,
        steps: &'resource [Step],
        focus: &Focus<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let (mut values, steps) = match (head, steps) {
            (Some(head), steps) => (self.evaluate(head, focus)?, steps),
            // The first name may be that of the type that the context has.
            (None, [Step::Member(name), rest @ ..]) if self.is_type_of(name, focus.this) => {
                (focus.this.iter().cloned().collect(), rest)
            }
            // The first element is looked up without a copy of the context.
            (None, [Step::Member(name), rest @ ..]) => (self.members(focus.this, name)?, rest),
            (None, steps) => (focus.this.iter().cloned().collect(), steps),
        };
        for step in steps {
            values = self.step(values, step, focus)?;
            self.budget.charge(1 + values.len())?;
        }
        Ok(values)
    }

    fn step(
        &self,
        values: Collection<'resource>,
        step: &'resource Step,
        focus: &Focus<'_, 'resource>,
    ) -> Evaluated<'resource> {
        match step {
            Step::Member(name) => self.members(&values, name),
            Step::Call(function, arguments) => self.call(*function, values, arguments, focus),
            // By N1 as() takes one value; R4's own invariants and search parameters filter with it (dom-3).
            Step::TypeCall(TypeOperator::As, wanted) => self.typed(values, TypeOperator::OfType, wanted),
            Step::TypeCall(operator, wanted) => self.typed(values, *operator, wanted),
            Step::Item(index) => self.item(&values, index, focus),
        }
    }

    /// The values of the element `name` of each value.
    pub fn members(&self, values: &[Value<'resource>], name: &str) -> Evaluated<'resource> {
        let mut found = Collection::new();
        for value in values {
            match value {
                Value::Element(element) => element.child(name, self.environment.model, &mut found),
                Value::TypeInfo { namespace, .. } if name == "namespace" => {
                    found.push(Value::String(Cow::Borrowed(namespace)));
                }
                Value::TypeInfo { name: type_name, .. } if name == "name" => {
                    found.push(Value::from(type_name.clone()));
                }
                _ => {}
            }
        }
        self.budget.charge(values.len())?;
        Ok(found)
    }

    fn item(
        &self,
        values: &[Value<'resource>],
        index: &'resource Expression,
        focus: &Focus<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let index = self.evaluate(index, focus)?;
        let Some(index) = single(&index, "an index")? else {
            return Ok(Collection::new());
        };
        match index.simple() {
            Value::Integer(index) => {
                let value = usize::try_from(index).ok().and_then(|index| values.get(index));
                Ok(value.cloned().into_iter().collect())
            }
            _ => Err(EvaluationError::Operand {
                function: "an index",
                expected: "an Integer",
                found: index.type_name(self.environment.model),
            }),
        }
    }

    fn is_type_of(&self, name: &str, values: &[Value<'resource>]) -> bool {
        if !name.starts_with(|letter: char| letter.is_ascii_uppercase()) {
            return false;
        }
        let model = self.environment.model;
        let of_type = |value: &Value<'resource>| match value {
            Value::Element(element) => model
                .type_named(name)
                .is_some_and(|wanted| is_derived(element.element_type, wanted, model)),
            _ => false,
        };
        !values.is_empty() && values.iter().all(of_type)
    }
}
