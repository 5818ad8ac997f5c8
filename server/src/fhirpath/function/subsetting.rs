//! Subsetting, <http://hl7.org/fhirpath/N1/#subsetting>.

use super::{Call, Row};
use crate::fhirpath::evaluate::{Evaluated, Evaluation, single};
use crate::fhirpath::value::Collection;
use crate::fhirpath::value::equality::{Seen, contains};

/// The functions of this section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Subsetting {
    Single,
    First,
    Last,
    Tail,
    Skip,
    Take,
    Intersect,
    Exclude,
}

pub const FUNCTIONS: &[Row<Subsetting>] = &[
    ("single", Subsetting::Single, 0, 0),
    ("first", Subsetting::First, 0, 0),
    ("last", Subsetting::Last, 0, 0),
    ("tail", Subsetting::Tail, 0, 0),
    ("skip", Subsetting::Skip, 1, 1),
    ("take", Subsetting::Take, 1, 1),
    ("intersect", Subsetting::Intersect, 1, 1),
    ("exclude", Subsetting::Exclude, 1, 1),
];

impl Subsetting {
    /// Whether it matters in which order the items are.
    pub fn needs_order(self) -> bool {
        matches!(
            self,
            Subsetting::First | Subsetting::Last | Subsetting::Tail | Subsetting::Skip | Subsetting::Take
        )
    }
}

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn subsetting(
        &self,
        function: Subsetting,
        input: Collection<'resource>,
        call: &Call<'_, 'resource>,
    ) -> Evaluated<'resource> {
        let number = || -> Result<usize, _> {
            let number = self.integer_argument(call, 0)?.unwrap_or(0);
            Ok(usize::try_from(number).unwrap_or(0))
        };
        match function {
            Subsetting::Single => {
                single(&input, call.name)?;
                Ok(input)
            }
            Subsetting::First => Ok(input.into_iter().take(1).collect()),
            Subsetting::Last => Ok(input.into_iter().next_back().into_iter().collect()),
            Subsetting::Tail => Ok(input.into_iter().skip(1).collect()),
            Subsetting::Skip => Ok(input.into_iter().skip(number()?).collect()),
            Subsetting::Take => Ok(input.into_iter().take(number()?).collect()),
            Subsetting::Intersect | Subsetting::Exclude => {
                let other = self.argument(call, 0)?.unwrap_or_default();
                let wanted = function == Subsetting::Intersect;
                let (mut seen, mut kept) = (Seen::default(), Collection::new());
                for item in input {
                    let is_there = contains(&other, &item, &self.budget)?;
                    // An intersection has each item once.
                    if is_there == wanted && (!wanted || seen.add(&item, &self.budget)?) {
                        kept.push(item);
                    }
                }
                Ok(kept)
            }
        }
    }
}
