//! RoleAssignment: its effect is made by the object in its scope, whose reconcile compiles and pushes the policy; what is
//! left are the stages that say how far that has come.

pub mod dereference;
pub mod error;
pub mod observe;
pub mod update_status;

use brazier_crds::{RoleAssignment, condition, role_assignment::ScopeKind};
use jiff::Timestamp;
use kube::runtime::controller::Action;

pub use self::error::Error;
use self::observe::Standing;
use crate::{
    access::{expiry, policy},
    context::Context,
    reconcile::Kind,
    requeue,
};

impl Kind for RoleAssignment {
    const NAME: &'static str = "RoleAssignment";
    const SCOPE: Option<ScopeKind> = None;
    const CONDITIONS: &'static [&'static str] = &[condition::ENFORCED];
    type Error = Error;

    async fn run(&self, context: &Context) -> Result<Action, Error> {
        let now = Timestamp::now();
        let standing = if policy::is_expired(&self.spec, now) {
            Some(Standing::Expired)
        } else {
            let found = dereference::dereference(&context.client, self)
                .await
                .map_err(Error::Dereference)?;
            observe::observe(self, &found, &context.enforcement)
        };
        if let Some(standing) = standing {
            update_status::update_status(context, self, &standing, now).await?;
        }
        Ok(requeue::settled(expiry::left(self, now)))
    }

    /// Nothing is made for it; the object in its scope is woken by its end.
    async fn cleanup(&self, _: &Context) -> Result<Action, Error> {
        Ok(Action::await_change())
    }
}
