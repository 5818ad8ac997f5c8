//! Which interaction is asked for: what each is called, what it needs to be allowed, and what its URL names.
//! <http://hl7.org/fhir/R4/http.html>

use brazier_access::DataAction;

use http::Method;

use super::RouteError;
use super::operation::{Operation, Reach};
use crate::resource::ResourceType;

/// The table of the server: method and path, from the base URL on, → interaction. Whoever reads requests is handed it, because
/// the table knows the handlers of operations.
pub type Route = fn(&Method, &str) -> Result<Interaction, RouteError>;

/// One interaction, with what its URL names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interaction {
    /// <http://hl7.org/fhir/R4/http.html#capabilities>
    Capabilities,
    /// <http://hl7.org/fhir/R4/http.html#read>
    Read(ResourceType, String),
    /// <http://hl7.org/fhir/R4/http.html#vread>
    Vread(ResourceType, String, String),
    /// <http://hl7.org/fhir/R4/http.html#create>
    Create(ResourceType),
    /// <http://hl7.org/fhir/R4/http.html#update>
    Update(ResourceType, String),
    /// <http://hl7.org/fhir/R4/http.html#cond-update>
    ConditionalUpdate(ResourceType),
    /// <http://hl7.org/fhir/R4/http.html#patch>
    Patch(ResourceType, String),
    /// <http://hl7.org/fhir/R4/http.html#patch>, on the one resource that meets criteria
    ConditionalPatch(ResourceType),
    /// <http://hl7.org/fhir/R4/http.html#delete>
    Delete(ResourceType, String),
    /// <http://hl7.org/fhir/R4/http.html#3.1.0.7.1>
    ConditionalDelete(ResourceType),
    /// <http://hl7.org/fhir/R4/http.html#history>
    HistoryInstance(ResourceType, String),
    /// <http://hl7.org/fhir/R4/http.html#history>
    HistoryType(ResourceType),
    /// <http://hl7.org/fhir/R4/http.html#history>
    HistorySystem,
    /// <http://hl7.org/fhir/R4/http.html#search>
    SearchType(ResourceType),
    /// <http://hl7.org/fhir/R4/http.html#search>
    SearchSystem,
    /// <http://hl7.org/fhir/R4/http.html#vsearch>
    SearchCompartment {
        /// The compartment's type, such as `Patient`.
        compartment: ResourceType,
        /// The id of the resource that the compartment belongs to.
        id: String,
        /// The type searched; `None` for all (`*`).
        resource_type: Option<ResourceType>,
    },
    /// <http://hl7.org/fhir/R4/operations.html>
    Operation {
        /// The operation that is invoked.
        operation: &'static Operation,
        /// The type of whose resources, or of which resource, it is asked for; `None` for the system.
        resource_type: Option<ResourceType>,
        /// The resource that it is asked for.
        id: Option<String>,
    },
    /// <http://hl7.org/fhir/R4/http.html#transaction>: a batch or a transaction, which the body tells.
    Bundle,
}

