//! The built-in roles and the dataActions that each allows. The names are those of the Azure API for FHIR,
//! so that people who come from there find what they know; docs/roles.md says where we differ.

pub use brazier_access::{DataAction, DataActionPattern};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role that comes with Brazier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Role {
    /// Read, search, history.
    FhirDataReader,
    /// What a reader may, and create, update, delete, validate.
    FhirDataWriter,
    /// Everything but `smart`.
    FhirDataContributor,
    /// What a reader may, and export.
    FhirDataExporter,
    /// What a reader may, and import.
    FhirDataImporter,
    /// Convert, nothing else.
    FhirDataConverter,
    /// What the SMART scopes of the token allow.
    FhirSmartUser,
}

impl Role {
    /// All roles that come with Brazier, in the order of their declaration.
    pub const ALL: [Role; 7] = [
        Role::FhirDataReader,
        Role::FhirDataWriter,
        Role::FhirDataContributor,
        Role::FhirDataExporter,
        Role::FhirDataImporter,
        Role::FhirDataConverter,
        Role::FhirSmartUser,
    ];

    /// The dataActions that the role allows.
    pub fn data_actions(self) -> Vec<DataAction> {
        use DataAction::{
            Convert, Create, Delete, Export, History, Import, Read, Search, Smart, Update, Validate,
        };
        match self {
            Role::FhirDataReader => vec![Read, Search, History],
            Role::FhirDataWriter => vec![Read, Search, History, Create, Update, Delete, Validate],
            Role::FhirDataContributor => DataAction::all_but_smart(),
            Role::FhirDataExporter => vec![Read, Search, History, Export],
            Role::FhirDataImporter => vec![Read, Search, History, Import],
            Role::FhirDataConverter => vec![Convert],
            Role::FhirSmartUser => vec![Smart],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_contributor_may_delete_for_good() {
        let may: Vec<Role> = Role::ALL
            .into_iter()
            .filter(|role| role.data_actions().contains(&DataAction::HardDelete))
            .collect();
        assert_eq!(may, [Role::FhirDataContributor]);
    }
}
