//! On whose behalf and with what an interaction is carried out.

use std::sync::Arc;

use brazier_access::{AccessPolicy, Criterion, DataAction, Decision, Principal};
use jiff::Timestamp;

use super::{Interaction, InteractionError, Request};
use crate::audit::AccessRecord;
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
    /// The base URL that the client used, without a slash at its end.
    pub base_url: String,
    /// Who sent the request, as the token tells; anonymous when it tells nobody.
    pub principal: Principal,
    /// What they may do; one policy from end to end.
    pub policy: Arc<AccessPolicy>,
    /// `X-Request-Id`
    pub request_id: String,
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
        match self.decide(action, interaction.resource_type()) {
            Decision::Allowed => Ok(None),
            Decision::AllowedWithin(within) if interaction.resource_type().is_none() => Ok(Some(within)),
            Decision::AllowedWithin(_) => Err(self.limited(action)),
            Decision::Refused { reason } => Err(InteractionError::Forbidden(reason)),
        }
    }

    fn decide(&self, action: DataAction, resource_type: Option<ResourceType>) -> Decision {
        let resource_type = resource_type.map(ResourceType::name);
        self.policy
            .decide(&self.principal, action, resource_type, self.received)
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
        let interaction = &request.interaction;
        AccessRecord {
            interaction: interaction
                .codes()
                .first()
                .copied()
                .unwrap_or_default()
                .to_owned(),
            resource_type: interaction
                .resource_type()
                .map(|resource_type| resource_type.name().to_owned()),
            resource_id: interaction.id().map(str::to_owned),
            query: request.query.clone(),
            ..self.blank_record(status)
        }
    }

    /// The audit record of a request that says nothing yet but who asked.
    pub fn blank_record(&self, status: u16) -> AccessRecord {
        AccessRecord {
            recorded: self.received,
            agent: self.principal.name().to_owned(),
            interaction: String::new(),
            resource_type: None,
            resource_id: None,
            version: None,
            query: None,
            status,
            reason: None,
            request_id: self.request_id.clone(),
            source: self.source.clone(),
            resources: 0,
        }
    }
}
