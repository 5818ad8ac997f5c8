//! An operation, asked for by `$` and its name: where it is, what it needs to be allowed, and how it is carried out.
//! Whoever must know about operations (router, CapabilityStatement, authorization, audit trail, Bundles) reads it here,
//! and knows none of them by name. <http://hl7.org/fhir/R4/operations.html>

use std::fmt;

use brazier_access::{Criterion, DataAction};
use futures::future::BoxFuture;

use super::{Answer, Context, InteractionError, Request};
use crate::resource::ResourceType;

/// An operation. Fields are called as in <http://hl7.org/fhir/R4/operationdefinition.html>, as far as they are there.
pub struct Operation {
    /// The name, without the `$`.
    pub code: &'static str,
    /// The canonical URL of its definition.
    pub url: &'static str,
    /// Where it may be invoked, and what it cannot do without there.
    pub levels: &'static [(Level, Input)],
    /// The resource types that have it.
    pub resource: ResourceTypes,
    /// Whether it changes what is stored.
    pub affects_state: bool,
    /// What the principal must be allowed to do.
    pub data_action: DataAction,
    /// Which resources that is about.
    pub reach: Reach,
    /// Carries it out.
    pub perform: Perform,
}

/// Carries an operation out that is allowed. The URL's type and id stand in the request's interaction. The last argument is
/// for [`Reach::AllTypes`]: the criterion to keep to; `None` means all.
pub type Perform =
    for<'a> fn(&'a Context, Request, Option<Criterion>) -> BoxFuture<'a, Result<Answer, InteractionError>>;

/// Where an operation is invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// `[base]/$name`
    System,
    /// `[base]/[type]/$name`
    Type,
    /// `[base]/[type]/[id]/$name`
    Instance,
}

/// What an operation needs to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// Values of simple types at most, which may stand in a query.
    Simple,
    /// A resource, which only a body can hold.
    Resource,
}

/// Types that have an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceTypes {
    /// All of them.
    All,
    /// Those with these names; none for an operation of the system alone.
    Only(&'static [&'static str]),
}

/// Which resources an operation's data action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Those of the type in the URL.
    Type,
    /// Those of every type that the principal may work on.
    AllTypes,
}

impl Operation {
    /// Whether it is there at `level`, for `resource_type` if the level has one.
    pub fn is_at(&self, level: Level, resource_type: Option<ResourceType>) -> bool {
        let has_type = resource_type.is_none_or(|resource_type| self.is_of(resource_type));
        has_type && self.levels.iter().any(|(at, _)| *at == level)
    }

    /// Whether `resource_type`, or its instances, have it.
    pub fn is_of(&self, resource_type: ResourceType) -> bool {
        let is_below_system = self.levels.iter().any(|(at, _)| *at != Level::System);
        is_below_system
            && match self.resource {
                ResourceTypes::All => true,
                ResourceTypes::Only(names) => names.contains(&resource_type.name()),
            }
    }

    /// The methods that invoke it at `level`: POST, and GET if nothing is changed and a query can say all that it needs.
    /// <http://hl7.org/fhir/R4/operations.html#executing>
    pub fn methods(&self, level: Level) -> &'static [&'static str] {
        match self.levels.iter().find(|(at, _)| *at == level) {
            None => &[],
            Some((_, Input::Simple)) if !self.affects_state => &["GET", "POST"],
            Some(_) => &["POST"],
        }
    }
}

impl Level {
    /// The level of a URL that names this much.
    pub fn of(resource_type: Option<ResourceType>, id: Option<&str>) -> Level {
        match (resource_type, id) {
            (None, _) => Level::System,
            (Some(_), None) => Level::Type,
            (Some(_), Some(_)) => Level::Instance,
        }
    }
}

impl PartialEq for Operation {
    fn eq(&self, other: &Operation) -> bool {
        self.url == other.url
    }
}

impl Eq for Operation {}

impl fmt::Debug for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "${}", self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const META_ADD: Operation = Operation {
        code: "meta-add",
        url: "http://hl7.org/fhir/OperationDefinition/Resource-meta-add",
        levels: &[(Level::Instance, Input::Simple)],
        resource: ResourceTypes::Only(&["Patient"]),
        affects_state: true,
        data_action: DataAction::Update,
        reach: Reach::Type,
        perform: |_, _, _| Box::pin(async { Err(InteractionError::Fault) }),
    };

    #[test]
    fn what_changes_something_or_needs_a_resource_is_not_for_get() {
        assert_eq!(META_ADD.methods(Level::Instance), ["POST"]);
        let reading = Operation {
            affects_state: false,
            levels: &[(Level::System, Input::Simple), (Level::Type, Input::Resource)],
            ..META_ADD
        };
        assert_eq!(reading.methods(Level::System), ["GET", "POST"]);
        assert_eq!(reading.methods(Level::Type), ["POST"]);
        assert!(reading.methods(Level::Instance).is_empty());
    }

    #[test]
    fn is_there_for_its_types_and_at_its_levels_alone() {
        let patient = ResourceType::parse("Patient");
        let group = ResourceType::parse("Group");
        assert!(META_ADD.is_at(Level::Instance, patient));
        assert!(!META_ADD.is_at(Level::Instance, group));
        assert!(!META_ADD.is_at(Level::Type, patient));
        assert!(!META_ADD.is_at(Level::System, None));
        let of_system = Operation {
            levels: &[(Level::System, Input::Simple)],
            resource: ResourceTypes::All,
            ..META_ADD
        };
        assert!(of_system.is_at(Level::System, None));
        assert!(patient.is_some_and(|patient| !of_system.is_of(patient)));
    }
}
