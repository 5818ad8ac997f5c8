//! Who may push: whoever has a token of the cluster and, by the access policy, the data action `create` without a
//! condition. Tokens and policies are those of `brazier-access`.

use std::path::PathBuf;

use axum::http::request::Parts;
use brazier_access::token::{AuthenticationError, Authenticator, Issuer};
use brazier_access::{AccessPolicy, DataAction, Decision, PolicyHandle};
use brazier_service::files::FollowedFiles;
use brazier_service::listen::Vouching;

use crate::configuration::Authentication;

/// The data action that permits pushing.
const PUSH: DataAction = DataAction::Create;

/// Decides who may push.
pub struct Access {
    authenticator: Authenticator,
    policy: PolicyHandle,
    /// The policy document; none where everybody may push.
    access_file: Option<PathBuf>,
}

/// Why somebody may not push.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// Nobody knows who it is.
    #[error(transparent)]
    Unauthenticated(#[from] AuthenticationError),
    /// The policy does not allow it.
    #[error("{0}; pushing takes a RoleAssignment with the data action {PUSH} and no condition")]
    Forbidden(String),
}

impl Access {
    /// Lets in those whom a policy allows; nobody before [`follow`](Self::follow) has read it.
    pub fn new(settings: Authentication) -> Access {
        let Authentication {
            kubernetes,
            access_file,
        } = settings;
        Access {
            authenticator: Authenticator::new(vec![Issuer::kubernetes(&kubernetes)]),
            // A condition is of resources, and a push is none: whatever a condition says, it does not permit pushing.
            policy: PolicyHandle::new(AccessPolicy::deny_all(), |_condition| Ok(())),
            access_file: Some(access_file),
        }
    }

    /// Lets everybody push; for a loopback address.
    pub fn of_everybody() -> Access {
        Access {
            authenticator: Authenticator::off(),
            policy: PolicyHandle::new(AccessPolicy::allow_all(), |_condition| Ok(())),
            access_file: None,
        }
    }

    /// Reads keys and policy now and when they change, for as long as it is polled. What cannot be used leaves in force
    /// what was there before.
    pub async fn follow(&self) {
        tokio::join!(self.authenticator.keep_keys_fresh(), self.follow_policy());
    }

    async fn follow_policy(&self) {
        let Some(path) = &self.access_file else { return };
        let mut file = FollowedFiles::new(vec![path.clone()]);
        loop {
            file.changed().await;
            if let Err(error) = self.policy.load(path) {
                tracing::warn!(%error, "the access policy in force stays");
            }
        }
    }

    /// Whether who sends a request with this head may push. The connection learns that it has a sender whom somebody knows.
    ///
    /// # Errors
    /// Why not.
    pub async fn permit(&self, head: &Parts) -> Result<(), AccessError> {
        let principal = self.authenticator.authenticate(&head.headers).await?;
        if let Some(vouching) = head.extensions.get::<Vouching>() {
            vouching.sender_is_known();
        }
        let now = jiff::Timestamp::now();
        let reason = match self.policy.current().decide(&principal, PUSH, None, now) {
            Decision::Allowed => return Ok(()),
            Decision::AllowedWithin(_) => {
                format!(
                    "role assignments allow {} to {PUSH} some resources only",
                    principal.name()
                )
            }
            Decision::Refused { reason } => reason,
        };
        tracing::warn!(principal = principal.name(), "somebody who may not push tried to");
        Err(AccessError::Forbidden(reason))
    }
}
