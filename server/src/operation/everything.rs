//! `Patient/[id]/$everything`: the patient, what is in the patient's compartment and in those of the other resources about the
//! same patient, and what that refers to, page by page. <http://hl7.org/fhir/R4/patient-operation-everything.html>

mod care_date;

use brazier_access::{Criterion, DataAction};
use futures::FutureExt;

use super::parameters;
use crate::exchange::operation::{Input, Level, Operation, Reach, ResourceTypes};
use crate::exchange::{Answer, Context, InteractionError, Request};
use crate::resource::{Json, ResourceType};
use crate::retrieval::{Search, found};
use crate::search::compartment;
use crate::search::query::Include;
use crate::search::value::date;
use crate::search::value::reference::is_id;

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
    let id = request
        .interaction
        .id()
        .ok_or(InteractionError::Fault)?
        .to_owned();
    let patient = ResourceType::parse("Patient").ok_or(InteractionError::Fault)?;
    let may_know = within
        .as_ref()
        .is_none_or(|within| within.admits_type(patient.name()));
    let mut ids = vec![id.clone()];
    if may_know {
        let stored = found(context.storage.read(patient, &id).await?, patient, &id)?;
        ids.extend(linked_patients(context, &stored.json));
    }
    let compartments = context.definitions.compartments();
    let compartment = compartments.of(patient).ok_or(InteractionError::Fault)?;
    let mut criteria = vec![compartment::criterion_for_all_types(compartment, &ids)];
    since(&mut request.parameters)?;
    let own = take(&mut request.parameters, &["start", "end", "_type"]);
    let value = |name: &str| {
        own.iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    };
    criteria.extend(care_date::between(context, value("start"), value("end"))?);
    let returned = types(&own)?;
    let is_member = |resource_type: &ResourceType| compartment.parameters(*resource_type).is_some();
    let search = Search {
        path: format!("/Patient/{id}/$everything"),
        criteria,
        includes: vec![EVERY_REFERENCE],
        // Only what is included has other types, and what it is included by is searched too.
        among: match returned.iter().all(is_member) {
            true => returned.clone(),
            false => Vec::new(),
        },
        returned,
        own,
        ..Search::default()
    };
    search.answer(context, &request, within).await
}

/// The parameters called one of `names`, taken out of `parameters`.
fn take(parameters: &mut Vec<(String, String)>, names: &[&str]) -> Vec<(String, String)> {
    let (own, others) = std::mem::take(parameters)
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .partition(|(name, _)| names.contains(&name.as_str()));
    *parameters = others;
    own
}

/// The types that `_type` names, in one parameter or several; none when it is not there: all.
fn types(parameters: &[(String, String)]) -> Result<Vec<ResourceType>, InteractionError> {
    let of_type = parameters.iter().filter(|(name, _)| name == "_type");
    let names = of_type.flat_map(|(_, value)| value.split(','));
    let types = names.filter(|name| !name.is_empty()).map(|name| {
        ResourceType::parse(name).ok_or_else(|| InteractionError::Parameter {
            name: "_type".to_owned(),
            value: name.to_owned(),
            expected: "write resource types of R4, with commas between them",
        })
    });
    types.collect()
}

/// The ids of the other resources about the same patient, as `Patient.link` of the patient's JSON names them.
fn linked_patients(context: &Context, patient: &str) -> Vec<String> {
    let Ok(patient) = Json::parse(patient.as_bytes()) else {
        return Vec::new();
    };
    let links = patient.get("link").and_then(Json::as_array).unwrap_or_default();
    let references = links
        .iter()
        .filter_map(|link| link.get("other")?.get("reference")?.as_str());
    let ids = references.filter_map(|reference| {
        let relative = reference.strip_prefix(&*context.base_url).unwrap_or(reference);
        let id = relative.trim_start_matches('/').strip_prefix("Patient/")?;
        let id = id.split_once("/_history/").map_or(id, |(id, _)| id);
        is_id(id).then(|| id.to_owned())
    });
    ids.collect()
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
