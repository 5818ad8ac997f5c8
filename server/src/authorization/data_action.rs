//! What an assignment can allow: the data actions, and sets of them.

use std::fmt;

/// Something that can be done to data. Assignments name data actions as [`name`](DataAction::name) writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum DataAction {
    /// Read one resource or version by its id.
    Read,
    /// Search.
    Search,
    /// List versions.
    History,
    /// Make resources.
    Create,
    /// Change resources, by update or patch.
    Update,
    /// Delete resources; their versions stay.
    Delete,
    /// Delete resources with their versions.
    HardDelete,
    /// Bulk export.
    Export,
    /// Bulk import.
    Import,
    /// `$validate`.
    Validate,
    /// Convert other formats to FHIR.
    Convert,
    /// Compute the search index again.
    Reindex,
    /// Delete everything that matches a search.
    BulkDelete,
    /// Edit conformance resources: profiles, value sets and the like.
    Profiles,
    /// Edit search parameters.
    SearchParameters,
    /// Read the audit trail.
    Audit,
    /// Act within the scopes of a SMART on FHIR token; `*` never includes it.
    Smart,
}

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

impl fmt::Display for DataAction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A set of data actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DataActions(u32);

impl DataActions {
    /// Adds the data action called `name`, or for `*` all but [`DataAction::Smart`]. `None` when there is no such name.
    #[must_use]
    pub fn with_name(self, name: &str) -> Option<DataActions> {
        let all = DataAction::ALL.iter().copied();
        let added = match name {
            "*" => all
                .filter(|action| *action != DataAction::Smart)
                .fold(self, Self::with),
            _ => self.with(all.into_iter().find(|action| action.name() == name)?),
        };
        Some(added)
    }

    /// Adds `action`.
    #[must_use]
    pub fn with(self, action: DataAction) -> DataActions {
        DataActions(self.0 | 1 << action as u32)
    }

    /// Whether `action` is in the set.
    pub fn contains(self, action: DataAction) -> bool {
        self.0 & (1 << action as u32) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_adds_its_action_and_nothing_else() {
        for action in DataAction::ALL {
            let set = DataActions::default().with_name(action.name()).unwrap();
            for other in DataAction::ALL {
                assert_eq!(set.contains(other), other == action, "{action} and {other}");
            }
        }
    }

    #[test]
    fn the_star_includes_all_but_smart() {
        let set = DataActions::default().with_name("*").unwrap();
        for action in DataAction::ALL {
            assert_eq!(set.contains(action), action != DataAction::Smart, "{action}");
        }
    }

    #[test]
    fn an_unknown_name_is_none() {
        for name in ["", "Read", "hard-delete", "**"] {
            assert_eq!(DataActions::default().with_name(name), None, "{name}");
        }
    }
}
