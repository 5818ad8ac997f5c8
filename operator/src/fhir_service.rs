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

use brazier_crds::{FhirService, condition, role_assignment::ScopeKind};
use jiff::Timestamp;
use kube::runtime::controller::Action;

pub use self::error::Error;
use crate::{
    access::{self, expiry, policy},
    condition::Finding,
    context::Context,
    finalizer,
    reconcile::Kind,
    requeue,
    surroundings::Surroundings,
    unwatched::Unwatched,
};

/// How soon a policy that was not acknowledged is pushed again.
const PUSH_AGAIN: Duration = Duration::from_secs(1);

impl Kind for FhirService {
    const NAME: &'static str = "FhirService";
    const SCOPE: Option<ScopeKind> = Some(ScopeKind::FhirService);
    const CONDITIONS: &'static [&'static str] = &[
        condition::DATABASE_READY,
        condition::SERVER_READY,
        condition::DEGRADED,
        condition::ACCESS_ENFORCED,
    ];
    type Error = Error;

    async fn run(&self, context: &Context) -> Result<Action, Error> {
        finalizer::ensure(self, context).await.map_err(Error::Finalizer)?;
        let owner = validate::owner(self)?;
        let surroundings = Surroundings::of(context);
        let found = dereference::dereference(&context.client, &owner, self, &context.images)
            .await
            .map_err(Error::Dereference)?;
        // This waits for nothing: whatever is wrong with the rest, an assignment that was taken away has to be gone.
        let policy = policy::compile(&found.assignments, &found.connectors, surroundings.now);
        let service_accounts = self.spec.authentication.service_accounts;
        let keys = service_accounts.then_some(&surroundings.cluster_keys);
        let enforced = access::enforce(&owner, &names::servers(&owner), &policy, keys, context).await;
        let validated = validate::validate(self, &found, policy, surroundings)?;
        let certificates_good_for = credentials::ensure(&validated, context)
            .await
            .map_err(Error::Credentials)?;
        let progress = enforced.map_err(Error::Enforce)?;
        let objects = build::build(&validated)?;
        let applied = rollout::roll_out(&validated, &objects, context).await?;
        let observed = observe::observe(&validated, &applied, context)
            .await
            .map_err(Error::Observe)?;
        update_status::update_status(context, self, &validated, &observed, &progress).await?;
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

    /// Its certificates, and the bundles that it points at.
    fn unwatched(&self) -> Vec<Unwatched> {
        let certificates = validate::owner(self).map(|owner| {
            [
                names::Names::of(&owner).server_certificate(),
                database::certificate(&owner),
            ]
        });
        let issuers = self.spec.authentication.issuers.iter();
        let bundles = issuers.filter_map(|issuer| issuer.ca_bundle_ref.as_ref());
        certificates
            .into_iter()
            .flatten()
            .map(Unwatched::Secret)
            .chain(bundles.map(|bundle| Unwatched::ConfigMap(bundle.name.clone())))
            .collect()
    }

    /// Who enforces what is known whatever became of the stages.
    fn known(&self, context: &Context) -> Vec<(&'static str, Finding)> {
        let progress = validate::owner(self).ok().and_then(|owner| {
            context
                .enforcement
                .progress(&access::scope(&owner, ScopeKind::FhirService))
        });
        progress
            .map(|progress| (condition::ACCESS_ENFORCED, access::finding(&progress)))
            .into_iter()
            .collect()
    }
}
