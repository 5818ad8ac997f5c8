//! Single measurements of one subject and instant: those with values of different names are parts of one Observation, those with
//! other values of one name are not. Each gets the first place where it excludes nothing; the same values get the same place.

use std::collections::HashMap;

use crate::date_time::Instant;
use crate::mapping::fhir::FhirTemplate;
use crate::measurement::Measurement;

/// Values with their names.
type Values<'m> = Vec<(&'m str, &'m str)>;

/// The places given so far.
#[derive(Default)]
pub(super) struct Places<'m> {
    /// What stands there.
    values: HashMap<(Instant, usize, &'m str), &'m str>,
    /// Where the same values stand already.
    of_values: HashMap<(Instant, Values<'m>), usize>,
    /// Before this place everything excludes measurements with values of these names.
    first_free: HashMap<(Instant, Vec<&'m str>), usize>,
}

impl<'m> Places<'m> {
    /// The place of a measurement among those of its instant.
    pub(super) fn place(&mut self, measurement: &'m Measurement, template: &FhirTemplate) -> usize {
        let at = measurement.occurrence_time;
        let values: Values<'m> = measurement
            .properties
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| template.uses(name))
            .collect();
        if values.is_empty() {
            return 0;
        }
        if let Some(place) = self.of_values.get(&(at, values.clone())) {
            return *place;
        }
        let names = values.iter().map(|(name, _)| *name).collect();
        let first_free = self.first_free.entry((at, names)).or_default();
        let mut place = *first_free;
        while values.iter().any(|&(name, value)| {
            self.values
                .get(&(at, place, name))
                .is_some_and(|there| *there != value)
        }) {
            place += 1;
        }
        *first_free = place + 1;
        for &(name, value) in &values {
            self.values.insert((at, place, name), value);
        }
        self.of_values.insert((at, values), place);
        place
    }
}
