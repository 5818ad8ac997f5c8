//! Filtering and projection, <http://hl7.org/fhirpath/N1/#filtering-and-projection>, and the ways through the tree,
//! <http://hl7.org/fhirpath/N1/#tree-navigation>.

use super::{Call, Row};
use crate::fhirpath::evaluate::{Evaluated, Evaluation, truth};
use crate::fhirpath::value::equality::Seen;
use crate::fhirpath::value::{Collection, Value};

/// The functions of these sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Filtering {
    Where,
    Select,
    Repeat,
    Children,
    Descendants,
}

pub const FUNCTIONS: &[Row<Filtering>] = &[
    ("where", Filtering::Where, 1, 1),
    ("select", Filtering::Select, 1, 1),
    ("repeat", Filtering::Repeat, 1, 1),
    ("children", Filtering::Children, 0, 0),
    ("descendants", Filtering::Descendants, 0, 0),
];

impl<'resource> Evaluation<'_, 'resource> {
    pub(super) fn filtering(
        &self,
        function: Filtering,
        input: Collection<'resource>,
        call: &Call<'_, 'resource>,
    ) -> Evaluated<'resource> {
        match function {
            Filtering::Where => {
                let mut kept = Collection::new();
                for (index, item) in input.into_iter().enumerate() {
                    if truth(&self.of_item(call, 0, &item, index)?, call.name)? == Some(true) {
                        kept.push(item);
                    }
                }
                Ok(kept)
            }
            Filtering::Select => {
                let mut selected = Collection::new();
                for (index, item) in input.iter().enumerate() {
                    selected.extend(self.of_item(call, 0, item, index)?);
                }
                Ok(selected)
            }
            Filtering::Repeat => self.repeat(&input, call),
            Filtering::Children => self.children(&input),
            Filtering::Descendants => {
                let mut found = self.children(&input)?;
                let mut visited = 0;
                while let Some(next) = found.get(visited..).filter(|next| !next.is_empty()) {
                    let children = self.children(next)?;
                    visited = found.len();
                    found.extend(children);
                }
                Ok(found)
            }
        }
    }

    fn children(&self, input: &[Value<'resource>]) -> Evaluated<'resource> {
        let mut found = Collection::new();
        for value in input {
            if let Value::Element(element) = value {
                element.children(self.environment.model, &mut found);
            }
        }
        self.budget.charge(input.len() + found.len())?;
        Ok(found)
    }

    /// What the projection gives, and what it gives of that, as long as there is something new.
    fn repeat(&self, input: &[Value<'resource>], call: &Call<'_, 'resource>) -> Evaluated<'resource> {
        let (mut seen, mut found) = (Seen::default(), Collection::new());
        let mut pending: Vec<Value<'resource>> = input.iter().rev().cloned().collect();
        let mut index = 0;
        while let Some(item) = pending.pop() {
            let results = self.of_item(call, 0, &item, index)?;
            index += 1;
            for result in results {
                if seen.add(&result, &self.budget)? {
                    pending.push(result.clone());
                    found.push(result);
                }
            }
        }
        Ok(found)
    }
}
