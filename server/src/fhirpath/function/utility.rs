//! Utility functions, <http://hl7.org/fhirpath/N1/#utility-functions>, with `aggregate()`, `type()` and `sort()`.

use std::cmp::Ordering;

use smallvec::smallvec;

use super::{Call, Row};
use crate::fhirpath::error::EvaluationError;
use crate::fhirpath::evaluate::{Evaluated, Evaluation, Focus, single};
use crate::fhirpath::expression::Expression;
use crate::fhirpath::value::comparison::{NoOrder, compare};
use crate::fhirpath::value::{Collection, Temporal, Value};

/// The functions of these sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Utility {
    Trace,
    Now,
    Today,
    TimeOfDay,
    Aggregate,
    Type,
    Sort,
}

pub const FUNCTIONS: &[Row<Utility>] = &[
    ("trace", Utility::Trace, 1, 2),
    ("now", Utility::Now, 0, 0),
    ("today", Utility::Today, 0, 0),
    ("timeOfDay", Utility::TimeOfDay, 0, 0),
    ("aggregate", Utility::Aggregate, 1, 2),
    ("type", Utility::Type, 0, 0),
    ("sort", Utility::Sort, 0, 16),
];

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn utility(
        &self,
        function: Utility,
        input: Collection<'resource>,
        call: &Call<'_, 'resource>,
    ) -> Evaluated<'resource> {
        match function {
            Utility::Trace => {
                self.trace(&input, call)?;
                Ok(input)
            }
            Utility::Now => Ok(smallvec![Value::DateTime(self.now())]),
            Utility::Today => Ok(smallvec![Value::Date(self.now().date_part())]),
            Utility::TimeOfDay => Ok(smallvec![Value::Time(self.now().time_part())]),
            Utility::Aggregate => self.aggregate(&input, call),
            Utility::Type => Ok(input.iter().map(|value| self.type_of(value)).collect()),
            Utility::Sort => self.sort(input, call),
        }
    }

    fn now(&self) -> Temporal {
        Temporal::of(&self.environment.now.to_zoned(jiff::tz::TimeZone::UTC))
    }

    fn trace(&self, input: &[Value<'resource>], call: &Call<'_, 'resource>) -> Result<(), EvaluationError> {
        let name = self.text_argument(call, 0)?.unwrap_or_default();
        if call.arguments.len() < 2 {
            self.environment.host.trace(&name, input);
            return Ok(());
        }
        let mut projected = Collection::new();
        for (index, item) in input.iter().enumerate() {
            projected.extend(self.of_item(call, 1, item, index)?);
        }
        self.environment.host.trace(&name, &projected);
        Ok(())
    }

    fn aggregate(&self, input: &[Value<'resource>], call: &Call<'_, 'resource>) -> Evaluated<'resource> {
        let mut total = self.argument(call, 1)?.unwrap_or_default();
        let Some(aggregator) = call.arguments.first() else {
            return Ok(total);
        };
        for (index, item) in input.iter().enumerate() {
            let focus = Focus {
                this: std::slice::from_ref(item),
                index: Some(index),
                total: Some(&total),
            };
            total = self.evaluate(aggregator, &focus)?;
        }
        Ok(total)
    }

    fn type_of(&self, value: &Value<'resource>) -> Value<'resource> {
        let name = value.type_name(self.environment.model);
        let namespace = if matches!(value, Value::Element(_)) {
            "FHIR"
        } else {
            "System"
        };
        Value::TypeInfo { namespace, name }
    }

    /// By the keys in order; a key with a minus before it sorts from the largest to the smallest. What has no key comes first.
    fn sort(&self, input: Collection<'resource>, call: &Call<'_, 'resource>) -> Evaluated<'resource> {
        let mut keyed = Vec::with_capacity(input.len());
        for (index, item) in input.into_iter().enumerate() {
            let keys = self.sort_keys(&item, index, call)?;
            keyed.push((keys, item));
        }
        self.budget.charge(keyed.len().saturating_mul(16))?;
        let mut broken = None;
        keyed.sort_by(|(one, _), (another, _)| {
            one.iter()
                .zip(another)
                .fold(Ordering::Equal, |order, (one, another)| {
                    order.then_with(|| match key_order(one, another) {
                        Ok(order) => order,
                        Err(NoOrder) => {
                            broken = one.value.clone().or_else(|| another.value.clone());
                            Ordering::Equal
                        }
                    })
                })
        });
        match broken {
            Some(value) => Err(self.operand(call, "values that have an order", &value)),
            None => Ok(keyed.into_iter().map(|(_, item)| item).collect()),
        }
    }

    fn sort_keys(
        &self,
        item: &Value<'resource>,
        index: usize,
        call: &Call<'_, 'resource>,
    ) -> Result<Vec<Key<'resource>>, EvaluationError> {
        let focus = Focus {
            this: std::slice::from_ref(item),
            index: Some(index),
            total: call.focus.total,
        };
        if call.arguments.is_empty() {
            let value = Some(item.clone());
            return Ok(vec![Key {
                value,
                descends: false,
            }]);
        }
        let key = |argument: &'resource Expression| {
            let (argument, descends) = match argument {
                Expression::Negative(inner) => (&**inner, true),
                _ => (argument, false),
            };
            let values = self.evaluate(argument, &focus)?;
            let value = single(&values, call.name)?.cloned();
            Ok(Key { value, descends })
        };
        call.arguments.iter().map(key).collect()
    }
}

/// What an item is sorted by.
struct Key<'resource> {
    value: Option<Value<'resource>>,
    descends: bool,
}

fn key_order(one: &Key<'_>, another: &Key<'_>) -> Result<Ordering, NoOrder> {
    match (&one.value, &another.value) {
        (Some(first), Some(second)) => {
            let order = compare(first, second)?.unwrap_or(Ordering::Equal);
            Ok(if one.descends { order.reverse() } else { order })
        }
        (first, second) => Ok(first.is_some().cmp(&second.is_some())),
    }
}