impl Interaction {
    /// The codes of <http://hl7.org/fhir/R4/valueset-restful-interaction.html>; the audit trail gets the first one.
    pub fn codes(&self) -> &'static [&'static str] {
        match self {
            Interaction::Capabilities => &["capabilities"],
            Interaction::Read(..) => &["read"],
            Interaction::Vread(..) => &["vread"],
            Interaction::Create(_) => &["create"],
            Interaction::Update(..) | Interaction::ConditionalUpdate(_) => &["update"],
            Interaction::Patch(..) | Interaction::ConditionalPatch(_) => &["patch"],
            Interaction::Delete(..) | Interaction::ConditionalDelete(_) => &["delete"],
            Interaction::HistoryInstance(..) => &["history-instance"],
            Interaction::HistoryType(_) => &["history-type"],
            Interaction::HistorySystem => &["history-system"],
            Interaction::SearchType(_) | Interaction::SearchCompartment { .. } => &["search-type"],
            Interaction::SearchSystem => &["search-system"],
            Interaction::Operation { .. } => &["operation"],
            Interaction::Bundle => &["transaction", "batch"],
        }
    }

    /// What a principal must be allowed to do; `None` for what everybody may, and for Bundles, whose entries are
    /// judged one by one.
    pub fn data_action(&self) -> Option<DataAction> {
        Some(match self {
            Interaction::Capabilities | Interaction::Bundle => return None,
            Interaction::Read(..) | Interaction::Vread(..) => DataAction::Read,
            Interaction::Create(_) => DataAction::Create,
            Interaction::Update(..)
            | Interaction::ConditionalUpdate(_)
            | Interaction::Patch(..)
            | Interaction::ConditionalPatch(_) => DataAction::Update,
            Interaction::Delete(..) | Interaction::ConditionalDelete(_) => DataAction::Delete,
            Interaction::HistoryInstance(..) | Interaction::HistoryType(_) | Interaction::HistorySystem => {
                DataAction::History
            }
            Interaction::SearchType(_)
            | Interaction::SearchSystem
            | Interaction::SearchCompartment { .. } => DataAction::Search,
            Interaction::Operation { operation, .. } => operation.data_action,
        })
    }

    /// What a principal must be allowed besides: whether a patch fits tells what was there, and its answer gives that out.
    pub fn also_needs(&self) -> Option<DataAction> {
        match self {
            Interaction::Patch(..) | Interaction::ConditionalPatch(_) => Some(DataAction::Read),
            _ => None,
        }
    }

    /// The resource type that is worked on, where the URL names one and it is the only one.
    pub fn resource_type(&self) -> Option<ResourceType> {
        match self {
            Interaction::Capabilities
            | Interaction::HistorySystem
            | Interaction::SearchSystem
            | Interaction::Bundle => None,
            Interaction::Read(resource_type, _)
            | Interaction::Vread(resource_type, ..)
            | Interaction::Create(resource_type)
            | Interaction::Update(resource_type, _)
            | Interaction::ConditionalUpdate(resource_type)
            | Interaction::Patch(resource_type, _)
            | Interaction::ConditionalPatch(resource_type)
            | Interaction::Delete(resource_type, _)
            | Interaction::ConditionalDelete(resource_type)
            | Interaction::HistoryInstance(resource_type, _)
            | Interaction::HistoryType(resource_type)
            | Interaction::SearchType(resource_type) => Some(*resource_type),
            Interaction::SearchCompartment { resource_type, .. } => *resource_type,
            Interaction::Operation {
                operation,
                resource_type,
                ..
            } => resource_type.filter(|_| operation.reach == Reach::Type),
        }
    }

    /// The logical id, where the URL names one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Interaction::Read(_, id)
            | Interaction::Vread(_, id, _)
            | Interaction::Update(_, id)
            | Interaction::Patch(_, id)
            | Interaction::Delete(_, id)
            | Interaction::HistoryInstance(_, id)
            | Interaction::SearchCompartment { id, .. } => Some(id),
            Interaction::Operation { id, .. } => id.as_deref(),
            _ => None,
        }
    }

    /// The type and the logical id of what the URL names, as the audit trail has them: of an operation the resource that it is
    /// asked for, of a search in a compartment the type that is searched.
    pub fn subject(&self) -> (Option<ResourceType>, Option<&str>) {
        match self {
            Interaction::Operation {
                resource_type, id, ..
            } => (*resource_type, id.as_deref()),
            Interaction::SearchCompartment { resource_type, .. } => (*resource_type, None),
            _ => (self.resource_type(), self.id()),
        }
    }

    /// The compartment that is searched: the type and the logical id of the resource that it belongs to.
    pub fn compartment(&self) -> Option<(ResourceType, &str)> {
        match self {
            Interaction::SearchCompartment { compartment, id, .. } => Some((*compartment, id)),
            _ => None,
        }
    }

    /// The operation that is invoked.
    pub fn operation(&self) -> Option<&'static Operation> {
        match self {
            Interaction::Operation { operation, .. } => Some(operation),
            _ => None,
        }
    }

    /// Whether it is a search, whose parameters may come in a form.
    pub fn is_search(&self) -> bool {
        matches!(
            self,
            Interaction::SearchType(_) | Interaction::SearchSystem | Interaction::SearchCompartment { .. }
        )
    }
}
