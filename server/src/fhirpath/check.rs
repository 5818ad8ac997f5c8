//! Checks an expression against the types that it is about, before there is any resource: names of elements and types
//! have to exist, functions and operators have to be used on what they are for. Where types are open (`children()`,
//! a resource of any type, `resolve()`), nothing is said.

mod call;
mod shape;

use shape::{Known, Shape};

use super::error::SemanticError;
use super::expression::{BinaryOperator, Expression, Step, TypeOperator};
use super::model::{Model, SystemType, Type};
use super::type_specifier::{TypeSpecifier, is_derived};

/// What may be anything, in order.
type Checked = Result<Shape, SemanticError>;

/// What an expression is checked against.
struct Check<'model> {
    model: &'model dyn Model,
    /// The type that the whole expression is evaluated on.
    context: Shape,
}

impl Expression {
    /// Checks whether the expression can be meant for elements of type `context`.
    ///
    /// # Errors
    /// [`SemanticError`] for the first thing that cannot.
    pub fn check(&self, context: Type, model: &dyn Model) -> Result<(), SemanticError> {
        let context = Shape::of(Known::Element(context));
        let check = Check { model, context };
        check.expression(self, &check.context).map(|_| ())
    }
}

impl Check<'_> {
    /// What `expression` gives where `$this` is `this`.
    fn expression(&self, expression: &Expression, this: &Shape) -> Checked {
        Ok(match expression {
            Expression::Literal(value) => value.system_type().map_or_else(Shape::any, Shape::system),
            Expression::Empty => Shape::empty(),
            Expression::Variable(name) if name == "context" => self.context.clone(),
            Expression::Variable(_) | Expression::Total => Shape::any(),
            Expression::This => this.clone(),
            Expression::Index => Shape::system(SystemType::Integer),
            Expression::Path(head, steps) => self.path(head.as_deref(), steps, this)?,
            Expression::Negative(operand) | Expression::Positive(operand) => {
                self.expression(operand, this)?
            }
            Expression::Binary(first, rest) => {
                let mut left = self.expression(first, this)?;
                for (operator, right) in rest {
                    left = self.operator(*operator, left, self.expression(right, this)?)?;
                }
                left
            }
            Expression::Type(operand, operator, wanted) => {
                let operand = self.expression(operand, this)?;
                self.typed(&operand, *operator, wanted)?
            }
        })
    }

    fn path(&self, head: Option<&Expression>, steps: &[Step], this: &Shape) -> Checked {
        let (mut shape, steps) = match (head, steps) {
            (Some(head), steps) => (self.expression(head, this)?, steps),
            (None, [Step::Member(name), rest @ ..]) => (self.first_name(name, this)?, rest),
            (None, steps) => (this.clone(), steps),
        };
        for step in steps {
            shape = match step {
                Step::Member(name) => self.member(&shape, name)?,
                Step::Call(function, arguments) => self.call(*function, shape, arguments, this)?,
                Step::TypeCall(operator, wanted) => self.typed(&shape, *operator, wanted)?,
                Step::Item(index) => {
                    self.expression(index, this)?;
                    shape
                }
            };
        }
        Ok(shape)
    }

    /// The name of the type that the expression is evaluated on, or an element of it.
    fn first_name(&self, name: &str, this: &Shape) -> Checked {
        let named = self
            .model
            .type_named(name)
            .filter(|_| name.starts_with(char::is_uppercase));
        let (Some(named), Some([Known::Element(context)])) = (named, this.types()) else {
            return self.member(this, name);
        };
        if is_derived(*context, named, self.model) {
            Ok(this.clone())
        } else if is_derived(named, *context, self.model) {
            Ok(Shape::of(Known::Element(named)))
        } else {
            Err(SemanticError::OtherContext {
                name: name.to_owned(),
                type_name: self.model.name(*context).to_owned(),
            })
        }
    }

    fn member(&self, shape: &Shape, name: &str) -> Checked {
        let Some(types) = shape.types() else {
            return Ok(shape.any_like());
        };
        let mut found = Vec::new();
        for known in types {
            let Known::Element(of) = known else {
                continue;
            };
            match self.model.element(*of, name) {
                // What is derived from it may have more elements.
                None if self.is_open(*of) => return Ok(shape.any_like()),
                None => {}
                Some(element) => match element.single {
                    Some(single) if self.is_open(single) => return Ok(shape.any_like()),
                    Some(single) => found.push(Known::Element(single)),
                    None => self.model.choices(*of, name, &mut |_, choice| {
                        found.push(Known::Element(choice));
                        true
                    }),
                },
            }
        }
        match types.first() {
            Some(first) if found.is_empty() => Err(SemanticError::UnknownElement {
                type_name: first.name(self.model),
                name: name.to_owned(),
            }),
            _ => Ok(shape.with(found)),
        }
    }

    /// Whether values of the type are of a type derived from it, so that it does not tell their elements.
    fn is_open(&self, of: Type) -> bool {
        matches!(
            self.model.name(of),
            "Resource" | "DomainResource" | "Element" | "BackboneElement"
        )
    }

    fn typed(&self, shape: &Shape, operator: TypeOperator, wanted: &TypeSpecifier) -> Checked {
        if !wanted.is_known(self.model) {
            return Err(SemanticError::UnknownType(wanted.to_string()));
        }
        if operator == TypeOperator::Is {
            return Ok(Shape::system(SystemType::Boolean));
        }
        let element = wanted.element_type(self.model).map(Known::Element);
        let system = wanted.system_type().map(Known::System);
        Ok(shape.with(element.into_iter().chain(system).collect()))
    }

    fn operator(&self, operator: BinaryOperator, left: Shape, right: Shape) -> Checked {
        use SystemType::{Date, DateTime, Decimal, Integer, Time};
        match operator {
            BinaryOperator::Union => Ok(left.union(right)),
            BinaryOperator::Add | BinaryOperator::Subtract
                if left.is_only(&[Date, DateTime, Time]) && right.is_only(&[Integer, Decimal]) =>
            {
                Err(SemanticError::Operator {
                    operator: operator.text(),
                    left: left.name(self.model),
                    right: right.name(self.model),
                })
            }
            BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Div
            | BinaryOperator::Mod
            | BinaryOperator::Add
            | BinaryOperator::Subtract => Ok(Shape::any()),
            BinaryOperator::Concatenate => Ok(Shape::system(SystemType::String)),
            _ => Ok(Shape::system(SystemType::Boolean)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;

    fn checked(context: &str, expression: &str) -> String {
        let structures = fixture::r4().structures();
        let context = structures.type_named(context).unwrap();
        let checked = Expression::parse(expression).unwrap().check(context, structures);
        checked.map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn what_can_be_meant_passes() {
        for (context, expression) in [
            ("Patient", "name.given | Patient.contact.name.given"),
            (
                "Observation",
                "value.as(Quantity).unit or component.value.ofType(Period).start",
            ),
            ("Bundle", "entry.resource.ofType(Patient).name"),
            ("Bundle", "entry.resource.name"),
            ("DomainResource", "contained.where(text.exists()).empty()"),
            ("DomainResource", "Patient.name"),
            ("Questionnaire", "repeat(item).item.code"),
            ("Patient", "birthDate.extension('a').value"),
            ("Patient", "birthDate + 1 year"),
            ("Extension", "extension.exists() != value.exists()"),
        ] {
            assert_eq!(checked(context, expression), "", "{expression}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (context, expression, expected) in [
            ("Patient", "name.given1", "HumanName has no element given1"),
            (
                "Patient",
                "name.where(given1 = 'a')",
                "HumanName has no element given1",
            ),
            (
                "Patient",
                "Encounter.name",
                "Encounter is not the type Patient, on which the expression is evaluated",
            ),
            (
                "Observation",
                "valueQuantity",
                "Observation has no element valueQuantity",
            ),
            (
                "Observation",
                "(value as Period).unit",
                "Period has no element unit",
            ),
            ("Observation", "value.ofType(string1)", "there is no type string1"),
            (
                "Patient",
                "children().skip(1)",
                "skip() needs an order, which children() and descendants() do not give",
            ),
            (
                "Patient",
                "identifier.startsWith('a')",
                "startsWith() needs a String, not Identifier",
            ),
            ("Patient", "iif('a', 1, 2)", "iif() needs a Boolean, not String"),
            (
                "Patient",
                "birthDate + 7",
                "+ cannot be used with date and Integer",
            ),
        ] {
            assert_eq!(checked(context, expression), expected, "{expression}");
        }
    }
}
