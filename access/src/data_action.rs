//! What an assignment can allow: the data actions, the patterns that stand for some of them, and sets of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that a principal may do with data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
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
    /// Create, update and delete conformance resources: StructureDefinition, ValueSet and their kin.
    Profiles,
    /// Create, update and delete SearchParameter resources.
    SearchParameters,
    /// Read the audit trail.
    Audit,
    /// Act within the SMART scopes of the token, and no further.
    Smart,
}

/// No data action is called so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown data action {0:?}")]
pub struct UnknownDataAction(pub String);

impl DataAction {
    /// Every data action, in the order of the documentation.
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

    /// The name in role assignments and policy documents.
    pub fn name(self) -> &'static str {
        match self {
            DataAction::Read => "read",
            DataAction::Search => "search",
            DataAction::History => "history",
            DataAction::Create => "create",
            DataAction::Update => "update",
            DataAction::Delete => "delete",
            DataAction::HardDelete => "hardDelete",
            DataAction::Export => "export",
            DataAction::Import => "import",
            DataAction::Validate => "validate",
            DataAction::Convert => "convert",
            DataAction::Reindex => "reindex",
            DataAction::BulkDelete => "bulkDelete",
            DataAction::Profiles => "profiles",
            DataAction::SearchParameters => "searchParameters",
            DataAction::Audit => "audit",
            DataAction::Smart => "smart",
        }
    }
}

impl FromStr for DataAction {
    type Err = UnknownDataAction;

    fn from_str(name: &str) -> Result<DataAction, UnknownDataAction> {
        let mut all = DataAction::ALL.into_iter();
        all.find(|action| action.name() == name)
            .ok_or_else(|| UnknownDataAction(name.to_owned()))
    }
}

impl fmt::Display for DataAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A data action, or `*` for all of them but `smart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum DataActionPattern {
    /// Exactly this one.
    One(DataAction),
    /// `*`: all but `smart`.
    AllButSmart,
}

impl DataActionPattern {
    /// The data actions that the pattern stands for.
    pub fn expand(self) -> Vec<DataAction> {
        match self {
            DataActionPattern::One(action) => vec![action],
            DataActionPattern::AllButSmart => DataAction::all_but_smart(),
        }
    }
}

impl TryFrom<String> for DataActionPattern {
    type Error = UnknownDataAction;

    fn try_from(text: String) -> Result<DataActionPattern, UnknownDataAction> {
        match text.as_str() {
            "*" => Ok(DataActionPattern::AllButSmart),
            name => name.parse().map(DataActionPattern::One),
        }
    }
}

impl From<DataActionPattern> for &'static str {
    fn from(pattern: DataActionPattern) -> &'static str {
        match pattern {
            DataActionPattern::One(action) => action.name(),
            DataActionPattern::AllButSmart => "*",
        }
    }
}

/// A set of data actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DataActions(u32);

impl DataActions {
    /// Whether `action` is in the set.
    pub fn contains(self, action: DataAction) -> bool {
        self.0 & (1 << action as u32) != 0
    }
}

impl FromIterator<DataAction> for DataActions {
    fn from_iter<T: IntoIterator<Item = DataAction>>(actions: T) -> DataActions {
        let bits = actions
            .into_iter()
            .fold(0, |bits, action| bits | 1 << action as u32);
        DataActions(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Result<DataActionPattern, UnknownDataAction> {
        DataActionPattern::try_from(text.to_owned())
    }

    #[test]
    fn a_name_stands_for_its_action_and_nothing_else() {
        for action in DataAction::ALL {
            let set: DataActions = pattern(action.name()).unwrap().expand().into_iter().collect();
            for other in DataAction::ALL {
                assert_eq!(set.contains(other), other == action, "{action} and {other}");
            }
        }
    }

    #[test]
    fn names_are_the_same_in_documents_and_in_custom_resources() {
        for action in DataAction::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.name());
        }
    }

    #[test]
    fn the_star_includes_all_but_smart() {
        let set: DataActions = pattern("*").unwrap().expand().into_iter().collect();
        for action in DataAction::ALL {
            assert_eq!(set.contains(action), action != DataAction::Smart, "{action}");
        }
    }

    #[test]
    fn patterns_are_written_as_plain_words() {
        let patterns: Vec<DataActionPattern> = serde_json::from_str(r#"["*","hardDelete"]"#).unwrap();
        assert_eq!(
            patterns,
            [
                DataActionPattern::AllButSmart,
                DataActionPattern::One(DataAction::HardDelete)
            ]
        );
        assert_eq!(serde_json::to_string(&patterns).unwrap(), r#"["*","hardDelete"]"#);
    }

    #[test]
    fn an_unknown_name_is_refused() {
        for name in ["", "Read", "hard-delete", "**"] {
            assert_eq!(pattern(name), Err(UnknownDataAction(name.to_owned())));
        }
    }
}
