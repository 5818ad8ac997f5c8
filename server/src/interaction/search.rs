//! search: by type, over the whole system, and in a compartment. <http://hl7.org/fhir/R4/http.html#search>
//! `GET` with a query and `POST` with a form are the same.

use crate::exchange::{Answer, Context, Interaction, InteractionError, Request, RouteError};
use crate::resource::ResourceType;
use crate::retrieval::Search;
use crate::search::compartment;
use crate::search::query::Criterion;

/// 200 with a searchset; `within` narrows a search over several types to what the principal may see.
pub async fn search(
    context: &Context,
    request: &Request,
    within: Option<brazier_access::Criterion>,
) -> Result<Answer, InteractionError> {
    let resource_type = request.interaction.resource_type();
    let search = match &request.interaction {
        Interaction::SearchCompartment { compartment, id, .. } => {
            let searched = resource_type.map_or("*", ResourceType::name);
            let path = format!("/{compartment}/{id}/{searched}");
            let criterion = within_compartment(context, *compartment, id, resource_type);
            Search {
                criteria: vec![criterion.ok_or_else(|| RouteError::UnknownPath(path.clone()))?],
                path,
                resource_type,
                ..Search::default()
            }
        }
        _ => Search {
            path: resource_type.map_or(String::new(), |name| format!("/{name}")),
            resource_type,
            ..Search::default()
        },
    };
    search.answer(context, request, within).await
}

/// What resources in the compartment of `compartment`/`id` meet; `None` when there is no such compartment, or none of that
/// type in it.
fn within_compartment(
    context: &Context,
    compartment: ResourceType,
    id: &str,
    resource_type: Option<ResourceType>,
) -> Option<Criterion> {
    let compartment = context.definitions.compartments().of(compartment)?;
    match resource_type {
        None => Some(compartment::criterion_for_all_types(
            compartment,
            &[id.to_owned()],
        )),
        Some(resource_type) => compartment::criterion(compartment, id, resource_type),
    }
}
