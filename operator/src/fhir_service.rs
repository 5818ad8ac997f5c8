//! FhirService: the stages, which read like the table of contents of what a reconcile does.

pub mod build;
pub mod cleanup;
pub mod credentials;
pub mod database;
pub mod dereference;
pub mod error;
pub mod names;
pub mod observe;
pub mod rollout;
pub mod update_status;
pub mod validate;

use std::time::Duration;

use brazier_crds::{FhirService, condition};
use jiff::Timestamp;
use kube::runtime::controller::Action;

pub use self::error::Error;
use crate::{
    access::{self, expiry, policy},
    context::Context,
    finalizer,
    reconcile::Kind,
    requeue,
    surroundings::Surroundings,
};

/// How soon a policy that was not acknowledged is pushed again.
const PUSH_AGAIN: Duration = Duration::from_secs(1);

impl Kind for FhirService {
    const NAME: &'static str = "FhirService";
    const CONDITIONS: &'static [&'static str] = &[
        condition::DATABASE_READY,
        condition::SERVER_READY,
        condition::DEGRADED,
    ];
    type Error = Error;

    async fn run(&self, context: &Context) -> Result<Action, Error> {
        finalizer::ensure(self, context).await.map_err(Error::Finalizer)?;
        let owner = validate::owner(self)?;
        let surroundings = Surroundings::of(context);
        let found = dereference::dereference(&context.client, self)
            .await
            .map_err(Error::Dereference)?;
        // This waits for nothing: whatever is wrong with the rest, an assignment that was taken away has to be gone.
        let policy = policy::compile(&found.assignments, &found.connectors, surroundings.now);
        let service_accounts = self.spec.authentication.service_accounts;
        let keys = service_accounts.then_some(&surroundings.cluster_keys);
        let progress = access::enforce(&owner, &names::servers(&owner), &policy, keys, context)
            .await
            .map_err(Error::Enforce)?;
        let validated = validate::validate(self, &found, policy, surroundings)?;
        let certificates_good_for = credentials::ensure(&validated, context)
            .await
            .map_err(Error::Credentials)?;
        let objects = build::build(&validated)?;
        let applied = rollout::roll_out(&validated, &objects, context).await?;
        let observed = observe::observe(&validated, &applied, context)
            .await
            .map_err(Error::Observe)?;
        update_status::update_status(context, self, &validated, &observed).await?;
        let soonest = [
            (progress.enforcing < progress.ready).then_some(PUSH_AGAIN),
            observed.database.look_again,
            Some(certificates_good_for),
            expiry::soonest(&found.assignments, Timestamp::now()),
        ];
        Ok(requeue::settled(soonest.into_iter().flatten().min()))
    }

    async fn cleanup(&self, context: &Context) -> Result<Action, Error> {
        Ok(cleanup::cleanup(self, context).await?)
    }
}
