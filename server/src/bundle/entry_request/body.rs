//! What an entry sends along: the resource that is written, the input of an operation, or the form of a posted search as
//! Parameters. <http://hl7.org/fhir/R4/bundle.html#Bundle.entry.resource>

use crate::exchange::{Interaction, InteractionError, RequestBody};
use crate::request::parameters_resource;
use crate::request::query_string;
use crate::resource::{Json, Object};

/// The body of the request; what a GET, a HEAD or a DELETE carries has no meaning. `place` is that of the resource.
///
/// # Errors
/// When a resource is missing, or is none.
pub fn read(
    interaction: &Interaction,
    resource: Option<Json>,
    is_post: bool,
    place: &str,
) -> Result<RequestBody, InteractionError> {
    let is_needed = match interaction {
        Interaction::Create(_)
        | Interaction::Update(..)
        | Interaction::ConditionalUpdate(_)
        | Interaction::Patch(..)
        | Interaction::ConditionalPatch(_) => true,
        // An operation may need it, and says so itself.
        _ if is_post => false,
        _ => return Ok(RequestBody::Nothing),
    };
    match resource {
        Some(Json::Object(resource)) => Ok(RequestBody::Resource(resource)),
        Some(_) => Err(InteractionError::element(place, "must be an object, a resource")),
        None if is_needed => Err(InteractionError::element(
            place,
            "is missing; POST, PUT and PATCH need a resource",
        )),
        None => Ok(RequestBody::Nothing),
    }
}

/// The query with what the body adds to what the URL says: the form of a posted search, a Parameters resource, which goes to the
/// `parameters`, too, or the input of an operation, for the audit trail.
///
/// # Errors
/// When a form is another resource, or one of its values is not simple.
pub fn add_to_query(
    interaction: &Interaction,
    body: &RequestBody,
    query: Option<String>,
    parameters: &mut Vec<(String, String)>,
    place: &str,
) -> Result<Option<String>, InteractionError> {
    match body {
        RequestBody::Resource(form) if interaction.is_search() => add_form(form, query, parameters, place),
        RequestBody::Resource(input) if interaction.operation().is_some() => {
            Ok(parameters_resource::recorded(input, query))
        }
        _ => Ok(query),
    }
}

fn add_form(
    form: &Object,
    query: Option<String>,
    parameters: &mut Vec<(String, String)>,
    place: &str,
) -> Result<Option<String>, InteractionError> {
    if form.get("resourceType").and_then(Json::as_str) != Some("Parameters") {
        let problem = "a posted search has its parameters in its URL or in a Parameters resource";
        return Err(InteractionError::element(place, problem));
    }
    let added = parameters_resource::pairs(form)
        .map_err(|error| InteractionError::element(format!("{place}.{}", error.place), error.problem))?;
    let mut query = query.unwrap_or_default();
    for (name, value) in &added {
        query_string::add(&mut query, name, value);
    }
    parameters.extend(added);
    Ok((!query.is_empty()).then_some(query))
}
