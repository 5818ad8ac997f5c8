//! The list of kinds, and where the queries of each are made.

use clap::ValueEnum;

use super::query::Query;
use super::{around, joins, observations, patients};
use crate::population::Population;

/// A kind of search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Observations with a given code.
    Token,
    /// All Observations of a patient.
    Patient,
    /// Those of one category.
    PatientCategory,
    /// The beginning of a name.
    Name,
    /// A day, a year or a span of years of birth.
    BirthDate,
    /// Two weeks of Observations.
    DateRange,
    /// Sorted by date, up and down, and by two keys.
    Sort,
    /// By an element of a referenced resource.
    Chain,
    /// With what refers to the matches.
    #[value(name = "_revinclude")]
    RevInclude,
    /// With what the matches refer to.
    #[value(name = "_include")]
    Include,
    /// By an element of a referring resource.
    #[value(name = "_has")]
    Has,
    /// A code and a value together.
    CodeValueQuantity,
    /// A patient's whole record, page by page.
    Everything,
    /// All types in a patient's compartment.
    Compartment,
    /// By an element of what a reference points at, whatever type that is.
    UntypedChain,
}

impl Kind {
    /// The name in tables and on the command line.
    pub fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Whether it is asked of a small database, too: it looks at one patient, and must not take longer for what else there is.
    pub fn is_around_one(self) -> bool {
        matches!(self, Kind::Everything | Kind::Compartment | Kind::UntypedChain)
    }

    /// The queries of this kind, each with its right answer.
    pub fn queries(self, population: &Population<'_>) -> Vec<Query> {
        match self {
            Kind::Token => observations::by_code(population),
            Kind::Patient => observations::of_patient(population),
            Kind::PatientCategory => observations::of_patient_and_category(population),
            Kind::Name => patients::by_name(population),
            Kind::BirthDate => patients::by_birth_date(population),
            Kind::DateRange => observations::by_date_range(population),
            Kind::Sort => observations::sorted(population)
                .into_iter()
                .chain(patients::sorted(population))
                .collect(),
            Kind::Chain => joins::chain(population),
            Kind::RevInclude => joins::rev_include(population),
            Kind::Include => joins::include(population),
            Kind::Has => joins::has(population),
            Kind::CodeValueQuantity => observations::by_code_and_value(population),
            Kind::Everything => around::everything(population),
            Kind::Compartment => around::compartment(population),
            Kind::UntypedChain => around::untyped_chain(population),
        }
    }
}
