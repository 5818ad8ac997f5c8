//! Combining, <http://hl7.org/fhirpath/N1/#combining>, and `distinct()`.

use super::{Call, Row};
use crate::fhirpath::evaluate::{Evaluated, Evaluation};
use crate::fhirpath::value::Collection;
use crate::fhirpath::value::equality::Seen;

/// The functions of this section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Combining {
    Union,
    Combine,
    Distinct,
}

pub const FUNCTIONS: &[Row<Combining>] = &[
    ("union", Combining::Union, 1, 1),
    ("combine", Combining::Combine, 1, 1),
    ("distinct", Combining::Distinct, 0, 0),
];

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn combining(
        &self,
        function: Combining,
        mut input: Collection<'resource>,
        call: &Call<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let other = self.argument(call, 0)?.unwrap_or_default();
        match function {
            Combining::Combine => {
                input.extend(other);
                Ok(input)
            }
            Combining::Union | Combining::Distinct => self.union(input, other),
        }
    }

    /// Both without what is there twice.
    pub fn union(&self, left: Collection<'resource>, right: Collection<'resource>) -> Evaluated<'resource> {
        let (mut seen, mut union) = (Seen::default(), Collection::new());
        for value in left.into_iter().chain(right) {
            if seen.add(&value, &self.budget)? {
                union.push(value);
            }
        }
        Ok(union)
    }
}
