//! Compartments: what belongs to one patient, encounter, practitioner, device or related person, told by the
//! search parameters that the standard names. <http://hl7.org/fhir/R4/compartmentdefinition.html>

use std::collections::BTreeMap;
use std::sync::OnceLock;

use compact_str::CompactString;

use super::index::ReferenceTarget;
use super::parameter::{ParameterId, Registry};
use super::query::{Criterion, Matches, ReferenceMatch};
use crate::resource::ResourceType;

/// Generated from the official package; its generator describes the lines.
const LINES: &str = include_str!("../../definitions/compartments.tsv");

/// The code that stands for the resource that the compartment is named after.
const ITSELF: &str = "{def}";

/// One of the standard's compartments, named after the type of the resource in its centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Compartment(ResourceType);

/// By which parameters resources of one type belong to a compartment. The resource in the centre also belongs
/// by its own id.
type Members = BTreeMap<ResourceType, Vec<ParameterId>>;

impl Compartment {
    /// The compartment around resources of this type, if the standard defines one.
    pub fn of(resource_type: ResourceType) -> Option<Compartment> {
        definitions()
            .contains_key(&resource_type)
            .then_some(Compartment(resource_type))
    }

    /// The type of the resource in the centre.
    pub fn resource_type(self) -> ResourceType {
        self.0
    }

    /// The types whose resources may belong to it, its own type among them, in alphabetical order.
    pub fn member_types(self) -> impl Iterator<Item = ResourceType> {
        self.members()
            .into_iter()
            .flat_map(|members| members.keys().copied())
    }

    /// The reference parameters by which resources of this type belong to it: one of them points at the
    /// centre. Empty when they do not belong, or only by being the centre.
    pub fn parameters(self, resource_type: ResourceType) -> &'static [ParameterId] {
        self.members()
            .and_then(|members| members.get(&resource_type))
            .map_or(&[], Vec::as_slice)
    }

    /// What resources of type `resource_type` must meet to be in the compartment of the resource `id`; `None`
    /// when resources of this type never are.
    pub fn criterion(self, id: &str, resource_type: ResourceType) -> Option<Criterion> {
        let parameters = self.members()?.get(&resource_type)?;
        let mut criteria = Vec::with_capacity(2);
        if !parameters.is_empty() {
            criteria.push(self.points_at(id, parameters.clone()));
        }
        if resource_type == self.0 {
            criteria.push(Criterion::Id(vec![CompactString::from(id)]));
        }
        Some(one_or_any(criteria))
    }

    /// What resources of any type must meet to be in the compartment of the resource `id`.
    pub fn criterion_for_all_types(self, id: &str) -> Criterion {
        let parameters = self.members().into_iter().flat_map(BTreeMap::values).flatten();
        Criterion::Any(vec![
            self.points_at(id, parameters.copied().collect()),
            Criterion::All(vec![
                Criterion::Type(vec![self.0]),
                Criterion::Id(vec![CompactString::from(id)]),
            ]),
        ])
    }

    fn points_at(self, id: &str, parameters: Vec<ParameterId>) -> Criterion {
        Criterion::Parameter {
            parameters,
            matches: Matches::References(vec![ReferenceMatch::Target(ReferenceTarget::Local {
                resource_type: self.0,
                id: CompactString::from(id),
            })]),
        }
    }

    fn members(self) -> Option<&'static Members> {
        definitions().get(&self.0)
    }
}

fn one_or_any(mut criteria: Vec<Criterion>) -> Criterion {
    match criteria.len() {
        1 => criteria.remove(0),
        _ => Criterion::Any(criteria),
    }
}

fn definitions() -> &'static BTreeMap<ResourceType, Members> {
    static DEFINITIONS: OnceLock<BTreeMap<ResourceType, Members>> = OnceLock::new();
    DEFINITIONS.get_or_init(|| {
        let mut definitions: BTreeMap<ResourceType, Members> = BTreeMap::new();
        for (compartment, resource_type, codes) in lines() {
            let parameters = codes
                .split(' ')
                .filter(|code| *code != ITSELF)
                .filter_map(|code| Registry::r4().find(resource_type, code))
                .map(|parameter| parameter.id)
                .collect();
            let members = definitions.entry(compartment).or_default();
            members.insert(resource_type, parameters);
            members.entry(compartment).or_default();
        }
        definitions
    })
}

/// The lines whose types there are: compartment, type and codes.
fn lines() -> impl Iterator<Item = (ResourceType, ResourceType, &'static str)> {
    LINES.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        let mut next_type = || columns.next().and_then(ResourceType::parse);
        Some((next_type()?, next_type()?, columns.next()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::parameter::ParameterKind;

    fn resource_type(name: &str) -> ResourceType {
        ResourceType::parse(name).unwrap()
    }

    #[test]
    fn every_line_of_the_definitions_is_understood() {
        assert_eq!(lines().count(), LINES.lines().count());
        for (compartment, member, codes) in lines() {
            let defined = codes.split(' ').filter(|code| *code != ITSELF).count();
            let parameters = Compartment::of(compartment).unwrap().parameters(member);
            assert_eq!(parameters.len(), defined, "{compartment} {member} {codes}");
            for id in parameters {
                assert_eq!(Registry::r4().get(*id).kind, ParameterKind::Reference);
            }
        }
        assert_eq!(definitions().len(), 5);
    }

    #[test]
    fn membership_is_pointing_at_the_centre_or_being_it() {
        let patient = Compartment::of(resource_type("Patient")).unwrap();
        let codes: Vec<&str> = patient
            .parameters(resource_type("AllergyIntolerance"))
            .iter()
            .map(|id| Registry::r4().get(*id).code.as_str())
            .collect();
        assert_eq!(codes, ["patient", "recorder", "asserter"]);
        let Some(Criterion::Any(own)) = patient.criterion("1", resource_type("Patient")) else {
            panic!("a patient belongs by a link and by the id");
        };
        assert_eq!(own[1], Criterion::Id(vec!["1".into()]));
        assert_eq!(patient.criterion("1", resource_type("Medication")), None);
        assert_eq!(Compartment::of(resource_type("Organization")), None);
    }
}
