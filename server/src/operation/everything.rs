//! `Patient/[id]/$everything`: the patient, what is in the patient's compartment, and what that refers to, page by page.
//! <http://hl7.org/fhir/R4/patient-operation-everything.html>

use brazier_access::{Criterion, DataAction};
use futures::FutureExt;

use super::parameters;
use crate::exchange::operation::{Input, Level, Operation, Reach, ResourceTypes};
use crate::exchange::{Answer, Context, InteractionError, Request};
use crate::resource::ResourceType;
use crate::retrieval::{Search, found};
use crate::search::compartment;
use crate::search::query::Include;
use crate::search::value::date;

/// `Patient/[id]/$everything`
pub static EVERYTHING: Operation = Operation {
    code: "everything",
    url: "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    levels: &[(Level::Instance, Input::Simple)],
    resource: ResourceTypes::Only(&["Patient"]),
    affects_state: false,
    data_action: DataAction::Search,
    reach: Reach::AllTypes,
    perform: |context, request, within| everything(context, request, within).boxed(),
};

/// `_include=*`: what the matches refer to.
const EVERY_REFERENCE: Include = Include {
    reverse: false,
    iterate: false,
    source: None,
    parameter: None,
    target: None,
};

/// 200 with a searchset; 404 or 410 when there is no such patient.
async fn everything(
    context: &Context,
    mut request: Request,
    within: Option<Criterion>,
) -> Result<Answer, InteractionError> {
    request.parameters.extend(parameters::read(&request.body)?);
    let id = request.interaction.id().ok_or(InteractionError::Fault)?;
    let patient = ResourceType::parse("Patient").ok_or(InteractionError::Fault)?;
    let may_know = within
        .as_ref()
        .is_none_or(|within| within.admits_type(patient.name()));
    if may_know {
        found(context.storage.read(patient, id).await?, patient, id)?;
    }
    let compartments = context.definitions.compartments();
    let compartment = compartments.of(patient).ok_or(InteractionError::Fault)?;
    let search = Search {
        path: format!("/Patient/{id}/$everything"),
        criteria: vec![compartment::criterion_for_all_types(compartment, id)],
        includes: vec![EVERY_REFERENCE],
        ..Search::default()
    };
    since(&mut request.parameters)?;
    search.answer(context, &request, within).await
}

/// Writes `_since` as the search parameter that means the same.
fn since(parameters: &mut [(String, String)]) -> Result<(), InteractionError> {
    for (name, value) in parameters.iter_mut().filter(|(name, _)| name == "_since") {
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
    Ok(())
}
