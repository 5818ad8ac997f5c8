//! What resources must meet to belong to a compartment. <http://hl7.org/fhir/R4/http.html#vsearch>

use compact_str::CompactString;

use super::index::ReferenceTarget;
use super::query::{Criterion, Matches, ReferenceMatch};
use crate::definitions::compartment::Compartment;
use crate::definitions::search_parameter::ParameterId;
use crate::resource::ResourceType;

/// What resources of type `resource_type` must meet to be in the compartment of the resource `id`; `None`
/// when resources of this type never are.
pub fn criterion(compartment: &Compartment, id: &str, resource_type: ResourceType) -> Option<Criterion> {
    let parameters = compartment.parameters(resource_type)?;
    let mut criteria = Vec::with_capacity(2);
    if !parameters.is_empty() {
        criteria.push(points_at(compartment, [id], parameters.to_vec()));
    }
    if resource_type == compartment.resource_type() {
        criteria.push(Criterion::Id(vec![CompactString::from(id)]));
    }
    Some(one_or_any(criteria))
}

/// What resources of any type must meet to be in the compartment of one of the resources `ids`.
pub fn criterion_for_all_types(compartment: &Compartment, ids: &[String]) -> Criterion {
    let parameters = compartment
        .member_types()
        .filter_map(|resource_type| compartment.parameters(resource_type))
        .flatten()
        .copied();
    Criterion::Any(vec![
        points_at(compartment, ids.iter().map(String::as_str), parameters.collect()),
        Criterion::All(vec![
            Criterion::Type(vec![compartment.resource_type()]),
            Criterion::Id(ids.iter().map(CompactString::from).collect()),
        ]),
    ])
}

fn points_at<'id>(
    compartment: &Compartment,
    ids: impl IntoIterator<Item = &'id str>,
    parameters: Vec<ParameterId>,
) -> Criterion {
    let target = |id| {
        ReferenceMatch::Target(ReferenceTarget::Local {
            resource_type: compartment.resource_type(),
            id: CompactString::from(id),
            version: None,
        })
    };
    Criterion::Parameter {
        parameters,
        matches: Matches::References(ids.into_iter().map(target).collect()),
    }
}

fn one_or_any(mut criteria: Vec<Criterion>) -> Criterion {
    match criteria.len() {
        1 => criteria.remove(0),
        _ => Criterion::Any(criteria),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;

    fn resource_type(name: &str) -> ResourceType {
        ResourceType::parse(name).unwrap()
    }

    #[test]
    fn membership_is_pointing_at_the_centre_or_being_it() {
        let registry = fixture::r4().search_parameters();
        let patient = fixture::r4().compartments().of(resource_type("Patient")).unwrap();
        let codes: Vec<&str> = patient
            .parameters(resource_type("AllergyIntolerance"))
            .unwrap()
            .iter()
            .map(|id| registry.get(*id).code.as_str())
            .collect();
        assert_eq!(codes, ["patient", "recorder", "asserter"]);
        let Some(Criterion::Any(own)) = criterion(patient, "1", resource_type("Patient")) else {
            panic!("a patient belongs by a link and by the id");
        };
        assert_eq!(own[1], Criterion::Id(vec!["1".into()]));
        assert_eq!(criterion(patient, "1", resource_type("Medication")), None);
        assert!(
            fixture::r4()
                .compartments()
                .of(resource_type("Organization"))
                .is_none()
        );
    }
}
