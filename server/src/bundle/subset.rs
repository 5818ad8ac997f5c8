//! `_summary` and `_elements`: parts of resources instead of the whole. <http://hl7.org/fhir/R4/search.html#summary>

use crate::definitions::structure::Structures;
use crate::interaction::InteractionError;
use crate::resource::{Json, ResourceType};
use crate::search::query::Summary;
use crate::summary;

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
    /// When `_summary` has a value that the standard does not define.
    pub fn of_parameters(parameters: &[(String, String)]) -> Result<Subset, InteractionError> {
        let mut subset = Subset::default();
        for (name, value) in parameters {
            match name.as_str() {
                "_summary" => subset.summary = parse_summary(value)?,
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

    /// The JSON text of a resource, cut down; the text itself when all of it is asked for.
    ///
    /// # Errors
    /// When the text is not a resource, which is a fault of ours.
    pub fn cut(
        &self,
        structures: &Structures,
        resource_type: ResourceType,
        json: String,
    ) -> Result<String, InteractionError> {
        let whole = matches!(self.summary, Summary::False | Summary::Count) && self.elements.is_empty();
        if whole || json.is_empty() {
            return Ok(json);
        }
        match Json::parse(json.as_bytes()) {
            Ok(Json::Object(mut resource)) => {
                summary::apply(
                    structures,
                    &mut resource,
                    resource_type,
                    self.summary,
                    &self.elements,
                );
                Ok(Json::Object(resource).to_text())
            }
            _ => {
                tracing::error!(%resource_type, "a stored resource is not a JSON object");
                Err(InteractionError::Fault)
            }
        }
    }
}

fn parse_summary(value: &str) -> Result<Summary, InteractionError> {
    match value {
        "true" => Ok(Summary::True),
        "false" => Ok(Summary::False),
        "text" => Ok(Summary::Text),
        "data" => Ok(Summary::Data),
        "count" => Ok(Summary::Count),
        _ => Err(InteractionError::Parameter {
            name: "_summary".to_owned(),
            value: value.to_owned(),
            expected: "write true, text, data, count or false",
        }),
    }
}
