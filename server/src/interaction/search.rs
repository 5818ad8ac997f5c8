//! search: by type, over the whole system, and in a compartment. <http://hl7.org/fhir/R4/http.html#search>
//! `GET` with a query and `POST` with a form are the same.

mod terminology;
mod visibility;

use super::{Answer, Context, Interaction, InteractionError, Request};
use crate::authorization::DataAction;
use crate::bundle::link::{self, Pages};
use crate::bundle::searchset::Searchset;
use crate::bundle::subset::Subset;
use crate::request::preference::Handling;
use crate::resource::ResourceType;
use crate::router::RouteError;
use crate::search::compartment;
use crate::search::query::{Criterion, Include, Query};
use crate::search::{SearchRequest, parse_with};
use crate::storage::{SearchPage, Session};

/// 200 with a searchset; `allowed_types` narrows a search over several types to what the principal may see.
pub async fn search(
    context: &Context,
    request: &Request,
    allowed_types: Option<Vec<ResourceType>>,
) -> Result<Answer, InteractionError> {
    let query = query(context, request, allowed_types).await?;
    let page = context.storage().search(&context.definitions, &query).await?;
    answer(context, request, &query, page)
}

/// As [`search`], with what `session` has written.
pub async fn search_within(
    context: &Context,
    session: &Session,
    request: &Request,
    allowed_types: Option<Vec<ResourceType>>,
) -> Result<Answer, InteractionError> {
    let query = query(context, request, allowed_types).await?;
    let page = session.search(&context.definitions, &query).await?;
    answer(context, request, &query, page)
}

async fn query(
    context: &Context,
    request: &Request,
    allowed_types: Option<Vec<ResourceType>>,
) -> Result<Query, InteractionError> {
    let resource_types: Vec<ResourceType> = request.interaction.resource_type().into_iter().collect();
    let search = SearchRequest {
        resource_types: &resource_types,
        parameters: &request.parameters,
        lenient: context.handling(request) == Handling::Lenient,
        base_url: &context.base_url,
    };
    let terminology = terminology::terminology(context, &request.parameters).await?;
    let mut query = parse_with(context.definitions.search_parameters(), &search, &terminology)?;
    if let Interaction::SearchCompartment {
        compartment,
        id,
        resource_type,
    } = &request.interaction
    {
        query
            .criteria
            .push(within_compartment(context, *compartment, id, *resource_type)?);
    }
    if let Interaction::Everything(id) = &request.interaction {
        let patient = ResourceType::parse("Patient").ok_or(InteractionError::Fault)?;
        query
            .criteria
            .push(within_compartment(context, patient, id, None)?);
        query.includes.push(Include {
            reverse: false,
            iterate: false,
            source: None,
            parameter: None,
            target: None,
        });
    }
    query.count = Some(context.state.settings.page(query.count));
    if let Some(allowed_types) = allowed_types {
        visibility::keep_to(&mut query, &allowed_types)?;
    }
    visibility::check_chains(context, &query)?;
    Ok(query)
}

/// What resources in the compartment of `compartment`/`id` meet.
fn within_compartment(
    context: &Context,
    compartment: ResourceType,
    id: &str,
    resource_type: Option<ResourceType>,
) -> Result<Criterion, InteractionError> {
    let searched = resource_type.map_or("*", ResourceType::name);
    let unknown = || RouteError::UnknownPath(format!("/{compartment}/{id}/{searched}"));
    let compartment = context
        .definitions
        .compartments()
        .of(compartment)
        .ok_or_else(unknown)?;
    let criterion = match resource_type {
        None => Some(compartment::criterion_for_all_types(compartment, id)),
        Some(resource_type) => compartment::criterion(compartment, id, resource_type),
    };
    Ok(criterion.ok_or_else(unknown)?)
}

fn answer(
    context: &Context,
    request: &Request,
    query: &Query,
    mut page: SearchPage,
) -> Result<Answer, InteractionError> {
    if !context.allows_all(DataAction::Search) {
        page.included
            .retain(|resource| context.allows(DataAction::Search, resource.resource_type));
    }
    let mut parameters = query.understood.clone();
    parameters.extend(
        request
            .parameters
            .iter()
            .filter(|(name, _)| is_about_form(name))
            .cloned(),
    );
    let links = link::links(
        &format!("{}{}", context.base_url, path(&request.interaction)),
        &parameters,
        Pages {
            current: query.cursor.as_deref(),
            previous: page.previous.as_deref(),
            next: page.next.as_deref(),
            last: page.last.as_deref(),
        },
    );
    let resources = page.matches.len() + page.included.len();
    let searchset = Searchset {
        structures: context.definitions.structures(),
        base_url: &context.base_url,
        moment: context.received,
        links,
        subset: Subset::new(query.summary, query.elements.clone()),
        warnings: warnings(query, context.handling(request)),
    };
    Ok(Answer::of_bundle(searchset.write(page)?, resources))
}

fn path(interaction: &Interaction) -> String {
    match interaction {
        Interaction::SearchCompartment {
            compartment,
            id,
            resource_type,
        } => {
            let searched = resource_type.map_or("*", ResourceType::name);
            format!("/{compartment}/{id}/{searched}")
        }
        Interaction::Everything(id) => format!("/Patient/{id}/$everything"),
        interaction => interaction
            .resource_type()
            .map_or(String::new(), |name| format!("/{name}")),
    }
}

/// Parameters that are about the form of the answer and not about what is searched.
fn is_about_form(name: &str) -> bool {
    matches!(name, "_format" | "_pretty")
}

fn warnings(query: &Query, handling: Handling) -> Vec<String> {
    match handling {
        Handling::Strict => Vec::new(),
        Handling::Lenient => {
            let ignored = query.ignored.iter();
            ignored
                .map(|name| format!("the search parameter {name} was ignored: it is not supported here"))
                .collect()
        }
    }
}
