//! What a service knows of FHIR: the elements of its types, its search parameters, compartments and code lists.
//!
//! A [`Definitions`] is a value. The running server holds the one in force in a [`DefinitionsHandle`]; a request takes it
//! once and uses it from beginning to end, so that what is added in between changes no request that has begun.

pub mod compartment;
#[cfg(test)]
pub mod fixture;
mod handle;
pub mod path;
pub mod search_parameter;
mod shared_list;
pub mod structure;

use std::sync::Arc;

use compartment::{CompartmentError, Compartments};
pub use handle::DefinitionsHandle;
use search_parameter::{Registry, SearchParameterDefinition, SearchParameterError};
use structure::definition::StructureDefinition;
use structure::{StructureDefinitionError, StructureError, Structures, ValueSet, ValueSetError};

/// What resources are made of, found by and grouped into. Cheap to clone: the parts are shared.
#[derive(Debug, Clone)]
pub struct Definitions {
    structures: Arc<Structures>,
    search_parameters: Arc<Registry>,
    compartments: Arc<Compartments>,
}

/// Why definitions cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionsError {
    /// The elements of a type.
    #[error("failed to read the structures")]
    Structure(#[from] StructureError),
    /// A structure that was to be added.
    #[error("failed to add a structure")]
    StructureDefinition(#[from] StructureDefinitionError),
    /// A value set that was to be added.
    #[error("failed to add a value set")]
    ValueSet(#[from] ValueSetError),
    /// A search parameter.
    #[error("failed to read the search parameters")]
    SearchParameter(#[from] SearchParameterError),
    /// A line of the compartments cannot be understood.
    #[error("failed to read the compartments")]
    Compartment(#[from] CompartmentError),
}

impl Definitions {
    /// What R4 defines. Compiling the expressions of all search parameters takes some milliseconds.
    ///
    /// # Errors
    /// Never for the facts that the program is built with, which a test reads.
    pub fn r4() -> Result<Definitions, DefinitionsError> {
        let structures = Structures::r4()?;
        let search_parameters = Registry::r4(&structures)?;
        let compartments = Compartments::r4(&search_parameters)?;
        Ok(Definitions {
            structures: Arc::new(structures),
            search_parameters: Arc::new(search_parameters),
            compartments: Arc::new(compartments),
        })
    }

    /// These definitions and a search parameter. What is here keeps its ids.
    ///
    /// # Errors
    /// When the definition cannot be used; each error says what to write instead.
    pub fn with_search_parameter(
        &self,
        definition: &SearchParameterDefinition,
    ) -> Result<Definitions, SearchParameterError> {
        let search_parameters = self.search_parameters.with(&self.structures, definition)?;
        Ok(Definitions {
            search_parameters: Arc::new(search_parameters),
            ..self.clone()
        })
    }

    /// These definitions and a structure: a profile, an extension or a data type.
    ///
    /// # Errors
    /// When the definition cannot be used; each error says what to write instead.
    pub fn with_structure(
        &self,
        definition: &StructureDefinition,
    ) -> Result<Definitions, StructureDefinitionError> {
        let structures = self.structures.with(definition)?;
        Ok(Definitions {
            structures: Arc::new(structures),
            ..self.clone()
        })
    }

    /// These definitions and a value set, which required bindings of structures that are added later may name.
    ///
    /// # Errors
    /// When there is one of its URL.
    pub fn with_value_set(&self, value_set: ValueSet) -> Result<Definitions, ValueSetError> {
        let structures = self.structures.with_value_set(value_set)?;
        Ok(Definitions {
            structures: Arc::new(structures),
            ..self.clone()
        })
    }

    /// The elements of all types.
    pub fn structures(&self) -> &Structures {
        &self.structures
    }

    /// The search parameters. Ids of parameters are places in this registry.
    pub fn search_parameters(&self) -> &Arc<Registry> {
        &self.search_parameters
    }

    /// What belongs to each patient, encounter, practitioner, device and related person.
    pub fn compartments(&self) -> &Compartments {
        &self.compartments
    }
}
