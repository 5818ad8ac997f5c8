//! On whose behalf and with what an interaction is carried out.

use std::sync::Arc;

use brazier_access::{AccessPolicy, Criterion, DataAction, Decision, Principal};
use jiff::Timestamp;

use super::{Interaction, InteractionError, Request};
use crate::audit::AccessRecord;
use crate::authorization;
use crate::definitions::Definitions;
use crate::request::preference::Handling;
use crate::resource::ResourceType;
use crate::state::ServerState;
use crate::storage::{Storage, Transaction};

/// On whose behalf and with what an interaction is carried out. One for a request, whatever its entries.
#[derive(Clone)]
pub struct Context {
    /// What all requests to the server share.
    pub state: Arc<ServerState>,
    /// The database, or an open transaction's view of it.
    pub storage: Storage,
    /// What the service knows of FHIR; the same from end to end.
    pub definitions: Arc<Definitions>,
    /// The URL under which clients know the service, without a slash at its end.
    pub base_url: Arc<str>,
    /// Who sent the request, as the token tells; anonymous when it tells nobody.
    pub principal: Principal,
    /// What they may do; one policy from end to end.
    pub policy: Arc<AccessPolicy>,
    /// The id that the server gave the request.
    pub request_id: String,
    /// The client's `X-Request-Id`.
    pub client_request_id: Option<String>,
    /// The client's address.
    pub source: Option<String>,
    /// When the request came.
    pub received: Timestamp,
}

impl Context {
    /// The same, with the storage as `transaction` sees it.
    #[must_use]
    pub fn within(&self, transaction: &Transaction) -> Context {
        Context {
            storage: Storage::clone(transaction),
            ..self.clone()
        }
    }

    /// The same for an entry of a batch, which has a record of its own.
    #[must_use]
    pub fn for_entry(&self) -> Context {
        Context {
            storage: self.storage.for_request(),
            ..self.clone()
        }
    }

    /// How strictly a search is to be read.
    pub fn handling(&self, request: &Request) -> Handling {
        request
            .preference
            .handling
            .unwrap_or(self.state.settings.search_handling)
    }

    /// Whether the principal may do `action` to every resource of one type.
    pub fn allows(&self, action: DataAction, resource_type: ResourceType) -> bool {
        self.decide(action, Some(resource_type)) == Decision::Allowed
    }

    /// Whether the principal may do `action` to resources of every type.
    pub fn allows_all(&self, action: DataAction) -> bool {
        self.decide(action, None) == Decision::Allowed
    }

    /// Asks the policy whether the principal may do `action` to every resource of one type.
    ///
    /// # Errors
    /// [`InteractionError::Forbidden`], also when some resources of the type are allowed and others are not.
    pub fn authorize(&self, action: DataAction, resource_type: ResourceType) -> Result<(), InteractionError> {
        match self.decide(action, Some(resource_type)) {
            Decision::Allowed => Ok(()),
            Decision::AllowedWithin(_) => Err(self.limited(action)),
            Decision::Refused { reason } => Err(InteractionError::Forbidden(reason)),
        }
    }

    /// Asks the policy whether the principal may do anything at all: what a Bundle asks for is not known before it is read.
    ///
    /// # Errors
    /// [`InteractionError::Forbidden`].
    pub fn authorize_any(&self) -> Result<(), InteractionError> {
        let is_refused = |action: &DataAction| matches!(self.decide(*action, None), Decision::Refused { .. });
        if DataAction::ALL.iter().all(is_refused) {
            let principal = self.principal.name();
            return Err(InteractionError::Forbidden(format!(
                "no role assignment allows {principal} anything here"
            )));
        }
        Ok(())
    }

    /// Asks the policy about an interaction. For one over several types the answer may be a criterion, to which it must
    /// keep; `None` means all.
    ///
    /// # Errors
    /// [`InteractionError::Forbidden`].
    pub fn authorize_interaction(
        &self,
        interaction: &Interaction,
    ) -> Result<Option<Criterion>, InteractionError> {
        let Some(action) = interaction.data_action() else {
            return Ok(None);
        };
        if let (Some(also), Some(resource_type)) = (interaction.also_needs(), interaction.resource_type()) {
            self.authorize(also, resource_type)?;
        }
        match self.decide(action, interaction.resource_type()) {
            Decision::Allowed => Ok(None),
            Decision::AllowedWithin(within) if interaction.resource_type().is_none() => Ok(Some(within)),
            Decision::AllowedWithin(_) => Err(self.limited(action)),
            Decision::Refused { reason } => Err(InteractionError::Forbidden(reason)),
        }
    }

    fn decide(&self, action: DataAction, resource_type: Option<ResourceType>) -> Decision {
        let decide = |action, resource_type: Option<ResourceType>| {
            let resource_type = resource_type.map(ResourceType::name);
            self.policy
                .decide(&self.principal, action, resource_type, self.received)
        };
        let Some(name) = resource_type else {
            return decide(action, None);
        };
        let refused = |because: &str| Decision::Refused {
            reason: format!(
                "no role assignment allows {} to {action} resources of {name}{because}",
                self.principal.name()
            ),
        };
        match authorization::needed(action, name) {
            Some(needed) if needed == action => decide(action, resource_type),
            Some(needed) => match decide(needed, resource_type) {
                Decision::Refused { .. } => refused(&format!("; it takes the data action {needed}")),
                decision => decision,
            },
            None if self.policy.is_unrestricted() => Decision::Allowed,
            None => refused("; nothing does, for they say what happened"),
        }
    }

    /// The refusal of what cannot keep to the criterion within which it is allowed.
    fn limited(&self, action: DataAction) -> InteractionError {
        let principal = self.principal.name();
        InteractionError::Forbidden(format!(
            "role assignments allow {principal} to {action} some of these resources only, and this cannot keep to them"
        ))
    }

    /// The audit record of `request` as far as it is known before the answer.
    pub fn record(&self, request: &Request, status: u16) -> AccessRecord {
        let criteria = request.conditions.if_none_exist.as_deref();
        let criteria = criteria.or(request.query.as_deref());
        self.record_of(&request.interaction, criteria, status)
    }

    /// As [`record`](Self::record), where no more is known of the request than what it asks for.
    pub fn record_of(&self, interaction: &Interaction, query: Option<&str>, status: u16) -> AccessRecord {
        let code = interaction.codes().first().copied().unwrap_or_default();
        let (resource_type, resource_id) = interaction.subject();
        let compartment = interaction.compartment();
        AccessRecord {
            interaction: code.to_owned(),
            resource_type: resource_type.map(|resource_type| resource_type.name().to_owned()),
            resource_id: resource_id.map(str::to_owned),
            compartment: compartment.map(|(resource_type, id)| format!("{resource_type}/{id}")),
            query: match (interaction.operation(), query) {
                (None, query) => query.map(str::to_owned),
                (Some(operation), None) => Some(format!("${}", operation.code)),
                (Some(operation), Some(query)) => Some(format!("${}?{query}", operation.code)),
            },
            ..self.blank_record(status)
        }
    }

    /// The audit record of a request that says nothing yet but who asked.
    pub fn blank_record(&self, status: u16) -> AccessRecord {
        AccessRecord {
            recorded: self.received,
            agent: self.principal.name().to_owned(),
            status,
            request_id: self.request_id.clone(),
            client_request_id: self.client_request_id.clone(),
            source: self.source.clone(),
            ..AccessRecord::default()
        }
    }
}
