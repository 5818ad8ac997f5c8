//! Compartments: what belongs to one patient, encounter, practitioner, device or related person, told by the
//! search parameters that the standard names. <http://hl7.org/fhir/R4/compartmentdefinition.html>

use std::collections::BTreeMap;

use super::search_parameter::{ParameterId, Registry};
use crate::resource::ResourceType;

/// Generated from the official package; its generator describes the lines.
const LINES: &str = include_str!("../../definitions/compartments.tsv");

/// The code that stands for the resource that the compartment is named after.
const ITSELF: &str = "{def}";

/// All compartments, by the type in their centre.
#[derive(Debug, Default)]
pub struct Compartments(BTreeMap<ResourceType, Compartment>);

/// A compartment, named after the type of the resource in its centre.
#[derive(Debug, PartialEq, Eq)]
pub struct Compartment {
    centre: ResourceType,
    /// By which parameters resources of each type belong to it. The resource in the centre also belongs by its own id.
    members: BTreeMap<ResourceType, Vec<ParameterId>>,
}

/// A line of the definitions that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the compartment line {0:?}")]
pub struct CompartmentError(String);

impl Compartments {
    /// The standard's compartments, by the parameters of `registry`.
    ///
    /// # Errors
    /// When a line names a type or a parameter that there is not.
    pub fn r4(registry: &Registry) -> Result<Compartments, CompartmentError> {
        let mut compartments = Compartments::default();
        for line in LINES.lines() {
            compartments
                .read(line, registry)
                .ok_or_else(|| CompartmentError(line.to_owned()))?;
        }
        Ok(compartments)
    }

    /// A line: compartment, type, and the codes of the parameters.
    fn read(&mut self, line: &str, registry: &Registry) -> Option<()> {
        let mut columns = line.split('\t');
        let centre = ResourceType::parse(columns.next()?)?;
        let resource_type = ResourceType::parse(columns.next()?)?;
        let parameters = columns
            .next()?
            .split(' ')
            .filter(|code| *code != ITSELF)
            .map(|code| Some(registry.find(resource_type, code)?.id))
            .collect::<Option<_>>()?;
        let compartment = self.0.entry(centre).or_insert_with(|| Compartment {
            centre,
            members: BTreeMap::from([(centre, Vec::new())]),
        });
        compartment.members.insert(resource_type, parameters);
        Some(())
    }

    /// The compartment around resources of this type, if there is one.
    pub fn of(&self, resource_type: ResourceType) -> Option<&Compartment> {
        self.0.get(&resource_type)
    }

    /// All of them in the alphabetical order of their centres.
    pub fn iter(&self) -> impl Iterator<Item = &Compartment> {
        self.0.values()
    }
}

impl Compartment {
    /// The type of the resource in the centre.
    pub fn resource_type(&self) -> ResourceType {
        self.centre
    }

    /// The types whose resources may belong to it, its own type among them, in alphabetical order.
    pub fn member_types(&self) -> impl Iterator<Item = ResourceType> {
        self.members.keys().copied()
    }

    /// The reference parameters by which resources of this type belong to it: one of them points at the
    /// centre. Empty when they belong only by being the centre, `None` when they do not belong.
    pub fn parameters(&self, resource_type: ResourceType) -> Option<&[ParameterId]> {
        self.members.get(&resource_type).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::fixture;
    use crate::definitions::search_parameter::ParameterKind;

    #[test]
    fn every_line_of_the_definitions_is_understood() {
        let (registry, compartments) = (fixture::r4().search_parameters(), fixture::r4().compartments());
        for line in LINES.lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            let [centre, member, codes] = columns[..] else {
                panic!("{line}")
            };
            let defined = codes.split(' ').filter(|code| *code != ITSELF).count();
            let compartment = compartments.of(ResourceType::parse(centre).unwrap()).unwrap();
            let parameters = compartment
                .parameters(ResourceType::parse(member).unwrap())
                .unwrap();
            assert_eq!(parameters.len(), defined, "{line}");
            for id in parameters {
                assert_eq!(registry.get(*id).kind, ParameterKind::Reference);
            }
        }
        assert_eq!(compartments.iter().count(), 5);
    }

    #[test]
    fn a_line_that_names_what_there_is_not_is_refused() {
        let registry = fixture::r4().search_parameters();
        for line in [
            "Patient\tNothing\tsubject",
            "Patient\tObservation\tnothing",
            "Patient",
        ] {
            assert!(Compartments::default().read(line, registry).is_none(), "{line}");
        }
    }
}
