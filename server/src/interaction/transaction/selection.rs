//! The criteria of an entry: its `ifNoneExist`, or those in its URL. They may name other entries by their full URLs, and mean
//! the resources of those once it is decided which they are.

use crate::bundle::full_url::FullUrls;
use crate::bundle::placeholder::Searched;
use crate::exchange::{Context, Interaction, InteractionError, Request};
use crate::interaction::conditional::Criteria;
use crate::request::query_string;
use crate::resource::ResourceType;

/// The criteria of an entry.
#[derive(Debug, Clone)]
pub struct Selection {
    resource_type: ResourceType,
    /// What needs them, for messages.
    what: &'static str,
    parameters: Vec<(String, String)>,
    /// The full URLs of other entries that they name.
    names: Vec<String>,
    /// Read, unless they name other entries.
    criteria: Option<Criteria>,
}

impl Selection {
    /// The criteria of `request`, the entry at `index`; `is_name` knows the full URLs of entries that store a resource.
    ///
    /// # Errors
    /// When a conditional interaction has none, when they are not understood, or name what is no entry.
    pub fn of(
        context: &Context,
        request: &Request,
        index: usize,
        is_name: impl Fn(&str) -> bool,
    ) -> Result<Option<Selection>, InteractionError> {
        let of_url =
            |resource_type: ResourceType, what| (resource_type, what, request.parameters.clone(), "url");
        let (resource_type, what, parameters, member) =
            match (&request.interaction, &request.conditions.if_none_exist) {
                (Interaction::Create(resource_type), Some(text)) => {
                    let query = text.split_once('?').map_or(text.as_str(), |(_, query)| query);
                    (
                        *resource_type,
                        "ifNoneExist",
                        query_string::parse(query)?,
                        "ifNoneExist",
                    )
                }
                (Interaction::ConditionalUpdate(resource_type), _) => {
                    of_url(*resource_type, "a conditional update")
                }
                (Interaction::ConditionalPatch(resource_type), _) => {
                    of_url(*resource_type, "a conditional patch")
                }
                (Interaction::ConditionalDelete(resource_type), _) => {
                    of_url(*resource_type, "a conditional delete")
                }
                _ => return Ok(None),
            };
        let place = || format!("Bundle.entry[{index}].request.{member}");
        let mut names = searched(context, Some(resource_type)).names(&parameters, is_name, place)?;
        names.sort_unstable();
        names.dedup();
        if let Some(name) = names.first()
            && matches!(request.interaction, Interaction::ConditionalDelete(_))
        {
            let problem =
                format!("deletes come first, when \"{name}\" stands for nothing yet; name a stored resource");
            return Err(InteractionError::element(place(), problem));
        }
        let mut selection = Selection {
            resource_type,
            what,
            parameters,
            names,
            criteria: None,
        };
        if selection.names.is_empty() {
            selection.criteria = Some(selection.criteria(context, &FullUrls::default())?);
        }
        Ok(Some(selection))
    }

    /// The full URLs of other entries that they name, each once.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What transactions with the same criteria take turns by, where that is known from the beginning.
    pub fn lock(&self) -> Option<String> {
        Some(self.criteria.as_ref()?.lock())
    }

    /// The criteria, with what `known` has for the full URLs in them.
    ///
    /// # Errors
    /// When there are none, or they are not understood.
    pub fn criteria(&self, context: &Context, known: &FullUrls) -> Result<Criteria, InteractionError> {
        if let Some(criteria) = &self.criteria {
            return Ok(criteria.clone());
        }
        let searched = searched(context, Some(self.resource_type));
        let parameters = searched.resolved(&self.parameters, |name| known.target(name));
        Criteria::of_parameters(context, self.resource_type, &parameters)?
            .ok_or(InteractionError::NoCriteria(self.what))
    }
}

/// In terms of what criteria over `resource_type` are.
pub fn searched(context: &Context, resource_type: Option<ResourceType>) -> Searched<'_> {
    Searched {
        registry: context.definitions.search_parameters(),
        resource_type,
    }
}
