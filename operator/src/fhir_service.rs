//! FhirService: the driver, which reads like the table of contents of what a reconcile does.

pub mod build;
pub mod cleanup;
pub mod credentials;
pub mod dereference;
pub mod names;
pub mod observe;
pub mod rollout;
pub mod update_status;
pub mod validate;

use std::{sync::Arc, time::Duration};

use brazier_crds::FhirService;
use jiff::Timestamp;
use kube::{ResourceExt, core::DeserializeGuard, runtime::controller::Action};

use self::{names::Names, update_status::finding, validate::Surroundings};
use crate::{
    access::{self, policy},
    context::Context,
    error::Error,
    manifest::Owner,
    requeue,
};

/// How soon a policy that was not acknowledged is pushed again.
const PUSH_AGAIN: Duration = Duration::from_secs(1);

/// How soon Patroni's list of those who may take over is read again: it is no object that the operator watches.
const LOOK_FOR_QUORUM: Duration = Duration::from_secs(1);

/// Brings one FhirService closer to its spec, and says when to look again.
///
/// # Errors
/// If it could not go on; the status already tells of it.
pub async fn reconcile(
    object: Arc<DeserializeGuard<FhirService>>,
    context: Arc<Context>,
) -> Result<Action, Error> {
    let service = match &object.0 {
        Ok(service) => service,
        Err(invalid) => return update_status::report_unreadable(&context, &object, &invalid.error).await,
    };
    if service.metadata.deletion_timestamp.is_some() {
        return cleanup::cleanup(service, &context).await;
    }
    match run(service, &context).await {
        Ok(action) => {
            context.backoff.forget(&key(service));
            Ok(action)
        }
        Err(error) => {
            update_status::report_error(&context, service, &error).await;
            Err(error)
        }
    }
}

/// The stages.
async fn run(service: &FhirService, context: &Context) -> Result<Action, Error> {
    cleanup::ensure_finalizer(service, context).await?;
    let owner = validate::owner(service)?;
    let surroundings = surroundings(context);
    let found = dereference::dereference(&context.client, service).await?;
    let policy = policy::compile(&found.assignments, &found.connectors, surroundings.now);
    let keys = service
        .spec
        .authentication
        .service_accounts
        .then_some(&surroundings.cluster_keys);
    let progress = access::enforce(&owner, &servers(&owner), &policy, keys, context).await?;
    let validated = validate::validate(service, &found, policy, surroundings)?;
    let certificates_good_for = credentials::ensure(&validated, context).await?;
    let objects = build::build(&validated).map_err(|error| Error::Unreadable {
        what: format!("configuration of FhirService {}", service.name_any()),
        message: error.to_string(),
    })?;
    let applied = rollout::roll_out(&validated, &objects, context).await?;
    let observed = observe::observe(&validated, &applied, context).await?;
    update_status::update_status(context, service, &validated, &observed).await?;
    let again = (progress.enforcing < progress.ready).then_some(PUSH_AGAIN);
    let quorum = finding::waits_for_quorum(&validated, &observed).then_some(LOOK_FOR_QUORUM);
    let soonest = [
        again,
        quorum,
        Some(certificates_good_for),
        until_expiry(&found.assignments),
    ]
    .into_iter()
    .flatten()
    .min();
    Ok(requeue::settled(soonest))
}

/// Where the servers read their policy and take a new one.
fn servers(owner: &Owner) -> access::Servers {
    let names = Names::of(owner);
    access::Servers {
        config_map: names.access(),
        host: names.host(),
    }
}

fn surroundings(context: &Context) -> Surroundings {
    Surroundings {
        images: context.images.clone(),
        authority_bundle: context.authority.bundle.clone(),
        operator_namespace: context.namespace.clone(),
        cluster_keys: context.cluster_keys.borrow().clone(),
        now: Timestamp::now(),
    }
}

/// When the next assignment ends by itself.
fn until_expiry(assignments: &[brazier_crds::RoleAssignment]) -> Option<Duration> {
    let now = Timestamp::now();
    assignments
        .iter()
        .filter_map(|assignment| assignment.spec.expires.as_ref())
        .filter_map(|expires| Duration::try_from(expires.0.duration_since(now)).ok())
        .filter(|left| !left.is_zero())
        .min()
}

/// Under which the backoff counts errors.
pub fn key(object: &impl kube::Resource<DynamicType = ()>) -> String {
    format!(
        "FhirService/{}/{}",
        object.meta().namespace.as_deref().unwrap_or_default(),
        object.name_any()
    )
}
