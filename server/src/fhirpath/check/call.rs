//! What functions need, and what they give.

use super::{Check, Checked, Known, Shape};
use crate::fhirpath::error::SemanticError;
use crate::fhirpath::expression::Expression;
use crate::fhirpath::function::{
    Combining, Conversion, ElementFunction, Existence, Filtering, Function, StringFunction, Utility,
};
use crate::fhirpath::model::SystemType;

impl Check<'_> {
    /// What a call gives on `input`, where `$this` is `this` for arguments that are not evaluated for each item.
    pub(super) fn call(
        &self,
        function: Function,
        input: Shape,
        arguments: &[Expression],
        this: &Shape,
    ) -> Checked {
        let inner = if evaluates_for_each(function) {
            &input
        } else {
            this
        };
        let mut given = Vec::with_capacity(arguments.len());
        for argument in arguments {
            given.push(self.expression(argument, inner)?);
        }
        self.input(function, &input)?;
        let first = given.first().cloned();
        Ok(match function {
            Function::Subsetting(_) | Function::Combining(Combining::Distinct) => input,
            Function::Filtering(Filtering::Where) | Function::Utility(Utility::Trace | Utility::Sort) => {
                input
            }
            Function::Combining(_) => first.map_or(input.clone(), |other| input.union(other)),
            Function::Filtering(Filtering::Select) => first.unwrap_or_else(Shape::any),
            Function::Filtering(Filtering::Repeat) => self.repeated(first, arguments),
            Function::Filtering(Filtering::Children | Filtering::Descendants) => {
                let mut shape = Shape::any();
                shape.is_ordered = false;
                shape
            }
            Function::Conversion(Conversion::Iif) => self.chosen(function, &given)?,
            Function::Conversion(Conversion::To(wanted)) => Shape::system(wanted),
            Function::Existence(Existence::Count) => Shape::system(SystemType::Integer),
            Function::Existence(_) | Function::Conversion(Conversion::ConvertsTo(_)) => {
                Shape::system(SystemType::Boolean)
            }
            Function::Element(ElementFunction::Extension) => {
                let extension = self.model.type_named("Extension").map(Known::Element);
                extension.map_or_else(Shape::any, |extension| input.with(vec![extension]))
            }
            _ => Shape::any(),
        })
    }

    /// Whether the input is what the function is for.
    fn input(&self, function: Function, input: &Shape) -> Result<(), SemanticError> {
        match function {
            Function::Subsetting(subsetting) if subsetting.needs_order() && !input.is_ordered => {
                Err(SemanticError::Unordered(function))
            }
            Function::String(string)
                if string != StringFunction::Join && input.is_never(SystemType::String) =>
            {
                Err(self.operand(function, "a String", input))
            }
            _ => Ok(()),
        }
    }

    /// What is found on the way: what the projection gives, and what it gives of that.
    fn repeated(&self, first: Option<Shape>, arguments: &[Expression]) -> Shape {
        let (Some(first), Some(argument)) = (first, arguments.first()) else {
            return Shape::any();
        };
        match self.expression(argument, &first) {
            Ok(again) => first.union(again),
            // What is found first need not have what is looked for further.
            Err(_) => first,
        }
    }

    fn chosen(&self, function: Function, given: &[Shape]) -> Checked {
        match given {
            [condition, ..] if condition.is_never(SystemType::Boolean) => {
                Err(self.operand(function, "a Boolean", condition))
            }
            [_, results @ ..] => Ok(results.iter().cloned().fold(Shape::empty(), Shape::union)),
            [] => Ok(Shape::any()),
        }
    }

    fn operand(&self, function: Function, expected: &'static str, found: &Shape) -> SemanticError {
        SemanticError::Operand {
            function,
            expected,
            found: found.name(self.model),
        }
    }
}

/// Whether the arguments are evaluated for each item of the input.
fn evaluates_for_each(function: Function) -> bool {
    match function {
        Function::Existence(existence) => !matches!(existence, Existence::SubsetOf | Existence::SupersetOf),
        Function::Filtering(_) | Function::Conversion(Conversion::Iif) => true,
        Function::Utility(utility) => !matches!(utility, Utility::Now | Utility::Today | Utility::TimeOfDay),
        _ => false,
    }
}
