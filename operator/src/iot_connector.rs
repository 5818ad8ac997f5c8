//! IotConnector: the stages, the same as those of FhirService.

pub mod build;
pub mod connector_status;
pub mod credentials;
pub mod dereference;
pub mod enforcement;
pub mod error;
pub mod names;
pub mod observe;
pub mod rollout;
pub mod update_status;
pub mod validate;

use std::time::Duration;

use brazier_crds::{IotConnector, condition, role_assignment::ScopeKind};
use kube::runtime::controller::Action;

pub use self::error::Error;
use crate::{
    access, context::Context, reconcile::Kind, requeue, surroundings::Surroundings, unwatched::Unwatched,
};

/// How soon connectors that have not reported well are asked again, and how soon those that have.
const ASK_AGAIN: Duration = Duration::from_secs(3);
const ASK: Duration = Duration::from_secs(30);

impl Kind for IotConnector {
    const NAME: &'static str = "IotConnector";
    const SCOPE: Option<ScopeKind> = Some(ScopeKind::IotConnector);
    const CONDITIONS: &'static [&'static str] = &[
        condition::MAPPING_VALID,
        condition::SOURCE_CONNECTED,
        condition::DESTINATION_READY,
    ];
    type Error = Error;

    async fn run(&self, context: &Context) -> Result<Action, Error> {
        let found = dereference::dereference(&context.client, self)
            .await
            .map_err(Error::Dereference)?;
        let validated = validate::validate(self, &found, Surroundings::of(context))?;
        let certificate_good_for = credentials::ensure(&validated, context)
            .await
            .map_err(Error::Credentials)?;
        let objects = build::build(&validated)?;
        let applied = rollout::roll_out(&validated, &objects, context).await?;
        let observed = observe::observe(&validated, applied, context)
            .await
            .map_err(Error::Observe)?;
        context.enforcement.publish(
            &access::scope(&validated.owner, ScopeKind::IotConnector),
            enforcement::progress(&validated, &observed.deployment),
        );
        let ready = update_status::update_status(context, self, &validated, &observed).await?;
        let ask = if ready { ASK } else { ASK_AGAIN };
        Ok(requeue::settled(Some(ask.min(certificate_good_for))))
    }

    /// Its certificate, and the mappings that it points at.
    fn unwatched(&self) -> Vec<Unwatched> {
        let certificate = validate::owner(self).map(|owner| names::Names::of(&owner).certificate());
        let mappings = [
            self.spec.device_mapping.config_map_key_ref.as_ref(),
            self.spec.fhir_mapping.config_map_key_ref.as_ref(),
        ];
        certificate
            .into_iter()
            .map(Unwatched::Secret)
            .chain(
                mappings
                    .into_iter()
                    .flatten()
                    .map(|mapping| Unwatched::ConfigMap(mapping.name.clone())),
            )
            .collect()
    }

    /// Everything goes by itself, with its owner; what is left is to forget it.
    async fn cleanup(&self, context: &Context) -> Result<Action, Error> {
        let owner = validate::owner(self)?;
        context
            .enforcement
            .forget(&access::scope(&owner, ScopeKind::IotConnector));
        Ok(Action::await_change())
    }
}
