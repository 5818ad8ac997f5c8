//! `Patient/[id]/$everything`: the patient, what is in the patient's compartment, and what that refers to, page by page.
//! <http://hl7.org/fhir/R4/patient-operation-everything.html>

use crate::interaction::read::found;
use crate::interaction::{Answer, Context, InteractionError, Request, search};
use crate::resource::ResourceType;
use crate::search::value::date;

/// 200 with a searchset; 404 or 410 when there is no such patient.
///
/// # Errors
/// As a search has them.
pub async fn everything(
    context: &Context,
    mut request: Request,
    id: &str,
    allowed_types: Option<Vec<ResourceType>>,
) -> Result<Answer, InteractionError> {
    let patient = ResourceType::parse("Patient").ok_or(InteractionError::Fault)?;
    let may_know = allowed_types
        .as_ref()
        .is_none_or(|allowed| allowed.contains(&patient));
    if may_know {
        found(context.storage().read(patient, id).await?, patient, id)?;
    }
    for (name, value) in &mut request.parameters {
        if name == "_since" {
            if date::span(value).is_none() {
                return Err(InteractionError::Parameter {
                    name: name.clone(),
                    value: value.clone(),
                    expected: "write an instant such as 2024-05-31T10:00:00Z",
                });
            }
            *name = "_lastUpdated".to_owned();
            value.insert_str(0, "ge");
        }
    }
    search::search(context, &request, allowed_types).await
}
