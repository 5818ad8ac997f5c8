//! The functions, one file for each section of the standard. <http://hl7.org/fhirpath/N1/#functions>

mod boundary;
mod combining;
mod conversion;
mod element;
mod existence;
mod filtering;
mod math;
mod pattern;
mod string;
mod subsetting;
mod utility;

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use super::error::EvaluationError;
use super::evaluate::{Evaluated, Evaluation, Focus, single};
use super::expression::Expression;
use super::value::{Collection, Value};
pub use boundary::BoundaryFunction;
pub use combining::Combining;
pub use conversion::Conversion;
pub use element::ElementFunction;
pub use existence::Existence;
pub use filtering::Filtering;
pub use math::Math;
pub use string::StringFunction;
pub use subsetting::Subsetting;
pub use utility::Utility;

/// A function, by the section of the standard that describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each has its own documentation")]
pub enum Function {
    Existence(Existence),
    Filtering(Filtering),
    Subsetting(Subsetting),
    Combining(Combining),
    Conversion(Conversion),
    String(StringFunction),
    Math(Math),
    Utility(Utility),
    Boundary(BoundaryFunction),
    Element(ElementFunction),
}

/// The name of a function, the function, and how many arguments it takes at least and at most.
type Row<Of> = (&'static str, Of, usize, usize);

impl Function {
    /// The function called `name`.
    pub fn parse(name: &str) -> Option<Function> {
        fn found<Of: Copy>(
            rows: &[Row<Of>],
            name: &str,
            function: impl Fn(Of) -> Function,
        ) -> Option<Function> {
            let row = rows.iter().find(|row| row.0 == name);
            row.map(|row| function(row.1))
        }
        found(existence::FUNCTIONS, name, Function::Existence)
            .or_else(|| found(filtering::FUNCTIONS, name, Function::Filtering))
            .or_else(|| found(subsetting::FUNCTIONS, name, Function::Subsetting))
            .or_else(|| found(combining::FUNCTIONS, name, Function::Combining))
            .or_else(|| found(conversion::FUNCTIONS, name, Function::Conversion))
            .or_else(|| found(string::FUNCTIONS, name, Function::String))
            .or_else(|| found(math::FUNCTIONS, name, Function::Math))
            .or_else(|| found(utility::FUNCTIONS, name, Function::Utility))
            .or_else(|| found(boundary::FUNCTIONS, name, Function::Boundary))
            .or_else(|| found(element::FUNCTIONS, name, Function::Element))
    }

    /// How many arguments it takes.
    pub fn argument_counts(self) -> RangeInclusive<usize> {
        let (_, least, most) = self.row();
        least..=most
    }

    /// The name as expressions write it, without parentheses.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    fn row(self) -> (&'static str, usize, usize) {
        fn of<Of: Copy + PartialEq>(rows: &[Row<Of>], function: Of) -> (&'static str, usize, usize) {
            let row = rows.iter().find(|row| row.1 == function);
            row.map_or(("", 0, 0), |(name, _, least, most)| (*name, *least, *most))
        }
        match self {
            Function::Existence(function) => of(existence::FUNCTIONS, function),
            Function::Filtering(function) => of(filtering::FUNCTIONS, function),
            Function::Subsetting(function) => of(subsetting::FUNCTIONS, function),
            Function::Combining(function) => of(combining::FUNCTIONS, function),
            Function::Conversion(function) => of(conversion::FUNCTIONS, function),
            Function::String(function) => of(string::FUNCTIONS, function),
            Function::Math(function) => of(math::FUNCTIONS, function),
            Function::Utility(function) => of(utility::FUNCTIONS, function),
            Function::Boundary(function) => of(boundary::FUNCTIONS, function),
            Function::Element(function) => of(element::FUNCTIONS, function),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A call: the arguments as expressions, and where they are evaluated.
#[derive(Clone, Copy)]
pub struct Call<'run, 'resource> {
    /// What messages call the function.
    name: &'static str,
    arguments: &'resource [Expression],
    focus: &'run Focus<'run, 'resource>,
}

impl<'resource> Evaluation<'_, 'resource> {
    /// What `function` makes of `input`.
    pub fn call(
        &self,
        function: Function,
        input: Collection<'resource>,
        arguments: &'resource [Expression],
        focus: &Focus<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let name = function.name();
        let call = Call {
            name,
            arguments,
            focus,
        };
        match function {
            Function::Existence(function) => self.existence(function, &input, &call),
            Function::Filtering(function) => self.filtering(function, input, &call),
            Function::Subsetting(function) => self.subsetting(function, input, &call),
            Function::Combining(function) => self.combining(function, input, &call),
            Function::Conversion(function) => self.conversion(function, &input, &call),
            Function::String(function) => self.string(function, &input, &call),
            Function::Math(function) => self.math(function, &input, &call),
            Function::Utility(function) => self.utility(function, input, &call),
            Function::Boundary(function) => self.boundary(function, &input, &call),
            Function::Element(function) => self.element(function, input, &call),
        }
    }

    /// The values of an argument, evaluated where the call stands; `None` when it is not given.
    fn argument(
        &self,
        call: &Call<'_, 'resource>,
        index: usize,
    ) -> Result<Option<Collection<'resource>>, EvaluationError> {
        let argument = call.arguments.get(index);
        argument
            .map(|argument| self.evaluate(argument, call.focus))
            .transpose()
    }

    /// An argument that is one value; `None` when it is empty or not given.
    fn value_argument(
        &self,
        call: &Call<'_, 'resource>,
        index: usize,
    ) -> Result<Option<Value<'resource>>, EvaluationError> {
        let values = self.argument(call, index)?.unwrap_or_default();
        Ok(single(&values, call.name)?.map(Value::simple))
    }

    /// An argument that is a String.
    fn text_argument(
        &self,
        call: &Call<'_, 'resource>,
        index: usize,
    ) -> Result<Option<Cow<'resource, str>>, EvaluationError> {
        match self.value_argument(call, index)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.operand(call, "a String", &other)),
        }
    }

    /// An argument that is an Integer.
    fn integer_argument(
        &self,
        call: &Call<'_, 'resource>,
        index: usize,
    ) -> Result<Option<i32>, EvaluationError> {
        match self.value_argument(call, index)? {
            None => Ok(None),
            Some(Value::Integer(number)) => Ok(Some(number)),
            Some(other) => Err(self.operand(call, "an Integer", &other)),
        }
    }

    /// The values of an argument for one item of the input, which is `$this` there.
    fn of_item(
        &self,
        call: &Call<'_, 'resource>,
        argument: usize,
        item: &Value<'resource>,
        index: usize,
    ) -> Evaluated<'resource> {
        let focus = Focus {
            this: std::slice::from_ref(item),
            index: Some(index),
            total: call.focus.total,
        };
        match call.arguments.get(argument) {
            Some(argument) => self.evaluate(argument, &focus),
            None => Ok(Collection::new()),
        }
    }

    fn operand(
        &self,
        call: &Call<'_, 'resource>,
        expected: &'static str,
        found: &Value<'resource>,
    ) -> EvaluationError {
        EvaluationError::Operand {
            function: call.name,
            expected,
            found: found.type_name(self.environment.model),
        }
    }
}
