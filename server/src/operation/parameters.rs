//! The input of an operation that is invoked by POST: a Parameters resource, read as the query of a GET would be.
//! <http://hl7.org/fhir/R4/operations.html#executing>

use crate::exchange::{InteractionError, RequestBody};
use crate::request::parameters_resource;
use crate::request::resource_body;
use crate::resource::{Object, ResourceType};

/// Names and values of the simple parameters in `body`; none when it is empty.
///
/// # Errors
/// When it is no Parameters resource, or one of its values is not simple.
pub fn read(body: &RequestBody) -> Result<Vec<(String, String)>, InteractionError> {
    let parameters = ResourceType::parse("Parameters").ok_or(InteractionError::Fault)?;
    let pairs = |resource: &Object| {
        parameters_resource::pairs(resource)
            .map_err(|error| InteractionError::element(format!("Parameters.{}", error.place), error.problem))
    };
    match body {
        RequestBody::Resource(resource) => {
            resource_body::check_type(resource, parameters)?;
            pairs(resource)
        }
        // The input of an operation is read as it comes.
        RequestBody::Nothing | RequestBody::Text(_) => Ok(Vec::new()),
    }
}
