//! What a policy says about one request, and to what it limits it.

use std::sync::Arc;

use super::document::Condition;

/// What the policy says about one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may go ahead.
    Allowed,
    /// It may go ahead with what the criterion admits; everything else must look as if it were not there. Who cannot
    /// keep to the criterion must refuse.
    AllowedWithin(Criterion),
    /// It may not.
    Refused {
        /// Why, for the answer and the audit trail; names the principal, the data action and the type.
        reason: String,
    },
}

/// Which resources an access is limited to: those that meet at least one of the conditions under which it was granted.
/// Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion(Arc<[Arc<Condition>]>);

impl Criterion {
    /// The criterion of what meets one of `conditions`; `None` when there is none that anything could meet.
    pub(super) fn any_of(conditions: Vec<Arc<Condition>>) -> Option<Criterion> {
        (!conditions.is_empty()).then(|| Criterion(conditions.into()))
    }

    /// The conditions, one of which must be met; at least one.
    pub fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Whether any resource of this type could be admitted.
    pub fn admits_type(&self, resource_type: &str) -> bool {
        self.conditions()
            .any(|condition| condition.admits_type(resource_type))
    }
}

impl Condition {
    /// Whether any resource of this type could meet the condition.
    pub fn admits_type(&self, resource_type: &str) -> bool {
        self.resource_types.iter().any(|name| name == resource_type)
    }

    /// Whether no resource at all could meet the condition.
    pub(super) fn admits_nothing(&self) -> bool {
        self.resource_types.is_empty()
    }

    /// Whether a resource that is of an admitted type meets the condition whatever it says.
    pub(super) fn asks_for_type_alone(&self) -> bool {
        // All members are written down here, so that one that is added has to answer, too.
        let Condition { resource_types: _ } = self;
        true
    }
}
