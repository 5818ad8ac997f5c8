//! What an entry sends along: the resource that is written, the input of an operation, or the form of a posted search as
//! Parameters. <http://hl7.org/fhir/R4/bundle.html#Bundle.entry.resource>

use crate::exchange::{Interaction, InteractionError, RequestBody};
use crate::request::parameters_resource;
use crate::request::query_string;
use crate::resource::Json;

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

/// Adds the form of a posted search, a Parameters resource, to what the URL says, and gives the query with both.
///
/// # Errors
/// When it is another resource, or one of its values is not simple.
pub fn add_form(
    body: &RequestBody,
    query: Option<String>,
    parameters: &mut Vec<(String, String)>,
    place: &str,
) -> Result<Option<String>, InteractionError> {
    let RequestBody::Resource(form) = body else {
        return Ok(query);
    };
    if form.get("resourceType").and_then(Json::as_str) != Some("Parameters") {
        let problem = "a posted search has its parameters in its URL or in a Parameters resource";
        return Err(InteractionError::element(place, problem));
    }
    let added = parameters_resource::pairs(form)
        .map_err(|error| InteractionError::element(format!("{place}.{}", error.place), error.problem))?;
    let mut query = query.unwrap_or_default();
    for (name, value) in &added {
        let mut written = String::new();
        query_string::append(&mut written, &mut query.is_empty(), name, value);
        query.push_str(written.trim_start_matches('?'));
    }
    parameters.extend(added);
    Ok(Some(query))
}
