//! The built-in roles and the dataActions that each allows. The names are those of the Azure API for FHIR,
//! so that people who come from there find what they know; docs/roles.md says where we differ.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that a principal may do with data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DataAction {
    /// Read a resource by its id, and one version of it.
    Read,
    /// Search, and what searching is made of: `_include`, chains, compartments.
    Search,
    /// Read the history of a resource, a type or the whole service.
    History,
    /// Create a resource; on an IotConnector: send device messages.
    Create,
    /// Update or patch a resource.
    Update,
    /// Delete a resource; its history stays.
    Delete,
    /// Delete a resource and its history for good.
    HardDelete,
    /// `$export`.
    Export,
    /// `$import`.
    Import,
    /// `$validate`.
    Validate,
    /// `$convert-data`.
    Convert,
    /// `$reindex`.
    Reindex,
    /// `$bulk-delete`.
    BulkDelete,
    /// Write conformance resources: StructureDefinition, ValueSet and their kin.
    Profiles,
    /// Write SearchParameter resources.
    SearchParameters,
    /// Read the audit trail.
    Audit,
    /// Act within the SMART scopes of the token, and no further.
    Smart,
}

impl DataAction {
    /// Every dataAction.
    pub const ALL: [DataAction; 17] = [
        DataAction::Read,
        DataAction::Search,
        DataAction::History,
        DataAction::Create,
        DataAction::Update,
        DataAction::Delete,
        DataAction::HardDelete,
        DataAction::Export,
        DataAction::Import,
        DataAction::Validate,
        DataAction::Convert,
        DataAction::Reindex,
        DataAction::BulkDelete,
        DataAction::Profiles,
        DataAction::SearchParameters,
        DataAction::Audit,
        DataAction::Smart,
    ];

    /// What `*` stands for: everything but `smart`, which limits a principal rather than allowing more.
    pub fn all_but_smart() -> Vec<DataAction> {
        DataAction::ALL
            .into_iter()
            .filter(|action| *action != DataAction::Smart)
            .collect()
    }
}

/// A dataAction, or `*` for all of them but `smart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DataActionPattern {
    /// Exactly this one.
    One(DataAction),
    /// All but `smart`.
    Any(Any),
}

/// The star.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Any {
    /// `*`
    #[serde(rename = "*")]
    Any,
}

impl DataActionPattern {
    /// The dataActions that the pattern stands for.
    pub fn expand(self) -> Vec<DataAction> {
        match self {
            DataActionPattern::One(action) => vec![action],
            DataActionPattern::Any(Any::Any) => DataAction::all_but_smart(),
        }
    }
}

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
    /// Every role.
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
    fn star_never_includes_smart() {
        let expanded = DataActionPattern::Any(Any::Any).expand();
        assert_eq!(expanded.len(), DataAction::ALL.len() - 1);
        assert!(!expanded.contains(&DataAction::Smart));
    }

    #[test]
    fn patterns_are_written_as_plain_words() {
        let patterns: Vec<DataActionPattern> = serde_json::from_str(r#"["*","hardDelete"]"#).unwrap();
        assert_eq!(
            patterns,
            [
                DataActionPattern::Any(Any::Any),
                DataActionPattern::One(DataAction::HardDelete)
            ]
        );
        assert_eq!(serde_json::to_string(&patterns).unwrap(), r#"["*","hardDelete"]"#);
    }

    #[test]
    fn only_the_contributor_may_delete_for_good() {
        let may: Vec<Role> = Role::ALL
            .into_iter()
            .filter(|role| role.data_actions().contains(&DataAction::HardDelete))
            .collect();
        assert_eq!(may, [Role::FhirDataContributor]);
    }
}
