//! `_summary` and `_elements`: parts of resources instead of the whole, wherever resources are given out.
//! <http://hl7.org/fhir/R4/search.html#summary>, <http://hl7.org/fhir/R4/search.html#elements>
//!
//! It knows resources and their structures, and neither requests nor Bundles. Pure, but for the memory that it counts.

mod elements;

pub use elements::apply;

use crate::budget::{BudgetError, Spending};
use crate::definitions::structure::Structures;
use crate::resource::{Json, ResourceType, weight};

/// `_summary`, <http://hl7.org/fhir/R4/search.html#summary>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Summary {
    /// All elements, as when nothing is said.
    #[default]
    False,
    /// Elements that the definition marks as summary.
    True,
    /// `text`, id, meta and mandatory elements.
    Text,
    /// All but `text`.
    Data,
    /// Only the number of matches.
    Count,
}

impl Summary {
    /// The values there are, for who wrote another one.
    pub const VALUES: &str = "true, text, data, count or false";

    /// Reads `true` and its like; `None` for a value that the standard does not define.
    pub fn parse(value: &str) -> Option<Summary> {
        Some(match value {
            "true" => Summary::True,
            "false" => Summary::False,
            "text" => Summary::Text,
            "data" => Summary::Data,
            "count" => Summary::Count,
            _ => return None,
        })
    }
}

/// Why there is no part of a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubsetError {
    /// A value that the standard does not define.
    #[error("the parameter _summary is \"{0}\"; write {values}", values = Summary::VALUES)]
    UnknownSummary(String),
    /// A stored resource of this type is no JSON object, which is a fault of ours.
    #[error("a stored {0} is not a JSON object")]
    NotAnObject(ResourceType),
    /// There is no memory for the whole, of which it is a part.
    #[error(transparent)]
    Budget(#[from] BudgetError),
}

/// Which part of a resource is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subset {
    summary: Summary,
    elements: Vec<String>,
}

impl Subset {
    /// What a search asks for.
    pub fn new(summary: Summary, elements: Vec<String>) -> Subset {
        Subset { summary, elements }
    }

    /// What the parameters of a read or a history ask for.
    ///
    /// # Errors
    /// [`SubsetError::UnknownSummary`].
    pub fn of_parameters(parameters: &[(String, String)]) -> Result<Subset, SubsetError> {
        let mut subset = Subset::default();
        for (name, value) in parameters {
            match name.as_str() {
                "_summary" => {
                    let unknown = || SubsetError::UnknownSummary(value.clone());
                    subset.summary = Summary::parse(value).ok_or_else(unknown)?;
                }
                "_elements" => {
                    let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
                    subset.elements.extend(names.map(str::to_owned));
                }
                _ => {}
            }
        }
        Ok(subset)
    }

    /// What is asked for of included resources: `_elements` names elements of the matches alone.
    pub fn of_included(&self) -> Subset {
        Subset::new(self.summary, Vec::new())
    }

    /// Whether only a number is asked for.
    pub fn is_count(&self) -> bool {
        self.summary == Summary::Count
    }

    /// Whether all of a resource is asked for.
    pub fn is_whole(&self) -> bool {
        matches!(self.summary, Summary::False | Summary::Count) && self.elements.is_empty()
    }

    /// The JSON text of a resource, cut down; the text itself when all of it is asked for.
    ///
    /// # Errors
    /// [`SubsetError::NotAnObject`], and [`SubsetError::Budget`] where it has to be parsed.
    pub fn cut(
        &self,
        structures: &Structures,
        resource_type: ResourceType,
        json: String,
    ) -> Result<String, SubsetError> {
        if self.is_whole() || json.is_empty() {
            return Ok(json);
        }
        // The whole as a tree, and what is left of it as text.
        let bytes = weight::of_text(json.as_bytes()).saturating_add(json.len());
        let spending = Spending::current();
        spending.hold(bytes)?;
        let part = self.part(structures, resource_type, &json);
        spending.release(bytes);
        part
    }

    fn part(
        &self,
        structures: &Structures,
        resource_type: ResourceType,
        json: &str,
    ) -> Result<String, SubsetError> {
        match Json::parse(json.as_bytes()) {
            Ok(Json::Object(mut resource)) => {
                apply(
                    structures,
                    &mut resource,
                    resource_type,
                    self.summary,
                    &self.elements,
                );
                Ok(Json::Object(resource).to_text())
            }
            _ => Err(SubsetError::NotAnObject(resource_type)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::definitions::fixture;

    #[tokio::test]
    async fn a_part_is_made_only_where_there_is_memory_for_the_whole() {
        let values = vec![r#"{"url":"u","valueBoolean":true}"#; 40_000].join(",");
        let basic = format!(r#"{{"resourceType":"Basic","code":{{"text":"c"}},"extension":[{values}]}}"#);
        let resource_type = ResourceType::parse("Basic").unwrap();
        let cut = |subset: Subset| {
            let json = basic.clone();
            async move { subset.cut(fixture::r4().structures(), resource_type, json) }
        };
        let code = || Subset::new(Summary::False, vec!["code".to_owned()]);
        let budget = Budget::of(16 << 20);
        let refused = budget.count("a").of(cut(code())).await;
        assert_eq!(refused, Err(SubsetError::Budget(BudgetError::TooMuch)));
        let whole = budget.count("a").of(cut(Subset::default())).await;
        assert_eq!(whole.as_ref(), Ok(&basic));
        let budget = Budget::of(256 << 20);
        let part = budget.count("a").of(cut(code())).await.unwrap();
        assert!(
            part.contains(r#""code":{"text":"c"}"#) && part.len() < 1000,
            "{part}"
        );
        assert_eq!(budget.held(), 0);
    }
}
